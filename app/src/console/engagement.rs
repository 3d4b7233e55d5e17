//! Who is on it: tiers and suppliers of an incident, with one button each for what happened.

use leptos::prelude::*;

use super::{
    access::remark,
    chrome::Frame,
    model::{Due, FormError},
    now::countdown,
};

/// Who is on an incident.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Tiers, then suppliers of its cells, then others who were called in.
    pub parties: Vec<Party>,
    /// Suppliers that none of its cells depends on: subject and name.
    pub others: Vec<(String, String)>,
    /// Titles of the runbooks that fit.
    pub runbooks: Vec<String>,
    /// Whether this person may call people in.
    pub may_engage: bool,
    /// Whether this person may publish that somebody came.
    pub may_publish: bool,
    /// What was wrong, and in whose form.
    pub error: Option<(String, FormError)>,
}

/// Somebody to call in.
#[derive(Debug, Clone, Default)]
pub struct Party {
    /// `tier:2`, `supplier:<id>`.
    pub subject: String,
    /// Name.
    pub name: String,
    /// Who is on call, or which agreement applies.
    pub second: String,
    /// What happened so far, one sentence each.
    pub story: Vec<String>,
    /// Until when they are promised.
    pub due: Option<Due>,
    /// Whether they were contacted.
    pub is_contacted: bool,
    /// Whether they came.
    pub is_engaged: bool,
    /// Whom to call, in order.
    pub ladder: Vec<String>,
    /// What is known, once they were contacted.
    pub record: Option<Record>,
}

/// What is known of an engagement.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Optimistic lock.
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
    /// The fact as the public reads it; empty until they came.
    pub fact: String,
}

/// The section of an incident's page.
#[must_use]
pub fn section(frame: &Frame, incident_id: &str, model: &Section) -> AnyView {
    let action = format!("/console/incidents/{incident_id}/engagements");
    let parties = model.parties.iter().map(|p| party(frame, &action, model, p)).collect_view();
    let others = (model.may_engage && !model.others.is_empty()).then(|| {
        let options = model
            .others
            .iter()
            .map(|(subject, name)| view! { <option value=subject.clone()>{name.clone()}</option> })
            .collect_view();
        view! {
            <form method="post" action=action.clone() class="inline">
                {frame.token()}
                <label for="other-party">"Somebody else"</label>
                <select id="other-party" name="subject">{options}</select>
                <button name="step" value="contacted">"Contacted"</button>
                <button name="step" value="engaged">"Engaged"</button>
            </form>
        }
    });
    let runbooks = (!model.runbooks.is_empty()).then(|| {
        let pack = format!("/console/incidents/{incident_id}/pack#runbooks");
        view! { <p class="d">"Runbooks: "<a href=pack>{model.runbooks.join(", ")}</a></p> }
    });
    view! {
        <section id="engagement">
            <div class="bar"><h2>"Who is on it"</h2><a href=format!("/console/incidents/{incident_id}/pack")>"On-call pack"</a></div>
            {runbooks}
            <ul class="story">{parties}</ul>
            {others}
        </section>
    }
    .into_any()
}

fn party(frame: &Frame, action: &str, model: &Section, party: &Party) -> AnyView {
    let error = model.error.as_ref().filter(|(subject, _)| *subject == party.subject).map(|(_, e)| e);
    let due = party.due.as_ref().map(|d| view! { <span class="clock">{countdown(d, frame.now_ms)}</span> });
    let story = party.story.iter().map(|line| view! { <p>{line.clone()}</p> }).collect_view();
    let buttons = (model.may_engage && !party.is_engaged).then(|| buttons(frame, action, party, error));
    let ladder = (!party.ladder.is_empty()).then(|| {
        let steps = party.ladder.iter().map(|l| view! { <li>{l.clone()}</li> }).collect_view();
        view! { <details open=!party.is_contacted><summary>"Whom to call"</summary><ol>{steps}</ol></details> }
    });
    let record = party
        .record
        .as_ref()
        .filter(|_| model.may_engage)
        .map(|r| record(frame, action, model.may_publish, party, r, error));
    view! {
        <li class="card">
            <div class="head"><b>{party.name.clone()}</b>{due}</div>
            <small class="l">{party.second.clone()}</small>
            {story}
            {buttons}
            {ladder}
            {record}
        </li>
    }
    .into_any()
}

fn buttons(frame: &Frame, action: &str, party: &Party, error: Option<&FormError>) -> AnyView {
    let id = format!("at-{}", party.subject);
    let is_wrong = error.is_some_and(|e| e.field == "at");
    let contacted = (!party.is_contacted)
        .then(|| view! { <button name="step" value="contacted">"Contacted now"</button> });
    view! {
        <form method="post" action=action.to_owned()>
            {frame.token()}
            <input type="hidden" name="subject" value=party.subject.clone() />
            <div class="act">{contacted}<button name="step" value="engaged">"Engaged now"</button></div>
            <details open=is_wrong>
                <summary>"It was earlier"</summary>
                <div class="f">
                    <label for=id.clone()>"When " <small>"UTC; then press one of the buttons above"</small></label>
                    <input id=id name="at" type="datetime-local" aria-invalid=is_wrong.then_some("true") />
                    {remark(error, "at")}
                </div>
            </details>
        </form>
    }
    .into_any()
}

fn record(
    frame: &Frame,
    action: &str,
    may_publish: bool,
    party: &Party,
    record: &Record,
    error: Option<&FormError>,
) -> AnyView {
    let is_mine = error.is_some_and(|e| e.field != "at");
    let line = |name: &'static str, label: &'static str, value: &str| {
        let id = format!("{name}-{}", party.subject);
        view! {
            <div class="f">
                <label for=id.clone()>{label}</label>
                <input id=id name=name value=value.to_owned() aria-invalid=error.is_some_and(|e| e.field == name).then_some("true") />
                {remark(error, name)}
            </div>
        }
    };
    let fact =
        if record.fact.is_empty() { "once they came".to_owned() } else { format!("“{}”", record.fact) };
    let kept = record.is_public.then(|| view! { <input type="hidden" name="is_public" value="yes" /> });
    let public = if may_publish {
        view! {
            <label class="radio"><input type="checkbox" name="is_public" value="yes" checked=record.is_public /><span>"Tell the public "<small>{fact}</small></span></label>
        }
        .into_any()
    } else {
        kept.into_any()
    };
    view! {
        <details open=is_mine>
            <summary>"What they say"</summary>
            <form method="post" action=format!("{action}/details")>
                {frame.token()}
                <input type="hidden" name="subject" value=party.subject.clone() />
                <input type="hidden" name="version" value=record.version.to_string() />
                {remark(error, "")}
                <div class="row">{line("contact", "We speak with", &record.contact)}{line("ticket", "Their ticket", &record.ticket)}</div>
                {line("stated_timeline", "How long they say it takes", &record.stated_timeline)}
                {line("stated_constraints", "What binds them", &record.stated_constraints)}
                {public}
                {remark(error, "is_public")}
                <div class="act"><button class="go">"Save"</button></div>
            </form>
        </details>
    }
    .into_any()
}

/// Where a declaration may start from: suppliers and services, by slug and name, with what is chosen.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// Suppliers.
    pub suppliers: Vec<(String, String)>,
    /// Services.
    pub components: Vec<(String, String)>,
    /// Slug of the chosen supplier.
    pub supplier: String,
    /// Slug of the chosen service.
    pub component: String,
}

/// A small form that ticks the cells of a supplier or a service.
#[must_use]
pub fn origins(model: &Origins) -> AnyView {
    let options = |all: &[(String, String)], chosen: &str| {
        all.iter()
            .map(|(slug, name)| view! { <option value=slug.clone() selected=slug == chosen>{name.clone()}</option> })
            .collect_view()
    };
    view! {
        <form method="get" action="/console/incidents/new" class="inline">
            <label for="supplier">"Start from"</label>
            <select id="supplier" name="supplier"><option value="">"any supplier"</option>{options(&model.suppliers, &model.supplier)}</select>
            <label class="v" for="component">"Service"</label>
            <select id="component" name="component"><option value="">"any service"</option>{options(&model.components, &model.component)}</select>
            <button>"Tick what depends on it"</button>
        </form>
    }
    .into_any()
}

/// Who will be told, and which key accounts it touches.
#[must_use]
pub fn blast(words: &str) -> Option<AnyView> {
    (!words.is_empty()).then(|| view! { <p class="card note blast">{words.to_owned()}</p> }.into_any())
}
