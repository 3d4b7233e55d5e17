//! The judge: every second, what telemetry says of every cell.

mod alerts;
mod canary;
mod confirm;
mod held;
mod propose;
mod reading;

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use domain::{
    clock::{HOUR, SECOND, Timestamp},
    component::Step,
    status::CellStatus,
    telemetry::{
        degradation::{Evidence, Policy, Streak},
        judge::{self, Move, Settled, Standing},
        rule::Rule,
    },
};
use store::{
    AlertRow, CellRow, ChangeEvidenceRow, HeartbeatRow, KeyHoldRow, ProposalCellRow, Tx, Window, WithheldRow,
};
use tokio::sync::watch;

use self::{held::Voices, reading::Read};
use crate::{
    commands::{
        Ctx, Refusal, cells,
        degradation::{Ruled, Watching, ruled, rules, watching},
    },
    http::serve::stopped,
    state::App,
};

/// Evidence on record for a cell that does not change is renewed this often.
const RENEW_EVIDENCE: i64 = 15 * SECOND;
/// Wide windows are read this often.
const RENEW_WIDE: i64 = 15 * SECOND;

/// What the judge remembers between evaluations. It is only about pace: losing it delays a verdict by seconds.
#[derive(Default)]
pub struct Judge {
    streaks: HashMap<String, Streak>,
    wide: Option<(Timestamp, Wide)>,
    canary_at: Option<Timestamp>,
}

/// What is read less often than every second.
#[derive(Clone)]
struct Wide {
    windows: [(i64, Window); 2],
    /// Of the two narrower windows: the most frequent error class by step and country.
    errors: [HashMap<(Step, String), (String, i64)>; 2],
}

/// Everything that one evaluation reads at once.
struct Scene {
    now: Timestamp,
    rules: Vec<Rule>,
    watching: Vec<Watching>,
    /// The narrowest first.
    windows: [(i64, Window); 3],
    /// Of the two narrower windows: the most frequent error class by step and country.
    errors: [HashMap<(Step, String), (String, i64)>; 2],
    beats: Vec<HeartbeatRow>,
    /// By cell.
    alerts: HashMap<String, AlertRow>,
    /// Cells of open proposals.
    proposed: HashMap<String, ProposalCellRow>,
    /// Cells that something stands before.
    withheld: HashMap<String, WithheldRow>,
    holds: Vec<KeyHoldRow>,
    /// Keys that may make no cell worse than degraded.
    modest: HashSet<String>,
    /// How many cells there are.
    grid: usize,
}

impl Scene {
    /// The most frequent error class within a window, with its count; a day's are not counted at every turn.
    fn top_error(&self, window_secs: i64, step: Step, country: &str) -> Option<(String, i64)> {
        let at = self.windows.iter().position(|(secs, _)| *secs == window_secs)?;
        self.errors.get(at)?.get(&(step, country.to_owned())).cloned()
    }
}

/// Evaluates every second.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut judge = Judge::default();
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopped(&mut stop) => return,
            _ = second.tick() => {}
        }
        match judge.evaluate(&app).await {
            Ok(0) => {}
            Ok(_) => app.wake.page.notify_one(),
            Err(error) => tracing::error!(%error, "degradation: an evaluation failed; trying again"),
        }
    }
}

impl Judge {
    /// One evaluation of every cell; returns how many moved or were renewed. Then proposals whose time has come are
    /// declared, and canaries compared.
    pub async fn evaluate(&mut self, app: &App) -> Result<usize, Refusal> {
        let count = self.cells(app).await?;
        confirm::due(app).await?;
        canary::compare_due(app, &mut self.canary_at).await?;
        Ok(count)
    }

    async fn cells(&mut self, app: &App) -> Result<usize, Refusal> {
        let now = app.clock.now();
        let mut tx = app.store.read().await?;
        let steps: HashMap<String, (String, Option<Step>)> =
            tx.components().await?.into_iter().map(|c| (c.id.clone(), (c.slug.clone(), c.step()))).collect();
        let all = tx.cells().await?;
        let scene = self.scene(&mut tx, now, all.len()).await?;
        let mut plans = held::lapsed(&mut tx, &scene).await?;
        for cell in all {
            let Some((slug, step)) = steps.get(&cell.component_id) else { continue };
            let of = Of { ruled: scene.ruled(&cell, slug), slug: slug.clone() };
            if let Some(plan) = alerts::judge(&scene, &cell, &of) {
                plans.push(plan); // what is measured is judged again a second later
                continue;
            }
            let plan = match step {
                Some(step) => self.judge_step(&mut tx, &scene, cell, of, *step).await?,
                None => judge_heartbeat(&scene, cell, of),
            };
            plans.extend(plan.map(|p| Plan::Measured(Box::new(p))));
        }
        drop(tx);
        if plans.is_empty() {
            return Ok(0);
        }
        let ctx = Ctx::system(now);
        let mut tx = app.store.write().await?;
        let count = plans.len();
        for plan in plans {
            match plan {
                Plan::Measured(plan) => carry_out(&mut tx, &ctx, &scene, *plan).await?,
                Plan::Alerts(plan) => alerts::carry_out(&mut tx, &ctx, &scene, *plan).await?,
                Plan::Lapse(hold) => held::lapse(&mut tx, &ctx, &hold).await?,
            }
        }
        tx.commit().await?;
        Ok(count)
    }

    async fn scene(&mut self, tx: &mut Tx, now: Timestamp, grid: usize) -> Result<Scene, Refusal> {
        let rules = rules(tx).await?;
        let [narrow, hour, day] =
            rules.first().map_or(Policy::default().windows_secs, |r| r.policy.windows_secs);
        let stale = self.wide.as_ref().is_none_or(|(at, _)| now.since(*at).abs() >= RENEW_WIDE);
        if stale {
            let windows = [
                (hour, tx.wide_window(hour, now, |_, _| true).await?),
                (day, tx.wide_window(day, now, |_, _| true).await?),
            ];
            let mut errors = [HashMap::new(), HashMap::new()];
            for (errors, secs) in errors.iter_mut().zip([narrow, hour]) {
                *errors = tx.top_errors(now.plus(-secs * SECOND)).await?;
            }
            self.wide = Some((now, Wide { windows, errors }));
        }
        let Some((_, Wide { windows: [hour, day], errors })) = self.wide.clone() else {
            return Err(Refusal::NotFound("window"));
        };
        let modest: HashSet<String> = tx.modest_keys().await?.into_iter().collect();
        Ok(Scene {
            now,
            rules,
            watching: watching(tx, now).await?,
            windows: [(narrow, tx.window(narrow, 10, now).await?), hour, day],
            errors,
            beats: tx.heartbeats().await?,
            alerts: alerts::worst(tx.firing_alerts().await?, &modest),
            proposed: tx.open_proposal_cells().await?.into_iter().map(|p| (p.cell_id.clone(), p)).collect(),
            withheld: tx
                .withheld(now.plus(-HOUR))
                .await?
                .into_iter()
                .map(|w| (w.cell_id.clone(), w))
                .collect(),
            holds: tx.key_holds(now).await?,
            modest,
            grid,
        })
    }

    async fn judge_step(
        &mut self,
        tx: &mut Tx,
        scene: &Scene,
        cell: CellRow,
        of: Of,
        step: Step,
    ) -> Result<Option<Measured>, Refusal> {
        let policy = &of.ruled.policy;
        let standing = standing(&cell);
        let mut read = Read { tx, scene, policy, cell: &cell, step };
        let reading = read.reading(&standing).await?;
        let streak = self.streaks.entry(cell.id.clone()).or_default();
        let Some(mut to) = judge::decide(policy, &standing, streak, &reading) else {
            let is_stale = cell.evidence_at.is_none_or(|at| scene.now.millis() - at >= RENEW_EVIDENCE);
            let is_known = reading.window.samples > 0 || cell.evidence.is_some();
            let evidence = Some(reading.window);
            return Ok((is_stale && is_known).then(|| Measured::stays(cell, of, evidence)));
        };
        to.evidence.top_error = read.top_error(&to.evidence).await?;
        let chart = read.chart(&to.evidence).await?;
        let is_worse = judge::is_worse(standing.status, to.to);
        let voices = if is_worse { read.voices(&to.evidence).await? } else { Voices::default() };
        let evidence = Some(to.evidence.clone());
        Ok(Some(Measured { cell, of, evidence, to: Some(to), voices, chart }))
    }
}

impl Scene {
    fn ruled(&self, cell: &CellRow, slug: &str) -> Ruled {
        ruled(&self.rules, &self.watching, (&cell.id, slug, &cell.country_code))
    }
}

/// The cell's component and policy.
struct Of {
    slug: String,
    ruled: Ruled,
}

/// What is to be written.
enum Plan {
    /// By what is measured.
    Measured(Box<Measured>),
    /// By alerts.
    Alerts(Box<alerts::Told>),
    /// A hold of a key that nothing waits for any more, by its id.
    Lapse(String),
}

/// A verdict of what is measured.
struct Measured {
    cell: CellRow,
    of: Of,
    evidence: Option<Evidence>,
    to: Option<Move>,
    voices: Voices,
    /// JSON of the chart; empty: none.
    chart: String,
}

impl Measured {
    fn stays(cell: CellRow, of: Of, evidence: Option<Evidence>) -> Self {
        Self { cell, of, evidence, to: None, voices: Voices::default(), chart: String::new() }
    }

    /// What a change would rest on.
    fn record(&self, evidence: String) -> ChangeEvidenceRow {
        ChangeEvidenceRow {
            evidence,
            key_id: self.voices.key.clone(),
            sources: i64::try_from(self.voices.sources).unwrap_or(i64::MAX),
            chart: self.chart.clone(),
            ..self.of.record()
        }
    }
}

impl Of {
    /// The policy that a change rests on.
    fn record(&self) -> ChangeEvidenceRow {
        ChangeEvidenceRow {
            policy_scope: self.ruled.scope.slug(),
            policy_version: self.ruled.version,
            watch_id: self.ruled.watch_id.clone(),
            ..ChangeEvidenceRow::default()
        }
    }
}

fn standing(cell: &CellRow) -> Standing {
    Standing {
        status: cell.telemetry_status,
        since: cell.telemetry_since_at,
        evidence_from: cell.evidence_from_at.map(Timestamp::from_millis),
        frozen_until: cell.frozen_until_at.map(Timestamp::from_millis),
    }
}

/// Cells without a step are operational while somebody says so, and unknown otherwise.
fn judge_heartbeat(scene: &Scene, cell: CellRow, of: Of) -> Option<Measured> {
    let is_alive = scene.beats.iter().any(|b| {
        b.component_slug == of.slug
            && b.country_code == cell.country_code
            && scene.now.since(b.received_at) < 3 * b.interval_secs * SECOND
    });
    let to = if is_alive { CellStatus::Operational } else { CellStatus::NoData };
    (to != cell.telemetry_status).then(|| Measured::stays(cell, of, None))
}

async fn carry_out(tx: &mut Tx, ctx: &Ctx, scene: &Scene, mut plan: Measured) -> Result<(), Refusal> {
    let Some(evidence) = plan.evidence.take() else { return heartbeat(tx, ctx, plan).await };
    let text = serde_json::to_string(&evidence).unwrap_or_default();
    let Some(mut to) = plan.to.take() else {
        let status = plan.cell.telemetry_status;
        propose::renew(tx, ctx, scene, &plan, (&evidence, &text), status).await?;
        return Ok(tx.save_cell_evidence(&plan.cell.id, &text, ctx.now).await?);
    };
    let is_worse = judge::is_worse(plan.cell.telemetry_status, to.to);
    let sentence = evidence.sentence();
    if is_worse {
        let (cell, from) = (plan.cell.id.as_str(), plan.cell.telemetry_status);
        let case = held::Case { cell, from, to: to.to, voices: &plan.voices, sentence: &sentence };
        match held::permitted(tx, ctx, scene, &plan.of.ruled.policy, case).await? {
            Some(permitted) => to.to = permitted,
            None => return Ok(tx.save_cell_evidence(cell, &text, ctx.now).await?),
        }
    }
    let is_better = judge::is_better(plan.cell.telemetry_status, to.to);
    let turns = if is_better { turns(tx, ctx, &plan.cell.id).await? } else { 0 };
    let mut standing = standing(&plan.cell);
    let settled = judge::settle(&plan.of.ruled.policy, &mut standing, &to, turns, ctx.now);
    plan.cell.frozen_until_at = standing.frozen_until.map(Timestamp::millis);
    plan.cell.evidence_at = Some(ctx.now.millis());
    let status = if settled == Settled::Moved { to.to } else { plan.cell.telemetry_status };
    if settled == Settled::Moved && is_worse {
        propose::open(tx, ctx, scene, &plan, (&evidence, &text), status).await?;
    } else {
        propose::renew(tx, ctx, scene, &plan, (&evidence, &text), status).await?;
    }
    let record = plan.record(text.clone());
    let mut cell = plan.cell;
    cell.evidence = Some(text);
    match settled {
        Settled::Moved => {
            cell.evidence_from_at = to.evidence_from.map(Timestamp::millis);
            cells::apply_verdict(tx, ctx, cell, to.to, &sentence, &record).await?;
        }
        Settled::Froze => {
            freeze_on_record(tx, ctx, &cell, turns).await?;
            tx.save_cell(&cell).await?;
        }
        Settled::Frozen => tx.save_cell(&cell).await?,
    }
    Ok(())
}

async fn heartbeat(tx: &mut Tx, ctx: &Ctx, plan: Measured) -> Result<(), Refusal> {
    // It is here because it changed.
    let (to, cause) = match plan.cell.telemetry_status {
        CellStatus::NoData => (CellStatus::Operational, "Heartbeat received"),
        _ => (CellStatus::NoData, "No heartbeat for three intervals"),
    };
    let record = plan.record(String::new());
    cells::apply_verdict(tx, ctx, plan.cell, to, cause, &record).await.map(drop)
}

/// How often automation turned a cell in the past hour, with a change for the better that is at hand.
async fn turns(tx: &mut Tx, ctx: &Ctx, cell_id: &str) -> Result<i64, Refusal> {
    let moves = tx.automatic_moves(cell_id, ctx.now.plus(-HOUR)).await?;
    let known = |status| CellStatus::try_from(status).unwrap_or(CellStatus::NoData);
    Ok(judge::turns(moves.into_iter().map(|(from, to)| (known(from), known(to)))))
}

async fn freeze_on_record(tx: &mut Tx, ctx: &Ctx, cell: &CellRow, turns: i64) -> Result<(), Refusal> {
    let detail = serde_json::json!({ "turns_in_an_hour": turns, "until": cell.frozen_until_at });
    cells::audit(tx, ctx, "freeze_cell", &format!("cell:{}", cell.id), detail).await
}
