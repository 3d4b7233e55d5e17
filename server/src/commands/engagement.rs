//! Calling people in: tiers and suppliers, with the clocks that run until they come.

use domain::{
    clock::Timestamp,
    engagement::Party,
    sla::{
        clock::{ClockKind, ClockState},
        policy::SeverityMatrix,
    },
    text,
};
use serde_json::{Value, json};
use store::{EngagementRow, IncidentRow, Tx};

use super::{Ctx, Refusal, audiences, cells::audit, clocks};
use crate::clock::new_id;

/// What happened with somebody who was called in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// We reached out.
    Contacted,
    /// They are at work.
    Engaged,
}

/// What is known of an engagement.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// The version that the author saw.
    pub version: i64,
    /// With whom we speak.
    pub contact: String,
    /// Their ticket.
    pub ticket: String,
    /// What they say it takes.
    pub stated_timeline: String,
    /// What binds them.
    pub stated_constraints: String,
    /// Published as a fact.
    pub is_public: bool,
}

/// An incident was declared: tier 2 is due, where the severity promises it. One that is entered afterwards waits for nobody.
pub async fn open(tx: &mut Tx, ctx: &Ctx, incident_id: &str) -> Result<(), Refusal> {
    let (incident, matrix) = load(tx, incident_id).await?;
    if incident.is_backfilled {
        return Ok(());
    }
    arm(tx, ctx, &incident, &matrix, &Party::TierTwo, ctx.now).await
}

/// The severity changed: promises that are not yet missed are counted anew from where they began, and tier 2 is due if
/// it is now promised.
pub async fn reclassified(tx: &mut Tx, ctx: &Ctx, incident_id: &str) -> Result<(), Refusal> {
    let (incident, matrix) = load(tx, incident_id).await?;
    let mut is_tier2_due = false;
    for clock in tx.clocks(incident_id).await? {
        let is_ours = matches!(clock.kind, ClockKind::Tier | ClockKind::Carrier);
        if !is_ours || clock.state != ClockState::Running {
            continue;
        }
        is_tier2_due |= clock.subject == Party::TierTwo.subject();
        let Ok(party) = Party::try_from(clock.subject.as_str()) else { continue };
        if clock.overdue_ms(ctx.now) > 0 {
            continue;
        }
        if matrix.target(clock.kind, &clock.subject, incident.severity).is_some() {
            arm(tx, ctx, &incident, &matrix, &party, clock.started_at).await?;
        } else {
            clocks::cancel(tx, ctx, incident_id, clock.kind, &clock.subject, "reclassified").await?;
        }
    }
    let engagements = tx.engagements(incident_id).await?;
    let came = |e: &EngagementRow| e.subject == Party::TierTwo.subject() && e.engaged_at.is_some();
    if !is_tier2_due && !engagements.iter().any(came) {
        arm(tx, ctx, &incident, &matrix, &Party::TierTwo, ctx.now).await?;
    }
    Ok(())
}

async fn load(tx: &mut Tx, incident_id: &str) -> Result<(IncidentRow, SeverityMatrix), Refusal> {
    let incident = tx.incident(incident_id).await?.ok_or(Refusal::NotFound("incident"))?;
    let matrix = tx.severity_matrix(incident.policy_version).await?;
    Ok((incident, matrix))
}

/// Arms the clock of a party, if the severity promises one.
async fn arm(
    tx: &mut Tx,
    ctx: &Ctx,
    incident: &IncidentRow,
    matrix: &SeverityMatrix,
    party: &Party,
    started_at: Timestamp,
) -> Result<(), Refusal> {
    let (kind, subject, severity) = (party.clock(), party.subject(), incident.severity);
    let Some(target) = matrix.target(kind, &subject, severity) else { return Ok(()) };
    let due_at = matrix.due(severity, target, started_at);
    let promise =
        clocks::Promise { incident_id: &incident.id, kind, subject: &subject, severity, started_at, due_at };
    clocks::arm(tx, ctx, promise).await.map(drop)
}

/// Puts on record that somebody was contacted, or came; a repeat changes nothing. `at` is now unless told otherwise.
pub async fn record(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    subject: &str,
    step: Step,
    at: Option<Timestamp>,
) -> Result<(), Refusal> {
    let (incident, matrix) = load(tx, incident_id).await?;
    if incident.resolved_at.is_some() {
        return Err(Refusal::Conflict("This incident is resolved; nobody is waited for any more.".into()));
    }
    let party = Party::try_from(subject).map_err(|_| Refusal::NotFound("party to engage"))?;
    let at = at.unwrap_or(ctx.now);
    if at > ctx.now || at < incident.started_at {
        return Err(Refusal::field("at", "Give a time between the start of the incident and now."));
    }
    let before = engagement(tx, ctx, incident_id, &party).await?;
    let mut after = before.clone();
    if after.contacted_at.is_none() {
        after.contacted_at = Some(at.millis());
        after.contacted_by.clone_from(&ctx.actor_name);
        contacted(tx, ctx, &incident, &matrix, &party, at).await?;
    }
    if step == Step::Engaged && after.engaged_at.is_none() {
        if after.contacted_at.is_some_and(|contacted| at.millis() < contacted) {
            return Err(Refusal::field("at", "They cannot have come before they were contacted."));
        }
        after.engaged_at = Some(at.millis());
        after.engaged_by.clone_from(&ctx.actor_name);
        engaged(tx, ctx, &incident, &matrix, &party, at).await?;
    }
    if after == before {
        return Ok(());
    }
    save(tx, ctx, &before, after).await
}

/// Contacting tier 3 or a supplier keeps tier 2's promise; a supplier's own promise begins.
async fn contacted(
    tx: &mut Tx,
    ctx: &Ctx,
    incident: &IncidentRow,
    matrix: &SeverityMatrix,
    party: &Party,
    at: Timestamp,
) -> Result<(), Refusal> {
    if *party == Party::TierTwo {
        return Ok(());
    }
    let tier3 = Party::TierThree;
    clocks::stop_at(tx, ctx, &incident.id, tier3.clock(), &tier3.subject(), at).await?;
    match party {
        Party::Supplier(_) => arm(tx, ctx, incident, matrix, party, at).await,
        Party::TierTwo | Party::TierThree => Ok(()),
    }
}

/// Who was waited for came. Once tier 2 is at work, tier 3 or a supplier is due, unless one was contacted already.
async fn engaged(
    tx: &mut Tx,
    ctx: &Ctx,
    incident: &IncidentRow,
    matrix: &SeverityMatrix,
    party: &Party,
    at: Timestamp,
) -> Result<(), Refusal> {
    clocks::stop_at(tx, ctx, &incident.id, party.clock(), &party.subject(), at).await?;
    let second = Party::TierTwo.subject();
    let went_on = |e: &EngagementRow| e.subject != second && e.contacted_at.is_some();
    if *party == Party::TierTwo && !tx.engagements(&incident.id).await?.iter().any(went_on) {
        arm(tx, ctx, incident, matrix, &Party::TierThree, at).await?;
    }
    Ok(())
}

/// The engagement of a party, begun if there is none.
async fn engagement(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    party: &Party,
) -> Result<EngagementRow, Refusal> {
    let subject = party.subject();
    if let Some(row) = tx.engagements(incident_id).await?.into_iter().find(|e| e.subject == subject) {
        return Ok(row);
    }
    let (name, kind) = match party {
        Party::Supplier(id) => {
            let supplier = tx.supplier(id).await?.ok_or(Refusal::NotFound("supplier"))?;
            (supplier.name, supplier.kind)
        }
        tier => (tier.name().unwrap_or_default().to_owned(), "tier".to_owned()),
    };
    let row = EngagementRow {
        id: new_id(),
        incident_id: incident_id.to_owned(),
        subject,
        party: name,
        kind,
        contacted_at: None,
        contacted_by: String::new(),
        engaged_at: None,
        engaged_by: String::new(),
        contact: String::new(),
        ticket: String::new(),
        stated_timeline: String::new(),
        stated_constraints: String::new(),
        is_public: false,
        version: 1,
    };
    tx.insert_engagement(&row, ctx.now).await?;
    // Somebody else may have begun it in the same moment.
    let begun = tx.engagements(incident_id).await?.into_iter().find(|e| e.subject == row.subject);
    Ok(begun.unwrap_or(row))
}

/// Notes what is known of an engagement. Publishing it as a fact, or taking that back, needs the right to publish.
pub async fn describe(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    subject: &str,
    details: Details,
    may_publish: bool,
) -> Result<(), Refusal> {
    let found = tx.engagements(incident_id).await?.into_iter().find(|e| e.subject == subject);
    let before = found.ok_or(Refusal::NotFound("engagement"))?;
    if before.version != details.version {
        return Err(overtaken());
    }
    if before.is_public != details.is_public && !may_publish {
        return Err(Refusal::field(
            "is_public",
            "Only who may publish updates may publish this, or take it back.",
        ));
    }
    let after = EngagementRow {
        contact: optional(&details.contact, "contact", text::NAME_MAX)?,
        ticket: optional(&details.ticket, "ticket", text::NAME_MAX)?,
        stated_timeline: optional(&details.stated_timeline, "stated_timeline", 400)?,
        stated_constraints: optional(&details.stated_constraints, "stated_constraints", 400)?,
        is_public: details.is_public,
        ..before.clone()
    };
    save(tx, ctx, &before, after).await
}

fn optional(given: &str, field: &'static str, max: usize) -> Result<String, Refusal> {
    if given.trim().is_empty() {
        return Ok(String::new());
    }
    text::single_line(given, max).map_err(|e| Refusal::field(field, e.to_string()))
}

fn overtaken() -> Refusal {
    Refusal::Conflict(
        "Somebody else changed this engagement since you opened it. Read it, then send yours again.".into(),
    )
}

async fn save(tx: &mut Tx, ctx: &Ctx, before: &EngagementRow, after: EngagementRow) -> Result<(), Refusal> {
    if !tx.save_engagement(&after, ctx.now).await? {
        return Err(overtaken());
    }
    if before.is_public || after.is_public {
        audiences::changed(tx, ctx, &after.incident_id).await?;
    }
    let subject = format!("incident:{}", after.incident_id);
    let detail = json!({ "party": after.party, "subject": after.subject, "before": told(before), "after": told(&after) });
    audit(tx, ctx, "engage", &subject, detail).await
}

fn told(row: &EngagementRow) -> Value {
    let at = |at: Option<i64>| at.map(|at| Timestamp::from_millis(at).rfc3339());
    json!({
        "contacted_at": at(row.contacted_at),
        "engaged_at": at(row.engaged_at),
        "contact": row.contact,
        "ticket": row.ticket,
        "stated_timeline": row.stated_timeline,
        "stated_constraints": row.stated_constraints,
        "is_public": row.is_public,
    })
}
