-- Suppliers: their nodes and failovers, certificates, and the status pages that they keep.

CREATE TABLE supplier_nodes (
  id TEXT PRIMARY KEY,
  supplier_id TEXT NOT NULL REFERENCES suppliers (id),
  slug TEXT NOT NULL,                                                   -- as activation events name it, after the slash
  is_home BOOLEAN NOT NULL,                                             -- carries traffic when nothing is wrong; otherwise standby
  is_entered BOOLEAN NOT NULL,                                          -- by a person; otherwise only heard of in an event
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (supplier_id, slug)
);

CREATE TABLE supplier_node_cells (                                      -- cells that depend on a node; none: all of its supplier's
  node_id TEXT NOT NULL REFERENCES supplier_nodes (id),
  cell_id TEXT NOT NULL REFERENCES cells (id),
  PRIMARY KEY (node_id, cell_id)
);

CREATE TABLE supplier_moves (                                           -- traffic moved between nodes; failovers are read from these
  id TEXT PRIMARY KEY,
  supplier_id TEXT NOT NULL REFERENCES suppliers (id),
  from_node TEXT NOT NULL,
  to_node TEXT NOT NULL,
  reason TEXT NOT NULL,
  occurred_at BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  recorded_by TEXT NOT NULL,                                            -- name of a person, or source of an event
  event_key TEXT UNIQUE,                                                -- of a CloudEvent: source and id; null: entered by hand
  struck_at BIGINT                                                     -- it was a mistake
);
CREATE INDEX supplier_moves_by_time ON supplier_moves (supplier_id, occurred_at);

CREATE TABLE certificates (
  id TEXT PRIMARY KEY,
  supplier_id TEXT NOT NULL REFERENCES suppliers (id),
  node TEXT NOT NULL,                                                   -- slug; empty: all of the supplier
  kind TEXT NOT NULL,                                                   -- sm_dp_plus | tls | signing
  name TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  origin TEXT NOT NULL,                                                 -- person | api | handshake
  fingerprint TEXT NOT NULL,                                            -- SHA-256 of what a handshake showed; otherwise empty
  remark TEXT NOT NULL,                                                 -- why its chain does not verify; otherwise empty
  seen_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (supplier_id, node, kind, name)
);

CREATE TABLE certificate_warnings (                                     -- each once; 0 days: it expired unrenewed, a miss
  supplier_id TEXT NOT NULL,
  certificate_id TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  threshold BIGINT NOT NULL,                                           -- days
  name TEXT NOT NULL,
  warned_at BIGINT NOT NULL,
  PRIMARY KEY (certificate_id, expires_at, threshold)
);
CREATE INDEX certificate_warnings_by_supplier ON certificate_warnings (supplier_id, expires_at);

CREATE TABLE tls_hosts (                                                -- whose certificates are read from a handshake
  id TEXT PRIMARY KEY,
  supplier_id TEXT NOT NULL REFERENCES suppliers (id),
  node TEXT NOT NULL,
  host TEXT NOT NULL,
  port BIGINT NOT NULL,
  tried_at BIGINT,
  read_at BIGINT,
  failure TEXT NOT NULL,                                                -- why the newest try failed; empty: it did not
  next_try_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (supplier_id, node, host, port)
);
CREATE INDEX tls_hosts_due ON tls_hosts (next_try_at);

CREATE TABLE upstreams (                                                -- status pages of suppliers
  id TEXT PRIMARY KEY,
  supplier_id TEXT NOT NULL REFERENCES suppliers (id),
  name TEXT NOT NULL,
  public_name TEXT NOT NULL,                                            -- as visitors read it
  url TEXT NOT NULL,
  feed_url TEXT NOT NULL,                                               -- where its JSON was found; empty: not yet
  kind TEXT NOT NULL,                                                   -- statuspage | instatus | better_stack | status_io; empty: not known yet
  is_public BOOLEAN NOT NULL,
  state TEXT NOT NULL,                                                  -- what it said when it was last read; empty: never read
  remark TEXT NOT NULL,                                                 -- its own words, for the console alone
  state_since_at BIGINT,
  read_at BIGINT,
  failing_since_at BIGINT,
  failure TEXT NOT NULL,
  etag TEXT NOT NULL,
  last_modified TEXT NOT NULL,
  next_try_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (supplier_id, url)
);
CREATE INDEX upstreams_due ON upstreams (next_try_at);

CREATE TABLE upstream_cells (                                           -- what it is about; none: all that depends on the supplier
  upstream_id TEXT NOT NULL REFERENCES upstreams (id),
  cell_id TEXT NOT NULL REFERENCES cells (id),
  PRIMARY KEY (upstream_id, cell_id)
);
