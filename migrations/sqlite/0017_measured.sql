-- What automation changes, told to those who asked for it.

ALTER TABLE outbox ADD COLUMN cell_change_id INTEGER;     -- component_update: the change; measured_digest: the newest in it
ALTER TABLE outbox ADD COLUMN since_change_id INTEGER;    -- measured_digest: the newest change of the one before it
ALTER TABLE subscribers ADD COLUMN measured_seen_id INTEGER NOT NULL DEFAULT 0; -- the newest change in a digest to it
CREATE INDEX subscribers_hooks ON subscribers (state, id) WHERE channel = 'webhook';
CREATE INDEX outbox_digests ON outbox (created_at) WHERE kind = 'measured_digest';
CREATE INDEX cell_changes_automatic ON cell_changes (id) WHERE is_automatic = TRUE;

CREATE TABLE measured_told (                     -- one row: how far automatic changes have been told
  id INTEGER PRIMARY KEY,                             -- 1
  cell_change_id INTEGER NOT NULL,                    -- every change up to this one has been looked at
  looked_at INTEGER NOT NULL DEFAULT 0,          -- when readers were last looked at
  held_at INTEGER,                                    -- too many messages: nothing automatic leaves since then
  held_why TEXT NOT NULL DEFAULT '',
  resumed_at INTEGER NOT NULL DEFAULT 0               -- when somebody last let them leave again
) STRICT;
INSERT INTO measured_told (id, cell_change_id) SELECT 1, COALESCE(MAX(id), 0) FROM cell_changes;
