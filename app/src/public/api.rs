//! The public API, described for people.

use leptos::prelude::*;

use crate::{
    model::Site,
    paths::{self, ApiV2},
    shell::public::document,
    ui,
};

/// What a document of the API holds.
const fn about(document: ApiV2) -> &'static str {
    match document {
        ApiV2::Status => "Page and indicator: one look.",
        ApiV2::Summary => "Page, indicator, every cell, open incidents, planned work.",
        ApiV2::Components => "Every cell: a component in a country, grouped by country.",
        ApiV2::Incidents => "The 50 newest incidents with all their updates.",
        ApiV2::Unresolved => "Open incidents.",
        ApiV2::Maintenances => "Planned work.",
        ApiV2::MaintenancesUpcoming => "Planned work to come.",
        ApiV2::MaintenancesActive => "Planned work going on.",
    }
}

/// Renders it; `origin` is the page's own, without a closing slash.
#[must_use]
pub fn api_page(site: &Site, origin: &str) -> String {
    let documents: Vec<_> = ApiV2::ALL
        .into_iter()
        .map(|d| view! { <li><a href=d.path()><code>{d.path()}</code></a><small>{about(d)}</small></li> })
        .collect();
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into())])}
        <h1>"API"</h1>
        <p>
            "Open to everybody, without a key, from any origin. The documents have the shape of the Statuspage API, version 2: \
             a client for that works here once it is pointed at "<code>{origin.to_owned()}</code>"."
        </p>
        <ul class="past">{documents}</ul>
        <section>
            <h2>"What is ours"</h2>
            <p>
                "Cells are the components; their group is the country. Everything beyond Statuspage stands in "
                <code>"x_waypost"</code>": the severity, the next update’s due time and by how much it is late, component and \
                 country codes, and what a status rests on. Statuspage has no word for "<i>"no data"</i>": "
                <code>"status"</code>" says "<code>"operational"</code>" then, and "<code>"x_waypost.status"</code>" says "
                <code>"no_data"</code>"."
            </p>
            <p>"Every answer has an ETag: send it back as If-None-Match, and nothing is transferred until something changed."</p>
        </section>
        <section>
            <h2>"Being told"</h2>
            <p>
                "Webhooks follow Standard Webhooks 1.0.0: "<code>"webhook-id"</code>", "<code>"webhook-timestamp"</code>" and "
                <code>"webhook-signature"</code>" (HMAC-SHA256). "<a href=paths::SUBSCRIBE>"Subscribe an endpoint"</a>
                ", or read the "<a href=paths::RSS>"RSS feed"</a>". Where an operator compares a canary cohort with its \
                 baseline, chosen endpoints hear "<code>"canary_verdict"</code>" (expand, hold or roll back, with both shares, \
                 their samples and the interval of the difference) whenever it changes."
            </p>
        </section>
    };
    document(site, "API", main)
}
