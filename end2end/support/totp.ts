// One-time codes as an authenticator app makes them: RFC 6238, SHA-1, 6 digits, 30 s.
import { createHmac } from 'node:crypto';

const STEP_MS = 30_000;
const spent = new Map<string, number>();

/** The next code that was not used before: a code works once, so a second sign-in takes the next step's. */
export function totp(secret: string): string {
  const now = Math.floor(Date.now() / STEP_MS);
  const step = Math.max(now, (spent.get(secret) ?? 0) + 1);
  spent.set(secret, step);
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', base32(secret)).update(counter).digest();
  const offset = digest[19]! & 15;
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

function base32(text: string): Buffer {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...text.replace(/[\s=]/g, '').toUpperCase()].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
}
