//! What a policy would have done in a past period. It only reads, in short transactions, and ends in bounded time; whoever
//! goes away ends it.

use std::{collections::HashMap, time::Duration};

use domain::{
    clock::{DAY, HOUR, MINUTE, SECOND, Timestamp},
    component::Step,
    status::CellStatus,
    telemetry::{
        degradation::Policy,
        replay::{Bucket, Compared, Series, compare, replay},
        rule::{PolicyScope, Rule, rule_of},
    },
};
use store::{Buckets, Store};
use tokio::time::Instant;

use super::rules;
use crate::commands::Refusal;

/// The longest period.
const LONGEST: i64 = 7 * DAY;
/// Periods up to this are looked at in steps of ten seconds, where those are kept still.
const FINE: i64 = DAY;
/// Most cells.
const CELLS_MAX: usize = 200;
/// Most rows of each kind that are read.
const ROWS_MAX: i64 = 400_000;
/// A transaction reads so much of the period.
const CHUNK: i64 = 6 * HOUR;
/// The longest that deciding takes.
const DEADLINE: Duration = Duration::from_secs(10);
/// Most changes that happened and are laid beside.
const CHANGES_MAX: i64 = 5_000;

/// What came of it.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// Cells with the changes that would have been or were.
    pub lines: Vec<(String, Compared)>,
    /// How wide the rollups were, in seconds.
    pub width_secs: i64,
    /// Cells that were looked at, and that the policy decides about.
    pub cells: (usize, usize),
    /// Whether rows had to be left out.
    pub is_cut: bool,
}

/// Tries a policy of a scope on a period.
///
/// # Errors
/// The field of the period that is wrong.
pub async fn dry_run(
    store: &Store,
    scope: &PolicyScope,
    policy: &Policy,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<DryRun, Refusal> {
    if until > now.plus(MINUTE) || from >= until {
        return Err(Refusal::field("until", "The period ends after it begins, and not in the future."));
    }
    if until.since(from) > LONGEST {
        return Err(Refusal::field("from", "Try seven days at most."));
    }
    let until = until.min(now);
    let all = cells_of(store, scope, policy).await?;
    let width_secs = width(store, (from, until)).await?;
    let (mut series, is_whole) = series(store, width_secs, (from, until)).await?;
    let did = happened(store, (from, until)).await?;
    let begun = Instant::now();
    let (mut lines, mut looked) = (Vec::new(), 0);
    for (cell, step, country) in all.iter().take(CELLS_MAX) {
        if begun.elapsed() > DEADLINE {
            break;
        }
        let buckets = series.remove(&(*step, country.clone())).unwrap_or_default();
        let (policy, step) = (policy.clone(), *step);
        let decided = tokio::task::spawn_blocking(move || {
            let would = replay(&policy, &Series { step, buckets: &buckets }, (from, until), width_secs);
            (would, buckets)
        });
        let Ok((would, buckets)) = decided.await else { return Err(Refusal::NotFound("result")) };
        // Another service may be bound to the same step.
        series.insert((step, country.clone()), buckets);
        let mine = did.get(cell).map(Vec::as_slice).unwrap_or_default();
        let tolerance = (2 * width_secs * SECOND).max(MINUTE);
        lines.extend(compare(&would, mine, tolerance).into_iter().map(|line| (cell.clone(), line)));
        looked += 1;
    }
    lines.sort_by_key(|(_, line)| line.at);
    Ok(DryRun { lines, width_secs, cells: (looked, all.len()), is_cut: !is_whole })
}

/// Cells with a step that the policy would decide about: id, step, country.
async fn cells_of(
    store: &Store,
    scope: &PolicyScope,
    policy: &Policy,
) -> Result<Vec<(String, Step, String)>, Refusal> {
    let mut tx = store.read().await?;
    let mut rules = rules(&mut tx).await?;
    rules.retain(|r| r.scope != *scope);
    rules.push(Rule { scope: scope.clone(), version: 0, policy: policy.clone() });
    let components: HashMap<String, (String, Option<Step>)> =
        tx.components().await?.into_iter().map(|c| (c.id.clone(), (c.slug.clone(), c.step()))).collect();
    let mut found = Vec::new();
    for cell in tx.cells().await? {
        let Some((slug, Some(step))) = components.get(&cell.component_id) else { continue };
        if rule_of(&rules, slug, &cell.country_code).is_some_and(|r| r.scope == *scope) {
            found.push((cell.id, *step, cell.country_code));
        }
    }
    Ok(found)
}

/// Ten seconds where the period is short and its fine rollups are kept still.
async fn width(store: &Store, (from, until): (Timestamp, Timestamp)) -> Result<i64, Refusal> {
    if until.since(from) > FINE {
        return Ok(300);
    }
    let mut tx = store.read().await?;
    let coarse = tx.first_bucket(300, (from, until)).await?;
    let fine = tx.first_bucket(10, (from, until)).await?;
    let is_kept = match (coarse, fine) {
        (Some(coarse), Some(fine)) => fine.since(coarse) < 300 * SECOND,
        (None, _) => true,
        (Some(_), None) => false,
    };
    Ok(if is_kept { 10 } else { 300 })
}

/// The series of the period, and, coarser, of the day before it.
async fn series(
    store: &Store,
    width_secs: i64,
    (from, until): (Timestamp, Timestamp),
) -> Result<(Buckets, bool), Refusal> {
    let (mut series, mut is_whole) = (Buckets::new(), true);
    let border = |at: Timestamp| Timestamp::from_millis(at.millis().div_euclid(300 * SECOND) * 300 * SECOND);
    // The replay begins to look an hour before the period.
    let begin = border(from.plus(-HOUR));
    let mut rows_left = ROWS_MAX;
    for (width, start, end) in [(300, border(from.plus(-HOUR - DAY)), begin), (width_secs, begin, until)] {
        let mut at = start;
        while at < end {
            let next = at.plus(CHUNK).min(end);
            is_whole &=
                store.read().await?.add_buckets(&mut series, width, (at, next), rows_left.max(1)).await?;
            let rows: usize = series.values().map(|s: &Vec<Bucket>| s.len()).sum();
            rows_left = ROWS_MAX - i64::try_from(rows).unwrap_or(ROWS_MAX);
            at = next;
        }
    }
    Ok((series, is_whole))
}

/// When, from what, and to what.
type Happened = (Timestamp, CellStatus, CellStatus);

async fn happened(
    store: &Store,
    period: (Timestamp, Timestamp),
) -> Result<HashMap<String, Vec<Happened>>, Refusal> {
    let rows = store.read().await?.automatic_changes_between(period, CHANGES_MAX).await?;
    let mut by_cell: HashMap<String, Vec<Happened>> = HashMap::new();
    for (cell, at, from, to) in rows {
        let (Ok(from), Ok(to)) = (CellStatus::try_from(from), CellStatus::try_from(to)) else { continue };
        by_cell.entry(cell).or_default().push((Timestamp::from_millis(at), from, to));
    }
    Ok(by_cell)
}
