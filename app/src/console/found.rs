//! Subscribers that somebody looks for.

use leptos::prelude::*;

/// One line: a subscriber.
#[derive(Debug, Clone)]
pub struct FoundLine {
    /// Public id.
    pub id: String,
    /// Masked.
    pub address: String,
    /// `webhook`.
    pub channel: String,
    /// `confirmed`, or what else there is to say: `confirmed, fails since 08:10 UTC`.
    pub state: String,
    /// When it came.
    pub since: String,
}

/// What was looked for, and what there is of it.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// An address, or a part of a host, as typed.
    pub text: String,
    /// The chosen state; empty: any.
    pub state: String,
    /// States that can be chosen.
    pub states: Vec<&'static str>,
    /// One page of them, newest first.
    pub lines: Vec<FoundLine>,
    /// Addresses of the pages before and after.
    pub around: (Option<String>, Option<String>),
}

/// The form and the list.
pub(super) fn found(model: &Found) -> AnyView {
    let states: Vec<_> = model
        .states
        .iter()
        .map(|state| view! { <option value=*state selected=*state == model.state>{*state}</option> })
        .collect();
    let (newer, older) = model.around.clone();
    let newer = newer.map(|href| view! { <a href=href rel="prev">"Newer"</a>" " });
    let older = older.map(|href| view! { <a href=href rel="next">"Older"</a> });
    view! {
        <h2 id="found">"Look somebody up"</h2>
        <form method="get" action="/console/subscribers#found" class="inline">
            <label for="q">"Address, or part of a host"</label>
            <input id="q" name="q" type="search" maxlength="254" autocapitalize="none" spellcheck="false" value=model.text.clone() />
            <label for="state">"State"</label>
            <select id="state" name="state"><option value="">"any"</option>{states}</select>
            <button>"Show"</button>
        </form>
        {list(&model.lines)}
        <p>{newer}{older}</p>
    }
    .into_any()
}

fn list(lines: &[FoundLine]) -> AnyView {
    if lines.is_empty() {
        return view! { <p class="empty">"Nobody like that. A mail address has to be whole; of an endpoint a part of its host is enough."</p> }
            .into_any();
    }
    let rows: Vec<_> = lines
        .iter()
        .map(|line| {
            let href = format!("/console/subscribers/{}", line.id);
            view! {
                <tr><td><a href=href>{line.address.clone()}</a></td><td>{line.channel.clone()}</td><td>{line.state.clone()}</td><td>{line.since.clone()}</td></tr>
            }
        })
        .collect();
    view! {
        <table class="now">
            <thead><tr><th>"Address"</th><th>"Channel"</th><th>"State"</th><th>"Since"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
