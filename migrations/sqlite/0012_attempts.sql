-- Every attempt at an endpoint, for its owner and the operator.

CREATE TABLE delivery_attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery_id INTEGER NOT NULL,
  subscriber_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  took_ms INTEGER NOT NULL,
  is_delivered INTEGER NOT NULL,                      -- 0 | 1
  answer TEXT NOT NULL                           -- the peer's last words, cleaned
) STRICT;
CREATE INDEX delivery_attempts_by_subscriber ON delivery_attempts (subscriber_id, id);
CREATE INDEX delivery_attempts_by_time ON delivery_attempts (at);
