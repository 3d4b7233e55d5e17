//! Reviews of incidents (root cause analyses): begun when an incident is usable again, written, handed in, read by
//! somebody else, published, corrected.

pub mod actions;
pub mod record;
pub mod weeks;

use std::collections::BTreeMap;

use domain::{
    clock::Timestamp,
    review::{Part, Published, Record, Refused, Review, Section, Sections, State},
    severity::Severity,
    sla::clock::{Clock, ClockKind, ClockState},
    text,
};
use serde_json::{Value, json};
use store::{IncidentRow, ReviewRow, Tx, UpdateRow};

use super::{Ctx, Refusal, audiences, cells::audit, clocks};

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Incomplete(_) => Self::field("hand_in", refused.to_string()),
            Refused::OwnText => Self::field("publish", refused.to_string()),
            Refused::NoReason => Self::field("note", refused.to_string()),
            Refused::NotDraft | Refused::NotInReview | Refused::NotFinal => {
                Self::Conflict(refused.to_string())
            }
        }
    }
}

/// A stored review as its rules see it.
#[must_use]
pub fn of(row: &ReviewRow) -> Review {
    Review {
        state: row.state,
        authors: serde_json::from_str(&row.authors).unwrap_or_default(),
        sections: serde_json::from_str(&row.sections).unwrap_or_default(),
        note: row.note.clone(),
    }
}

/// What everybody reads of it, if it was published.
#[must_use]
pub fn published(row: &ReviewRow) -> Option<Published> {
    serde_json::from_str(row.published.as_deref()?).ok()
}

/// The worst severity that an incident ever had.
#[must_use]
pub fn worst(incident: &IncidentRow, updates: &[UpdateRow]) -> Severity {
    updates.iter().map(|u| u.severity).fold(incident.severity, Ord::min)
}

/// The incident changed: while it is restored, its review is due by the worst severity that it ever had; when it came
/// back, the promise is dropped, and what was handed in is given back.
pub async fn follow(tx: &mut Tx, ctx: &Ctx, incident_id: &str) -> Result<(), Refusal> {
    let incident = tx.incident(incident_id).await?.ok_or(Refusal::NotFound("incident"))?;
    if incident.is_rehearsal || incident.duplicate_of.is_some() {
        return Ok(());
    }
    match incident.restored_at {
        Some(at) => open(tx, ctx, &incident, Timestamp::from_millis(at)).await,
        None => came_back(tx, ctx, incident_id).await,
    }
}

/// Begins the review, unless there is one, and arms its clocks.
async fn open(tx: &mut Tx, ctx: &Ctx, incident: &IncidentRow, restored_at: Timestamp) -> Result<(), Refusal> {
    let severity = worst(incident, &tx.updates(&incident.id).await?);
    let matrix = tx.severity_matrix(incident.policy_version).await?;
    let targets = [ClockKind::RcaDraft, ClockKind::RcaFinal].map(|k| (k, matrix.target(k, "", severity)));
    if targets.iter().all(|(_, target)| target.is_none()) {
        return Ok(());
    }
    if tx.review(&incident.id).await?.is_none() {
        tx.begin_review(&incident.id, ctx.now).await?;
        let detail = json!({ "before": null, "after": { "state": State::Draft.slug(), "severity": severity.number() } });
        audit(tx, ctx, "begin_review", &subject(&incident.id), detail).await?;
    }
    let Some(review) = tx.review(&incident.id).await? else { return Ok(()) };
    let clocks = tx.clocks(&incident.id).await?;
    for (kind, target) in targets {
        let is_done = match kind {
            ClockKind::RcaDraft => review.handed_in_at.is_some(),
            _ => review.first_published_at.is_some(),
        };
        let Some(target) = target.filter(|_| !is_done && !incident.is_backfilled) else { continue };
        let is_it = |c: &Clock| c.kind == kind && c.severity == severity && c.started_at == restored_at;
        if clocks.iter().any(|c| is_it(c) && c.state == ClockState::Running) {
            continue;
        }
        let due_at = matrix.due(severity, target, restored_at);
        let promise = clocks::Promise {
            incident_id: &incident.id,
            kind,
            subject: "",
            severity,
            started_at: restored_at,
            due_at,
        };
        clocks::arm(tx, ctx, promise).await?;
    }
    Ok(())
}

async fn came_back(tx: &mut Tx, ctx: &Ctx, incident_id: &str) -> Result<(), Refusal> {
    let Some(row) = tx.review(incident_id).await? else { return Ok(()) };
    for kind in [ClockKind::RcaDraft, ClockKind::RcaFinal] {
        clocks::cancel(tx, ctx, incident_id, kind, "", "it came back").await?;
    }
    if row.state == State::InReview {
        let after = of(&row).give_back("The incident came back after this was handed in.")?;
        save(tx, ctx, "give_back_review", row, after, |_| {}).await?;
    }
    Ok(())
}

fn subject(incident_id: &str) -> String {
    format!("incident:{incident_id}")
}

async fn load(tx: &mut Tx, incident_id: &str) -> Result<ReviewRow, Refusal> {
    tx.review(incident_id).await?.ok_or(Refusal::NotFound("review"))
}

/// Saves a step of the review with its audit line.
async fn save(
    tx: &mut Tx,
    ctx: &Ctx,
    action: &str,
    before: ReviewRow,
    review: Review,
    also: impl FnOnce(&mut ReviewRow),
) -> Result<ReviewRow, Refusal> {
    let mut after = before.clone();
    after.state = review.state;
    after.authors = json!(review.authors).to_string();
    after.sections = json!(review.sections).to_string();
    after.note.clone_from(&review.note);
    also(&mut after);
    if !tx.save_review(&after, ctx.now).await? {
        return Err(Refusal::Conflict(
            "Somebody else changed this review in the same moment. Send yours once more; it is kept below."
                .into(),
        ));
    }
    let detail = difference(&before, &of(&before), &after, &review);
    audit(tx, ctx, action, &subject(&before.incident_id), detail).await?;
    after.version += 1;
    Ok(after)
}

/// Before and after for the record: the state, the note, and the sections that changed.
fn difference(old: &ReviewRow, before: &Review, new: &ReviewRow, after: &Review) -> Value {
    let changed = |sections: &Sections, others: &Sections| -> BTreeMap<Section, Part> {
        sections.iter().filter(|(s, p)| others.get(s) != Some(p)).map(|(s, p)| (*s, p.clone())).collect()
    };
    let told = |row: &ReviewRow, review: &Review, sections: BTreeMap<Section, Part>| json!({ "state": review.state.slug(), "note": review.note, "correction": row.correction, "sections": sections });
    json!({
        "before": told(old, before, changed(&before.sections, &after.sections)),
        "after": told(new, after, changed(&after.sections, &before.sections)),
    })
}

/// What somebody typed into a section.
#[derive(Debug, Clone)]
pub struct Typed {
    /// Which.
    pub section: Section,
    /// The text and whom it is for.
    pub part: Part,
    /// Mark of the section as it was when the form was opened; see [`mark`].
    pub was: String,
}

/// A short mark of a text, by which a form knows what it was opened at.
#[must_use]
pub fn mark(what: &impl serde::Serialize) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(json!(what).to_string().as_bytes());
    data_encoding::HEXLOWER.encode(&hash[..6])
}

/// A section as it stands; as it would be by default where nobody wrote.
#[must_use]
pub fn part(sections: &Sections, section: Section) -> Part {
    let blank = Part { text: String::new(), is_public: section.is_public_by_default() };
    sections.get(&section).cloned().unwrap_or(blank)
}

/// Writes sections. What the author did not touch stays as somebody else may have left it meanwhile; where both wrote,
/// nothing is saved.
pub async fn write(tx: &mut Tx, ctx: &Ctx, incident_id: &str, typed: &[Typed]) -> Result<(), Refusal> {
    let row = load(tx, incident_id).await?;
    let before = of(&row);
    let mut sections = before.sections.clone();
    let mut both: Vec<&str> = Vec::new();
    for Typed { section, part: given, was } in typed {
        let given = Part { text: words(&given.text, section.slug())?, is_public: given.is_public };
        let stored = part(&before.sections, *section);
        if given == stored || mark(&given) == *was {
            continue;
        }
        if mark(&stored) != *was {
            both.push(section.title());
        }
        sections.insert(*section, given);
    }
    if before.state != State::Draft && sections != before.sections {
        return Err(Refused::NotDraft.into());
    }
    if !both.is_empty() {
        return Err(Refusal::Conflict(format!(
            "Somebody else changed {} after you opened this form. Theirs stands beneath yours; saving again keeps yours.",
            domain::clock_local::listed(&both)
        )));
    }
    if sections == before.sections {
        return Ok(());
    }
    let after = before.write(&ctx.actor, sections)?;
    save(tx, ctx, "write_review", row, after, |_| {}).await.map(drop)
}

fn words(given: &str, field: &'static str) -> Result<String, Refusal> {
    if given.trim().is_empty() {
        return Ok(String::new());
    }
    let bad = |e: text::BadText| Refusal::field(field, e.to_string());
    let given = text::multi_line(given, text::FIELD_MAX).map_err(bad)?;
    text::no_identifiers(&given).map_err(bad)?;
    Ok(given)
}

/// The draft is ready for review: the record is frozen, and the promise of the draft is kept.
pub async fn hand_in(tx: &mut Tx, ctx: &Ctx, incident_id: &str) -> Result<(), Refusal> {
    let row = load(tx, incident_id).await?;
    let incident = tx.incident(incident_id).await?.ok_or(Refusal::NotFound("incident"))?;
    let gate: Vec<_> = tx.actions(incident_id).await?.iter().map(actions::at_the_gate).collect();
    let after = of(&row).hand_in(&ctx.actor, &gate, incident.restored_at.is_some())?;
    let record = json!(record::of(tx, &incident, ctx.now).await?).to_string();
    save(tx, ctx, "hand_in_review", row, after, |row| {
        row.record = Some(record);
        row.handed_in_by = Some(ctx.actor.clone());
        row.handed_in_at = row.handed_in_at.or(Some(ctx.now.millis()));
    })
    .await?;
    clocks::stop(tx, ctx, incident_id, ClockKind::RcaDraft, "").await.map(drop)
}

/// The reader wants changes.
pub async fn give_back(tx: &mut Tx, ctx: &Ctx, incident_id: &str, note: &str) -> Result<(), Refusal> {
    let row = load(tx, incident_id).await?;
    let after = of(&row).give_back(&words(note, "note")?)?;
    save(tx, ctx, "give_back_review", row, after, |_| {}).await.map(drop)
}

/// Somebody who did not write it publishes it: page, feeds and API show it at once.
pub async fn publish(tx: &mut Tx, ctx: &Ctx, incident_id: &str) -> Result<(), Refusal> {
    let row = load(tx, incident_id).await?;
    let after = of(&row).publish(&ctx.actor)?;
    let record: Record =
        row.record.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let promised: Vec<_> =
        tx.actions(incident_id).await?.into_iter().filter_map(actions::published).collect();
    let first_at = row.first_published_at.map_or(ctx.now, Timestamp::from_millis);
    let told = Published {
        first_at,
        at: ctx.now,
        correction: row.correction.clone(),
        ..Published::of(&after.sections, promised, &record)
    };
    save(tx, ctx, "publish_review", row, after, |row| {
        row.published = Some(json!(told).to_string());
        row.published_by = Some(ctx.actor.clone());
        row.published_at = Some(ctx.now.millis());
        row.first_published_at = Some(first_at.millis());
    })
    .await?;
    clocks::stop(tx, ctx, incident_id, ClockKind::RcaFinal, "").await?;
    audiences::changed(tx, ctx, incident_id).await
}

/// What is published was wrong: a new round begins, and what is published stays until its end. Readers see the reason.
pub async fn correct(tx: &mut Tx, ctx: &Ctx, incident_id: &str, reason: &str) -> Result<(), Refusal> {
    let row = load(tx, incident_id).await?;
    let after = of(&row).correct(&words(reason, "note")?)?;
    let reason = after.note.clone();
    save(tx, ctx, "correct_review", row, after, |row| row.correction = reason).await.map(drop)
}
