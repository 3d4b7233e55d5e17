//! Templates: the list, one, proposing and approving.

use app::console::{
    self,
    model::FormError,
    templates::{Changed, TemplateLine, TemplatePage, Waiting},
};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock::Timestamp,
    clock_local::utc_time,
    writing::{
        diff,
        template::{Slot, Template},
    },
};
use store::{TemplateRow, Tx};

use super::{
    desk::{Answer, Desk, see},
    forms,
};
use crate::{
    auth::role::Permission,
    commands::{
        Refusal,
        templates::{body, decide, in_use, propose},
    },
    http::fields::Fields,
};

const LABELS: [&str; 5] = [
    "Short description",
    "What we know",
    "What we don’t know",
    "What we do next",
    "What customers should do",
];

/// Characters of a template that the list shows.
const SAYS: usize = 110;

fn path(slot: Slot) -> String {
    format!("/console/writing/templates/{}", slot.slug())
}

fn slot_of(word: &str) -> Result<Slot, Refusal> {
    Slot::find(word).ok_or(Refusal::NotFound("template"))
}

/// Every template.
pub async fn list(desk: Desk) -> Answer {
    let mut tx = desk.read().await?;
    let used = in_use(&mut tx).await?;
    let rows = tx.templates().await?;
    let lines: Vec<TemplateLine> = used
        .into_iter()
        .map(|(slot, (version, template))| TemplateLine {
            slot: slot.slug(),
            severity: slot.severity,
            kind: slot.kind.words(),
            says: excerpt(&template.known),
            state: state(version),
            is_waiting: rows.iter().any(|r| of(r) == slot && r.state == "proposed"),
        })
        .collect();
    Ok(desk.page(StatusCode::OK, "Templates", "/console/writing", |frame| console::templates(frame, &lines)))
}

fn of(row: &TemplateRow) -> Slot {
    Slot { severity: row.severity, kind: row.kind }
}

fn excerpt(text: &str) -> String {
    if text.chars().count() <= SAYS {
        return text.to_owned();
    }
    text.chars().take(SAYS).collect::<String>().trim_end().to_owned() + "…"
}

fn state(version: i64) -> String {
    match version {
        0 => "as Waypost comes with it".into(),
        n => format!("version {n}"),
    }
}

/// One template.
pub async fn show(desk: Desk, Path(slot): Path<String>) -> Answer {
    page(&desk, slot_of(&slot)?, StatusCode::OK, None).await
}

async fn page(desk: &Desk, slot: Slot, status: StatusCode, error: Option<FormError>) -> Answer {
    let mut tx = desk.read().await?;
    let mut model = load(desk, &mut tx, slot).await?;
    if error.is_some() && desk.fields.some("known").is_some() {
        model.fields = labelled(&typed(&desk.fields));
    }
    model.error = error;
    Ok(desk.page(status, &model.words, "/console/writing", |frame| console::template(frame, &model)))
}

fn labelled(template: &Template) -> Vec<(&'static str, &'static str, String)> {
    let fields = template.fields().into_iter().zip(LABELS);
    fields.map(|((name, text), label)| (name, label, text.to_owned())).collect()
}

async fn load(desk: &Desk, tx: &mut Tx, slot: Slot) -> Result<TemplatePage, Refusal> {
    let now = desk.now();
    let rows = tx.templates_of(slot).await?;
    let approved = rows.iter().find(|r| r.state == "approved");
    let used = approved.map_or_else(|| Template::built_in(slot), body);
    let mut history = Vec::new();
    for row in &rows {
        history.push(told(tx, row, now).await?);
    }
    let waiting = match rows.iter().find(|r| r.state == "proposed") {
        Some(row) => Some(waits(desk, tx, row, &used).await?),
        None => None,
    };
    let in_force = match approved {
        Some(row) => format!("Version {} is in use.", row.version),
        None => "In use as Waypost comes with it.".into(),
    };
    Ok(TemplatePage {
        slot: slot.slug(),
        words: slot.words(),
        state: in_force,
        fields: labelled(&used),
        waiting,
        history,
        version: rows.first().map_or(0, |r| r.version),
        may_propose: desk.may(Permission::Publish),
        error: None,
    })
}

async fn waits(desk: &Desk, tx: &mut Tx, row: &TemplateRow, used: &Template) -> Result<Waiting, Refusal> {
    let is_own = row.created_by == desk.session.user_id;
    let may = desk.may(Permission::Publish);
    let name = tx.user_name(&row.created_by).await?.unwrap_or_else(|| "Somebody".into());
    Ok(Waiting {
        version: row.version,
        by: format!("{name}, {}", utc_time(row.created_at, desk.now())),
        changes: changes(used, &body(row)),
        may_approve: may && !is_own,
        why_not: if is_own { "You wrote this; somebody else must approve it." } else { "" },
        may_withdraw: may,
    })
}

fn changes(before: &Template, after: &Template) -> Vec<Changed> {
    let pairs = before.fields().into_iter().zip(after.fields()).zip(LABELS);
    let changed = pairs.filter(|(((_, old), (_, new)), _)| old != new);
    changed.map(|(((_, old), (_, new)), label)| (label, diff::words(old, new))).collect()
}

async fn told(tx: &mut Tx, row: &TemplateRow, now: Timestamp) -> Result<String, Refusal> {
    let who = async |tx: &mut Tx, id: &str| {
        Ok::<_, Refusal>(tx.user_name(id).await?.unwrap_or_else(|| "somebody".into()))
    };
    let by = who(tx, &row.created_by).await?;
    let written = format!("Version {} by {by}, {}", row.version, utc_time(row.created_at, now));
    let Some(second) = &row.decided_by else { return Ok(format!("{written}: {}", row.state)) };
    let second = who(tx, second).await?;
    Ok(match row.state.as_str() {
        "withdrawn" => format!("{written}: withdrawn by {second}"),
        state => format!("{written}: {state}, approved by {second}"),
    })
}

fn typed(fields: &Fields) -> Template {
    let text = |name: &str| fields.one(name).replace("\r\n", "\n");
    Template {
        title: text("title"),
        known: text("known"),
        unknown: text("unknown"),
        next_steps: text("next_steps"),
        customer_action: text("customer_action"),
    }
}

/// Proposes a version.
pub async fn save(desk: Desk, Path(slot): Path<String>) -> Answer {
    let slot = slot_of(&slot)?;
    let done = async {
        forms::only(
            &desk.fields,
            &["version", "title", "known", "unknown", "next_steps", "customer_action"],
        )?;
        let mut work = desk.begin().await?;
        let newest = work.tx.templates_of(slot).await?.first().map_or(0, |r| r.version);
        if desk.fields.one("version") != newest.to_string() {
            return Err(Refusal::Conflict(
                "Somebody proposed another version after you opened this form. Read it above; yours is kept below.".into(),
            ));
        }
        propose(&mut work.tx, &work.ctx, slot, &typed(&desk.fields)).await?;
        work.commit().await
    };
    answer(&desk, slot, done.await).await
}

/// A second person approves.
pub async fn approve(desk: Desk, Path(slot): Path<String>) -> Answer {
    decided(&desk, slot_of(&slot)?, true).await
}

/// Takes a proposed version back.
pub async fn withdraw(desk: Desk, Path(slot): Path<String>) -> Answer {
    decided(&desk, slot_of(&slot)?, false).await
}

async fn decided(desk: &Desk, slot: Slot, approves: bool) -> Answer {
    let done = async {
        forms::only(&desk.fields, &["version"])?;
        let version = desk.fields.one("version").parse().unwrap_or(0);
        let mut work = desk.begin().await?;
        decide(&mut work.tx, &work.ctx, slot, version, approves).await?;
        work.commit().await
    };
    answer(desk, slot, done.await).await
}

async fn answer(desk: &Desk, slot: Slot, done: Result<(), Refusal>) -> Answer {
    let (status, field, message) = match done {
        Ok(()) => return Ok(see(&path(slot))),
        Err(Refusal::Field { field, message }) => (StatusCode::UNPROCESSABLE_ENTITY, field, message),
        Err(Refusal::Conflict(message)) => (StatusCode::CONFLICT, "", message),
        Err(refusal) => return Err(refusal),
    };
    page(desk, slot, status, Some(FormError { field: field.into(), message })).await
}
