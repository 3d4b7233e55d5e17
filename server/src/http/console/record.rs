//! The record: everything that was done, one incident as JSON, one incident on paper.

mod export;
mod print;

pub use export::export;
pub use print::print;

use app::console::{
    self,
    record::{RecordLine, RecordPage},
};
use axum::{extract::Query, http::StatusCode};
use domain::{
    clock::{DAY, Timestamp},
    clock_local::utc_date,
    week::date,
};
use serde::Deserialize;
use store::{AuditRow, Tx};

use super::desk::{Answer, Desk};
use crate::commands::Refusal;

/// Lines on a page.
const LINES: i64 = 100;

/// What to show.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    before: Option<i64>,
}

/// Names of whoever did something.
struct Actors(Vec<(String, String)>);

impl Actors {
    async fn load(tx: &mut Tx) -> Result<Self, Refusal> {
        let mut all: Vec<_> = tx.users().await?.into_iter().map(|u| (u.id, u.name)).collect();
        all.push(("system".into(), "Waypost itself".into()));
        Ok(Self(all))
    }

    fn name(&self, id: &str) -> String {
        self.0.iter().find(|(known, _)| known == id).map_or_else(|| id.to_owned(), |(_, name)| name.clone())
    }
}

/// `2 Mar 2026, 08:10:31 UTC`.
fn second(at: Timestamp) -> String {
    format!("{}, {} UTC", utc_date(at), at.utc().format("%H:%M:%S"))
}

fn line(row: &AuditRow, actors: &Actors) -> RecordLine {
    let pretty = serde_json::from_str::<serde_json::Value>(&row.detail)
        .and_then(|v| serde_json::to_string_pretty(&v))
        .unwrap_or_else(|_| row.detail.clone());
    let href = match row.subject.split_once(':') {
        Some(("incident", id)) => format!("/console/incidents/{id}"),
        Some(("cell", id)) => format!("/console/cells/{id}"),
        Some(("week", week)) => format!("/console/reviews/weeks/{week}"),
        _ => String::new(),
    };
    RecordLine {
        at: second(Timestamp::from_millis(row.at)),
        actor: actors.name(&row.actor),
        action: row.action.replace('_', " "),
        subject: row.subject.clone(),
        href,
        detail: pretty,
        correlation_id: row.correlation_id.clone(),
        hash: row.hash.chars().take(12).collect(),
    }
}

fn day(text: &str) -> Option<Timestamp> {
    date(text).map(|d| d.and_time(chrono::NaiveTime::MIN).and_utc().into())
}

/// The record, newest first.
pub async fn show(desk: Desk, Query(wanted): Query<Wanted>) -> Answer {
    let mut tx = desk.read().await?;
    let actors = Actors::load(&mut tx).await?;
    let from = day(&wanted.from).unwrap_or_default();
    let to = day(&wanted.to).map_or(Timestamp::from_millis(i64::MAX), |d| d.plus(DAY));
    let before = wanted.before.unwrap_or(i64::MAX);
    let (subject, actor) = (wanted.subject.trim(), wanted.actor.trim());
    let rows = tx.audit_page(before, subject, actor, (from, to), LINES).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|n| n == LINES);
    let older = rows.last().filter(|_| is_full).map(|last| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("subject", subject)
            .append_pair("actor", actor)
            .append_pair("from", &wanted.from)
            .append_pair("to", &wanted.to)
            .append_pair("before", &last.id.to_string())
            .finish();
        format!("/console/record?{query}")
    });
    let model = RecordPage {
        lines: rows.iter().map(|row| line(row, &actors)).collect(),
        subject: subject.to_owned(),
        actor: actor.to_owned(),
        actors: actors.0,
        days: (wanted.from, wanted.to),
        older,
        head: tx.audit_head().await?,
    };
    Ok(desk.page(StatusCode::OK, "Record", "/console/record", |frame| console::record(frame, &model)))
}
