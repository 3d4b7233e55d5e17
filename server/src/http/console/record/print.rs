//! One incident on paper.

use app::console::{self, record::PrintPage};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock::Timestamp,
    clock_local::{duration_words, utc_time},
    sla::clock::{Clock, ClockState},
};

use super::{Actors, line};
use crate::{
    commands::{Refusal, rca::record},
    http::console::{
        desk::{Answer, Desk},
        incidents::promise_of,
        now::Names,
    },
};

/// Everything that we have about one incident, for printing.
pub async fn print(desk: Desk, Path(id): Path<String>) -> Answer {
    let now = desk.now();
    let mut tx = desk.read().await?;
    let incident = tx.incident(&id).await?.ok_or(Refusal::NotFound("incident"))?;
    let title = Names::load(&mut tx).await?.title(&mut tx, &incident).await?;
    let actors = Actors::load(&mut tx).await?;
    let called = tx.engagements(&id).await?;
    let promise = |c: &Clock| (promise_of(c, &called), utc_time(c.due_at, now), how(c, now));
    let model = PrintPage {
        printed: format!("Printed {} by {}", utc_time(now, now), desk.session.name),
        record: record::of(&mut tx, &incident, now).await?,
        promises: tx.clocks(&id).await?.iter().map(promise).collect(),
        notes: tx
            .notes(&id)
            .await?
            .into_iter()
            .map(|n| (format!("{} · {}", utc_time(n.at, now), n.author_name), n.text))
            .collect(),
        lines: tx.audit_of(&format!("incident:{id}")).await?.iter().map(|row| line(row, &actors)).collect(),
        title: title.clone(),
        id,
    };
    Ok(desk.page(StatusCode::OK, &title, "/console/incidents", |frame| console::print(frame, &model)))
}

fn how(clock: &Clock, now: Timestamp) -> String {
    match clock.state {
        ClockState::Met => "kept".into(),
        ClockState::Cancelled => clock.reason.clone().unwrap_or_else(|| "cancelled".into()),
        _ if clock.overdue_ms(now) > 0 => format!("{} late", duration_words(clock.overdue_ms(now))),
        _ => "running".into(),
    }
}
