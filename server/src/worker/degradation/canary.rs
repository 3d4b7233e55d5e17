//! Canary against baseline, twice a minute; a verdict that changed is published to the endpoints chosen for it, once.

use domain::{
    clock::{SECOND, Timestamp},
    component::Step,
    telemetry::{
        canary::{CanaryPolicy, CanaryVerdict, Comparison, compare},
        rule::PolicyScope,
    },
};
use serde_json::{Value, json};
use store::{CanaryChangeRow, CanaryVerdictRow, OutboxRow, Tx};

use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, canary, cells::audit},
    state::App,
};

/// Between two comparisons.
const EVERY: i64 = 30 * SECOND;
/// A verdict counts once it was found so often in a row.
const IN_A_ROW: i64 = 2;
/// After news of incidents, before what telemetry measures.
const PRIORITY: i64 = 3;
/// The longest SLA of a step: outcomes of what entered before are known.
const SLA_SECS: i64 = 60;

/// One scope with its policy, its step and its country.
struct Matter {
    scope: PolicyScope,
    version: i64,
    policy: CanaryPolicy,
    step: Step,
    country: Option<String>,
}

/// Compares what is due.
pub(super) async fn compare_due(app: &App, last: &mut Option<Timestamp>) -> Result<(), Refusal> {
    let now = app.clock.now();
    if last.is_some_and(|at| now.since(at).abs() < EVERY) {
        return Ok(());
    }
    *last = Some(now);
    let mut tx = app.store.read().await?;
    let matters = matters(&mut tx).await?;
    let old = tx.canary_verdicts().await?;
    if matters.is_empty() && old.is_empty() {
        return Ok(());
    }
    let mut found = Vec::new();
    for matter in matters {
        let (width, period) = period(&matter.policy, now);
        let of = (matter.step, matter.country.as_deref());
        let (canary, baseline) = tx.cohort_counts(of, width, period).await?;
        let comparison = compare(&matter.policy, canary, baseline);
        found.push((matter, period, comparison));
    }
    drop(tx);
    let ctx = Ctx::system(now);
    let page = app.snapshot.with_world(|w| (w.page_id.clone(), w.page_name.clone()));
    let mut tx = app.store.write().await?;
    let mut changed = 0;
    for gone in old.iter().filter(|o| !found.iter().any(|(m, ..)| m.scope.slug() == o.scope)) {
        tx.delete_canary_verdict(&gone.scope).await?;
    }
    for (matter, period, comparison) in &found {
        // Read again: another node may have compared meanwhile.
        let old = tx.canary_verdicts().await?.into_iter().find(|o| o.scope == matter.scope.slug());
        changed += usize::from(keep(&mut tx, &ctx, &page, matter, *period, comparison, old).await?);
    }
    tx.commit().await?;
    if changed > 0 {
        app.wake.outbox.notify_one();
    }
    Ok(())
}

async fn matters(tx: &mut Tx) -> Result<Vec<Matter>, Refusal> {
    let components = tx.components().await?;
    let step_of = |slug: &str| components.iter().find(|c| c.slug == slug).and_then(store::ComponentRow::step);
    let mut matters = Vec::new();
    for (scope, version, policy) in canary::policies(tx).await? {
        let (step, country) = match &scope {
            PolicyScope::Default => (Some(Step::Journey), None),
            PolicyScope::Country(code) => (Some(Step::Journey), Some(code.clone())),
            PolicyScope::Component(slug) => (step_of(slug), None),
            PolicyScope::Cell(slug, code) => (step_of(slug), Some(code.clone())),
        };
        if let Some(step) = step.filter(|_| policy.is_enabled) {
            matters.push(Matter { scope, version, policy, step, country });
        }
    }
    Ok(matters)
}

/// How wide the rollups are, and what is compared: up to where every outcome is known.
fn period(policy: &CanaryPolicy, now: Timestamp) -> (i64, (Timestamp, Timestamp)) {
    let width = if policy.window_secs > 3_600 { 300 } else { 10 };
    let border = |ms: i64| Timestamp::from_millis(ms.div_euclid(width * SECOND) * width * SECOND);
    let to = border(now.plus(-SLA_SECS * SECOND).millis());
    (width, (border(to.plus(-policy.window_secs * SECOND).millis()), to))
}

/// Keeps a comparison; whether the verdict changed.
async fn keep(
    tx: &mut Tx,
    ctx: &Ctx,
    page: &(String, String),
    matter: &Matter,
    (from, to): (Timestamp, Timestamp),
    comparison: &Comparison,
    old: Option<CanaryVerdictRow>,
) -> Result<bool, Refusal> {
    if old.as_ref().is_some_and(|o| ctx.now.since(o.judged_at) < EVERY / 2) {
        return Ok(false);
    }
    let next = comparison.verdict.slug();
    let before = old.as_ref().map_or_else(|| CanaryVerdict::Hold.slug().to_owned(), |o| o.verdict.clone());
    let times = old.as_ref().filter(|o| o.next_verdict == next).map_or(1, |o| o.next_times + 1);
    let changes = next != before && times >= IN_A_ROW;
    let row = CanaryVerdictRow {
        scope: matter.scope.slug(),
        verdict: if changes { next.to_owned() } else { before.clone() },
        since_at: if changes { ctx.now } else { old.as_ref().map_or(ctx.now, |o| o.since_at) },
        next_verdict: next.to_owned(),
        next_times: times,
        comparison: json!(comparison).to_string(),
        policy_version: matter.version,
        from_at: from,
        to_at: to,
        judged_at: ctx.now,
    };
    tx.save_canary_verdict(&row).await?;
    if changes {
        let event_id = new_id();
        let body = body(page, matter, &row, &before, comparison, &event_id);
        let change = CanaryChangeRow {
            event_id: event_id.clone(),
            scope: row.scope.clone(),
            at: ctx.now,
            body: body.to_string(),
        };
        tx.insert_canary_change(&change).await?;
        let notice = OutboxRow {
            event_id,
            kind: canary::KIND.into(),
            priority: PRIORITY,
            created_at: ctx.now,
            ..OutboxRow::default()
        };
        tx.insert_outbox(&notice).await?;
        audit(tx, ctx, "judge_canary", &format!("canary:{}", row.scope), body).await?;
    }
    Ok(changes)
}

/// What endpoints are sent.
fn body(
    page: &(String, String),
    matter: &Matter,
    row: &CanaryVerdictRow,
    before: &str,
    comparison: &Comparison,
    event_id: &str,
) -> Value {
    let component = match &matter.scope {
        PolicyScope::Component(slug) | PolicyScope::Cell(slug, _) => Some(slug),
        PolicyScope::Default | PolicyScope::Country(_) => None,
    };
    let arm = |arm: &domain::telemetry::canary::Arm| json!({ "samples": arm.samples, "succeeded": arm.succeeded, "success_percent": arm.share() * 100.0 });
    json!({
        "meta": { "generated_at": row.judged_at.rfc3339(), "event_id": event_id },
        "page": { "id": page.0, "name": page.1 },
        "x_waypost": { "type": "canary.verdict", "sequence": row.judged_at.millis() },
        "canary_verdict": {
            "verdict": row.verdict,
            "before": before,
            "scope": row.scope,
            "component": component,
            "country": matter.country,
            "step": matter.step.slug(),
            "window": { "from": row.from_at.rfc3339(), "to": row.to_at.rfc3339() },
            "canary": arm(&comparison.canary),
            "baseline": arm(&comparison.baseline),
            "difference_points": comparison.difference,
            "interval_points": [comparison.low, comparison.high],
            "test": { "name": "two-proportion z-test, pooled", "z": comparison.z, "p_value": comparison.p_value },
            "policy": {
                "version": matter.version,
                "minimum_samples": matter.policy.minimum_samples,
                "largest_difference_points": matter.policy.largest_difference,
                "least_share_percent": matter.policy.least_share,
                "confidence_percent": matter.policy.confidence,
                "window_secs": matter.policy.window_secs,
            },
        },
    })
}
