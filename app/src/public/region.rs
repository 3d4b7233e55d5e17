//! The page of a country, a portfolio, or a component.

use leptos::prelude::*;

use super::front::verdict;
use crate::{model::RegionPage, paths, shell::public::document, ui};

/// Renders it.
#[must_use]
pub fn region_page(page: &RegionPage) -> String {
    let mut crumbs = vec![("All services".to_owned(), paths::HOME.to_owned())];
    crumbs.extend(page.parent.clone());
    let as_of = match &page.as_of {
        (utc, local) if local.is_empty() => format!("As of {utc}"),
        (utc, local) => format!("As of {utc} ({local})"),
    };
    let cards: Vec<_> = page.incidents.iter().map(ui::incident_card).collect();
    let grid = page.grid.as_ref().map(|grid| {
        view! { <section><h2>"Services by country"</h2>{ui::grid(grid)}</section> }
    });
    let past = (!page.past.is_empty())
        .then(|| view! { <section><h2>"Past incidents"</h2>{ui::past_incidents(&page.past)}</section> });
    let main = view! {
        {ui::breadcrumb(&crumbs)}
        <p class="place">{page.name.clone()}</p>
        {verdict(&page.verdict, &as_of, "worst status of each UTC day below, today on the right")}
        {cards}
        {grid}
        <section>
            <h2>{page.lines_title.clone()}<small>"last 90 days"</small></h2>
            {ui::service_lines(&page.lines)}
            {ui::legend()}
        </section>
        {page.charts.iter().map(ui::measured).collect_view()}
        {past}
        <p class="more"><a href=page.subscribe.clone()>{format!("Get updates about {}", page.name)}</a></p>
    };
    document(&page.site, &format!("{}: {}", page.name, page.verdict.sentence.trim_end_matches('.')), main)
}
