//! The verbs of an incident. Each is one transaction: the update, its cells, the clocks, the notice, the audit line.

use domain::{
    clock::{DAY, MINUTE, Timestamp},
    incident::{Incident, Phase, Refused, UpdateKind},
    lead::{Lead, SignOff, Unsigned, signed_off},
    notice::Message,
    severity::Severity,
    sla::policy::SeverityMatrix,
    status::CellStatus,
    text::{self, BadText},
};
use serde_json::json;
use store::{IncidentRow, StoreError, Tx, UpdateCellRow, UpdateRow, policies::SEVERITY_MATRIX};

use super::{
    Ctx, Refusal, audiences,
    cells::{self, audit},
    engagement, merge, notices, proposals, rca, rehearsals, roles,
    writing::{self, Overrides, Text},
};
use crate::clock::new_id;

/// Declares an incident and publishes its first update.
#[derive(Debug, Clone, Default)]
pub struct Declare {
    /// Short description, without prefix.
    pub title: String,
    /// 1 to 4.
    pub severity: i64,
    /// When the impact began.
    pub started_at: Timestamp,
    /// Affected cells and what each is.
    pub cells: Vec<(String, CellStatus)>,
    /// The four fields.
    pub message: Message,
    /// An earlier promise than policy's.
    pub next_update_due_at: Option<Timestamp>,
    /// The proposal that it comes from.
    pub proposal_id: Option<String>,
    /// The partners that it is for; none: it is for everybody.
    pub partners: Vec<String>,
    /// The rehearsal that it belongs to: then nobody outside sees or hears it.
    pub rehearsal_id: Option<String>,
    /// Makes a repeat harmless.
    pub idempotency_key: Option<String>,
    /// Who stands behind it beside the author.
    pub sign_off: SignOff,
    /// Rules of writing that the author sets aside.
    pub overrides: Overrides,
}

/// What the later verbs share.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Which incident.
    pub incident_id: String,
    /// The version that the author saw.
    pub version: i64,
    /// The four fields.
    pub message: Message,
    /// An earlier promise than policy's.
    pub next_update_due_at: Option<Timestamp>,
    /// Makes a repeat harmless.
    pub idempotency_key: Option<String>,
    /// Who stands behind it beside the author.
    pub sign_off: SignOff,
    /// Rules of writing that the author sets aside.
    pub overrides: Overrides,
}

/// A verb on an open incident.
#[derive(Debug, Clone)]
pub enum Verb {
    /// Publishes what changed (or that nothing did).
    PostUpdate {
        /// Investigating, identified, or monitoring while it is.
        phase: Phase,
        /// It says itself that nothing changed.
        is_no_change: bool,
        /// Cells that it moves.
        cells: Vec<(String, CellStatus)>,
    },
    /// Changes the severity.
    Reclassify {
        /// To what.
        severity: i64,
        /// Why, as readers will see it.
        reason: String,
    },
    /// Usable again.
    Restore,
    /// Fixed for good.
    Resolve,
    /// It is part of another incident, and goes on there.
    Merge {
        /// The other one's id.
        into: String,
    },
}

/// A published update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The incident.
    pub incident_id: String,
    /// The update.
    pub update_id: String,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooLate(_) | Refused::InThePast => {
                Self::field("next_update_due_at", refused.to_string())
            }
            Refused::SameSeverity(_) => Self::field("severity", refused.to_string()),
            Refused::Phase => Self::field("phase", refused.to_string()),
            Refused::Resolved | Refused::Restored => Self::Conflict(refused.to_string()),
        }
    }
}

impl From<Unsigned> for Refusal {
    fn from(unsigned: Unsigned) -> Self {
        Self::field("approval", unsigned.to_string())
    }
}

fn field_of(name: &'static str) -> impl Fn(BadText) -> Refusal {
    move |e| Refusal::field(name, e.to_string())
}

/// Checks one of the four fields; an optional one may stay empty.
fn words(text: &str, name: &'static str, is_required: bool) -> Result<String, Refusal> {
    if !is_required && text.trim().is_empty() {
        return Ok(String::new());
    }
    text::multi_line(text, text::FIELD_MAX).map_err(field_of(name))
}

/// A reason, which readers see as it is.
fn reason(text: &str, name: &'static str) -> Result<String, Refusal> {
    let text = words(text, name, true)?;
    text::no_identifiers(&text).map_err(field_of(name))?;
    Ok(text)
}

/// The four fields, tidied. What we know is always said; the rules of writing judge the rest.
pub(super) fn message(given: &Message) -> Result<Message, Refusal> {
    Ok(Message {
        known: words(&given.known, "known", true)?,
        unknown: words(&given.unknown, "unknown", false)?,
        next_steps: words(&given.next_steps, "next_steps", false)?,
        customer_action: words(&given.customer_action, "customer_action", false)?,
    })
}

async fn repeated(tx: &mut Tx, key: Option<&str>) -> Result<Option<Published>, StoreError> {
    let Some(key) = key else { return Ok(None) };
    let done = tx.update_by_key(key).await?;
    Ok(done.map(|u| Published { incident_id: u.incident_id, update_id: u.id }))
}

fn check_severity(number: i64) -> Result<Severity, Refusal> {
    Severity::try_from(number)
        .map_err(|_| Refusal::field("severity", "Choose a severity from Sev 1 to Sev 4."))
}

/// Declares an incident and publishes its first update.
pub async fn declare(tx: &mut Tx, ctx: &Ctx, cmd: Declare) -> Result<Published, Refusal> {
    if let Some(done) = repeated(tx, cmd.idempotency_key.as_deref()).await? {
        return Ok(done);
    }
    let title = text::single_line(&cmd.title, text::TITLE_MAX).map_err(field_of("title"))?;
    let severity = check_severity(cmd.severity)?;
    let message = message(&cmd.message)?;
    let words = Text { title: &title, message: &message, kind: UpdateKind::Initial };
    let overrides = writing::check(tx, words, &cmd.overrides).await?;
    signed_off(severity, &ctx.actor, &cmd.sign_off)?;
    if cmd.cells.is_empty() {
        return Err(Refusal::field("cells", "Choose at least one service and country that is affected."));
    }
    if cmd.started_at > ctx.now.plus(MINUTE) || ctx.now.since(cmd.started_at) > 90 * DAY {
        return Err(Refusal::field(
            "started_at",
            "The start must lie within the last 90 days, not in the future.",
        ));
    }
    let partners = audiences::checked(tx, &cmd.partners, &cmd.cells).await?;
    let (policy_version, matrix): (i64, SeverityMatrix) = tx.policy(SEVERITY_MATRIX).await?;
    let started_at = cmd.started_at.min(ctx.now);
    let incident =
        Incident::declare(severity, started_at, ctx.now, cmd.next_update_due_at, &matrix, &mut new_id)?;
    let mut row = drawn_up(tx, ctx, title, &incident, policy_version, cmd.proposal_id.as_deref()).await?;
    row.is_rehearsal = cmd.rehearsal_id.is_some();
    row.is_public = partners.is_empty();
    tx.insert_incident(&row).await?;
    for partner in &partners {
        tx.insert_audience(&row.id, partner).await?;
    }
    if let Some(rehearsal) = &cmd.rehearsal_id {
        rehearsals::declared(tx, rehearsal, &row.id).await?;
    }
    let story = Story {
        incident: &incident,
        kind: UpdateKind::Initial,
        message,
        cells: cmd.cells,
        key: cmd.idempotency_key,
        sign_off: &cmd.sign_off,
        overrides: &overrides,
    };
    let update_id = publish(tx, ctx, &row, 1, story).await?;
    roles::begin(tx, ctx, &row.id, Lead::Commander).await?;
    if let Some(proposal) = &cmd.proposal_id {
        proposals::accept(tx, ctx, proposal, &row.id).await?;
    }
    engagement::open(tx, ctx, &row.id).await?;
    let detail = json!({
        "before": null,
        "after": { "severity": severity.number(), "title": row.title, "phase": row.phase.slug() },
        "partners": partners,
        "sign_off": said(&cmd.sign_off),
        "overrides": overrides,
    });
    audit(tx, ctx, "declare_incident", &format!("incident:{}", row.id), detail).await?;
    Ok(Published { incident_id: row.id, update_id })
}

async fn drawn_up(
    tx: &mut Tx,
    ctx: &Ctx,
    title: String,
    incident: &Incident,
    policy_version: i64,
    proposal_id: Option<&str>,
) -> Result<IncidentRow, Refusal> {
    let evidence = match proposal_id {
        Some(id) => Some(tx.proposal(id).await?.ok_or(Refusal::NotFound("proposal"))?.evidence),
        None => None,
    };
    Ok(IncidentRow {
        id: new_id(),
        title,
        severity: incident.severity,
        phase: incident.phase,
        started_at: incident.started_at,
        declared_at: ctx.now,
        declared_by: ctx.actor.clone(),
        restored_at: None,
        resolved_at: None,
        next_update_due_at: incident.next_update_due_at.map(Timestamp::millis),
        policy_version,
        evidence,
        sequence: 1,
        version: 1,
        updated_at: ctx.now,
        is_rehearsal: false,
        is_public: true,
        is_backfilled: false,
        duplicate_of: None,
    })
}

/// Does a verb on an open incident.
pub async fn act(tx: &mut Tx, ctx: &Ctx, step: Step, verb: Verb) -> Result<Published, Refusal> {
    if let Some(done) = repeated(tx, step.idempotency_key.as_deref()).await? {
        return Ok(done);
    }
    let row = tx.incident(&step.incident_id).await?.ok_or(Refusal::NotFound("incident"))?;
    if row.version != step.version {
        return Err(overtaken(tx, &row).await?);
    }
    let matrix = tx.severity_matrix(row.policy_version).await?;
    let before = as_it_is(tx, &row).await?;
    let due = step.next_update_due_at;
    let (action, kind, incident, given, cells) = match verb {
        Verb::PostUpdate { phase, is_no_change, cells } => {
            let kind = if is_no_change { UpdateKind::NoChange } else { UpdateKind::Progress };
            let after = before.post_update(phase, ctx.now, due, &matrix, &mut new_id)?;
            ("post_update", kind, after, step.message, cells)
        }
        Verb::Reclassify { severity, reason } => {
            let severity = check_severity(severity)?;
            let given = reclassified(&before, severity, &reason, step.message)?;
            let after = before.reclassify(severity, ctx.now, &matrix, &mut new_id)?;
            ("reclassify", UpdateKind::Reclassified, after, given, Vec::new())
        }
        Verb::Restore => {
            let after = before.restore(ctx.now, due, &matrix, &mut new_id)?;
            ("restore", UpdateKind::Restored, after, step.message, Vec::new())
        }
        Verb::Resolve => {
            ("resolve", UpdateKind::Resolved, before.resolve(ctx.now)?, step.message, Vec::new())
        }
        Verb::Merge { into } => {
            let (after, given) = merge::end(tx, ctx, &row, before, &into, step.message).await?;
            ("merge", UpdateKind::Resolved, after, given, Vec::new())
        }
    };
    let message = message(&given)?;
    let words = Text { title: "", message: &message, kind };
    let overrides = checked(tx, words, (&step.sign_off, &step.overrides)).await?;
    signed_off(row.severity.min(incident.severity), &ctx.actor, &step.sign_off)?;
    if !tx.update_incident(&row.id, row.version, &incident, ctx.now).await? {
        return Err(overtaken(tx, &row).await?);
    }
    let (key, sign_off) = (step.idempotency_key, &step.sign_off);
    let story = Story { incident: &incident, kind, message, cells, key, sign_off, overrides: &overrides };
    let update_id = publish(tx, ctx, &row, row.sequence + 1, story).await?;
    if kind == UpdateKind::Reclassified {
        engagement::reclassified(tx, ctx, &row.id).await?;
    }
    rca::follow(tx, ctx, &row.id).await?;
    let detail = json!({
        "before": { "severity": row.severity.number(), "phase": row.phase.slug() },
        "after": { "severity": incident.severity.number(), "phase": incident.phase.slug() },
        "sign_off": said(&step.sign_off),
        "overrides": overrides,
    });
    audit(tx, ctx, action, &format!("incident:{}", row.id), detail).await?;
    Ok(Published { incident_id: row.id, update_id })
}

/// The rules of writing; a text that Waypost sends by itself was approved with the policy.
async fn checked(
    tx: &mut Tx,
    words: Text<'_>,
    (sign_off, overrides): (&SignOff, &Overrides),
) -> Result<Overrides, Refusal> {
    match sign_off {
        SignOff::Automatic => Ok(Overrides::new()),
        _ => writing::check(tx, words, overrides).await,
    }
}

/// An incident as its rules see it.
async fn as_it_is(tx: &mut Tx, row: &IncidentRow) -> Result<Incident, StoreError> {
    Ok(Incident {
        severity: row.severity,
        phase: row.phase,
        started_at: row.started_at,
        restored_at: row.restored_at.map(Timestamp::from_millis),
        resolved_at: row.resolved_at.map(Timestamp::from_millis),
        next_update_due_at: row.next_update_due_at.map(Timestamp::from_millis),
        clocks: tx.clocks(&row.id).await?,
    })
}

/// A reclassification says itself what changed; its reason is the text unless the author wrote more.
fn reclassified(before: &Incident, to: Severity, reason: &str, given: Message) -> Result<Message, Refusal> {
    let reason = self::reason(reason, "reason")?;
    let from = before.severity.label();
    let said = format!("Reclassified from {from} to {}. {reason}", to.label());
    Ok(Message {
        known: if given.known.trim().is_empty() { said } else { format!("{said}\n\n{}", given.known) },
        ..given
    })
}

async fn overtaken(tx: &mut Tx, row: &IncidentRow) -> Result<Refusal, Refusal> {
    let newest = tx.updates(&row.id).await?.into_iter().next();
    let who = match &newest {
        Some(u) => tx.user_name(&u.published_by).await?.unwrap_or_else(|| "somebody".into()),
        None => "somebody".into(),
    };
    let at = newest.map_or(row.updated_at, |u| u.published_at);
    let at = domain::clock_local::hour_minute(at, domain::clock_local::zone("UTC"));
    Ok(Refusal::Conflict(format!(
        "{who} published an update at {at} UTC, after you opened this form. Read it above; your text is kept below."
    )))
}

struct Story<'a> {
    incident: &'a Incident,
    kind: UpdateKind,
    message: Message,
    cells: Vec<(String, CellStatus)>,
    key: Option<String>,
    sign_off: &'a SignOff,
    overrides: &'a Overrides,
}

/// A sign-off for the record.
fn said(sign_off: &SignOff) -> serde_json::Value {
    match sign_off {
        SignOff::Alone => json!(null),
        SignOff::Approved(by) => json!({ "approved_by": by }),
        SignOff::BreakGlass(reason) => json!({ "break_glass": reason }),
        SignOff::Automatic => json!({ "automatic": true }),
    }
}

/// Writes the update, its cells, the clocks and the notice.
async fn publish(
    tx: &mut Tx,
    ctx: &Ctx,
    row: &IncidentRow,
    sequence: i64,
    story: Story<'_>,
) -> Result<String, Refusal> {
    let Story { incident, kind, message, cells: given, key, sign_off, overrides } = story;
    let incident_id = row.id.as_str();
    let (approved_by, break_glass_reason) = match sign_off {
        SignOff::Approved(by) => (Some(by.clone()), None),
        SignOff::BreakGlass(reason) => (None, Some(self::reason(reason, "break_glass")?)),
        SignOff::Alone | SignOff::Automatic => (None, None),
    };
    let update = UpdateRow {
        id: new_id(),
        incident_id: incident_id.to_owned(),
        sequence,
        kind,
        phase: incident.phase,
        severity: incident.severity,
        known: message.known,
        unknown: message.unknown,
        next_steps: message.next_steps,
        customer_action: message.customer_action,
        published_at: ctx.now,
        published_by: ctx.actor.clone(),
        next_update_due_at: incident.next_update_due_at.map(Timestamp::millis),
        idempotency_key: key,
        approved_by,
        break_glass_reason,
        overrides: json!(overrides).to_string(),
        is_automatic: *sign_off == SignOff::Automatic,
        edited_at: None,
    };
    tx.insert_update(&update).await?;
    let ended = matches!(kind, UpdateKind::Restored | UpdateKind::Resolved);
    let moved = if ended { release_all(tx, ctx, row).await? } else { hold_all(tx, ctx, row, given).await? };
    for (cell_id, (old_status, new_status)) in moved {
        if old_status != new_status {
            tx.insert_update_cell(&UpdateCellRow {
                update_id: update.id.clone(),
                cell_id,
                old_status,
                new_status,
            })
            .await?;
        }
    }
    for clock in &incident.clocks {
        tx.save_clock(incident_id, clock).await?;
    }
    let notice =
        notices::Notice { incident_id, update_id: &update.id, severity: incident.severity, sequence };
    notices::enqueue(tx, ctx, notice).await?;
    audiences::changed(tx, ctx, incident_id).await?;
    Ok(update.id)
}

type MovedCells = Vec<(String, cells::Moved)>;

async fn hold_all(
    tx: &mut Tx,
    ctx: &Ctx,
    incident: &IncidentRow,
    given: Vec<(String, CellStatus)>,
) -> Result<MovedCells, Refusal> {
    let mut moved = Vec::new();
    for (cell_id, status) in given {
        let change = cells::hold(tx, ctx, incident, &cell_id, status).await.map_err(|e| match e {
            Refusal::NotFound(_) => {
                Refusal::field("cells", format!("There is no cell {cell_id:?} on this page."))
            }
            other => other,
        })?;
        moved.push((cell_id, change));
    }
    // A phase that goes back from monitoring holds the incident's cells again.
    for row in tx.incident_cells(&incident.id).await? {
        if !moved.iter().any(|(id, _)| *id == row.cell_id) {
            let change = cells::hold(tx, ctx, incident, &row.cell_id, row.status).await?;
            moved.push((row.cell_id, change));
        }
    }
    Ok(moved)
}

async fn release_all(tx: &mut Tx, ctx: &Ctx, incident: &IncidentRow) -> Result<MovedCells, Refusal> {
    let mut moved = Vec::new();
    for row in tx.incident_cells(&incident.id).await? {
        let change = cells::release(tx, ctx, incident, &row).await?;
        moved.push((row.cell_id, change));
    }
    Ok(moved)
}
