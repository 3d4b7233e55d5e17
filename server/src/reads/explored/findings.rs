//! What was found: over all of it, over time, and side by side.

use std::collections::BTreeMap;

use domain::{
    clock::{SECOND, Timestamp},
    telemetry::{
        degradation::Policy,
        rollup::{Figures, bucket},
    },
};
use store::{CorrectionRow, KpiRow, Mttr};

use super::Question;
use crate::{commands::Refusal, reads::charts::Point};

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
    pub(super) fn of(question: &Question, rows: &[KpiRow], now: Timestamp) -> Result<Self, Refusal> {
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
