//! The record of everything that was done, and one incident as a printable page.

use domain::review::Record;
use leptos::prelude::*;

use super::chrome::Frame;
use crate::ui;

/// One line of the record.
#[derive(Debug, Clone)]
pub struct RecordLine {
    /// `2 Mar 2026, 08:10:31 UTC`.
    pub at: String,
    /// Who: a name, or the automation.
    pub actor: String,
    /// `post update`.
    pub action: String,
    /// `incident:…` as stored.
    pub subject: String,
    /// Where that is shown; may be empty.
    pub href: String,
    /// Before and after, as stored.
    pub detail: String,
    /// Ties it to log lines.
    pub correlation_id: String,
    /// First digits of its hash in the chain.
    pub hash: String,
}

/// The record, newest first.
#[derive(Debug, Clone, Default)]
pub struct RecordPage {
    /// Lines.
    pub lines: Vec<RecordLine>,
    /// Subject as typed; empty: everything.
    pub subject: String,
    /// Chosen actor; empty: everybody.
    pub actor: String,
    /// Everybody who can be chosen: id and name.
    pub actors: Vec<(String, String)>,
    /// First and last day as typed, `2026-03-02`.
    pub days: (String, String),
    /// Address of older lines.
    pub older: Option<String>,
    /// How long the chain is, and its newest link.
    pub head: (i64, String),
}

/// Renders it.
#[must_use]
pub fn record(frame: &Frame, model: &RecordPage) -> String {
    let actors = model
        .actors
        .iter()
        .map(|(id, name)| view! { <option value=id.clone() selected=*id == model.actor>{name.clone()}</option> })
        .collect_view();
    let older = model.older.clone().map(|href| view! { <p><a href=href rel="next">"Older"</a></p> });
    let (from, to) = model.days.clone();
    let body = if model.lines.is_empty() {
        view! { <p class="empty">"Nothing on record that fits."</p> }.into_any()
    } else {
        lines(&model.lines)
    };
    frame.page(|| {
        view! {
            <h1>"Record"</h1>
            <p class="d">"Every change with who, when, before and after. It is only ever added to, each line chained to the one before: "<code>"waypost audit verify"</code>" checks it."</p>
            <p class="d">{format!("{} lines in the chain; the newest link is ", model.head.0)}<code>{model.head.1.clone()}</code></p>
            <form method="get" action="/console/record" class="inline">
                <label for="subject">"About"</label><input id="subject" name="subject" placeholder="incident:…" maxlength="80" value=model.subject.clone() />
                <label for="actor">"By"</label><select id="actor" name="actor"><option value="">"everybody"</option>{actors}</select>
                <label for="from">"From"</label><input id="from" name="from" type="date" value=from />
                <label for="to">"to"</label><input id="to" name="to" type="date" value=to />
                <button>"Show"</button>
            </form>
            {body}
            {older}
        }
        .into_any()
    })
}

fn lines(lines: &[RecordLine]) -> AnyView {
    let rows = lines
        .iter()
        .map(|l| {
            let subject = if l.href.is_empty() {
                view! { <span>{l.subject.clone()}</span> }.into_any()
            } else {
                view! { <a href=l.href.clone()>{l.subject.clone()}</a> }.into_any()
            };
            view! {
                <li>
                    <details>
                        <summary><span><b>{l.action.clone()}</b>" "<small>{format!("{} · {}", l.at, l.actor)}</small></span></summary>
                        <p class="d">{subject}{format!(" · request {} · link {}", l.correlation_id, l.hash)}</p>
                        <pre class="mail">{l.detail.clone()}</pre>
                    </details>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="lines">{rows}</ol> }.into_any()
}

/// One incident on paper.
#[derive(Debug, Clone, Default)]
pub struct PrintPage {
    /// Its public id.
    pub id: String,
    /// Title with prefix.
    pub title: String,
    /// `Printed 2 Mar 2026, 08:10 UTC by Ana`.
    pub printed: String,
    /// What the record holds of it.
    pub record: Record,
    /// Promises: what, due, how it went.
    pub promises: Vec<(String, String, String)>,
    /// Notes of our own: when and who, text.
    pub notes: Vec<(String, String)>,
    /// Every change to it, oldest first.
    pub lines: Vec<RecordLine>,
}

/// Renders it.
#[must_use]
pub fn print(frame: &Frame, model: &PrintPage) -> String {
    let cells = model.record.cells.iter().map(|c| view! { <li>{c.clone()}</li> }).collect_view();
    let promises = model
        .promises
        .iter()
        .map(|(what, due, how)| view! { <tr><td>{due.clone()}</td><td>{what.clone()}</td><td>{how.clone()}</td></tr> })
        .collect_view();
    let lines = model
        .lines
        .iter()
        .map(|l| view! { <tr><td>{l.at.clone()}</td><td>{l.actor.clone()}</td><td>{l.action.clone()}</td><td><code>{l.hash.clone()}</code></td></tr> })
        .collect_view();
    let notes = model
        .notes
        .iter()
        .map(|(who, text)| view! { <li><small>{who.clone()}</small><p class="pre">{text.clone()}</p></li> })
        .collect_view();
    let notes = (!model.notes.is_empty())
        .then(|| view! { <h2>"Notes of our own"</h2><ol class="story">{notes}</ol> });
    frame.page(|| {
        view! {
            <h1>{model.title.clone()}</h1>
            <p class="d">{model.printed.clone()}" · "<a href=format!("/console/incidents/{}", model.id)>"Incident"</a>" · "<a href=format!("/console/incidents/{}/export.json", model.id) download="">"The same as JSON"</a></p>
            {ui::durations(&model.record)}
            <ul class="changes">{cells}</ul>
            <h2>"Timeline"</h2>
            {ui::events(&model.record)}
            {ui::graphs(&model.record)}
            <h2>"What we said"</h2>
            {ui::said(&model.record)}
            {notes}
            <h2>"Promises"</h2>
            <div class="scroll"><table class="times"><thead><tr><th scope="col">"Due"</th><th scope="col">"Promise"</th><th scope="col">"How it went"</th></tr></thead><tbody>{promises}</tbody></table></div>
            <h2>"Record"</h2>
            <div class="scroll"><table class="times"><thead><tr><th scope="col">"UTC"</th><th scope="col">"Who"</th><th scope="col">"What"</th><th scope="col">"Link"</th></tr></thead><tbody>{lines}</tbody></table></div>
        }
        .into_any()
    })
}
