//! Heartbeats: a source says that it, or some cells without a step, are alive.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Request, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use store::HeartbeatRow;

use super::{Door, answer::Problem};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Beat {
    source: String,
    #[serde(default = "default_interval")]
    interval_secs: i64,
    #[serde(default)]
    cells: Vec<BeatCell>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeatCell {
    component: String,
    country: String,
}

const fn default_interval() -> i64 {
    60
}

pub(super) async fn beat(State(door): State<Arc<Door>>, request: Request<Body>) -> Response {
    match take(&door, request).await {
        Ok(kept) => (StatusCode::ACCEPTED, Json(json!({ "accepted": kept }))).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// How many heartbeats were kept: one a cell, or the source's own.
async fn take(door: &Door, request: Request<Body>) -> Result<usize, Problem> {
    let now = door.app.clock.now();
    let (key, scope, (beat, _place)) = door.told::<Beat>(request, now).await?;
    let wrong = |pointer: String, detail: String| {
        Problem::new(422, "bad-heartbeat", "The heartbeat is not valid", detail).at(pointer)
    };
    if beat.source.is_empty() || beat.source.len() > 400 || beat.source.chars().any(char::is_control) {
        return Err(wrong(
            "/source".into(),
            "source must have 1 to 400 bytes and no control characters".into(),
        ));
    }
    if !(1..=86_400).contains(&beat.interval_secs) {
        return Err(wrong("/interval_secs".into(), "interval_secs must be between 1 and 86400".into()));
    }
    if let Some(prefix) = key.source_prefix.as_deref().filter(|p| !beat.source.starts_with(*p)) {
        let detail = format!("this key may only speak for sources that start with {prefix:?}");
        return Err(wrong("/source".into(), detail));
    }
    let grid = door.grid(now).await?;
    for (i, cell) in beat.cells.iter().enumerate() {
        let (component, country) = (&cell.component, &cell.country);
        let at = |name: &str| format!("/cells/{i}/{name}");
        if !grid.has_component(component) {
            return Err(wrong(at("component"), format!("component {component:?} is not on this page")));
        }
        if !grid.has_country(country) {
            return Err(wrong(at("country"), format!("country {country:?} is not on this page")));
        }
        if !scope.has_component(component) {
            return Err(wrong(at("component"), format!("this key may not speak of component {component:?}")));
        }
        if !scope.has_country(country) {
            return Err(wrong(at("country"), format!("this key may not speak of country {country:?}")));
        }
    }
    let mut tx = door.app.store.write().await?;
    let alone = vec![BeatCell { component: String::new(), country: String::new() }];
    let kept = if beat.cells.is_empty() { alone } else { beat.cells };
    for cell in &kept {
        let row = HeartbeatRow {
            source: beat.source.clone(),
            component_slug: cell.component.clone(),
            country_code: cell.country.clone(),
            interval_secs: beat.interval_secs,
            received_at: now,
        };
        tx.save_heartbeat(&row).await?;
    }
    tx.commit().await?;
    Ok(kept.len())
}
