//! One component in one country: its status, what that rests on, its days and its changes.

use leptos::prelude::*;

use crate::{model::CellPage, paths, shell::public::document, ui};

/// Renders it.
#[must_use]
pub fn cell_page(page: &CellPage) -> String {
    let title = format!("{} in {}", page.component.0, page.country.0);
    let cards: Vec<_> = page.incidents.iter().map(ui::incident_card).collect();
    let upstream = page.upstream.iter().map(|note| view! { <p>{note.clone()}</p> }).collect_view();
    let past = (!page.past.is_empty())
        .then(|| view! { <section><h2>"Incidents"</h2>{ui::past_incidents(&page.past)}</section> });
    let main = view! {
        {ui::breadcrumb(&[
            ("All services".into(), paths::HOME.into()),
            page.country.clone(),
            page.component.clone(),
        ])}
        <section class=format!("verdict {}", ui::class(page.status))>
            {ui::shape(page.status)}
            <div>
                <h1>{title.clone()}": "{page.status.words()}</h1>
                <p>{format!("Since {}.", page.since)}</p>
                <p>{page.basis.clone()}</p>
            </div>
        </section>
        {cards}
        <section>
            <h2>"Evidence"</h2>
            {evidence(page)}
            {upstream}
        </section>
        {page.charts.iter().map(ui::measured).collect_view()}
        <section>
            <h2>"Last 90 days"<small>"worst status of each UTC day, today on the right"</small></h2>
            <div class="one">{ui::bars(&page.bars)}</div>
            <p><b>{page.bars.uptime.clone().unwrap_or_else(|| "no data".into())}</b>" uptime. "{page.formula.clone()}</p>
            {(!page.target.is_empty()).then(|| view! { <p>{page.target.clone()}</p> })}
        </section>
        <section>
            <h2>"Changes"</h2>
            {changes(page)}
        </section>
        {past}
    };
    document(&page.site, &format!("{title}: {}", page.status.words()), main)
}

fn evidence(page: &CellPage) -> AnyView {
    if page.evidence.is_empty() {
        return view! {
            <p>"Nothing measures this cell at the moment. People set its status, or it stays grey."</p>
        }
        .into_any();
    }
    ui::facts(&page.evidence, None).into_any()
}

fn changes(page: &CellPage) -> AnyView {
    if page.changes.is_empty() {
        return view! { <p>"Its status has not changed in the last 90 days."</p> }.into_any();
    }
    let items: Vec<_> = page
        .changes
        .iter()
        .map(|c| {
            let link = c.incident.clone().map(|href| view! { " "<a href=href>"Incident"</a> });
            let samples = c.samples.clone().map(|n| view! { " "<small>{n}</small> });
            view! { <li>{ui::badge(c.to)}<small>{c.at.clone()}</small><p>{c.cause.clone()}{samples}{link}</p>{c.chart.as_ref().map(ui::spark)}</li> }
        })
        .collect();
    view! { <ul class="log">{items}</ul> }.into_any()
}
