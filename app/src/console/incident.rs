//! Declaring an incident, and running it.

use domain::{severity::Severity, status::CellStatus};
use leptos::prelude::*;

use super::{
    access::remark,
    chrome::Frame,
    command::{Acts, acts, leads, waiting},
    engagement,
    lists::{severity_class, severity_tag},
    model::{CellChoice, Declare, Fields, FormError, Incident},
    now::countdown,
    partners,
};
use crate::{islands::Preview, ui::area_text};

const FIELDS: [(&str, &str, &str); 4] = [
    ("known", "What we know", "impact first, plain words"),
    ("unknown", "What we don’t know", ""),
    ("next_steps", "What we do next", "and when; a time to expect is a range"),
    ("customer_action", "What customers should do", ""),
];

/// The four fields, with what was typed and what was wrong.
fn four_fields(form: &'static str, keep: &str, fields: &Fields, error: Option<&FormError>) -> AnyView {
    let fill = format!("{keep}/fill");
    let fill = view! {
        <div class="act"><button formaction=fill formnovalidate>"Fill from the template"</button><small>"blank fields only; shows what readers get"</small></div>
    };
    let fields = typed_fields(form, fields, error);
    view! { {fill}{fields} }.into_any()
}

pub(super) fn typed_fields(form: &'static str, fields: &Fields, error: Option<&FormError>) -> AnyView {
    let values = [&fields.known, &fields.unknown, &fields.next_steps, &fields.customer_action];
    FIELDS
        .into_iter()
        .zip(values)
        .map(|((name, label, hint), value)| {
            let id = format!("{form}-{name}");
            let wrong = error.is_some_and(|e| e.field == name);
            view! {
                <div class="f">
                    <label for=id.clone()>{label}" "<small>{hint}</small></label>
                    <textarea id=id name=name rows="2" maxlength="4000" aria-invalid=wrong.then_some("true")>{area_text(value)}</textarea>
                    {remark(error, name)}
                </div>
            }
        })
        .collect_view()
        .into_any()
}

fn promise_field(form: &'static str, typed: &str, latest: &str, error: Option<&FormError>) -> AnyView {
    let id = format!("{form}-next");
    let hint = if latest.is_empty() {
        "UTC; leave empty for policy’s time".to_owned()
    } else {
        format!("UTC; latest {latest}; leave empty for that")
    };
    view! {
        <div class="f">
            <label for=id.clone()>"Next update by "<small>{hint}</small></label>
            <input id=id name="next_update_due_at" type="datetime-local" value=typed.to_owned() />
            {remark(error, "next_update_due_at")}
        </div>
    }
    .into_any()
}

const CHOICES: [CellStatus; 5] = [
    CellStatus::Operational,
    CellStatus::Degraded,
    CellStatus::PartialOutage,
    CellStatus::MajorOutage,
    CellStatus::UnderMaintenance,
];

/// One select per cell and one workaround, by country; countries where something is set are open.
pub(super) fn cell_choices(cells: &[CellChoice], workarounds: &[(String, String)]) -> AnyView {
    let mut countries: Vec<&str> = cells.iter().map(|c| c.country.as_str()).collect();
    countries.dedup();
    countries
        .into_iter()
        .map(|country| {
            let mine: Vec<&CellChoice> = cells.iter().filter(|c| c.country == country).collect();
            let code = mine.first().map(|c| c.code.clone()).unwrap_or_default();
            let helps = workarounds.iter().find(|(c, _)| *c == code).map(|(_, words)| words.clone()).unwrap_or_default();
            let open = !helps.is_empty() || mine.iter().any(|c| c.chosen.is_some());
            let rows = mine
                .into_iter()
                .map(|c| {
                    let options = CHOICES
                        .into_iter()
                        .map(|s| view! { <option value=s.slug() selected=c.chosen == Some(s)>{s.words()}</option> })
                        .collect_view();
                    let id = format!("cell-{}", c.id);
                    view! {
                        <div class="cell">
                            <label for=id.clone()>{c.component.clone()}" "<small>{format!("shows {}", c.now.words())}</small></label>
                            <select id=id name=format!("cell.{}", c.id)><option value="">"not affected"</option>{options}</select>
                        </div>
                    }
                })
                .collect_view();
            let id = format!("workaround-{code}");
            view! {
                <details open=open>
                    <summary>{country.to_owned()}</summary>
                    {rows}
                    <div class="f help">
                        <label for=id.clone()>{format!("What helps in {country} ")}<small>"meanwhile; leave empty if nothing does"</small></label>
                        <textarea id=id name=format!("workaround.{code}") rows="1" maxlength="1000">{area_text(&helps)}</textarea>
                    </div>
                </details>
            }
        })
        .collect_view()
        .into_any()
}

/// Every severity with what belongs there.
pub(super) fn severity_choices(all: &[(i64, String, String)], chosen: i64) -> AnyView {
    all.iter()
        .map(|(n, label, examples)| {
            view! {
                <label class="radio">
                    <input type="radio" name="severity" value=n.to_string() checked=*n == chosen required />
                    <span><b>{label.clone()}</b><small>{examples.clone()}</small></span>
                </label>
            }
        })
        .collect_view()
        .into_any()
}

/// Where a declaration comes from: telemetry, or a rehearsal.
fn origin(model: &Declare) -> AnyView {
    let proposal = model.proposal.as_ref().map(|(id, evidence)| {
        view! {
            <input type="hidden" name="proposal" value=id.clone() />
            <p class="card note">{format!("From telemetry: {evidence}.")}</p>
        }
    });
    let rehearsal = model.rehearsal.as_ref().map(|(id, name)| {
        view! {
            <input type="hidden" name="rehearsal" value=id.clone() />
            <p class="card note">{format!("Rehearsal: {name}. Nobody outside sees or hears it.")}</p>
        }
    });
    let explored = model.explored.as_ref().map(|(asked, evidence)| {
        view! {
            <input type="hidden" name="explored" value=asked.clone() />
            <p class="card note">{format!("From the explorer, kept as evidence: {evidence}.")}</p>
        }
    });
    view! { {proposal}{explored}{rehearsal} }.into_any()
}

/// The form that declares an incident.
#[must_use]
pub fn declare(frame: &Frame, model: &Declare) -> String {
    let error = model.error.as_ref();
    let severities = severity_choices(&model.severities, model.severity);
    let origin = origin(model);
    let tag = Severity::try_from(model.severity).map(|s| s.label().to_owned()).unwrap_or_default();
    let f = model.fields.clone();
    frame.page(|| {
        view! {
            <h1>"Declare an incident"</h1>
            {engagement::origins(&model.origins)}
            <div class="two">
                <form method="post" action="/console/incidents" data-keep="/console/drafts/declare/new">
                    {frame.token()}
                    <input type="hidden" name="idempotency_key" value=model.idempotency_key.clone() />
                    {remark(error, "")}
                    {model.restored.clone().map(|words| view! { <p class="card note">{words}</p> })}
                    {origin}
                    <div class="f">
                        <label for="title">"Short description " <small>"what travellers notice; severity and place are added"</small></label>
                        <input id="title" name="title" maxlength="120" required autofocus=model.acts.seen.is_none() value=model.title.clone() />
                        {remark(error, "title")}
                    </div>
                    <fieldset class="f"><legend>"Severity " <small>"by current customer impact"</small></legend>{severities}{remark(error, "severity")}</fieldset>
                    <fieldset class="f"><legend>"Affected"</legend>{cell_choices(&model.cells, &model.workarounds)}{remark(error, "cells")}{remark(error, "workaround")}</fieldset>
                    {partners::audience(&model.partners, error)}
                    {four_fields("declare", &model.acts.keep, &model.fields, error)}
                    <div class="row">
                        <div class="f">
                            <label for="started_at">"Started " <small>"UTC"</small></label>
                            <input id="started_at" name="started_at" type="datetime-local" required value=model.started.clone() />
                            {remark(error, "started_at")}
                        </div>
                        {promise_field("declare", &model.next_update, "", error)}
                    </div>
                    {engagement::blast(&model.blast)}
                    {acts(&model.acts)}
                </form>
                <aside class="pv">
                    <h2>"As readers will see it"</h2>
                    <Preview tag=tag title=model.title.clone() known=f.known unknown=f.unknown next_steps=f.next_steps customer_action=f.customer_action />
                </aside>
            </div>
        }
        .into_any()
    })
}

/// An incident: its clocks, its forms, its story.
#[must_use]
pub fn incident(frame: &Frame, model: &Incident) -> String {
    let now_ms = frame.now_ms;
    let clock = model
        .next_update
        .as_ref()
        .map(|d| view! { <div class="clock">{countdown(d, now_ms)}<small>"next update"</small></div> });
    let is_open = model.phase_slug != "resolved";
    let review = model.review.map(|state| {
        view! { " · "<a href=format!("/console/incidents/{}/rca", model.id)>"Root cause analysis"</a>{format!(" ({})", state.to_lowercase())} }
    });
    let forms = is_open.then(|| forms(frame, model));
    let f = model.fields.clone();
    let preview = (is_open && model.may_publish).then(|| {
        let tag = format!("{} · {}", model.severity.label(), model.phase);
        view! {
            <h2>"As readers will see it"</h2>
            <Preview tag=tag title=model.title.clone() known=f.known unknown=f.unknown next_steps=f.next_steps customer_action=f.customer_action />
        }
    });
    frame.page(|| {
        view! {
            <div class="bar">{severity_tag(model.severity)}<h1>{model.title.clone()}</h1>{clock}</div>
            <p class="d">{format!("{} · started {}", model.phase, model.started)}" · "<a href=model.page.0.clone()>{model.page.1}</a>{review}" · "<a href=format!("/console/incidents/{}/print", model.id)>"Whole record"</a></p>
            {(!model.evidence.is_empty()).then(|| view! { <p class="card note">{format!("Declared from telemetry: {}.", model.evidence)}</p> })}
            {model.goes_on.clone().map(|(title, id)| view! { <p class="card note">"It goes on in "<a href=format!("/console/incidents/{id}")>{title}</a>"."</p> })}
            {model.entered.clone().map(|words| view! { <p class="card note">{words}</p> })}
            {partners::only_for(&model.facts)}
            {remark(model.error.as_ref(), "")}
            {waiting(&model.waiting)}
            {model.restored.clone().map(|words| view! { <p class="card note">{words}</p> })}
            <div class="two"><div>{forms}{engagement::section(frame, &model.id, &model.engagement)}{partners::facts(frame, &model.id, &model.facts)}{timeline(model)}</div><aside class="pv">{preview}{leads(frame, &model.leads)}{margin(model, now_ms)}{notes(frame, model)}</aside></div>
        }
        .into_any()
    })
}

fn hidden(frame: &Frame, model: &Incident, suffix: &str) -> AnyView {
    let key = format!("{}-{suffix}", model.idempotency_key);
    view! {
        {frame.token()}
        <input type="hidden" name="version" value=model.version.to_string() />
        <input type="hidden" name="idempotency_key" value=key />
    }
    .into_any()
}

fn typed(model: &Incident, form: &str) -> (Fields, Option<FormError>, String) {
    if model.form == form {
        (model.fields.clone(), model.error.clone(), model.next_update_typed.clone())
    } else {
        (Fields::default(), None, String::new())
    }
}

fn handing_in(
    model: &Incident,
    form: &str,
    label: String,
    may_publish: bool,
    error: Option<&FormError>,
) -> Acts {
    let is_mine = model.form == form;
    let typed = |text: &String| if is_mine { text.clone() } else { String::new() };
    Acts {
        // A reclassification to Sev 1 or 2 needs a second person too.
        needs_second: if form == "reclassify" && !model.needs_second {
            None
        } else {
            Some(model.needs_second)
        },
        may_publish,
        keep: format!("/console/drafts/{form}/{}", model.id),
        label,
        break_glass: typed(&model.break_glass),
        publish_at: typed(&model.publish_at),
        error: error.cloned(),
        findings: if is_mine { model.findings.clone() } else { Vec::new() },
        seen: model.seen.clone().filter(|_| is_mine),
    }
}

fn forms(frame: &Frame, model: &Incident) -> AnyView {
    let publish = model.may_respond.then(|| update_form(frame, model));
    let command = model.may_respond.then(|| {
        let restore = (model.phase_slug != "monitoring").then(|| {
            ending(frame, model, "restore", "Record restore", "Usable again, maybe by a workaround. The cells show what telemetry knows; the incident stays open until it is fixed for good.")
        });
        view! {
            {reclassify_form(frame, model)}
            {restore}
            {merge_form(frame, model)}
            {ending(frame, model, "resolve", "Resolve", "Fixed for good. Every clock stops, and no further update is promised.")}
        }
    });
    view! { {publish} {command} }.into_any()
}

fn update_form(frame: &Frame, model: &Incident) -> AnyView {
    let (fields, error, next) = typed(model, "updates");
    let error = error.as_ref();
    let kinds: &[(&str, &str)] = if model.phase_slug == "monitoring" {
        &[
            ("monitoring", "Still watching"),
            ("identified", "It is back: identified"),
            ("investigating", "It is back: investigating"),
        ]
    } else {
        &[("investigating", "Investigating"), ("identified", "Identified")]
    };
    let chosen = if model.chosen_phase.is_empty() { model.phase_slug } else { &model.chosen_phase };
    let phases = kinds
        .iter()
        .map(|(slug, label)| view! { <option value=*slug selected=*slug == chosen>{*label}</option> })
        .collect_view();
    view! {
        <section id="update">
            <h2>"Post an update"</h2>
            <form method="post" action=format!("/console/incidents/{}/updates", model.id) data-keep=format!("/console/drafts/updates/{}", model.id)>
                {hidden(frame, model, "update")}
                <div class="row">
                    <div class="f"><label for="phase">"The incident is now"</label><select id="phase" name="phase">{phases}</select>{remark(error, "phase")}</div>
                    <div class="f"><label for="kind">"This update says"</label>
                        <select id="kind" name="kind"><option value="progress">"what changed"</option><option value="no_change">"that nothing changed"</option></select>
                    </div>
                </div>
                {four_fields("update", &format!("/console/drafts/updates/{}", model.id), &fields, error)}
                <details><summary>"Affected, and what helps there"</summary>{cell_choices(&model.cells, &model.workarounds)}</details>
                {remark(error, "cells")}{remark(error, "workaround")}
                {promise_field("update", &next, &model.latest, error)}
                {engagement::blast(&model.blast)}
                {acts(&handing_in(model, "updates", model.audience.clone(), model.may_publish, error))}
            </form>
        </section>
    }
    .into_any()
}

fn reclassify_form(frame: &Frame, model: &Incident) -> AnyView {
    let is_mine = model.form == "reclassify";
    let error = model.error.as_ref().filter(|_| is_mine);
    let options = Severity::ALL
        .into_iter()
        .filter(|s| *s != model.severity)
        .map(|s| {
            let n = s.number();
            view! { <option value=n.to_string() selected=n == model.chosen_severity>{format!("{} – {}", s.label(), s.word())}</option> }
        })
        .collect_view();
    let reason = if is_mine { model.reason.clone() } else { String::new() };
    view! {
        <details id="reclassify" open=is_mine>
            <summary>"Reclassify"</summary>
            <p class="d">"The cadence is re-armed from now; the other targets run from the start; what was missed stays on record."</p>
            <form method="post" action=format!("/console/incidents/{}/reclassify", model.id) data-keep=format!("/console/drafts/reclassify/{}", model.id)>
                {hidden(frame, model, "reclassify")}
                <div class="f"><label for="severity">"To"</label><select id="severity" name="severity">{options}</select>{remark(error, "severity")}</div>
                <div class="f"><label for="reason">"Reason " <small>"readers see it"</small></label><textarea id="reason" name="reason" rows="2" required>{area_text(&reason)}</textarea>{remark(error, "reason")}</div>
                {acts(&handing_in(model, "reclassify", "Reclassify and publish".into(), model.may_command, error))}
            </form>
        </details>
    }
    .into_any()
}

fn ending(
    frame: &Frame,
    model: &Incident,
    verb: &'static str,
    label: &'static str,
    what: &'static str,
) -> AnyView {
    let (fields, error, next) = typed(model, verb);
    let promise = (verb == "restore").then(|| promise_field(verb, &next, &model.latest, error.as_ref()));
    view! {
        <details id=verb open=model.form == verb>
            <summary>{label}</summary>
            <p class="d">{what}</p>
            <form method="post" action=format!("/console/incidents/{}/{verb}", model.id) data-keep=format!("/console/drafts/{verb}/{}", model.id)>
                {hidden(frame, model, verb)}
                {four_fields(verb, &format!("/console/drafts/{verb}/{}", model.id), &fields, error.as_ref())}
                {promise}
                {acts(&handing_in(model, verb, format!("{label} and publish"), model.may_command, error.as_ref()))}
            </form>
        </details>
    }
    .into_any()
}

fn merge_form(frame: &Frame, model: &Incident) -> Option<AnyView> {
    if model.others.is_empty() {
        return None;
    }
    let (fields, error, _) = typed(model, "merge");
    let error = error.as_ref();
    let options = model
        .others
        .iter()
        .map(|(id, title)| view! { <option value=id.clone() selected=*id == model.into>{title.clone()}</option> })
        .collect_view();
    let keep = format!("/console/drafts/merge/{}", model.id);
    Some(
        view! {
            <details id="merge" open=model.form == "merge">
                <summary>"Part of another incident"</summary>
                <p class="d">"This one ends and says where it goes on. The other holds what is affected here; clocks of this one are dropped, and what was missed stays on record."</p>
                <form method="post" action=format!("/console/incidents/{}/merge", model.id) data-keep=keep>
                    {hidden(frame, model, "merge")}
                    <div class="f"><label for="into">"It goes on in"</label><select id="into" name="into">{options}</select>{remark(error, "into")}</div>
                    {typed_fields("merge", &fields, error)}
                    {acts(&handing_in(model, "merge", "Merge and publish".into(), model.may_command, error))}
                </form>
            </details>
        }
        .into_any(),
    )
}

fn notes(frame: &Frame, model: &Incident) -> AnyView {
    let lines = model
        .notes
        .iter()
        .map(|(who, text)| view! { <li><small>{who.clone()}</small><p class="pre">{text.clone()}</p></li> })
        .collect_view();
    let (typed, error) = &model.note;
    let form = model.may_respond.then(|| {
        view! {
            <form method="post" action=format!("/console/incidents/{}/notes", model.id)>
                {frame.token()}
                <label class="v" for="note">"A note"</label>
                <textarea id="note" name="note" rows="2" maxlength="4000" placeholder="for us alone; never published">{area_text(typed)}</textarea>
                {remark(error.as_ref(), "note")}
                <div class="act"><button>"Add the note"</button></div>
            </form>
        }
    });
    view! { <h2 id="notes">"Notes "<small>"for us alone"</small></h2>{form}<ul class="names">{lines}</ul> }
        .into_any()
}

fn timeline(model: &Incident) -> AnyView {
    let items = model
        .updates
        .iter()
        .map(|u| {
            let fields = u.fields.iter().map(|(label, text)| view! { <p><b>{*label}". "</b>{text.clone()}</p> }).collect_view();
            let changes = u.changes.iter().map(|c| view! { <li>{c.clone()}</li> }).collect_view();
            let edit = u.edit.clone().map(|href| view! { " · "<a href=href>"Edit"</a> });
            view! {
                <li class="card"><small>{format!("{} · {} · {}{}", u.what, u.at, u.by, u.signed)}{edit}</small>{fields}<ul class="changes">{changes}</ul></li>
            }
        })
        .collect_view();
    view! { <h2>"Published so far"</h2><ol class="story" id="story">{items}</ol> }.into_any()
}

fn margin(model: &Incident, now_ms: i64) -> AnyView {
    let clocks = model
        .clocks
        .iter()
        .map(|c| {
            let value = if c.state == "running" {
                view! { <span class="clock">{countdown(&c.due, now_ms)}</span> }.into_any()
            } else {
                view! { <span>{c.words.clone()}</span> }.into_any()
            };
            view! { <li class=c.state><span>{c.promise.clone()}</span>{value}</li> }
        })
        .collect_view();
    let cells = model
        .cells
        .iter()
        .filter(|c| c.chosen.is_some())
        .map(|c| view! { <li><span>{format!("{} · {}", c.component, c.country)}</span><span>{c.now.words()}</span></li> })
        .collect_view();
    view! {
        <h2>"Clocks"</h2>
        <ul class="who">{clocks}</ul>
        <h2>"Affected"</h2>
        <ul class=format!("who {}", severity_class(model.severity))>{cells}</ul>
    }
    .into_any()
}
