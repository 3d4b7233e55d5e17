//! Alerts of Prometheus: Alertmanager's webhook, version 4. Its labels say which cells an alert bears on, by themselves
//! or by a mapping; what says nothing to us is listed in the console.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Request, StatusCode},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use domain::{
    clock::Timestamp,
    telemetry::mapping::{LABEL_MAX, LABELS_MAX, Labels},
    text,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::AlertRow;

use super::{
    Door,
    answer::Problem,
    grid::{ALERTMANAGER, Grid},
    scope::Scope,
};

/// Longest summary, in characters.
const SUMMARY_MAX: usize = 200;

#[derive(Deserialize)]
struct Notification {
    version: String,
    alerts: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    status: String,
    labels: Labels,
    #[serde(default)]
    annotations: Labels,
    starts_at: String,
    #[serde(default)]
    ends_at: Option<String>,
    #[serde(default)]
    fingerprint: Option<String>,
}

/// What became of one alert.
enum Read {
    Bears(Vec<AlertRow>),
    Unmapped(String),
}

pub(super) async fn alerts(State(door): State<Arc<Door>>, request: Request<Body>) -> Response {
    match take(&door, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn take(door: &Door, request: Request<Body>) -> Result<Response, Problem> {
    let now = door.app.clock.now();
    let (key, scope, (told, _place)) = door.told::<Notification>(request, now).await?;
    if told.version != "4" {
        let detail = format!("version {:?} is not \"4\", the one that Alertmanager sends", told.version);
        return Err(Problem::new(422, "bad-version", "Not Alertmanager's webhook", detail).at("/version"));
    }
    let count = told.alerts.len();
    let grid = door.grid(now).await?;
    let (mut rows, mut unmapped, mut rejected) = (Vec::new(), BTreeMap::new(), Vec::new());
    let mut accepted = 0;
    for (index, alert) in told.alerts.into_iter().enumerate() {
        match read(&grid, &scope, &key.id, alert, now) {
            Ok(Read::Bears(more)) => {
                accepted += 1;
                rows.extend(more);
            }
            Ok(Read::Unmapped(labels)) => *unmapped.entry(labels).or_insert(0) += 1,
            Err((slug, detail)) => {
                let error = json!({ "type": super::answer::type_of(slug), "detail": detail, "pointer": format!("/alerts/{index}") });
                rejected.push(json!({ "index": index, "result": "rejected", "error": error }));
            }
        }
    }
    // An alert of a portfolio is as much work as it has countries.
    door.quotas.charge_events(&key, count.max(rows.len()))?;
    let mut tx = door.app.store.write().await?;
    tx.save_alerts(&rows).await?;
    tx.note_unmapped(ALERTMANAGER, &unmapped, now).await?;
    tx.commit().await?;
    let unmapped = count - accepted - rejected.len();
    let body =
        json!({ "accepted": accepted, "unmapped": unmapped, "rejected": rejected.len(), "items": rejected });
    let status = match (accepted + unmapped, rejected.len()) {
        (_, 0) => StatusCode::ACCEPTED,
        (0, _) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::MULTI_STATUS,
    };
    Ok((status, Json(body)).into_response())
}

fn read(
    grid: &Grid,
    scope: &Scope,
    key_id: &str,
    alert: Value,
    now: Timestamp,
) -> Result<Read, (&'static str, String)> {
    let alert: Alert =
        serde_json::from_value(alert).map_err(|e| ("bad-alert", format!("the alert cannot be read: {e}")))?;
    let time = |text: &str| {
        Timestamp::parse_rfc3339(text).map_err(|e| ("bad-time", format!("time {text:?} is {e}")))
    };
    let is_over = match alert.status.as_str() {
        "firing" => false,
        "resolved" => true,
        other => return Err(("bad-alert", format!("status {other:?} is not firing or resolved"))),
    };
    check(&alert.labels)?;
    let starts_at = time(&alert.starts_at)?;
    // While it fires, its end is the year 1.
    let ended_at = match alert.ends_at.as_deref().filter(|_| is_over).map(time).transpose()? {
        Some(at) if at > starts_at => Some(at.millis().min(now.millis())),
        _ => is_over.then(|| now.millis()),
    };
    let labels = serde_json::to_string(&alert.labels).unwrap_or_default();
    let Some((component, countries)) = grid.of_alert(&alert.labels) else {
        return Ok(Read::Unmapped(labels));
    };
    if !scope.has_component(&component) {
        return Err(("foreign-component", format!("this key may not speak of component {component:?}")));
    }
    if let Some(country) = countries.iter().find(|c| !scope.has_country(c)) {
        return Err(("foreign-country", format!("this key may not speak of country {country:?}")));
    }
    let fingerprint = match alert.fingerprint.filter(|f| !f.is_empty() && f.len() <= LABEL_MAX) {
        Some(given) => given.chars().filter(|c| !c.is_control()).collect(),
        None => HEXLOWER.encode(&Sha256::digest(&labels)[..8]),
    };
    let is_critical = alert.labels.get("severity").is_some_and(|s| s == "critical");
    let summary = summary(&alert.labels, &alert.annotations);
    let row = |country: &&str| {
        Some(AlertRow {
            fingerprint: fingerprint.clone(),
            starts_at,
            cell_id: grid.cell(&component, country)?.to_owned(),
            is_critical,
            summary: summary.clone(),
            key_id: key_id.to_owned(),
            received_at: now,
            ended_at,
        })
    };
    Ok(Read::Bears(countries.iter().filter_map(row).collect()))
}

fn check(labels: &Labels) -> Result<(), (&'static str, String)> {
    if labels.is_empty() || labels.len() > LABELS_MAX {
        return Err((
            "bad-labels",
            format!("an alert has 1 to {LABELS_MAX} labels; this one has {}", labels.len()),
        ));
    }
    let is_bad = |s: &String| s.chars().count() > LABEL_MAX || s.chars().any(char::is_control);
    match labels.iter().find(|(name, value)| is_bad(name) || is_bad(value)) {
        Some((name, _)) => {
            let name: String = name.chars().take(40).filter(|c| !c.is_control()).collect();
            Err((
                "bad-labels",
                format!("label {name:?} is longer than {LABEL_MAX} characters, or holds control characters"),
            ))
        }
        None => Ok(()),
    }
}

/// One line of what it is about: its summary, or its name.
fn summary(labels: &Labels, annotations: &Labels) -> String {
    let said = annotations.get("summary").or_else(|| annotations.get("description"));
    let said = said.or_else(|| labels.get("alertname")).map_or("Alert", String::as_str);
    let flat: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SUMMARY_MAX).collect();
    text::single_line(&flat, SUMMARY_MAX).unwrap_or_else(|_| "Alert".into())
}
