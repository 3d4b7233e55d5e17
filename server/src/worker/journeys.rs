//! Journeys: what the doors kept is applied to the activations, and the difference to the rollups, within a second.

mod deltas;
mod names;

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use domain::{
    clock::Timestamp,
    telemetry::{
        event::ActivationEvent,
        kpi::latency_bin,
        lifecycle::{self, Activation},
        rollup::bucket,
    },
};
use store::{Arrival, BinKey, RollupDelta, RollupKey, Tx};
use tokio::sync::watch;

use self::{deltas::Deltas, names::Names};
use crate::{clock::new_id, http::serve::stopped, state::App};

/// Events that are applied in one transaction: few enough that no door waits long for the database.
const AT_ONCE: i64 = 1_000;
/// Rounds follow one another no faster: the more that is applied at once, the less each costs.
const PACE: Duration = Duration::from_millis(250);
/// Widths of the live rollups, in seconds.
const WIDTHS: [i64; 2] = [10, 300];

/// What the worker remembers between rounds; losing it costs a query.
#[derive(Debug, Default)]
pub struct Journeys(Names);

/// Applies what arrived, until the stop.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut journeys = Journeys::default();
    loop {
        if let Err(error) = journeys.apply(&app).await {
            tracing::error!(%error, "journeys: a round failed; trying again");
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(PACE) => {}
        }
    }
}

impl Journeys {
    /// Applies all that waits; how many events it was.
    pub async fn apply(&mut self, app: &App) -> store::Result<usize> {
        let mut applied = 0;
        loop {
            // Most rounds nothing waits, and nobody waits for the writer.
            if app.store.read().await?.count_arrived().await? == 0 {
                return Ok(applied);
            }
            let mut tx = app.store.write().await?;
            tx.lock_ingest().await?;
            let arrivals = tx.take_arrivals(AT_ONCE).await?;
            let kept = match apply(&mut tx, &mut self.0, &arrivals, app.clock.now()).await {
                Ok(()) => tx.commit().await,
                Err(error) => Err(error),
            };
            if let Err(error) = kept {
                self.0.forget();
                return Err(error);
            }
            applied += arrivals.len();
        }
    }
}

/// Applies events to their journeys, and the difference to the rollups.
async fn apply(
    tx: &mut Tx,
    names: &mut Names,
    arrivals: &[Arrival<'_>],
    now: Timestamp,
) -> store::Result<()> {
    let mut events: Vec<(&Arrival<'_>, Cow<'_, ActivationEvent>)> = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        events.push((arrival, names.tidy(tx, &arrival.key_id, &arrival.event, now).await?));
    }
    let subjects: BTreeSet<&str> = events.iter().map(|(_, a)| a.subject.as_str()).collect();
    let before: HashMap<String, Activation> = tx
        .activations(&subjects.into_iter().collect::<Vec<_>>())
        .await?
        .into_iter()
        .map(|a| (a.subject.clone(), a))
        .collect();
    let mut after = before.clone();
    let mut illegal = Vec::new();
    for (arrival, event) in &events {
        match after.remove(&event.subject) {
            None => {
                after.insert(event.subject.clone(), Activation::begin(event, arrival.received_at));
            }
            Some(journey) => {
                if journey.contradicts(event) {
                    illegal.push((*arrival, event.as_ref()));
                }
                after.insert(event.subject.clone(), journey.apply(event, arrival.received_at));
            }
        }
    }
    flag(tx, &illegal).await?;
    let (mut rollups, mut bins, mut deltas) = (HashMap::new(), HashMap::new(), Deltas::default());
    for (arrival, event) in illegal {
        deltas.illegal(event, arrival.received_at);
    }
    for (subject, journey) in &after {
        let old = before.get(subject);
        if let Some(old) = old {
            count(old, -1, &mut rollups, &mut bins);
        }
        count(journey, 1, &mut rollups, &mut bins);
        deltas.change(old, journey);
    }
    tx.save_activations(&after.values().collect::<Vec<_>>()).await?;
    tx.add_rollups(&rollups).await?;
    tx.add_latency_bins(&bins).await?;
    let delta = deltas.finish();
    if delta.is_empty() { Ok(()) } else { tx.insert_kpi_delta(&new_id(), &delta, now).await }
}

/// Flags the events that contradict their journeys.
async fn flag(tx: &mut Tx, illegal: &[(&Arrival<'_>, &ActivationEvent)]) -> store::Result<()> {
    for (arrival, _) in illegal {
        let flags: Vec<&str> =
            [&*arrival.flags, "illegal_transition"].into_iter().filter(|f| !f.is_empty()).collect();
        tx.flag_event(&arrival.source, &arrival.event_id, &flags.join(",")).await?;
    }
    Ok(())
}

/// Adds (or takes away) what a journey contributes.
fn count<'a>(
    journey: &'a Activation,
    sign: i64,
    rollups: &mut HashMap<RollupKey<'a>, RollupDelta>,
    bins: &mut HashMap<BinKey<'a>, i64>,
) {
    for c in journey.contributions() {
        for width in WIDTHS {
            let bucket = bucket(c.entered_at, width).millis();
            let key =
                (bucket, width, c.step, journey.country.as_str(), journey.supplier.as_str(), journey.is_live);
            let delta = rollups.entry(key).or_default();
            delta.entered += sign;
            delta.succeeded += sign * i64::from(c.outcome == lifecycle::Outcome::Succeeded);
            delta.late += sign * i64::from(c.outcome == lifecycle::Outcome::Late);
            delta.failed += sign * i64::from(c.outcome == lifecycle::Outcome::Failed);
            delta.fallback += sign * i64::from(journey.is_fallback);
            // Wider windows have sketches: see `deltas`.
            if let Some(ms) = c.latency_ms.filter(|_| width == WIDTHS[0]) {
                let key = (bucket, width, c.step, journey.country.as_str(), journey.is_live, latency_bin(ms));
                *bins.entry(key).or_default() += sign;
            }
        }
    }
}
