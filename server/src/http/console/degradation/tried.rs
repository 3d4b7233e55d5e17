//! What a policy would have done, on the page of the policy.

use std::time::Duration;

use app::console::{
    degradation::{PolicyForm, Tried, TriedLine},
    model::FormError,
};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock_local::utc_time,
    telemetry::{
        replay::{Compared, Match},
        rule::PolicyScope,
    },
};

use tokio::{sync::Semaphore, time::timeout};

use super::{
    super::{
        desk::{Answer, Desk},
        forms,
        now::Names,
    },
    render, scope_at, typed,
};
use crate::commands::{
    Refusal,
    degradation::{DryRun, FIELDS, dry_run, read, rules},
};

/// A trial reads days of rollups: one at a time, so that no two of them hold up the judge.
static TRIALS: Semaphore = Semaphore::const_new(1);
/// Whoever comes second waits so long.
const PATIENCE: Duration = Duration::from_secs(3);
/// What a trial leaves out, always.
const LEFT_OUT: &str =
    "Alerts, pins, watch periods, the quorum of sources and the limit of a key are left out.";
/// Lines that the page shows.
const LINES: usize = 300;

/// Tries the figures of a form; nothing is saved.
pub async fn attempt(desk: Desk, Path(slug): Path<String>) -> Answer {
    forms::only(&desk.fields, &FIELDS)?;
    let scope = scope_at(&slug)?;
    let mut model = typed(&desk, &scope).await?;
    match run(&desk, &scope).await {
        Ok(tried) => {
            model.tried = Some(tried);
            Ok(render(&desk, StatusCode::OK, &model))
        }
        Err(Refusal::Field { field, message }) => {
            let model = PolicyForm { error: Some(FormError { field: field.into(), message }), ..model };
            Ok(render(&desk, StatusCode::UNPROCESSABLE_ENTITY, &model))
        }
        Err(refusal) => Err(refusal),
    }
}

async fn run(desk: &Desk, scope: &PolicyScope) -> Result<Tried, Refusal> {
    let (rules, names) = {
        let mut tx = desk.read().await?;
        (rules(&mut tx).await?, Names::load(&mut tx).await?)
    };
    let default = rules.into_iter().find(|r| r.scope == PolicyScope::Default).map(|r| r.policy);
    let policy = read(&desk.fields, *scope == PolicyScope::Default, &default.unwrap_or_default())
        .map_err(|(field, message)| named(&field, message))?;
    let needed = |name| forms::time(&desk.fields, name);
    let from = needed("from")?.ok_or_else(|| Refusal::field("from", "Say when the period begins."))?;
    let until = needed("until")?.ok_or_else(|| Refusal::field("until", "Say when it ends."))?;
    let busy =
        || Refusal::field("from", "Somebody tries a policy at this moment. Try again in some seconds.");
    let _turn = timeout(PATIENCE, TRIALS.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())?;
    let done = dry_run(&desk.app.store, scope, &policy, (from, until), desk.now()).await?;
    Ok(told(&done, &names, desk))
}

/// A refusal whose field is one of the form's.
fn named(field: &str, message: String) -> Refusal {
    let field = FIELDS.into_iter().find(|f| *f == field).unwrap_or_default();
    Refusal::field(field, message)
}

fn told(done: &DryRun, names: &Names, desk: &Desk) -> Tried {
    let now = desk.now();
    let line = |(cell, c): &(String, Compared)| TriedLine {
        at: utc_time(c.at, now),
        cell: names.cell(cell),
        change: format!("{} → {}", c.from.words(), c.to.words()),
        what: match c.what {
            Match::Same => "as it happened",
            Match::New => "new",
            Match::Missed => "would not have happened",
        },
        evidence: c
            .evidence
            .as_ref()
            .map(|e| format!("{}, n = {}", e.sentence(), e.samples))
            .unwrap_or_default(),
    };
    let count = |what| done.lines.iter().filter(|(_, c)| c.what == what).count();
    let steps = if done.width_secs == 10 { "ten seconds" } else { "five minutes" };
    let words = format!(
        "{} as it happened, {} new, {} that would not have happened; {} cells, from rollups of {steps}.",
        count(Match::Same),
        count(Match::New),
        count(Match::Missed),
        done.cells.0,
    );
    let mut limits = vec![LEFT_OUT.to_owned()];
    if done.width_secs != 10 {
        limits.push(
            "Rollups of five minutes keep no latencies: what was slow, or would have been, is not tried."
                .into(),
        );
    }
    if done.cells.0 < done.cells.1 {
        limits.push(format!(
            "Only {} of {} cells were looked at: try a shorter period.",
            done.cells.0, done.cells.1
        ));
    }
    if done.is_cut {
        limits.push(
            "There is more data than is read at once, and some was left out: try a shorter period.".into(),
        );
    }
    if done.lines.len() > LINES {
        limits.push(format!("The first {LINES} of {} lines are shown.", done.lines.len()));
    }
    Tried { lines: done.lines.iter().take(LINES).map(line).collect(), words, limits: limits.join(" ") }
}
