-- Exports: who has given both factors once more, and what owners are told of by mail.

ALTER TABLE sessions ADD COLUMN sure_until_at INTEGER;                          -- both factors were given once more; null: not

CREATE TABLE owner_notices (                     -- mails to owners about what somebody did
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  words TEXT NOT NULL,                           -- one line
  path TEXT NOT NULL,                            -- the page in the console
  at INTEGER NOT NULL,
  mail_state TEXT NOT NULL,                      -- queued | leased | delivered | dead | none
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  fence TEXT
) STRICT;
CREATE INDEX owner_notices_mail ON owner_notices (next_attempt_at) WHERE mail_state IN ('queued', 'leased');
