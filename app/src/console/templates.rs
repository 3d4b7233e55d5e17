//! Templates of updates: the list, and one with what waits for approval.

use domain::{severity::Severity, writing::diff::Fate};
use leptos::prelude::*;

use super::{access::remark, chrome::Frame, lists::severity_tag, model::FormError};
use crate::ui::{area_text, difference};

/// One template in the list.
#[derive(Debug, Clone)]
pub struct TemplateLine {
    /// `sev2-initial`.
    pub slot: String,
    /// Its severity.
    pub severity: Severity,
    /// `First report`.
    pub kind: &'static str,
    /// The first words of what it says.
    pub says: String,
    /// `as Waypost comes with it`, `version 3, approved by Ben`.
    pub state: String,
    /// Whether a version waits for approval.
    pub is_waiting: bool,
}

/// A field with how it would change.
pub type Changed = (&'static str, Vec<(Fate, String)>);

/// A version that waits for a second person.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// From 1.
    pub version: i64,
    /// `Ana Silva, 08:12 UTC`.
    pub by: String,
    /// Field by field, against what is in use.
    pub changes: Vec<Changed>,
    /// Whether this person may approve it.
    pub may_approve: bool,
    /// Why not; empty: they may.
    pub why_not: &'static str,
    /// Whether this person may withdraw it.
    pub may_withdraw: bool,
}

/// One template.
#[derive(Debug, Clone, Default)]
pub struct TemplatePage {
    /// `sev2-initial`.
    pub slot: String,
    /// `Sev 2 – First report`.
    pub words: String,
    /// `Version 3 is in use.`
    pub state: String,
    /// Name, label and text of every field.
    pub fields: Vec<(&'static str, &'static str, String)>,
    /// What waits.
    pub waiting: Option<Waiting>,
    /// `Version 2 by Ana, approved by Ben 08:12 UTC`, newest first.
    pub history: Vec<String>,
    /// Version that the form was opened at.
    pub version: i64,
    /// Whether this person may propose.
    pub may_propose: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// The list, by severity.
#[must_use]
pub fn templates(frame: &Frame, lines: &[TemplateLine]) -> String {
    let rows = lines
        .iter()
        .map(|line| {
            let href = format!("/console/writing/templates/{}", line.slot);
            let waiting =
                line.is_waiting.then(|| view! { <br /><b class="due">"a version waits for approval"</b> });
            view! {
                <tr>
                    <td>{severity_tag(line.severity)}</td>
                    <td><a href=href>{line.kind}</a><br /><small>{line.says.clone()}</small></td>
                    <td><small>{line.state.clone()}</small>{waiting}</td>
                </tr>
            }
        })
        .collect_view();
    frame.page(|| {
        view! {
            <h1>"Templates"</h1>
            <p class="d">"What a form is filled with at one press, by severity and kind. A change is used once somebody else has approved it. "<a href="/console/writing/linter">"Rules of writing"</a></p>
            <table class="now list">
                <thead><tr><th>"Severity"</th><th>"Template"</th><th>"In use"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    })
}

fn waiting(frame: &Frame, slot: &str, waiting: &Waiting) -> AnyView {
    let changes = waiting
        .changes
        .iter()
        .map(|(label, pieces)| view! { <p><b>{*label}". "</b>{difference(pieces)}</p> })
        .collect_view();
    let decide = |verb: &str, label: &'static str, class: &'static str| {
        view! {
            <form method="post" action=format!("/console/writing/templates/{slot}/{verb}")>
                {frame.token()}
                <input type="hidden" name="version" value=waiting.version.to_string() />
                <button class=class>{label}</button>
            </form>
        }
    };
    let approve = waiting.may_approve.then(|| decide("approve", "Approve and use", "go"));
    let withdraw = waiting.may_withdraw.then(|| decide("withdraw", "Withdraw", ""));
    let why_not = (!waiting.why_not.is_empty()).then(|| view! { <p class="d">{waiting.why_not}</p> });
    view! {
        <section class="card note" aria-labelledby="waiting">
            <h2 id="waiting">{format!("Version {} waits for approval", waiting.version)}</h2>
            <p class="d">{waiting.by.clone()}</p>
            <div class="preview">{changes}</div>
            {why_not}
            <div class="act">{approve}{withdraw}</div>
        </section>
    }
    .into_any()
}

/// One template: what waits, the form that proposes, the placeholders.
#[must_use]
pub fn template(frame: &Frame, model: &TemplatePage) -> String {
    let error = model.error.as_ref();
    let fields = model
        .fields
        .iter()
        .map(|(name, label, text)| {
            let rows = if *name == "title" { "1" } else { "3" };
            view! {
                <div class="f">
                    <label for=*name>{*label}</label>
                    <textarea id=*name name=*name rows=rows maxlength="4000" readonly=!model.may_propose>{area_text(text)}</textarea>
                    {remark(error, name)}
                </div>
            }
        })
        .collect_view();
    let names = domain::writing::template::PLACEHOLDERS
        .iter()
        .map(|(name, means)| view! { <li><code>{format!("{{{{{name}}}}}")}</code><small>{*means}</small></li> })
        .collect_view();
    let history = model.history.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
    let propose = model
        .may_propose
        .then(|| view! { <div class="act"><button class="go">"Propose this version"</button></div> });
    frame.page(|| {
        view! {
            <p class="d crumb"><a href="/console/writing">"Templates"</a></p>
            <h1>{model.words.clone()}</h1>
            <p class="d">{model.state.clone()}</p>
            {remark(error, "")}{remark(error, "approval")}
            {model.waiting.as_ref().map(|w| waiting(frame, &model.slot, w))}
            <div class="two">
                <form method="post" action=format!("/console/writing/templates/{}", model.slot)>
                    {frame.token()}
                    <input type="hidden" name="version" value=model.version.to_string() />
                    {fields}
                    {propose}
                </form>
                <aside>
                    <h2>"Placeholders"</h2>
                    <ul class="names">{names}</ul>
                    {(!model.history.is_empty()).then(|| view! { <h2>"Versions"</h2><ul class="changes">{history}</ul> })}
                </aside>
            </div>
        }
        .into_any()
    })
}
