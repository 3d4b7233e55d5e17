//! Weekly summaries of Sev 3 incidents.

use std::collections::BTreeMap;

use domain::{
    clock::Timestamp,
    text,
    week::{Summary, SummaryItem, Week},
};
use serde_json::{Value, json};
use store::{IncidentCellRow, IncidentRow, Tx, WeeklySummaryRow};

use super::mark;
use crate::commands::{Ctx, Refusal, cells::audit};

/// The texts of a summary, by incident.
pub type Items = BTreeMap<String, String>;

/// The texts of a stored summary.
#[must_use]
pub fn items(row: &WeeklySummaryRow) -> Items {
    serde_json::from_str(&row.items).unwrap_or_default()
}

/// What everybody reads of it, if it was published.
#[must_use]
pub fn published(row: &WeeklySummaryRow) -> Option<Summary> {
    serde_json::from_str(row.published.as_deref()?).ok()
}

/// Mark of a summary's texts, by which a form knows what it was opened at.
#[must_use]
pub fn mark_of(opening: &str, items: &Items) -> String {
    let filled: Vec<_> = items.iter().filter(|(_, text)| !text.is_empty()).collect();
    mark(&(opening, filled))
}

fn words(given: &str, field: &'static str) -> Result<String, Refusal> {
    if given.trim().is_empty() {
        return Ok(String::new());
    }
    let bad = |e: text::BadText| Refusal::field(field, e.to_string());
    let given = text::multi_line(given, text::FIELD_MAX).map_err(bad)?;
    text::no_identifiers(&given).map_err(bad)?;
    Ok(given)
}

fn started(week: Week, now: Timestamp) -> Result<(), Refusal> {
    if week.start() > now { Err(Refusal::NotFound("week")) } else { Ok(()) }
}

async fn begun(tx: &mut Tx, ctx: &Ctx, week: Week) -> Result<WeeklySummaryRow, Refusal> {
    started(week, ctx.now)?;
    tx.begin_summary(&week.to_string(), ctx.now).await?;
    tx.summary(&week.to_string()).await?.ok_or(Refusal::NotFound("week"))
}

/// Writes the texts. If somebody else changed them since `was`, nothing is saved.
pub async fn write(
    tx: &mut Tx,
    ctx: &Ctx,
    week: Week,
    opening: &str,
    typed: &Items,
    was: &str,
) -> Result<(), Refusal> {
    let row = begun(tx, ctx, week).await?;
    let opening = words(opening, "opening")?;
    let incidents = tx.sev3_incidents(week.start(), week.end()).await?;
    let mut after = Items::new();
    for incident in &incidents {
        let text = words(typed.get(&incident.id).map_or("", String::as_str), "item")?;
        after.insert(incident.id.clone(), text);
    }
    let before = items(&row);
    if mark_of(&opening, &after) == mark_of(&row.opening, &before) {
        return Ok(());
    }
    if mark_of(&row.opening, &before) != was {
        return Err(Refusal::Conflict(
            "Somebody else changed this summary after you opened the form. Yours is kept below; saving again keeps yours."
                .into(),
        ));
    }
    let told = |opening: &str, items: &Items| json!({ "opening": opening, "items": items });
    let detail = json!({ "before": told(&row.opening, &before), "after": told(&opening, &after) });
    let saved = WeeklySummaryRow { opening, items: json!(after).to_string(), ..row };
    save(tx, ctx, "write_summary", week, &saved, detail).await
}

async fn save(
    tx: &mut Tx,
    ctx: &Ctx,
    action: &str,
    week: Week,
    row: &WeeklySummaryRow,
    detail: Value,
) -> Result<(), Refusal> {
    if !tx.save_summary(row, ctx.now).await? {
        return Err(Refusal::Conflict(
            "Somebody else changed this summary in the same moment. Send it again.".into(),
        ));
    }
    audit(tx, ctx, action, &format!("week:{week}"), detail).await
}

/// Publishes what is written, with the incidents as they stand.
pub async fn publish(
    tx: &mut Tx,
    ctx: &Ctx,
    week: Week,
    title: impl Fn(&IncidentRow, &[IncidentCellRow]) -> String,
) -> Result<(), Refusal> {
    let row = begun(tx, ctx, week).await?;
    let incidents = tx.sev3_incidents(week.start(), week.end()).await?;
    if incidents.is_empty() && row.opening.is_empty() {
        return Err(Refusal::field("opening", "There is nothing to publish: no incident, and no words."));
    }
    let texts = items(&row);
    let mut listed = Vec::new();
    for incident in &incidents {
        listed.push(SummaryItem {
            incident_id: incident.id.clone(),
            title: title(incident, &tx.incident_cells(&incident.id).await?),
            started_at: incident.started_at,
            ended_at: incident.resolved_at.or(incident.restored_at).map(Timestamp::from_millis),
            text: texts.get(&incident.id).cloned().unwrap_or_default(),
        });
    }
    let first_at = row.first_published_at.map_or(ctx.now, Timestamp::from_millis);
    let summary = Summary { opening: row.opening.clone(), items: listed, first_at, at: ctx.now };
    let detail = json!({ "before": published(&row), "after": summary });
    let saved = WeeklySummaryRow {
        published: Some(json!(summary).to_string()),
        published_by: Some(ctx.actor.clone()),
        published_at: Some(ctx.now.millis()),
        first_published_at: Some(first_at.millis()),
        ..row
    };
    save(tx, ctx, "publish_summary", week, &saved, detail).await?;
    Ok(tx.bump_revision(ctx.now).await?)
}
