-- The record is a chain: each line carries the hash of the one before, and the head stands apart.

ALTER TABLE audit ADD COLUMN prev_hash TEXT NOT NULL DEFAULT '';   -- of the line before; '' for the first
ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';        -- SHA-256 over prev_hash and the line; '' before this migration
CREATE INDEX audit_by_subject ON audit (subject, id);

CREATE TABLE audit_head (
  id INTEGER PRIMARY KEY,                                          -- 1
  length INTEGER NOT NULL,                                         -- lines in the chain
  hash TEXT NOT NULL                                               -- of the newest line
) STRICT;
INSERT INTO audit_head (id, length, hash) VALUES (1, 0, '');
