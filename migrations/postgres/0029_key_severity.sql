-- The worst that a key may make of a cell by itself.

ALTER TABLE api_keys ADD COLUMN worst_status TEXT NOT NULL DEFAULT 'partial_outage'; -- or degraded
