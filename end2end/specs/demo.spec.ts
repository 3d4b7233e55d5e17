// `waypost demo`: what it prints, what it shows, and that a client written for Statuspage reads it unchanged.
import { expect, test } from '@playwright/test';
import { Statuspage } from 'statuspage.io';
import { Waypost } from '../support/waypost.ts';

let waypost: Waypost;

test.beforeAll(async () => {
  waypost = await Waypost.demo('--no-traffic');
});
test.afterAll(async () => waypost?.stop());

/** The client insists on https://<id>.statuspage.io; it is pointed at our host, and nothing else changes. */
function client(): any {
  const statuspage: any = new Statuspage('waypost');
  statuspage.apiClient.defaults.baseURL = waypost.origin;
  return statuspage;
}

test('prints everything that a script needs', () => {
  const ready = waypost.ready;
  for (const member of [
    'page_url', 'console_url', 'email', 'password', 'totp_secret', 'second_email', 'second_password',
    'second_totp_secret', 'ingest_url', 'ingest_key', 'mail_spool',
  ] as const) {
    expect(ready[member], member).toBeTruthy();
  }
  expect(ready.email).not.toBe(ready.second_email);
  expect(new URL(ready.page_url).hostname).toBe('127.0.0.1');
});

test('the npm client statuspage.io reads it', async () => {
  const api = client().api;
  const status = await api.getStatus();
  expect(['none', 'minor', 'major', 'critical']).toContain(status.status.indicator);

  const summary = await api.getSummary();
  expect(Object.keys(summary).sort()).toEqual(['components', 'incidents', 'page', 'scheduled_maintenances', 'status']);
  expect(summary.page.name).toBe('Meridian eSIM');
  expect(summary.incidents).toHaveLength(1);

  const { components } = await api.getComponents();
  const [groups, cells] = [components.filter((c: any) => c.group), components.filter((c: any) => !c.group)];
  expect(groups).toHaveLength(9);
  expect(cells).toHaveLength(63);
  for (const cell of cells) {
    expect(cell.id).toMatch(/^[a-z0-9]{12}$/);
    expect(cell.x_waypost.country).toMatch(/^[A-Z]{2}$/);
    expect(groups.map((g: any) => g.id)).toContain(cell.group_id);
  }

  const { incidents } = await api.incidents.getAll();
  expect(incidents.length).toBeGreaterThanOrEqual(20);
  for (const incident of incidents) {
    expect(incident.incident_updates.length, incident.name).toBeGreaterThanOrEqual(2);
    const times = incident.incident_updates.map((u: any) => Date.parse(u.created_at));
    expect(times, 'newest first').toEqual([...times].sort((a, b) => b - a));
  }
  expect((await api.incidents.getUnresolved()).incidents).toHaveLength(1);
  expect((await api.scheduledMaintenances.getAll()).scheduled_maintenances).toEqual([]);
});

test('the open incident is not where the story will play', async () => {
  const { incidents } = await client().api.incidents.getUnresolved();
  const { countries, components, next_update_due_at } = incidents[0].x_waypost;
  expect(countries).not.toContain('FR');
  expect(countries).not.toContain('IT');
  expect(components).not.toContain('euicc-download');
  expect(Date.parse(next_update_due_at)).toBeGreaterThan(Date.now());
});

test("the client's own mistake of subscribing by GET is refused, and creates nothing", async () => {
  const subscribing = client().api.subscribers.createPageSubscription({ email: 'someone@example.com' });
  await expect(subscribing).rejects.toMatchObject({ response: { status: 405, headers: { allow: 'POST' } } });
});

test('unknown addresses of the API answer in JSON', async () => {
  const answer = await fetch(waypost.url('/api/v2/nothing.json'));
  expect(answer.status).toBe(404);
  expect(answer.headers.get('content-type')).toContain('application/json');
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
});
