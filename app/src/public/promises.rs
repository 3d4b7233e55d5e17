//! What is promised, and whether it is kept.

use leptos::prelude::*;

use crate::{
    model::{PromiseLine, PromisesPage},
    paths,
    shell::public::document,
    ui,
};

/// Renders it.
#[must_use]
pub fn promises_page(page: &PromisesPage) -> String {
    let lines: Vec<_> = page.lines.iter().map(line).collect();
    let counts: Vec<_> = page.counts.iter().map(|c| view! { <li>{c.clone()}</li> }).collect();
    let counts = (!counts.is_empty()).then(|| view! { <h2>"Also counted"</h2><ul>{counts}</ul> });
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into())])}
        <h1>"What we promise"</h1>
        <p class="lead">{page.verdict.clone()}</p>
        {lines}
        {counts}
        <p class="note">
            "A promise counts once it fell due or was met, over the last 90 days. One that is late is never taken out, not even when the severity changes later. "
            <a href=paths::PROMISES_JSON>"The same as JSON"</a>
        </p>
    };
    document(&page.site, "What we promise", main)
}

fn line(line: &PromiseLine) -> impl IntoView + use<> {
    let promised: Vec<_> = line
        .promised
        .iter()
        .map(|(label, words)| view! { <div><dt>{*label}</dt><dd>{words.clone()}</dd></div> })
        .collect();
    let record = match line.made {
        None => "No update is promised by the clock.".to_owned(),
        Some(0) => "No update was due in the last 90 days.".to_owned(),
        Some(made) if line.worst.is_empty() => {
            format!("{} of {made} updates on time in the last 90 days.", line.kept)
        }
        Some(made) => {
            format!(
                "{} of {made} updates on time in the last 90 days; the worst was {} late.",
                line.kept, line.worst
            )
        }
    };
    view! {
        <section>
            <h2>{format!("{} – {}", line.label, line.word)}</h2>
            <p class="note">{line.examples.clone()}</p>
            <dl class="facts">{promised}</dl>
            <p>{record}</p>
        </section>
    }
}
