//! What the pages of suppliers show: plain strings.

use super::super::{desk_book::Country, model::FormError};

/// A supplier in the list.
#[derive(Debug, Clone, Default)]
pub struct SupplierLine {
    /// Public id.
    pub id: String,
    /// Name shown.
    pub name: String,
    /// `Download host · smdp-a`.
    pub what: String,
    /// Which nodes carry its traffic, in words.
    pub carries: String,
    /// Whether that is a fallback.
    pub is_fallback: bool,
    /// The certificate that ends first, in words; empty: none is known.
    pub certificate: String,
    /// Whether somebody was warned of it.
    pub is_ending: bool,
    /// What its own pages say, a line each.
    pub upstream: Vec<String>,
}

/// Traffic that is away from its home node.
#[derive(Debug, Clone, Default)]
pub struct Fallback {
    /// Where it is at home, and which node carries it.
    pub nodes: (String, String),
    /// Since when and why, in words.
    pub words: String,
    /// What runs on it: a line per service.
    pub cells: Vec<String>,
}

/// A node.
#[derive(Debug, Clone, Default)]
pub struct NodeLine {
    /// Public id.
    pub id: String,
    /// As events name it.
    pub slug: String,
    /// What it is for: carries traffic or stands by; whether it was only heard of.
    pub role: String,
    /// Whether it carries traffic now.
    pub is_carrying: bool,
    /// Whether that is not its role.
    pub is_unusual: bool,
    /// What depends on it: a line per service.
    pub cells: Vec<String>,
}

/// A failover on record.
#[derive(Debug, Clone, Default)]
pub struct FailoverLine {
    /// The move that began it.
    pub id: String,
    /// When.
    pub at: String,
    /// `1 → 2`.
    pub nodes: String,
    /// How long, and how it ended.
    pub lasted: String,
    /// Why.
    pub reason: String,
    /// Who told.
    pub by: String,
}

/// A certificate.
#[derive(Debug, Clone, Default)]
pub struct CertificateLine {
    /// Public id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `TLS · node 1`.
    pub what: String,
    /// When it ends, in words.
    pub ends: String,
    /// Whether that is within thirty days, or past.
    pub is_ending: bool,
    /// Where it is known from, and what is wrong with its chain.
    pub origin: String,
    /// What would fail: a line per service; a sentence where nothing would.
    pub fails: Vec<String>,
}

/// A host whose certificate is read.
#[derive(Debug, Clone, Default)]
pub struct HostLine {
    /// Public id.
    pub id: String,
    /// `dp.example.com:443`.
    pub host: String,
    /// How the newest reading went.
    pub state: String,
    /// Whether it failed.
    pub is_failing: bool,
}

/// A status page of theirs.
#[derive(Debug, Clone, Default)]
pub struct UpstreamLine {
    /// Public id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// What it says, and since when.
    pub says: String,
    /// Its own words; may be empty.
    pub remark: String,
    /// When it was read, or since when it cannot be and why.
    pub read: String,
    /// Whether it says nothing any more.
    pub is_unknown: bool,
    /// Whether visitors read of it, and as what.
    pub audience: String,
    /// Whether they do.
    pub is_public: bool,
}

/// One supplier.
#[derive(Debug, Clone, Default)]
pub struct SupplierPage {
    /// Public id.
    pub id: String,
    /// Name shown.
    pub name: String,
    /// What it is and owes us, in a line.
    pub lead: String,
    /// Traffic away from home.
    pub fallbacks: Vec<Fallback>,
    /// Nodes.
    pub nodes: Vec<NodeLine>,
    /// Failovers, newest first.
    pub failovers: Vec<FailoverLine>,
    /// Certificates, the one that ends first before the others.
    pub certificates: Vec<CertificateLine>,
    /// Hosts.
    pub hosts: Vec<HostLine>,
    /// Status pages.
    pub upstreams: Vec<UpstreamLine>,
    /// What it owes us: field, label, unit, value.
    pub targets: Vec<(&'static str, &'static str, &'static str, String)>,
    /// Shapes of status pages: slug and words.
    pub shapes: Vec<(&'static str, &'static str)>,
    /// Its cells by country, for the forms.
    pub cells: Vec<Country>,
    /// Which form was refused: the last part of its address.
    pub form: &'static str,
    /// What was typed there.
    pub typed: Vec<(String, String)>,
    /// What was wrong with it.
    pub error: Option<FormError>,
    /// Whether this person may change what is listed.
    pub may_maintain: bool,
    /// Whether this person may put a failover on record.
    pub may_respond: bool,
}
