//! How two versions of a text differ, for eyes and for screen readers.

use domain::writing::diff::Fate;
use leptos::prelude::*;

/// Words that were taken out and put in, marked as such.
#[must_use]
pub fn difference(pieces: &[(Fate, String)]) -> AnyView {
    pieces
        .iter()
        .map(|(fate, text)| match fate {
            Fate::Kept => view! { <span>{text.clone()}</span> }.into_any(),
            Fate::Added => view! { <ins>{text.clone()}</ins> }.into_any(),
            Fate::Removed => view! { <del>{text.clone()}</del> }.into_any(),
        })
        .collect_view()
        .into_any()
}
