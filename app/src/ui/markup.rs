//! Text with the limited markup of updates. The only place where HTML is put in as it is.

use leptos::prelude::*;

use crate::model::Markup;

/// Shows it in an element of its own.
pub fn markup(html: &Markup) -> impl IntoView + use<> {
    view! { <dd inner_html=html.0.clone()></dd> }
}
