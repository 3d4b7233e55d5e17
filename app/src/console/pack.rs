//! The on-call pack: everything that the people on an incident need, on paper if it must be.

use leptos::prelude::*;

use super::chrome::Frame;

/// The pack of one incident.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    /// The incident.
    pub incident_id: String,
    /// Title with prefix.
    pub title: String,
    /// When it was made.
    pub made: String,
    /// Who leads, and who is on call: label, names, second line.
    pub people: Vec<(String, String, String)>,
    /// Who was called in: name, and what happened.
    pub engaged: Vec<(String, Vec<String>)>,
    /// Suppliers of its cells: name, agreement, ladder.
    pub suppliers: Vec<(String, String, Vec<String>)>,
    /// Our own contacts.
    pub contacts: Vec<String>,
    /// Runbooks that fit: title, and steps.
    pub runbooks: Vec<(String, Vec<String>)>,
    /// Key accounts that it touches: name and local time, contacts.
    pub accounts: Vec<(String, Vec<String>)>,
}

/// Renders it.
#[must_use]
pub fn pack(frame: &Frame, model: &Pack) -> String {
    let people = model
        .people
        .iter()
        .map(|(label, names, second)| {
            view! { <div><dt>{label.clone()}</dt><dd>{names.clone()}" "<small>{second.clone()}</small></dd></div> }
        })
        .collect_view();
    let suppliers: Vec<(String, Vec<String>)> = model
        .suppliers
        .iter()
        .map(|(name, sla, ladder)| {
            let name = if sla.is_empty() { name.clone() } else { format!("{name} – {sla}") };
            (name, ladder.clone())
        })
        .collect();
    let ours = [("Our contacts".to_owned(), model.contacts.clone())];
    frame.page(|| {
        view! {
            <article class="pack">
                <h1>{format!("On-call pack: {}", model.title)}</h1>
                <p class="d">{format!("Made {}. It holds numbers of people: do not leave it lying about. ", model.made)}
                    <a href=format!("/console/incidents/{}", model.incident_id)>"Back to the incident"</a></p>
                <h2>"Who leads, who is on call"</h2>
                <dl class="facts">{people}</dl>
                {part("Called in", &model.engaged, "Nobody yet.", false)}
                {part("Suppliers and their ladders", &suppliers, "No supplier is entered for what is affected.", true)}
                {part("Inside the house", if model.contacts.is_empty() { &[] } else { &ours[..] }, "No contact of ours is entered.", false)}
                {part("Key accounts that sell this", &model.accounts, "None.", false)}
                {part("Runbooks", &model.runbooks, "No runbook fits what is affected.", true)}
            </article>
        }
        .into_any()
    })
}

/// Steps count; what happened does not.
fn part(
    title: &'static str,
    entries: &[(String, Vec<String>)],
    none: &'static str,
    is_ordered: bool,
) -> AnyView {
    let entries_view = entries
        .iter()
        .map(|(name, lines)| {
            let lines = lines.iter().map(|l| view! { <li>{l.clone()}</li> }).collect_view();
            let list = if is_ordered {
                view! { <ol>{lines}</ol> }.into_any()
            } else {
                view! { <ul>{lines}</ul> }.into_any()
            };
            view! { <section><h3>{name.clone()}</h3>{list}</section> }
        })
        .collect_view();
    let none = entries.is_empty().then(|| view! { <p class="d">{none}</p> });
    view! { <h2 id=title.to_lowercase()>{title}</h2>{entries_view}{none} }.into_any()
}
