//! KPIs of activations: what the doors add, the rollups that it is folded into, and the figures of any period.
//!
//! The doors write one row per commit (`deltas`); a worker folds these rows into the rollups (`fold`), which widen with
//! age. Both only ever add, so the order does not matter and nothing is counted twice.

mod corrections;
mod deltas;
mod figures;
mod fold;
mod live;
mod mttr;
mod names;

use domain::{
    clock::Timestamp,
    component::Step,
    telemetry::rollup::{Figures, Tally},
};

use crate::{Result, StoreError};

pub use corrections::CorrectionRow;
pub use deltas::{DeltaDims, KpiDelta, LivePlace};
pub use figures::{ComponentKpis, StepKpis, SupplierKpis};
pub use fold::{KpiErrors, KpiKey, KpiRollups};
pub use live::LiveRollups;
pub use mttr::Mttr;
pub use names::NameKind;

/// Statements of these files.
pub(crate) const STATEMENTS: [&[crate::statement::Statement]; 7] = [
    corrections::STATEMENTS,
    deltas::STATEMENTS,
    figures::STATEMENTS,
    fold::STATEMENTS,
    live::STATEMENTS,
    mttr::STATEMENTS,
    names::STATEMENTS,
];

/// Which activations are meant. A dimension that is not given: all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KpiScope {
    /// ISO code.
    pub country: Option<String>,
    /// Name of the supplier, as events call it, without its node.
    pub supplier: Option<String>,
    /// Its node; empty: events that named none.
    pub node: Option<String>,
    /// `ota`, `qr` or `alternate`.
    pub flow: Option<String>,
    /// `baseline` or `canary`.
    pub cohort: Option<String>,
}

impl KpiScope {
    /// As statements take it: `*` stands for all.
    fn terms(&self) -> [String; 5] {
        [&self.country, &self.supplier, &self.node, &self.flow, &self.cohort]
            .map(|d| d.clone().unwrap_or_else(|| "*".to_owned()))
    }
}

/// One rollup: a bucket of one step with all of its dimensions.
#[derive(Debug, Clone)]
pub struct KpiRow {
    /// When the bucket begins.
    pub at: Timestamp,
    /// How wide it is, in seconds.
    pub width_secs: i64,
    /// ISO code.
    pub country: String,
    /// Name of the supplier.
    pub supplier: String,
    /// Its node; empty: none was named.
    pub node: String,
    /// `ota`, `qr` or `alternate`.
    pub flow: String,
    /// `baseline` or `canary`.
    pub cohort: String,
    /// Its counts.
    pub tally: Tally,
    latency: Vec<u8>,
}

impl KpiRow {
    /// Adds it to figures of this step, as it stands at `now`.
    ///
    /// # Errors
    /// When it holds no sketch of latencies.
    pub fn add_to(&self, figures: &mut Figures, step: Step, now: Timestamp) -> Result<()> {
        figures.add(step, (self.at, self.width_secs), &self.tally, now);
        if figures.latencies.merge_bytes(&self.latency) { Ok(()) } else { Err(no_sketch()) }
    }
}

/// What stands where a sketch should.
fn no_sketch() -> StoreError {
    StoreError::Unsafe("kpi_rollups.latency holds no sketch of latencies".into())
}

/// A supplier as events name it, taken apart: `smdp-a/1` is `smdp-a` and `1`.
#[must_use]
pub fn supplier_and_node(text: &str) -> (&str, &str) {
    text.split_once('/').unwrap_or((text, ""))
}
