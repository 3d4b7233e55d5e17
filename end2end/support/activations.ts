// Activations as a supplier's platform reports them: CloudEvents in batches, through the real ingest door.
import { randomUUID } from 'node:crypto';
import { expect } from '@playwright/test';

const BATCH = 200;
const SOURCE = '/smdp/eu-a';

export interface Door {
  url: string;
  key: string;
}

/** `count` journeys in a country, all within the last seconds; every n-th fails at download. */
export async function activations(door: Door, country: string, count: number, everyNthFails = 0): Promise<void> {
  const events: object[] = [];
  for (let n = 1; n <= count; n++) {
    events.push(...journey(country, everyNthFails > 0 && n % everyNthFails === 0));
  }
  for (let at = 0; at < events.length; at += BATCH) {
    const answer = await fetch(door.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${door.key}`, 'content-type': 'application/cloudevents-batch+json' },
      body: JSON.stringify(events.slice(at, at + BATCH)),
    });
    const body = await answer.text();
    expect(answer.status, body).toBe(202);
    expect(JSON.parse(body).rejected).toBe(0);
  }
}

function journey(country: string, fails: boolean): object[] {
  const subject = `ord-${randomUUID()}`;
  const start = Date.now() - 8_000;
  const data = { country, supplier: 'smdp-a/1', flow: 'ota' };
  const event = (type: string, afterMs: number, more = {}) => ({
    specversion: '1.0',
    id: randomUUID(),
    source: SOURCE,
    type: `esim.activation.${type}`,
    subject,
    time: new Date(start + afterMs).toISOString(),
    data: { ...data, ...more },
  });
  const until = [event('requested', 0), event('issued', 400)];
  return fails
    ? [...until, event('failed', 5_000, { step: 'download', error_class: 'timeout' })]
    : [...until, event('downloaded', 3_500), event('enabled', 7_000)];
}
