// A partner's own pages: whole on a phone and a desk, without JavaScript, and nobody else's.
import { expect, test, type Browser, type Page } from '@playwright/test';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signIn, type State } from '../support/console.ts';
import { read } from '../support/mail.ts';
import { expectAccessible, expectNoSidewaysScroll, strangers } from '../support/page.ts';
import { until } from '../support/until.ts';
import { Waypost } from '../support/waypost.ts';

const PARTNER = 'Nordlys SIM';
const CONTACT = 'noc@nordlys.example';

let waypost: Waypost;
let team: State;
let root: string;
let manage: string;

test.beforeAll(async ({ browser }) => {
  waypost = await Waypost.demo('--no-traffic');
  team = await signIn(browser, waypost);
  root = waypost.ready.partner_page;
  manage = await subscribe(browser);
});
test.afterAll(async () => waypost?.stop());

/** A mail from the demo's spool whose text matches. */
async function letter(matches: RegExp): Promise<string> {
  return until(10_000, `a mail to ${CONTACT} that matches ${matches}`, async () => {
    const names = (await readdir(waypost.ready.mail_spool)).filter((n) => n.endsWith('.eml'));
    const all = await Promise.all(names.map((n) => readFile(join(waypost.ready.mail_spool, n), 'latin1')));
    return all.filter((raw) => raw.includes(CONTACT)).map((raw) => read(raw, []).text).find((text) => matches.test(text));
  });
}

async function plain(browser: Browser): Promise<Page> {
  return (await browser.newContext({ javaScriptEnabled: false })).newPage();
}

/** Signs the contact up on the partner's page, for France alone; the address of its manage page. */
async function subscribe(browser: Browser): Promise<string> {
  const page = await plain(browser);
  await page.goto(waypost.url(`${root}/subscribe`));
  await page.locator('#address').fill(CONTACT);
  await page.getByLabel('Only what I tick below').check();
  await page.getByLabel('France').check();
  await page.waitForTimeout(2_100); // a form that comes back faster than a person reads is not taken
  await page.getByRole('button', { name: 'Subscribe', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Check your mail.' })).toBeVisible();
  const confirm = /http:\/\/127\.0\.0\.1:\d+\/confirm\/\S+/;
  await page.goto(confirm.exec(await letter(confirm))![0]);
  await page.getByRole('button', { name: 'Start notices' }).click();
  await expect(page.getByRole('heading', { name: 'You are subscribed.' })).toBeVisible();
  const link = await page.locator('a[href*="/manage/"]').first().getAttribute('href');
  await page.context().close();
  return new URL(link!, waypost.origin).pathname;
}

const paths = () => [
  root,
  `${root}/history`,
  `${root}/regions/fr`,
  `${root}/regions/fr/euicc-download`,
  `${root}/components/mobile-data`,
  `${root}/subscribe`,
  `${root}/evidence`,
  manage,
];

async function consolePaths(page: Page): Promise<string[]> {
  const first = async (from: string, kind: string): Promise<string> => {
    await page.goto(waypost.url(from));
    return (await page.locator(`a[href^="/console/${kind}/"]`).first().getAttribute('href'))!;
  };
  const partner = await first('/console/desk-book/partners', 'partners');
  return ['/console/subscribers', partner, await first('/console/subscribers', 'subscribers')];
}

for (const width of [320, 1280]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every page of a partner is whole at ${width} px, ${colorScheme}`, async ({ browser }) => {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, storageState: team });
      const page = await context.newPage();
      const foreign = strangers(page, waypost.origin);
      for (const path of [...paths(), ...(await consolePaths(page))]) {
        const answer = await page.goto(waypost.url(path));
        expect(answer?.status(), path).toBe(200);
        await expect(page.getByRole('heading', { level: 1 }), path).toHaveCount(1);
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        const shots = process.env.WAYPOST_SHOTS;
        const name = path.replace(root, 'p').split('/').filter((p) => p && p.length < 20).join('-');
        if (shots) await page.screenshot({ path: `${shots}/partner-${name}-${width}-${colorScheme}.png`, fullPage: true });
      }
      expect(foreign).toEqual([]);
      await context.close();
    });
  }
}

test('what it sells is there, and what it does not sell is not', async ({ browser }) => {
  const page = await plain(browser);
  await page.goto(waypost.url(root));
  await expect(page.getByRole('link', { name: PARTNER }).first()).toBeVisible();
  const named = await page.locator('a[aria-label], a[title]').evaluateAll((all) => all.map((a) => a.getAttribute('href') ?? ''));
  expect(named.filter((h) => /\/regions\/(us|ca|mx)\b/.test(h))).toEqual([]);
  for (const path of ['/regions/us', '/regions/fr/voice', '/components/voice']) {
    expect((await fetch(waypost.url(`${root}${path}`))).status, path).toBe(404);
  }
  for (const path of ['/', '/history', '/subscribe', '/api/v2/summary.json', '/history.rss']) {
    expect(await (await fetch(waypost.url(path))).text(), path).not.toContain(PARTNER);
  }
  await page.context().close();
});

test('its contact changes what it hears, pauses and leaves, without JavaScript', async ({ browser }) => {
  const page = await plain(browser);
  await page.goto(waypost.url(manage));
  await expect(page.getByLabel('France')).toBeChecked();
  await page.getByLabel('Italy').check();
  await page.getByRole('button', { name: /^Save/ }).click();
  await page.goto(waypost.url(manage));
  await expect(page.getByLabel('Italy')).toBeChecked();
  await expect(page.getByLabel('Spain')).not.toBeChecked();
  await page.context().close();
});
