//! The workspace of one review.

use app::console::{
    self,
    model::FormError,
    rca::{ActionField, RcaPage, ReviewClock, SectionField},
};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock::Timestamp,
    clock_local::{utc_date, utc_time},
    engagement::promise_words,
    review::{Record, Review, Section, State, missing},
    sla::clock::{Clock, ClockKind, ClockState},
    week::{date, date_words},
};
use store::{CorrectiveActionRow, ReviewRow, Tx};

use super::typed::{allowed, corrective_actions, refill, sections};
use crate::{
    auth::role::Permission,
    commands::{
        Refusal,
        rca::{self, actions},
    },
    http::console::{
        desk::{Answer, Desk, see},
        forms,
        now::{Names, due},
    },
};

/// Empty lines for new actions.
const BLANK_LINES: usize = 2;

fn path(id: &str) -> String {
    format!("/console/incidents/{id}/rca")
}

/// One review.
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    let model = load(&desk, &id).await?;
    Ok(page(&desk, StatusCode::OK, &model))
}

fn page(desk: &Desk, status: StatusCode, model: &RcaPage) -> axum::response::Response {
    desk.page(status, "Root cause analysis", "/console/reviews", |frame| console::rca(frame, model))
}

async fn load(desk: &Desk, id: &str) -> Result<RcaPage, Refusal> {
    let now = desk.now();
    let mut tx = desk.read().await?;
    let incident = tx.incident(id).await?.ok_or(Refusal::NotFound("incident"))?;
    let row = tx.review(id).await?.ok_or(Refusal::NotFound("review"))?;
    let review = rca::of(&row);
    let planned = tx.actions(id).await?;
    let frozen: Option<Record> = row.record.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let record = match (review.state, frozen) {
        (State::InReview | State::Final, Some(record)) => record,
        _ => rca::record::of(&mut tx, &incident, now).await?,
    };
    let gate: Vec<_> = planned.iter().map(actions::at_the_gate).collect();
    let may_write = desk.may(Permission::Respond);
    let is_author = review.authors.contains(&desk.session.user_id);
    Ok(RcaPage {
        incident_id: id.to_owned(),
        incident: Names::load(&mut tx).await?.title(&mut tx, &incident).await?,
        state: review.state,
        by: by(&mut tx, &row, now).await?,
        note: review.note.clone(),
        clocks: clocks(&tx.clocks(id).await?, now),
        missing: missing(&review.sections, &gate, incident.restored_at.is_some())
            .iter()
            .map(ToString::to_string)
            .collect(),
        sections: fields(&review),
        actions_was: actions::mark_of(&planned),
        actions: lines(planned, review.state == State::Draft),
        their_actions: Vec::new(),
        people: people(&mut tx).await?,
        record,
        published: row.published_at.map(|at| {
            let words = format!("Published {}", utc_date(Timestamp::from_millis(at)));
            (words, app::paths::rca(id))
        }),
        is_writing: review.state == State::Draft && may_write,
        may_write,
        may_decide: desk.may(Permission::Publish),
        why_not: if is_author {
            "You wrote part of this, or handed it in: somebody else publishes it."
        } else {
            ""
        },
        typed_note: String::new(),
        error: None,
    })
}

fn fields(review: &Review) -> Vec<SectionField> {
    let field = |section: Section| {
        let part = rca::part(&review.sections, section);
        let was = rca::mark(&part);
        SectionField { section, text: part.text, is_public: part.is_public, was, theirs: None }
    };
    Section::ALL.into_iter().map(field).collect()
}

fn lines(rows: Vec<CorrectiveActionRow>, is_draft: bool) -> Vec<ActionField> {
    let blank = if is_draft { BLANK_LINES } else { 0 };
    let line = |row: CorrectiveActionRow| ActionField {
        state: standing(&row),
        id: row.id,
        what: row.what,
        owner_id: row.owner_id.unwrap_or_default(),
        owner: row.owner_name.unwrap_or_else(|| "nobody yet".into()),
        due_on: row.due_on.unwrap_or_default(),
    };
    rows.into_iter().map(line).chain(std::iter::repeat_n(ActionField::default(), blank)).collect()
}

/// `due 9 Mar 2026`, `done 8 Mar 2026`.
pub(super) fn standing(row: &CorrectiveActionRow) -> String {
    match (row.done_at, row.due_on.as_deref().and_then(date)) {
        (Some(at), _) => format!("done {}", utc_date(Timestamp::from_millis(at))),
        (None, Some(day)) => format!("due {}", date_words(day)),
        (None, None) => "no date yet".into(),
    }
}

/// Who did the last step.
pub(super) async fn by(tx: &mut Tx, row: &ReviewRow, now: Timestamp) -> Result<String, Refusal> {
    let (verb, who, at) = match row.state {
        State::Draft => return Ok(String::new()),
        State::InReview => ("Handed in", &row.handed_in_by, Some(row.updated_at)),
        State::Final => ("Published", &row.published_by, row.published_at.map(Timestamp::from_millis)),
    };
    let name = match who {
        Some(id) => tx.user_name(id).await?,
        None => None,
    };
    let at = at.map(|at| utc_time(at, now)).unwrap_or_default();
    Ok(format!("{verb} by {}, {at}", name.unwrap_or_else(|| "somebody".into())))
}

fn clocks(all: &[Clock], now: Timestamp) -> Vec<ReviewClock> {
    let newest = |kind| {
        all.iter().filter(|c| c.kind == kind).max_by_key(|c| (c.state == ClockState::Running, c.started_at))
    };
    let told = |c: &Clock| {
        let words = match (c.state, c.late_ms.filter(|ms| *ms > 0)) {
            (ClockState::Running | ClockState::Paused, _) => String::new(),
            (ClockState::Cancelled, _) => c.reason.clone().unwrap_or_else(|| "cancelled".into()),
            (_, Some(ms)) => format!("{} late", domain::clock_local::duration_words(ms)),
            (_, None) => format!("met {}", c.stopped_at.map(utc_date).unwrap_or_default()),
        };
        ReviewClock { promise: promise_words(c), due: due(c.due_at.millis(), now), words }
    };
    [ClockKind::RcaDraft, ClockKind::RcaFinal].into_iter().filter_map(newest).map(told).collect()
}

async fn people(tx: &mut Tx) -> Result<Vec<(String, String)>, Refusal> {
    let users = tx.users().await?;
    Ok(users.into_iter().filter(|u| !u.is_disabled).map(|u| (u.id, u.name)).collect())
}

/// Saves what was written.
pub async fn save(desk: Desk, Path(id): Path<String>) -> Answer {
    match write(&desk, &id).await {
        Ok(()) => Ok(see(&path(&id))),
        Err(refusal) => unsaved(&desk, &id, refusal).await,
    }
}

async fn write(desk: &Desk, id: &str) -> Result<(), Refusal> {
    forms::only(&desk.fields, &allowed())?;
    let mut work = desk.begin().await?;
    rca::write(&mut work.tx, &work.ctx, id, &sections(&desk.fields)).await?;
    // A form without the list leaves it as it is.
    if let Some(was) = desk.fields.all("actions.was").next() {
        actions::save(&mut work.tx, &work.ctx, id, &corrective_actions(&desk.fields), was).await?;
    }
    work.commit().await
}

/// The form as it was typed, whatever became of the review meanwhile.
async fn unsaved(desk: &Desk, id: &str, refusal: Refusal) -> Answer {
    let (status, error) = told(refusal)?;
    let mut model = load(desk, id).await?;
    refill(&mut model, &desk.fields);
    (model.is_writing, model.error) = (true, Some(error));
    Ok(page(desk, status, &model))
}

/// A refusal that a form shows; the rest is a page of its own.
pub(super) fn told(refusal: Refusal) -> Result<(StatusCode, FormError), Refusal> {
    match refusal {
        Refusal::Field { field, message } => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, FormError { field: field.into(), message }))
        }
        Refusal::Conflict(message) => Ok((StatusCode::CONFLICT, FormError { field: String::new(), message })),
        refusal => Err(refusal),
    }
}

/// Saves, and hands in; what was written is kept even if something is missing.
pub async fn hand_in(desk: Desk, Path(id): Path<String>) -> Answer {
    if let Err(refusal) = write(&desk, &id).await {
        return unsaved(&desk, &id, refusal).await;
    }
    let done = async {
        let mut work = desk.begin().await?;
        rca::hand_in(&mut work.tx, &work.ctx, &id).await?;
        work.commit().await
    };
    answer(&desk, &id, done.await).await
}

/// Back to the writers, with a note.
pub async fn give_back(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &["note"])?;
        let mut work = desk.begin().await?;
        rca::give_back(&mut work.tx, &work.ctx, &id, desk.fields.one("note")).await?;
        work.commit().await
    };
    answer(&desk, &id, done.await).await
}

/// Everybody reads it.
pub async fn publish(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &[])?;
        let mut work = desk.begin().await?;
        rca::publish(&mut work.tx, &work.ctx, &id).await?;
        desk.publish(work).await
    };
    answer(&desk, &id, done.await).await
}

/// Begins a correction of what is published.
pub async fn correct(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &["note"])?;
        let mut work = desk.begin().await?;
        rca::correct(&mut work.tx, &work.ctx, &id, desk.fields.one("note")).await?;
        work.commit().await
    };
    answer(&desk, &id, done.await).await
}

async fn answer(desk: &Desk, id: &str, done: Result<(), Refusal>) -> Answer {
    let Err(refusal) = done else { return Ok(see(&path(id))) };
    let (status, error) = told(refusal)?;
    let mut model = load(desk, id).await?;
    model.typed_note = desk.fields.one("note").to_owned();
    model.error = Some(error);
    Ok(page(desk, status, &model))
}
