//! Which policy a cell is under: the most specific one, made stricter where somebody watches.

use serde::{Deserialize, Serialize};

use super::degradation::Policy;

/// What a policy is for. The later ones win over the earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyScope {
    /// Every cell.
    Default,
    /// The cells of a country, by ISO code.
    Country(String),
    /// The cells of a component, by slug.
    Component(String),
    /// One cell: slug of the component, ISO code of the country.
    Cell(String, String),
}

impl PolicyScope {
    /// How it is stored and addressed behind a prefix: empty, `country:FR`, `component:voice`, `cell:voice:FR`.
    #[must_use]
    pub fn slug(&self) -> String {
        match self {
            Self::Default => "default".into(),
            Self::Country(code) => format!("country:{code}"),
            Self::Component(slug) => format!("component:{slug}"),
            Self::Cell(slug, code) => format!("cell:{slug}:{code}"),
        }
    }

    /// The scope of a slug; none: it is none.
    #[must_use]
    pub fn find(slug: &str) -> Option<Self> {
        let parts: Vec<&str> = slug.split(':').collect();
        match parts[..] {
            ["default"] => Some(Self::Default),
            ["country", code] if !code.is_empty() => Some(Self::Country(code.into())),
            ["component", slug] if !slug.is_empty() => Some(Self::Component(slug.into())),
            ["cell", slug, code] if !slug.is_empty() && !code.is_empty() => {
                Some(Self::Cell(slug.into(), code.into()))
            }
            _ => None,
        }
    }

    /// Whether it is for a cell.
    #[must_use]
    pub fn covers(&self, component: &str, country: &str) -> bool {
        match self {
            Self::Default => true,
            Self::Country(code) => code == country,
            Self::Component(slug) => slug == component,
            Self::Cell(slug, code) => slug == component && code == country,
        }
    }
}

/// A version of a policy in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it is for.
    pub scope: PolicyScope,
    /// Its version; 0: what Waypost comes with.
    pub version: i64,
    /// What it says.
    pub policy: Policy,
}

/// The rule of a cell: of those that are for it the most specific.
#[must_use]
pub fn rule_of<'a>(rules: &'a [Rule], component: &str, country: &str) -> Option<&'a Rule> {
    rules.iter().filter(|r| r.scope.covers(component, country)).max_by(|a, b| a.scope.cmp(&b.scope))
}

/// Stricter thresholds while somebody watches; what is none stays as the policy says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Watch {
    /// A success share below this is degraded, in percent.
    pub degraded_below: Option<f64>,
    /// Below this: partial outage.
    pub partial_below: Option<f64>,
    /// A share of secondary flows above this is degraded, in percent.
    pub fallback_above: Option<f64>,
    /// Evaluations in a row before a cell gets worse.
    pub worsen_evaluations: Option<u32>,
}

impl Watch {
    /// The policy made stricter; never laxer than it was, whatever the watch says.
    #[must_use]
    pub fn over(&self, policy: &Policy) -> Policy {
        let mut watched = policy.clone();
        watched.degraded_below =
            self.degraded_below.map_or(policy.degraded_below, |w| w.max(policy.degraded_below));
        let partial = self.partial_below.map_or(policy.partial_below, |w| w.max(policy.partial_below));
        watched.partial_below = partial.min(watched.degraded_below);
        watched.fallback_above =
            self.fallback_above.map_or(policy.fallback_above, |w| w.min(policy.fallback_above));
        watched.worsen_evaluations = self
            .worsen_evaluations
            .map_or(policy.worsen_evaluations, |w| w.clamp(1, policy.worsen_evaluations));
        watched
    }

    /// Whether it says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
