-- Addresses that refused mail for good or whose readers called it spam, and when mail that is no news of an incident was
-- held up because there were too many of them.

CREATE TABLE mail_back (
  subscriber_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('hard_bounce', 'complaint')),
  at BIGINT NOT NULL,
  PRIMARY KEY (subscriber_id, kind, at)
);

CREATE INDEX mail_back_at ON mail_back (at);

CREATE TABLE mail_pauses (
  paused_at BIGINT PRIMARY KEY,
  why TEXT NOT NULL,
  resumed_at BIGINT                                     -- NULL: it still holds
);
