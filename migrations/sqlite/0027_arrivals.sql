-- Activation events that are kept and that no journey shows yet. A commit of the doors adds one row; a worker takes it
-- within a second.

CREATE TABLE arrivals (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  events INTEGER NOT NULL,
  body TEXT NOT NULL                               -- JSON
) STRICT;
