//! One incident as JSON: everything that we have about it, for another system or an auditor.

use axum::{extract::Path, http::header, response::IntoResponse as _};
use domain::{clock::Timestamp, sla::clock::Clock};
use serde_json::{Value, json};
use store::{AuditRow, EngagementRow, IncidentRoleRow, IncidentRow, Tx, UpdateRow};

use crate::{
    commands::{
        Refusal,
        rca::{self, record},
    },
    http::console::{
        desk::{Answer, Desk},
        now::Names,
    },
};

/// Everything about one incident.
pub async fn export(desk: Desk, Path(id): Path<String>) -> Answer {
    let now = desk.now();
    let mut tx = desk.read().await?;
    let incident = tx.incident(&id).await?.ok_or(Refusal::NotFound("incident"))?;
    let title = Names::load(&mut tx).await?.title(&mut tx, &incident).await?;
    let body = json!({
        "format": "waypost-incident-1",
        "exported_at": now.rfc3339(),
        "page": desk.app.config.origin(),
        "incident": facts(&incident, &title),
        "cells": tx.incident_cells(&id).await?.iter().map(|c| json!({ "id": c.cell_id, "status": c.status.slug() })).collect::<Vec<_>>(),
        "updates": tx.updates(&id).await?.iter().rev().map(update).collect::<Vec<_>>(),
        "clocks": tx.clocks(&id).await?.iter().map(clock).collect::<Vec<_>>(),
        "roles": tx.incident_roles(&id).await?.iter().map(role).collect::<Vec<_>>(),
        "engagements": tx.engagements(&id).await?.iter().map(engagement).collect::<Vec<_>>(),
        "notes": tx.notes(&id).await?.iter().map(|n| json!({ "at": n.at.rfc3339(), "author": n.author_id, "name": n.author_name, "text": n.text })).collect::<Vec<_>>(),
        "review": review(&mut tx, &id).await?,
        "record": record::of(&mut tx, &incident, now).await?,
        "audit": tx.audit_of(&format!("incident:{id}")).await?.iter().map(line).collect::<Vec<_>>(),
    });
    let text = serde_json::to_string_pretty(&body).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"incident-{id}.json\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}

fn at(ms: Option<i64>) -> Option<String> {
    ms.map(|ms| Timestamp::from_millis(ms).rfc3339())
}

/// Stored JSON as JSON.
fn stored(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn facts(row: &IncidentRow, title: &str) -> Value {
    json!({
        "id": row.id, "title": title, "severity": row.severity.number(), "phase": row.phase.slug(),
        "started_at": row.started_at.rfc3339(), "declared_at": row.declared_at.rfc3339(), "restored_at": at(row.restored_at),
        "resolved_at": at(row.resolved_at), "next_update_due_at": at(row.next_update_due_at),
        "policy_version": row.policy_version, "evidence": row.evidence.as_deref().map(stored), "sequence": row.sequence,
        "is_rehearsal": row.is_rehearsal, "is_backfilled": row.is_backfilled, "duplicate_of": row.duplicate_of,
    })
}

fn update(row: &UpdateRow) -> Value {
    json!({
        "id": row.id, "sequence": row.sequence, "kind": row.kind.slug(), "phase": row.phase.slug(),
        "severity": row.severity.number(), "known": row.known, "unknown": row.unknown, "next_steps": row.next_steps,
        "customer_action": row.customer_action, "published_at": row.published_at.rfc3339(), "published_by": row.published_by,
        "approved_by": row.approved_by, "break_glass_reason": row.break_glass_reason, "is_automatic": row.is_automatic,
        "overrides": stored(&row.overrides), "edited_at": at(row.edited_at), "next_update_due_at": at(row.next_update_due_at),
    })
}

fn clock(clock: &Clock) -> Value {
    json!({
        "id": clock.id, "kind": clock.kind.slug(), "subject": clock.subject, "state": clock.state.slug(),
        "severity": clock.severity.number(), "started_at": clock.started_at.rfc3339(), "due_at": clock.due_at.rfc3339(),
        "stopped_at": clock.stopped_at.map(Timestamp::rfc3339), "late_secs": clock.late_ms.map(|ms| ms / 1_000),
        "breached_at": clock.breached_at.map(Timestamp::rfc3339), "reason": clock.reason,
    })
}

fn role(row: &IncidentRoleRow) -> Value {
    json!({
        "role": row.role.slug(), "user": row.user_id, "name": row.user_name, "since_at": row.since_at.rfc3339(),
        "given_by": row.given_by, "note": row.note, "ended_at": at(row.ended_at),
    })
}

fn engagement(row: &EngagementRow) -> Value {
    json!({
        "subject": row.subject, "party": row.party, "kind": row.kind, "contacted_at": at(row.contacted_at),
        "contacted_by": row.contacted_by, "engaged_at": at(row.engaged_at), "engaged_by": row.engaged_by,
        "contact": row.contact, "ticket": row.ticket, "stated_timeline": row.stated_timeline,
        "stated_constraints": row.stated_constraints, "is_public": row.is_public,
    })
}

fn line(row: &AuditRow) -> Value {
    json!({
        "at": Timestamp::from_millis(row.at).rfc3339(), "actor": row.actor, "action": row.action, "detail": stored(&row.detail),
        "correlation_id": row.correlation_id, "prev_hash": row.prev_hash, "hash": row.hash,
    })
}

async fn review(tx: &mut Tx, id: &str) -> Result<Value, Refusal> {
    let Some(row) = tx.review(id).await? else { return Ok(Value::Null) };
    let actions: Vec<Value> = tx
        .actions(id)
        .await?
        .into_iter()
        .map(|a| {
            json!({ "id": a.id, "what": a.what, "owner": a.owner_name, "due_on": a.due_on, "done_at": at(a.done_at), "done_note": a.done_note })
        })
        .collect();
    Ok(json!({
        "state": row.state.slug(), "sections": rca::of(&row).sections, "published": rca::published(&row),
        "first_published_at": at(row.first_published_at), "correction": row.correction, "actions": actions,
    }))
}
