// The console: every task without JavaScript, the main one by keyboard alone, and what every page must hold.
import { expect, test, type Browser, type Page } from '@playwright/test';
import { signIn, type State } from '../support/console.ts';
import { expectAccessible, expectNoSidewaysScroll, strangers } from '../support/page.ts';
import { Waypost } from '../support/waypost.ts';

let waypost: Waypost;
let first: State;
let second: State;
let incident: string;
let cell: string;
let reviewed: string;

test.beforeAll(async ({ browser }) => {
  waypost = await Waypost.demo('--no-traffic');
  first = await signIn(browser, waypost);
  second = await signIn(browser, waypost, 'second');
  const { incidents } = await (await fetch(waypost.url('/api/v2/incidents/unresolved.json'))).json();
  incident = `/console/incidents/${incidents[0].id}`;
  const { incidents: all } = await (await fetch(waypost.url('/api/v2/incidents.json'))).json();
  reviewed = `/console/incidents/${all.find((i: any) => i.status === 'postmortem').id}`;
  const { components } = await (await fetch(waypost.url('/api/v2/components.json'))).json();
  cell = `/console/cells/${components.find((c: any) => c.x_waypost?.component === 'voice' && c.x_waypost.country === 'PT').id}`;
});
test.afterAll(async () => waypost?.stop());

const paths = () => [
  '/console',
  '/console/incidents',
  '/console/incidents/new',
  incident,
  '/console/telemetry',
  '/console/sources',
  '/console/settings/availability',
  '/console/explorer',
  '/console/suppliers',
  '/console/launches',
  '/console/trials',
  '/console/degradation',
  '/console/degradation/policies/default',
  '/console/canary',
  cell,
  reviewed,
  `${reviewed}/rca`,
  `${reviewed}/print`,
  '/console/reviews',
  '/console/record',
  '/console/rehearsals',
  '/console/incidents/backfill',
  '/console/subscribers',
  '/console/settings',
  '/console/settings/promises',
  '/console/people',
  '/console/desk-book',
  '/console/mail-spool',
];

for (const width of [320, 1280]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every console page is whole at ${width} px, ${colorScheme}`, async ({ browser }) => {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, storageState: first });
      const page = await context.newPage();
      const foreign = strangers(page, waypost.origin);
      const problems: string[] = [];
      page.on('console', (m) => m.type() === 'error' && problems.push(`${page.url()}: ${m.text()}`));
      page.on('pageerror', (e) => problems.push(`${page.url()}: ${e.message}`));
      for (const path of paths()) {
        const answer = await page.goto(waypost.url(path));
        expect(answer?.status(), path).toBe(200);
        await expect(page.getByRole('heading', { level: 1 }), path).toHaveCount(1);
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        const shots = process.env.WAYPOST_SHOTS;
        if (shots) await page.screenshot({ path: `${shots}/${path.split('/').slice(2).join('-') || 'now'}-${width}-${colorScheme}.png`, fullPage: true });
      }
      expect(foreign).toEqual([]);
      expect(problems).toEqual([]);
      await context.close();
    });
  }
}

async function without(browser: Browser, state: State): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: state });
  return context.newPage();
}

async function fill(page: Page, form: string, words: string[]): Promise<void> {
  for (const [n, field] of ['known', 'unknown', 'next_steps', 'customer_action'].entries()) {
    await page.locator(`#${form}-${field}`).fill(words[n]!);
  }
}

const FIRST = ['About one in ten calls in Portugal drops.', 'Why calls drop.', 'We check the interconnect; 20 to 40 minutes.', 'Call again.'];

test('an incident is led from start to end without JavaScript, by two people', async ({ browser }) => {
  const page = await without(browser, first);
  const approver = await without(browser, second);
  await page.goto(waypost.url('/console'));
  await page.getByRole('link', { name: 'Declare an incident' }).click();
  await page.getByLabel('Short description').fill('calls drop');
  await page.locator('input[name=severity][value="2"]').check();
  await page.locator('summary', { hasText: 'Portugal' }).click();
  await page.locator('details', { hasText: 'Portugal' }).getByLabel(/^Voice/).selectOption('partial_outage');
  await fill(page, 'declare', FIRST);
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.locator('.preview')).toContainText(FIRST[0]!);
  await page.getByRole('button', { name: 'Save draft' }).click();
  await expect(page.locator('main')).toContainText('Restored from your draft');
  await page.getByRole('button', { name: 'Ask for approval' }).click();
  await expect(page.locator('main')).toContainText('somebody else must approve it');

  await approver.goto(waypost.url('/console'));
  await approver.getByRole('link', { name: /Declaration: calls drop/ }).click();
  await expect(approver.locator('.preview')).toContainText(FIRST[0]!);
  await approver.getByRole('button', { name: 'Approve and publish' }).click();
  await expect(approver.getByRole('heading', { level: 1, name: /\[Sev 2\] Portugal\/Voice – calls drop/ })).toBeVisible();
  const url = approver.url();

  await page.goto(url);
  await page.getByText('Give or take a part').click();
  await page.locator('#lead-part').selectOption('comms_lead');
  await page.locator('#lead-user').selectOption({ label: 'Ana Reis (commander)' });
  await page.getByRole('button', { name: 'Hand over' }).click();
  await expect(page.locator('.pv')).toContainText('Ana Reis');

  await fill(page, 'update', ['Calls still drop.', 'How long it takes.', 'Traffic moves; 20 to 40 minutes.', 'Call again.']);
  await page.locator('#phase').selectOption('identified');
  await page.locator('form[action$="/updates"]').getByRole('button', { name: 'Ask for approval' }).click();
  await approver.goto(page.url());
  await approver.getByRole('button', { name: 'Approve and publish' }).click();
  await expect(approver.locator('#story')).toContainText('approved by');

  await page.goto(url);
  await page.getByText('Reclassify', { exact: true }).click();
  await page.locator('#severity').selectOption('3');
  await page.locator('#reason').fill('Only a few calls are affected now.');
  const alone = page.locator('form[action$="/reclassify"]');
  await alone.locator('summary').click();
  await alone.getByLabel(/Break the glass/).fill('The second person is at lunch.');
  await alone.getByRole('button', { name: 'Publish alone' }).click();
  await expect(page.getByRole('heading', { level: 1, name: /\[Sev 3\]/ })).toBeVisible();
  await expect(page.locator('#story')).toContainText('glass broken: The second person is at lunch.');

  await page.getByText('Record restore', { exact: true }).click();
  await fill(page, 'restore', ['Calls work again.', '', '', 'Nothing to do.']);
  await page.getByRole('button', { name: 'Record restore and publish' }).click();
  await expect(page.locator('main')).toContainText('Monitoring');
  await page.locator('#resolve > summary').click();
  await fill(page, 'resolve', ['Fixed for good.', '', '', '']);
  await page.getByRole('button', { name: 'Resolve and publish' }).click();
  await expect(page.locator('main')).toContainText('Resolved');
  await page.goto(waypost.url('/history'));
  await expect(page.locator('main')).toContainText('calls drop');
  await page.context().close();
  await approver.context().close();
});

test('the other tasks work without JavaScript', async ({ browser }) => {
  const page = await without(browser, first);
  await page.goto(waypost.url(cell));
  await page.locator('select[name=status]').selectOption('degraded_performance');
  await page.locator('[name=reason]').fill('The operator told us by phone.');
  await page.getByRole('button', { name: /^Pin/ }).click();
  await expect(page.locator('main')).toContainText('The operator told us by phone.');
  await page.getByRole('button', { name: /Unpin|Remove the pin/i }).click();
  await expect(page.getByRole('button', { name: /^Pin/ })).toBeVisible();

  await page.goto(waypost.url('/console/sources'));
  await page.getByLabel('New key for').fill('probe in Lisbon');
  await page.getByRole('button', { name: 'Create key' }).click();
  await expect(page.locator('#new-key')).toHaveText(/^tk_/);

  await page.goto(waypost.url('/console/people'));
  await page.locator('input[name=name]').fill('Mira Costa');
  await page.locator('input[name=email]').fill('mira@meridian.example');
  await page.locator('form[action="/console/people"] select[name=role]').selectOption('responder');
  await page.getByRole('button', { name: 'Add this person' }).click();
  await expect(page.locator('main')).toContainText('Mira Costa');
  await page.context().close();
});

test('an update is written and published by keyboard alone', async ({ browser }) => {
  const context = await browser.newContext({ storageState: second });
  const page = await context.newPage();
  let keys = 0;
  const press = async (key: string) => {
    keys += 1;
    await page.keyboard.press(key);
  };
  const reach = async (name: string) => {
    for (let tries = 0; tries < 80; tries += 1) {
      const at = await page.evaluate(() => (document.activeElement as HTMLInputElement | null)?.name ?? '');
      const text = await page.evaluate(() => document.activeElement?.textContent ?? '');
      if (at === name || text === name) return;
      await press('Tab');
    }
    throw new Error(`no way to ${name} by keyboard`);
  };
  await page.goto(waypost.url(`${incident}#update`));
  for (const [field, words] of Object.entries({
    known: 'Text messages are still late.',
    unknown: 'When it is over.',
    next_steps: 'The second link takes more traffic; 20 to 40 minutes.',
    customer_action: 'Use an app for urgent messages.',
  })) {
    await reach(field);
    await page.keyboard.type(words);
  }
  await expect(page.locator('[data-saved]').first()).toHaveText('Draft saved');
  await reach('Alone, or later');
  await press('Enter');
  await reach('break_glass');
  await page.keyboard.type('Night shift.');
  await reach('Publish alone');
  await press('Enter');
  await expect(page.locator('#story > li').first()).toContainText('Text messages are still late.');
  expect(keys).toBeLessThan(80);
  await context.close();
});

test('a Sev 1 is declared alone with sixty key presses, and is on the page within a second', async ({ browser }) => {
  const context = await browser.newContext({ storageState: second });
  const page = await context.newPage();
  let keys = 0;
  const press = async (key: string) => {
    keys += 1;
    await page.keyboard.press(key);
  };
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement | null)?.innerText || (document.activeElement as HTMLInputElement | null)?.name || '');
  const reach = async (name: string | RegExp) => {
    for (let tries = 0; tries < 80; tries += 1) {
      const at = await focused();
      if (typeof name === 'string' ? at === name : name.test(at)) return;
      await press('Tab');
    }
    throw new Error(`no way to ${name} by keyboard, at ${await focused()}`);
  };
  await page.goto(waypost.url('/console'));
  await reach('Skip to the page');
  await press('Enter');
  await reach('Declare an incident');
  await press('Enter');
  await expect(page.getByLabel('Short description')).toBeFocused();
  await reach('severity');
  await press('ArrowUp');
  await expect(page.locator('input[name=severity][value="1"]')).toBeChecked();
  await reach('Italy');
  await press('Enter');
  await press('Tab');
  await press('m');
  await reach('Fill from the template');
  await press('Enter');
  await expect(page.locator('#declare-known')).not.toHaveValue('');
  await reach('Alone, or later');
  await press('Enter');
  await reach('break_glass');
  for (const key of 'Alone now.') await press(key);
  await reach('Publish alone');
  const from = Date.now();
  await press('Enter');
  await page.waitForURL(/incidents\/[a-z0-9]{12}$/);
  const id = new URL(page.url()).pathname.split('/').pop()!;
  expect(await (await fetch(waypost.url('/'))).text()).toContain(`/incidents/${id}`);
  console.log(`Sev 1 from sign-in: ${keys} key presses, visible after ${Date.now() - from} ms`);
  expect(keys).toBeLessThanOrEqual(60);
  await context.close();
});

test('a countdown runs, second by second', async ({ browser }) => {
  const context = await browser.newContext({ storageState: first });
  const page = await context.newPage();
  await page.goto(waypost.url(incident));
  const count = page.locator('.bar .count');
  const before = await count.innerText();
  await expect(count).not.toHaveText(before, { timeout: 5_000 });
  expect(await count.innerText()).toMatch(/\d/);
  await context.close();
});

test('whoever comes second sees what the first wrote, and keeps the text', async ({ browser }) => {
  const slow = await without(browser, first);
  const quick = await without(browser, second);
  await slow.goto(waypost.url(incident));
  await quick.goto(waypost.url(incident));
  const publish = async (page: Page, known: string) => {
    await fill(page, 'update', [known, 'How long it takes.', 'We keep at it; 20 to 40 minutes.', 'Wait.']);
    const form = page.locator('form[action$="/updates"]');
    if (!(await form.getByLabel(/Break the glass/).isVisible())) await form.getByText('Alone, or later').click();
    await form.getByLabel(/Break the glass/).fill('Nobody else is here.');
    await form.getByRole('button', { name: 'Publish alone' }).click();
  };
  await publish(quick, 'One link is back.');
  await expect(quick.locator('#story > li').first()).toContainText('One link is back.');
  await publish(slow, 'This must not get lost.');
  await expect(slow.locator('.lint').first()).toContainText('Ana Reis published an update');
  await expect(slow.locator('#update-known')).toHaveValue('This must not get lost.');
  await expect(slow.locator('#story > li').first()).toContainText('One link is back.');
  await slow.context().close();
  await quick.context().close();
});
