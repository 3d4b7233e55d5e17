// Calling people in: the desk book, the engagement of a carrier on an incident, and what the public hears of it. The
// story is played with JavaScript off; the pages are then looked at with it, on a wide screen and on a phone.
import { expect, test, type Browser, type Page } from '@playwright/test';
import { expectAccessible, expectNoSidewaysScroll } from '../support/page.ts';
import { totp } from '../support/totp.ts';
import { Waypost } from '../support/waypost.ts';

let waypost: Waypost;

test.beforeAll(async () => {
  waypost = await Waypost.demo('--no-traffic');
});
test.afterAll(async () => waypost?.stop());

async function signIn(browser: Browser, javaScriptEnabled: boolean): Promise<Page> {
  const page = await (await browser.newContext({ javaScriptEnabled })).newPage();
  const { console_url, email, password, totp_secret } = waypost.ready;
  await page.goto(console_url);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Code from your authenticator').fill(totp(totp_secret));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Now' })).toBeVisible();
  return page;
}

/** A runbook, and an incident that starts from a carrier; the address of its console page. */
async function declare(page: Page): Promise<string> {
  await page.getByRole('link', { name: 'Desk book' }).click();
  await page.getByRole('link', { name: 'Runbooks' }).click();
  await page.getByRole('link', { name: 'Add a runbook' }).click();
  await page.getByLabel('Title').fill('Calls drop');
  await page.getByLabel('For', { exact: true }).selectOption('Voice');
  await page.getByLabel('Steps').fill('Call a test number.\nAsk the carrier.');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('tr', { hasText: 'Calls drop' })).toContainText('Ask the carrier.');

  await page.goto(waypost.url('/console/incidents/new'));
  await page.locator('#supplier').selectOption('northway');
  await page.locator('#component').selectOption('voice');
  await page.getByRole('button', { name: 'Tick what depends on it' }).click();
  await expect(page.locator('.blast')).toContainText('No key account sells this.');
  await page.getByLabel('Short description').fill('calls end after a few seconds');
  await page.locator('input[name=severity][value="1"]').check();
  await page.locator('#declare-known').fill('Calls in North America end after a few seconds.');
  await page.locator('#declare-unknown').fill('Why the carrier drops them.');
  await page.locator('#declare-next_steps').fill('The carrier looks at its interconnect; 20 to 60 minutes.');
  await page.locator('#declare-customer_action').fill('Use an app over mobile data.');
  const form = page.locator('form[action="/console/incidents"]');
  await form.locator('summary', { hasText: 'Alone' }).click();
  await form.getByLabel(/Break the glass/).fill('Nobody else is on shift.');
  await form.getByRole('button', { name: 'Publish alone' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('calls end after a few seconds');
  return page.url();
}

test('a carrier is called in, comes, and the public hears of it without its name', async ({ browser }) => {
  const page = await signIn(browser, false);
  const incident = await declare(page);
  const card = (name: string) => page.locator('#engagement li.card', { hasText: name });
  await expect(card('Tier 2').locator('.clock')).toContainText(/1[45]:\d\d/);
  await card('Tier 2').getByRole('button', { name: 'Engaged now' }).click();
  await expect(card('Tier 3').locator('.clock')).toContainText(/1[45]:\d\d/);
  await card('Northway Wireless').getByRole('button', { name: 'Contacted now' }).click();
  await expect(card('Tier 3').locator('.clock')).toHaveCount(0);
  await expect(card('Northway Wireless').locator('.clock')).toContainText(/(29|30):\d\d/);
  await card('Northway Wireless').getByRole('button', { name: 'Engaged now' }).click();
  await expect(card('Northway Wireless')).toContainText('target 30 min');

  await card('Northway Wireless').locator('summary', { hasText: 'What they say' }).click();
  await card('Northway Wireless').getByLabel('Their ticket').fill('NW-2207');
  await card('Northway Wireless').getByLabel(/Tell the public/).check();
  await card('Northway Wireless').getByRole('button', { name: 'Save' }).click();
  await expect(card('Northway Wireless')).toContainText('Their ticket: NW-2207');
  await page.getByRole('link', { name: 'On-call pack' }).click();
  await expect(page.locator('.pack')).toContainText('Calls drop');

  await page.goto(incident.replace('/console', ''));
  await expect(page.locator('main')).toContainText('Carrier engaged');
  await expect(page.locator('main')).not.toContainText('Northway');
  await expect(page.locator('main')).not.toContainText('NW-2207');
});

test('its pages are accessible and fit, wide and narrow', async ({ browser }) => {
  const page = await signIn(browser, true);
  await page.goto(waypost.url('/console/incidents'));
  const incident = await page.locator('table a').first().getAttribute('href');
  const book = '/console/desk-book';
  const paths = ['contacts', 'suppliers', 'rotas', 'runbooks', 'partners'].flatMap((s) => [`${book}/${s}`, `${book}/${s}/new`]);
  for (const path of [...paths, incident!, `${incident}/pack`, '/console/incidents/new?supplier=smdp-a']) {
    await page.goto(waypost.url(path));
    await page.evaluate(() => document.querySelectorAll('details').forEach((d) => (d.open = true)));
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 800 });
      await expectNoSidewaysScroll(page);
    }
    await expectAccessible(page);
  }
});
