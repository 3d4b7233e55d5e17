//! Events beside the journeys: failovers of suppliers and results of trials. Kept in the transaction of their events.

use std::collections::BTreeMap;

use domain::telemetry::event::{FailoverEvent, TrialEvent};
use serde_json::json;
use store::{AuditEntry, EventRow, MoveRow, TrialRow, Tx};

use super::{
    envelope::{Foreign, country_within, supplier_within},
    grid::{FAILOVER, Grid},
    scope::Scope,
    writer::Item,
};
use crate::clock::new_id;

/// What an event tells that is no journey.
#[derive(Debug, Clone)]
pub(super) enum Aside {
    /// Traffic moved.
    Failover(FailoverEvent),
    /// A trial ended.
    Trial(TrialEvent),
}

impl Aside {
    /// Whether the key may say so.
    pub(super) fn within(&self, scope: &Scope, grid: &Grid) -> Result<(), Foreign> {
        match self {
            Self::Failover(event) => supplier_within(scope, &event.supplier),
            Self::Trial(event) => {
                if let Some(country) = &event.country {
                    country_within(scope, grid, country)?;
                }
                event.supplier.as_deref().map_or(Ok(()), |supplier| supplier_within(scope, supplier))
            }
        }
    }
}

/// Keeps what new events tell.
pub(super) async fn keep(tx: &mut Tx, fresh: &[&Item]) -> store::Result<()> {
    let mut unmapped: BTreeMap<String, i64> = BTreeMap::new();
    let mut newest = None;
    let mut trials = Vec::new();
    for item in fresh {
        let event = match &item.aside {
            None => continue,
            Some(Aside::Trial(event)) => {
                trials.push(trial(&item.row, event));
                continue;
            }
            Some(Aside::Failover(event)) => event,
        };
        if !moved(tx, &item.row, event).await? {
            let labels = json!({ "supplier": event.supplier }).to_string();
            *unmapped.entry(labels).or_default() += 1;
            newest = Some(item.row.received_at);
        }
    }
    if let Some(now) = newest {
        tx.note_unmapped(FAILOVER, &unmapped, now).await?;
    }
    if trials.is_empty() { Ok(()) } else { tx.insert_trials(&trials).await }
}

/// Puts a move on record; false: no supplier has this name.
async fn moved(tx: &mut Tx, row: &EventRow, event: &FailoverEvent) -> store::Result<bool> {
    let Some(supplier) = tx.supplier_by_slug(&event.supplier).await? else { return Ok(false) };
    let step = MoveRow {
        id: new_id(),
        supplier_id: supplier.id.clone(),
        from_node: event.from.clone(),
        to_node: event.to.clone(),
        reason: event.reason.clone(),
        occurred_at: event.occurred_at,
        recorded_at: row.received_at,
        recorded_by: row.source.clone(),
        event_key: Some(json!([row.source, row.event_id]).to_string()),
        struck_at: None,
    };
    tx.insert_move(&step).await?;
    for (slug, is_home) in [(&event.from, true), (&event.to, false)] {
        tx.hear_of_node(&new_id(), &supplier.id, slug, is_home, row.received_at).await?;
    }
    let detail = json!({ "from": event.from, "to": event.to, "reason": event.reason,
        "occurred_at": event.occurred_at.rfc3339(), "source": row.source, "event": row.event_id });
    let detail = detail.to_string();
    tx.append_audit(AuditEntry {
        at: row.received_at,
        actor: &format!("key:{}", row.key_id),
        action: "record_move",
        subject: &format!("supplier:{}", supplier.id),
        detail: &detail,
        correlation_id: &step.id,
    })
    .await?;
    Ok(true)
}

fn trial(row: &EventRow, event: &TrialEvent) -> TrialRow {
    TrialRow {
        source: row.source.clone(),
        event_id: row.event_id.clone(),
        device: event.device.clone(),
        carrier: event.carrier.clone(),
        flow: event.flow.clone(),
        aspect: event.aspect.clone(),
        is_passed: event.is_passed,
        latency_ms: event.latency_ms,
        country_code: event.country.clone().unwrap_or_default(),
        supplier: event.supplier.clone().unwrap_or_default(),
        occurred_at: event.occurred_at,
        received_at: row.received_at,
    }
}
