-- Activation events that are kept and that no journey shows yet. A commit of the doors adds one row; a worker takes it
-- within a second.

CREATE TABLE arrivals (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  events BIGINT NOT NULL,
  body TEXT NOT NULL                               -- JSON
);
