//! Small lists.

use leptos::prelude::*;

use crate::{model::PastIncident, paths};

/// Incidents in a list, newest first.
pub fn past_incidents(list: &[PastIncident]) -> impl IntoView + use<> {
    let items: Vec<_> = list
        .iter()
        .map(|i| {
            view! {
                <li>
                    <a class=format!("incident-title impact-{}", i.severity.indicator().slug()) href=i.href.clone()>
                        {i.title.clone()}
                    </a>
                    <small>{format!("{}, {}, {}", i.severity.label(), i.started, i.outcome)}</small>
                </li>
            }
        })
        .collect();
    view! { <ul class="past">{items}</ul> }
}

/// The cadence ledger in one line.
pub fn ledger(lines: &[String]) -> Option<impl IntoView + use<>> {
    (!lines.is_empty()).then(|| {
        let text = lines.join(" · ");
        view! { <p class="ledger"><a href=paths::PROMISES><b>"Updates on time, last 90 days"</b></a>" "{text}</p> }
    })
}

/// Where a page belongs.
pub fn breadcrumb(steps: &[(String, String)]) -> impl IntoView + use<> {
    let links: Vec<_> =
        steps.iter().map(|(name, href)| view! { <li><a href=href.clone()>{name.clone()}</a></li> }).collect();
    view! { <nav class="crumbs" aria-label="You are here"><ol>{links}</ol></nav> }
}
