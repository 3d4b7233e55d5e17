-- Doors of telemetry: what a key may speak of and from where, alerts of Prometheus, and a stranger's words mapped to ours.

ALTER TABLE api_keys ADD COLUMN components TEXT NOT NULL DEFAULT '[]';  -- JSON of slugs; empty: all
ALTER TABLE api_keys ADD COLUMN countries TEXT NOT NULL DEFAULT '[]';   -- JSON of ISO codes; empty: all
ALTER TABLE api_keys ADD COLUMN suppliers TEXT NOT NULL DEFAULT '[]';   -- JSON of slugs; empty: all
ALTER TABLE api_keys ADD COLUMN networks TEXT NOT NULL DEFAULT '[]';    -- JSON of CIDR ranges; empty: anywhere
ALTER TABLE api_keys ADD COLUMN family_id TEXT NOT NULL DEFAULT '';     -- keys that were renewed share it; empty: the id

ALTER TABLE activations ADD COLUMN is_download_only BOOLEAN NOT NULL DEFAULT FALSE; -- told by ES2+, which ends at installation
ALTER TABLE cells ADD COLUMN alert_status TEXT;                         -- what firing alerts make of it; null: none fires

CREATE TABLE alerts (
  fingerprint TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  cell_id TEXT NOT NULL REFERENCES cells (id),
  is_critical BOOLEAN NOT NULL,
  summary TEXT NOT NULL,
  key_id TEXT NOT NULL,
  received_at BIGINT NOT NULL,                                           -- when it was last told
  ended_at BIGINT,
  PRIMARY KEY (fingerprint, starts_at, cell_id)
);
CREATE INDEX alerts_firing ON alerts (cell_id) WHERE ended_at IS NULL;

CREATE TABLE mappings (
  id TEXT PRIMARY KEY,
  door TEXT NOT NULL,                                                   -- alertmanager | es2plus
  labels TEXT NOT NULL,                                                 -- JSON: all must match; a value may end in *
  component TEXT NOT NULL,                                              -- slug; empty at es2plus
  place TEXT NOT NULL,                                                  -- ISO code, or slug of a portfolio
  supplier TEXT NOT NULL,                                               -- at es2plus; otherwise empty
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  UNIQUE (door, labels)
);

CREATE TABLE unmapped (                                                 -- what came and says nothing to us yet
  door TEXT NOT NULL,
  labels TEXT NOT NULL,
  times BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (door, labels)
);
