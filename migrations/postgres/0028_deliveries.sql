-- Deliveries that cost less: a claim writes no index (and finds room beside the row), one key serves two purposes, a lane
-- is claimed from in its order, and what is taken at once needs no attempt of its own. Rows are written with their
-- recipients, which are never deleted while they have any: no foreign keys.

-- A table of millions takes longer than a query may.
SET LOCAL statement_timeout = 0;

ALTER TABLE deliveries
  ADD COLUMN lane BIGINT NOT NULL DEFAULT 1,       -- 0: by mail, 1: by HTTP
  ADD COLUMN took_ms BIGINT,                       -- of the attempt at an endpoint that was taken
  DROP CONSTRAINT deliveries_event_id_fkey,
  DROP CONSTRAINT deliveries_subscriber_id_fkey,
  DROP CONSTRAINT deliveries_event_id_subscriber_id_channel_key,
  ADD UNIQUE (subscriber_id, event_id, channel),
  SET (fillfactor = 50);
DROP INDEX deliveries_due;
DROP INDEX deliveries_by_subscriber;
CREATE INDEX attempts_taken ON delivery_attempts (delivery_id, id) WHERE is_delivered;
UPDATE deliveries d SET lane = CASE WHEN d.channel = 'email' THEN 0 ELSE 1 END,
  state = CASE WHEN d.state = 'leased' THEN 'queued' ELSE d.state END, -- with lease_until_at: somebody has claimed it
  took_ms = (SELECT a.took_ms FROM delivery_attempts a WHERE a.delivery_id = d.id AND a.is_delivered AND d.state = 'delivered' ORDER BY a.id DESC LIMIT 1);
ALTER TABLE deliveries ALTER COLUMN lane DROP DEFAULT, ALTER COLUMN host DROP DEFAULT;
-- The last one of each is with its delivery now.
DELETE FROM delivery_attempts WHERE id IN (SELECT MAX(a.id) FROM delivery_attempts a JOIN deliveries d ON d.id = a.delivery_id
  WHERE a.is_delivered AND d.state = 'delivered' GROUP BY a.delivery_id);
DROP INDEX attempts_taken;
CREATE INDEX deliveries_due ON deliveries (lane, priority, next_attempt_at, id) WHERE state = 'queued';
