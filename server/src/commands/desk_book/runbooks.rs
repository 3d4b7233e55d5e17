//! Runbooks.

use domain::text::{self, NAME_MAX};
use serde_json::json;
use store::{RunbookRow, Tx};

use super::{line, optional_line};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit},
};

/// A runbook as typed.
#[derive(Debug, Clone, Default)]
pub struct Runbook {
    /// What it is about.
    pub title: String,
    /// For this component; empty: any.
    pub component_id: String,
    /// For this error class; empty: any.
    pub error_class: String,
    /// One step a line.
    pub steps: String,
}

/// Adds a runbook, or changes one; returns its id.
pub async fn save(tx: &mut Tx, ctx: &Ctx, id: Option<&str>, given: Runbook) -> Result<String, Refusal> {
    let before = match id {
        Some(id) => Some(tx.runbook(id).await?.ok_or(Refusal::NotFound("runbook"))?),
        None => None,
    };
    let component_id = Some(given.component_id).filter(|id| !id.is_empty());
    if let Some(id) = &component_id
        && !tx.components().await?.iter().any(|c| c.id == *id)
    {
        return Err(Refusal::field("component_id", "Choose a service, or any."));
    }
    let row = RunbookRow {
        id: id.map_or_else(new_id, str::to_owned),
        component_id,
        error_class: optional_line(&given.error_class, "error_class", NAME_MAX)?,
        title: line(&given.title, "title", text::TITLE_MAX)?,
        steps: text::multi_line(&given.steps, text::FIELD_MAX)
            .map_err(|e| Refusal::field("steps", e.to_string()))?,
        updated_at: ctx.now,
    };
    tx.save_runbook(&row, &ctx.actor).await?;
    let detail = json!({ "before": before.as_ref().map(told), "after": told(&row) });
    audit(tx, ctx, "save_runbook", &format!("runbook:{}", row.id), detail).await?;
    Ok(row.id)
}

/// Removes a runbook.
pub async fn remove(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    let before = tx.runbook(id).await?.ok_or(Refusal::NotFound("runbook"))?;
    tx.delete_runbook(id).await?;
    audit(tx, ctx, "remove_runbook", &format!("runbook:{id}"), json!({ "before": told(&before) })).await
}

fn told(row: &RunbookRow) -> serde_json::Value {
    json!({ "title": row.title, "component": row.component_id, "error_class": row.error_class, "steps": row.steps })
}
