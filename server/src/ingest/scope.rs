//! What a key may speak of, and from where.

use std::net::IpAddr;

use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;
use serde::de::DeserializeOwned;
use store::ApiKeyRow;

use super::answer::Problem;
use crate::{auth::limits::peer_ip, config::Config};

/// The limits of a key; an empty list limits nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scope {
    components: Vec<String>,
    countries: Vec<String>,
    suppliers: Vec<String>,
    networks: Vec<IpNet>,
}

fn list<T: DeserializeOwned>(json: &str) -> Result<Vec<T>, Problem> {
    serde_json::from_str(json).map_err(|error| {
        // A limit that cannot be read must not become none.
        tracing::error!(%error, "ingest: the limits of a key cannot be read");
        let detail =
            "The limits of this key cannot be read. Make a new key in the console, under Telemetry, Sources.";
        Problem::new(403, "bad-key", "This key cannot be used", detail.into())
    })
}

fn allows(list: &[String], word: &str) -> bool {
    list.is_empty() || list.iter().any(|w| w == word)
}

impl Scope {
    pub(super) fn of(key: &ApiKeyRow) -> Result<Self, Problem> {
        Ok(Self {
            components: list(&key.components)?,
            countries: list(&key.countries)?,
            suppliers: list(&key.suppliers)?,
            networks: list(&key.networks)?,
        })
    }

    /// Refuses a sender from outside of the key's networks.
    pub(super) fn admits(
        &self,
        config: &Config,
        extensions: &Extensions,
        headers: &HeaderMap,
    ) -> Result<(), Problem> {
        if self.networks.is_empty() {
            return Ok(());
        }
        let from: Option<IpAddr> = peer_ip(config, extensions, headers);
        if from.is_some_and(|ip| self.networks.iter().any(|net| net.contains(&ip.to_canonical()))) {
            return Ok(());
        }
        let from = from.map_or_else(|| "an unknown address".to_owned(), |ip| ip.to_canonical().to_string());
        let detail =
            format!("This key may not be used from {from}. Add its network to the key, or send from inside.");
        Err(Problem::new(403, "foreign-network", "Not from here", detail))
    }

    pub(super) fn has_component(&self, slug: &str) -> bool {
        allows(&self.components, slug)
    }

    pub(super) fn has_country(&self, code: &str) -> bool {
        allows(&self.countries, code)
    }

    /// `supplier` may name a node: `smdp-a/1`.
    pub(super) fn has_supplier(&self, supplier: &str) -> bool {
        allows(&self.suppliers, supplier.split('/').next().unwrap_or_default())
            || allows(&self.suppliers, supplier)
    }

    /// Whether it may tell of activations: it must have one of the components that are measured by them.
    pub(super) fn has_activations(&self, measured: &[String]) -> bool {
        self.components.is_empty() || measured.iter().any(|slug| self.has_component(slug))
    }
}
