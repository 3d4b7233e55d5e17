// The whole story: from an empty directory to an incident that page, feed, inbox and webhook all carry.
import { expect, test, type Page } from '@playwright/test';
import { XMLParser } from 'fast-xml-parser';
import { activations, type Door } from '../support/activations.ts';
import { MailServer } from '../support/mail.ts';
import { Receiver } from '../support/receiver.ts';
import { totp } from '../support/totp.ts';
import { until } from '../support/until.ts';
import { Waypost } from '../support/waypost.ts';

const OWNER = { name: 'Jonas Weber', email: 'jonas@simulo.example', password: 'seven quiet otters roam' };

let mail: MailServer;
let receiver: Receiver;
let waypost: Waypost;

test.beforeAll(async () => {
  mail = await MailServer.start();
  receiver = await Receiver.start();
  waypost = await Waypost.serve({
    ...mail.env(),
    WAYPOST_SMTP__FROM: 'status@simulo.example',
    WAYPOST_WEBHOOK_ALLOW_CIDRS: '127.0.0.0/8',
  });
});
test.afterAll(async () => {
  await waypost?.stop();
  await receiver?.stop();
  await mail?.stop();
});


async function setUp(page: Page): Promise<void> {
  await page.goto(waypost.ready.setup_url!);
  await page.getByLabel('Name of the page').fill('Simulo eSIM');
  await page.getByLabel('Your name').fill(OWNER.name);
  await page.getByLabel('Your e-mail').fill(OWNER.email);
  await page.getByLabel('Password').fill(OWNER.password);
  await page.getByLabel('Where you sell').fill('Western Europe: FR IT ES');
  await page.getByRole('button', { name: 'Create the page' }).click();
  const secret = (await page.locator('.key code').innerText()).replaceAll(' ', '');
  await page.getByLabel('Code from your authenticator').fill(totp(secret));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.locator('.codes li')).toHaveCount(10);
  await page.getByRole('link', { name: 'I have kept them' }).click();
  await expect(page.getByRole('heading', { name: 'Now' })).toBeVisible();
}

async function makeKey(page: Page): Promise<Door> {
  await page.goto(waypost.url('/console/sources'));
  await page.getByLabel('New key for').fill('smdp');
  await page.getByRole('button', { name: 'Create key' }).click();
  return { url: waypost.url('/ingest/v1/events'), key: await page.locator('#new-key').innerText() };
}

/** A form that comes back faster than a person reads is not taken. */
const aPersonsTime = (page: Page): Promise<void> => page.waitForTimeout(2_100);

async function subscribeByMail(page: Page, address: string): Promise<void> {
  await page.goto(waypost.url('/subscribe'));
  await page.locator('input[name=address]').first().fill(address);
  await page.getByLabel('Everything on this page').check();
  await aPersonsTime(page);
  await page.getByRole('button', { name: 'Subscribe', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Check your mail.' })).toBeVisible();
  const letter = await mail.wait(address, /confirm/i, 5_000);
  const link = /http:\/\/127\.0\.0\.1:\d+\/confirm\/\S+/.exec(letter.text)![0];
  // A scanner looks first: nothing happens.
  expect((await fetch(link)).status).toBe(200);
  await page.goto(link);
  await page.getByRole('button', { name: 'Start notices' }).click();
  await expect(page.getByRole('heading', { name: 'You are subscribed.' })).toBeVisible();
}

async function subscribeByWebhook(page: Page): Promise<void> {
  await page.goto(waypost.url('/subscribe'));
  const mark = await page.locator('input[name=mark]').inputValue();
  await aPersonsTime(page);
  const answer = await page.request.post(waypost.url('/subscribe'), { form: { mark, channel: 'webhook', address: receiver.url, what: 'everything' } });
  expect(answer.status()).toBe(200);
  receiver.secret = /whsec_[A-Za-z0-9+/=]+/.exec(await answer.text())![0];
  await receiver.wait('the challenge', (r) => r.body.type === 'endpoint.challenge', 5_000);
}

async function cell(country: string): Promise<any> {
  const { components } = await (await fetch(waypost.url('/api/v2/components.json'))).json();
  return components.find((c: any) => c.x_waypost?.component === 'euicc-download' && c.x_waypost.country === country);
}

async function incident(): Promise<any> {
  const { incidents } = await (await fetch(waypost.url('/api/v2/incidents.json'))).json();
  return incidents[0];
}

async function fill(page: Page, form: string, words: string[]): Promise<void> {
  for (const [n, field] of ['known', 'unknown', 'next_steps', 'customer_action'].entries()) {
    await page.locator(`#${form}-${field}`).fill(words[n]!);
  }
}

async function everybodyHears(page: Page, words: RegExp, to: string, sequence: number): Promise<void> {
  const published = Date.now();
  const front = await (await fetch(waypost.url('/'))).text();
  expect(front).toContain('one in four downloads fails');
  const feed = new XMLParser().parse(await (await fetch(waypost.url('/history.rss?region=fr'))).text());
  expect(JSON.stringify(feed.rss.channel.item)).toMatch(words);
  await mail.wait(to, words, 2_000);
  const hook = await receiver.wait(`sequence ${sequence}`, (r) => r.body.x_waypost?.sequence === sequence, 2_000);
  expect(hook.isVerified).toBe(true);
  expect(hook.body.incident.incident_updates[0].body).toMatch(words);
  expect(hook.at - published).toBeLessThan(2_000);
}

/** Nobody else is there to approve: breaks the glass, in the form that goes to `action`. */
async function publishAlone(page: Page, action: string) {
  const form = page.locator(`form[action$="${action}"]`);
  await form.getByText('Alone, or later').click();
  await form.getByLabel(/Break the glass/).fill('Nobody else is on shift.');
  await form.getByRole('button', { name: 'Publish alone' }).click();
}

test('a cell degrades by itself, a commander leads the incident, and everybody hears of it', async ({ page }) => {
  await setUp(page);
  const reused = await fetch(waypost.ready.setup_url!);
  expect(reused.status).toBe(404);
  const door = await makeKey(page);
  await subscribeByMail(page, 'partner@nordtel.example');
  await subscribeByWebhook(page);

  await activations(door, 'FR', 1_000);
  await activations(door, 'IT', 1_000);
  await until(10_000, 'France and Italy green', async () => (await cell('FR')).x_waypost.status === 'operational' && (await cell('IT')).x_waypost.status === 'operational');
  await activations(door, 'FR', 600, 4);
  await until(5_000, 'France in partial outage', async () => (await cell('FR')).x_waypost.status === 'partial_outage');
  expect((await cell('IT')).x_waypost.status).toBe('operational');
  expect((await cell('FR')).x_waypost.samples).toBe(1_600);
  await page.goto(waypost.url('/regions/fr/euicc-download'));
  await expect(page.locator('main')).toContainText('90.6 %');
  await expect(page.locator('main')).toContainText('1,600');

  await page.goto(waypost.url('/console'));
  await page.getByRole('link', { name: 'Declare a Sev 2 incident' }).click();
  await page.getByLabel('Short description').fill('one in four downloads fails');
  await fill(page, 'declare', ['About one in four eSIM downloads in France fails.', 'Why the first node is slow.', 'Traffic moves to the second node; 20 to 40 minutes.', 'Scan the same QR code again in five minutes.']);
  await expect(page.locator('.preview')).toContainText('About one in four eSIM downloads in France fails.');
  await page.getByRole('button', { name: 'Declare and publish' }).click();
  await expect(page.locator('.lint')).toContainText('need a second person');
  await page.locator('form[action="/console/incidents"]').getByLabel(/Break the glass/).fill('Nobody else is on shift.');
  await page.getByRole('button', { name: 'Publish alone' }).click();
  await expect(page.getByRole('heading', { level: 1, name: /\[Sev 2\] France\/eUICC download/ })).toBeVisible();
  await everybodyHears(page, /About one in four eSIM downloads in France fails/, 'partner@nordtel.example', 1);
  const declared = await incident();
  const due = (i: any) => (Date.parse(i.x_waypost.next_update_due_at) - Date.parse(i.incident_updates[0].created_at)) / 60_000;
  expect(due(declared)).toBe(60);
  await expect(page.locator('.bar .count')).toHaveText(/^(59|60):\d\d$/);

  await page.getByText('Reclassify', { exact: true }).click();
  await page.locator('#severity').selectOption('1');
  await page.locator('#reason').fill('Nearly everybody is affected now.');
  await publishAlone(page, '/reclassify');
  await expect(page.getByRole('heading', { level: 1, name: /\[Sev 1\]/ })).toBeVisible();
  expect(due(await incident())).toBe(30);
  await everybodyHears(page, /Reclassified from Sev 2 to Sev 1/, 'partner@nordtel.example', 2);

  await page.getByText('Record restore', { exact: true }).click();
  await fill(page, 'restore', ['Downloads in France work again.', '', '', 'Scan the same QR code again.']);
  await publishAlone(page, '/restore');
  await expect(page.locator('main')).toContainText('Monitoring');
  await page.locator('#resolve > summary').click();
  await fill(page, 'resolve', ['Fixed for good.', '', '', '']);
  await publishAlone(page, '/resolve');
  await expect(page.locator('main')).toContainText('Resolved');
  expect((await incident()).status).toBe('resolved');

  await page.goto(waypost.url('/history'));
  await expect(page.locator('main')).toContainText('one in four downloads fails');
  await page.goto(waypost.url('/regions/fr/euicc-download'));
  await expect(page.locator('main')).toContainText('partial outage');
});
