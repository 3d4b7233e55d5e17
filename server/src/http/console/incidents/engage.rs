//! Who is on an incident: the section of its page, its forms, and the on-call pack.

use app::console::{
    engagement::{Party as PartyModel, Record, Section},
    model::FormError,
};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock::Timestamp,
    clock_local::utc_time,
    engagement::{Party, SupplierKind, promise_words, public_words, took},
    sla::clock::{Clock, ClockState},
};
use store::{ContactRow, EngagementRow, SupplierRow, Tx};

use super::{
    pack::runbook_titles,
    show::{load, render},
};
use crate::{
    auth::role::Permission,
    commands::{
        Refusal,
        engagement::{self, Details, Step},
    },
    http::console::{
        desk::{Answer, Desk, see},
        desk_book::{ladder, on_call_facts},
        forms,
        now::due,
    },
};

/// What the section is made of.
struct Facts {
    engagements: Vec<EngagementRow>,
    clocks: Vec<Clock>,
    contacts: Vec<ContactRow>,
    now: Timestamp,
}

/// The section of an incident's page.
pub(super) async fn section(desk: &Desk, tx: &mut Tx, incident_id: &str) -> Result<Section, Refusal> {
    let facts = Facts {
        engagements: tx.engagements(incident_id).await?,
        clocks: tx.clocks(incident_id).await?,
        contacts: tx.contacts().await?,
        now: desk.now(),
    };
    let on_call = on_call_facts(tx, facts.now).await?;
    let tier = |party: Party, place: usize| {
        let (_, names, until) = on_call.get(place).cloned().unwrap_or_default();
        facts.party(&party.subject(), party.name().unwrap_or_default(), format!("On call: {names} {until}"))
    };
    let mut parties = vec![tier(Party::TierTwo, 1), tier(Party::TierThree, 2)];
    let (mine, rest) = suppliers(tx, incident_id).await?;
    let was_called = |s: &SupplierRow| facts.find(&subject(s)).is_some();
    let (called, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(was_called);
    for s in mine.iter().chain(&called) {
        parties.push(facts.party(&subject(s), &s.name, supplier_words(s)));
    }
    // A supplier may have left the desk book since; what it did stays.
    for e in &facts.engagements {
        if !parties.iter().any(|p| p.subject == e.subject) {
            parties.push(facts.party(&e.subject, &e.party, String::new()));
        }
    }
    let incident = tx.incident(incident_id).await?.ok_or(Refusal::NotFound("incident"))?;
    let is_open = incident.resolved_at.is_none();
    Ok(Section {
        parties,
        runbooks: runbook_titles(tx, &incident).await?,
        others: rest.into_iter().map(|s| (subject(&s), s.name)).collect(),
        may_engage: is_open && desk.may(Permission::Respond),
        may_publish: desk.may(Permission::Publish),
        error: None,
    })
}

fn subject(supplier: &SupplierRow) -> String {
    Party::Supplier(supplier.id.clone()).subject()
}

fn supplier_words(supplier: &SupplierRow) -> String {
    let kind = SupplierKind::try_from(supplier.kind.as_str()).map_or("Supplier", SupplierKind::words);
    match supplier.interconnect_sla.as_str() {
        "" => kind.to_owned(),
        sla => format!("{kind} · {sla}"),
    }
}

/// Suppliers of an incident's cells, and all others.
pub(super) async fn suppliers(
    tx: &mut Tx,
    incident_id: &str,
) -> Result<(Vec<SupplierRow>, Vec<SupplierRow>), Refusal> {
    let held: Vec<String> = tx.incident_cells(incident_id).await?.into_iter().map(|c| c.cell_id).collect();
    let depends = tx.supplier_cells().await?;
    let is_mine = |s: &SupplierRow| depends.iter().any(|(id, cell)| *id == s.id && held.contains(cell));
    Ok(tx.suppliers().await?.into_iter().partition(is_mine))
}

impl Facts {
    fn find(&self, subject: &str) -> Option<&EngagementRow> {
        self.engagements.iter().find(|e| e.subject == subject)
    }

    fn party(&self, subject: &str, name: &str, second: String) -> PartyModel {
        let row = self.find(subject);
        let supplier = subject.strip_prefix("supplier:");
        let is_mine = |c: &ContactRow| supplier.is_some() && c.supplier_id.as_deref() == supplier;
        let running = self.clocks.iter().find(|c| c.subject == subject && c.state == ClockState::Running);
        PartyModel {
            subject: subject.to_owned(),
            name: name.to_owned(),
            second,
            story: row.map(|e| story(e, &self.clocks, self.now)).unwrap_or_default(),
            due: running.map(|c| due(c.due_at.millis(), self.now)),
            is_contacted: row.is_some_and(|e| e.contacted_at.is_some()),
            is_engaged: row.is_some_and(|e| e.engaged_at.is_some()),
            ladder: ladder(&self.contacts, self.now, is_mine),
            record: row.map(|e| Record {
                version: e.version,
                contact: e.contact.clone(),
                ticket: e.ticket.clone(),
                stated_timeline: e.stated_timeline.clone(),
                stated_constraints: e.stated_constraints.clone(),
                is_public: e.is_public,
                fact: fact(e, &self.clocks).map_or_else(String::new, |words| {
                    format!("{} engaged {words}", public_words(&e.kind, &e.subject))
                }),
            }),
        }
    }
}

/// What a clock promises, and which supplier it waits for.
pub(in crate::http::console) fn promise_of(clock: &Clock, engagements: &[EngagementRow]) -> String {
    let supplier = engagements.iter().find(|e| e.subject == clock.subject && e.kind != "tier");
    match supplier {
        Some(supplier) => format!("{} engaged", supplier.party),
        None => promise_words(clock).to_owned(),
    }
}

/// `after 21 min (target 30 min)`, once they came.
fn fact(row: &EngagementRow, clocks: &[Clock]) -> Option<String> {
    let engaged_at = Timestamp::from_millis(row.engaged_at?);
    let promised = |c: &&Clock| c.subject == row.subject && c.state != ClockState::Cancelled;
    let clock = clocks.iter().filter(promised).max_by_key(|c| c.started_at);
    let from = clock.map(|c| c.started_at).or(row.contacted_at.map(Timestamp::from_millis))?;
    let (after, target) = took(from, engaged_at, clock.map(|c| c.due_at));
    Some(target.map_or_else(|| after.clone(), |target| format!("{after} ({target})")))
}

/// What happened with somebody, one sentence each.
pub(super) fn story(row: &EngagementRow, clocks: &[Clock], now: Timestamp) -> Vec<String> {
    let time = |at: i64| utc_time(Timestamp::from_millis(at), now);
    let mut lines = Vec::new();
    let apart = row.contacted_at.filter(|at| row.engaged_at != Some(*at));
    lines.extend(apart.map(|at| format!("Contacted {} by {}.", time(at), row.contacted_by)));
    lines.extend(row.engaged_at.map(|at| {
        let took = fact(row, clocks).map(|words| format!(", {words}")).unwrap_or_default();
        format!("Engaged {}{took}; put on record by {}.", time(at), row.engaged_by)
    }));
    let named = [
        ("We speak with", &row.contact),
        ("Their ticket", &row.ticket),
        ("They say", &row.stated_timeline),
        ("Bound by", &row.stated_constraints),
    ];
    lines.extend(named.iter().filter(|(_, v)| !v.is_empty()).map(|(label, v)| format!("{label}: {v}")));
    if row.is_public && row.engaged_at.is_some() {
        lines.push("The public page says so.".into());
    }
    lines
}

/// Somebody was contacted, or came.
pub async fn engage(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &["subject", "step", "at"])?;
        let step = match desk.fields.one("step") {
            "contacted" => Step::Contacted,
            "engaged" => Step::Engaged,
            _ => return Err(Refusal::field("", "Say whether they were contacted or came.")),
        };
        let at = forms::time(&desk.fields, "at")?;
        let mut work = desk.begin().await?;
        engagement::record(&mut work.tx, &work.ctx, &id, desk.fields.one("subject"), step, at).await?;
        desk.publish(work).await
    };
    let done = done.await;
    answer(&desk, &id, done).await
}

/// What is known of an engagement.
pub async fn describe(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        let allowed =
            ["subject", "version", "contact", "ticket", "stated_timeline", "stated_constraints", "is_public"];
        forms::only(&desk.fields, &allowed)?;
        let details = typed(&desk);
        let mut work = desk.begin().await?;
        let (subject, may_publish) = (desk.fields.one("subject"), desk.may(Permission::Publish));
        engagement::describe(&mut work.tx, &work.ctx, &id, subject, details, may_publish).await?;
        desk.publish(work).await
    };
    let done = done.await;
    answer(&desk, &id, done).await
}

fn typed(desk: &Desk) -> Details {
    let one = |name: &str| desk.fields.one(name).to_owned();
    Details {
        version: one("version").parse().unwrap_or(0),
        contact: one("contact"),
        ticket: one("ticket"),
        stated_timeline: one("stated_timeline"),
        stated_constraints: one("stated_constraints"),
        is_public: one("is_public") == "yes",
    }
}

/// Back to the section; a refusal shows the page with what was typed.
async fn answer(desk: &Desk, id: &str, done: Result<(), Refusal>) -> Answer {
    let (status, field, message) = match done {
        Ok(()) => return Ok(see(&format!("/console/incidents/{id}#engagement"))),
        Err(Refusal::Field { field, message }) => (StatusCode::UNPROCESSABLE_ENTITY, field, message),
        Err(Refusal::Conflict(message)) => (StatusCode::CONFLICT, "", message),
        Err(refusal) => return Err(refusal),
    };
    let mut model = load(desk, id).await?;
    let subject = desk.fields.one("subject").to_owned();
    let party = model.engagement.parties.iter_mut().find(|p| p.subject == subject);
    let Some(party) = party else {
        model.error = Some(FormError { field: String::new(), message });
        return Ok(render(desk, status, &model));
    };
    if let Some(record) = party.record.as_mut().filter(|_| desk.fields.some("version").is_some()) {
        let Details { contact, ticket, stated_timeline, stated_constraints, is_public, .. } = typed(desk);
        *record = Record {
            version: record.version,
            contact,
            ticket,
            stated_timeline,
            stated_constraints,
            is_public,
            fact: std::mem::take(&mut record.fact),
        };
    }
    model.engagement.error = Some((subject, FormError { field: field.into(), message }));
    Ok(render(desk, status, &model))
}
