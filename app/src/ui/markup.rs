//! Text with the limited markup of updates. The only place where HTML is put in as it is.

use leptos::prelude::*;

use crate::model::Markup;

/// Shows it as the description of a term.
pub fn markup(html: &Markup) -> impl IntoView + use<> {
    view! { <dd inner_html=html.0.clone()></dd> }
}

/// Shows it among paragraphs.
pub fn markup_body(html: &Markup) -> impl IntoView + use<> {
    view! { <div class="text" inner_html=html.0.clone()></div> }
}
