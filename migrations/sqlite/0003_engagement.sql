-- Who is called, who answers for what, and who was engaged when.

CREATE TABLE suppliers (                         -- a third party that cells depend on
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,                     -- as activation events name it, before the slash
  name TEXT NOT NULL,
  kind TEXT NOT NULL,                            -- carrier | smdp_host | sms_hub | other
  interconnect_sla TEXT NOT NULL,                -- what they owe us, in words; may be empty
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE supplier_cells (
  supplier_id TEXT NOT NULL REFERENCES suppliers (id),
  cell_id TEXT NOT NULL REFERENCES cells (id),
  PRIMARY KEY (supplier_id, cell_id)
) STRICT;
CREATE INDEX supplier_cells_by_cell ON supplier_cells (cell_id);

CREATE TABLE partners (                          -- a wholesale customer, a key account
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,                           -- the brand that their travellers know; may be empty
  zone TEXT NOT NULL,                            -- IANA
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE partner_cells (                     -- what they sell
  partner_id TEXT NOT NULL REFERENCES partners (id),
  cell_id TEXT NOT NULL REFERENCES cells (id),
  PRIMARY KEY (partner_id, cell_id)
) STRICT;
CREATE INDEX partner_cells_by_cell ON partner_cells (cell_id);

CREATE TABLE contacts (
  id TEXT PRIMARY KEY,
  supplier_id TEXT REFERENCES suppliers (id),    -- neither: one of us
  partner_id TEXT REFERENCES partners (id),
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  channel TEXT NOT NULL,                         -- phone | email | chat | portal
  address TEXT NOT NULL,
  hours TEXT NOT NULL,                           -- 24x7, or Mon-Fri 09:00-17:00
  zone TEXT NOT NULL,                            -- IANA
  ladder_step INTEGER NOT NULL,                  -- 1 is called first; 0: not on the ladder
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX contacts_by_supplier ON contacts (supplier_id, ladder_step);
CREATE INDEX contacts_by_partner ON contacts (partner_id, ladder_step);

CREATE TABLE rota_shifts (
  id TEXT PRIMARY KEY,
  tier INTEGER NOT NULL,                         -- 1 to 3
  user_id TEXT NOT NULL REFERENCES users (id),
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  zone TEXT NOT NULL,                            -- IANA, in which it was entered and is shown
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX rota_shifts_by_end ON rota_shifts (ends_at, tier);

CREATE TABLE runbooks (
  id TEXT PRIMARY KEY,
  component_id TEXT REFERENCES components (id),  -- null: any component
  error_class TEXT NOT NULL,                     -- '' : any error
  title TEXT NOT NULL,
  steps TEXT NOT NULL,                           -- one a line
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT;

CREATE TABLE engagements (                       -- who was called in on an incident
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  subject TEXT NOT NULL,                         -- tier:2, tier:3, supplier:<id>, as on the clock
  party TEXT NOT NULL,                           -- name as it was then
  kind TEXT NOT NULL,                            -- tier, or the supplier's kind
  contacted_at INTEGER,
  contacted_by TEXT NOT NULL,                    -- name of our person; '' until then
  engaged_at INTEGER,
  engaged_by TEXT NOT NULL,
  contact TEXT NOT NULL,                         -- with whom we speak
  ticket TEXT NOT NULL,                          -- theirs
  stated_timeline TEXT NOT NULL,                 -- what they say it takes
  stated_constraints TEXT NOT NULL,
  is_public INTEGER NOT NULL,                    -- published as a fact
  version INTEGER NOT NULL,                      -- optimistic lock
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (incident_id, subject)
) STRICT;
