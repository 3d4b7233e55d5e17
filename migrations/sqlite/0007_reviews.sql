-- Reviews: root causes, corrective actions, weekly summaries.

CREATE TABLE reviews (                           -- the root cause analysis of an incident
  incident_id TEXT PRIMARY KEY REFERENCES incidents (id),
  state TEXT NOT NULL,                           -- draft | in_review | final
  authors TEXT NOT NULL,                         -- JSON: user ids of this round
  sections TEXT NOT NULL,                        -- JSON: section to {text, is_public}
  note TEXT NOT NULL,                            -- why it was given back; may be empty
  record TEXT,                                   -- JSON of domain::review::Record, frozen when it was handed in
  handed_in_by TEXT,
  handed_in_at INTEGER,
  published TEXT,                                -- JSON of domain::review::Published: what everybody reads
  published_by TEXT,
  published_at INTEGER,
  first_published_at INTEGER,
  correction TEXT NOT NULL,                      -- why the last publication was corrected; may be empty
  version INTEGER NOT NULL,                      -- optimistic lock
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX reviews_published ON reviews (published_at) WHERE published IS NOT NULL;

CREATE TABLE corrective_actions (
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  position INTEGER NOT NULL,
  what TEXT NOT NULL,
  owner_id TEXT REFERENCES users (id),           -- null while the review is a draft
  due_on TEXT,                                   -- 2026-03-09; null while the review is a draft
  done_at INTEGER,
  done_by TEXT,
  done_note TEXT NOT NULL,                       -- what was done; may be empty
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX corrective_actions_by_incident ON corrective_actions (incident_id, position);
CREATE INDEX corrective_actions_open ON corrective_actions (due_on) WHERE done_at IS NULL;

CREATE TABLE weekly_summaries (                  -- Sev 3 of a week, for everybody
  week TEXT PRIMARY KEY,                         -- 2026-W09
  opening TEXT NOT NULL,
  items TEXT NOT NULL,                           -- JSON: incident id to text
  published TEXT,                                -- JSON: what everybody reads
  published_by TEXT,
  published_at INTEGER,
  first_published_at INTEGER,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
