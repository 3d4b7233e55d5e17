-- Deliveries that cost less: a claim writes no index, one key serves two purposes, a lane is claimed from in its order,
-- and what is taken at once needs no attempt of its own. Rows are written with their recipients, which are never deleted
-- while they have any: no foreign keys.

CREATE TABLE deliveries_new (                    -- one row per notice and recipient
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL,                        -- of outbox
  subscriber_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  host TEXT NOT NULL,
  lane INTEGER NOT NULL,                         -- 0: by mail, 1: by HTTP
  priority INTEGER NOT NULL,
  state TEXT NOT NULL,                           -- queued | delivered | dead | skipped | superseded
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  lease_until_at INTEGER,                        -- queued and not null: somebody has claimed it
  fence TEXT,
  answer TEXT,                                   -- the peer's last answer, cleaned
  took_ms INTEGER,                               -- of the attempt at an endpoint that was taken
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  UNIQUE (subscriber_id, event_id, channel)
) STRICT;
CREATE INDEX attempts_taken ON delivery_attempts (delivery_id, id) WHERE is_delivered = 1;
INSERT INTO deliveries_new (id, event_id, subscriber_id, channel, host, lane, priority, state, attempts, next_attempt_at,
    lease_until_at, fence, answer, took_ms, created_at, finished_at)
  SELECT d.id, d.event_id, d.subscriber_id, d.channel, d.host, CASE WHEN d.channel = 'email' THEN 0 ELSE 1 END, d.priority,
    CASE WHEN d.state = 'leased' THEN 'queued' ELSE d.state END, d.attempts, d.next_attempt_at, d.lease_until_at, d.fence, d.answer,
    (SELECT a.took_ms FROM delivery_attempts a WHERE a.delivery_id = d.id AND a.is_delivered = 1 AND d.state = 'delivered' ORDER BY a.id DESC LIMIT 1),
    d.created_at, d.finished_at
  FROM deliveries d ORDER BY d.id;
-- The last one of each is with its delivery now.
DELETE FROM delivery_attempts WHERE id IN (SELECT MAX(a.id) FROM delivery_attempts a JOIN deliveries_new d ON d.id = a.delivery_id
  WHERE a.is_delivered = 1 AND d.state = 'delivered' GROUP BY a.delivery_id);
DROP INDEX attempts_taken;
DROP TABLE deliveries;
ALTER TABLE deliveries_new RENAME TO deliveries;
CREATE INDEX deliveries_due ON deliveries (lane, priority, next_attempt_at, id) WHERE state = 'queued';
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE finished_at IS NOT NULL;
