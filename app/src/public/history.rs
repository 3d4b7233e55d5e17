//! Past incidents by month, a quarter a page.

use leptos::prelude::*;

use crate::{
    model::{HistoryMonth, HistoryPage},
    paths,
    shell::public::document,
    ui,
};

/// Renders it.
#[must_use]
pub fn history_page(page: &HistoryPage) -> String {
    let months: Vec<_> = page.months.iter().map(month).collect();
    let newer = page.newer.clone().map(|href| view! { <a href=href rel="prev">"Newer"</a> });
    let older = page.older.clone().map(|href| view! { <a href=href rel="next">"Older"</a> });
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into())])}
        <h1>"Past incidents"</h1>
        {months}
        <nav class="pages" aria-label="Pages">{newer}{older}</nav>
    };
    document(&page.site, "Past incidents", main)
}

fn month(month: &HistoryMonth) -> impl IntoView + use<> {
    let body = if month.incidents.is_empty() {
        view! { <p class="note">"No incidents reported."</p> }.into_any()
    } else {
        ui::past_incidents(&month.incidents).into_any()
    };
    let summaries: Vec<_> = month
        .summaries
        .iter()
        .map(|(days, href)| view! { <li><a href=href.clone()>{format!("Minor incidents, {days}")}</a><small>"summary"</small></li> })
        .collect();
    let summaries = (!summaries.is_empty()).then(|| view! { <ul class="past">{summaries}</ul> });
    view! { <section class="status-day"><h2>{month.name.clone()}</h2>{body}{summaries}</section> }
}
