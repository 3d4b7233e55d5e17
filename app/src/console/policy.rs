//! The severity matrix, editable: every promise as people write it.

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::FormError};
use crate::ui::area_text;

/// One severity in the form.
#[derive(Debug, Clone, Default)]
pub struct PolicyRow {
    /// `1` to `4`.
    pub number: i64,
    /// `Sev 1 – Critical`.
    pub label: String,
    /// Name, label and value of every time.
    pub times: Vec<(&'static str, &'static str, String)>,
    /// What belongs here.
    pub examples: String,
    /// Holding statement: grace, how many in a row, what we know, what we do next; an empty grace: not allowed.
    pub holding: [String; 4],
}

/// The form.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Version in force.
    pub version: i64,
    /// Sev 1 to Sev 4.
    pub rows: Vec<PolicyRow>,
    /// IANA zone of the business calendar.
    pub zone: String,
    /// `09:00-17:00` or empty, Monday to Sunday.
    pub week: [String; 7],
    /// One date a line.
    pub holidays: String,
    /// Time before a promise falls due, and after it was missed.
    pub remind_before: String,
    /// As above.
    pub escalate_after: String,
    /// Whether this person may save.
    pub may_save: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn input(name: String, label: &str, value: &str, error: Option<&FormError>) -> AnyView {
    let wrong = error.is_some_and(|e| e.field == name);
    let message = remark(error, &name);
    view! {
        <div class="f">
            <label for=name.clone()>{label.to_owned()}</label>
            <input id=name.clone() name=name.clone() value=value.to_owned() maxlength="200" aria-invalid=wrong.then_some("true") />
            {message}
        </div>
    }
    .into_any()
}

fn row(row: &PolicyRow, error: Option<&FormError>) -> AnyView {
    let n = row.number;
    let times = row
        .times
        .iter()
        .map(|(name, label, value)| input(format!("{name}.{n}"), label, value, error))
        .collect_view();
    let holding = [
        ("holding_grace", "Holding statement after"),
        ("holding_in_a_row", "At most in a row"),
        ("holding_known", "It says: what we know"),
        ("holding_next_steps", "It says: what we do next"),
    ];
    let holding = holding
        .into_iter()
        .zip(&row.holding)
        .map(|((name, label), value)| input(format!("{name}.{n}"), label, value, error))
        .collect_view();
    let open = error.is_some_and(|e| e.field.ends_with(&format!(".{n}")));
    view! {
        <details open=open || n == 1>
            <summary>{row.label.clone()}</summary>
            <div class="grid3">{times}</div>
            {input(format!("examples.{n}"), "What belongs here", &row.examples, error)}
            <p class="d">"An automatic holding statement goes out when an update is overdue by the time given here. Leave the time empty to never send one. It is labelled automatic, and the promise stays missed."</p>
            <div class="grid3">{holding}</div>
        </details>
    }
    .into_any()
}

/// The severity matrix with its calendar.
#[must_use]
pub fn policy(frame: &Frame, model: &Policy) -> String {
    let error = model.error.as_ref();
    let rows = model.rows.iter().map(|r| row(r, error)).collect_view();
    let week = DAYS
        .iter()
        .zip(&model.week)
        .enumerate()
        .map(|(i, (day, hours))| input(format!("hours.{i}"), day, hours, error))
        .collect_view();
    let save = model
        .may_save
        .then(|| view! { <div class="act"><button class="go">"Save as a new version"</button></div> });
    frame.page(|| {
        view! {
            <h1>"Promises"</h1>
            <p class="d">{format!("Version {}. Open incidents keep the version under which they were declared.", model.version)}" Write times as 15 min, 2 h, 4 business hours or 3 business days; a dash promises nothing."</p>
            <form method="post" action="/console/settings/promises">
                {frame.token()}
                <input type="hidden" name="version" value=model.version.to_string() />
                {remark(error, "")}
                {rows}
                <h2>"Business hours"</h2>
                <div class="grid3">
                    {input("zone".into(), "Time zone", &model.zone, error)}
                    {week}
                </div>
                <div class="f">
                    <label for="holidays">"Holidays "<small>"one date a line, like 2026-12-25"</small></label>
                    <textarea id="holidays" name="holidays" rows="4">{area_text(&model.holidays)}</textarea>
                    {remark(error, "holidays")}
                </div>
                <h2>"Reminders"</h2>
                <div class="grid3">
                    {input("remind_before".into(), "Remind before a promise falls due", &model.remind_before, error)}
                    {input("escalate_after".into(), "First escalation after it was missed", &model.escalate_after, error)}
                </div>
                {save}
            </form>
        }
        .into_any()
    })
}
