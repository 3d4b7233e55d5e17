//! Heartbeats: a source says that it, or some cells without a step, are alive.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use store::HeartbeatRow;

use super::{Door, answer::Problem, key, read_body};

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
        Ok(cells) => (StatusCode::ACCEPTED, Json(json!({ "accepted": cells }))).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn take(door: &Door, request: Request<Body>) -> Result<usize, Problem> {
    let now = door.app.clock.now();
    key::authenticate(&door.app, &door.quotas, request.uri(), request.headers(), now).await?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Problem::new(415, "unsupported-media-type", "Not JSON", "Send application/json.".into()));
    }
    let (parts, body) = request.into_parts();
    let body = read_body(&parts.headers, body).await?;
    let beat: Beat = serde_json::from_slice(&body)
        .map_err(|e| Problem::new(400, "bad-json", "The heartbeat cannot be read", e.to_string()))?;
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
    let mut tx = door.app.store.write().await?;
    let components = tx.components().await?;
    let countries = tx.countries().await?;
    for (i, cell) in beat.cells.iter().enumerate() {
        if !components.iter().any(|c| c.slug == cell.component) {
            return Err(wrong(
                format!("/cells/{i}/component"),
                format!("component {:?} is not on this page", cell.component),
            ));
        }
        if !countries.iter().any(|c| c.code == cell.country) {
            return Err(wrong(
                format!("/cells/{i}/country"),
                format!("country {:?} is not on this page", cell.country),
            ));
        }
    }
    let alone = [BeatCell { component: String::new(), country: String::new() }];
    for cell in if beat.cells.is_empty() { &alone[..] } else { &beat.cells } {
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
    Ok(beat.cells.len())
}
