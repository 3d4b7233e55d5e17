//! Rehearsals: choosing what is played, playing it, the score.

use domain::rehearsal::Points;
use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::FormError};

/// One in the list.
#[derive(Debug, Clone)]
pub struct RehearsalLine {
    /// Its id.
    pub id: String,
    /// What is played.
    pub name: String,
    /// `2 Mar, 08:10 UTC by Ana`.
    pub begun: String,
    /// `84 of 100`, `running`, `nobody declared it`.
    pub outcome: String,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct Rehearsals {
    /// Newest first.
    pub lines: Vec<RehearsalLine>,
    /// What can be played: value and name; scripts, then past incidents.
    pub scripts: Vec<(String, String)>,
    /// The same of past incidents.
    pub past: Vec<(String, String)>,
    /// Whether this person may begin one.
    pub may_begin: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// Renders it.
#[must_use]
pub fn rehearsals(frame: &Frame, model: &Rehearsals) -> String {
    let options = |all: &[(String, String)]| {
        all.iter()
            .map(|(value, name)| view! { <option value=value.clone()>{name.clone()}</option> })
            .collect_view()
    };
    let past = (!model.past.is_empty())
        .then(|| view! { <optgroup label="As it happened">{options(&model.past)}</optgroup> });
    let begin = model.may_begin.then(|| {
        view! {
            <form method="post" action="/console/rehearsals" class="narrow">
                {frame.token()}
                {remark(model.error.as_ref(), "")}
                <div class="f">
                    <label for="what">"What is played"</label>
                    <select id="what" name="what"><optgroup label="Scripts">{options(&model.scripts)}</optgroup>{past}</select>
                    {remark(model.error.as_ref(), "what")}
                </div>
                <div class="act"><button class="go">"Begin"</button></div>
            </form>
        }
    });
    let lines = model
        .lines
        .iter()
        .map(|l| view! { <li><span><a href=format!("/console/rehearsals/{}", l.id)>{l.name.clone()}</a>" "<small>{l.begun.clone()}</small></span><small>{l.outcome.clone()}</small></li> })
        .collect_view();
    let list = if model.lines.is_empty() {
        view! { <p class="empty">"None yet. An hour of this every month is worth more than any document."</p> }.into_any()
    } else {
        view! { <ul class="who">{lines}</ul> }.into_any()
    };
    frame.page(|| {
        view! {
            <h1>"Rehearsals"</h1>
            <p class="d">"Run an incident that is none: with the same forms, clocks and rules. Readers see nothing, subscribers hear nothing, and the ledger counts nothing."</p>
            {begin}
            <h2>"So far"</h2>
            {list}
        }
        .into_any()
    })
}

/// One under way, or over.
#[derive(Debug, Clone, Default)]
pub struct RehearsalPage {
    /// Its id.
    pub id: String,
    /// What is played.
    pub name: String,
    /// `Begun 2 Mar, 08:10 UTC by Ana`.
    pub begun: String,
    /// What has happened: time and words, newest first.
    pub events: Vec<(String, String)>,
    /// How many events are still to come.
    pub to_come: usize,
    /// Its incident: id and title.
    pub incident: Option<(String, String)>,
    /// What went into the sink: when, what, how many would have got it.
    pub sink: Vec<(String, String, String)>,
    /// Points so far.
    pub score: Vec<Points>,
    /// It is over.
    pub is_over: bool,
    /// Whether this person may declare and end.
    pub may_run: bool,
}

/// Renders it.
#[must_use]
pub fn rehearsal(frame: &Frame, model: &RehearsalPage) -> String {
    let events = model
        .events
        .iter()
        .map(|(at, what)| view! { <li class="card"><small>{at.clone()}</small><p>{what.clone()}</p></li> })
        .collect_view();
    let next = match (&model.incident, model.is_over || !model.may_run) {
        (Some((id, title)), _) => {
            view! {
                <p><a class="button go" href=format!("/console/incidents/{id}")>"Lead it"</a>" "<a class="button" href=format!("/console/rehearsals/{}/page", model.id)>"The page as readers would see it"</a></p>
                <p class="d">{title.clone()}</p>
            }
            .into_any()
        }
        (None, false) => view! { <p><a class="button go" href=format!("/console/incidents/new?rehearsal={}", model.id)>"Declare the incident"</a></p> }.into_any(),
        (None, true) => view! { <p class="d">"Nobody declared an incident."</p> }.into_any(),
    };
    let end = (!model.is_over && model.may_run).then(|| {
        view! { <form method="post" action=format!("/console/rehearsals/{}/end", model.id)>{frame.token()}<button>"End the rehearsal"</button></form> }
    });
    let to_come = match (model.to_come, model.is_over) {
        (_, true) => "It is over.".to_owned(),
        (0, _) => "Everything has happened.".to_owned(),
        _ => "More is to come.".to_owned(),
    };
    frame.page(|| {
        view! {
            <p class="d crumb"><a href="/console/rehearsals">"Rehearsals"</a></p>
            <h1>{model.name.clone()}</h1>
            <p class="d">{model.begun.clone()}</p>
            <div class="two">
                <div>{next}<h2>"What you see and hear"</h2><p class="d">{to_come}</p><ol class="story">{events}</ol>{end}</div>
                <aside>{score(&model.score)}{sink(&model.sink)}</aside>
            </div>
        }
        .into_any()
    })
}

fn score(points: &[Points]) -> AnyView {
    let (sum, of) = points.iter().fold((0, 0), |(s, o), p| (s + p.points, o + p.of));
    let rows = points
        .iter()
        .map(|p| view! { <li><span>{p.what}<br /><small>{p.why.clone()}</small></span><b>{format!("{} / {}", p.points, p.of)}</b></li> })
        .collect_view();
    if points.is_empty() {
        return view! { <h2>"Score"</h2><p class="d">"It begins once the incident is declared."</p> }
            .into_any();
    }
    view! { <h2>{format!("Score: {sum} of {of}")}</h2><ul class="who">{rows}</ul> }.into_any()
}

fn sink(sent: &[(String, String, String)]) -> AnyView {
    let rows = sent
        .iter()
        .map(|(at, what, to)| view! { <li><span>{what.clone()}<br /><small>{at.clone()}</small></span><small>{to.clone()}</small></li> })
        .collect_view();
    if sent.is_empty() {
        return view! { <h2>"Sink"</h2><p class="d">"What would go out stays here."</p> }.into_any();
    }
    view! { <h2>"Sink"</h2><ul class="who">{rows}</ul> }.into_any()
}
