//! Sources: who sends telemetry, with which keys, what their words mean here, and what says nothing to us yet.

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::FormError};
use crate::ui::area_text;

/// A key.
#[derive(Debug, Clone, Default)]
pub struct KeyLine {
    /// The 8 characters inside it.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may speak of and from where, in words.
    pub limits: String,
    /// When it ends or ended, in words.
    pub end: String,
    /// When it was last used, in words.
    pub used: String,
    /// Whether it opens the doors.
    pub is_live: bool,
}

/// A source of heartbeats.
#[derive(Debug, Clone, Default)]
pub struct SourceLine {
    /// As it calls itself.
    pub name: String,
    /// How often it means to speak, in words.
    pub interval: String,
    /// How long ago it last did, in words.
    pub heard: String,
    /// Nothing for three intervals.
    pub is_silent: bool,
}

/// An alert that fires.
#[derive(Debug, Clone, Default)]
pub struct AlertLine {
    /// The sender's name for it.
    pub fingerprint: String,
    /// What it says.
    pub summary: String,
    /// Cells that it bears on.
    pub cells: String,
    /// Since when, in words.
    pub since: String,
    /// Partial outage; otherwise degraded.
    pub is_critical: bool,
}

/// A mapping.
#[derive(Debug, Clone, Default)]
pub struct MappingLine {
    /// Public id.
    pub id: String,
    /// The door, in words.
    pub door: &'static str,
    /// Its labels as people write them.
    pub labels: String,
    /// What they mean.
    pub meaning: String,
}

/// What came and says nothing to us.
#[derive(Debug, Clone, Default)]
pub struct UnmappedLine {
    /// The door's slug.
    pub door: String,
    /// The door, in words.
    pub door_words: &'static str,
    /// Its labels as people write them.
    pub labels: String,
    /// How often, and when last.
    pub seen: String,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Keys, live ones first.
    pub keys: Vec<KeyLine>,
    /// A key just made: shown once.
    pub new_key: Option<String>,
    /// Sources of heartbeats.
    pub sources: Vec<SourceLine>,
    /// Alerts that fire.
    pub alerts: Vec<AlertLine>,
    /// Mappings.
    pub mappings: Vec<MappingLine>,
    /// What is unmapped, the newest first.
    pub unmapped: Vec<UnmappedLine>,
    /// Slug and name of each service.
    pub components: Vec<(String, String)>,
    /// Where things are sent: what, and the address.
    pub doors: Vec<(&'static str, String)>,
    /// What was typed, where a form was refused.
    pub typed: Vec<(String, String)>,
    /// Whether this person may make keys.
    pub may_own: bool,
    /// Whether this person may write mappings.
    pub may_maintain: bool,
    /// Whether this person may end alerts.
    pub may_command: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

impl Sources {
    fn was(&self, name: &str) -> String {
        self.typed.iter().find(|(n, _)| n == name).map_or_else(String::new, |(_, v)| v.clone())
    }
}

/// Sources.
#[must_use]
pub fn sources(frame: &Frame, model: &Sources) -> String {
    frame.page(|| {
        view! {
            <h1>"Sources"</h1>
            <p class="d">"Who tells Waypost how things are, and what their words mean here. " <a href="/console/telemetry">"What every cell shows"</a></p>
            {unmapped(model)}
            {alerts(frame, model)}
            {heard(model)}
            {keys(frame, model)}
            {mappings(frame, model)}
        }
        .into_any()
    })
}

fn unmapped(model: &Sources) -> Option<AnyView> {
    if model.unmapped.is_empty() {
        return None;
    }
    let rows = model
        .unmapped
        .iter()
        .map(|u| {
            let map = model.may_maintain.then(|| {
                if u.door == "failover" {
                    return view! { <a class="button" href="/console/desk-book/suppliers/new">"Add the supplier"</a> }.into_any();
                }
                view! {
                    <form method="get" action="/console/sources#map">
                        <input type="hidden" name="door" value=u.door.clone() />
                        <input type="hidden" name="labels" value=u.labels.clone() />
                        <button>"Map"</button>
                    </form>
                }
                .into_any()
            });
            view! { <tr><td>{u.door_words}</td><td class="wrap"><code>{u.labels.clone()}</code></td><td>{u.seen.clone()}</td><td>{map}</td></tr> }
        })
        .collect_view();
    Some(
        view! {
            <h2>"Unmapped"</h2>
            <p class="d">"These arrived and changed nothing, because nobody has said which cells they are about."</p>
            <table class="now"><thead><tr><th>"Door"</th><th>"Labels"</th><th>"Seen"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{rows}</tbody></table>
        }
        .into_any(),
    )
}

fn alerts(frame: &Frame, model: &Sources) -> Option<AnyView> {
    if model.alerts.is_empty() {
        return None;
    }
    let rows = model
        .alerts
        .iter()
        .map(|a| {
            let end = model.may_command.then(|| {
                view! {
                    <form method="post" action="/console/sources/alerts/end">
                        {frame.token()}<input type="hidden" name="fingerprint" value=a.fingerprint.clone() /><button>"It is over"</button>
                    </form>
                }
            });
            let weight = if a.is_critical { "partial outage" } else { "degraded" };
            view! { <tr><td>{a.summary.clone()}</td><td>{a.cells.clone()}</td><td>{weight}</td><td>{a.since.clone()}</td><td>{end}</td></tr> }
        })
        .collect_view();
    Some(
        view! {
            <h2>"Alerts that fire"</h2>
            <table class="now"><thead><tr><th>"Alert"</th><th>"Cells"</th><th>"Makes them"</th><th>"Since"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{rows}</tbody></table>
        }
        .into_any(),
    )
}

fn heard(model: &Sources) -> AnyView {
    let doors = model
        .doors
        .iter()
        .map(|(what, url)| view! { <div><dt>{*what}</dt><dd><code>{url.clone()}</code></dd></div> })
        .collect_view();
    let rows = model
        .sources
        .iter()
        .map(|s| {
            let state = if s.is_silent { "silent" } else { "speaks" };
            view! { <tr class=s.is_silent.then_some("late")><td>{s.name.clone()}</td><td>{state}</td><td>{s.heard.clone()}</td><td>{s.interval.clone()}</td></tr> }
        })
        .collect_view();
    let table = if model.sources.is_empty() {
        view! { <p class="d">"No source has sent a heartbeat yet."</p> }.into_any()
    } else {
        view! { <table class="now"><thead><tr><th>"Source"</th><th>"State"</th><th>"Heard"</th><th>"Means to speak every"</th></tr></thead><tbody>{rows}</tbody></table> }
            .into_any()
    };
    view! {
        <h2>"Doors"</h2>
        <dl class="facts doors">{doors}</dl>
        <h2>"Heartbeats"</h2>
        {table}
    }
    .into_any()
}

fn keys(frame: &Frame, model: &Sources) -> AnyView {
    let new_key = model.new_key.as_ref().map(|key| {
        view! {
            <div class="card note" role="status">
                <p>"This is the new key. It is not shown again: put it where your platform sends its telemetry from."</p>
                <p class="key"><code id="new-key">{key.clone()}</code></p>
            </div>
        }
    });
    let rows = model
        .keys
        .iter()
        .map(|k| {
            let act = |verb: &str, label: &'static str| {
                view! { <form method="post" action=format!("/console/sources/keys/{}/{verb}", k.id)>{frame.token()}<button>{label}</button></form> }
            };
            let actions = (k.is_live && model.may_own).then(|| view! { <div class="act">{act("renew", "Renew")}{act("revoke", "Revoke")}</div> });
            view! {
                <tr>
                    <td>{k.name.clone()}</td><td><code>{format!("tk_{}_…", k.id)}</code></td><td>{k.limits.clone()}</td><td>{k.end.clone()}</td>
                    <td>{k.used.clone()}</td><td>{actions}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <h2 id="keys">"Keys"</h2>
        {new_key}
        <table class="now">
            <thead><tr><th>"For"</th><th>"Key"</th><th>"May speak of"</th><th>"Ends"</th><th>"Last used"</th><th><span class="v">"Action"</span></th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
        {model.may_own.then(|| key_form(frame, model))}
    }
    .into_any()
}

/// Limits of a key that are typed: field, label, hint.
const LIMITS: [(&str, &str, &str); 8] = [
    ("components", "Services", "slugs, like voice sms"),
    ("countries", "Countries", "codes, like FR IT"),
    ("suppliers", "Suppliers", "like smdp-a"),
    ("networks", "Networks", "like 192.0.2.0/24"),
    ("source_prefix", "Sources begin with", "like /smdp/eu"),
    ("days", "Ends after", "days"),
    ("requests", "Requests a minute", "600 if empty"),
    ("events", "Events a minute", "20,000 if empty"),
];

fn key_form(frame: &Frame, model: &Sources) -> AnyView {
    let error = model.error.as_ref();
    let slot = |name: &'static str| if name == "countries" { "countries_of_key" } else { name };
    let open =
        error.is_some_and(|e| e.field == "worst" || LIMITS.iter().any(|(name, ..)| slot(name) == e.field));
    let fields = LIMITS
        .into_iter()
        .map(|(name, label, hint)| {
            view! {
                <div class="f">
                    <label for=format!("key-{name}")>{label}" "<small>{hint}</small></label>
                    <input id=format!("key-{name}") name=name maxlength="2000" value=model.was(name) />
                    {remark(error, slot(name))}
                </div>
            }
        })
        .collect_view();
    let worst = model.was("worst");
    view! {
        <form method="post" action="/console/sources/keys" class="narrow">
            {frame.token()}
            <div class="f"><label for="key-name">"New key for"</label><input id="key-name" name="name" maxlength="80" required value=model.was("name") />{remark(error, "name")}</div>
            <details open=open>
                <summary>"Limit it"</summary>
                <p class="d">"Leave a field empty to limit nothing. A key only ever opens the doors of telemetry, never the console."</p>
                <div class="grid3">
                    {fields}
                    <div class="f">
                        <label for="key-worst">"Worst it may say "<small>"by itself"</small></label>
                        <select id="key-worst" name="worst">
                            <option value="partial_outage" selected=worst != "degraded">"Partial outage, and propose incidents"</option>
                            <option value="degraded" selected=worst == "degraded">"Degraded"</option>
                        </select>
                        {remark(error, "worst")}
                    </div>
                </div>
            </details>
            <div class="act"><button class="go">"Create key"</button></div>
        </form>
    }
    .into_any()
}

fn mappings(frame: &Frame, model: &Sources) -> AnyView {
    let rows = model
        .mappings
        .iter()
        .map(|m| {
            let remove = model.may_maintain.then(|| {
                view! { <form method="post" action=format!("/console/sources/mappings/{}/remove", m.id)>{frame.token()}<button>"Remove"</button></form> }
            });
            view! { <tr><td>{m.door}</td><td class="wrap"><code>{m.labels.clone()}</code></td><td>{m.meaning.clone()}</td><td>{remove}</td></tr> }
        })
        .collect_view();
    let table = (!model.mappings.is_empty()).then(|| {
        view! { <table class="now"><thead><tr><th>"Door"</th><th>"Labels"</th><th>"Mean"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{rows}</tbody></table> }
    });
    view! {
        <h2 id="map">"Mappings"</h2>
        <p class="d">"Alerts with the labels component and country (or region) need none. Of several that fit, the one with most labels counts. A mapping counts from now on."</p>
        {table}
        {model.may_maintain.then(|| mapping_form(frame, model))}
    }
    .into_any()
}

fn mapping_form(frame: &Frame, model: &Sources) -> AnyView {
    let error = model.error.as_ref();
    let chosen = model.was("component");
    let options = model
        .components
        .iter()
        .map(|(slug, name)| view! { <option value=slug.clone() selected=*slug == chosen>{name.clone()}</option> })
        .collect_view();
    let is_profile = model.was("door") == "es2plus";
    view! {
        <form method="post" action="/console/sources/mappings" class="narrow">
            {frame.token()}
            <div class="f">
                <label for="door">"Door"</label>
                <select id="door" name="door">
                    <option value="alertmanager" selected=!is_profile>"Alerts of Prometheus"</option>
                    <option value="es2plus" selected=is_profile>"SM-DP+ notifications"</option>
                </select>
            </div>
            <div class="f">
                <label for="labels">"Labels "<small>"all of them; of alerts their own, like alertname=Low site=paris-*; of SM-DP+ requester, profile_type, issuer, like issuer=8933*"</small></label>
                <textarea id="labels" name="labels" rows="2" required>{area_text(&model.was("labels"))}</textarea>
                {remark(error, "labels")}
            </div>
            <div class="grid3">
                <div class="f"><label for="component">"Service "<small>"for alerts"</small></label><select id="component" name="component">{options}</select>{remark(error, "component")}</div>
                <div class="f"><label for="place">"Country or portfolio"</label><input id="place" name="place" maxlength="60" required value=model.was("place") />{remark(error, "place")}</div>
                <div class="f"><label for="supplier">"Supplier "<small>"for SM-DP+"</small></label><input id="supplier" name="supplier" maxlength="120" value=model.was("supplier") />{remark(error, "supplier")}</div>
            </div>
            <div class="act"><button class="go">"Add mapping"</button></div>
        </form>
    }
    .into_any()
}
