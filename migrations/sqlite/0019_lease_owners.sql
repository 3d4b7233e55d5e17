-- Processes that claim deliveries. On PostgreSQL each holds an advisory lock for as long as it lives: what a process has
-- leased whose lock is free is due again at once. SQLite has one process at a time, and needs no list of them.

CREATE TABLE lease_owners (
  owner TEXT PRIMARY KEY,                        -- the fences of its claims begin with it
  begun_at INTEGER NOT NULL
) STRICT;
