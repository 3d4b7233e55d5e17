//! The grid and the mappings as the doors need them; at most two seconds old.

use std::collections::{BTreeSet, HashMap};

use domain::telemetry::mapping::{Labels, Mapping, best};
use store::{MappingRow, Store};

/// Components, countries and cells by their slugs.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// Slugs of components that activations measure.
    pub(super) measured: Vec<String>,
    components: HashMap<String, String>,
    countries: BTreeSet<String>,
    /// Country codes by slug of the portfolio.
    portfolios: HashMap<String, Vec<String>>,
    /// Cell ids by component id and country.
    cells: HashMap<(String, String), String>,
    alerts: Vec<Mapping>,
    es2plus: Vec<Mapping>,
}

/// The door of alerts, as mappings name it.
pub const ALERTMANAGER: &str = "alertmanager";
/// The door of SM-DP+ notifications.
pub const ES2PLUS: &str = "es2plus";
/// Failovers of suppliers that are not in the desk book: only ever unmapped.
pub const FAILOVER: &str = "failover";

fn mapping(row: &MappingRow) -> Option<Mapping> {
    let labels: Labels = serde_json::from_str(&row.labels).ok()?;
    let (component, place, supplier) = (row.component.clone(), row.place.clone(), row.supplier.clone());
    Some(Mapping { labels, component, place, supplier })
}

impl Grid {
    pub(super) async fn load(store: &Store) -> store::Result<Self> {
        let mut tx = store.read().await?;
        let (components, countries, portfolios) =
            (tx.components().await?, tx.countries().await?, tx.portfolios().await?);
        let mappings = tx.mappings().await?;
        let of = |door: &str| mappings.iter().filter(|m| m.door == door).filter_map(mapping).collect();
        let in_portfolio = |id: &str| {
            countries.iter().filter(|c| c.portfolio_id == id).map(|c| c.code.clone()).collect::<Vec<_>>()
        };
        Ok(Self {
            measured: components.iter().filter(|c| c.step().is_some()).map(|c| c.slug.clone()).collect(),
            portfolios: portfolios.iter().map(|p| (p.slug.clone(), in_portfolio(&p.id))).collect(),
            cells: tx.cells().await?.into_iter().map(|c| ((c.component_id, c.country_code), c.id)).collect(),
            components: components.into_iter().map(|c| (c.slug, c.id)).collect(),
            countries: countries.into_iter().map(|c| c.code).collect(),
            alerts: of(ALERTMANAGER),
            es2plus: of(ES2PLUS),
        })
    }

    pub(super) fn has_country(&self, code: &str) -> bool {
        self.countries.contains(code)
    }

    pub(super) fn has_component(&self, slug: &str) -> bool {
        self.components.contains_key(slug)
    }

    /// The countries of a place: an ISO code in either case, or the slug of a portfolio.
    pub(super) fn countries_of(&self, place: &str) -> Vec<&str> {
        let code = place.to_ascii_uppercase();
        if let Some(code) = self.countries.get(&code) {
            return vec![code];
        }
        self.portfolios
            .get(&place.to_ascii_lowercase())
            .map(|all| all.iter().map(String::as_str).collect())
            .unwrap_or_default()
    }

    /// What the labels of an alert say: a component and its countries; none: nothing to us.
    pub(super) fn of_alert(&self, labels: &Labels) -> Option<(String, Vec<&str>)> {
        let read = |component: &str, place: &str| {
            let countries = self.countries_of(place);
            (self.has_component(component) && !countries.is_empty())
                .then(|| (component.to_owned(), countries))
        };
        if let Some(mapping) = best(&self.alerts, labels) {
            return read(&mapping.component, &mapping.place);
        }
        read(labels.get("component")?, labels.get("country").or_else(|| labels.get("region"))?)
    }

    /// What a notification's requester, profile type and issuer say: country and supplier; none: nothing to us.
    pub(super) fn of_profile(&self, labels: &Labels) -> Option<(&str, &str)> {
        let mapping = best(&self.es2plus, labels)?;
        let country = self.countries_of(&mapping.place).into_iter().next()?;
        Some((country, &mapping.supplier))
    }

    /// The id of a cell.
    pub(super) fn cell(&self, component: &str, country: &str) -> Option<&str> {
        let id = self.components.get(component)?;
        self.cells.get(&(id.clone(), country.to_owned())).map(String::as_str)
    }
}
