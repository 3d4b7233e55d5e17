-- Subscriptions by scope, managed by link.

ALTER TABLE subscribers ADD COLUMN scope TEXT NOT NULL DEFAULT '{}'; -- JSON, domain::scope; {}: everything
UPDATE subscribers SET scope = '{"countries":' || countries || '}' WHERE countries IS NOT NULL;
ALTER TABLE subscribers DROP COLUMN countries;
ALTER TABLE subscribers ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE subscribers ADD COLUMN host TEXT NOT NULL DEFAULT ''; -- mail domain or host of the endpoint
ALTER TABLE subscribers ADD COLUMN contact TEXT;                  -- whom to tell when an endpoint fails
ALTER TABLE subscribers ADD COLUMN paused_until_at INTEGER;
ALTER TABLE subscribers ADD COLUMN old_secret_sealed TEXT;        -- signs beside the new one until then
ALTER TABLE subscribers ADD COLUMN old_secret_until_at INTEGER;
ALTER TABLE deliveries ADD COLUMN host TEXT NOT NULL DEFAULT '';

CREATE TABLE subscription_requests (             -- asked for, not yet looked at: every address waits the same
  id TEXT PRIMARY KEY,                           -- the subscriber's, if it becomes one
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  host TEXT NOT NULL,
  scope TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  language TEXT NOT NULL,
  contact TEXT,
  secret_sealed TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX subscription_requests_by_time ON subscription_requests (created_at, id);
CREATE INDEX subscribers_by_host ON subscribers (host, state) WHERE channel <> 'email';
