//! Canaries: two cohorts compared, and who hears of the verdict.

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::FormError};

/// A comparison.
#[derive(Debug, Clone, Default)]
pub struct CanaryLine {
    /// What is compared.
    pub words: String,
    /// `expand`, `hold`, `roll back`, or that it is not compared.
    pub verdict: String,
    /// Since when.
    pub since: String,
    /// `97.1 % of 412`.
    pub canary: String,
    /// The same of the baseline.
    pub baseline: String,
    /// `−1.2 points (−2.9 to 0.4), p = 0.13`.
    pub difference: String,
    /// The policy in one line.
    pub policy: String,
    /// Its fields, to fill the form with: name and value.
    pub fields: Vec<(&'static str, String)>,
}

/// A webhook that may be chosen.
#[derive(Debug, Clone, Default)]
pub struct EndpointLine {
    /// Public id.
    pub id: String,
    /// Its host.
    pub host: String,
    /// Whether it hears of verdicts.
    pub is_chosen: bool,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct Canaries {
    /// Every policy with its newest comparison.
    pub lines: Vec<CanaryLine>,
    /// Verdicts that were published, the newest first.
    pub changes: Vec<String>,
    /// Webhooks.
    pub endpoints: Vec<EndpointLine>,
    /// Slug and name of each service that is bound to a step.
    pub components: Vec<(String, String)>,
    /// Code and name of each country.
    pub countries: Vec<(String, String)>,
    /// What stands in the form.
    pub typed: Vec<(String, String)>,
    /// Whether this person may change policies.
    pub may_maintain: bool,
    /// Whether this person may choose endpoints.
    pub may_own: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

impl Canaries {
    fn was(&self, name: &str) -> String {
        self.typed.iter().find(|(n, _)| n == name).map_or_else(String::new, |(_, v)| v.clone())
    }
}

/// Canaries.
#[must_use]
pub fn canaries(frame: &Frame, model: &Canaries) -> String {
    let changes = model.changes.iter().map(|c| view! { <li>{c.clone()}</li> }).collect_view();
    let published = if model.changes.is_empty() {
        view! { <p class="empty">"No verdict has changed yet."</p> }.into_any()
    } else {
        view! { <ul class="changes">{changes}</ul> }.into_any()
    };
    frame.page(|| {
        view! {
            <h1>"Canaries"</h1>
            <p class="d">"Activations whose events say cohort canary, against all others. Expand: the whole confidence interval lies within what is tolerated, and the canary succeeds often enough by itself. Roll back: a two-proportion z-test finds the canary worse, and by more than is tolerated. Hold: everything else."</p>
            {lines(model)}
            {model.may_maintain.then(|| form(frame, model))}
            <h2>"Published verdicts"</h2>
            {published}
            {endpoints(frame, model)}
        }
        .into_any()
    })
}

fn lines(model: &Canaries) -> AnyView {
    if model.lines.is_empty() {
        return view! { <p class="empty">"Nothing is compared yet. Say below what to compare, and how sure an answer has to be."</p> }
            .into_any();
    }
    let rows = model
        .lines
        .iter()
        .map(|l| {
            let edit = model.may_maintain.then(|| {
                let fields = l
                    .fields
                    .iter()
                    .map(|(name, value)| view! { <input type="hidden" name=*name value=value.clone() /> })
                    .collect_view();
                view! { <form method="get" action="/console/canary#policy">{fields}<button>"Edit"</button></form> }
            });
            view! {
                <tr>
                    <td>{l.words.clone()}<br /><small>{l.policy.clone()}</small></td><td><b>{l.verdict.clone()}</b><br /><small>{l.since.clone()}</small></td>
                    <td>{l.canary.clone()}</td><td>{l.baseline.clone()}</td><td>{l.difference.clone()}</td><td>{edit}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="now">
            <thead><tr><th>"Compared"</th><th>"Verdict"</th><th>"Canary"</th><th>"Baseline"</th><th>"Difference"</th><th><span class="v">"Action"</span></th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn choice(
    id: &'static str,
    label: &'static str,
    all: &'static str,
    options: &[(String, String)],
    chosen: &str,
) -> AnyView {
    let options = options
        .iter()
        .map(|(slug, name)| view! { <option value=slug.clone() selected=slug == chosen>{name.clone()}</option> })
        .collect_view();
    view! {
        <div class="f"><label for=id>{label}</label><select id=id name=id><option value="">{all}</option>{options}</select></div>
    }
    .into_any()
}

fn form(frame: &Frame, model: &Canaries) -> AnyView {
    let error = model.error.as_ref();
    let figures = [
        ("window", "Window", "like 1 h"),
        ("minimum_samples", "Fewest samples", "of each cohort"),
        ("largest_difference", "Tolerated difference", "percentage points"),
        ("confidence", "Confidence", "%"),
        ("least_share", "Expand only from", "% success"),
    ];
    let fields = figures
        .into_iter()
        .map(|(name, label, hint)| {
            view! {
                <div class="f">
                    <label for=name>{label}" "<small>{hint}</small></label>
                    <input id=name name=name maxlength="20" required value=model.was(name) />
                    {remark(error, name)}
                </div>
            }
        })
        .collect_view();
    view! {
        <form method="post" action="/console/canary" class="narrow" id="policy">
            {frame.token()}
            <h2>"What to compare"</h2>
            <input type="hidden" name="version" value=model.was("version") />
            {remark(error, "")}
            <div class="grid3">
                {choice("component", "Service", "the whole journey", &model.components, &model.was("component"))}
                {choice("country", "Country", "every country", &model.countries, &model.was("country"))}
                {fields}
            </div>
            {remark(error, "component")}
            {remark(error, "country")}
            <p><label><input type="checkbox" name="enabled" value="yes" checked=!model.was("enabled").is_empty() />" Compare it"</label></p>
            <div class="act"><button class="go">"Save as a new version"</button></div>
        </form>
    }
    .into_any()
}

fn endpoints(frame: &Frame, model: &Canaries) -> AnyView {
    let rows = model
        .endpoints
        .iter()
        .map(|e| {
            let (verb, label) = if e.is_chosen { ("unmark", "Take it out") } else { ("mark", "Send it verdicts") };
            let act = model.may_own.then(|| {
                view! { <form method="post" action=format!("/console/canary/endpoints/{}/{verb}", e.id)>{frame.token()}<button>{label}</button></form> }
            });
            let state = if e.is_chosen { "hears of verdicts" } else { "does not" };
            view! { <tr><td>{e.host.clone()}" "<small>{e.id.clone()}</small></td><td>{state}</td><td>{act}</td></tr> }
        })
        .collect_view();
    let table = if model.endpoints.is_empty() {
        view! { <p class="empty">"There is no webhook yet. Subscribe your orchestrator’s endpoint on the public page; once it has answered the challenge it can be chosen here."</p> }
            .into_any()
    } else {
        view! { <table class="now"><thead><tr><th>"Webhook"</th><th>"Verdicts"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{rows}</tbody></table> }
            .into_any()
    };
    view! {
        <h2>"Who hears of it"</h2>
        <p class="d">"A verdict that changes goes out once, signed like every webhook, as type canary.verdict, to the endpoints chosen here and to nobody else."</p>
        {table}
    }
    .into_any()
}
