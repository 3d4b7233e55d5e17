// The public pages: on a phone and a desk, light and dark, with and without JavaScript.
import { expect, test } from '@playwright/test';
import { brotliDecompressSync } from 'node:zlib';
import { get } from 'node:http';
import { expectAccessible, expectNoSidewaysScroll, strangers } from '../support/page.ts';
import { Waypost } from '../support/waypost.ts';

let waypost: Waypost;
let incident: string;
let reviewed: string;

test.beforeAll(async () => {
  waypost = await Waypost.demo('--no-traffic');
  const { incidents } = await (await fetch(waypost.url('/api/v2/incidents/unresolved.json'))).json();
  incident = new URL(incidents[0].shortlink).pathname;
  const { incidents: all } = await (await fetch(waypost.url('/api/v2/incidents.json'))).json();
  reviewed = new URL(all.find((i: any) => i.status === 'postmortem').shortlink).pathname;
});
test.afterAll(async () => waypost?.stop());

const paths = () => [
  '/',
  '/history',
  incident,
  reviewed,
  `${reviewed}/rca`,
  '/regions/fr',
  '/regions/western-europe',
  '/regions/fr/euicc-download',
  '/components/voice',
  '/subscribe',
  '/api',
];

for (const width of [320, 1280]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`every page is whole at ${width} px, ${colorScheme}`, async ({ browser }) => {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
      const page = await context.newPage();
      const foreign = strangers(page, waypost.origin);
      for (const path of paths()) {
        const answer = await page.goto(waypost.url(path));
        expect(answer?.status(), path).toBe(200);
        await expect(page.getByRole('heading', { level: 1 }), path).toHaveCount(1);
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
      }
      expect(foreign).toEqual([]);
      expect(await context.cookies(), 'a visitor gets no cookie').toEqual([]);
      await context.close();
    });
  }
}

test('nothing on the public pages needs JavaScript', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  for (const path of paths()) {
    const answer = await page.goto(waypost.url(path));
    const html = await answer!.text();
    expect(html, path).not.toMatch(/<script/i);
    expect(html, path).not.toMatch(/\son[a-z]+=/i);
  }
  await page.goto(waypost.url('/'));
  await page.getByRole('link', { name: /history/i }).first().click();
  await expect(page).toHaveURL(/\/history/);
  await context.close();
});

test('the front page is one small request', async ({ page }) => {
  const requests: string[] = [];
  page.on('request', (r) => requests.push(r.url()));
  await page.goto(waypost.url('/'));
  await page.waitForLoadState('networkidle');
  expect(requests.filter((url) => !url.endsWith('/favicon.svg'))).toEqual([waypost.url('/')]);

  const { bytes, encoding } = await compressed(waypost.url('/'));
  expect(encoding).toBe('br');
  expect(brotliDecompressSync(bytes).toString('utf8')).toContain('</html>');
  expect(bytes.length).toBeLessThanOrEqual(9_000);
  test.info().annotations.push({ type: 'bytes', description: String(bytes.length) });
});

test('every cell says its status in a word, not by colour alone', async ({ page }) => {
  await page.goto(waypost.url('/'));
  const cells = page.locator('a[href^="/regions/"][href*="/"]').filter({ hasNot: page.locator('nav') });
  const named = await cells.evaluateAll((links) =>
    links
      .filter((a) => /^\/regions\/[a-z]{2}\/[a-z-]+$/.test(a.getAttribute('href') ?? ''))
      .map((a) => `${a.getAttribute('aria-label') ?? ''} ${a.textContent ?? ''}`),
  );
  expect(named.length, '7 components in 9 countries').toBeGreaterThanOrEqual(63);
  for (const name of named) expect(name).toMatch(/operational|degraded|outage|maintenance|no data/i);
});

function compressed(url: string): Promise<{ bytes: Buffer; encoding?: string }> {
  return new Promise((done, fail) => {
    get(url, { headers: { 'accept-encoding': 'br' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => done({ bytes: Buffer.concat(chunks), encoding: response.headers['content-encoding'] }));
    }).on('error', fail);
  });
}
