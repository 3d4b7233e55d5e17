-- Partners as audiences: incidents and facts written for some of them, their own page, their own subscribers.

ALTER TABLE incidents ADD COLUMN is_public INTEGER NOT NULL DEFAULT TRUE; -- FALSE: only for its audience

CREATE TABLE incident_audiences (                -- whom an incident that is not public is for
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  partner_id TEXT NOT NULL REFERENCES partners (id),
  PRIMARY KEY (incident_id, partner_id)
) STRICT;
CREATE INDEX incident_audiences_by_partner ON incident_audiences (partner_id);

CREATE TABLE partner_facts (                     -- written for one partner on an incident that it sees
  id TEXT PRIMARY KEY,
  incident_id TEXT NOT NULL REFERENCES incidents (id),
  partner_id TEXT NOT NULL REFERENCES partners (id),
  text TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  published_by TEXT NOT NULL,
  idempotency_key TEXT UNIQUE
) STRICT;
CREATE INDEX partner_facts_by_incident ON partner_facts (incident_id, published_at);
CREATE INDEX partner_facts_by_partner ON partner_facts (partner_id);

ALTER TABLE partners ADD COLUMN live_at INTEGER;       -- before, it is told only what is written for it
ALTER TABLE partners ADD COLUMN revision INTEGER NOT NULL DEFAULT 0; -- moves with every change that it alone sees
ALTER TABLE partners ADD COLUMN link_version INTEGER NOT NULL DEFAULT 1; -- a new one ends the links to its page
ALTER TABLE partners ADD COLUMN page_read_at INTEGER;
ALTER TABLE partners ADD COLUMN feed_read_at INTEGER;

ALTER TABLE subscribers ADD COLUMN partner_id TEXT; -- none: of the public page
ALTER TABLE subscription_requests ADD COLUMN partner_id TEXT;
ALTER TABLE outbox ADD COLUMN partner_id TEXT;      -- told to its people alone
CREATE INDEX subscribers_by_partner ON subscribers (partner_id, state) WHERE partner_id IS NOT NULL;
CREATE INDEX subscribers_suppressed ON subscribers (address) WHERE state = 'suppressed';
