// Signing in to a demo's console once; the stored state then serves every browser context.
import type { Browser, BrowserContextOptions } from '@playwright/test';
import { totp } from './totp.ts';
import type { Waypost } from './waypost.ts';

export type State = Exclude<BrowserContextOptions['storageState'], string | undefined>;

/** Which of the demo's two people. */
export type Who = 'first' | 'second';

/** Signs in with both factors, with JavaScript off: codes work once, so this is done once per person. */
export async function signIn(browser: Browser, waypost: Waypost, who: Who = 'first'): Promise<State> {
  const { ready } = waypost;
  const [email, password, secret] =
    who === 'first'
      ? [ready.email, ready.password, ready.totp_secret]
      : [ready.second_email, ready.second_password, ready.second_totp_secret];
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(waypost.url('/console'));
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: /continue|sign in/i }).click();
  await page.getByLabel(/code/i).first().fill(totp(secret));
  await page.getByRole('button', { name: 'Sign in' }).click();
  if (!page.url().endsWith('/console')) await page.goto(waypost.url('/console'));
  const state = await context.storageState();
  await context.close();
  return state;
}
