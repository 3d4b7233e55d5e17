//! The review of one incident: writing, reading, publishing, correcting it.

use domain::review::{Record, Section, State};
use leptos::prelude::*;

use super::{
    access::remark,
    chrome::Frame,
    model::{Due, FormError},
    now::countdown,
};
use crate::ui::{self, area_text};

/// One section in the form, or as it is read.
#[derive(Debug, Clone)]
pub struct SectionField {
    /// Which.
    pub section: Section,
    /// As typed, or as it stands.
    pub text: String,
    /// For everybody.
    pub is_public: bool,
    /// Mark of what it was when the form was opened.
    pub was: String,
    /// What somebody else wrote meanwhile.
    pub theirs: Option<String>,
}

/// One corrective action.
#[derive(Debug, Clone, Default)]
pub struct ActionField {
    /// Its id; empty: a new one.
    pub id: String,
    /// What will be done.
    pub what: String,
    /// User id.
    pub owner_id: String,
    /// Their name.
    pub owner: String,
    /// `2026-03-09`.
    pub due_on: String,
    /// `due 9 Mar 2026`, `done 8 Mar 2026`.
    pub state: String,
}

/// A clock of the review.
#[derive(Debug, Clone)]
pub struct ReviewClock {
    /// `RCA draft`.
    pub promise: &'static str,
    /// When it is, or was, due.
    pub due: Due,
    /// In words, once it does not run any more; empty: it runs.
    pub words: String,
}

/// The workspace.
#[derive(Debug, Clone, Default)]
pub struct RcaPage {
    /// The incident's public id.
    pub incident_id: String,
    /// Its title with prefix.
    pub incident: String,
    /// Where it stands.
    pub state: State,
    /// `Handed in by Ana, 3 Mar, 09:10 UTC`; may be empty.
    pub by: String,
    /// Why it was given back, or is corrected.
    pub note: String,
    /// Its clocks.
    pub clocks: Vec<ReviewClock>,
    /// What keeps it from being handed in.
    pub missing: Vec<String>,
    /// Every section.
    pub sections: Vec<SectionField>,
    /// Corrective actions.
    pub actions: Vec<ActionField>,
    /// Mark of the actions as they were when the form was opened.
    pub actions_was: String,
    /// What somebody else made of the actions meanwhile.
    pub their_actions: Vec<String>,
    /// Id and name of those who can answer for an action.
    pub people: Vec<(String, String)>,
    /// What the record holds.
    pub record: Record,
    /// `Published 5 Mar 2026` and the address; none: it never was.
    pub published: Option<(String, String)>,
    /// Whether the form is shown.
    pub is_writing: bool,
    /// Whether this person may write.
    pub may_write: bool,
    /// Whether this person may give it back or correct it.
    pub may_decide: bool,
    /// Why this person cannot publish it; empty: they can.
    pub why_not: &'static str,
    /// Note or reason as typed.
    pub typed_note: String,
    /// What was wrong.
    pub error: Option<FormError>,
}

impl RcaPage {
    fn path(&self, verb: &str) -> String {
        format!("/console/incidents/{}/rca{verb}", self.incident_id)
    }
}

/// Renders it.
#[must_use]
pub fn rca(frame: &Frame, model: &RcaPage) -> String {
    let error = model.error.as_ref();
    let note = (!model.note.is_empty()).then(|| {
        let why = if model.published.is_some() && model.state != State::Final {
            "Correction"
        } else {
            "Given back"
        };
        view! { <p class="card note"><b>{why}": "</b>{model.note.clone()}</p> }
    });
    let published = model.published.clone().map(|(words, href)| view! { " · "<a href=href>{words}</a> });
    let body = if model.is_writing { form(frame, model) } else { read(frame, model) };
    frame.page(|| {
        view! {
            <p class="d crumb"><a href="/console/reviews">"Reviews"</a></p>
            <div class="bar">
                <h1>"Root cause analysis"</h1>
                <span class="tag">{model.state.words()}</span>
                {clocks(model, frame.now_ms)}
            </div>
            <p><a href=format!("/console/incidents/{}", model.incident_id)>{model.incident.clone()}</a>{published}</p>
            {(!model.by.is_empty()).then(|| view! { <p class="d">{model.by.clone()}</p> })}
            {note}
            {remark(error, "")}{remark(error, "hand_in")}{remark(error, "publish")}
            <div class="two">
                <div>{body}</div>
                {record(&model.record)}
            </div>
        }
        .into_any()
    })
}

fn clocks(model: &RcaPage, now_ms: i64) -> AnyView {
    model
        .clocks
        .iter()
        .map(|c| {
            let value = if c.words.is_empty() {
                countdown(&c.due, now_ms)
            } else {
                view! { <span>{c.words.clone()}</span> }.into_any()
            };
            view! { <span class="clock"><small>{c.promise}</small>{value}</span> }
        })
        .collect_view()
        .into_any()
}

fn record(record: &Record) -> AnyView {
    let cells = record.cells.iter().map(|c| view! { <li>{c.clone()}</li> }).collect_view();
    let measured = if record.graphs.is_empty() {
        view! { <p class="d">"Telemetry has no samples of this time."</p> }.into_any()
    } else {
        ui::graphs(record)
    };
    view! {
        <aside id="record" aria-labelledby="from-record">
            <h2 id="from-record">"From the record"</h2>
            {ui::durations(record)}
            <ul class="changes">{cells}</ul>
            <h3>"Measured"</h3>
            {measured}
            <details open=true><summary>"Timeline"</summary>{ui::events(record)}</details>
            <details><summary>"What was said"</summary>{ui::said(record)}</details>
        </aside>
    }
    .into_any()
}

fn form(frame: &Frame, model: &RcaPage) -> AnyView {
    let error = model.error.as_ref();
    let fields = model.sections.iter().map(|s| field(model, s, error)).collect_view();
    let hand_in = model.path("/hand-in");
    let missing = model.missing.iter().map(|m| view! { <li>{m.clone()}</li> }).collect_view();
    let missing = if model.missing.is_empty() {
        view! { <p class="d">"Nothing is missing: it can be handed in. The record is frozen with it; somebody else reads and publishes it."</p> }.into_any()
    } else {
        view! { <details><summary>{format!("Missing before it can be handed in: {}", model.missing.len())}</summary><ul class="lines">{missing}</ul></details> }.into_any()
    };
    view! {
        <form method="post" action=model.path("")>
            {frame.token()}
            {missing}
            {fields}
            <div class="act stay">
                <button>"Save"</button>
                <button class="go" formaction=hand_in>"Save and hand in for review"</button>
            </div>
        </form>
    }
    .into_any()
}

fn field(model: &RcaPage, field: &SectionField, error: Option<&FormError>) -> AnyView {
    let section = field.section;
    let slug = section.slug();
    let wrong = error.is_some_and(|e| e.field == slug);
    let theirs = field.theirs.clone().map(|text| {
        view! { <div class="card note"><b>"Saved by somebody else meanwhile"</b><p class="pre">{text}</p></div> }
    });
    let actions = (section == Section::Actions).then(|| actions(model));
    view! {
        <section class="f part">
            <div class="head">
                <label for=slug>{section.title()}</label>
                <label class="radio"><input type="checkbox" name=format!("public.{slug}") value="yes" checked=field.is_public /><span>"Public"</span></label>
            </div>
            <small id=format!("hint-{slug}")>{section.hint()}</small>
            <textarea id=slug name=slug rows="3" maxlength="4000" aria-describedby=format!("hint-{slug}") aria-invalid=wrong.then_some("true")>{area_text(&field.text)}</textarea>
            <input type="hidden" name=format!("was.{slug}") value=field.was.clone() />
            {remark(error, slug)}
            {theirs}
            {actions}
        </section>
    }
    .into_any()
}

fn actions(model: &RcaPage) -> AnyView {
    let rows = model.actions.iter().enumerate().map(|(n, a)| action(model, n, a)).collect_view();
    let theirs = model.their_actions.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
    let theirs = (!model.their_actions.is_empty()).then(|| {
        view! { <div class="card note"><b>"Saved by somebody else meanwhile"</b><ul class="lines">{theirs}</ul></div> }
    });
    view! {
        <input type="hidden" name="actions.was" value=model.actions_was.clone() />
        <small>"One a line; an empty line is left out. More lines come with each save."</small>
        {rows}
        {theirs}
    }
    .into_any()
}

fn action(model: &RcaPage, n: usize, action: &ActionField) -> AnyView {
    let name = |field: &str| format!("action.{n}.{field}");
    let (what, owner, due) = (name("what"), name("owner"), name("due"));
    let people = model
        .people
        .iter()
        .map(|(id, name)| view! { <option value=id.clone() selected=*id == action.owner_id>{name.clone()}</option> })
        .collect_view();
    let label = format!("Action {}", n + 1);
    view! {
        <fieldset class="todo">
            <legend class="v">{label.clone()}</legend>
            <input type="hidden" name=name("id") value=action.id.clone() />
            <div><label for=what.clone()>{label}</label><input id=what.clone() name=what maxlength="300" value=action.what.clone() /></div>
            <div><label for=owner.clone()>"Owner"</label><select id=owner.clone() name=owner><option value="">"nobody yet"</option>{people}</select></div>
            <div><label for=due.clone()>"Target date"</label><input id=due.clone() name=due type="date" value=action.due_on.clone() /></div>
        </fieldset>
    }
    .into_any()
}

/// The text as it was handed in or published, and what may be done with it.
fn read(frame: &Frame, model: &RcaPage) -> AnyView {
    let parts = model.sections.iter().map(|s| part(model, s)).collect_view();
    let steps = match model.state {
        State::Draft => None,
        State::InReview => Some(reviewing(frame, model)),
        State::Final => model.may_decide.then(|| correcting(frame, model)),
    };
    view! { {steps}<article>{parts}</article> }.into_any()
}

fn part(model: &RcaPage, field: &SectionField) -> AnyView {
    let audience = if field.is_public { "public" } else { "internal" };
    let actions = (field.section == Section::Actions).then(|| {
        let lines = model
            .actions
            .iter()
            .filter(|a| !a.what.is_empty())
            .map(|a| view! { <li><span>{a.what.clone()}<br /><small>{a.owner.clone()}</small></span><small>{a.state.clone()}</small></li> })
            .collect_view();
        view! { <ul class="who">{lines}</ul> }
    });
    let text = match field.section {
        Section::Timeline if field.text.is_empty() => "As the record tells it.".to_owned(),
        _ => field.text.clone(),
    };
    view! {
        <section class="part">
            <h2>{field.section.title()}" "<small class="aud">{audience}</small></h2>
            <p class="pre">{text}</p>
            {actions}
        </section>
    }
    .into_any()
}

fn reviewing(frame: &Frame, model: &RcaPage) -> AnyView {
    let error = model.error.as_ref();
    let publish = (model.may_decide && model.why_not.is_empty()).then(|| {
        view! { <form method="post" action=model.path("/publish")>{frame.token()}<button class="go">"Publish"</button></form> }
    });
    let back = model.may_decide.then(|| {
        view! {
            <details open=error.is_some_and(|e| e.field == "note")>
                <summary>"Give it back with a note"</summary>
                <form method="post" action=model.path("/give-back")>
                    {frame.token()}
                    <div class="f"><label for="note">"What should change"</label><textarea id="note" name="note" rows="2" maxlength="4000" required>{area_text(&model.typed_note)}</textarea>{remark(error, "note")}</div>
                    <div class="act"><button>"Give it back"</button></div>
                </form>
            </details>
        }
    });
    view! {
        <section class="card note" aria-label="Review">
            <p>"The record is frozen as it was when this was handed in. Read it as somebody who was not there; publish it when it stands."</p>
            {(!model.why_not.is_empty()).then(|| view! { <p class="d">{model.why_not}</p> })}
            <div class="act">{publish}</div>
            {back}
        </section>
    }
    .into_any()
}

fn correcting(frame: &Frame, model: &RcaPage) -> AnyView {
    let error = model.error.as_ref();
    view! {
        <details open=error.is_some_and(|e| e.field == "note")>
            <summary>"Correct it"</summary>
            <form method="post" action=model.path("/correct")>
                {frame.token()}
                <div class="f">
                    <label for="note">"Reason "<small>"readers see it"</small></label>
                    <textarea id="note" name="note" rows="2" maxlength="4000" required>{area_text(&model.typed_note)}</textarea>
                    {remark(error, "note")}
                </div>
                <div class="act"><button>"Begin a correction"</button><small>"What is published stays until the correction is."</small></div>
            </form>
        </details>
    }
    .into_any()
}
