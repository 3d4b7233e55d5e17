#![allow(missing_docs, reason = "the island macro makes structs that it does not document")]
//! The only code that reaches a browser: a countdown and a live preview. Both pages read right without it.

use leptos::prelude::*;

use crate::words::countdown_words;

/// Counts down to a promise, second by second; on the server it is a sentence that is right when it is sent.
///
/// `now_ms` is the server's clock, so that a wrong clock in the browser does not matter.
#[island]
pub fn Countdown(
    /// When it falls due, in milliseconds since 1970.
    due_ms: i64,
    /// The server's time when the page was made, in milliseconds since 1970.
    now_ms: i64,
) -> impl IntoView {
    let left = RwSignal::new(due_ms - now_ms);
    #[cfg(feature = "hydrate")]
    {
        let opened = leptos::web_sys::js_sys::Date::now();
        set_interval(
            move || {
                let passed = leptos::web_sys::js_sys::Date::now() - opened;
                #[allow(clippy::cast_possible_truncation, reason = "milliseconds since the page was opened")]
                left.set(due_ms - now_ms - passed as i64);
            },
            std::time::Duration::from_secs(1),
        );
    }
    let class = move || match left.get() {
        ms if ms < 0 => "count late",
        ms if ms < 600_000 => "count soon",
        _ => "count",
    };
    view! { <b class=class>{move || countdown_words(left.get())}</b> }
}

/// Shows an update as readers will see it while its author types.
#[island]
pub fn Preview(
    /// Severity and phase, as a tag.
    tag: String,
    /// Title with its prefix.
    title: String,
    /// What we know.
    known: String,
    /// What we don't know.
    unknown: String,
    /// What we do next.
    next_steps: String,
    /// What customers should do.
    customer_action: String,
) -> impl IntoView {
    let title = RwSignal::new(title);
    let known = RwSignal::new(known);
    let unknown = RwSignal::new(unknown);
    let next_steps = RwSignal::new(next_steps);
    let customer_action = RwSignal::new(customer_action);
    #[cfg(feature = "hydrate")]
    {
        use leptos::wasm_bindgen::JsCast;
        let handle = window_event_listener(leptos::ev::input, move |event| {
            let Some(target) = event.target().and_then(|t| t.dyn_into::<leptos::web_sys::Element>().ok())
            else {
                return;
            };
            let field = match target.get_attribute("name").as_deref() {
                Some("title") => title,
                Some("known") => known,
                Some("unknown") => unknown,
                Some("next_steps") => next_steps,
                Some("customer_action") => customer_action,
                _ => return,
            };
            field.set(event_target_value(&event));
        });
        on_cleanup(move || handle.remove());
    }
    let line = |label: &'static str, text: RwSignal<String>| {
        view! {
            <p hidden=move || text.get().trim().is_empty()>
                <b>{label}</b>
                " "
                <span>{move || text.get()}</span>
            </p>
        }
    };
    view! {
        <article class="card preview" aria-label="Preview of the update">
            <small>{tag}</small>
            <h3 hidden=move || title.get().trim().is_empty()>{move || title.get()}</h3>
            {line("What we know.", known)}
            {line("What we don’t know.", unknown)}
            {line("What we do next.", next_steps)}
            {line("What you can do.", customer_action)}
        </article>
    }
}
