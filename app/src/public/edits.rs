//! How the published texts of an incident were edited, word by word.

use leptos::prelude::*;

use crate::{
    model::{EditedText, EditedUpdate, EditsPage},
    paths,
    shell::public::document,
    ui,
};

fn edit(edit: &EditedText) -> impl IntoView + use<> {
    let changes: Vec<_> = edit
        .changes
        .iter()
        .map(
            |(label, words)| view! { <dt>{label.clone()}</dt><dd class="typed">{ui::difference(words)}</dd> },
        )
        .collect();
    view! {
        <li class="update">
            <h3>{format!("Edited {}", edit.at)}</h3>
            <p>{format!("Reason: {}", edit.reason)}</p>
            <dl>{changes}</dl>
        </li>
    }
}

fn update(update: &EditedUpdate) -> impl IntoView + use<> {
    let edits: Vec<_> = update.edits.iter().map(edit).collect();
    view! { <section id=update.id.clone()><h2>{update.what.clone()}</h2><ol class="story">{edits}</ol></section> }
}

/// Renders it.
#[must_use]
pub fn edits_page(page: &EditsPage) -> String {
    let updates: Vec<_> = page.updates.iter().map(update).collect();
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into()), (page.title.clone(), page.href.clone())])}
        <h1>"Edits"</h1>
        <p>"What we published is never changed silently. Words taken out are struck through, words put in are underlined."</p>
        {updates}
    };
    document(&page.site, &format!("Edits: {}", page.title), main)
}
