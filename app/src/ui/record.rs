//! What the record holds of an incident: its timeline, how long each part took, what was said.

use domain::{
    clock::Timestamp,
    clock_local::{day_month, duration_words, hour_minute, zone},
    review::Record,
};
use leptos::prelude::*;

/// `2 Mar, 08:10`.
fn at(at: Timestamp) -> String {
    format!("{}, {}", day_month(at, zone("UTC")), hour_minute(at, zone("UTC")))
}

/// How long each part took.
#[must_use]
pub fn durations(record: &Record) -> AnyView {
    let items: Vec<_> = record
        .durations()
        .into_iter()
        .map(|(label, ms)| view! { <div><dt>{label}</dt><dd>{duration_words(ms)}</dd></div> })
        .collect();
    view! { <dl class="facts">{items}</dl> }.into_any()
}

/// What happened, oldest first; what stays among us is marked.
#[must_use]
pub fn events(record: &Record) -> AnyView {
    let items: Vec<_> = record
        .events
        .iter()
        .map(|e| {
            let internal = e.is_internal.then(|| view! { " "<small>"internal"</small> });
            view! { <tr><td><time datetime=e.at.rfc3339()>{at(e.at)}</time></td><td>{e.what.clone()}{internal}</td></tr> }
        })
        .collect();
    view! {
        <table class="times">
            <thead><tr><th scope="col">"UTC"</th><th scope="col">"What happened"</th></tr></thead>
            <tbody>{items}</tbody>
        </table>
    }
    .into_any()
}

/// What was published, oldest first, and how many came when they were promised.
#[must_use]
pub fn said(record: &Record) -> AnyView {
    let (kept, made) = record.kept();
    let items: Vec<_> = record
        .said
        .iter()
        .map(|s| {
            let late = (s.late_ms > 0)
                .then(|| view! { " "<b class="late">{format!("{} late", duration_words(s.late_ms))}</b> });
            view! { <tr><td><time datetime=s.at.rfc3339()>{at(s.at)}</time></td><td><b>{s.what.clone()}</b>{late}<br />{s.known.clone()}</td></tr> }
        })
        .collect();
    let kept = match made {
        1 if kept == 1 => "The one update came when it was promised.".to_owned(),
        made if kept == made => format!("All {made} updates came when they were promised."),
        made => format!("{kept} of {made} updates came when they were promised."),
    };
    view! {
        <p>{kept}</p>
        <table class="times">
            <thead><tr><th scope="col">"UTC"</th><th scope="col">"What we said"</th></tr></thead>
            <tbody>{items}</tbody>
        </table>
    }
    .into_any()
}
