//! Evidence packs and availability targets in the console.

use domain::evidence::Pack;
use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::FormError};
use crate::ui::{self, area_text};

/// One pack, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidencePack {
    /// Public id and name of the partner.
    pub partner: (String, String),
    /// `October 2026`.
    pub month: String,
    /// Version, and when it was made and by whom.
    pub made: String,
    /// Version.
    pub version: i64,
    /// What was signed.
    pub pack: Pack,
}

/// Renders it.
#[must_use]
pub fn evidence_pack(frame: &Frame, model: &EvidencePack) -> String {
    let base = format!("/console/partners/{}/evidence/{}", model.partner.0, model.pack.month);
    let file = |kind: &str| format!("{base}.{kind}?version={}", model.version);
    frame.page(|| {
        view! {
            <p class="d crumb"><a href=format!("/console/partners/{}", model.partner.0)>{model.partner.1.clone()}</a></p>
            <h1>{format!("Evidence, {}", model.month)}</h1>
            <p class="lead">{ui::evidence_verdict(&model.pack)}</p>
            <p class="d">{model.made.clone()}" · "<a href=file("json") download="">"Signed file (JSON)"</a>" · "<a href=file("csv") download="">"Table (CSV)"</a></p>
            {ui::evidence_tables(&model.pack)}
        }
        .into_any()
    })
}

/// The packs of a partner, on its page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceShelf {
    /// Month as in its address, month in words, version, and when it was made.
    pub packs: Vec<(String, String, i64, String)>,
    /// Months that can be made: as in their address, and in words.
    pub months: Vec<(String, String)>,
}

/// Renders it.
#[must_use]
pub fn evidence_shelf(frame: &Frame, id: &str, shelf: &EvidenceShelf, may_make: bool) -> AnyView {
    let rows: Vec<_> = shelf
        .packs
        .iter()
        .map(|(month, words, version, made)| {
            let href = format!("/console/partners/{id}/evidence/{month}?version={version}");
            view! { <tr><td><a href=href>{words.clone()}</a></td><td>{format!("version {version}")}</td><td>{made.clone()}</td></tr> }
        })
        .collect();
    let list = if rows.is_empty() {
        view! { <p class="empty">"No pack yet. The pack of a month is made by itself two hours after its end, once the partner is live."</p> }.into_any()
    } else {
        view! { <table class="now"><thead><tr><th>"Month"</th><th>"Version"</th><th>"Made"</th></tr></thead><tbody>{rows}</tbody></table> }.into_any()
    };
    let options = shelf
        .months
        .iter()
        .map(|(m, words)| view! { <option value=m.clone()>{words.clone()}</option> })
        .collect_view();
    let form = may_make.then(|| {
        view! {
            <form method="post" action=format!("/console/partners/{id}/evidence") class="inline">
                {frame.token()}<label for="month">"Month"</label><select id="month" name="month">{options}</select><button>"Make a pack"</button>
            </form>
        }
    });
    view! { <h2>"Evidence packs"</h2>{list}{form} }.into_any()
}

/// The form with the targets.
#[derive(Debug, Clone, Default)]
pub struct AvailabilityForm {
    /// Version in force.
    pub version: i64,
    /// One target a line.
    pub targets: String,
    /// One credit a line.
    pub credits: String,
    /// Slugs of the services.
    pub components: Vec<String>,
    /// Whether this person may save.
    pub may_save: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// Renders it.
#[must_use]
pub fn availability(frame: &Frame, model: &AvailabilityForm) -> String {
    let error = model.error.as_ref();
    frame.page(|| {
        view! {
            <p class="d crumb"><a href="/console/settings">"Settings"</a></p>
            <h1>"Availability targets"</h1>
            <p class="d">{match model.version {
                0 => "Nothing is promised yet. Readers see what is measured, without a target beside it.".to_owned(),
                n => format!("Version {n} is in force. Saving makes the next one; packs that were made keep theirs."),
            }}</p>
            {remark(error, "")}
            <form method="post" action="/console/settings/availability">
                {frame.token()}
                <input type="hidden" name="version" value=model.version.to_string() />
                <p class="field">
                    <label for="targets">"Targets "<small>"one a line: service, country, percent; then office, if it counts in business hours alone. * stands for all; the most specific line counts"</small></label>
                    <textarea id="targets" name="targets" rows="10" spellcheck="false" placeholder="* * 99.5\neuicc-download FR 99.9\npartner-portal * 99 office" readonly=!model.may_save>{area_text(&model.targets)}</textarea>
                </p>
                {remark(error, "targets")}
                <p class="field">
                    <label for="credits">"Credits "<small>"one a line: below so many percent in a month, that share of the month's fee for the cell"</small></label>
                    <textarea id="credits" name="credits" rows="4" spellcheck="false" placeholder="99.9 5\n99 10\n95 25" readonly=!model.may_save>{area_text(&model.credits)}</textarea>
                </p>
                {remark(error, "credits")}
                <p class="d">{format!("Services: {}.", model.components.join(", "))}</p>
                {model.may_save.then(|| view! { <div class="act"><button class="go">"Save"</button></div> })}
            </form>
        }
        .into_any()
    })
}
