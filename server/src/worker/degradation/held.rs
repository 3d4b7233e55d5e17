//! What stands between a verdict and a cell that would get worse: too few sources, a key that turns too much, or one that
//! may not say so much. Getting better is never held.

use std::collections::{HashMap, HashSet};

use domain::{
    clock::{MINUTE, SECOND},
    status::CellStatus,
    telemetry::{degradation::Policy, rule::PolicyScope},
};
use serde_json::json;
use store::{Tx, WithheldRow};

use super::{Plan, Scene};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit},
};

/// What is withheld is noted again after this time.
const RENEW: i64 = 15 * SECOND;
/// A hold that nothing has waited for so long is over.
const WAITS: i64 = 10 * MINUTE;

/// Who told of what speaks for getting worse.
#[derive(Debug, Clone, Default)]
pub(super) struct Voices {
    /// The key that told most of it.
    pub(super) key: Option<String>,
    /// How many independent sources told of it: a key, with those that it replaced, speaks with one voice, whatever it calls its
    /// sources.
    pub(super) sources: usize,
    /// The supplier at which most of it happened.
    pub(super) supplier: Option<String>,
}

impl Voices {
    /// From (journey, source, key, its family) of events, and the supplier.
    pub(super) fn of(heard: &[(String, String, String, String)], supplier: Option<String>) -> Self {
        let sources: HashSet<&str> = heard.iter().map(|(_, source, ..)| source.as_str()).collect();
        let families: HashSet<&str> = heard.iter().map(|(.., family)| family.as_str()).collect();
        let mut journeys: HashMap<&str, HashSet<&str>> = HashMap::new();
        for (subject, _, key, _) in heard {
            journeys.entry(key).or_default().insert(subject);
        }
        let sources = sources.len().min(families.len());
        let key =
            journeys.into_iter().max_by_key(|(key, told)| (told.len(), *key)).map(|(key, _)| key.to_owned());
        Self { key, sources, supplier }
    }

    /// Of one alert.
    pub(super) fn of_alert(key: &str) -> Self {
        Self { key: Some(key.to_owned()), sources: 1, supplier: None }
    }
}

/// A cell that would get worse.
pub(super) struct Case<'a> {
    pub(super) cell: &'a str,
    /// What it is so far.
    pub(super) from: CellStatus,
    pub(super) to: CellStatus,
    pub(super) voices: &'a Voices,
    pub(super) sentence: &'a str,
}

impl Scene {
    /// What holds for the whole grid.
    fn whole(&self) -> Option<&Policy> {
        self.rules.iter().find(|r| r.scope == PolicyScope::Default).map(|r| &r.policy)
    }

    /// Whether it was noted a moment ago that a key waits for a person, or was dismissed, with this cell.
    pub(super) fn waits(&self, cell: &str, key: &str) -> bool {
        let noted = self.withheld.get(cell).is_some_and(|w| self.now.since(w.at) < RENEW);
        noted && self.holds.iter().any(|h| h.key_id == key && h.state != "passed")
    }
}

/// What a cell may become now; none: nothing worse than it is. What stands before it is noted, for the board.
pub(super) async fn permitted(
    tx: &mut Tx,
    ctx: &Ctx,
    scene: &Scene,
    policy: &Policy,
    case: Case<'_>,
) -> Result<Option<CellStatus>, Refusal> {
    let is_modest = case.voices.key.as_ref().is_some_and(|key| scene.modest.contains(key));
    let is_capped = is_modest && case.to.rank() > CellStatus::Degraded.rank();
    let to = if is_capped { CellStatus::Degraded } else { case.to };
    let is_idle = is_capped && to.rank() <= case.from.rank();
    let why = if is_short_of_sources(policy, &case) {
        Some("quorum")
    } else if !is_idle && is_too_much(tx, ctx, scene, &case).await? {
        Some("key")
    } else if is_capped {
        Some("modest")
    } else {
        None
    };
    let Some(why) = why else {
        if scene.withheld.contains_key(case.cell) {
            tx.delete_withheld(case.cell).await?;
        }
        return Ok(Some(to));
    };
    let noted = scene.withheld.get(case.cell);
    if noted.is_none_or(|w| w.why != why || w.to_status != case.to || ctx.now.since(w.at) >= RENEW) {
        let row = WithheldRow {
            cell_id: case.cell.to_owned(),
            to_status: case.to,
            why: why.to_owned(),
            key_id: case.voices.key.clone(),
            sources: i64::try_from(case.voices.sources).unwrap_or(i64::MAX),
            sentence: case.sentence.to_owned(),
            first_at: ctx.now,
            at: ctx.now,
        };
        tx.save_withheld(&row).await?;
    }
    Ok((why == "modest" && !is_idle).then_some(to))
}

/// Whether fewer sources told of it than policy asks for.
fn is_short_of_sources(policy: &Policy, case: &Case<'_>) -> bool {
    policy.quorum_sources > 1 && case.voices.sources < policy.quorum_sources
}

async fn is_too_much(tx: &mut Tx, ctx: &Ctx, scene: &Scene, case: &Case<'_>) -> Result<bool, Refusal> {
    let (Some(key), Some(policy)) = (&case.voices.key, scene.whole()) else { return Ok(false) };
    // Read here: another cell of this evaluation may have begun the hold.
    if let Some(hold) = tx.key_holds(ctx.now).await?.into_iter().find(|h| h.key_id == *key) {
        return Ok(hold.state != "passed");
    }
    let from = ctx.now.plus(-policy.key_window_secs * SECOND);
    let before = tx.count_worsened_by_key(key, case.cell, from).await?;
    if policy.key_may_worsen(before, scene.grid) {
        return Ok(false);
    }
    let id = new_id();
    if tx.hold_key(&id, key, ctx.now).await? {
        let detail =
            json!({ "key": key, "cells_before": before, "cells": scene.grid, "share": policy.key_share });
        audit(tx, ctx, "hold_key", &format!("key_hold:{id}"), detail).await?;
        tracing::warn!(key, before, "one key would turn too much of the grid; a person decides");
    }
    Ok(true)
}

/// Holds that nothing has waited for in a while.
pub(super) async fn lapsed(tx: &mut Tx, scene: &Scene) -> Result<Vec<Plan>, Refusal> {
    let old = scene.now.plus(-WAITS);
    if !scene.holds.iter().any(|h| h.state == "held" && h.began_at < old) {
        return Ok(Vec::new());
    }
    let waiting = tx.withheld(old).await?;
    let is_over = |key: &str| !waiting.iter().any(|w| w.why == "key" && w.key_id.as_deref() == Some(key));
    let holds = scene.holds.iter().filter(|h| h.state == "held" && h.began_at < old && is_over(&h.key_id));
    Ok(holds.map(|h| Plan::Lapse(h.id.clone())).collect())
}

/// Ends a hold that nothing waits for.
pub(super) async fn lapse(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    if tx.decide_key_hold(id, "lapsed", (ctx.now, "system"), None).await? {
        audit(tx, ctx, "lapse_key_hold", &format!("key_hold:{id}"), json!({})).await?;
    }
    Ok(())
}
