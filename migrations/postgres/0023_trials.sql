-- Trials of journeys end to end, launches that are watched, and what a market needs.

CREATE TABLE trial_results (
  source TEXT NOT NULL,
  event_id TEXT NOT NULL,
  device TEXT NOT NULL,
  carrier TEXT NOT NULL,
  flow TEXT NOT NULL,
  aspect TEXT NOT NULL,                                                 -- activation | certificate | ota_latency | qr_decode
  is_passed BOOLEAN NOT NULL,
  latency_ms BIGINT,
  country_code TEXT NOT NULL,                                           -- empty: not told
  supplier TEXT NOT NULL,                                               -- empty: not told
  occurred_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (source, event_id)
);
CREATE INDEX trial_results_newest ON trial_results (device, carrier, flow, aspect, occurred_at);
CREATE INDEX trial_results_by_time ON trial_results (occurred_at);

CREATE TABLE launches (                                                 -- the first activations of a country or partner, watched
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  country_code TEXT NOT NULL,                                           -- empty: any
  key_family TEXT NOT NULL,                                             -- the keys that a partner's platform sends with; empty: any
  partner TEXT NOT NULL,                                                -- name as it was then; empty: a launch of our own
  activations BIGINT NOT NULL,                                         -- how many decide
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,                                             -- then it ends, decided or not
  state TEXT NOT NULL,                                                  -- running | go | no_go | undecided | stopped
  numbers TEXT NOT NULL,                                                -- JSON of what the state rests on
  alert TEXT NOT NULL,                                                  -- what is wrong while it runs; empty: nothing
  judged_at BIGINT,
  ended_at BIGINT,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL
);
CREATE INDEX launches_running ON launches (starts_at) WHERE state = 'running';

CREATE TABLE market_checks (                                            -- what a market needs before it is launched
  id TEXT PRIMARY KEY,
  country_code TEXT NOT NULL REFERENCES countries (code),
  item TEXT NOT NULL,
  owner TEXT NOT NULL,                                                  -- who sees to it; empty: nobody yet
  state TEXT NOT NULL,                                                  -- open | done | not_needed
  note TEXT NOT NULL,
  position BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  updated_by TEXT NOT NULL,
  UNIQUE (country_code, item)
);
