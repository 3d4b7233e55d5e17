//! Partners.

use domain::text::NAME_MAX;
use serde_json::json;
use store::{PartnerRow, Tx};

use super::{cells, line, optional_line, zone};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit},
};

/// A partner as typed.
#[derive(Debug, Clone, Default)]
pub struct Partner {
    /// Name shown to us.
    pub name: String,
    /// The brand that their travellers know.
    pub label: String,
    /// IANA zone.
    pub zone: String,
    /// What they sell.
    pub cells: Vec<String>,
}

/// Adds a partner, or changes one; returns its id.
pub async fn save(tx: &mut Tx, ctx: &Ctx, id: Option<&str>, given: Partner) -> Result<String, Refusal> {
    let before = match id {
        Some(id) => Some(tx.partner(id).await?.ok_or(Refusal::NotFound("partner"))?),
        None => None,
    };
    let row = PartnerRow {
        id: id.map_or_else(new_id, str::to_owned),
        name: line(&given.name, "name", NAME_MAX)?,
        label: optional_line(&given.label, "label", NAME_MAX)?,
        zone: zone(&given.zone)?,
        ..before.clone().unwrap_or_default()
    };
    if tx.partners().await?.iter().any(|p| p.name == row.name && p.id != row.id) {
        return Err(Refusal::field("name", format!("There is a partner {:?} already.", row.name)));
    }
    let cells = cells(tx, given.cells).await?;
    tx.save_partner(&row, &cells, ctx.now).await?;
    let detail = json!({ "before": before.as_ref().map(told), "after": told(&row), "cells": cells });
    audit(tx, ctx, "save_partner", &format!("partner:{}", row.id), detail).await?;
    Ok(row.id)
}

/// Removes a partner with its contacts; its people are told nothing more. One for which something was written stays: it is
/// part of the record.
pub async fn remove(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    let before = tx.partner(id).await?.ok_or(Refusal::NotFound("partner"))?;
    if tx.count_meant_for(id).await? > 0 {
        let message = "Incidents or facts were written for this partner, and stay on record with it. Take away what it sells instead.";
        return Err(Refusal::Conflict(message.into()));
    }
    tx.end_partner_subscribers(id, ctx.now).await?;
    tx.delete_partner(id).await?;
    audit(tx, ctx, "remove_partner", &format!("partner:{id}"), json!({ "before": told(&before) })).await
}

fn told(row: &PartnerRow) -> serde_json::Value {
    json!({ "name": row.name, "label": row.label, "zone": row.zone })
}
