//! What an incident would say that is declared from a question.

use domain::{
    clock::Timestamp,
    clock_local::utc_time,
    component::Step,
    status::CellStatus,
    telemetry::degradation::{Evidence, Policy, opinion, proposal},
};
use store::{CellRow, ComponentRow, KpiScope, Tx, policies::DEGRADATION};

use super::Question;
use crate::commands::Refusal;

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
        // Figures of one supplier, flow or cohort must not read as if they were everybody's.
        let whose = if evidence.about.is_some() { "Among some of our eSIMs, " } else { "" };
        let known = format!("{whose}{}, until {}.", evidence.sentence(), utc_time(self.until, now));
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
