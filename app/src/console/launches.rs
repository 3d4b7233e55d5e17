//! Launches under watch, what markets need, and the matrix of trials.

mod trials;

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::FormError};

pub use trials::{TrialCell, TrialRow, Trials, trials};

/// Address of the launches.
pub const PATH: &str = "/console/launches";
/// Address of the trials.
pub const TRIALS: &str = "/console/trials";

/// A launch.
#[derive(Debug, Clone, Default)]
pub struct LaunchLine {
    /// Public id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `France · by the key “Nordlys” · Nordlys Reiser`.
    pub about: String,
    /// Stored word.
    pub state: String,
    /// `Running`, `Go`, `No-go`.
    pub state_words: &'static str,
    /// `118 of 200 activations, 99.1 % succeeded`.
    pub figures: String,
    /// How far it is, in percent.
    pub percent: i64,
    /// Why it stands so, or what is missing.
    pub reasons: Vec<String>,
    /// What is wrong while it runs; empty: nothing.
    pub alert: String,
    /// `began 2 Mar, 08:10 UTC by Ana; ends 16 Mar, 08:10 UTC at the latest`.
    pub when: String,
}

/// A line of a market's list.
#[derive(Debug, Clone, Default)]
pub struct CheckLine {
    /// Public id.
    pub id: String,
    /// What is to be seen to.
    pub item: String,
    /// Who sees to it.
    pub owner: String,
    /// Stored word.
    pub state: String,
    /// What there is to say.
    pub note: String,
    /// Who changed it last, and when.
    pub changed: String,
}

/// A market's list.
#[derive(Debug, Clone, Default)]
pub struct Market {
    /// ISO code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `5 of 7 seen to`.
    pub standing: String,
    /// Whether something is open.
    pub is_open: bool,
    /// Its lines.
    pub lines: Vec<CheckLine>,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct Launches {
    /// Those that run first.
    pub launches: Vec<LaunchLine>,
    /// Markets with a list.
    pub markets: Vec<Market>,
    /// Countries without one: code and name.
    pub others: Vec<(String, String)>,
    /// Every country: code and name.
    pub countries: Vec<(String, String)>,
    /// Keys: family and name.
    pub keys: Vec<(String, String)>,
    /// Key accounts: id and name.
    pub partners: Vec<(String, String)>,
    /// Which form was refused: `launch`, or the id of what it was about.
    pub form: String,
    /// What was typed there.
    pub typed: Vec<(String, String)>,
    /// What was wrong.
    pub error: Option<FormError>,
    /// Whether this person may begin and stop launches.
    pub may_maintain: bool,
    /// Whether this person may see to what markets need.
    pub may_respond: bool,
}

impl Launches {
    fn was(&self, form: &str, name: &str) -> Option<String> {
        let typed = || self.typed.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        (self.form == form).then(typed).flatten()
    }

    fn wrong(&self, form: &str) -> Option<&FormError> {
        self.error.as_ref().filter(|_| self.form == form)
    }
}

fn tabs(current: &str) -> AnyView {
    let tabs = [(PATH, "Launches"), (TRIALS, "Trials")]
        .map(|(href, label)| view! { <a href=href aria-current=(href == current).then_some("page")>{label}</a> })
        .collect_view();
    view! { <nav class="tabs" aria-label="Launches">{tabs}</nav> }.into_any()
}

/// The page.
#[must_use]
pub fn launches(frame: &Frame, model: &Launches) -> String {
    let cards = model.launches.iter().map(|l| card(frame, model, l)).collect_view();
    let none = model.launches.is_empty().then(|| view! { <p class="empty">"No launch is watched. Begin one before the first traveller of a new country or partner activates: the first activations decide whether it is a go."</p> });
    frame.page(|| {
        view! {
            <h1>"Launches"</h1>
            {tabs(PATH)}
            <p class="d">"The first activations of a new country or partner are counted against 98 %. Below 95 %, or with more than 2 % of webhooks failing, it is a no-go; a go also needs 72 h without an open Sev 1 or 2."</p>
            {none}
            {cards}
            {model.may_maintain.then(|| form(frame, model))}
            {markets(frame, model)}
        }
        .into_any()
    })
}

fn card(frame: &Frame, model: &Launches, l: &LaunchLine) -> AnyView {
    let reasons = l.reasons.iter().map(|r| view! { <li>{r.clone()}</li> }).collect_view();
    let weight = match l.state.as_str() {
        "no_go" => "card sev1",
        "running" if !l.alert.is_empty() => "card sev2",
        _ => "card",
    };
    let alert = (!l.alert.is_empty())
        .then(|| view! { <p class="due" role="status"><b>{format!("Look at it: {}.", l.alert)}</b></p> });
    let id = format!("reason-{}", l.id);
    let stop = (l.state == "running" && model.may_maintain).then(|| {
        view! {
            <form method="post" action=format!("{PATH}/{}/stop", l.id) class="inline">
                {frame.token()}
                <label for=id.clone() class="v">{format!("Why watching {} stops", l.name)}</label>
                <input id=id name="reason" required maxlength="200" placeholder="why" value=model.was(&l.id, "reason") />
                <button>"Stop watching"</button>
                {remark(model.wrong(&l.id), "reason")}
            </form>
        }
    });
    view! {
        <article class=weight>
            <div class="head"><h2>{l.name.clone()}</h2><b>{l.state_words}</b></div>
            <p class="d">{format!("{} · {}", l.about, l.when)}</p>
            <p>{l.figures.clone()}" "<progress max="100" value=l.percent.to_string() aria-label="Activations counted"></progress></p>
            {alert}
            <ul class="lines">{reasons}</ul>
            {stop}
        </article>
    }
    .into_any()
}

fn options(all: &[(String, String)], chosen: Option<String>, none: &str) -> AnyView {
    let chosen = chosen.unwrap_or_default();
    let none = view! { <option value="">{none.to_owned()}</option> };
    let rest = all
        .iter()
        .map(|(value, words)| view! { <option value=value.clone() selected=*value == chosen>{words.clone()}</option> })
        .collect_view();
    view! { {none}{rest} }.into_any()
}

fn form(frame: &Frame, model: &Launches) -> AnyView {
    let error = model.wrong("launch");
    let was = |name: &str| model.was("launch", name);
    let is_open = error.is_some();
    view! {
        <details open=is_open>
            <summary>"Watch a launch"</summary>
            <form method="post" action=PATH>
                {frame.token()}
                {remark(error, "")}
                <div class="grid3">
                    <div class="f"><label for="name">"Name"</label><input id="name" name="name" maxlength="80" required value=was("name") />{remark(error, "name")}</div>
                    <div class="f"><label for="country">"Country"</label><select id="country" name="country">{options(&model.countries, was("country"), "any")}</select>{remark(error, "country")}</div>
                    <div class="f"><label for="key">"Sent with the key "<small>"of a partner’s platform"</small></label><select id="key" name="key">{options(&model.keys, was("key"), "any")}</select>{remark(error, "key")}</div>
                    <div class="f"><label for="partner">"Key account"</label><select id="partner" name="partner">{options(&model.partners, was("partner"), "none")}</select>{remark(error, "partner")}</div>
                    <div class="f"><label for="activations">"Activations that decide "<small>"200 if empty"</small></label><input id="activations" name="activations" inputmode="numeric" maxlength="6" value=was("activations") />{remark(error, "activations")}</div>
                    <div class="f"><label for="days">"Days at most "<small>"14 if empty"</small></label><input id="days" name="days" inputmode="numeric" maxlength="3" value=was("days") />{remark(error, "days")}</div>
                </div>
                <p class="d">"It counts from now on, and ends by itself."</p>
                <div class="act"><button class="go">"Begin"</button></div>
            </form>
        </details>
    }
    .into_any()
}

fn markets(frame: &Frame, model: &Launches) -> AnyView {
    let lists = model.markets.iter().map(|m| market(frame, model, m)).collect_view();
    let begin = (model.may_maintain && !model.others.is_empty()).then(|| {
        view! {
            <form method="post" action=format!("{PATH}/markets") class="inline">
                {frame.token()}
                <label for="market">"Begin the list of"</label>
                <select id="market" name="country">{options(&model.others, None, "choose")}</select>
                <button>"Begin"</button>
                {remark(model.wrong("market"), "country")}
            </form>
        }
    });
    let none = model.markets.is_empty().then(|| view! { <p class="empty">"No market has a list yet. It begins with what every market is asked: profile portability, registration, agreements, emergency calls, one-time codes, trials, prices and support."</p> });
    view! { <h2 id="markets">"What markets need"</h2>{none}{lists}{begin} }.into_any()
}

fn market(frame: &Frame, model: &Launches, m: &Market) -> AnyView {
    let lines = m.lines.iter().map(|c| check(frame, model, c)).collect_view();
    let id = format!("item-{}", m.code);
    let more = model.may_maintain.then(|| {
        view! {
            <form method="post" action=format!("{PATH}/markets/{}", m.code) class="inline">
                {frame.token()}
                <label for=id.clone()>"One more"</label>
                <input id=id name="item" required maxlength="200" value=model.was(&m.code, "item") />
                <button>"Add"</button>
                {remark(model.wrong(&m.code), "item")}
            </form>
        }
    });
    let is_open =
        m.is_open || model.wrong(&m.code).is_some() || m.lines.iter().any(|c| model.wrong(&c.id).is_some());
    view! {
        <details open=is_open>
            <summary><span>{m.name.clone()}" "<small>{m.standing.clone()}</small></span></summary>
            <ul class="todos">{lines}</ul>
            {more}
        </details>
    }
    .into_any()
}

const STATES: [(&str, &str); 3] = [("open", "open"), ("done", "done"), ("not_needed", "not needed here")];

fn check(frame: &Frame, model: &Launches, c: &CheckLine) -> AnyView {
    let state = model.was(&c.id, "state").unwrap_or_else(|| c.state.clone());
    let words = STATES.iter().find(|(slug, _)| *slug == c.state).map_or("", |(_, words)| *words);
    let who = if c.owner.is_empty() { "nobody sees to it yet".to_owned() } else { c.owner.clone() };
    let note = (!c.note.is_empty()).then(|| view! { <p>{c.note.clone()}</p> });
    let options = STATES
        .map(|(slug, words)| view! { <option value=slug selected=slug == state>{words}</option> })
        .collect_view();
    let (of_owner, of_note, of_state) =
        (format!("owner-{}", c.id), format!("note-{}", c.id), format!("state-{}", c.id));
    let error = model.wrong(&c.id);
    let was = |name: &str, stored: &String| model.was(&c.id, name).unwrap_or_else(|| stored.clone());
    let act = model.may_respond.then(|| {
        view! {
            <form method="post" action=format!("{PATH}/checks/{}", c.id) class="inline wrap">
                {frame.token()}
                <label for=of_state.clone() class="v">"How it stands"</label><select id=of_state name="state">{options}</select>
                <label for=of_owner.clone() class="v">"Who sees to it"</label><input id=of_owner name="owner" maxlength="80" placeholder="who sees to it" value=was("owner", &c.owner) />
                <label for=of_note.clone() class="v">"Note"</label><input id=of_note name="note" maxlength="300" placeholder="note" value=was("note", &c.note) />
                <button>"Save"</button>
                {remark(error, "owner")}{remark(error, "note")}{remark(error, "state")}
            </form>
        }
    });
    view! {
        <li><div><b>{c.item.clone()}</b><p class="d">{format!("{words} · {who} · {}", c.changed)}</p>{note}</div>{act}</li>
    }
    .into_any()
}
