//! A question about what activations measured, and what was found: for the explorer, and as evidence of an incident.

mod draft;
mod findings;

use domain::{
    clock::{DAY, MINUTE, SECOND, Timestamp},
    component::Step,
    telemetry::{degradation::Evidence, kpi::window_words, rollup::bucket},
};
use store::{ComponentRow, KpiScope, Tx, kpis::supplier_and_node};

pub use draft::Draft;
pub use findings::Findings;

use crate::{commands::Refusal, http::fields::Fields};

/// How far a question may lie back.
const BACK: i64 = 90 * DAY;

/// How long a time is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Ten minutes, by the minute.
    TenMinutes,
    /// An hour, by the minute.
    Hour,
    /// A day, by the quarter of an hour.
    Day,
    /// A week, by two hours.
    Week,
    /// Ninety days, by the day.
    Quarter,
}

impl Span {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::TenMinutes, Self::Hour, Self::Day, Self::Week, Self::Quarter];

    /// As it stands in an address.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::TenMinutes => "10m",
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Quarter => "90d",
        }
    }

    /// Its length in seconds.
    #[must_use]
    pub const fn secs(self) -> i64 {
        match self {
            Self::TenMinutes => 600,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
            Self::Quarter => 90 * 86_400,
        }
    }

    /// Length of a slot of its charts, in seconds.
    #[must_use]
    pub const fn slot_secs(self) -> i64 {
        match self {
            Self::TenMinutes | Self::Hour => 60,
            Self::Day => 900,
            Self::Week => 7_200,
            Self::Quarter => 86_400,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The component whose step is meant; none: the whole journey.
    pub component: Option<ComponentRow>,
    /// The step.
    pub step: Step,
    /// Which activations.
    pub scope: KpiScope,
    /// How long a time.
    pub span: Span,
    /// When that time ends.
    pub until: Timestamp,
}

/// Fields of a question.
pub const FIELDS: [&str; 7] = ["component", "country", "supplier", "flow", "cohort", "window", "until"];

fn one_of(fields: &Fields, name: &'static str, allowed: &[&str]) -> Result<Option<String>, Refusal> {
    match fields.some(name) {
        None => Ok(None),
        Some(value) if allowed.contains(&value) => Ok(Some(value.to_owned())),
        Some(_) => Err(Refusal::field(name, format!("Choose one of {}.", allowed.join(", ")))),
    }
}

impl Question {
    /// Reads it; what is not given is not narrowed, the time is the last 24 hours.
    ///
    /// # Errors
    /// When a field names something that is not there.
    pub async fn read(tx: &mut Tx, fields: &Fields, now: Timestamp) -> Result<Self, Refusal> {
        if let Some(name) = fields.unknown(&FIELDS) {
            return Err(Refusal::field("component", format!("The explorer has no field {name:?}.")));
        }
        let (mut component, mut step) = (None, Step::Journey);
        if let Some(slug) = fields.some("component") {
            let found = tx.components().await?.into_iter().find(|c| c.slug == slug);
            let found = found.and_then(|c| Some((c.step()?, c)));
            let (its, row) = found.ok_or_else(|| {
                Refusal::field("component", "No activations measure such a service. Choose one of the list.")
            })?;
            (component, step) = (Some(row), its);
        }
        if let Some(code) = fields.some("country")
            && !tx.countries().await?.iter().any(|c| c.code == code)
        {
            return Err(Refusal::field(
                "country",
                "This country is not on the page. Choose one of the list.",
            ));
        }
        let span = fields
            .some("window")
            .map_or(Some(Span::Day), |slug| Span::ALL.into_iter().find(|s| s.slug() == slug));
        let span = span.ok_or_else(|| Refusal::field("window", "Choose 10m, 1h, 24h, 7d or 90d."))?;
        let supplier = fields.some("supplier");
        if supplier.is_some_and(|s| s.chars().count() > 120) {
            return Err(Refusal::field("supplier", "A supplier has 120 characters at most."));
        }
        let named = supplier.map(supplier_and_node);
        let scope = KpiScope {
            country: fields.some("country").map(str::to_owned),
            supplier: named.map(|(name, _)| name.to_owned()),
            node: named.map(|(_, node)| node.to_owned()).filter(|n| !n.is_empty()),
            flow: one_of(fields, "flow", &["ota", "qr", "alternate"])?,
            cohort: one_of(fields, "cohort", &["baseline", "canary"])?,
        };
        Ok(Self { component, step, scope, span, until: until(fields, now)? })
    }

    /// When its time begins.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        bucket(self.until.plus(-self.span.secs() * SECOND), self.span.slot_secs())
    }

    /// The same question, bound to its time, as the query of an address.
    #[must_use]
    pub fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let scope = &self.scope;
        let supplier = scope.supplier.as_ref().map(|name| match &scope.node {
            Some(node) => format!("{name}/{node}"),
            None => name.clone(),
        });
        let until = self.until.millis().to_string();
        let fields = [
            ("component", self.component.as_ref().map(|c| c.slug.clone())),
            ("country", scope.country.clone()),
            ("supplier", supplier),
            ("flow", scope.flow.clone()),
            ("cohort", scope.cohort.clone()),
            ("window", Some(self.span.slug().to_owned())),
            ("until", Some(until)),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        query.finish()
    }

    /// Which part of the activations it is about, where that is not all of a cell's: for staff alone.
    #[must_use]
    pub fn about(&self) -> Option<String> {
        let scope = &self.scope;
        let supplier = scope.supplier.as_ref().map(|name| match &scope.node {
            Some(node) => format!("{name}/{node}"),
            None => name.clone(),
        });
        let words: Vec<String> = [
            supplier.map(|s| format!("supplier {s}")),
            scope.flow.as_ref().map(|f| format!("flow {f}")),
            scope.cohort.clone(),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// What is found.
    pub async fn findings(&self, tx: &mut Tx, now: Timestamp) -> Result<Findings, Refusal> {
        let (from, to) = (self.from(), self.until);
        let rows = tx.kpi_rows(self.step, &self.scope, from, to).await?;
        let mut found = Findings::of(self, &rows, now)?;
        found.errors = tx.kpi_errors(self.step, &self.scope, from, to).await?;
        found.corrections = tx.kpi_corrections(self.step, &self.scope, from, to).await?;
        let component = self.component.as_ref().map(|c| c.slug.as_str());
        let (country, supplier) = (self.scope.country.as_deref(), self.scope.supplier.as_deref());
        found.mttr = tx.mttr(component, country, supplier, (from, to)).await?;
        Ok(found)
    }

    /// The figures as evidence; none if nothing was measured.
    pub async fn evidence(&self, tx: &mut Tx, now: Timestamp) -> Result<Option<Evidence>, Refusal> {
        let (from, to) = (self.from(), self.until);
        let figures = tx.kpi_figures(self.step, &self.scope, (from, to), now).await?;
        let top = tx.kpi_errors(self.step, &self.scope, from, to).await?.into_iter().next();
        let found = Evidence::measured(self.step, &figures, top, self.span.secs(), self.until);
        Ok(found.map(|e| Evidence { about: self.about(), ..e }))
    }
}

fn until(fields: &Fields, now: Timestamp) -> Result<Timestamp, Refusal> {
    let Some(text) = fields.some("until") else { return Ok(now) };
    let given = text.parse().ok().map(Timestamp::from_millis);
    given.filter(|at| *at <= now.plus(MINUTE) && now.since(*at) <= BACK).ok_or_else(|| {
        Refusal::field("until", "The end must lie within the last 90 days, in milliseconds since 1970.")
    })
}

/// `Last 24 h until 14:30 UTC`.
#[must_use]
pub fn span_words(question: &Question, now: Timestamp) -> String {
    let until = domain::clock_local::utc_time(question.until, now);
    format!("{} until {until}", window_words(question.span.secs()))
}
