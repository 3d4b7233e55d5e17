//! The judge: every second, what telemetry says of every cell.

mod alerts;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use domain::{
    clock::{HOUR, SECOND, Timestamp},
    component::Step,
    status::CellStatus,
    telemetry::{
        degradation::{Evidence, Policy, Streak, Verdict, opinion, proposal},
        kpi::Counts,
    },
};
use store::{AlertRow, CellRow, HeartbeatRow, ProposalRow, Tx, Window, policies::DEGRADATION};
use tokio::sync::watch;

use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells},
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
    /// The wider windows.
    wide: [Option<Wide>; 2],
}

/// A wider window: when it was read, for whom, and what it says.
struct Wide {
    at: Timestamp,
    needed: HashSet<(Step, String)>,
    window: Arc<Window>,
}

/// Everything that one evaluation reads at once.
struct Scene {
    now: Timestamp,
    policy: Policy,
    windows: Vec<(i64, Arc<Window>)>,
    beats: Vec<HeartbeatRow>,
    /// By cell.
    alerts: HashMap<String, AlertRow>,
    proposals: Vec<ProposalRow>,
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
    /// One evaluation of every cell; returns how many moved or were renewed.
    pub async fn evaluate(&mut self, app: &App) -> Result<usize, Refusal> {
        let now = app.clock.now();
        let mut tx = app.store.read().await?;
        let steps: HashMap<String, (String, Option<Step>)> =
            tx.components().await?.into_iter().map(|c| (c.id.clone(), (c.slug.clone(), c.step()))).collect();
        let all = tx.cells().await?;
        let measured: Vec<(Step, String)> = all
            .iter()
            .filter_map(|c| Some((steps.get(&c.component_id)?.1?, c.country_code.clone())))
            .collect();
        let scene = self.scene(&mut tx, &measured, now).await?;
        let mut plans = Vec::new();
        for cell in all {
            let Some((slug, step)) = steps.get(&cell.component_id) else { continue };
            if let Some(plan) = alerts::judge(&scene, &cell) {
                plans.push(plan); // what is measured is judged again a second later
                continue;
            }
            let plan = match step {
                Some(step) => self.judge_step(&mut tx, &scene, cell, *step).await?,
                None => judge_heartbeat(&scene, cell, slug),
            };
            plans.extend(plan.map(Plan::Measured));
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
                Plan::Measured(plan) => carry_out(&mut tx, &ctx, &scene, plan).await?,
                Plan::Alerts(plan) => alerts::carry_out(&mut tx, &ctx, &scene, plan).await?,
            }
        }
        tx.commit().await?;
        Ok(count)
    }

    async fn scene(
        &mut self,
        tx: &mut Tx,
        measured: &[(Step, String)],
        now: Timestamp,
    ) -> Result<Scene, Refusal> {
        let (_, policy): (i64, Policy) = tx.policy(DEGRADATION).await?;
        Ok(Scene {
            now,
            windows: self.windows(tx, &policy, measured, now).await?,
            policy,
            beats: tx.heartbeats().await?,
            alerts: alerts::worst(tx.firing_alerts().await?),
            proposals: tx.open_proposals().await?,
        })
    }

    /// The windows, narrowest first; a wider one only where some cell has too few samples in those before it.
    async fn windows(
        &mut self,
        tx: &mut Tx,
        policy: &Policy,
        measured: &[(Step, String)],
        now: Timestamp,
    ) -> Result<Vec<(i64, Arc<Window>)>, Refusal> {
        let [narrow, wide @ ..] = policy.windows_secs;
        let mut last = Arc::new(tx.window(narrow, 10, now).await?);
        let mut windows = vec![(narrow, Arc::clone(&last))];
        for (kept, secs) in self.wide.iter_mut().zip(wide) {
            let is_short = |key: &&(Step, String)| {
                last.get(*key).map_or(0, |counts| counts.samples) < policy.minimum_samples
            };
            let needed: HashSet<(Step, String)> = measured.iter().filter(is_short).cloned().collect();
            if needed.is_empty() {
                break;
            }
            let is_fresh = |w: &&Wide| now.since(w.at).abs() < RENEW_WIDE && needed.is_subset(&w.needed);
            last = match kept.as_ref().filter(is_fresh) {
                Some(wide) => Arc::clone(&wide.window),
                None => {
                    let is_needed = |step, country: &str| needed.contains(&(step, country.to_owned()));
                    let window = Arc::new(tx.wide_window(secs, now, is_needed).await?);
                    *kept = Some(Wide { at: now, needed, window: Arc::clone(&window) });
                    window
                }
            };
            windows.push((secs, Arc::clone(&last)));
        }
        Ok(windows)
    }

    async fn judge_step(
        &mut self,
        tx: &mut Tx,
        scene: &Scene,
        cell: CellRow,
        step: Step,
    ) -> Result<Option<Measured>, Refusal> {
        let policy = &scene.policy;
        let window_ms = policy.windows_secs[0] * SECOND;
        let mut evidence = match cells::is_recent(cell.evidence_from_at, scene.now, window_ms) {
            // Not long ago the cell came back: what had turned it stays closed.
            Some(from) => since(tx, scene, &cell, step, from).await?,
            None => widest_needed(scene, &cell, step),
        };
        let window = opinion(policy, &evidence);
        let current = cell.telemetry_status;
        let mut newer = None;
        let mut newer_from = None;
        if current.is_trouble() {
            let (counts, from) = newest(tx, scene, &cell, step).await?;
            if counts.samples >= policy.recover_samples {
                let after = Evidence::of(step, &counts, scene.now.since(from) / SECOND + 1, scene.now);
                newer = Some(opinion(policy, &after));
                newer_from = Some((from, after));
            }
        }
        if window.is_trouble() || current.is_trouble() {
            let from = scene.now.plus(-window_ms);
            if let Some((class, n)) = tx.top_error(&cell.country_code, step, from).await? {
                #[allow(clippy::cast_precision_loss, reason = "counts of samples")]
                let share = 100.0 * n as f64 / evidence.samples.max(1) as f64;
                evidence.top_error = Some((class, share));
            }
        }
        let streak = self.streaks.entry(cell.id.clone()).or_default();
        let verdict = streak.evaluate(policy, current, window, newer);
        Ok(plan(scene, cell, evidence, newer_from, verdict))
    }
}

/// What is to be written about a cell.
enum Plan {
    /// By what is measured.
    Measured(Measured),
    /// By alerts.
    Alerts(alerts::Told),
}

/// A verdict of what is measured.
struct Measured {
    cell: CellRow,
    evidence: Option<Evidence>,
    to: Option<CellStatus>,
}

fn plan(
    scene: &Scene,
    mut cell: CellRow,
    mut evidence: Evidence,
    newer: Option<(Timestamp, Evidence)>,
    verdict: Verdict,
) -> Option<Measured> {
    let to = match verdict {
        Verdict::Move(to) => Some(to),
        Verdict::Stay => None,
    };
    if let Some(to) =
        to.filter(|to| cell.telemetry_status.is_trouble() && to.rank() < cell.telemetry_status.rank())
        && to != CellStatus::NoData
        && let Some((from, after)) = newer
    {
        cell.evidence_from_at = Some(from.millis());
        evidence = after;
    }
    let is_stale = cell.evidence_at.is_none_or(|at| scene.now.millis() - at >= RENEW_EVIDENCE);
    let is_known = evidence.samples > 0 || cell.evidence.is_some();
    (to.is_some() || (is_stale && is_known)).then_some(Measured { cell, evidence: Some(evidence), to })
}

/// The narrowest window with enough samples; the widest when none has.
fn widest_needed(scene: &Scene, cell: &CellRow, step: Step) -> Evidence {
    let key = (step, cell.country_code.clone());
    let mut last = None;
    for (secs, window) in &scene.windows {
        let counts = window.get(&key).cloned().unwrap_or_default();
        let evidence = Evidence::of(step, &counts, *secs, scene.now);
        if evidence.samples >= scene.policy.minimum_samples {
            return evidence;
        }
        last = Some(evidence);
    }
    last.unwrap_or_else(|| Evidence::of(step, &Counts::default(), 0, scene.now))
}

/// Journeys heard of after `from`.
async fn since(
    tx: &mut Tx,
    scene: &Scene,
    cell: &CellRow,
    step: Step,
    from: Timestamp,
) -> Result<Evidence, Refusal> {
    let mut counts = Counts::default();
    for journey in tx.newest_activations(&cell.country_code, from, 2_000).await? {
        for c in journey.contributions().iter().filter(|c| c.step == step) {
            counts.add(c, journey.is_fallback, scene.now);
        }
    }
    Ok(Evidence::of(step, &counts, (scene.now.since(from) + 999) / SECOND, scene.now))
}

/// The newest outcomes heard of after the cell got worse: at most twice what recovery needs, with the oldest's arrival.
async fn newest(
    tx: &mut Tx,
    scene: &Scene,
    cell: &CellRow,
    step: Step,
) -> Result<(Counts, Timestamp), Refusal> {
    let mut counts = Counts::default();
    let mut from = scene.now;
    for journey in tx.newest_activations(&cell.country_code, cell.telemetry_since_at, 2_000).await? {
        for c in journey.contributions().iter().filter(|c| c.step == step) {
            counts.add(c, journey.is_fallback, scene.now);
        }
        from = from.min(journey.received_at.plus(-1));
        if counts.samples >= 2 * scene.policy.recover_samples {
            break;
        }
    }
    Ok((counts, from))
}

/// Cells without a step are operational while somebody says so, and unknown otherwise.
fn judge_heartbeat(scene: &Scene, cell: CellRow, slug: &str) -> Option<Measured> {
    let is_alive = scene.beats.iter().any(|b| {
        b.component_slug == slug
            && b.country_code == cell.country_code
            && scene.now.since(b.received_at) < 3 * b.interval_secs * SECOND
    });
    let to = if is_alive { CellStatus::Operational } else { CellStatus::NoData };
    (to != cell.telemetry_status).then_some(Measured { cell, evidence: None, to: Some(to) })
}

async fn carry_out(tx: &mut Tx, ctx: &Ctx, scene: &Scene, plan: Measured) -> Result<(), Refusal> {
    let Measured { mut cell, evidence, to } = plan;
    let cause = match &evidence {
        Some(evidence) => evidence.sentence(),
        None if to == Some(CellStatus::NoData) => "No heartbeat for three intervals".into(),
        None => "Heartbeat received".into(),
    };
    if let Some(evidence) = &evidence {
        let text = serde_json::to_string(evidence).unwrap_or_default();
        propose(tx, ctx, scene, &cell, evidence, to).await?;
        if to.is_none() {
            return Ok(tx.save_cell_evidence(&cell.id, &text, ctx.now).await?);
        }
        cell.evidence = Some(text);
        cell.evidence_at = Some(ctx.now.millis());
    }
    let Some(to) = to else { return Ok(()) };
    let is_better = to.rank() < cell.telemetry_status.rank() && to != CellStatus::NoData;
    if is_better && is_flapping(tx, ctx, scene, &mut cell).await? {
        tx.save_cell(&cell).await?;
        return Ok(());
    }
    cells::apply_verdict(tx, ctx, cell, to, &cause).await?;
    Ok(())
}

/// More automatic changes in an hour than policy allows: the worse state stays, and says so.
async fn is_flapping(tx: &mut Tx, ctx: &Ctx, scene: &Scene, cell: &mut CellRow) -> Result<bool, Refusal> {
    if cell.frozen_until_at.is_some_and(|until| until > ctx.now.millis()) {
        return Ok(true);
    }
    let changes = tx.count_automatic_changes(&cell.id, ctx.now.plus(-HOUR)).await?;
    let flapping = changes >= scene.policy.flapping_changes;
    cell.frozen_until_at = flapping.then(|| ctx.now.plus(scene.policy.freeze_secs * SECOND).millis());
    if flapping {
        let detail = serde_json::json!({ "changes_in_an_hour": changes, "until": cell.frozen_until_at });
        cells::audit(tx, ctx, "freeze_cell", &format!("cell:{}", cell.id), detail).await?;
    }
    Ok(flapping)
}

/// Opens, renews or lets lapse the proposal of an incident.
async fn propose(
    tx: &mut Tx,
    ctx: &Ctx,
    scene: &Scene,
    cell: &CellRow,
    evidence: &Evidence,
    to: Option<CellStatus>,
) -> Result<(), Refusal> {
    let open = scene.proposals.iter().find(|p| p.cell_id == cell.id);
    let text = serde_json::to_string(evidence).unwrap_or_default();
    let status = to.unwrap_or(cell.telemetry_status);
    match (open, proposal(&scene.policy, evidence).filter(|_| status == CellStatus::PartialOutage)) {
        (None, Some((proposed, severity))) if to.is_some() && tx.cell_holds(&cell.id).await?.is_empty() => {
            tx.insert_proposal(&new_id(), &cell.id, proposed, severity, &text, ctx.now).await?;
        }
        (Some(p), Some((proposed, severity))) => {
            tx.refresh_proposal(&p.id, proposed, severity, &text, ctx.now).await?
        }
        (Some(p), None) if !status.is_trouble() => {
            tx.close_proposal(&p.id, "lapsed", ctx.now, "system", None).await?;
        }
        _ => {}
    }
    Ok(())
}
