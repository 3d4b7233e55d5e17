//! The form of a week's summary.

use app::console::{
    self,
    model::FormError,
    reviews::{WeekItem, WeekPage},
};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock::Timestamp,
    clock_local::{duration_words, utc_date},
    week::Week,
};
use store::{IncidentRow, Tx};

use super::workspace::told;
use crate::{
    auth::role::Permission,
    commands::{
        Refusal,
        rca::weeks::{self, Items},
    },
    http::{
        console::{
            desk::{Answer, Desk, Work, see},
            forms,
            now::Names,
        },
        fields::Fields,
    },
};

fn week_of(text: &str, now: Timestamp) -> Result<Week, Refusal> {
    Week::parse(text).filter(|w| w.start() <= now).ok_or(Refusal::NotFound("week"))
}

fn path(week: Week) -> String {
    format!("/console/reviews/weeks/{week}")
}

/// One week.
pub async fn show(desk: Desk, Path(week): Path<String>) -> Answer {
    let week = week_of(&week, desk.now())?;
    let model = load(&desk, week).await?;
    Ok(page(&desk, StatusCode::OK, &model))
}

fn page(desk: &Desk, status: StatusCode, model: &WeekPage) -> axum::response::Response {
    let title = format!("Week of {}", model.days);
    desk.page(status, &title, "/console/reviews", |frame| console::week(frame, model))
}

async fn load(desk: &Desk, week: Week) -> Result<WeekPage, Refusal> {
    let mut tx = desk.read().await?;
    let row = tx.summary(&week.to_string()).await?;
    let texts = row.as_ref().map(weeks::items).unwrap_or_default();
    let names = Names::load(&mut tx).await?;
    let mut items = Vec::new();
    for incident in tx.sev3_incidents(week.start(), week.end()).await? {
        items.push(item(&mut tx, &names, &incident, &texts).await?);
    }
    let opening = row.as_ref().map(|r| r.opening.clone()).unwrap_or_default();
    let published = row.as_ref().and_then(|r| r.published_at);
    let may_write = desk.may(Permission::Respond);
    Ok(WeekPage {
        week: week.to_string(),
        days: week.days(),
        state: match (&row, published) {
            (_, Some(at)) => format!("Published {}.", utc_date(Timestamp::from_millis(at))),
            (Some(_), None) => "Written, not published.".into(),
            (None, None) => "Nothing written yet.".into(),
        },
        was: weeks::mark_of(&opening, &texts),
        opening,
        items,
        href: published.map(|_| app::paths::summary(&week.to_string())),
        may_write,
        may_publish: desk.may(Permission::Publish),
        error: None,
    })
}

async fn item(
    tx: &mut Tx,
    names: &Names,
    incident: &IncidentRow,
    texts: &Items,
) -> Result<WeekItem, Refusal> {
    let end = incident.resolved_at.or(incident.restored_at).map(Timestamp::from_millis);
    let lasted = match end {
        Some(end) => format!("over after {}", duration_words(end.since(incident.started_at))),
        None => "still open".into(),
    };
    let last = tx.updates(&incident.id).await?.into_iter().next();
    Ok(WeekItem {
        title: names.title(tx, incident).await?,
        facts: format!("{}, {lasted}", utc_date(incident.started_at)),
        known: last.map(|u| u.known).unwrap_or_default(),
        text: texts.get(&incident.id).cloned().unwrap_or_default(),
        id: incident.id.clone(),
    })
}

fn typed(fields: &Fields) -> Items {
    fields.with_prefix("item.").map(|(id, text)| (id.to_owned(), text.replace("\r\n", "\n"))).collect()
}

async fn write(desk: &Desk, week: Week) -> Result<Work, Refusal> {
    forms::only(&desk.fields, &["was", "opening", "item.*"])?;
    let mut work = desk.begin().await?;
    let (opening, was) = (desk.fields.one("opening").replace("\r\n", "\n"), desk.fields.one("was"));
    weeks::write(&mut work.tx, &work.ctx, week, &opening, &typed(&desk.fields), was).await?;
    Ok(work)
}

/// Saves what was written.
pub async fn save(desk: Desk, Path(week): Path<String>) -> Answer {
    let week = week_of(&week, desk.now())?;
    let done = async { write(&desk, week).await?.commit().await };
    answer(&desk, week, done.await).await
}

/// Saves, and publishes.
pub async fn publish(desk: Desk, Path(week): Path<String>) -> Answer {
    let week = week_of(&week, desk.now())?;
    let done = async {
        let mut work = write(&desk, week).await?;
        let names = Names::load(&mut work.tx).await?;
        weeks::publish(&mut work.tx, &work.ctx, week, |i, held| names.scoped_title_of(i, held)).await?;
        desk.publish(work).await
    };
    answer(&desk, week, done.await).await
}

async fn answer(desk: &Desk, week: Week, done: Result<(), Refusal>) -> Answer {
    let Err(refusal) = done else { return Ok(see(&path(week))) };
    let (status, error): (_, FormError) = told(refusal)?;
    let mut model = load(desk, week).await?;
    model.opening = desk.fields.one("opening").to_owned();
    let typed = typed(&desk.fields);
    for item in &mut model.items {
        if let Some(text) = typed.get(&item.id) {
            item.text.clone_from(text);
        }
    }
    model.error = Some(error);
    Ok(page(desk, status, &model))
}
