//! Suppliers.

use domain::{engagement::SupplierKind, text::NAME_MAX};
use serde_json::json;
use store::{SupplierRow, Tx};

use super::{cells, line, optional_line};
use crate::{
    clock::new_id,
    commands::{
        Ctx, Refusal,
        cells::{audit, slug_of},
    },
    ingest::FAILOVER,
};

/// A supplier as typed.
#[derive(Debug, Clone, Default)]
pub struct Supplier {
    /// Name shown.
    pub name: String,
    /// As activation events name it; empty: from the name.
    pub slug: String,
    /// What it does for us.
    pub kind: String,
    /// What it owes us, in words.
    pub interconnect_sla: String,
    /// Cells that depend on it.
    pub cells: Vec<String>,
}

/// Adds a supplier, or changes one; returns its id.
pub async fn save(tx: &mut Tx, ctx: &Ctx, id: Option<&str>, given: Supplier) -> Result<String, Refusal> {
    let before = match id {
        Some(id) => Some(tx.supplier(id).await?.ok_or(Refusal::NotFound("supplier"))?),
        None => None,
    };
    let name = line(&given.name, "name", NAME_MAX)?;
    let slug = slug_of(if given.slug.trim().is_empty() { &name } else { &given.slug });
    if slug.is_empty() || slug.len() > 40 {
        let message = "Give 1 to 40 letters, digits or hyphens, as activation events name it.";
        return Err(Refusal::field("slug", message));
    }
    let kind = SupplierKind::try_from(given.kind.as_str())
        .map_err(|_| Refusal::field("kind", "Choose what this supplier does."))?;
    let row = SupplierRow {
        id: id.map_or_else(new_id, str::to_owned),
        slug,
        name,
        kind: kind.slug().into(),
        interconnect_sla: optional_line(&given.interconnect_sla, "interconnect_sla", 400)?,
    };
    if tx.suppliers().await?.iter().any(|s| s.slug == row.slug && s.id != row.id) {
        return Err(Refusal::field("slug", format!("There is a supplier {:?} already.", row.slug)));
    }
    let cells = cells(tx, given.cells).await?;
    tx.save_supplier(&row, &cells, ctx.now).await?;
    // Failovers that named it counted for nothing; from now on they do.
    tx.delete_unmapped(FAILOVER, &json!({ "supplier": row.slug }).to_string()).await?;
    let detail = json!({ "before": before.as_ref().map(told), "after": told(&row), "cells": cells });
    audit(tx, ctx, "save_supplier", &format!("supplier:{}", row.id), detail).await?;
    Ok(row.id)
}

/// Removes a supplier with its contacts; what was engaged stays on the incidents' record.
pub async fn remove(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    let before = tx.supplier(id).await?.ok_or(Refusal::NotFound("supplier"))?;
    tx.delete_supplier(id).await?;
    audit(tx, ctx, "remove_supplier", &format!("supplier:{id}"), json!({ "before": told(&before) })).await
}

fn told(row: &SupplierRow) -> serde_json::Value {
    json!({ "name": row.name, "slug": row.slug, "kind": row.kind, "interconnect_sla": row.interconnect_sla })
}
