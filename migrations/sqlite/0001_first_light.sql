-- Times are UTC milliseconds (*_at). Public ids are 12 lowercase alphanumerics. JSON is TEXT.

CREATE TABLE page (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  is_set_up INTEGER NOT NULL DEFAULT 0,          -- once 1, the setup door stays shut for good
  setup_token_hash TEXT,
  revision INTEGER NOT NULL DEFAULT 0,           -- moves with every publicly visible change
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE policies (                          -- versioned: editing one never rewrites the past
  kind TEXT NOT NULL,                            -- severity_matrix | degradation
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (kind, version)
) STRICT;

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,                    -- lower case
  name TEXT NOT NULL,
  role TEXT NOT NULL,                            -- viewer | responder | communicator | commander | maintainer | owner
  password_hash TEXT NOT NULL,                   -- PHC string
  totp_sealed TEXT,                              -- encrypted with a key outside the database; null until enrolled
  totp_last_step INTEGER NOT NULL DEFAULT 0,     -- a code works once
  is_disabled INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES users (id),
  code_hash TEXT NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (user_id, code_hash)
) STRICT;

CREATE TABLE sessions (
  id_hash TEXT PRIMARY KEY,                      -- SHA-256 of the cookie
  user_id TEXT NOT NULL REFERENCES users (id),
  stage TEXT NOT NULL,                           -- password (second factor still due) | full
  second_factor_tries INTEGER NOT NULL DEFAULT 0,
  user_agent TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,                           -- the 8 characters inside tk_<id>_<secret>
  name TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  source_prefix TEXT,                            -- null: any source
  requests_per_minute INTEGER NOT NULL,
  events_per_minute INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT;

CREATE TABLE portfolios (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE countries (
  code TEXT PRIMARY KEY,                         -- ISO 3166-1 alpha-2, upper case
  group_id TEXT NOT NULL UNIQUE,                 -- public id of the Statuspage component group
  name TEXT NOT NULL,
  zone TEXT NOT NULL,                            -- IANA zone shown beside UTC
  portfolio_id TEXT NOT NULL REFERENCES portfolios (id),
  position INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE components (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  bound_step TEXT,                               -- issue | download | enable | journey; null: no step
  position INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE cells (                             -- one component in one country
  id TEXT PRIMARY KEY,
  component_id TEXT NOT NULL REFERENCES components (id),
  country_code TEXT NOT NULL REFERENCES countries (code),
  status TEXT NOT NULL,                          -- what is shown
  basis TEXT NOT NULL,                           -- telemetry | person | none
  since_at INTEGER NOT NULL,                     -- when the shown status began
  telemetry_status TEXT NOT NULL,                -- automation's own opinion, kept under a pin or an incident
  telemetry_since_at INTEGER NOT NULL,
  evidence TEXT,                                 -- JSON of domain::telemetry::Evidence, the latest
  evidence_at INTEGER,
  evidence_from_at INTEGER,                      -- set when a cell comes back: older samples are closed
  pin_status TEXT,                               -- null: not pinned
  pinned_by TEXT,
  pinned_at INTEGER,
  pin_reason TEXT,
  frozen_until_at INTEGER,                       -- flapping: held at the worse state until then
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (component_id, country_code)
) STRICT;

CREATE TABLE cell_changes (                      -- the history behind bars and uptime
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cell_id TEXT NOT NULL REFERENCES cells (id),
  at INTEGER NOT NULL,
  from_status TEXT NOT NULL,
  to_status TEXT NOT NULL,
  basis TEXT NOT NULL,
  is_automatic INTEGER NOT NULL,
  cause TEXT NOT NULL,                           -- one sentence for people
  incident_id TEXT
) STRICT;
CREATE INDEX cell_changes_by_cell ON cell_changes (cell_id, at);
CREATE INDEX cell_changes_by_time ON cell_changes (at);

CREATE TABLE proposals (                         -- automation proposes, a person confirms
  id TEXT PRIMARY KEY,
  cell_id TEXT NOT NULL REFERENCES cells (id),
  state TEXT NOT NULL,                           -- open | accepted | dismissed | lapsed
  proposed_status TEXT NOT NULL,                 -- partial_outage | major_outage
  proposed_severity INTEGER NOT NULL,
  evidence TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  closed_at INTEGER,
  closed_by TEXT,
  incident_id TEXT
) STRICT;
CREATE UNIQUE INDEX proposals_one_open ON proposals (cell_id) WHERE state = 'open';

CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,                           -- short description; the [Sev N] prefix is shown, not stored
  severity INTEGER NOT NULL,
  phase TEXT NOT NULL,                           -- investigating | identified | monitoring | resolved
  started_at INTEGER NOT NULL,
  declared_at INTEGER NOT NULL,
  declared_by TEXT NOT NULL,
  restored_at INTEGER,
  resolved_at INTEGER,
  next_update_due_at INTEGER,                    -- null: nothing promised (resolved, Sev 4)
  policy_version INTEGER NOT NULL,               -- severity matrix in force when it opened
  evidence TEXT,                                 -- from the proposal, frozen
  sequence INTEGER NOT NULL,                     -- moves with every public change; subscribers see it
  version INTEGER NOT NULL,                      -- optimistic lock of the console
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX incidents_by_start ON incidents (started_at);
CREATE INDEX incidents_open ON incidents (started_at) WHERE resolved_at IS NULL;

CREATE TABLE incident_cells (
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  cell_id TEXT NOT NULL REFERENCES cells (id),
  status TEXT NOT NULL,                          -- what the incident holds the cell at; operational once restored
  PRIMARY KEY (incident_id, cell_id)
) STRICT;
CREATE INDEX incident_cells_by_cell ON incident_cells (cell_id);

CREATE TABLE updates (                           -- published messages
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  sequence INTEGER NOT NULL,                     -- of the incident
  kind TEXT NOT NULL,                            -- initial | progress | no_change | reclassified | restored | resolved
  phase TEXT NOT NULL,
  severity INTEGER NOT NULL,
  known TEXT NOT NULL,
  unknown TEXT NOT NULL,
  next_steps TEXT NOT NULL,
  customer_action TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  published_by TEXT NOT NULL,
  next_update_due_at INTEGER,
  idempotency_key TEXT UNIQUE,
  UNIQUE (incident_id, sequence)
) STRICT;
CREATE INDEX updates_by_time ON updates (published_at);

CREATE TABLE update_cells (
  update_id TEXT NOT NULL REFERENCES updates (id),
  cell_id TEXT NOT NULL REFERENCES cells (id),
  old_status TEXT NOT NULL,
  new_status TEXT NOT NULL,
  PRIMARY KEY (update_id, cell_id)
) STRICT;

CREATE TABLE clocks (                            -- running promises
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  kind TEXT NOT NULL,                            -- first_response | next_update | workaround | fix
  state TEXT NOT NULL,                           -- running | met | breached | cancelled
  severity INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  stopped_at INTEGER,
  late_ms INTEGER,                               -- breached: by how much, once stopped
  breached_at INTEGER,                           -- when the breach was put on record; never erased
  reason TEXT                                    -- cancelled: why
) STRICT;
CREATE INDEX clocks_by_incident ON clocks (incident_id);
CREATE INDEX clocks_due ON clocks (due_at) WHERE state = 'running';

CREATE TABLE subscribers (
  id TEXT PRIMARY KEY,
  channel TEXT NOT NULL,                         -- email | webhook
  address TEXT NOT NULL,                         -- mail address or URL; empty once erased
  address_hash TEXT NOT NULL,                    -- keyed hash of the normalised address
  state TEXT NOT NULL,                           -- pending | confirmed | unsubscribed | suppressed | disabled
  countries TEXT,                                -- JSON array of codes; null: the whole page
  time_zone TEXT NOT NULL,                       -- IANA
  secret_sealed TEXT,                            -- webhook signing secret, encrypted
  confirm_hash TEXT,                             -- SHA-256 of the confirmation token
  confirm_expires_at INTEGER,
  token_nonce TEXT NOT NULL,                     -- tokens are HMACs over id and nonce; a new nonce revokes them
  consent_wording TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  ended_at INTEGER,
  failing_since_at INTEGER,
  updated_at INTEGER NOT NULL,
  UNIQUE (channel, address_hash)
) STRICT;
CREATE INDEX subscribers_by_state ON subscribers (state, id);
CREATE UNIQUE INDEX subscribers_by_confirmation ON subscribers (confirm_hash) WHERE confirm_hash IS NOT NULL;

CREATE TABLE outbox (                            -- one row per notice, written with the change it tells
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL UNIQUE,                 -- the webhook-id without its prefix
  kind TEXT NOT NULL,                            -- incident_update | confirmation | challenge
  priority INTEGER NOT NULL,                     -- 0 first
  incident_id TEXT,
  update_id TEXT,
  subscriber_id TEXT,                            -- confirmation, challenge: the one recipient
  sequence INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  cursor_subscriber_id TEXT NOT NULL DEFAULT '', -- how far it has been expanded
  expanded_at INTEGER
) STRICT;
CREATE INDEX outbox_by_subscriber ON outbox (subscriber_id, created_at) WHERE subscriber_id IS NOT NULL;
CREATE INDEX outbox_by_incident ON outbox (incident_id, sequence) WHERE incident_id IS NOT NULL;
CREATE INDEX outbox_unexpanded ON outbox (priority, id) WHERE expanded_at IS NULL;

CREATE TABLE deliveries (                        -- one row per notice and recipient
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL REFERENCES outbox (event_id),
  subscriber_id TEXT NOT NULL REFERENCES subscribers (id),
  channel TEXT NOT NULL,
  priority INTEGER NOT NULL,
  state TEXT NOT NULL,                           -- queued | leased | delivered | dead | skipped | superseded
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  lease_until_at INTEGER,
  fence TEXT,
  answer TEXT,                                   -- the peer's last answer, cleaned
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  UNIQUE (event_id, subscriber_id, channel)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (channel, priority, next_attempt_at) WHERE state IN ('queued', 'leased');
CREATE INDEX deliveries_by_subscriber ON deliveries (subscriber_id);

CREATE TABLE activation_events (
  source TEXT NOT NULL,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  digest TEXT NOT NULL,                          -- of the canonical event: same id, other body is a conflict
  key_id TEXT NOT NULL,
  flags TEXT NOT NULL DEFAULT '',                -- illegal_transition, future, late; comma-separated
  data TEXT NOT NULL,
  PRIMARY KEY (source, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX activation_events_by_received ON activation_events (received_at);

CREATE TABLE activations (                       -- one profile's journey
  subject TEXT PRIMARY KEY,
  country_code TEXT NOT NULL,
  supplier TEXT NOT NULL,
  flow TEXT NOT NULL,
  cohort TEXT NOT NULL,
  requested_at INTEGER,
  issued_at INTEGER,
  downloaded_at INTEGER,
  enabled_at INTEGER,
  revoked_at INTEGER,
  failed_at INTEGER,
  failed_step TEXT,
  error_class TEXT,
  is_fallback INTEGER NOT NULL DEFAULT 0,
  is_live INTEGER NOT NULL DEFAULT 1,            -- 0: told too late to bear on a live verdict
  received_at INTEGER NOT NULL                   -- of the newest event
) STRICT, WITHOUT ROWID;
CREATE INDEX activations_newest ON activations (country_code, received_at);

CREATE TABLE rollups (                           -- counts by the time when an activation entered the step
  bucket_at INTEGER NOT NULL,
  width_secs INTEGER NOT NULL,                   -- 10 or 300
  step TEXT NOT NULL,
  country_code TEXT NOT NULL,
  supplier TEXT NOT NULL,
  is_live INTEGER NOT NULL,
  entered INTEGER NOT NULL,
  succeeded INTEGER NOT NULL,                    -- within the step's SLA
  late INTEGER NOT NULL,                         -- after it
  failed INTEGER NOT NULL,
  fallback INTEGER NOT NULL,
  PRIMARY KEY (width_secs, bucket_at, step, country_code, supplier, is_live)
) STRICT, WITHOUT ROWID;

CREATE TABLE latency_bins (                      -- logarithmic histogram of step latencies
  bucket_at INTEGER NOT NULL,
  width_secs INTEGER NOT NULL,
  step TEXT NOT NULL,
  country_code TEXT NOT NULL,
  is_live INTEGER NOT NULL,
  bin INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  PRIMARY KEY (width_secs, bucket_at, step, country_code, is_live, bin)
) STRICT, WITHOUT ROWID;

CREATE TABLE heartbeats (
  source TEXT NOT NULL,
  component_slug TEXT NOT NULL,                  -- '' : the source alone
  country_code TEXT NOT NULL,                    -- '' : the source alone
  interval_secs INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (source, component_slug, country_code)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (                             -- append-only
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,                           -- user id, key id, or system
  action TEXT NOT NULL,                          -- post_update, reclassify, pin_cell, …
  subject TEXT NOT NULL,                         -- incident:<id>, cell:<id>, …
  detail TEXT NOT NULL,                          -- JSON: before and after
  correlation_id TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
