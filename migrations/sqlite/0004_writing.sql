-- Writing: templates in versions, published texts in versions, workarounds by country.

CREATE TABLE templates (                         -- one row per version; what we come with is version 0, in the program
  id TEXT PRIMARY KEY,
  severity INTEGER NOT NULL,                     -- 1 to 4
  kind TEXT NOT NULL,                            -- initial | progress | restore | maintenance
  version INTEGER NOT NULL,                      -- from 1, per severity and kind
  state TEXT NOT NULL,                           -- proposed | approved | replaced | withdrawn
  body TEXT NOT NULL,                            -- JSON: the texts
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,                      -- user id
  decided_at INTEGER,
  decided_by TEXT,                               -- user id of the second person
  UNIQUE (severity, kind, version)
) STRICT;

CREATE TABLE update_versions (                   -- texts of an update that was edited; 1 is what was published
  update_id TEXT NOT NULL REFERENCES updates (id),
  version INTEGER NOT NULL,
  known TEXT NOT NULL,
  unknown TEXT NOT NULL,
  next_steps TEXT NOT NULL,
  customer_action TEXT NOT NULL,
  reason TEXT NOT NULL,                          -- readers see it; empty for the first
  written_at INTEGER NOT NULL,
  written_by TEXT NOT NULL,                      -- user id
  PRIMARY KEY (update_id, version)
) STRICT;

CREATE TABLE incident_workarounds (              -- what helps in one country while it lasts
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  country_code TEXT NOT NULL REFERENCES countries (code),
  text TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (incident_id, country_code)
) STRICT;
