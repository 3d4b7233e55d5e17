//! An incident's page: where it stands, whom it touches, its whole story.

use leptos::prelude::*;

use crate::{model::IncidentPage, paths, shell::public::document, ui};

/// Renders it.
#[must_use]
pub fn incident_page(page: &IncidentPage) -> String {
    let cells: Vec<_> = page
        .cells
        .iter()
        .map(|cell| view! { <li><a href=cell.href.clone()>{cell.name.clone()}</a>{ui::badge(cell.status)}</li> })
        .collect();
    let helps: Vec<_> = page
        .workarounds
        .iter()
        .map(|(country, text)| view! { <dt>{country.clone()}</dt>{ui::markup(text)} })
        .collect();
    let helps = (!helps.is_empty()).then(|| {
        view! { <section><h2>"What helps meanwhile"</h2><dl class="rich">{helps}</dl></section> }
    });
    let review = page.review.clone().map(|(words, href)| {
        view! { <section><h2>"What happened, and why"</h2><p><a href=href>"Read the root cause analysis"</a>" "<small>{words}</small></p></section> }
    });
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into()), ("History".into(), paths::HISTORY.into())])}
        <article class=format!("inc {}", ui::class(page.status))>
            <p class="kind">{ui::severity_tag(page.severity, page.status)}<span>{page.phase.word()}</span></p>
            <h1 class=format!("incident-title impact-{}", page.severity.indicator().slug())>{page.title.clone()}</h1>
            {ui::facts(&page.facts, page.due.as_ref())}
            {page.chart.as_ref().map(ui::spark)}
            <p class="more"><a href=page.subscribe.clone()>"Get updates about this"</a></p>
        </article>
        {page.goes_on.clone().map(|(title, href)| view! { <p>"This is part of another incident and goes on there: "<a href=href>{title}</a></p> })}
        {page.entered.clone().map(|words| view! { <p class="note">{words}</p> })}
        {review}
        {helps}
        <section>
            <h2>"Updates"</h2>
            {ui::timeline(&page.updates)}
        </section>
        <section>
            <h2>"Affected services now"</h2>
            <ul class="past cells">{cells}</ul>
        </section>
    };
    document(&page.site, &format!("[{}] {}", page.severity.label(), page.title), main)
}
