//! Rules of writing: what they find in a form, and the page that edits them.

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, command::Acts, model::FormError};
use crate::ui::area_text;

/// What one rule finds in a form.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Name of the rule.
    pub rule: &'static str,
    /// What the rule says.
    pub says: String,
    /// Field, words found, and what to do.
    pub lines: Vec<String>,
    /// Whether nothing is published until it is gone or overridden.
    pub is_blocking: bool,
    /// Reason for overriding it, as typed.
    pub reason: String,
}

/// What the rules find, beside the buttons; a blocking rule can be overridden with a reason.
pub(super) fn findings(acts: &Acts) -> Option<AnyView> {
    let error = acts.error.as_ref();
    if acts.findings.is_empty() {
        return remark(error, "override");
    }
    let rules = acts
        .findings
        .iter()
        .map(|found| {
            let lines = found.lines.iter().map(|l| view! { <li>{l.clone()}</li> }).collect_view();
            let id = format!("override-{}-{}", found.rule, acts.keep.replace('/', "-"));
            let reason = found.is_blocking.then(|| {
                view! {
                    <label for=id.clone()>"Publish all the same, because "<small>"recorded; empty: do not"</small></label>
                    <input id=id name=format!("override.{}", found.rule) maxlength="300" value=found.reason.clone() />
                }
            });
            view! {
                <li class=if found.is_blocking { "lint" } else { "hint" }>
                    <b>{if found.is_blocking { "Blocks: " } else { "Consider: " }}</b>
                    <code>{found.rule}</code>" "{found.says.clone()}
                    <ul>{lines}</ul>
                    {reason}
                </li>
            }
        })
        .collect_view();
    Some(
        view! {
            <section class="f" aria-label="What the rules of writing find">
                <ul class="found">{rules}</ul>
                {remark(error, "override")}
            </section>
        }
        .into_any(),
    )
}

/// One rule in the form.
#[derive(Debug, Clone, Default)]
pub struct RuleRow {
    /// Name of the rule.
    pub rule: &'static str,
    /// What it says.
    pub says: String,
    /// What its words mean; empty: it has none.
    pub words_mean: &'static str,
    /// Whether it is in force.
    pub is_enabled: bool,
    /// `block` or `warn`.
    pub level: String,
    /// One a line.
    pub words: String,
}

/// The form that edits the rules.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Version in force.
    pub version: i64,
    /// Every rule.
    pub rows: Vec<RuleRow>,
    /// Whether this person may save.
    pub may_save: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

fn row(row: &RuleRow, error: Option<&FormError>) -> AnyView {
    let of = |name: &str| format!("{name}.{}", row.rule);
    let (says, enabled, level, words) = (of("says"), of("enabled"), of("level"), of("words"));
    let levels = [("block", "blocks until overridden with a reason"), ("warn", "warns")]
        .map(|(slug, label)| view! { <option value=slug selected=slug == row.level>{label}</option> })
        .collect_view();
    let list = (!row.words_mean.is_empty()).then(|| {
        view! {
            <div class="f">
                <label for=words.clone()>{row.words_mean}" "<small>"one a line"</small></label>
                <textarea id=words.clone() name=words.clone() rows="4">{area_text(&row.words)}</textarea>
                {remark(error, &words)}
            </div>
        }
    });
    let open = error.is_some_and(|e| e.field.ends_with(row.rule));
    view! {
        <details open=open>
            <summary><code>{row.rule}</code>" "{row.says.clone()}</summary>
            <div class="row">
                <label class="radio"><input type="checkbox" name=enabled value="yes" checked=row.is_enabled /><span>"In force"</span></label>
                <div class="f"><label for=level.clone()>"A finding"</label><select id=level.clone() name=level.clone()>{levels}</select>{remark(error, &level)}</div>
            </div>
            <div class="f">
                <label for=says.clone()>"It tells the author"</label>
                <input id=says.clone() name=says.clone() maxlength="200" required value=row.says.clone() />
                {remark(error, &says)}
            </div>
            {list}
        </details>
    }
    .into_any()
}

/// The rules of writing.
#[must_use]
pub fn rules(frame: &Frame, model: &Rules) -> String {
    let error = model.error.as_ref();
    let rows = model.rows.iter().map(|r| row(r, error)).collect_view();
    let save = model
        .may_save
        .then(|| view! { <div class="act"><button class="go">"Save as a new version"</button></div> });
    frame.page(|| {
        view! {
            <h1>"Rules of writing"</h1>
            <p class="d">{format!("Version {}.", model.version)}" Every update is held to them before it is published. A reason given for overriding one is recorded with the update. "<a href="/console/writing">"Templates"</a></p>
            <form method="post" action="/console/writing/linter">
                {frame.token()}
                <input type="hidden" name="version" value=model.version.to_string() />
                {remark(error, "")}
                {rows}
                {save}
            </form>
        }
        .into_any()
    })
}
