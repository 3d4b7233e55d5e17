//! Sources: keys, heartbeats, alerts, mappings, and what is unmapped.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use app::console::{
    self,
    model::FormError,
    sources::{AlertLine, KeyLine, MappingLine, SourceLine, Sources, UnmappedLine},
};
use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
};
use domain::{
    clock::{SECOND, Timestamp},
    clock_local::{duration_words, utc_time},
    status::CellStatus,
    telemetry::mapping::{self, Labels},
};
use store::{AlertRow, ApiKeyRow, MappingRow, SourceRow, Tx, UnmappedRow};

use super::{
    desk::{Answer, Desk, see},
    forms,
    now::Names,
};
use crate::{
    auth::role::Permission,
    commands::{Refusal, keys, mappings},
    http::fields::Fields,
    ingest::{ES2PLUS, FAILOVER},
};

const PAGE: &str = "/console/sources";
/// Silent sources that the board names.
const ON_BOARD: usize = 5;
/// Lines of a list that the page shows.
const LINES: usize = 100;

/// Sources; a query may fill the form of a mapping.
pub async fn show(desk: Desk, RawQuery(query): RawQuery) -> Answer {
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let typed = ["door", "labels"].map(|n| (n.to_owned(), asked.one(n).to_owned()));
    page(&desk, Sources { typed: typed.into(), ..Sources::default() }).await
}

/// The page; `given` holds what a form brought with it.
async fn page(desk: &Desk, given: Sources) -> Answer {
    let status = if given.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let now = desk.now();
    let mut tx = desk.read().await?;
    let names = Names::load(&mut tx).await?;
    let mut all = tx.api_keys().await?;
    all.sort_by_key(|k| !k.is_live(now));
    let origin = desk.app.config.origin();
    let model = Sources {
        keys: all.iter().map(|k| key_line(k, now)).collect(),
        sources: tx.sources().await?.into_iter().take(LINES).map(|s| source_line(s, now)).collect(),
        alerts: alert_lines(&tx.firing_alerts().await?, &names, now),
        mappings: mapping_lines(&mut tx, &names).await?,
        unmapped: tx.unmapped().await?.into_iter().take(LINES).map(|u| unmapped_line(u, now)).collect(),
        components: tx.components().await?.into_iter().map(|c| (c.slug, c.name)).collect(),
        doors: vec![
            ("CloudEvents", format!("{origin}/ingest/v1/events")),
            ("SM-DP+ (ES2+)", format!("{origin}/gsma/rsp2/es2plus/handleDownloadProgressInfo")),
            ("Prometheus Alertmanager", format!("{origin}/ingest/v1/alertmanager")),
            ("Heartbeats", format!("{origin}/ingest/v1/heartbeat")),
            ("Certificates", format!("{origin}/ingest/v1/certificates")),
        ],
        may_own: desk.may(Permission::Own),
        may_maintain: desk.may(Permission::Maintain),
        may_command: desk.may(Permission::Command),
        ..given
    };
    Ok(desk.page(status, "Sources", "/console/telemetry", |frame| console::sources(frame, &model)))
}

/// The page again with what was typed, if a field was wrong.
async fn refused(desk: &Desk, refusal: Refusal) -> Answer {
    let Refusal::Field { field, message } = refusal else { return Err(refusal) };
    let typed = desk.fields.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    page(
        desk,
        Sources { error: Some(FormError { field: field.into(), message }), typed, ..Sources::default() },
    )
    .await
}

fn key_line(key: &ApiKeyRow, now: Timestamp) -> KeyLine {
    let list = |json: &str| serde_json::from_str::<Vec<String>>(json).unwrap_or_default().join(", ");
    let limits: Vec<String> = [
        list(&key.components),
        list(&key.countries),
        list(&key.suppliers),
        Some(list(&key.networks)).filter(|n| !n.is_empty()).map(|n| format!("from {n}")).unwrap_or_default(),
        key.source_prefix.as_ref().map(|prefix| format!("sources {prefix}…")).unwrap_or_default(),
        if key.worst_status == CellStatus::Degraded { "degraded at most".into() } else { String::new() },
    ]
    .into_iter()
    .filter(|l| !l.is_empty())
    .collect();
    let time = |ms: i64| utc_time(Timestamp::from_millis(ms), now);
    let end = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", time(at)),
        (None, Some(at)) if at <= now.millis() => format!("ended {}", time(at)),
        (None, Some(at)) => time(at),
        (None, None) => "never".into(),
    };
    KeyLine {
        id: key.id.clone(),
        name: key.name.clone(),
        limits: if limits.is_empty() { "everything".into() } else { limits.join("; ") },
        end,
        used: key.last_used_at.map_or_else(|| "never".into(), time),
        is_live: key.is_live(now),
    }
}

fn source_line(row: SourceRow, now: Timestamp) -> SourceLine {
    SourceLine {
        interval: duration_words(row.interval_secs * SECOND),
        heard: format!("{} ago", duration_words(now.since(row.received_at).max(0))),
        is_silent: row.is_silent(now),
        name: row.source,
    }
}

/// What is wrong with the sources, for the board: a sentence each.
pub(super) async fn warnings(tx: &mut Tx, now: Timestamp) -> Result<Vec<String>, Refusal> {
    let silent: Vec<SourceRow> = tx.sources().await?.into_iter().filter(|s| s.is_silent(now)).collect();
    let sentence = |s: &SourceRow| {
        let heard = duration_words(now.since(s.received_at));
        format!("{} has been silent for {heard}. Cells that it alone speaks for show no data.", s.source)
    };
    let mut words: Vec<String> = silent.iter().take(ON_BOARD).map(sentence).collect();
    if silent.len() > ON_BOARD {
        words.push(format!("{} more sources are silent.", silent.len() - ON_BOARD));
    }
    let unmapped = tx.unmapped().await?.len();
    match unmapped {
        0 => {}
        1 => words.push(
            "1 kind of message arrives and changes nothing: nobody has said which cells it is about.".into(),
        ),
        n => words.push(format!(
            "{n} kinds of message arrive and change nothing: nobody has said which cells they are about."
        )),
    }
    Ok(words)
}

/// One line an alert, with all of its cells.
fn alert_lines(rows: &[AlertRow], names: &Names, now: Timestamp) -> Vec<AlertLine> {
    let mut lines: BTreeMap<(i64, &str), AlertLine> = BTreeMap::new();
    for row in rows {
        let line = lines.entry((row.starts_at.millis(), &row.fingerprint)).or_insert_with(|| AlertLine {
            fingerprint: row.fingerprint.clone(),
            summary: row.summary.clone(),
            cells: String::new(),
            since: utc_time(row.starts_at.min(now), now),
            is_critical: row.is_critical,
        });
        if !line.cells.is_empty() {
            line.cells.push_str(", ");
        }
        line.cells.push_str(&names.cell(&row.cell_id));
    }
    lines.into_values().take(LINES).collect()
}

fn door_words(door: &str) -> &'static str {
    match door {
        ES2PLUS => "SM-DP+ notifications",
        FAILOVER => "Failovers of unknown suppliers",
        _ => "Alerts of Prometheus",
    }
}

fn labels_words(json: &str) -> String {
    mapping::words(&serde_json::from_str::<Labels>(json).unwrap_or_default())
}

async fn mapping_lines(tx: &mut Tx, names: &Names) -> Result<Vec<MappingLine>, Refusal> {
    let components: BTreeMap<String, String> =
        tx.components().await?.into_iter().map(|c| (c.slug, c.name)).collect();
    let portfolios: BTreeMap<String, String> =
        tx.portfolios().await?.into_iter().map(|p| (p.slug, p.name)).collect();
    let line = |m: MappingRow| {
        let place = portfolios.get(&m.place).cloned().unwrap_or_else(|| names.country(&m.place));
        let what = components.get(&m.component).cloned().unwrap_or(m.supplier);
        MappingLine {
            door: door_words(&m.door),
            labels: labels_words(&m.labels),
            meaning: format!("{what} · {place}"),
            id: m.id,
        }
    };
    Ok(tx.mappings().await?.into_iter().map(line).collect())
}

fn unmapped_line(row: UnmappedRow, now: Timestamp) -> UnmappedLine {
    let times = if row.times == 1 { "once".to_owned() } else { format!("{} times", row.times) };
    UnmappedLine {
        door_words: door_words(&row.door),
        labels: labels_words(&row.labels),
        seen: format!("{times}, last {}", utc_time(row.last_at, now)),
        door: row.door,
    }
}

/// Makes a key and shows it, once.
pub async fn add_key(desk: Desk) -> Answer {
    let done = async {
        let mut work = desk.begin().await?;
        let limits = keys::Limits::read(&mut work.tx, &desk.fields, work.ctx.now).await?;
        let quota = keys::quota(&desk.fields)?;
        let key = keys::create(&mut work.tx, &work.ctx, desk.fields.one("name"), quota, &limits).await?;
        work.commit().await?;
        Ok(key)
    };
    match done.await {
        Ok(key) => page(&desk, Sources { new_key: Some(key), ..Sources::default() }).await,
        Err(refusal) => refused(&desk, refusal).await,
    }
}

/// Makes the key that takes the place of one, and shows it, once.
pub async fn renew_key(desk: Desk, Path(id): Path<String>) -> Answer {
    let mut work = desk.begin().await?;
    let key = keys::renew(&mut work.tx, &work.ctx, &id).await?;
    work.commit().await?;
    desk.app.wake.keys.fetch_add(1, Ordering::Release);
    page(&desk, Sources { new_key: Some(key), ..Sources::default() }).await
}

/// Revokes a key.
pub async fn revoke_key(desk: Desk, Path(id): Path<String>) -> Answer {
    let mut work = desk.begin().await?;
    keys::revoke(&mut work.tx, &work.ctx, &id).await?;
    work.commit().await?;
    desk.app.wake.keys.fetch_add(1, Ordering::Release);
    Ok(see(PAGE))
}

/// Adds a mapping.
pub async fn add_mapping(desk: Desk) -> Answer {
    forms::only(&desk.fields, &mappings::FIELDS)?;
    let done = async {
        let mut work = desk.begin().await?;
        mappings::add(&mut work.tx, &work.ctx, &desk.fields).await?;
        work.commit().await
    };
    match done.await {
        Ok(()) => Ok(see("/console/sources#map")),
        Err(refusal) => refused(&desk, refusal).await,
    }
}

/// Removes a mapping.
pub async fn remove_mapping(desk: Desk, Path(id): Path<String>) -> Answer {
    let mut work = desk.begin().await?;
    mappings::remove(&mut work.tx, &work.ctx, &id).await?;
    work.commit().await?;
    Ok(see("/console/sources#map"))
}

/// Ends an alert by hand.
pub async fn end_alert(desk: Desk) -> Answer {
    forms::only(&desk.fields, &["fingerprint"])?;
    let mut work = desk.begin().await?;
    mappings::end_alert(&mut work.tx, &work.ctx, desk.fields.one("fingerprint")).await?;
    work.commit().await?;
    Ok(see(PAGE))
}
