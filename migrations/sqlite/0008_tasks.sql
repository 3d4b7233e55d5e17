-- Notes of our own, and dips that nobody told.

CREATE TABLE notes (                             -- never public
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  at INTEGER NOT NULL,
  author_id TEXT NOT NULL,
  author_name TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX notes_by_incident ON notes (incident_id, at);

CREATE TABLE silent_fixes (                      -- a cell was in trouble and came back without a word
  id TEXT PRIMARY KEY,
  cell_id TEXT NOT NULL REFERENCES cells (id),
  worst TEXT NOT NULL,                           -- status
  began_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  cause TEXT NOT NULL,                           -- of the change that began it
  state TEXT NOT NULL,                           -- open | told | dismissed
  incident_id TEXT REFERENCES incidents (id),    -- which tells it afterwards
  reason TEXT NOT NULL,                          -- why it was dismissed; may be empty
  decided_by TEXT,
  decided_at INTEGER
) STRICT;
CREATE INDEX silent_fixes_open ON silent_fixes (ended_at) WHERE state = 'open';
CREATE INDEX silent_fixes_by_time ON silent_fixes (ended_at);
