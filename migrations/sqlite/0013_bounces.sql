-- Days on which mail to an address came back for now.

CREATE TABLE soft_bounces (
  subscriber_id TEXT NOT NULL,
  day_at INTEGER NOT NULL,                            -- begin of the UTC day
  PRIMARY KEY (subscriber_id, day_at)
) STRICT;
