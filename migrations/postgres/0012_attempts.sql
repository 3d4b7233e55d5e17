-- Every attempt at an endpoint, for its owner and the operator.

CREATE TABLE delivery_attempts (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  delivery_id BIGINT NOT NULL,
  subscriber_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  took_ms BIGINT NOT NULL,
  is_delivered BOOLEAN NOT NULL,                     -- 0 | 1
  answer TEXT NOT NULL                           -- the peer's last words, cleaned
);
CREATE INDEX delivery_attempts_by_subscriber ON delivery_attempts (subscriber_id, id);
CREATE INDEX delivery_attempts_by_time ON delivery_attempts (at);
