-- Incident command: all clocks, reminders, roles, kept forms, approvals.

ALTER TABLE incidents ADD COLUMN is_rehearsal INTEGER NOT NULL DEFAULT 0;    -- never public, never told
ALTER TABLE incidents ADD COLUMN is_backfilled INTEGER NOT NULL DEFAULT 0;   -- entered afterwards, told nobody
ALTER TABLE incidents ADD COLUMN duplicate_of TEXT;                          -- the incident that goes on

ALTER TABLE updates ADD COLUMN approved_by TEXT;                             -- the second person; null: none was needed
ALTER TABLE updates ADD COLUMN break_glass_reason TEXT;                      -- published alone although two were needed
ALTER TABLE updates ADD COLUMN overrides TEXT NOT NULL DEFAULT '[]';         -- JSON: linter rules overridden, with reasons
ALTER TABLE updates ADD COLUMN is_automatic INTEGER NOT NULL DEFAULT 0;      -- a holding statement
ALTER TABLE updates ADD COLUMN edited_at INTEGER;

ALTER TABLE clocks ADD COLUMN subject TEXT NOT NULL DEFAULT '';              -- tier:2, supplier:<id>; '' for the incident itself
ALTER TABLE clocks ADD COLUMN alerts INTEGER NOT NULL DEFAULT 0;             -- how many alerts it has given
ALTER TABLE clocks ADD COLUMN alert_at INTEGER;                              -- the next one; null: none to come
CREATE INDEX clocks_alerting ON clocks (alert_at) WHERE state = 'running' AND alert_at IS NOT NULL;

CREATE TABLE incident_roles (                    -- who leads; one line per holding, so that hand-overs stay on record
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  role TEXT NOT NULL,                            -- commander | comms_lead | technical_lead | liaison
  user_id TEXT NOT NULL REFERENCES users (id),
  since_at INTEGER NOT NULL,
  given_by TEXT NOT NULL,
  note TEXT NOT NULL,                            -- of the hand-over; empty for the first
  ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX incident_roles_one ON incident_roles (incident_id, role) WHERE ended_at IS NULL;

CREATE TABLE drafts (                            -- a form as typed: saved, waiting for a second person, or for its time
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL,                     -- '' : a declaration
  form TEXT NOT NULL,                            -- declare | updates | reclassify | restore | resolve
  author_id TEXT NOT NULL REFERENCES users (id),
  fields TEXT NOT NULL,                          -- JSON: [[name, value], …]
  state TEXT NOT NULL,                           -- draft | asked | scheduled | returned | published | discarded
  note TEXT NOT NULL DEFAULT '',                 -- why it was returned
  approved_by TEXT,
  publish_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX drafts_one ON drafts (author_id, incident_id, form) WHERE state = 'draft';
CREATE INDEX drafts_open ON drafts (state, publish_at) WHERE state IN ('asked', 'scheduled', 'returned');

CREATE TABLE reminders (                         -- what the clocks tell the people who must act
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  clock_id TEXT NOT NULL REFERENCES clocks (id),
  alert INTEGER NOT NULL,                        -- 0 before, 1 due, 2 and more: escalations
  user_id TEXT NOT NULL REFERENCES users (id),
  words TEXT NOT NULL,
  at INTEGER NOT NULL,
  seen_at INTEGER,
  mail_state TEXT NOT NULL,                      -- queued | leased | delivered | dead | none
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  fence TEXT,
  UNIQUE (clock_id, alert, user_id)
) STRICT;
CREATE INDEX reminders_by_user ON reminders (user_id, at);
CREATE INDEX reminders_mail ON reminders (next_attempt_at) WHERE mail_state IN ('queued', 'leased');
