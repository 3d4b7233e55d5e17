-- KPIs of activations: mergeable rollups with every dimension, what was corrected, and which charts are public.

CREATE TABLE kpi_deltas (                          -- what one commit of the doors adds; folded into the rollups within seconds
  id TEXT PRIMARY KEY,
  received_at INTEGER NOT NULL,
  body TEXT NOT NULL                               -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE kpi_rollups (                         -- by the time when an activation entered the step; the wider, the older
  width_secs INTEGER NOT NULL,                     -- 60, 300, 3600 or 86400: every activation stands in one of them
  step TEXT NOT NULL,
  country_code TEXT NOT NULL,
  bucket_at INTEGER NOT NULL,
  supplier TEXT NOT NULL,
  node TEXT NOT NULL,                              -- '': the supplier named none
  flow TEXT NOT NULL,
  cohort TEXT NOT NULL,
  entered INTEGER NOT NULL,
  succeeded INTEGER NOT NULL,                      -- within the step's SLA
  late INTEGER NOT NULL,                           -- after it
  failed INTEGER NOT NULL,
  fallback INTEGER NOT NULL,
  illegal INTEGER NOT NULL,                        -- events that contradicted their journey, by arrival
  latency BLOB NOT NULL,                           -- DDSketch of milliseconds
  PRIMARY KEY (width_secs, step, country_code, bucket_at, supplier, node, flow, cohort)
) STRICT, WITHOUT ROWID;

CREATE TABLE kpi_errors (                          -- failures by error class, over the same buckets
  width_secs INTEGER NOT NULL,
  step TEXT NOT NULL,
  country_code TEXT NOT NULL,
  bucket_at INTEGER NOT NULL,
  supplier TEXT NOT NULL,
  node TEXT NOT NULL,
  flow TEXT NOT NULL,
  cohort TEXT NOT NULL,
  error_class TEXT NOT NULL,
  failed INTEGER NOT NULL,
  PRIMARY KEY (width_secs, step, country_code, bucket_at, supplier, node, flow, cohort, error_class)
) STRICT, WITHOUT ROWID;

CREATE TABLE kpi_corrections (                     -- counted as failed, and heard of as a success afterwards
  step TEXT NOT NULL,
  country_code TEXT NOT NULL,
  counted_at INTEGER NOT NULL,                     -- the minute in which it counted as failed
  supplier TEXT NOT NULL,
  node TEXT NOT NULL,
  is_in_time INTEGER NOT NULL,                     -- it had succeeded within the SLA, and counts as a success now
  activations INTEGER NOT NULL,
  last_at INTEGER NOT NULL,                        -- when the newest of the successes was heard of
  PRIMARY KEY (step, country_code, counted_at, supplier, node, is_in_time)
) STRICT, WITHOUT ROWID;

CREATE TABLE kpi_names (                           -- free words that a key used on a day: the first so many are told apart
  seen_on TEXT NOT NULL,                           -- 2026-03-02, UTC
  kind TEXT NOT NULL,                              -- supplier | error_class
  key_id TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (seen_on, kind, key_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE live_rollups (                        -- what bears on live verdicts, for the windows of hours
  width_secs INTEGER NOT NULL,                     -- 300 and 3600: every activation stands in both
  bucket_at INTEGER NOT NULL,
  step TEXT NOT NULL,
  country_code TEXT NOT NULL,
  entered INTEGER NOT NULL,
  succeeded INTEGER NOT NULL,
  late INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  fallback INTEGER NOT NULL,
  latency BLOB NOT NULL,                           -- DDSketch of milliseconds
  PRIMARY KEY (width_secs, bucket_at, step, country_code)
) STRICT, WITHOUT ROWID;

-- The last day of what was measured before; its latencies are counted anew.
INSERT INTO live_rollups (width_secs, bucket_at, step, country_code, entered, succeeded, late, failed, fallback, latency)
  SELECT 300, bucket_at, step, country_code, SUM(entered), SUM(succeeded), SUM(late), SUM(failed), SUM(fallback), x''
  FROM rollups WHERE width_secs = 300 AND is_live = TRUE
  AND bucket_at > (SELECT COALESCE(MAX(bucket_at), 0) - 93600000 FROM rollups WHERE width_secs = 300)
  GROUP BY bucket_at, step, country_code;
INSERT INTO live_rollups (width_secs, bucket_at, step, country_code, entered, succeeded, late, failed, fallback, latency)
  SELECT 3600, bucket_at - bucket_at % 3600000, step, country_code, SUM(entered), SUM(succeeded), SUM(late), SUM(failed), SUM(fallback), x''
  FROM rollups WHERE width_secs = 300 AND is_live = TRUE
  AND bucket_at > (SELECT COALESCE(MAX(bucket_at), 0) - 93600000 FROM rollups WHERE width_secs = 300)
  GROUP BY bucket_at - bucket_at % 3600000, step, country_code;
DELETE FROM latency_bins WHERE width_secs = 300;   -- the sketches above take their place

CREATE TABLE public_charts (                       -- components whose success and latency everybody may see over time
  component_id TEXT PRIMARY KEY REFERENCES components (id),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE public_chart_series (                 -- what these charts show, drawn every few minutes
  component_id TEXT NOT NULL REFERENCES components (id),
  country_code TEXT NOT NULL,                      -- '': all countries
  drawn_at INTEGER NOT NULL,
  body TEXT NOT NULL,                              -- JSON
  PRIMARY KEY (component_id, country_code)
) STRICT, WITHOUT ROWID;
