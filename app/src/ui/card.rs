//! An open incident: severity, impact, the next promise, what to do.

use leptos::prelude::*;

use super::shape::{class, severity_tag};
use crate::model::{Due, IncidentCard};

/// The promise: when the next update is due, or by how much it is late.
pub fn due(due: &Due) -> impl IntoView + use<> {
    let late = due.overdue.clone().map(|late| view! { <b class="late">{late}</b> });
    view! {
        <div>
            <dt>"Next update due"</dt>
            <dd>{due.at.clone()}" "{in_brackets(&due.local)}{late}</dd>
        </div>
    }
}

fn in_brackets(local: &str) -> impl IntoView + use<> {
    (!local.is_empty()).then(|| view! { <small>{format!("({local})")}</small> })
}

fn fact(label: &str, value: &str, second: &str) -> impl IntoView + use<> {
    let second = (!second.is_empty()).then(|| view! { " "<small>{second.to_owned()}</small> });
    view! { <div><dt>{label.to_owned()}</dt><dd>{value.to_owned()}{second}</dd></div> }
}

/// Facts: label, value, second line.
pub fn facts(facts: &[(String, String, String)], promise: Option<&Due>) -> impl IntoView + use<> {
    let items: Vec<_> = facts.iter().map(|(label, value, second)| fact(label, value, second)).collect();
    view! { <dl>{items}{promise.map(due)}</dl> }
}

/// A card of an open incident.
pub fn incident_card(card: &IncidentCard) -> impl IntoView + use<> {
    let updates = match card.updates {
        1 => "Full report".to_owned(),
        n => format!("All {n} updates"),
    };
    let started = if card.started.1.is_empty() { String::new() } else { format!("({})", card.started.1) };
    let helps: Vec<_> = card
        .workarounds
        .iter()
        .map(|(country, text)| paragraph("do", &format!("What helps in {country}"), text))
        .collect();
    view! {
        <article class=format!("inc {}", class(card.status))>
            <p class="kind">{severity_tag(card.severity, card.status)}<span>{card.phase.word()}</span></p>
            <h2 class=format!("incident-title impact-{}", card.severity.indicator().slug())>
                <a href=card.href.clone()>{card.title.clone()}</a>
            </h2>
            <p>{card.known.clone()}</p>
            {paragraph("do", "What you can do", &card.customer_action)}
            {helps}
            <dl>
                {card.due.as_ref().map(due)}
                {fact("Started", &card.started.0, &started)}
                {fact("Affects", &card.services, &card.places)}
                {card.evidence.as_ref().map(|(share, of)| fact("Measured now", share, of))}
            </dl>
            {paragraph("next", "What we do next", &card.next_steps)}
            <p class="more">
                <a href=card.href.clone()>{updates}</a>
                <small>{format!("Updated {}", card.updated)}</small>
            </p>
        </article>
    }
}

fn paragraph(class: &'static str, label: &str, text: &str) -> Option<impl IntoView + use<>> {
    (!text.is_empty()).then(|| view! { <p class=class><b>{label.to_owned()}":"</b>" "{text.to_owned()}</p> })
}
