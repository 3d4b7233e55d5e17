//! All reviews, open corrective actions, weekly summaries.

use domain::review::State;
use leptos::prelude::*;

use super::{
    access::remark,
    chrome::Frame,
    model::{Due, FormError},
    now::countdown,
};
use crate::ui::area_text;

/// A review in the list.
#[derive(Debug, Clone)]
pub struct ReviewLine {
    /// The incident's public id.
    pub incident_id: String,
    /// Its title with prefix.
    pub incident: String,
    /// Where it stands.
    pub state: State,
    /// `Published 5 Mar 2026`, `Handed in by Ana`.
    pub by: String,
    /// What is promised next, and until when.
    pub clock: Option<(&'static str, Due)>,
}

/// A corrective action in the list.
#[derive(Debug, Clone)]
pub struct ActionLine {
    /// Its id.
    pub id: String,
    /// What will be done.
    pub what: String,
    /// Who answers for it.
    pub owner: String,
    /// `due 9 Mar 2026`, `done 8 Mar 2026`.
    pub when: String,
    /// It should have been done by now.
    pub is_overdue: bool,
    /// What was done.
    pub note: String,
    /// Its incident: public id and title.
    pub incident: (String, String),
}

/// A week in the list.
#[derive(Debug, Clone)]
pub struct WeekLine {
    /// `2026-W09`.
    pub week: String,
    /// `23 Feb – 1 Mar 2026`.
    pub days: String,
    /// Sev 3 incidents.
    pub incidents: usize,
    /// `Published 2 Mar 2026`, `nothing written yet`.
    pub state: String,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct Reviews {
    /// Reviews, unfinished ones first.
    pub reviews: Vec<ReviewLine>,
    /// Open actions, overdue ones first.
    pub open: Vec<ActionLine>,
    /// Actions done of late.
    pub done: Vec<ActionLine>,
    /// Weeks, newest first.
    pub weeks: Vec<WeekLine>,
    /// Whether this person may say that an action is done.
    pub may_write: bool,
    /// Which action's form was wrong, with what was typed, and what was wrong.
    pub error: Option<(String, String, FormError)>,
}

/// Renders it.
#[must_use]
pub fn reviews(frame: &Frame, model: &Reviews) -> String {
    let now_ms = frame.now_ms;
    let overdue = model.open.iter().filter(|a| a.is_overdue).count();
    let open = match (model.open.len(), overdue) {
        (0, _) => "Every corrective action is done.".to_owned(),
        (n, 0) => format!("{n} open, none overdue."),
        (n, late) => format!("{n} open, {late} overdue."),
    };
    let actions = model.open.iter().map(|a| action(frame, model, a, true)).collect_view();
    let done = model.done.iter().map(|a| action(frame, model, a, false)).collect_view();
    let general = model.error.as_ref().filter(|(_, _, e)| e.field.is_empty()).map(|(_, _, e)| e);
    frame.page(|| {
        view! {
            <h1>"Reviews"</h1>
            <p class="d">"What broke, why, and what is done about it. Sev 1 and Sev 2 get a review of their own; Sev 3 goes into the summary of its week."</p>
            {remark(general, "")}
            <h2>"Corrective actions"</h2>
            <p>{open}</p>
            <ul class="todos">{actions}</ul>
            {(!model.done.is_empty()).then(|| view! { <details><summary>{format!("Done in the last 30 days: {}", model.done.len())}</summary><ul class="todos">{done}</ul></details> })}
            <h2>"Root cause analyses"</h2>
            {lines(model, now_ms)}
            <h2>"Weeks"</h2>
            {weeks(model)}
        }
        .into_any()
    })
}

fn action(frame: &Frame, model: &Reviews, action: &ActionLine, is_open: bool) -> AnyView {
    let mine = model.error.as_ref().filter(|(id, ..)| *id == action.id);
    let (typed, error) = mine.map_or((String::new(), None), |(_, typed, e)| (typed.clone(), Some(e)));
    let path = format!("/console/reviews/actions/{}", action.id);
    let form = model.may_write.then(|| {
        if is_open {
            let id = format!("note-{}", action.id);
            view! {
                <form method="post" action=path class="inline">
                    {frame.token()}
                    <label class="v" for=id.clone()>{format!("What was done: {}", action.what)}</label>
                    <input id=id name="note" maxlength="300" placeholder="what was done" value=typed />
                    <button name="done" value="yes">"Done"</button>
                    {remark(error, "note")}
                </form>
            }
            .into_any()
        } else {
            view! { <form method="post" action=path>{frame.token()}<button name="done" value="no">"Not done after all"</button></form> }.into_any()
        }
    });
    let rca = format!("/console/incidents/{}/rca", action.incident.0);
    let when = if action.is_overdue {
        view! { <b class="overdue">{action.when.clone()}</b> }.into_any()
    } else {
        view! { <small>{action.when.clone()}</small> }.into_any()
    };
    let note = (!action.note.is_empty()).then(|| view! { <p>{action.note.clone()}</p> });
    view! {
        <li>
            <div><b>{action.what.clone()}</b><p class="d">{action.owner.clone()}" · "{when}" · "<a href=rca>{action.incident.1.clone()}</a></p>{note}</div>
            {form}
        </li>
    }
    .into_any()
}

fn lines(model: &Reviews, now_ms: i64) -> AnyView {
    if model.reviews.is_empty() {
        return view! { <p class="empty">"No review yet. One begins by itself when a Sev 1 or Sev 2 incident is usable again."</p> }.into_any();
    }
    let rows = model
        .reviews
        .iter()
        .map(|r| {
            let clock = r.clock.as_ref().map(|(what, due)| view! { <small>{*what}</small>{countdown(due, now_ms)} });
            view! {
                <tr>
                    <td><b>{r.state.words()}</b><br /><small>{r.by.clone()}</small></td>
                    <td><a href=format!("/console/incidents/{}/rca", r.incident_id)>{r.incident.clone()}</a></td>
                    <td class="clock">{clock}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="now">
            <thead><tr><th>"State"</th><th>"Incident"</th><th>"Due"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn weeks(model: &Reviews) -> AnyView {
    if model.weeks.is_empty() {
        return view! { <p class="empty">"No Sev 3 incident in the last weeks."</p> }.into_any();
    }
    let rows = model
        .weeks
        .iter()
        .map(|w| {
            let count = if w.incidents == 1 { "1 incident".to_owned() } else { format!("{} incidents", w.incidents) };
            view! {
                <li><span><a href=format!("/console/reviews/weeks/{}", w.week)>{w.days.clone()}</a>" "<small>{w.week.clone()}</small></span><small>{format!("{count} · {}", w.state)}</small></li>
            }
        })
        .collect_view();
    view! { <ul class="who">{rows}</ul> }.into_any()
}

/// An incident of the week in the form.
#[derive(Debug, Clone)]
pub struct WeekItem {
    /// Public id.
    pub id: String,
    /// Title with prefix.
    pub title: String,
    /// `2 Mar 2026, 08:10 UTC, resolved after 3 h`.
    pub facts: String,
    /// The last that was said.
    pub known: String,
    /// As typed, or as it stands.
    pub text: String,
}

/// The form of a week.
#[derive(Debug, Clone, Default)]
pub struct WeekPage {
    /// `2026-W09`.
    pub week: String,
    /// `23 Feb – 1 Mar 2026`.
    pub days: String,
    /// Where it stands, in words.
    pub state: String,
    /// Words before the list.
    pub opening: String,
    /// Its incidents, oldest first.
    pub items: Vec<WeekItem>,
    /// Mark of what it was when the form was opened.
    pub was: String,
    /// Its public address, once it is published.
    pub href: Option<String>,
    /// Whether this person may write.
    pub may_write: bool,
    /// Whether this person may publish.
    pub may_publish: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// Renders it.
#[must_use]
pub fn week(frame: &Frame, model: &WeekPage) -> String {
    let error = model.error.as_ref();
    let path = format!("/console/reviews/weeks/{}", model.week);
    let publish = model.may_publish.then(|| {
        view! { <button class="go" formaction=format!("{path}/publish")>"Save and publish"</button> }
    });
    let save = model.may_write.then(|| view! { <div class="act"><button>"Save"</button>{publish}</div> });
    let items = model
        .items
        .iter()
        .map(|i| {
            let id = format!("item-{}", i.id);
            view! {
                <section class="f part">
                    <h2><a href=format!("/console/incidents/{}", i.id)>{i.title.clone()}</a></h2>
                    <p class="d">{i.facts.clone()}</p>
                    <p class="d">{format!("Last said: {}", i.known)}</p>
                    <label for=id.clone()>"What there is to say "<small>"may stay empty"</small></label>
                    <textarea id=id name=format!("item.{}", i.id) rows="3" maxlength="4000" readonly=!model.may_write>{area_text(&i.text)}</textarea>
                </section>
            }
        })
        .collect_view();
    let href = model.href.clone().map(|href| view! { " "<a href=href>"As everybody reads it"</a> });
    let empty = model
        .items
        .is_empty()
        .then(|| view! { <p class="empty">"No Sev 3 incident began in this week."</p> });
    frame.page(|| {
        view! {
            <p class="d crumb"><a href="/console/reviews">"Reviews"</a></p>
            <h1>{format!("Week of {}", model.days)}</h1>
            <p class="d">{model.state.clone()}{href}</p>
            {remark(error, "")}
            <form method="post" action=path.clone()>
                {frame.token()}
                <input type="hidden" name="was" value=model.was.clone() />
                <div class="f">
                    <label for="opening">"Opening "<small>"words before the list; may stay empty"</small></label>
                    <textarea id="opening" name="opening" rows="3" maxlength="4000" readonly=!model.may_write>{area_text(&model.opening)}</textarea>
                    {remark(error, "opening")}
                </div>
                {remark(error, "item")}
                {items}{empty}
                {save}
            </form>
        }
        .into_any()
    })
}
