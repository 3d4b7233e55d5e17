//! Nodes, and traffic that moves between them.

use domain::{
    clock::{MINUTE, Timestamp},
    telemetry::supplier::{NODES_MAX, node_of},
};
use serde_json::json;
use store::{MoveRow, NodeRow, Tx};

use super::{cells, line, subject, supplier};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit, kept::time},
    http::fields::Fields,
};

/// Fields of the form of a node.
pub const NODE_FIELDS: [&str; 3] = ["slug", "role", "cell"];

/// Adds a node, or changes it.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn save_node(tx: &mut Tx, ctx: &Ctx, id: &str, fields: &Fields) -> Result<(), Refusal> {
    let owner = supplier(tx, id).await?;
    let slug = node_of(&owner.slug, fields.one("slug").trim()).map(str::to_owned).ok_or_else(|| {
        Refusal::field(
            "slug",
            "Give 1 to 40 letters, digits, hyphens or dots, as events name it after the slash.",
        )
    })?;
    let is_home = match fields.one("role") {
        "home" => true,
        "standby" => false,
        _ => return Err(Refusal::field("role", "Say whether it carries traffic or stands by.")),
    };
    let known: Vec<NodeRow> = tx.nodes().await?.into_iter().filter(|n| n.supplier_id == id).collect();
    if known.len() >= NODES_MAX && !known.iter().any(|n| n.slug == slug) {
        return Err(Refusal::field(
            "slug",
            format!("A supplier has at most {NODES_MAX} nodes; remove one first."),
        ));
    }
    let cells = cells(tx, id, fields).await?;
    let before = known.iter().find(|n| n.slug == slug).map(|n| json!({ "is_home": n.is_home }));
    let row = NodeRow { id: new_id(), supplier_id: id.to_owned(), slug, is_home, is_entered: true };
    tx.save_node(&row, &cells, ctx.now).await?;
    let detail = json!({ "node": row.slug, "before": before, "is_home": is_home, "cells": cells });
    audit(tx, ctx, "save_node", &subject(id), detail).await
}

/// Removes a node; what moved stays on record.
///
/// # Errors
/// When there is none.
pub async fn remove_node(tx: &mut Tx, ctx: &Ctx, id: &str, node: &str) -> Result<(), Refusal> {
    let known = tx.nodes().await?.into_iter().find(|n| n.id == node && n.supplier_id == id);
    let known = known.ok_or(Refusal::NotFound("node"))?;
    tx.delete_node(node).await?;
    audit(tx, ctx, "remove_node", &subject(id), json!({ "node": known.slug })).await
}

/// Fields of the form of a failover.
pub const MOVE_FIELDS: [&str; 4] = ["from", "to", "reason", "at"];

/// Puts on record that traffic moved.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn record_move(tx: &mut Tx, ctx: &Ctx, id: &str, fields: &Fields) -> Result<(), Refusal> {
    supplier(tx, id).await?;
    let nodes: Vec<String> =
        tx.nodes().await?.into_iter().filter(|n| n.supplier_id == id).map(|n| n.slug).collect();
    let node = |field: &'static str| {
        let slug = fields.one(field);
        let is_known = nodes.iter().any(|n| n == slug);
        is_known.then(|| slug.to_owned()).ok_or_else(|| Refusal::field(field, "Choose one of its nodes."))
    };
    let (from, to) = (node("from")?, node("to")?);
    if from == to {
        return Err(Refusal::field("to", "This is the node that the traffic left. Choose another one."));
    }
    let reason = line(fields.one("reason"), "reason", 200)?;
    let at = moment(fields, ctx.now)?;
    let row = MoveRow {
        id: new_id(),
        supplier_id: id.to_owned(),
        from_node: from,
        to_node: to,
        reason,
        occurred_at: at,
        recorded_at: ctx.now,
        recorded_by: ctx.actor_name.clone(),
        event_key: None,
        struck_at: None,
    };
    tx.insert_move(&row).await?;
    let detail = json!({ "from": row.from_node, "to": row.to_node, "reason": row.reason, "occurred_at": at.rfc3339() });
    audit(tx, ctx, "record_move", &subject(id), detail).await
}

/// A time as typed, in UTC; empty: now.
fn moment(fields: &Fields, now: Timestamp) -> Result<Timestamp, Refusal> {
    match time(fields, "at")? {
        Some(at) if at > now.plus(MINUTE) => Err(Refusal::field("at", "This time is still to come.")),
        given => Ok(given.unwrap_or(now)),
    }
}

/// A move on record was a mistake: it counts no more, and stays readable.
///
/// # Errors
/// When there is none.
pub async fn strike_move(tx: &mut Tx, ctx: &Ctx, id: &str, step: &str) -> Result<(), Refusal> {
    if !tx.strike_move(id, step, ctx.now).await? {
        return Err(Refusal::NotFound("move of traffic"));
    }
    audit(tx, ctx, "strike_move", &subject(id), json!({ "move": step })).await
}
