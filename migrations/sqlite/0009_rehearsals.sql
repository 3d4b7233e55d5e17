-- Rehearsals: a script or a past incident played on a private page, and scored.

CREATE TABLE rehearsals (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  script TEXT NOT NULL,                          -- JSON of domain::rehearsal::Script
  begun_at INTEGER NOT NULL,
  begun_by TEXT NOT NULL,
  incident_id TEXT REFERENCES incidents (id),    -- null: nobody declared one yet
  ended_at INTEGER
) STRICT;
CREATE INDEX rehearsals_by_time ON rehearsals (begun_at);
