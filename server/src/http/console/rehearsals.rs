//! Rehearsals: the list, one, its private page.

use app::{
    console::{
        self,
        model::FormError,
        rehearsals::{RehearsalLine, RehearsalPage, Rehearsals},
    },
    public,
};
use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _},
};
use domain::{
    audience::Viewer,
    clock::{DAY, Timestamp},
    clock_local::utc_time,
    rehearsal::{Points, Script, score},
};
use store::{RehearsalRow, Tx};

use super::{
    desk::{Answer, Desk, see},
    forms,
    now::Names,
};
use crate::{
    auth::role::Permission,
    commands::{Refusal, rehearsals},
    reads::{Blast, World, pages},
};

/// Rehearsals, and past incidents to play, that the page lists at most.
const LISTED: i64 = 50;

/// All of them.
pub async fn list(desk: Desk) -> Answer {
    page(&desk, StatusCode::OK, None).await
}

async fn page(desk: &Desk, status: StatusCode, error: Option<FormError>) -> Answer {
    let now = desk.now();
    let mut tx = desk.read().await?;
    let names = Names::load(&mut tx).await?;
    let mut lines = Vec::new();
    for row in tx.rehearsals(LISTED).await? {
        let points = points(&mut tx, &row, now).await?;
        let outcome = match (points.is_empty(), row.ended_at) {
            (_, None) => "running".into(),
            (true, Some(_)) => "nobody declared it".into(),
            (false, Some(_)) => format!("{} of 100", points.iter().map(|p| p.points).sum::<i64>()),
        };
        lines.push(RehearsalLine { begun: begun(&row, now), id: row.id, name: row.name, outcome });
    }
    let mut past = Vec::new();
    for row in tx.incidents_since(now.plus(-400 * DAY), LISTED).await? {
        if row.resolved_at.is_some() && !row.is_rehearsal {
            past.push((format!("incident:{}", row.id), names.title(&mut tx, &row).await?));
        }
    }
    let scripts = Script::built_in().into_iter().enumerate().map(|(n, s)| (format!("script:{n}"), s.name));
    let may_begin = desk.may(Permission::Command);
    let model = Rehearsals { lines, scripts: scripts.collect(), past, may_begin, error };
    Ok(desk.page(status, "Rehearsals", "/console/rehearsals", |frame| console::rehearsals(frame, &model)))
}

fn begun(row: &RehearsalRow, now: Timestamp) -> String {
    format!("begun {} by {}", utc_time(row.begun_at, now), row.begun_by)
}

async fn points(tx: &mut Tx, row: &RehearsalRow, now: Timestamp) -> Result<Vec<Points>, Refusal> {
    let Some(id) = &row.incident_id else { return Ok(Vec::new()) };
    let incident = tx.incident(id).await?.ok_or(Refusal::NotFound("incident"))?;
    let at = row.ended_at.map_or(now, Timestamp::from_millis);
    Ok(score(&rehearsals::facts(tx, &incident, at).await?))
}

/// Begins one.
pub async fn begin(desk: Desk) -> Answer {
    let done = async {
        forms::only(&desk.fields, &["what"])?;
        let mut work = desk.begin().await?;
        let what = desk.fields.one("what");
        let title = match what.strip_prefix("incident:") {
            Some(id) => match work.tx.incident(id).await? {
                Some(row) => Names::load(&mut work.tx).await?.title(&mut work.tx, &row).await?,
                None => String::new(),
            },
            None => String::new(),
        };
        let id = rehearsals::begin(&mut work.tx, &work.ctx, what, &title).await?;
        work.commit().await?;
        Ok(id)
    };
    match done.await {
        Ok(id) => Ok(see(&format!("/console/rehearsals/{id}"))),
        Err(Refusal::Field { field, message }) => {
            let error = FormError { field: field.into(), message };
            page(&desk, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// One.
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    let now = desk.now();
    let mut tx = desk.read().await?;
    let row = tx.rehearsal(&id).await?.ok_or(Refusal::NotFound("rehearsal"))?;
    let script: Script = serde_json::from_str(&row.script)
        .map_err(|_| Refusal::Conflict("The script of this rehearsal cannot be read.".into()))?;
    let until = row.ended_at.map_or(now, Timestamp::from_millis);
    let happened = script.until(row.begun_at, until);
    let incident = match &row.incident_id {
        Some(id) => tx.incident(id).await?,
        None => None,
    };
    let model = RehearsalPage {
        begun: begun(&row, now),
        to_come: script.events.len() - happened.len(),
        events: happened.iter().rev().map(|(at, what)| (utc_time(*at, now), (*what).to_owned())).collect(),
        incident: match &incident {
            Some(i) => Some((i.id.clone(), Names::load(&mut tx).await?.title(&mut tx, i).await?)),
            None => None,
        },
        sink: match &incident {
            Some(i) => sink(&mut tx, &i.id, now).await?,
            None => Vec::new(),
        },
        score: points(&mut tx, &row, now).await?,
        is_over: row.ended_at.is_some(),
        may_run: desk.may(Permission::Command),
        id,
        name: row.name,
    };
    let frame = super::frame(&desk.app, Some(&desk.session), &model.name, "/console/rehearsals");
    let frame = app::console::Frame { refresh_secs: (!model.is_over).then_some(30), ..frame };
    Ok(super::page(StatusCode::OK, &frame.nonce.clone(), console::rehearsal(&frame, &model)))
}

/// What would have gone out, and to how many.
async fn sink(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Vec<(String, String, String)>, Refusal> {
    let total = Blast::of_incident(tx, id, now).await?.total();
    let to = if total == 1 { "1 subscriber".to_owned() } else { format!("{total} subscribers") };
    let updates = tx.updates(id).await?.into_iter();
    Ok(updates.map(|u| (utc_time(u.published_at, now), u.known, format!("would reach {to}"))).collect())
}

/// The incident's page as readers would see it; the next line of defence after the sign-in is that nobody may frame or
/// keep it.
pub async fn read(desk: Desk, Path(id): Path<String>) -> Answer {
    let mut tx = desk.read().await?;
    let row = tx.rehearsal(&id).await?.ok_or(Refusal::NotFound("rehearsal"))?;
    let incident = row.incident_id.ok_or(Refusal::NotFound("incident"))?;
    let world = World::read(&mut tx, desk.now(), &Viewer::Public, Some(&incident)).await?;
    let page = pages::incident(&world, &incident).ok_or(Refusal::NotFound("incident"))?;
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        ),
    ];
    Ok((headers, Html(public::incident_page(&page))).into_response())
}

/// Ends it.
pub async fn end(desk: Desk, Path(id): Path<String>) -> Answer {
    forms::only(&desk.fields, &[])?;
    let mut work = desk.begin().await?;
    rehearsals::end(&mut work.tx, &work.ctx, &id).await?;
    work.commit().await?;
    Ok(see(&format!("/console/rehearsals/{id}")))
}
