//! The clock board: what is due, what automation proposes, what is open.

use leptos::prelude::*;

use super::{
    chrome::Frame,
    command::waiting,
    lists::{incident_rows, severity_class},
    model::{Due, Now},
};
use crate::islands::Countdown;

/// A countdown with its time beneath.
pub(super) fn countdown(due: &Due, now_ms: i64) -> AnyView {
    view! { <Countdown due_ms=due.at_ms now_ms=now_ms /><small>{due.words.clone()}</small> }.into_any()
}

/// The clock board.
#[must_use]
pub fn now(frame: &Frame, model: &Now) -> String {
    let now_ms = frame.now_ms;
    frame.page(|| {
        view! {
            <div class="bar"><h1>"Now"</h1><a class="button go" href="/console/incidents/new" accesskey="d">"Declare an incident"</a></div>
            {reminders(model)}
            {proposals(frame, model)}
            {holds(frame, model)}
            {waiting(&model.waiting)}
            {sources(model)}
            {watch(model)}
            <h2>"What is due"</h2>
            {clocks(model, now_ms)}
            <h2>"Open incidents"</h2>
            {incident_rows(&model.open, now_ms, "Nothing is open. When something breaks, telemetry proposes an incident here, or you declare one.")}
            {silent_fixes(frame, model)}
            {saved(model)}
            <p class="d">{model.delivery.clone()}</p>
        }
        .into_any()
    })
}

/// What clocks told this person and nobody has looked at yet.
fn reminders(model: &Now) -> Option<AnyView> {
    if model.reminders.is_empty() {
        return None;
    }
    let rows: Vec<_> = model
        .reminders
        .iter()
        .map(|(words, id)| view! { <li><a href=format!("/console/incidents/{id}#update")>{words.clone()}</a></li> })
        .collect();
    Some(view! { <section class="card sev1" role="status"><h2>"For you"</h2><ul class="who">{rows}</ul></section> }.into_any())
}

/// Sources that fell silent, and what arrives and says nothing to us.
fn sources(model: &Now) -> Option<AnyView> {
    if model.sources.is_empty() {
        return None;
    }
    let rows: Vec<_> = model.sources.iter().map(|words| view! { <li>{words.clone()}</li> }).collect();
    Some(
        view! {
            <section class="card note" role="status">
                <h2>"Telemetry"</h2><ul class="who">{rows}</ul><p><a href="/console/sources">"Look at the sources"</a></p>
            </section>
        }
        .into_any(),
    )
}

/// Fallbacks in use, certificates that end, launches that go wrong.
fn watch(model: &Now) -> Option<AnyView> {
    if model.watch.is_empty() {
        return None;
    }
    let rows: Vec<_> = model
        .watch
        .iter()
        .map(|(words, href)| view! { <li><a href=href.clone()>{words.clone()}</a></li> })
        .collect();
    Some(
        view! { <section class="card note" role="status"><h2>"Suppliers and launches"</h2><ul class="who">{rows}</ul></section> }
            .into_any(),
    )
}

/// Dips that ended without a word: told afterwards, or dismissed with a reason. They count either way.
fn silent_fixes(frame: &Frame, model: &Now) -> Option<AnyView> {
    if model.silent_fixes.is_empty() {
        return None;
    }
    let rows: Vec<_> = model
        .silent_fixes
        .iter()
        .map(|s| {
            let id = format!("reason-{}", s.id);
            let decide = model.may_command.then(|| {
                view! {
                    <form method="post" action=format!("/console/silent-fixes/{}/dismiss", s.id) class="inline">
                        {frame.token()}
                        <a href=format!("/console/incidents/backfill?task={}", s.id)>"Tell it"</a>
                        <label class="v" for=id.clone()>{format!("Why {} needs no word", s.cell)}</label>
                        <input id=id name="reason" required maxlength="300" placeholder="or why it needs no word" />
                        <button>"Dismiss"</button>
                    </form>
                }
            });
            view! { <li><div><b>{format!("{} – {}", s.cell, s.worst.words())}</b><p class="d">{format!("{} · {}", s.when, s.cause)}</p></div>{decide}</li> }
        })
        .collect();
    Some(
        view! {
            <section aria-labelledby="silent">
                <h2 id="silent">"Recovered without a word"</h2>
                <p class="d">"Readers saw these and heard nothing. Each counts in the ledger."</p>
                <ul class="todos">{rows}</ul>
            </section>
        }
        .into_any(),
    )
}

/// What this person saved and did not publish.
fn saved(model: &Now) -> Option<AnyView> {
    if model.saved.is_empty() {
        return None;
    }
    let rows: Vec<_> = model
        .saved
        .iter()
        .map(|(words, href)| view! { <li><a href=href.clone()>{words.clone()}</a></li> })
        .collect();
    Some(view! { <h2>"Your drafts"</h2><ul class="who">{rows}</ul> }.into_any())
}

fn proposals(frame: &Frame, model: &Now) -> Option<AnyView> {
    if model.proposals.is_empty() {
        return None;
    }
    let cards: Vec<_> = model
        .proposals
        .iter()
        .map(|p| {
            let declare = format!("/console/incidents/new?proposal={}", p.id);
            let dismiss = format!("/console/proposals/{}/dismiss", p.id);
            view! {
                <article class=format!("card {}", severity_class(p.severity))>
                    <small>{format!("Proposed by {} at {}", p.from, p.since)}</small>
                    <h2>{format!("{} – {}", p.title, p.status.words())}</h2>
                    <p>{p.evidence.clone()}"."</p>
                    {(p.cells.len() > 1).then(|| view! { <ul class="who">{p.cells.iter().map(|c| view! { <li>{c.clone()}</li> }).collect_view()}</ul> })}
                    {(!p.note.is_empty()).then(|| view! { <p class="d">{p.note.clone()}</p> })}
                    <div class="act">
                        <a class="button go" href=declare>{format!("Declare a {} incident", p.severity.label())}</a>
                        <form method="post" action=dismiss>{frame.token()}<button>"Dismiss"</button></form>
                    </div>
                </article>
            }
        })
        .collect();
    Some(view! { <section aria-label="Proposals">{cards}</section> }.into_any())
}

/// Changes that wait because one key told of all of them.
fn holds(frame: &Frame, model: &Now) -> Option<AnyView> {
    if model.holds.is_empty() {
        return None;
    }
    let cards = model
        .holds
        .iter()
        .map(|h| {
            let act = |verb: &str, label: &'static str| {
                view! { <form method="post" action=format!("/console/key-holds/{}/{verb}", h.id)>{frame.token()}<button>{label}</button></form> }
            };
            let decide = model.may_command.then(|| view! { <div class="act">{act("pass", "Let them through")}{act("dismiss", "Dismiss them")}</div> });
            let cells = h.cells.iter().map(|c| view! { <li>{c.clone()}</li> }).collect_view();
            view! {
                <article class="card sev2">
                    <small>{format!("Held since {}", h.since)}</small>
                    <h2>{format!("The key “{}” would turn more of the page than one key may", h.key)}</h2>
                    <p>"Either much is broken, or what the key tells is wrong. These cells stay as they are until somebody decides; getting better is never held."</p>
                    <ul class="who">{cells}</ul>
                    {decide}
                </article>
            }
        })
        .collect_view();
    Some(view! { <section aria-label="Held changes">{cards}</section> }.into_any())
}

fn clocks(model: &Now, now_ms: i64) -> AnyView {
    if model.clocks.is_empty() {
        return view! { <p class="empty">"No promise is running."</p> }.into_any();
    }
    let rows: Vec<_> = model
        .clocks
        .iter()
        .map(|c| {
            let page = format!("/console/incidents/{}", c.incident_id);
            let action = format!("{page}{}", c.action.1);
            view! {
                <tr>
                    <td class="clock">{if c.is_paused {
                        view! { <b class="count">"paused"</b><small>{format!("due {}", c.due.words)}</small> }.into_any()
                    } else {
                        countdown(&c.due, now_ms)
                    }}</td>
                    <td>{c.promise.clone()}<br /><small>{c.who.clone()}</small></td>
                    <td><a href=page>{c.incident.clone()}</a></td>
                    <td><a class="button" href=action>{c.action.0}</a></td>
                </tr>
            }
        })
        .collect();
    view! {
        <table class="now">
            <thead><tr><th>"Due"</th><th>"Promise"</th><th>"Incident"</th><th><span class="v">"Action"</span></th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
