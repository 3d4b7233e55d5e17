//! What one evaluation of one cell reads.

use domain::{
    clock::{SECOND, Timestamp},
    component::Step,
    telemetry::{
        chart::{Chart, step_secs},
        degradation::{Evidence, Policy},
        judge::{self, Reading, Standing},
        kpi::Counts,
        lifecycle::{Activation, Outcome, step_sla},
        reason,
    },
};
use store::{CellRow, Tx};

use super::{Scene, held::Voices};
use crate::commands::Refusal;

/// Journeys that are looked at one by one, at most.
const JOURNEYS: i64 = 2_000;
/// Of those that speak for a verdict, so many over the whole window: whoever sent last does not drown the others.
const SPEAKING: usize = 200;

/// A reader of one cell.
pub(super) struct Read<'a> {
    pub(super) tx: &'a mut Tx,
    pub(super) scene: &'a Scene,
    pub(super) policy: &'a Policy,
    pub(super) cell: &'a CellRow,
    pub(super) step: Step,
}

impl Read<'_> {
    /// What the judge decides on.
    pub(super) async fn reading(&mut self, standing: &Standing) -> Result<Reading, Refusal> {
        let now = self.scene.now;
        let opened = standing.open_since(self.policy, now);
        let mut window = match opened {
            // Not long ago the cell came back: what had turned it stays closed.
            Some(from) => {
                let mut counts = Counts::default();
                for journey in self.tx.newest_activations(&self.cell.country_code, from, JOURNEYS).await? {
                    add(&mut counts, &journey, self.step, now);
                }
                judge::since(self.step, &counts, from, now)
            }
            None => self.widest_needed(),
        };
        let top = match opened {
            Some(from) => self.tx.top_error(&self.cell.country_code, self.step, from).await?,
            None => self.scene.top_error(window.window_secs, self.step, &self.cell.country_code),
        };
        window.top_error =
            top.filter(|_| window.samples > 0).map(|(class, n)| (class, share(n, window.samples)));
        let newer = match standing.status.is_trouble() {
            true => Some(self.newest(standing.since).await?),
            false => None,
        };
        Ok(Reading { window, newer })
    }

    fn widest_needed(&self) -> Evidence {
        let key = (self.step, self.cell.country_code.clone());
        let windows = self.scene.windows.each_ref();
        let windows = windows.map(|(secs, window)| (*secs, window.get(&key).cloned().unwrap_or_default()));
        judge::widest_needed(self.policy, self.step, &windows, self.scene.now)
    }

    /// The newest outcomes heard of after the cell got worse: at most twice what recovery needs, with the oldest's arrival.
    async fn newest(&mut self, since: Timestamp) -> Result<(Timestamp, Evidence), Refusal> {
        let mut counts = Counts::default();
        let mut from = self.scene.now;
        for journey in self.tx.newest_activations(&self.cell.country_code, since, JOURNEYS).await? {
            add(&mut counts, &journey, self.step, self.scene.now);
            from = from.min(journey.received_at.plus(-1));
            if counts.samples >= 2 * self.policy.recover_samples {
                break;
            }
        }
        let secs = self.scene.now.since(from) / SECOND + 1;
        Ok((from, Evidence::of(self.step, &counts, secs, self.scene.now)))
    }

    /// The most frequent error class as of this moment.
    pub(super) async fn top_error(&mut self, evidence: &Evidence) -> Result<Option<(String, f64)>, Refusal> {
        let from = self.scene.now.plus(-evidence.window_secs * SECOND);
        let top = self.tx.top_error(&self.cell.country_code, self.step, from).await?;
        let kept = evidence.top_error.clone();
        Ok(top.map(|(class, n)| (class, share(n, evidence.samples))).or(kept))
    }

    /// Success over the window before this moment.
    pub(super) async fn chart(&mut self, evidence: &Evidence) -> Result<String, Refusal> {
        let now = self.scene.now;
        let window = evidence.window_secs.max(self.policy.windows_secs[0]);
        let width = if window > 3_600 { 300 } else { 10 };
        let from = now.plus(-(window + step_secs(window, width)) * SECOND);
        let of = (self.step, self.cell.country_code.as_str());
        let buckets = self.tx.buckets(of, width, (from, now.plus(1))).await?;
        let chart = Chart::of(&buckets, window, width, now);
        let is_empty = chart.points.iter().all(|(n, _)| *n == 0);
        Ok(if is_empty { String::new() } else { serde_json::to_string(&chart).unwrap_or_default() })
    }

    /// Who told of the outcomes that speak for getting worse: of those that did not succeed, or, where they did but slowly or
    /// by a second way, of all.
    pub(super) async fn voices(&mut self, evidence: &Evidence) -> Result<Voices, Refusal> {
        let from = self.scene.now.plus(-evidence.window_secs * SECOND);
        let journeys = self.tx.newest_activations(&self.cell.country_code, from, JOURNEYS).await?;
        let known = |j: &&Activation| outcome(j, self.step, self.scene.now).is_some();
        let bad = |j: &&Activation| outcome(j, self.step, self.scene.now) == Some(false);
        let mut speaking: Vec<&Activation> = journeys.iter().filter(bad).collect();
        if speaking.is_empty() || evidence.cause.is_some() {
            speaking = journeys.iter().filter(known).collect();
        }
        let every = speaking.len().div_ceil(SPEAKING).max(1);
        let speaking: Vec<&Activation> = speaking.into_iter().step_by(every).collect();
        let subjects: Vec<&str> = speaking.iter().map(|j| j.subject.as_str()).collect();
        let mut arrived: Vec<i64> = speaking.iter().map(|j| j.received_at.millis()).collect();
        arrived.sort_unstable();
        arrived.dedup();
        let heard = self.tx.voices(&subjects, &arrived).await?;
        Ok(Voices::of(&heard, reason::dominant(speaking.iter().map(|j| j.supplier.as_str()))))
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of samples")]
fn share(n: i64, of: i64) -> f64 {
    (100.0 * n as f64 / of.max(1) as f64).min(100.0)
}

fn add(counts: &mut Counts, journey: &Activation, step: Step, now: Timestamp) {
    for c in journey.contributions().iter().filter(|c| c.step == step) {
        counts.add(c, journey.is_fallback, now);
    }
}

/// How a journey ended in a step: in time or not; none: not known yet, or it never entered.
fn outcome(journey: &Activation, step: Step, now: Timestamp) -> Option<bool> {
    let c = journey.contributions().into_iter().find(|c| c.step == step)?;
    match c.outcome {
        Outcome::Succeeded => Some(true),
        Outcome::Late | Outcome::Failed => Some(false),
        Outcome::Pending => (now.since(c.entered_at) > step_sla(step)).then_some(false),
    }
}
