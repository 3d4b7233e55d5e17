//! Telemetry: every cell, one cell, and its pin.

use app::console::{
    self,
    model::{Cell, CellChangeLine, CellLine, FormError},
};
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{
    clock::{DAY, MINUTE, Timestamp},
    clock_local::{duration_words, utc_time},
    status::CellStatus,
    telemetry::{
        chart::Chart,
        kpi::{Evidence, thousands},
    },
};
use store::{CellRow, ChangeEvidenceRow, Tx};

use super::{
    ctx, forms, frame,
    now::{Names, evidence_sentence},
    page,
};
use crate::{
    auth::{role::Permission, session::Session},
    commands::{Refusal, cells, degradation},
    http::{errors::refusal_page, fields::Fields},
    state::App,
};

fn line(names: &Names, row: &CellRow, now: Timestamp) -> Option<CellLine> {
    let (component, country) = names.cells.get(&row.id)?.clone();
    let evidence = match evidence_sentence(row.evidence.as_deref()) {
        _ if row.automatic() != row.telemetry_status => "An alert fires: see Sources".into(),
        e if e.is_empty() && row.telemetry_status == CellStatus::NoData => {
            // Also of a cell that was heard of before, and fell silent.
            "Neither samples nor heartbeats".into()
        }
        e if e.is_empty() => "Heartbeats arrive".into(),
        e => e,
    };
    Some(CellLine {
        id: row.id.clone(),
        country,
        component,
        status: row.status,
        basis: row.basis.slug(),
        evidence,
        since: duration_words(now.since(row.since_at)),
    })
}

/// Every cell, those in trouble first.
pub async fn list(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    let loaded = async {
        let now = app.clock.now();
        let mut tx = app.store.read().await?;
        let names = Names::load(&mut tx).await?;
        let rows = tx.cells().await?;
        let mut lines: Vec<CellLine> = names
            .order
            .iter()
            .filter_map(|id| line(&names, rows.iter().find(|r| r.id == *id)?, now))
            .collect();
        lines.sort_by_key(|l| std::cmp::Reverse(if l.status.is_trouble() { l.status.rank() } else { 0 }));
        Ok::<_, Refusal>(lines)
    };
    match loaded.await {
        Ok(lines) => {
            let frame = frame(&app, Some(&session), "Telemetry", "/console/telemetry");
            page(StatusCode::OK, &frame.nonce.clone(), console::telemetry(&frame, &lines))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

/// One cell.
pub async fn show(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Response {
    render(&app, &session, &id, String::new(), None).await
}

async fn render(
    app: &App,
    session: &Session,
    id: &str,
    reason: String,
    error: Option<FormError>,
) -> Response {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    match load(app, session, id).await {
        Ok(mut model) => {
            (model.reason, model.error) = (reason, error);
            let frame = frame(app, Some(session), &model.line.component, "/console/telemetry");
            page(status, &frame.nonce.clone(), console::cell(&frame, &model))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

async fn load(app: &App, session: &Session, id: &str) -> Result<Cell, Refusal> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let row = tx.cell(id).await?.ok_or(Refusal::NotFound("cell"))?;
    let names = Names::load(&mut tx).await?;
    let pin = match row.pin() {
        Some(status) => {
            let by = tx
                .user_name(row.pinned_by.as_deref().unwrap_or(""))
                .await?
                .unwrap_or_else(|| "somebody".into());
            Some((status, by, row.pin_reason.clone().unwrap_or_default()))
        }
        None => None,
    };
    Ok(Cell {
        line: line(&names, &row, now).ok_or(Refusal::NotFound("cell"))?,
        telemetry: row.telemetry_status,
        figures: figures(row.evidence.as_deref(), now),
        pin,
        frozen: row
            .frozen_until_at
            .filter(|at| *at > now.millis())
            .map(|at| utc_time(Timestamp::from_millis(at), now)),
        policy: policy_of(&mut tx, &row, now).await?,
        withheld: withheld(&mut tx, &row, now).await?,
        changes: changes(&mut tx, id, now).await?,
        may_pin: session.role.may(Permission::Command),
        reason: String::new(),
        error: None,
    })
}

fn figures(evidence: Option<&str>, now: Timestamp) -> Vec<(&'static str, String)> {
    let Some(e) = evidence.and_then(|text| serde_json::from_str::<Evidence>(text).ok()) else {
        return Vec::new();
    };
    let ms = |value: Option<i64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v} ms"));
    let error = e
        .top_error
        .as_ref()
        .map_or_else(|| "–".to_owned(), |(class, share)| format!("{class}, {share:.1} %"));
    vec![
        ("Success share", format!("{:.2} %", e.share)),
        ("Samples", e.samples.to_string()),
        ("Median latency", ms(e.median_latency_ms)),
        ("95th percentile", ms(e.p95_latency_ms)),
        ("Secondary flows", format!("{:.1} %", e.fallback_rate)),
        ("Most frequent error", error),
        ("Judged", utc_time(e.judged_at, now)),
    ]
}

/// The policy that a cell is under: words and address.
async fn policy_of(tx: &mut Tx, cell: &CellRow, now: Timestamp) -> Result<(String, String), Refusal> {
    let components = tx.components().await?;
    let slug = components.iter().find(|c| c.id == cell.component_id).map_or("", |c| c.slug.as_str());
    let rules = degradation::rules(tx).await?;
    let watching = degradation::watching(tx, now).await?;
    let ruled = degradation::ruled(&rules, &watching, (&cell.id, slug, &cell.country_code));
    let watched = if ruled.watch_id.is_some() { ", watched closer at the moment" } else { "" };
    let what = super::degradation::words(tx, &ruled.scope).await?;
    let words = format!("the policy for {what}, version {}{watched}", ruled.version);
    Ok((words, format!("/console/degradation/policies/{}", ruled.scope.slug())))
}

/// It would be worse, and why it is not.
async fn withheld(tx: &mut Tx, cell: &CellRow, now: Timestamp) -> Result<Option<String>, Refusal> {
    let row = tx.withheld(now.plus(-MINUTE)).await?.into_iter().find(|w| w.cell_id == cell.id);
    Ok(row.map(|w| {
        let why = match w.why.as_str() {
            "quorum" => format!("only {} told of it, and the policy asks for more", sources_words(w.sources)),
            "modest" => "the key that told most of it may say degraded at most".into(),
            _ => "one key told of it that turned too much already: see Now".into(),
        };
        format!("It would be {}: {}. It is not, because {why}.", w.to_status.words(), w.sentence)
    }))
}

fn sources_words(n: i64) -> String {
    if n == 1 { "one source".into() } else { format!("{n} sources") }
}

async fn changes(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Vec<CellChangeLine>, Refusal> {
    let from = now.plus(-90 * DAY);
    let all = tx.cell_changes(from, 0).await?;
    let proofs = tx.evidence_of_cell(id, from, 30).await?;
    let mine = all.iter().rev().filter(|c| c.cell_id == id).take(30);
    Ok(mine
        .map(|c| {
            let proof = proofs.iter().find(|p| p.change_id == c.id);
            CellChangeLine {
                words: format!(
                    "{}: {} → {} – {}",
                    utc_time(c.at, now),
                    c.from_status.words(),
                    c.to_status.words(),
                    c.cause
                ),
                rests_on: proof.map(rests_on).unwrap_or_default(),
                chart: proof.and_then(|p| Chart::from_json(&p.chart)),
            }
        })
        .collect())
}

/// `n = 1,600, policy for euicc-download version 3, 2 sources`.
fn rests_on(proof: &ChangeEvidenceRow) -> String {
    let mut parts = Vec::new();
    if let Ok(e) = serde_json::from_str::<Evidence>(&proof.evidence) {
        parts.push(format!("n = {}", thousands(e.samples)));
    }
    parts.push(format!("policy {} version {}", proof.policy_scope, proof.policy_version));
    if proof.watch_id.is_some() {
        parts.push("watched closer".into());
    }
    if proof.sources > 0 {
        parts.push(sources_words(proof.sources));
    }
    if let Some(key) = &proof.key_id {
        parts.push(format!("mostly by key tk_{key}_…"));
    }
    parts.join(", ")
}

/// Pins a cell.
pub async fn pin(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let done = async {
        forms::only(&fields, &["status", "reason"])?;
        let status = CellStatus::try_from(fields.one("status").to_owned())
            .ok()
            .filter(|s| *s != CellStatus::NoData)
            .ok_or_else(|| Refusal::field("reason", "Choose a status."))?;
        let mut tx = app.store.write().await?;
        cells::pin(&mut tx, &ctx(&app, &session), &id, status, fields.one("reason")).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(())
    };
    finish(&app, &session, &id, fields.one("reason"), done.await).await
}

/// Unpins a cell.
pub async fn unpin(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Response {
    let done = async {
        let mut tx = app.store.write().await?;
        cells::unpin(&mut tx, &ctx(&app, &session), &id).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(())
    };
    finish(&app, &session, &id, "", done.await).await
}

async fn finish(app: &App, session: &Session, id: &str, reason: &str, done: Result<(), Refusal>) -> Response {
    match done {
        Ok(()) => {
            app.published().await;
            Redirect::to(&format!("/console/cells/{id}")).into_response()
        }
        Err(Refusal::Field { field, message }) => {
            render(app, session, id, reason.to_owned(), Some(FormError { field: field.into(), message }))
                .await
        }
        Err(refusal) => refusal_page(&refusal),
    }
}
