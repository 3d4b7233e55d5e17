//! Entering an incident afterwards.

use leptos::prelude::*;

use super::{
    access::remark,
    chrome::Frame,
    incident::{cell_choices, severity_choices, typed_fields},
    model::{CellChoice, Fields, FormError},
};
use crate::ui::area_text;

/// The form.
#[derive(Debug, Clone, Default)]
pub struct BackfillPage {
    /// As typed.
    pub title: String,
    /// Chosen severity.
    pub severity: i64,
    /// Every severity: number, words, examples.
    pub severities: Vec<(i64, String, String)>,
    /// `2026-03-02T08:10`, UTC.
    pub started: String,
    /// The same for its end.
    pub resolved: String,
    /// Every cell, with what is chosen.
    pub cells: Vec<CellChoice>,
    /// The texts as typed.
    pub fields: Fields,
    /// Why nobody else stands behind it; needed for Sev 1 and 2.
    pub break_glass: String,
    /// Makes a repeat harmless.
    pub idempotency_key: String,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// Renders it.
#[must_use]
pub fn backfill(frame: &Frame, model: &BackfillPage) -> String {
    let error = model.error.as_ref();
    let severities = severity_choices(&model.severities, model.severity);
    let time = |name: &'static str, label: &'static str, value: &String| {
        view! {
            <div class="f">
                <label for=name>{label}" "<small>"UTC"</small></label>
                <input id=name name=name type="datetime-local" required value=value.clone() />
                {remark(error, name)}
            </div>
        }
    };
    let (started, resolved) =
        (time("started_at", "Began", &model.started), time("resolved_at", "Was over", &model.resolved));
    frame.page(|| {
        view! {
            <p class="d crumb"><a href="/console/incidents">"Incidents"</a></p>
            <h1>"Enter a past incident"</h1>
            <p class="d">"For what is over and was never told. It stands on the page and in the history, marked as entered afterwards; nobody gets a message, and no clock runs."</p>
            <form method="post" action="/console/incidents/backfill" class="narrow">
                {frame.token()}
                <input type="hidden" name="idempotency_key" value=model.idempotency_key.clone() />
                {remark(error, "")}
                <div class="f">
                    <label for="title">"Short description " <small>"what travellers noticed; severity and place are added"</small></label>
                    <input id="title" name="title" maxlength="120" required value=model.title.clone() />
                    {remark(error, "title")}
                </div>
                <div class="row">{started}{resolved}</div>
                <fieldset class="f"><legend>"Severity"</legend>{severities}{remark(error, "severity")}</fieldset>
                <fieldset class="f"><legend>"Affected"</legend>{cell_choices(&model.cells, &[])}{remark(error, "cells")}</fieldset>
                {typed_fields("backfill", &model.fields, error)}
                <div class="f">
                    <label for="break_glass">"Why no second person "<small>"needed for Sev 1 and Sev 2; readers of the ledger see that it happened"</small></label>
                    <textarea id="break_glass" name="break_glass" rows="1" maxlength="1000">{area_text(&model.break_glass)}</textarea>
                    {remark(error, "break_glass")}{remark(error, "approval")}
                </div>
                <div class="act"><button class="go">"Enter it"</button></div>
            </form>
        }
        .into_any()
    })
}
