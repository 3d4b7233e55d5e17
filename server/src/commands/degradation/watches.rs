//! Watching closer for a stated time, as after maintenance.

use domain::{
    clock::{DAY, MINUTE, Timestamp},
    telemetry::rule::Watch,
    text,
};
use serde_json::json;
use store::{Tx, WatchRow};

use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit, kept::time},
    http::fields::Fields,
};

/// Fields of the form.
pub const WATCH_FIELDS: [&str; 9] = [
    "component",
    "place",
    "from",
    "until",
    "reason",
    "degraded_below",
    "partial_below",
    "fallback_above",
    "worsen_evaluations",
];

/// The longest watch.
const LONGEST: i64 = 30 * DAY;
/// Most watch periods that are not over.
const OPEN_MAX: usize = 100;

/// A watch period that is to begin.
#[derive(Debug, Clone)]
pub struct NewWatch {
    /// Its cells.
    pub cells: Vec<String>,
    /// What was chosen, in words.
    pub place: String,
    /// What it makes stricter.
    pub watch: Watch,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// Opens a watch period; its id.
///
/// # Errors
/// The field that is wrong.
pub async fn open_watch(tx: &mut Tx, ctx: &Ctx, new: NewWatch) -> Result<String, Refusal> {
    let reason = text::single_line(&new.reason, 200).map_err(|e| Refusal::field("reason", e.to_string()))?;
    if new.cells.is_empty() {
        return Err(Refusal::field("place", "There is no such service there."));
    }
    if new.until <= ctx.now.max(new.from) {
        return Err(Refusal::field("until", "It ends after it begins, and not in the past."));
    }
    if new.until.since(new.from) > LONGEST || new.from.since(ctx.now) > LONGEST {
        return Err(Refusal::field("until", "It begins within 30 days and lasts 30 days at most."));
    }
    if new.watch.is_empty() {
        return Err(Refusal::field("degraded_below", "Give at least one threshold that is stricter."));
    }
    if tx.open_watches(ctx.now).await?.len() >= OPEN_MAX {
        return Err(Refusal::field("place", format!("There are {OPEN_MAX} of them; end some first.")));
    }
    let row = WatchRow {
        id: new_id(),
        cells: json!(new.cells).to_string(),
        place: new.place,
        thresholds: json!(new.watch).to_string(),
        reason,
        from_at: new.from,
        until_at: new.until,
        created_at: ctx.now,
        created_by: ctx.actor.clone(),
    };
    tx.insert_watch(&row).await?;
    let detail = json!({
        "place": row.place,
        "cells": new.cells,
        "thresholds": new.watch,
        "from": row.from_at.rfc3339(),
        "until": row.until_at.rfc3339(),
        "reason": row.reason,
    });
    audit(tx, ctx, "open_watch", &format!("watch:{}", row.id), detail).await?;
    Ok(row.id)
}

/// Ends a watch period before its time.
pub async fn end_watch(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    if !tx.end_watch(id, ctx.now, &ctx.actor).await? {
        return Err(Refusal::NotFound("watch period that goes on"));
    }
    audit(tx, ctx, "end_watch", &format!("watch:{id}"), json!({})).await
}

/// Reads the form.
///
/// # Errors
/// The field that is wrong.
pub async fn watch_from(tx: &mut Tx, fields: &Fields, now: Timestamp) -> Result<NewWatch, Refusal> {
    let (cells, place) = chosen(tx, fields.one("component"), fields.one("place")).await?;
    let from = time(fields, "from")?.unwrap_or(now);
    let until = time(fields, "until")?
        .ok_or_else(|| Refusal::field("until", "Say when it ends; it ends by itself."))?;
    let watch = Watch {
        degraded_below: share(fields, "degraded_below")?,
        partial_below: share(fields, "partial_below")?,
        fallback_above: share(fields, "fallback_above")?,
        worsen_evaluations: match fields.some("worsen_evaluations") {
            None => None,
            Some(typed) => Some(
                typed
                    .parse()
                    .ok()
                    .filter(|n| (1..=600).contains(n))
                    .ok_or_else(|| Refusal::field("worsen_evaluations", "Give 1 to 600 evaluations."))?,
            ),
        },
    };
    // The form knows whole minutes.
    let from = if from < now && now.since(from) < MINUTE { now } else { from };
    Ok(NewWatch { cells, place, watch, from, until, reason: fields.one("reason").to_owned() })
}

fn share(fields: &Fields, name: &'static str) -> Result<Option<f64>, Refusal> {
    let Some(typed) = fields.some(name) else { return Ok(None) };
    let typed = typed.trim_end_matches('%').trim();
    typed
        .parse()
        .ok()
        .filter(|share| (0.0..=100.0).contains(share))
        .map(Some)
        .ok_or_else(|| Refusal::field(name, "Give a share from 0 to 100 %."))
}

/// The cells of a service (empty: every one) in a country or portfolio (empty: everywhere), with words for them.
async fn chosen(tx: &mut Tx, component: &str, place: &str) -> Result<(Vec<String>, String), Refusal> {
    let components = tx.components().await?;
    let wanted = components.iter().find(|c| c.slug == component);
    if wanted.is_none() && !component.is_empty() {
        return Err(Refusal::field("component", "Choose a service that is on the page."));
    }
    let (code, slug) = (place.trim().to_uppercase(), place.trim().to_lowercase());
    let portfolio = tx.portfolios().await?.into_iter().find(|p| p.slug == slug);
    let countries = tx.countries().await?;
    let mut here = countries.iter().filter(|c| {
        slug.is_empty() || c.code == code || portfolio.as_ref().is_some_and(|p| p.id == c.portfolio_id)
    });
    let codes: Vec<&str> = here.by_ref().map(|c| c.code.as_str()).collect();
    if codes.is_empty() {
        let words =
            format!("{place:?} is not on the page; use a code like FR, or a portfolio like western-europe.");
        return Err(Refusal::field("place", words));
    }
    let cells = tx.cells().await?.into_iter().filter(|c| {
        codes.contains(&c.country_code.as_str()) && wanted.is_none_or(|w| w.id == c.component_id)
    });
    let cells: Vec<String> = cells.map(|c| c.id).collect();
    let what = wanted.map_or("Every service", |w| w.name.as_str());
    let name = countries.iter().find(|c| c.code == code).map(|c| c.name.clone());
    let place = portfolio.map(|p| p.name).or(name).unwrap_or_else(|| "everywhere".into());
    Ok((cells, format!("{what} · {place}")))
}
