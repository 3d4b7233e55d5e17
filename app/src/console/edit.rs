//! Editing a published update.

use domain::writing::diff::Fate;
use leptos::prelude::*;

use super::{
    access::remark,
    chrome::Frame,
    command::Acts,
    incident::typed_fields,
    model::{Fields, FormError},
    writing::{Found, findings},
};
use crate::ui::difference;

/// An update with the form that edits it.
#[derive(Debug, Clone, Default)]
pub struct EditPage {
    /// Public id of the incident.
    pub incident_id: String,
    /// Title with prefix.
    pub incident: String,
    /// Public id of the update.
    pub update_id: String,
    /// `Identified, published 08:12 UTC by Ana Silva`.
    pub what: String,
    /// Version that the form was opened at.
    pub version: i64,
    /// As typed, or as it stands.
    pub fields: Fields,
    /// As it stands, when somebody else changed it meanwhile: label and words that differ from what was typed.
    pub meanwhile: Vec<(String, Vec<(Fate, String)>)>,
    /// Why, as typed.
    pub reason: String,
    /// Reason for editing alone, as typed; none: nobody asks for one.
    pub break_glass: Option<String>,
    /// Whether subscribers are told once more.
    pub is_told: bool,
    /// `12 subscribers`.
    pub audience: String,
    /// What the rules of writing find in it.
    pub findings: Vec<Found>,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// The form.
#[must_use]
pub fn edit(frame: &Frame, model: &EditPage) -> String {
    let error = model.error.as_ref();
    let href = format!("/console/incidents/{}", model.incident_id);
    let action = format!("{href}/updates/{}", model.update_id);
    let found = findings(&Acts {
        findings: model.findings.clone(),
        error: model.error.clone(),
        keep: "edit".into(),
        ..Acts::default()
    });
    let alone = model.break_glass.clone().map(|reason| {
        view! {
            <div class="f">
                <label for="break_glass">"You published this yourself: why can nobody else edit it in time? "<small>"logged, and counted in the ledger"</small></label>
                <input id="break_glass" name="break_glass" maxlength="300" value=reason />
                {remark(error, "break_glass")}{remark(error, "approval")}
            </div>
        }
    });
    frame.page(|| {
        view! {
            <p class="crumb"><a href=href.clone()>{model.incident.clone()}</a></p>
            <h1>"Edit an update"</h1>
            <p class="d">{model.what.clone()}</p>
            <p class="card note">"Readers see that it was edited, when, why, and what it said before."</p>
            {remark(error, "")}
            {meanwhile(model)}
            <form method="post" action=action>
                {frame.token()}
                <input type="hidden" name="version" value=model.version.to_string() />
                {typed_fields("edit", &model.fields, error)}
                <div class="f"><label for="reason">"Why it is edited "<small>"readers see it"</small></label><input id="reason" name="reason" maxlength="300" required value=model.reason.clone() />{remark(error, "reason")}</div>
                {alone}
                <label class="radio"><input type="checkbox" name="is_told" value="yes" checked=model.is_told /><span>"Tell subscribers once more"<small>{model.audience.clone()}</small></span></label>
                {found}
                <div class="act"><button class="go">"Publish the edit"</button><a href=href>"Leave it as it is"</a></div>
            </form>
        }
        .into_any()
    })
}

/// What somebody else made of it, against what this person typed.
fn meanwhile(model: &EditPage) -> Option<AnyView> {
    if model.meanwhile.is_empty() {
        return None;
    }
    let rows = model
        .meanwhile
        .iter()
        .map(|(label, words)| view! { <p><b>{label.clone()}". "</b>{difference(words)}</p> })
        .collect_view();
    Some(view! { <section class="card preview"><p>"It stands now with the words struck through; yours are marked as added."</p>{rows}</section> }.into_any())
}
