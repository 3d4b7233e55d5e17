-- The judge: watch periods, evidence of every change, what is withheld, grouped proposals, canaries. Policies for parts of the
-- grid are rows of `policies`: kind degradation:<scope>, and canary:<scope>.

CREATE TABLE watch_periods (                       -- stricter thresholds for some cells for some time
  id TEXT PRIMARY KEY,
  cells TEXT NOT NULL,                             -- JSON of ids of cells
  place TEXT NOT NULL,                             -- what was chosen, in words
  thresholds TEXT NOT NULL,                        -- JSON of domain::telemetry::rule::Watch
  reason TEXT NOT NULL,
  from_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  ended_at BIGINT,                                -- before its time, by hand
  ended_by TEXT
);
CREATE INDEX watch_periods_by_end ON watch_periods (until_at);

CREATE TABLE change_evidence (                     -- what an automatic change rests on
  change_id BIGINT PRIMARY KEY REFERENCES cell_changes (id),
  at BIGINT NOT NULL,
  cell_id TEXT NOT NULL,
  is_worse BOOLEAN NOT NULL,
  evidence TEXT NOT NULL,                          -- JSON of Evidence or AlertEvidence; empty: a heartbeat
  policy_scope TEXT NOT NULL,                      -- default, country:FR, component:voice, cell:voice:FR
  policy_version BIGINT NOT NULL,                 -- 0: what Waypost comes with
  watch_id TEXT,                                   -- the watch period that made it stricter
  key_id TEXT,                                     -- the key that told most of what failed
  sources BIGINT NOT NULL,                        -- how many sources told of what failed; 0: not asked
  chart TEXT NOT NULL                              -- JSON of domain::telemetry::chart::Chart; empty: none
);
CREATE INDEX change_evidence_by_key ON change_evidence (key_id, at) WHERE key_id IS NOT NULL;

CREATE TABLE withheld (                            -- a cell would be worse, and something stands before it
  cell_id TEXT PRIMARY KEY REFERENCES cells (id),
  to_status TEXT NOT NULL,
  why TEXT NOT NULL,                               -- quorum | key
  key_id TEXT,
  sources BIGINT NOT NULL,
  sentence TEXT NOT NULL,
  first_at BIGINT NOT NULL,
  at BIGINT NOT NULL                              -- when it was last so
);

CREATE TABLE key_holds (                           -- a key would turn too much of the grid: a person decides
  id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  state TEXT NOT NULL,                             -- held | passed | dismissed | lapsed
  began_at BIGINT NOT NULL,
  decided_at BIGINT,
  decided_by TEXT,
  until_at BIGINT                                 -- the decision holds until then
);
CREATE UNIQUE INDEX key_holds_one ON key_holds (key_id) WHERE state = 'held';
CREATE INDEX key_holds_decided ON key_holds (until_at) WHERE until_at IS NOT NULL;

ALTER TABLE proposals ADD COLUMN component_slug TEXT;          -- what its cells have in common
ALTER TABLE proposals ADD COLUMN country_code TEXT;
ALTER TABLE proposals ADD COLUMN supplier TEXT;
ALTER TABLE proposals ADD COLUMN confirm_at BIGINT;           -- declared by itself then; null: never
ALTER TABLE proposals ADD COLUMN note TEXT NOT NULL DEFAULT ''; -- why it was not
CREATE INDEX proposals_confirming ON proposals (confirm_at) WHERE state = 'open' AND confirm_at IS NOT NULL;

CREATE TABLE proposal_cells (
  proposal_id TEXT NOT NULL REFERENCES proposals (id),
  cell_id TEXT NOT NULL REFERENCES cells (id),
  status TEXT NOT NULL,                            -- partial_outage | major_outage
  severity BIGINT NOT NULL,
  evidence TEXT NOT NULL,
  PRIMARY KEY (proposal_id, cell_id)
);
INSERT INTO proposal_cells (proposal_id, cell_id, status, severity, evidence)
  SELECT id, cell_id, proposed_status, proposed_severity, evidence FROM proposals WHERE state = 'open';

CREATE INDEX activations_failed ON activations (received_at) WHERE failed_step IS NOT NULL;
CREATE INDEX activations_canary ON activations (received_at) WHERE cohort = 'canary';

CREATE TABLE canary_verdicts (                     -- the newest comparison of each scope
  scope TEXT PRIMARY KEY,
  verdict TEXT NOT NULL,                           -- expand | hold | roll_back: the published one
  since_at BIGINT NOT NULL,
  next_verdict TEXT NOT NULL,                      -- what the newest comparison says
  next_times BIGINT NOT NULL,                     -- how often in a row
  comparison TEXT NOT NULL,                        -- JSON
  policy_version BIGINT NOT NULL,
  from_at BIGINT NOT NULL,
  to_at BIGINT NOT NULL,
  judged_at BIGINT NOT NULL
);

CREATE TABLE canary_changes (                      -- every change of a verdict, as it was published
  event_id TEXT PRIMARY KEY,                       -- of its outbox row
  scope TEXT NOT NULL,
  at BIGINT NOT NULL,
  body TEXT NOT NULL                               -- JSON: what endpoints are sent
);
CREATE INDEX canary_changes_by_time ON canary_changes (at);

CREATE TABLE canary_endpoints (                    -- webhooks that the operator chose for verdicts
  subscriber_id TEXT PRIMARY KEY REFERENCES subscribers (id) ON DELETE CASCADE,
  marked_at BIGINT NOT NULL,
  marked_by TEXT NOT NULL
);
