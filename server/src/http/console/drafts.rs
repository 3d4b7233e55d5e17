//! Texts that are kept: saved while they are typed, waiting for a second person, or for their time.

use app::console::{
    self,
    command::{DraftLine, DraftPage},
    model::FormError,
};
use axum::{extract::Path, http::StatusCode};
use domain::{clock::Timestamp, clock_local::utc_time, severity::Severity};
use store::{DraftRow, Tx};

use super::{
    desk::{Answer, Desk, see},
    forms,
    incidents::{self, again, needed},
    now::Names,
    writing::found,
};
use crate::{
    auth::role::{Permission, Role},
    commands::{Refusal, drafts, kept::Form},
    http::fields::Fields,
};

/// `declare/new`, `updates/<incident>`.
type Where = Path<(String, String)>;

fn place((form, incident): (String, String)) -> Result<(Form, String), Refusal> {
    let form = Form::find(&form).ok_or(Refusal::NotFound("form"))?;
    Ok((form, if form == Form::Declare { String::new() } else { incident }))
}

fn back(form: Form, incident_id: &str) -> String {
    match form {
        Form::Declare => "/console/incidents/new".into(),
        _ => format!("/console/incidents/{incident_id}"),
    }
}

/// Saves what was typed so far.
pub async fn save(desk: Desk, Path(at): Where) -> Answer {
    let (form, incident_id) = place(at)?;
    let mut work = desk.begin().await?;
    drafts::save(&mut work.tx, &work.ctx, form, &incident_id, &desk.fields).await?;
    work.commit().await?;
    Ok(see(&back(form, &incident_id)))
}

/// Shows the form again with what readers would get and what the rules find.
pub async fn preview(desk: Desk, Path(at): Where) -> Answer {
    let (form, incident_id) = place(at)?;
    previews(desk, form, &incident_id).await
}

/// The same, after the blank fields were filled from the template in use.
pub async fn fill(desk: Desk, Path(at): Where) -> Answer {
    let (form, incident_id) = place(at)?;
    let fields =
        incidents::filled(&mut desk.read().await?, form, &incident_id, &desk.fields, desk.now()).await?;
    previews(Desk { fields, ..desk }, form, &incident_id).await
}

/// What is previewed is saved first: the frames of the page and the mail read it from there.
async fn previews(desk: Desk, form: Form, incident_id: &str) -> Answer {
    let mut work = desk.begin().await?;
    drafts::save(&mut work.tx, &work.ctx, form, incident_id, &desk.fields).await?;
    work.commit().await?;
    match form {
        Form::Declare => incidents::declare_previewed(&desk).await,
        _ => incidents::previewed(&desk, incident_id, form).await,
    }
}

/// Asks for approval, or schedules.
pub async fn ask(desk: Desk, Path(at): Where) -> Answer {
    let (form, incident_id) = place(at)?;
    let done = async {
        let publish_at = forms::time(&desk.fields, "publish_at")?;
        let mut work = desk.begin().await?;
        // What the rules refuse is refused now: it is tried, and undone.
        drafts::rehearse(&mut work.tx, &work.ctx, form, &incident_id, &desk.fields).await?;
        drop(work);
        let mut work = desk.begin().await?;
        let id = drafts::ask(&mut work.tx, &work.ctx, form, &incident_id, &desk.fields, publish_at).await?;
        work.commit().await?;
        Ok::<_, Refusal>(id)
    };
    let (status, error) = match done.await {
        Ok(id) => return Ok(see(&format!("/console/drafts/{id}"))),
        Err(Refusal::Field { field, message }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, FormError { field: field.into(), message })
        }
        Err(Refusal::Conflict(message)) => {
            (StatusCode::CONFLICT, FormError { field: String::new(), message })
        }
        Err(refusal) => return Err(refusal),
    };
    match form {
        Form::Declare => incidents::declare_again(&desk, Some(error)).await,
        _ => again(&desk, &incident_id, form, status, Some(error)).await,
    }
}

/// A kept text.
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    page(&desk, &id, StatusCode::OK, None).await
}

async fn page(desk: &Desk, id: &str, status: StatusCode, error: Option<FormError>) -> Answer {
    let mut tx = desk.read().await?;
    let row = tx.draft(id).await?.ok_or(Refusal::NotFound("draft"))?;
    let names = Names::load(&mut tx).await?;
    let model = DraftPage { error, ..read(desk, &mut tx, &names, &row).await? };
    Ok(desk.page(status, "For approval", "/console/incidents", |frame| console::draft(frame, &model)))
}

async fn read(desk: &Desk, tx: &mut Tx, names: &Names, row: &DraftRow) -> Result<DraftPage, Refusal> {
    let now = desk.now();
    let form = Form::find(&row.form).ok_or(Refusal::NotFound("form"))?;
    let author = tx.user(&row.author_id).await?;
    let incident = match tx.incident(&row.incident_id).await? {
        Some(incident) => Some((incident.id.clone(), names.title(tx, &incident).await?)),
        None => None,
    };
    let is_own = row.author_id == desk.session.user_id;
    let author_may = author.as_ref().and_then(|a| Role::find(&a.role)).is_some_and(|r| r.may(needed(form)));
    let is_fit = desk.may(Permission::Publish) && (author_may || desk.may(needed(form)));
    let is_open = matches!(row.state.as_str(), "asked" | "returned" | "scheduled");
    let why_not = match (is_open && row.state != "scheduled", is_own, is_fit) {
        (true, true, _) => "You wrote this; somebody else must approve it.",
        (true, false, false) => "Your role may not publish this.",
        _ => "",
    };
    let name = author.map_or_else(|| "Somebody".to_owned(), |a| a.name);
    Ok(DraftPage {
        id: row.id.clone(),
        form: form.words(),
        incident,
        asked: format!("{name} asks since {}", utc_time(row.created_at, now)),
        state: state(row, now),
        note: row.note.clone(),
        fields: told(names, &Fields::from_json(&row.fields)),
        findings: hints(tx, form, row).await?,
        is_open,
        may_approve: is_open && row.state != "scheduled" && !is_own && is_fit,
        why_not: why_not.into(),
        may_discard: is_own || is_fit,
        error: None,
    })
}

/// What the rules of writing find, for the second person.
async fn hints(tx: &mut Tx, form: Form, row: &DraftRow) -> Result<Vec<String>, Refusal> {
    let all = found(tx, form, &Fields::from_json(&row.fields)).await?;
    Ok(all.into_iter().flat_map(|f| f.lines.into_iter().map(move |l| format!("{} – {l}", f.rule))).collect())
}

fn state(row: &DraftRow, now: Timestamp) -> String {
    let at = row.publish_at.map(|at| utc_time(Timestamp::from_millis(at), now));
    match (row.state.as_str(), at) {
        ("asked", Some(at)) => format!("waits for a second person, then for {at}"),
        ("asked", None) => "waits for a second person".into(),
        ("scheduled", Some(at)) => format!("goes out at {at}"),
        ("returned", _) => "returned to its author".into(),
        (other, _) => other.to_owned(),
    }
}

/// Label and text of every filled field, as the second person reads them.
fn told(names: &Names, fields: &Fields) -> Vec<(String, String)> {
    const LABELS: [(&str, &str); 10] = [
        ("title", "Title"),
        ("severity", "Severity"),
        ("reason", "Reason"),
        ("phase", "The incident is now"),
        ("known", "What we know"),
        ("unknown", "What we don’t know"),
        ("next_steps", "What we do next"),
        ("customer_action", "What customers should do"),
        ("started_at", "Started"),
        ("next_update_due_at", "Next update by"),
    ];
    let filled = LABELS.iter().filter_map(|(name, label)| {
        let text = fields.some(name)?;
        let text = match (*name, text.parse().ok().and_then(|n: i64| Severity::try_from(n).ok())) {
            ("severity", Some(severity)) => format!("{} – {}", severity.label(), severity.word()),
            _ => text.to_owned(),
        };
        Some(((*label).to_owned(), text))
    });
    let cells = forms::cells(fields).unwrap_or_default();
    let cells = cells.iter().map(|(id, status)| (names.cell(id), status.words().to_owned()));
    let helps = fields.with_prefix("workaround.").filter(|(_, words)| !words.trim().is_empty());
    let helps =
        helps.map(|(code, words)| (format!("What helps in {}", names.country(code)), words.to_owned()));
    let overrides = fields.with_prefix("override.").filter(|(_, why)| !why.trim().is_empty());
    let overrides = overrides.map(|(rule, why)| (format!("Sets aside {rule}, because"), why.to_owned()));
    filled.chain(cells).chain(helps).chain(overrides).collect()
}

/// Texts that wait: about one incident, or all.
pub(super) async fn waiting(
    tx: &mut Tx,
    names: &Names,
    incident_id: Option<&str>,
    now: Timestamp,
) -> Result<Vec<DraftLine>, Refusal> {
    let mut lines = Vec::new();
    for row in tx.waiting_drafts().await? {
        if incident_id.is_some_and(|id| id != row.incident_id) {
            continue;
        }
        let form = Form::find(&row.form).map_or("Text", Form::words);
        let what = match tx.incident(&row.incident_id).await? {
            Some(incident) => format!("{form} on {}", names.title(tx, &incident).await?),
            None => format!("{form}: {}", Fields::from_json(&row.fields).one("title")),
        };
        let author = tx.user_name(&row.author_id).await?.unwrap_or_default();
        let state = format!("{author}, {}: {}", utc_time(row.created_at, now), state(&row, now));
        lines.push(DraftLine { id: row.id, what, state });
    }
    Ok(lines)
}

/// A second person approves.
pub async fn approve(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &[])?;
        check_fit(&desk, &id).await?;
        let mut work = desk.begin().await?;
        let done = drafts::approve(&mut work.tx, &work.ctx, &id).await?;
        desk.publish(work).await?;
        Ok::<_, Refusal>(done)
    };
    match done.await {
        Ok(Some(done)) => Ok(see(&format!("/console/incidents/{}", done.incident_id))),
        Ok(None) => Ok(see(&format!("/console/drafts/{id}"))),
        Err(refusal) => refused(&desk, &id, refusal).await,
    }
}

async fn check_fit(desk: &Desk, id: &str) -> Result<(), Refusal> {
    let mut tx = desk.read().await?;
    let row = tx.draft(id).await?.ok_or(Refusal::NotFound("draft"))?;
    let names = Names::load(&mut tx).await?;
    let model = read(desk, &mut tx, &names, &row).await?;
    if !model.is_open || model.why_not.is_empty() {
        Ok(())
    } else {
        Err(Refusal::field("approval", model.why_not))
    }
}

async fn refused(desk: &Desk, id: &str, refusal: Refusal) -> Answer {
    let (status, field, message) = match refusal {
        Refusal::Field { field, message } if matches!(field, "note" | "approval") => {
            (StatusCode::UNPROCESSABLE_ENTITY, field, message)
        }
        Refusal::Field { message, .. } => (StatusCode::UNPROCESSABLE_ENTITY, "", message),
        Refusal::Conflict(message) => (StatusCode::CONFLICT, "", message),
        other => return Err(other),
    };
    page(desk, id, status, Some(FormError { field: field.into(), message })).await
}

/// Back to its author.
pub async fn give_back(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &["note"])?;
        let mut work = desk.begin().await?;
        drafts::give_back(&mut work.tx, &work.ctx, &id, desk.fields.one("note")).await?;
        work.commit().await
    };
    match done.await {
        Ok(()) => Ok(see("/console")),
        Err(refusal) => refused(&desk, &id, refusal).await,
    }
}

/// Nobody will publish it.
pub async fn discard(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &[])?;
        let mut work = desk.begin().await?;
        let row = work.tx.draft(&id).await?.ok_or(Refusal::NotFound("draft"))?;
        if row.author_id != work.ctx.actor && !desk.may(Permission::Publish) {
            return Err(Refusal::Conflict(
                "Only its author, or somebody who may publish, can take it back.".into(),
            ));
        }
        drafts::discard(&mut work.tx, &work.ctx, &id).await?;
        work.commit().await
    };
    match done.await {
        Ok(()) => Ok(see("/console")),
        Err(refusal) => refused(&desk, &id, refusal).await,
    }
}
