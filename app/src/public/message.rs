//! Pages that say one thing.

use leptos::prelude::*;

use crate::{model::Message, shell::public::document};

/// Renders it.
#[must_use]
pub fn message_page(page: &Message) -> String {
    let paragraphs: Vec<_> = page
        .paragraphs
        .iter()
        .map(|p| {
            // A secret stands alone, so that it can be selected with one double click.
            if p.starts_with("whsec_") {
                view! { <p><code>{p.clone()}</code></p> }.into_any()
            } else {
                view! { <p>{p.clone()}</p> }.into_any()
            }
        })
        .collect();
    let button = page.button.clone().map(|b| {
        view! { <form method="post" action=b.action><button type="submit">{b.label}</button></form> }
    });
    let links: Vec<_> =
        page.links.iter().map(|(label, href)| view! { <a href=href.clone()>{label.clone()}</a> }).collect();
    let main = view! {
        <h1>{page.title.clone()}</h1>
        {paragraphs}
        {button}
        <p class="more">{links}</p>
    };
    document(&page.site, page.title.trim_end_matches(['.', '?']), main)
}
