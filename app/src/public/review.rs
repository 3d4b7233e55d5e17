//! A published review, and the summary of a week.

use domain::review::Section;
use leptos::prelude::*;

use crate::{
    model::{PromisedAction, ReviewPage, ReviewPart, SummaryLine, SummaryPage},
    paths,
    shell::public::document,
    ui,
};

/// Renders a review.
#[must_use]
pub fn rca_page(page: &ReviewPage) -> String {
    let parts: Vec<_> = page.parts.iter().map(|p| part(page, p)).collect();
    let correction = (!page.correction.is_empty())
        .then(|| view! { <p class="note">{format!("Corrected: {}", page.correction)}</p> });
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into()), ("History".into(), paths::HISTORY.into())])}
        <article>
            <h1>"What happened, and why"</h1>
            <p><a href=page.href.clone()>{page.title.clone()}</a></p>
            <p class="note">{page.published.clone()}</p>
            {correction}
            {parts}
        </article>
    };
    document(&page.site, &format!("Root cause analysis: {}", page.title), main)
}

fn part(page: &ReviewPage, part: &ReviewPart) -> impl IntoView + use<> {
    let record = &page.record;
    let filled = match part.section {
        Section::Impact => view! { {ui::durations(record)}{ui::graphs(record)} }.into_any(),
        Section::Timeline => ui::events(record),
        Section::Communications => ui::said(record),
        Section::Actions => actions(&page.actions),
        _ => ().into_any(),
    };
    let text = part.text.as_ref().map(ui::markup_body);
    view! { <section><h2>{part.section.title()}</h2>{text}{filled}</section> }
}

fn actions(actions: &[PromisedAction]) -> AnyView {
    let lines: Vec<_> = actions
        .iter()
        .map(|a| {
            let state = if a.is_overdue {
                view! { <b class="late">{a.state.clone()}</b> }.into_any()
            } else {
                view! { <small>{a.state.clone()}</small> }.into_any()
            };
            view! { <li><span>{a.what.clone()}</span>{state}</li> }
        })
        .collect();
    view! { <ul class="past todo">{lines}</ul> }.into_any()
}

/// Renders a summary.
#[must_use]
pub fn summary_page(page: &SummaryPage) -> String {
    let items: Vec<_> = page.items.iter().map(item).collect();
    let opening = page.opening.as_ref().map(ui::markup_body);
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into()), ("History".into(), paths::HISTORY.into())])}
        <h1>{format!("Minor incidents, {}", page.days)}</h1>
        <p class="note">{page.published.clone()}</p>
        {opening}
        {items}
    };
    document(&page.site, &format!("Minor incidents, {}", page.days), main)
}

fn item(item: &SummaryLine) -> impl IntoView + use<> {
    let text = item.text.as_ref().map(ui::markup_body);
    view! {
        <section>
            <h2><a href=item.href.clone()>{item.title.clone()}</a></h2>
            <p class="note">{item.facts.clone()}</p>
            {text}
        </section>
    }
}
