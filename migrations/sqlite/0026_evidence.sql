-- Evidence packs of partners, as they were signed. A pack that is made again is a new version; none is ever changed.

CREATE TABLE evidence_packs (
  id TEXT PRIMARY KEY,
  partner_id TEXT NOT NULL,                      -- it outlives the partner: it is a record
  month TEXT NOT NULL,                           -- 2026-10, UTC
  version INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  made_by TEXT NOT NULL,                         -- user id, or system
  body TEXT NOT NULL,                            -- the signed JSON
  UNIQUE (partner_id, month, version)
) STRICT;
