//! Policies of the judge: for the whole grid and parts of it, watch periods, and what a policy would have done.

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::FormError};

/// A policy in a list.
#[derive(Debug, Clone, Default)]
pub struct RuleLine {
    /// Its slug: `default`, `country:FR`.
    pub slug: String,
    /// What it is for.
    pub words: String,
    /// Its version.
    pub version: i64,
    /// Its thresholds in one line.
    pub says: String,
    /// Cells that it decides about.
    pub cells: usize,
}

/// A watch period.
#[derive(Debug, Clone, Default)]
pub struct WatchLine {
    /// Public id.
    pub id: String,
    /// Which cells, in words.
    pub place: String,
    /// From when to when.
    pub when: String,
    /// What it makes stricter.
    pub says: String,
    /// Why.
    pub reason: String,
    /// Whether it has begun.
    pub goes_on: bool,
}

/// The list.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// The default first.
    pub rules: Vec<RuleLine>,
    /// Every cell with its policy: name, id, words and slug of the policy.
    pub cells: Vec<(String, String, String, String)>,
    /// Watch periods that are not over.
    pub watches: Vec<WatchLine>,
    /// Slug and name of each service.
    pub components: Vec<(String, String)>,
    /// Code and name of each country.
    pub countries: Vec<(String, String)>,
    /// What was typed, where a form was refused.
    pub typed: Vec<(String, String)>,
    /// Whether this person may change them.
    pub may_maintain: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// A change that a policy would have made, or that happened.
#[derive(Debug, Clone, Default)]
pub struct TriedLine {
    /// When.
    pub at: String,
    /// Which cell.
    pub cell: String,
    /// `operational → partial outage`.
    pub change: String,
    /// `as it happened`, `new`, `would not have happened`.
    pub what: &'static str,
    /// What it rests on.
    pub evidence: String,
}

/// What a policy would have done.
#[derive(Debug, Clone, Default)]
pub struct Tried {
    /// The changes, oldest first.
    pub lines: Vec<TriedLine>,
    /// In one sentence: how many, from what data.
    pub words: String,
    /// What it could not look at; may be empty.
    pub limits: String,
}

/// One policy.
#[derive(Debug, Clone, Default)]
pub struct PolicyForm {
    /// Its slug.
    pub slug: String,
    /// What it is for.
    pub words: String,
    /// Its own version; 0: it has none yet.
    pub version: i64,
    /// The policy whose figures are shown while it has none.
    pub from: Option<String>,
    /// Name, label and value of every field.
    pub fields: Vec<(&'static str, &'static str, String)>,
    /// The period to try it on.
    pub period: (String, String),
    /// What it would have done.
    pub tried: Option<Tried>,
    /// Versions, the newest first: number, when and by whom, and what it said.
    pub versions: Vec<(i64, String, String)>,
    /// Whether it can be withdrawn.
    pub may_withdraw: bool,
    /// Whether this person may change it.
    pub may_maintain: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

fn choice(id: &str, label: &str, all: &str, options: &[(String, String)], chosen: &str) -> AnyView {
    let options = options
        .iter()
        .map(|(slug, name)| view! { <option value=slug.clone() selected=slug == chosen>{name.clone()}</option> })
        .collect_view();
    let name = id.rsplit('-').next().unwrap_or(id).to_owned();
    view! {
        <div class="f">
            <label for=id.to_owned()>{label.to_owned()}</label>
            <select id=id.to_owned() name=name><option value="">{all.to_owned()}</option>{options}</select>
        </div>
    }
    .into_any()
}

/// The list.
#[must_use]
pub fn policies(frame: &Frame, model: &Policies) -> String {
    let rules = model
        .rules
        .iter()
        .map(|r| {
            view! {
                <tr>
                    <td><a href=format!("/console/degradation/policies/{}", r.slug)>{r.words.clone()}</a></td>
                    <td>{if r.version == 0 { "built in".into() } else { r.version.to_string() }}</td>
                    <td class="wrap">{r.says.clone()}</td><td>{r.cells}</td>
                </tr>
            }
        })
        .collect_view();
    let cells = model
        .cells
        .iter()
        .map(|(name, id, words, slug)| {
            view! {
                <tr>
                    <td><a href=format!("/console/cells/{id}")>{name.clone()}</a></td>
                    <td><a href=format!("/console/degradation/policies/{slug}")>{words.clone()}</a></td>
                </tr>
            }
        })
        .collect_view();
    let new = model.may_maintain.then(|| {
        view! {
            <form method="get" action="/console/degradation/new" class="narrow">
                <div class="grid3">
                    {choice("new-component", "Service", "every service", &model.components, "")}
                    {choice("new-country", "Country", "every country", &model.countries, "")}
                </div>
                <div class="act"><button>"Write a policy for these"</button></div>
            </form>
        }
    });
    frame.page(|| {
        view! {
            <h1>"Degradation policies"</h1>
            <p class="d">"What telemetry must say before a cell turns. The most specific policy counts: service and country, then service, then country, then the default. Every version is kept, and every change names the one that it was made under."</p>
            <table class="now"><thead><tr><th>"For"</th><th>"Version"</th><th>"Says"</th><th>"Cells"</th></tr></thead><tbody>{rules}</tbody></table>
            {new}
            {watches(frame, model)}
            <h2>"Which policy a cell is under"</h2>
            <details><summary>{format!("{} cells", model.cells.len())}</summary>
                <table class="now"><thead><tr><th>"Cell"</th><th>"Policy"</th></tr></thead><tbody>{cells}</tbody></table>
            </details>
        }
        .into_any()
    })
}

fn watches(frame: &Frame, model: &Policies) -> AnyView {
    let rows = model
        .watches
        .iter()
        .map(|w| {
            let end = model.may_maintain.then(|| {
                view! { <form method="post" action=format!("/console/degradation/watches/{}/end", w.id)>{frame.token()}<button>"End it"</button></form> }
            });
            let state = if w.goes_on { "goes on" } else { "to come" };
            view! { <tr><td>{w.place.clone()}</td><td>{w.when.clone()}" "<small>{state}</small></td><td>{w.says.clone()}</td><td>{w.reason.clone()}</td><td>{end}</td></tr> }
        })
        .collect_view();
    let table = if model.watches.is_empty() {
        view! { <p class="empty">"Nobody watches closer at the moment."</p> }.into_any()
    } else {
        view! { <table class="now"><thead><tr><th>"Cells"</th><th>"Time"</th><th>"Stricter"</th><th>"Why"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{rows}</tbody></table> }
            .into_any()
    };
    view! {
        <h2 id="watch">"Watch periods"</h2>
        <p class="d">"After a change, watch closer: stricter thresholds for some cells, for a stated time. A watch makes nothing laxer, and ends by itself."</p>
        {table}
        {model.may_maintain.then(|| watch_form(frame, model))}
    }
    .into_any()
}

fn watch_form(frame: &Frame, model: &Policies) -> AnyView {
    let error = model.error.as_ref();
    let was =
        |name: &str| model.typed.iter().find(|(n, _)| n == name).map_or_else(String::new, |(_, v)| v.clone());
    let field = |name: &'static str, label: &'static str, hint: &'static str, kind: &'static str| {
        view! {
            <div class="f">
                <label for=format!("watch-{name}")>{label}" "<small>{hint}</small></label>
                <input id=format!("watch-{name}") name=name type=kind maxlength="200" value=was(name) />
                {remark(error, name)}
            </div>
        }
    };
    view! {
        <form method="post" action="/console/degradation/watches" class="narrow">
            {frame.token()}
            {remark(error, "")}
            <div class="grid3">
                {choice("watch-component", "Service", "every service", &model.components, &was("component"))}
                {field("place", "Country or portfolio", "empty: everywhere", "text")}
                {field("from", "From", "UTC; empty: now", "datetime-local")}
                {field("until", "Until", "UTC", "datetime-local")}
                {field("degraded_below", "Degraded below", "% success", "text")}
                {field("partial_below", "Partial outage below", "% success", "text")}
                {field("fallback_above", "Degraded above", "% by a second way", "text")}
                {field("worsen_evaluations", "Evaluations to get worse", "", "text")}
            </div>
            {remark(error, "component")}
            {field("reason", "Why", "kept in the record", "text")}
            <div class="act"><button class="go">"Watch closer"</button></div>
        </form>
    }
    .into_any()
}

/// One policy.
#[must_use]
pub fn degradation_policy(frame: &Frame, model: &PolicyForm) -> String {
    let error = model.error.as_ref();
    let action = format!("/console/degradation/policies/{}", model.slug);
    let fields = model
        .fields
        .iter()
        .map(|(name, label, value)| {
            let wrong = error.is_some_and(|e| e.field == *name);
            view! {
                <div class="f">
                    <label for=*name>{*label}</label>
                    <input id=*name name=*name value=value.clone() maxlength="40" aria-invalid=wrong.then_some("true") />
                    {remark(error, name)}
                </div>
            }
        })
        .collect_view();
    let standing = match (&model.from, model.version) {
        (Some(from), _) => format!("It has no policy of its own; these are the figures of: {from}."),
        (None, 0) => "These are the figures that Waypost comes with.".to_owned(),
        (None, version) => format!("Version {version}."),
    };
    let withdraw = (model.may_withdraw && model.may_maintain).then(|| {
        view! { <form method="post" action=format!("{action}/withdraw")>{frame.token()}<button>"Withdraw it: the less specific policy counts"</button></form> }
    });
    frame.page(|| {
        view! {
            <h1>{format!("Policy: {}", model.words)}</h1>
            <p class="d">{standing}" "<a href="/console/degradation">"All policies"</a></p>
            <form method="post" action=action.clone()>
                {frame.token()}
                <input type="hidden" name="version" value=model.version.to_string() />
                {remark(error, "")}
                <div class="grid3">{fields}</div>
                {model.may_maintain.then(|| try_it(model, &action))}
            </form>
            {model.tried.as_ref().map(tried)}
            {versions(model)}
            {withdraw}
        }
        .into_any()
    })
}

fn try_it(model: &PolicyForm, action: &str) -> AnyView {
    let error = model.error.as_ref();
    let period = [("from", "From", &model.period.0), ("until", "Until", &model.period.1)]
        .into_iter()
        .map(|(name, label, value)| {
            view! {
                <div class="f">
                    <label for=name>{label}" "<small>"UTC"</small></label>
                    <input id=name name=name type="datetime-local" value=value.clone() />
                    {remark(error, name)}
                </div>
            }
        })
        .collect_view();
    view! {
        <h2>"Try it first"</h2>
        <p class="d">"What these figures would have done in a past period, beside what happened; seven days at most. Nothing is saved."</p>
        <div class="grid3">{period}</div>
        <div class="act">
            <button formaction=format!("{action}/try")>"Try it"</button>
            <button class="go">"Save as a new version"</button>
        </div>
    }
    .into_any()
}

fn tried(tried: &Tried) -> AnyView {
    let rows = tried
        .lines
        .iter()
        .map(|l| view! { <tr><td>{l.at.clone()}</td><td>{l.cell.clone()}</td><td>{l.change.clone()}</td><td>{l.what}</td><td>{l.evidence.clone()}</td></tr> })
        .collect_view();
    let table = if tried.lines.is_empty() {
        view! { <p class="empty">"Nothing would have changed, and nothing did."</p> }.into_any()
    } else {
        view! { <table class="now"><thead><tr><th>"When"</th><th>"Cell"</th><th>"Change"</th><th>"Beside what happened"</th><th>"Evidence"</th></tr></thead><tbody>{rows}</tbody></table> }
            .into_any()
    };
    view! {
        <section aria-labelledby="tried">
            <h2 id="tried">"What it would have done"</h2>
            <p>{tried.words.clone()}</p>
            {(!tried.limits.is_empty()).then(|| view! { <p class="lint">{tried.limits.clone()}</p> })}
            {table}
            <p class="d">"Read from rollups, by the same decisions as the live judge. Rollups keep neither sources nor keys: the quorum of sources and the limit of a key are not tried. Changes by alerts, pins and incidents are left out."</p>
        </section>
    }
    .into_any()
}

fn versions(model: &PolicyForm) -> Option<AnyView> {
    if model.versions.is_empty() {
        return None;
    }
    let rows = model
        .versions
        .iter()
        .map(|(version, when, says)| view! { <tr><td>{*version}</td><td>{when.clone()}</td><td class="wrap">{says.clone()}</td></tr> })
        .collect_view();
    Some(
        view! {
            <h2>"Versions"</h2>
            <table class="now"><thead><tr><th>"Version"</th><th>"Saved"</th><th>"Said"</th></tr></thead><tbody>{rows}</tbody></table>
        }
        .into_any(),
    )
}
