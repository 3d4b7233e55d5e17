//! Evidence packs on a partner's page.

use leptos::prelude::*;

use crate::{
    model::{EvidenceList, EvidencePage},
    paths,
    shell::public::document,
    ui,
};

/// The list.
#[must_use]
pub fn evidence_list_page(page: &EvidenceList) -> String {
    let rows: Vec<_> = page
        .packs
        .iter()
        .map(|(words, month, made)| {
            view! { <li><a href=paths::evidence(month)>{words.clone()}</a>" "<small>{format!("made {made}")}</small></li> }
        })
        .collect();
    let body = if rows.is_empty() {
        view! { <p>"There is no pack yet. The first follows when the first whole month has ended."</p> }
            .into_any()
    } else {
        view! { <ul class="log">{rows}</ul> }.into_any()
    };
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into())])}
        <h1>"Evidence"</h1>
        <p>"What was promised of what you sell, and what was measured, month by month. Each pack is signed; nobody can change it afterwards, we neither."</p>
        {body}
        {proof(&page.key)}
    };
    document(&page.site, "Evidence", main)
}

/// One pack.
#[must_use]
pub fn evidence_page(page: &EvidencePage) -> String {
    let title = format!("Evidence, {}", page.month);
    let month = &page.pack.month;
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into()), ("Evidence".into(), paths::EVIDENCE.into())])}
        <h1>{title.clone()}</h1>
        <p class="lead">{ui::evidence_verdict(&page.pack)}</p>
        <p>{format!("{} for {}, made {}.", page.pack.operator, page.pack.partner, page.made)}</p>
        <p><a href=paths::evidence_file(month, "json") download="">"Signed file (JSON)"</a>" · "<a href=paths::evidence_file(month, "csv") download="">"Table (CSV)"</a></p>
        {ui::evidence_tables(&page.pack)}
        {proof(&page.key)}
    };
    document(&page.site, &title, main)
}

/// How to see for oneself that a pack is whole.
fn proof(key: &str) -> AnyView {
    view! {
        <section>
            <h2>"Verify it yourself"</h2>
            <p>"The JSON file is signed with Ed25519. Without any connection to us: "<code>{format!("waypost evidence verify FILE --key {key}")}</code></p>
        </section>
    }
    .into_any()
}
