//! The public JSON in the exact shape of Statuspage's API, version 2. What is ours stands in `x_waypost`.

use app::paths::{self, ApiV2};
use data_encoding::HEXLOWER;
use domain::{
    clock::Timestamp,
    review::Published,
    status::{CellStatus, rollup},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{CellRow, ComponentRow, CountryRow, IncidentRow, UpdateRow};

use super::{
    World,
    cards::evidence,
    world::{Story, message},
};

/// One document.
#[must_use]
pub fn document(world: &World, origin: &str, which: ApiV2) -> String {
    let mut body = json!({ "page": page(world, origin) });
    let mut put = |key: &str, value: Value| body[key] = value;
    let status = || {
        let (indicator, description) = world.indicator();
        json!({ "indicator": indicator.slug(), "description": description })
    };
    let incidents = |open_only: bool| -> Value {
        let mine = world.incidents.iter().filter(|s| !open_only || s.row.resolved_at.is_none()).take(50);
        mine.map(|s| incident(world, origin, s)).collect()
    };
    match which {
        ApiV2::Status => put("status", status()),
        ApiV2::Components => put("components", components(world)),
        ApiV2::Incidents => put("incidents", incidents(false)),
        ApiV2::Unresolved => put("incidents", incidents(true)),
        ApiV2::Summary => {
            put("components", components(world));
            put("incidents", incidents(true));
            put("scheduled_maintenances", json!([]));
            put("status", status());
        }
        ApiV2::Maintenances | ApiV2::MaintenancesUpcoming | ApiV2::MaintenancesActive => {
            put("scheduled_maintenances", json!([]));
        }
    }
    body.to_string()
}

fn page(world: &World, origin: &str) -> Value {
    json!({
        "id": world.page_id, "name": world.page_name, "url": origin, "time_zone": "Etc/UTC",
        "updated_at": world.updated_at.rfc3339(),
    })
}

fn components(world: &World) -> Value {
    let mut out = Vec::new();
    for (index, country) in world.countries.iter().enumerate() {
        out.push(group(world, country, index + 1));
        for cell in world.cells.iter().filter(|c| c.country_code == country.code) {
            out.extend(component(world, cell));
        }
    }
    out.into()
}

fn group(world: &World, country: &CountryRow, position: usize) -> Value {
    let cells: Vec<&CellRow> = world.cells.iter().filter(|c| c.country_code == country.code).collect();
    let shown = cells.iter().map(|c| c.status).reduce(CellStatus::worse).unwrap_or(CellStatus::NoData);
    let worst = cells.iter().map(|c| c.status).filter(|s| *s != CellStatus::NoData).reduce(CellStatus::worse);
    let updated_at = cells.iter().map(|c| c.updated_at).max().unwrap_or(country.created_at);
    json!({
        "id": country.group_id, "name": country.name, "status": worst.unwrap_or(CellStatus::NoData).statuspage(),
        "created_at": country.created_at.rfc3339(), "updated_at": updated_at.rfc3339(), "position": position,
        "description": null, "showcase": false, "start_date": null, "group_id": null, "page_id": world.page_id, "group": true,
        "only_show_if_degraded": false, "components": cells.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(),
        "x_waypost": { "country": country.code, "zone": country.zone, "status": shown.slug() },
    })
}

fn component(world: &World, cell: &CellRow) -> Option<Value> {
    let component: &ComponentRow = world.component_of(cell)?;
    let country = world.country(&cell.country_code)?;
    let evidence = evidence(cell.evidence.as_deref());
    let as_of = cell.evidence_at.map_or(cell.updated_at, Timestamp::from_millis);
    Some(json!({
        "id": cell.id, "name": component.name, "status": cell.status.statuspage(), "created_at": cell.created_at.rfc3339(),
        "updated_at": cell.updated_at.rfc3339(), "position": component.position, "description": null, "showcase": true,
        "start_date": cell.created_at.utc().format("%Y-%m-%d").to_string(), "group_id": country.group_id, "page_id": world.page_id,
        "group": false, "only_show_if_degraded": false,
        "x_waypost": {
            "component": component.slug, "country": country.code, "status": cell.status.slug(), "basis": cell.basis.slug(),
            "samples": evidence.as_ref().map_or(0, |e| e.samples), "as_of": as_of.rfc3339(),
            "success_percent": evidence.as_ref().map(|e| e.share), "window_secs": evidence.as_ref().map(|e| e.window_secs),
            "evidence": evidence.as_ref().map(domain::telemetry::kpi::Evidence::sentence),
        },
    }))
}

fn incident(world: &World, origin: &str, story: &Story) -> Value {
    let row = &story.row;
    let cells: Vec<&CellRow> = story.cells.iter().filter_map(|id| world.cell(id)).collect();
    let statuses: Vec<CellStatus> = cells.iter().map(|c| c.status).collect();
    let impact = rollup(&statuses).0.max(row.severity.indicator());
    let impact = if impact == domain::status::Indicator::Maintenance { "none" } else { impact.slug() };
    let at = |ms: Option<i64>| ms.map(|ms| Timestamp::from_millis(ms).rfc3339());
    let overdue = row.next_update_due_at.map_or(0, |due| (world.now.millis() - due).max(0) / 1_000);
    let workarounds: Vec<Value> = story
        .workarounds(world)
        .into_iter()
        .map(|(code, _, text)| json!({ "country": code, "text": text }))
        .collect();
    let review = world.review(&row.id);
    let told = review.as_ref().map(|r| postmortem(row, r));
    let updates: Vec<Value> =
        told.into_iter().chain(story.updates.iter().map(|u| update(world, u))).collect();
    let is_over = review.is_some() && row.resolved_at.is_some();
    json!({
        "id": row.id, "name": story.full_title(world), "status": if is_over { "postmortem" } else { row.phase.slug() }, "created_at": row.declared_at.rfc3339(),
        "updated_at": row.updated_at.rfc3339(), "monitoring_at": at(row.restored_at), "resolved_at": at(row.resolved_at),
        "impact": impact, "shortlink": format!("{origin}/incidents/{}", row.id), "started_at": row.started_at.rfc3339(),
        "page_id": world.page_id, "incident_updates": updates,
        "components": cells.iter().filter_map(|c| component(world, c)).collect::<Vec<_>>(), "reminder_intervals": null,
        "x_waypost": {
            "severity": row.severity.number(), "next_update_due_at": at(row.next_update_due_at), "next_update_overdue_secs": overdue,
            "countries": story.countries(world).iter().map(|c| c.code.as_str()).collect::<Vec<_>>(),
            "components": story.components(world).iter().map(|c| c.slug.as_str()).collect::<Vec<_>>(), "sequence": row.sequence,
            "workarounds": workarounds, "duplicate_of": row.duplicate_of, "is_backfilled": row.is_backfilled, "postmortem_url": review.map(|_| format!("{origin}{}", paths::rca(&row.id))),
        },
    })
}

/// A published review in the shape of an update, as Statuspage tells it.
fn postmortem(row: &IncidentRow, review: &Published) -> Value {
    let digest = Sha256::digest(format!("postmortem of {}", row.id).as_bytes());
    let (first, newest) = (review.first_at.rfc3339(), review.at.rfc3339());
    json!({
        "id": HEXLOWER.encode(&digest[..6]), "status": "postmortem", "body": review.body(), "incident_id": row.id,
        "created_at": first, "updated_at": newest, "display_at": first, "affected_components": null,
        "deliver_notifications": false, "custom_tweet": null, "tweet_id": null,
    })
}

fn update(world: &World, update: &UpdateRow) -> Value {
    let published = update.published_at.rfc3339();
    let edited =
        update.edited_at.map_or_else(|| published.clone(), |at| Timestamp::from_millis(at).rfc3339());
    let changed: Vec<Value> = world
        .moved
        .get(&update.id)
        .into_iter()
        .flatten()
        .filter_map(|m| {
            let cell = world.cell(&m.cell_id)?;
            let name = format!("{} - {}", world.country(&cell.country_code)?.name, world.component_of(cell)?.name);
            Some(json!({ "code": m.cell_id, "name": name, "old_status": m.old_status.statuspage(), "new_status": m.new_status.statuspage() }))
        })
        .collect();
    let affected = if changed.is_empty() { Value::Null } else { changed.into() };
    json!({
        "id": update.id, "status": update.phase.slug(), "body": message(update).body(), "incident_id": update.incident_id,
        "created_at": published, "updated_at": edited, "display_at": published, "affected_components": affected,
        "deliver_notifications": true, "custom_tweet": null, "tweet_id": null,
    })
}
