-- Times are UTC milliseconds (*_at). Public ids are 12 lowercase alphanumerics. JSON is TEXT.

CREATE TABLE page (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  is_set_up BOOLEAN NOT NULL DEFAULT FALSE,          -- once 1, the setup door stays shut for good
  setup_token_hash TEXT,
  revision BIGINT NOT NULL DEFAULT 0,           -- moves with every publicly visible change
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE policies (                          -- versioned: editing one never rewrites the past
  kind TEXT NOT NULL,                            -- severity_matrix | degradation
  version BIGINT NOT NULL,
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (kind, version)
);

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,                    -- lower case
  name TEXT NOT NULL,
  role TEXT NOT NULL,                            -- viewer | responder | communicator | commander | maintainer | owner
  password_hash TEXT NOT NULL,                   -- PHC string
  totp_sealed TEXT,                              -- encrypted with a key outside the database; null until enrolled
  totp_last_step BIGINT NOT NULL DEFAULT 0,     -- a code works once
  is_disabled BOOLEAN NOT NULL DEFAULT FALSE,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES users (id),
  code_hash TEXT NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE sessions (
  id_hash TEXT PRIMARY KEY,                      -- SHA-256 of the cookie
  user_id TEXT NOT NULL REFERENCES users (id),
  stage TEXT NOT NULL,                           -- password (second factor still due) | full
  second_factor_tries BIGINT NOT NULL DEFAULT 0,
  user_agent TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,                           -- the 8 characters inside tk_<id>_<secret>
  name TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  source_prefix TEXT,                            -- null: any source
  requests_per_minute BIGINT NOT NULL,
  events_per_minute BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  last_used_at BIGINT
);

CREATE TABLE portfolios (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  position BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE countries (
  code TEXT PRIMARY KEY,                         -- ISO 3166-1 alpha-2, upper case
  group_id TEXT NOT NULL UNIQUE,                 -- public id of the Statuspage component group
  name TEXT NOT NULL,
  zone TEXT NOT NULL,                            -- IANA zone shown beside UTC
  portfolio_id TEXT NOT NULL REFERENCES portfolios (id),
  position BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE components (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  bound_step TEXT,                               -- issue | download | enable | journey; null: no step
  position BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE cells (                             -- one component in one country
  id TEXT PRIMARY KEY,
  component_id TEXT NOT NULL REFERENCES components (id),
  country_code TEXT NOT NULL REFERENCES countries (code),
  status TEXT NOT NULL,                          -- what is shown
  basis TEXT NOT NULL,                           -- telemetry | person | none
  since_at BIGINT NOT NULL,                     -- when the shown status began
  telemetry_status TEXT NOT NULL,                -- automation's own opinion, kept under a pin or an incident
  telemetry_since_at BIGINT NOT NULL,
  evidence TEXT,                                 -- JSON of domain::telemetry::Evidence, the latest
  evidence_at BIGINT,
  evidence_from_at BIGINT,                      -- set when a cell comes back: older samples are closed
  pin_status TEXT,                               -- null: not pinned
  pinned_by TEXT,
  pinned_at BIGINT,
  pin_reason TEXT,
  frozen_until_at BIGINT,                       -- flapping: held at the worse state until then
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (component_id, country_code)
);

CREATE TABLE cell_changes (                      -- the history behind bars and uptime
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cell_id TEXT NOT NULL REFERENCES cells (id),
  at BIGINT NOT NULL,
  from_status TEXT NOT NULL,
  to_status TEXT NOT NULL,
  basis TEXT NOT NULL,
  is_automatic BOOLEAN NOT NULL,
  cause TEXT NOT NULL,                           -- one sentence for people
  incident_id TEXT
);
CREATE INDEX cell_changes_by_cell ON cell_changes (cell_id, at);
CREATE INDEX cell_changes_by_time ON cell_changes (at);

CREATE TABLE proposals (                         -- automation proposes, a person confirms
  id TEXT PRIMARY KEY,
  cell_id TEXT NOT NULL REFERENCES cells (id),
  state TEXT NOT NULL,                           -- open | accepted | dismissed | lapsed
  proposed_status TEXT NOT NULL,                 -- partial_outage | major_outage
  proposed_severity BIGINT NOT NULL,
  evidence TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  closed_at BIGINT,
  closed_by TEXT,
  incident_id TEXT
);
CREATE UNIQUE INDEX proposals_one_open ON proposals (cell_id) WHERE state = 'open';

CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,                           -- short description; the [Sev N] prefix is shown, not stored
  severity BIGINT NOT NULL,
  phase TEXT NOT NULL,                           -- investigating | identified | monitoring | resolved
  started_at BIGINT NOT NULL,
  declared_at BIGINT NOT NULL,
  declared_by TEXT NOT NULL,
  restored_at BIGINT,
  resolved_at BIGINT,
  next_update_due_at BIGINT,                    -- null: nothing promised (resolved, Sev 4)
  policy_version BIGINT NOT NULL,               -- severity matrix in force when it opened
  evidence TEXT,                                 -- from the proposal, frozen
  sequence BIGINT NOT NULL,                     -- moves with every public change; subscribers see it
  version BIGINT NOT NULL,                      -- optimistic lock of the console
  updated_at BIGINT NOT NULL
);
CREATE INDEX incidents_by_start ON incidents (started_at);
CREATE INDEX incidents_open ON incidents (started_at) WHERE resolved_at IS NULL;

CREATE TABLE incident_cells (
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  cell_id TEXT NOT NULL REFERENCES cells (id),
  status TEXT NOT NULL,                          -- what the incident holds the cell at; operational once restored
  PRIMARY KEY (incident_id, cell_id)
);
CREATE INDEX incident_cells_by_cell ON incident_cells (cell_id);

CREATE TABLE updates (                           -- published messages
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  sequence BIGINT NOT NULL,                     -- of the incident
  kind TEXT NOT NULL,                            -- initial | progress | no_change | reclassified | restored | resolved
  phase TEXT NOT NULL,
  severity BIGINT NOT NULL,
  known TEXT NOT NULL,
  unknown TEXT NOT NULL,
  next_steps TEXT NOT NULL,
  customer_action TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  published_by TEXT NOT NULL,
  next_update_due_at BIGINT,
  idempotency_key TEXT UNIQUE,
  UNIQUE (incident_id, sequence)
);
CREATE INDEX updates_by_time ON updates (published_at);

CREATE TABLE update_cells (
  update_id TEXT NOT NULL REFERENCES updates (id),
  cell_id TEXT NOT NULL REFERENCES cells (id),
  old_status TEXT NOT NULL,
  new_status TEXT NOT NULL,
  PRIMARY KEY (update_id, cell_id)
);

CREATE TABLE clocks (                            -- running promises
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  kind TEXT NOT NULL,                            -- first_response | next_update | workaround | fix
  state TEXT NOT NULL,                           -- running | met | breached | cancelled
  severity BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  stopped_at BIGINT,
  late_ms BIGINT,                               -- breached: by how much, once stopped
  breached_at BIGINT,                           -- when the breach was put on record; never erased
  reason TEXT                                    -- cancelled: why
);
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
  confirm_expires_at BIGINT,
  token_nonce TEXT NOT NULL,                     -- tokens are HMACs over id and nonce; a new nonce revokes them
  consent_wording TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  confirmed_at BIGINT,
  ended_at BIGINT,
  failing_since_at BIGINT,
  updated_at BIGINT NOT NULL,
  UNIQUE (channel, address_hash)
);
CREATE INDEX subscribers_by_state ON subscribers (state, id);
CREATE UNIQUE INDEX subscribers_by_confirmation ON subscribers (confirm_hash) WHERE confirm_hash IS NOT NULL;

CREATE TABLE outbox (                            -- one row per notice, written with the change it tells
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,                 -- the webhook-id without its prefix
  kind TEXT NOT NULL,                            -- incident_update | confirmation | challenge
  priority BIGINT NOT NULL,                     -- 0 first
  incident_id TEXT,
  update_id TEXT,
  subscriber_id TEXT,                            -- confirmation, challenge: the one recipient
  sequence BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  cursor_subscriber_id TEXT NOT NULL DEFAULT '', -- how far it has been expanded
  expanded_at BIGINT
);
CREATE INDEX outbox_by_subscriber ON outbox (subscriber_id, created_at) WHERE subscriber_id IS NOT NULL;
CREATE INDEX outbox_by_incident ON outbox (incident_id, sequence) WHERE incident_id IS NOT NULL;
CREATE INDEX outbox_unexpanded ON outbox (priority, id) WHERE expanded_at IS NULL;

CREATE TABLE deliveries (                        -- one row per notice and recipient
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id TEXT NOT NULL REFERENCES outbox (event_id),
  subscriber_id TEXT NOT NULL REFERENCES subscribers (id),
  channel TEXT NOT NULL,
  priority BIGINT NOT NULL,
  state TEXT NOT NULL,                           -- queued | leased | delivered | dead | skipped | superseded
  attempts BIGINT NOT NULL DEFAULT 0,
  next_attempt_at BIGINT NOT NULL,
  lease_until_at BIGINT,
  fence TEXT,
  answer TEXT,                                   -- the peer's last answer, cleaned
  created_at BIGINT NOT NULL,
  finished_at BIGINT,
  UNIQUE (event_id, subscriber_id, channel)
);
CREATE INDEX deliveries_due ON deliveries (channel, priority, next_attempt_at) WHERE state IN ('queued', 'leased');
CREATE INDEX deliveries_by_subscriber ON deliveries (subscriber_id);

CREATE TABLE activation_events (
  source TEXT NOT NULL,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  occurred_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  digest TEXT NOT NULL,                          -- of the canonical event: same id, other body is a conflict
  key_id TEXT NOT NULL,
  flags TEXT NOT NULL DEFAULT '',                -- illegal_transition, future, late; comma-separated
  data TEXT NOT NULL,
  PRIMARY KEY (source, event_id)
);
CREATE INDEX activation_events_by_received ON activation_events (received_at);

CREATE TABLE activations (                       -- one profile's journey
  subject TEXT PRIMARY KEY,
  country_code TEXT NOT NULL,
  supplier TEXT NOT NULL,
  flow TEXT NOT NULL,
  cohort TEXT NOT NULL,
  requested_at BIGINT,
  issued_at BIGINT,
  downloaded_at BIGINT,
  enabled_at BIGINT,
  revoked_at BIGINT,
  failed_at BIGINT,
  failed_step TEXT,
  error_class TEXT,
  is_fallback BOOLEAN NOT NULL DEFAULT FALSE,
  is_live BOOLEAN NOT NULL DEFAULT TRUE,            -- 0: told too late to bear on a live verdict
  received_at BIGINT NOT NULL                   -- of the newest event
);
CREATE INDEX activations_newest ON activations (country_code, received_at);

CREATE TABLE rollups (                           -- counts by the time when an activation entered the step
  bucket_at BIGINT NOT NULL,
  width_secs BIGINT NOT NULL,                   -- 10 or 300
  step TEXT NOT NULL,
  country_code TEXT NOT NULL,
  supplier TEXT NOT NULL,
  is_live BOOLEAN NOT NULL,
  entered BIGINT NOT NULL,
  succeeded BIGINT NOT NULL,                    -- within the step's SLA
  late BIGINT NOT NULL,                         -- after it
  failed BIGINT NOT NULL,
  fallback BIGINT NOT NULL,
  PRIMARY KEY (width_secs, bucket_at, step, country_code, supplier, is_live)
);

CREATE TABLE latency_bins (                      -- logarithmic histogram of step latencies
  bucket_at BIGINT NOT NULL,
  width_secs BIGINT NOT NULL,
  step TEXT NOT NULL,
  country_code TEXT NOT NULL,
  is_live BOOLEAN NOT NULL,
  bin BIGINT NOT NULL,
  samples BIGINT NOT NULL,
  PRIMARY KEY (width_secs, bucket_at, step, country_code, is_live, bin)
);

CREATE TABLE heartbeats (
  source TEXT NOT NULL,
  component_slug TEXT NOT NULL,                  -- '' : the source alone
  country_code TEXT NOT NULL,                    -- '' : the source alone
  interval_secs BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (source, component_slug, country_code)
);

CREATE TABLE audit (                             -- append-only
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,                           -- user id, key id, or system
  action TEXT NOT NULL,                          -- post_update, reclassify, pin_cell, …
  subject TEXT NOT NULL,                         -- incident:<id>, cell:<id>, …
  detail TEXT NOT NULL,                          -- JSON: before and after
  correlation_id TEXT NOT NULL
);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
