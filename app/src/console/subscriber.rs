//! One subscriber: what it gets, what became of it, and what can be done.

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::SubscriberPage};

/// The page.
#[must_use]
pub fn subscriber(frame: &Frame, model: &SubscriberPage) -> String {
    let action = format!("/console/subscribers/{}", model.id);
    let facts: Vec<_> = model
        .facts
        .iter()
        .map(|(label, value)| view! { <div><dt>{label.clone()}</dt><dd>{value.clone()}</dd></div> })
        .collect();
    let verbs: Vec<_> = model
        .verbs
        .iter()
        .map(|(verb, label)| view! { <button name="verb" value=verb.clone()>{label.clone()}</button> })
        .collect();
    let acts = (!verbs.is_empty()).then(|| {
        view! { <form method="post" action=action>{frame.token()}<div class="act">{verbs}</div></form> }
    });
    frame.page(|| {
        view! {
            <p class="crumb"><a href="/console/subscribers">"Subscribers"</a></p>
            <div class="bar"><h1>{model.address.clone()}</h1></div>
            <p class="d">{model.channel.clone()}" · "{model.state.clone()}</p>
            {model.done.clone().map(|done| view! { <p class="card note" role="status">{done}</p> })}
            {remark(model.error.as_ref(), "")}
            <dl class="facts">{facts}</dl>
            {acts}
            {replay(frame, model)}
            <h2>"Messages"</h2>
            {messages(frame, model)}
            {attempts(model)}
        }
        .into_any()
    })
}

/// Whether messages can be sent again here.
fn is_replayable(model: &SubscriberPage) -> bool {
    model.verbs.iter().any(|(verb, _)| verb == "replay")
}

/// What was given up, of some days.
fn replay(frame: &Frame, model: &SubscriberPage) -> Option<AnyView> {
    let action = format!("/console/subscribers/{}", model.id);
    is_replayable(model).then(|| {
        view! {
            <form method="post" action=action class="inline">
                {frame.token()}
                <label for="from">"First day (UTC)"</label><input id="from" name="from" type="date" />
                <label for="until">"Last day (UTC)"</label><input id="until" name="until" type="date" />
                <button name="verb" value="replay">"Send again what was given up in these days"</button>
            </form>
        }
        .into_any()
    })
}

fn messages(frame: &Frame, model: &SubscriberPage) -> AnyView {
    if model.messages.is_empty() {
        return view! { <p class="empty">"Nothing was sent yet."</p> }.into_any();
    }
    let rows: Vec<_> = model
        .messages
        .iter()
        .map(|m| {
            let again = m.again.as_ref().filter(|_| is_replayable(model)).map(|id| {
                view! {
                    <form method="post" action=format!("/console/subscribers/{}", model.id)>
                        {frame.token()}
                        <input type="hidden" name="message" value=id.clone() />
                        <button name="verb" value="replay" aria-label=format!("Send again: {}, {}", m.what, m.at)>"Send again"</button>
                    </form>
                }
            });
            view! { <tr><td>{m.at.clone()}</td><td>{m.what.clone()}</td><td>{m.state.clone()}</td><td class="n">{m.attempts}</td><td>{m.answer.clone()}" "{again}</td></tr> }
        })
        .collect();
    view! {
        <table class="now said">
            <thead><tr><th>"When"</th><th>"What"</th><th>"State"</th><th class="n">"Attempts"</th><th>"Last answer"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn attempts(model: &SubscriberPage) -> Option<AnyView> {
    let rows: Vec<_> = model
        .attempts
        .iter()
        .map(|(at, took, result, answer)| {
            view! { <tr><td>{at.clone()}</td><td>{took.clone()}</td><td>{*result}</td><td>{answer.clone()}</td></tr> }
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <h2>"Attempts"</h2>
            <table class="now said">
                <thead><tr><th>"When"</th><th>"Took"</th><th>"Result"</th><th>"Answer"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    })
}
