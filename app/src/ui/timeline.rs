//! The story of an incident, newest first.

use leptos::prelude::*;

use super::markup;
use crate::model::TimelineUpdate;

/// Its updates.
pub fn timeline(updates: &[TimelineUpdate]) -> impl IntoView + use<> {
    let items: Vec<_> = updates.iter().map(entry).collect();
    view! { <ol class="story">{items}</ol> }
}

fn entry(update: &TimelineUpdate) -> impl IntoView + use<> {
    let local = (!update.at.1.is_empty()).then(|| view! { <small>{format!(" ({})", update.at.1)}</small> });
    let fields: Vec<_> =
        update.fields.iter().map(|(label, text)| view! { <dt>{label.clone()}</dt>{markup(text)} }).collect();
    let changes: Vec<_> = update.changes.iter().map(|c| view! { <li>{c.clone()}</li> }).collect();
    let changes = (!changes.is_empty()).then(|| view! { <ul class="changes">{changes}</ul> });
    let promised = update
        .promised
        .clone()
        .map(|at| view! { <p class="note">{format!("Next update promised by {at}")}</p> });
    let edited =
        update.edited.clone().map(|(at, href)| view! { " · "<a href=href>{format!("edited {at}")}</a> });
    view! {
        <li id=update.id.clone() class=format!("update {}", update.phase.slug())>
            <h3>{update.what.clone()}<span>{update.phase.word()}</span></h3>
            <p><time datetime=update.datetime.clone()>{update.at.0.clone()}</time>{local}{edited}</p>
            <dl>{fields}</dl>
            {changes}
            {promised}
        </li>
    }
}
