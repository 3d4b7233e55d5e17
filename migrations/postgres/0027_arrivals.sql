-- Activation events that are kept and that no journey shows yet. A commit of the doors adds one row; a worker takes it
-- within a second.

CREATE TABLE arrivals (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  events BIGINT NOT NULL,
  body TEXT NOT NULL                               -- JSON
);
-- They go again within a second: squeezing them costs more than it saves.
ALTER TABLE arrivals ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE kpi_deltas ALTER COLUMN body SET STORAGE EXTERNAL;
