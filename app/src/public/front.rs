//! The front page: the truth first, then what to do, then the numbers.

use leptos::prelude::*;

use crate::{
    model::{Front, Verdict},
    paths,
    shell::public::document,
    ui,
};

/// Renders it.
#[must_use]
pub fn front_page(front: &Front) -> String {
    let evidence =
        front.evidence.clone().unwrap_or_else(|| "No activations are being measured at the moment".into());
    let cards: Vec<_> = front.incidents.iter().map(ui::incident_card).collect();
    let grid = (!front.grid.rows.is_empty()).then(|| {
        view! {
            <section>
                <h2>"Services by country"</h2>
                {ui::grid(&front.grid)}
                {ui::legend()}
            </section>
            <section>
                <h2>"Last 90 days"<small>"worst status of each UTC day, today on the right"</small></h2>
                {ui::service_lines(&front.services)}
                {ui::ledger(&front.ledger)}
            </section>
        }
    });
    let main = view! {
        {verdict(&front.verdict, &format!("As of {}", front.as_of), &evidence)}
        {cards}
        {grid}
        <section>
            <h2>"Last 7 days"</h2>
            {front.quiet_today.then(|| view! { <p class="status-day">"No incidents reported today."</p> })}
            {recent(front)}
            <p class="more"><a href=paths::HISTORY>"All past incidents"</a></p>
        </section>
    };
    document(&front.site, front.verdict.sentence.trim_end_matches('.'), main)
}

/// What ended in these days; that nothing did is said, so that the heading never stands alone.
fn recent(front: &Front) -> AnyView {
    match (front.recent.is_empty(), front.incidents.is_empty()) {
        (false, _) => ui::past_incidents(&front.recent).into_any(),
        (true, true) => view! { <p>"No incidents reported in the last 7 days."</p> }.into_any(),
        (true, false) => view! { <p>"No other incidents reported in the last 7 days."</p> }.into_any(),
    }
}

/// The verdict with its shape, and what it rests on.
pub(super) fn verdict(verdict: &Verdict, as_of: &str, evidence: &str) -> impl IntoView + use<> {
    view! {
        <section class=format!("verdict {}", ui::class(verdict.status))>
            {ui::shape(verdict.status)}
            <div>
                <h1>{verdict.sentence.clone()}</h1>
                <p>{verdict.detail.clone()}</p>
                <p class="note">{as_of.to_owned()}" · "{evidence.to_owned()}</p>
            </div>
        </section>
    }
}
