//! A question about what activations measured, and what was found: for the explorer, and as evidence of an incident.

use std::collections::BTreeMap;

use domain::{
    clock::{DAY, MINUTE, SECOND, Timestamp},
    component::Step,
    status::CellStatus,
    telemetry::{
        degradation::{Evidence, Policy, opinion, proposal},
        kpi::window_words,
        rollup::{Figures, bucket},
    },
};
use store::{
    CellRow, ComponentRow, CorrectionRow, KpiRow, KpiScope, Mttr, Tx, kpis::supplier_and_node,
    policies::DEGRADATION,
};

use super::charts::Point;
use crate::{commands::Refusal, http::fields::Fields};

/// How far a question may lie back.
const BACK: i64 = 90 * DAY;

/// How long a time is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
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
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Quarter];

    /// As it stands in an address.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
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
            Self::Hour => 60,
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
        let span = span.ok_or_else(|| Refusal::field("window", "Choose 1h, 24h, 7d or 90d."))?;
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

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// All of it.
    pub all: Figures,
    /// Over time, without a gap between slots.
    pub points: Vec<Point>,
    /// By supplier with its node, country, flow, cohort.
    pub splits: [BTreeMap<String, Figures>; 4],
    /// Failures by error class, the most frequent first.
    pub errors: Vec<(String, i64)>,
    /// What counted as failed and was heard of as a success afterwards.
    pub corrections: Vec<CorrectionRow>,
    /// Incidents restored in that time.
    pub mttr: Mttr,
}

impl Findings {
    fn of(question: &Question, rows: &[KpiRow], now: Timestamp) -> Result<Self, Refusal> {
        let slot_secs = question.span.slot_secs();
        let mut found = Self::default();
        let mut slots: BTreeMap<Timestamp, Figures> = BTreeMap::new();
        for row in rows {
            let mut figures = Figures::default();
            row.add_to(&mut figures, question.step, now)?;
            let supplier = match row.node.as_str() {
                "" => row.supplier.clone(),
                node => format!("{}/{node}", row.supplier),
            };
            let names = [supplier, row.country.clone(), row.flow.clone(), row.cohort.clone()];
            for (split, name) in found.splits.iter_mut().zip(names) {
                split.entry(name).or_default().merge(&figures);
            }
            slots.entry(bucket(row.at, slot_secs)).or_default().merge(&figures);
            found.all.merge(&figures);
        }
        let mut at = question.from();
        while at < question.until {
            found.points.push(Point::of(at, slots.get(&at).unwrap_or(&Figures::default())));
            at = at.plus(slot_secs * SECOND);
        }
        Ok(found)
    }

    /// When it first went below what is well, if it did.
    #[must_use]
    pub fn began(&self, policy: &Policy) -> Option<Timestamp> {
        #[allow(clippy::cast_possible_truncation, reason = "a percentage")]
        let well = (policy.degraded_below * 10.0) as i64;
        self.points.iter().find(|p| p.share.is_some_and(|s| s < well)).map(|p| p.at)
    }
}

/// What an incident would say that is declared from a question.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What travellers notice.
    pub title: &'static str,
    /// 1 to 4, by what policy makes of the figures.
    pub severity: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// Cells in trouble, and what each would be.
    pub cells: Vec<(String, CellStatus)>,
    /// What we know, for readers: no supplier is named.
    pub known: String,
    /// The evidence, in a sentence for staff.
    pub evidence: String,
}

impl Question {
    /// What an incident would say; none if nothing was measured.
    pub async fn draft(&self, tx: &mut Tx, now: Timestamp) -> Result<Option<Draft>, Refusal> {
        let Some(evidence) = self.evidence(tx, now).await? else { return Ok(None) };
        let (_, policy): (i64, Policy) = tx.policy(DEGRADATION).await?;
        let severity = proposal(&policy, &evidence).map_or(3, |(_, severity)| severity.number());
        let began = self.findings(tx, now).await?.began(&policy).unwrap_or_else(|| self.from());
        let cells = self.troubled(tx, &policy, now).await?;
        let known = format!(
            "{}, until {}.",
            plain(&evidence).sentence(),
            domain::clock_local::utc_time(self.until, now)
        );
        Ok(Some(Draft {
            title: title(self.step, &evidence, &policy),
            severity,
            started_at: began.min(now),
            cells,
            known,
            evidence: evidence.for_staff(),
        }))
    }

    /// Cells that it is about and that are in trouble by these figures; the one cell that was asked for in any case.
    async fn troubled(
        &self,
        tx: &mut Tx,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<(String, CellStatus)>, Refusal> {
        let components = tx.components().await?;
        let is_one = self.component.is_some() && self.scope.country.is_some();
        let mut troubled = Vec::new();
        for cell in tx.cells().await? {
            let Some(step) = self.measures(&components, &cell) else { continue };
            let scope = KpiScope { country: Some(cell.country_code.clone()), ..self.scope.clone() };
            let figures = tx.kpi_figures(step, &scope, (self.from(), self.until), now).await?;
            let evidence = Evidence::measured(step, &figures, None, self.span.secs(), self.until);
            let status = evidence.map_or(CellStatus::NoData, |e| match proposal(policy, &e) {
                Some((proposed, _)) => proposed,
                None => opinion(policy, &e),
            });
            if status.is_trouble() {
                troubled.push((cell.id, status));
            } else if is_one {
                troubled.push((cell.id, CellStatus::PartialOutage));
            }
        }
        Ok(troubled)
    }

    /// The step that measures a cell, if the question is about it.
    fn measures(&self, components: &[ComponentRow], cell: &CellRow) -> Option<Step> {
        let component = components.iter().find(|c| c.id == cell.component_id)?;
        let is_meant = self.component.as_ref().is_none_or(|c| c.id == component.id)
            && self.scope.country.as_ref().is_none_or(|c| *c == cell.country_code);
        component.step().filter(|_| is_meant)
    }
}

/// What travellers notice of a step that fails, or that takes long.
fn title(step: Step, evidence: &Evidence, policy: &Policy) -> &'static str {
    let is_slow = evidence.share >= policy.degraded_below;
    match (step, is_slow) {
        (Step::Issue, false) => "New eSIMs cannot be ordered reliably",
        (Step::Issue, true) => "New eSIMs are issued slowly",
        (Step::Download, false) => "eSIM downloads fail",
        (Step::Download, true) => "eSIM downloads are slow",
        (Step::Enable, false) => "Downloaded eSIMs do not connect",
        (Step::Enable, true) => "Downloaded eSIMs connect slowly",
        (Step::Journey, false) => "eSIM activations fail",
        (Step::Journey, true) => "eSIM activations are slow",
    }
}

/// Without what only staff may know.
fn plain(evidence: &Evidence) -> Evidence {
    Evidence { about: None, ..evidence.clone() }
}

/// `Last 24 h until 14:30 UTC`.
#[must_use]
pub fn span_words(question: &Question, now: Timestamp) -> String {
    let until = domain::clock_local::utc_time(question.until, now);
    format!("{} until {until}", window_words(question.span.secs()))
}
