//! KPIs: what the doors added is folded into the rollups, and old rollups into wider ones.

use std::{borrow::Cow, time::Duration};

use domain::{
    clock::{DAY, HOUR, Timestamp},
    component::Step,
    telemetry::{
        latency::Latencies,
        rollup::{Tally, WIDTHS, bucket, folded_before, width_at},
    },
};
use store::{
    CorrectionRow, CountryRow, DeltaDims, KpiDelta, KpiErrors, KpiKey, KpiRollups, LiveRollups, Tx,
    kpis::supplier_and_node,
};
use tokio::sync::watch;

use crate::{commands::public_charts, http::serve::stopped, state::App};

/// Commits of the doors that are folded at once.
const AT_ONCE: i64 = 100;
/// What is folded in one round at most, so that the round ends.
const ROUNDS: usize = 200;
/// The live judge's windows reach a day back.
const LIVE: i64 = 26 * HOUR;
/// Corrections are told for as long as the page's history.
const CORRECTIONS: i64 = 90 * DAY;
/// Words are offered for as long as there may be figures of theirs.
const NAMES: i64 = 400 * DAY;

/// Folds every two seconds; widens once a minute; draws public charts every five.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    for turn in 0_u64.. {
        if let Err(error) = fold(&app).await {
            tracing::error!(%error, "kpis: a round failed; trying again");
        }
        if turn.is_multiple_of(30)
            && let Err(error) = widen(&app).await
        {
            tracing::error!(%error, "kpis: widening failed; trying again");
        }
        if turn.is_multiple_of(150)
            && let Err(error) = draw(&app).await
        {
            tracing::error!(%error, "kpis: the public charts were not drawn; trying again");
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
        }
    }
}

/// What some commits add, put together.
#[derive(Default)]
struct Sum {
    rollups: KpiRollups,
    live: LiveRollups,
    errors: KpiErrors,
    corrections: Vec<(Step, CorrectionRow)>,
}

fn key((minute, step, country, supplier, flow, cohort): DeltaDims<'_>, now: Timestamp) -> KpiKey {
    let minute = Timestamp::from_millis(minute);
    let width_secs = width_at(minute, now);
    let (name, node) = supplier_and_node(&supplier);
    KpiKey {
        width_secs,
        at: bucket(minute, width_secs),
        step,
        country: country.into_owned(),
        supplier: name.to_owned(),
        node: node.to_owned(),
        flow: flow.into_owned(),
        cohort: cohort.into_owned(),
    }
}

impl Sum {
    fn add(&mut self, delta: KpiDelta<'static>, now: Timestamp) {
        for (dims, counts, latencies) in delta.rollups {
            let [entered, succeeded, late, failed, fallback, illegal] = counts;
            let (tally, sketch): &mut (Tally, Latencies) = self.rollups.entry(key(dims, now)).or_default();
            tally.add(&Tally { entered, succeeded, late, failed, fallback, illegal });
            latencies.into_iter().for_each(|ms| sketch.add(ms));
        }
        for ((minute, step, country), counts, latencies) in delta.live {
            let [entered, succeeded, late, failed, fallback, illegal] = counts;
            let key = (Timestamp::from_millis(minute), step, country.into_owned());
            let (tally, sketch): &mut (Tally, Latencies) = self.live.entry(key).or_default();
            tally.add(&Tally { entered, succeeded, late, failed, fallback, illegal });
            latencies.into_iter().for_each(|ms| sketch.add(ms));
        }
        for (dims, class, n) in delta.errors {
            *self.errors.entry((key(dims, now), Cow::into_owned(class))).or_default() += n;
        }
        for ((minute, step, country, supplier, ..), is_in_time, activations, last) in delta.corrections {
            let (name, node) = supplier_and_node(&supplier);
            let row = CorrectionRow {
                counted_at: minute.into(),
                country_code: country.into_owned(),
                supplier: name.to_owned(),
                node: node.to_owned(),
                is_in_time,
                activations,
                last_at: last.into(),
            };
            self.corrections.push((step, row));
        }
    }

    async fn save(self, tx: &mut Tx) -> store::Result<()> {
        tx.add_kpis(self.rollups).await?;
        tx.add_live(&self.live).await?;
        tx.add_kpi_errors(&self.errors).await?;
        for (step, row) in &self.corrections {
            tx.add_kpi_correction(*step, row).await?;
        }
        Ok(())
    }
}

/// Folds what waits; how many commits of the doors it was.
pub async fn fold(app: &App) -> store::Result<usize> {
    let mut folded = 0;
    for _ in 0..ROUNDS {
        let now = app.clock.now();
        // Read and added up outside the writer's transaction: nobody waits for that.
        let waiting = app.store.read().await?.kpi_deltas(AT_ONCE).await?;
        if waiting.is_empty() {
            break;
        }
        let (mut ids, mut sum) = (Vec::with_capacity(waiting.len()), Sum::default());
        for (id, delta) in waiting {
            ids.push(id);
            sum.add(delta, now);
        }
        let mut tx = app.store.write().await?;
        tx.lock_kpis().await?;
        // Another node was quicker: what is left is looked at anew.
        if !tx.take_kpi_deltas(&ids).await? {
            continue;
        }
        sum.save(&mut tx).await?;
        tx.commit().await?;
        folded += ids.len();
    }
    Ok(folded)
}

/// Folds old rollups into wider ones, one bucket a transaction, and forgets what is older than anybody is shown.
pub async fn widen(app: &App) -> store::Result<()> {
    let now = app.clock.now();
    let countries = app.store.read().await?.countries().await?;
    for (width_secs, step, country) in due(app, &countries, now).await? {
        let Some((before, wider)) = folded_before(width_secs, now) else { continue };
        for _ in 0..ROUNDS {
            let mut tx = app.store.write().await?;
            tx.lock_kpis().await?;
            if !tx.fold_kpis(step, country, (width_secs, wider), before).await? {
                break;
            }
            tx.commit().await?;
        }
    }
    let mut tx = app.store.write().await?;
    for country in &countries {
        for step in Step::ALL {
            tx.delete_kpi_corrections(step, &country.code, now.plus(-CORRECTIONS)).await?;
        }
    }
    tx.delete_live(now.plus(-LIVE)).await?;
    tx.delete_kpi_names(now.plus(-NAMES)).await?;
    tx.commit().await
}

/// Widths, steps and countries that have something to fold.
async fn due<'a>(
    app: &App,
    countries: &'a [CountryRow],
    now: Timestamp,
) -> store::Result<Vec<(i64, Step, &'a str)>> {
    let mut tx = app.store.read().await?;
    let mut due = Vec::new();
    for (width_secs, _) in WIDTHS {
        let Some((before, _)) = folded_before(width_secs, now) else { continue };
        for country in countries {
            for step in Step::ALL {
                let oldest = tx.oldest_kpi(width_secs, step, &country.code).await?;
                if oldest.is_some_and(|at| at < before) {
                    due.push((width_secs, step, country.code.as_str()));
                }
            }
        }
    }
    Ok(due)
}

/// Draws the public charts anew; how many components have some.
pub async fn draw(app: &App) -> store::Result<usize> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let chosen = tx.public_charts().await?;
    let components: Vec<_> = tx.components().await?.into_iter().filter(|c| chosen.contains(&c.id)).collect();
    for component in &components {
        let drawn = public_charts::draw(&mut tx, component, now).await?;
        let mut write = app.store.write().await?;
        for one in &drawn {
            public_charts::save(&mut write, one, now).await?;
        }
        write.commit().await?;
    }
    Ok(components.len())
}
