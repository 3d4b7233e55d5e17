//! Partners as audiences: whom an incident is for, facts for one of them, and a partner's own page.

use leptos::prelude::*;

use super::{
    access::remark,
    chrome::Frame,
    evidence::{EvidenceShelf, evidence_shelf},
    model::FormError,
};
use crate::ui::area_text;

/// Facts of an incident for single partners.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Newest first.
    pub lines: Vec<FactLine>,
    /// Partners that see the incident: id and name.
    pub choices: Vec<(String, String)>,
    /// Names of those that it is for; empty: everybody.
    pub only_for: Vec<String>,
    /// Whether this person may publish.
    pub may_write: bool,
    /// Makes a double click harmless.
    pub idempotency_key: String,
    /// Partner and text as typed.
    pub partner: String,
    /// Text as typed.
    pub text: String,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct FactLine {
    /// Name of the partner.
    pub partner: String,
    /// `09:14 UTC · Ana`.
    pub at: String,
    /// As published.
    pub text: String,
}

/// Whom a declaration is for.
pub(super) fn audience(partners: &[(String, String, bool)], error: Option<&FormError>) -> Option<AnyView> {
    let open =
        partners.iter().any(|(_, _, is_ticked)| *is_ticked) || error.is_some_and(|e| e.field == "partner");
    let boxes: Vec<_> = partners
        .iter()
        .map(|(id, name, is_ticked)| {
            view! { <label class="radio"><input type="checkbox" name="partner" value=id.clone() checked=*is_ticked /><span>{name.clone()}</span></label> }
        })
        .collect();
    (!boxes.is_empty()).then(|| {
        view! {
            <fieldset class="f"><legend>"Who may know"</legend>
                <details open=open>
                    <summary>"Everybody, unless you choose partners"</summary>
                    <p class="d">"Only the chosen partners read it, on their own pages, and only their people are told. The public page, its cells and its feeds stay as they are."</p>
                    <div class="picks">{boxes}</div>
                </details>
                {remark(error, "partner")}
            </fieldset>
        }
        .into_any()
    })
}

/// Says that an incident is not public.
pub(super) fn only_for(facts: &Facts) -> Option<AnyView> {
    (!facts.only_for.is_empty()).then(|| {
        let names = facts.only_for.join(", ");
        view! { <p class="card note">"Only for "<b>{names}</b>". Nobody else sees it or is told."</p> }
            .into_any()
    })
}

/// What was written for single partners, and the form for more.
pub(super) fn facts(frame: &Frame, incident_id: &str, model: &Facts) -> Option<AnyView> {
    if model.lines.is_empty() && (model.choices.is_empty() || !model.may_write) {
        return None;
    }
    let lines: Vec<_> = model
        .lines
        .iter()
        .map(|l| view! { <li><b>{l.partner.clone()}</b>" "<small>{l.at.clone()}</small><p>{l.text.clone()}</p></li> })
        .collect();
    let open = model.error.is_some();
    let form = (model.may_write && !model.choices.is_empty()).then(|| {
        let choices = model
            .choices
            .iter()
            .map(|(id, name)| view! { <option value=id.clone() selected=*id == model.partner>{name.clone()}</option> })
            .collect_view();
        view! {
            <details open=open>
                <summary>"Tell one partner more"</summary>
                <form method="post" action=format!("/console/incidents/{incident_id}/facts")>
                    {frame.token()}
                    <input type="hidden" name="idempotency_key" value=model.idempotency_key.clone() />
                    {remark(model.error.as_ref(), "")}
                    <div class="f">
                        <label for="facts-partner">"Partner"</label>
                        <select id="facts-partner" name="partner" required><option value="">"choose"</option>{choices}</select>
                        {remark(model.error.as_ref(), "partner")}
                    </div>
                    <div class="f">
                        <label for="facts-text">"What only they are to know "<small>"it stands among the updates on their page, and their people are told at once"</small></label>
                        <textarea id="facts-text" name="facts" rows="3" maxlength="2000" required>{area_text(&model.text)}</textarea>
                        {remark(model.error.as_ref(), "facts")}
                    </div>
                    <div class="act"><button>"Publish to this partner"</button></div>
                </form>
            </details>
        }
    });
    Some(
        view! {
            <section id="facts">
                <h2>"For single partners"</h2>
                {(!lines.is_empty()).then(|| view! { <ul class="story">{lines}</ul> })}
                {form}
            </section>
        }
        .into_any(),
    )
}

/// A partner's audience.
#[derive(Debug, Clone, Default)]
pub struct PartnerPage {
    /// Public id.
    pub id: String,
    /// Name shown to us.
    pub name: String,
    /// `Live since 3 Mar 2026`, or that it is not.
    pub state: String,
    /// Whether it is live.
    pub is_live: bool,
    /// Address of its page; empty: this person may not see it.
    pub link: String,
    /// What is needed before it goes live: whether it is there, what, and the evidence.
    pub steps: Vec<(bool, &'static str, String)>,
    /// Id, masked address, channel, state and since when.
    pub people: Vec<(String, String, String, String, String)>,
    /// Incidents for this partner alone: id and title.
    pub incidents: Vec<(String, String)>,
    /// Whether this person may change it.
    pub may_change: bool,
    /// Whether this person may take its subscribers along as a file.
    pub may_export: bool,
    /// Its evidence packs.
    pub evidence: EvidenceShelf,
    /// What was done.
    pub done: Option<String>,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// The page.
#[must_use]
pub fn partner(frame: &Frame, model: &PartnerPage) -> String {
    frame.page(|| {
        view! {
            <p class="d crumb"><a href="/console/desk-book/partners">"Key accounts"</a></p>
            <div class="bar"><h1>{model.name.clone()}</h1><a class="button" href=format!("/console/desk-book/partners/{}", model.id)>"Edit"</a></div>
            <p class="d">{model.state.clone()}</p>
            {model.done.clone().map(|done| view! { <p class="card note" role="status">{done}</p> })}
            {remark(model.error.as_ref(), "")}
            {link(frame, model)}
            {checklist(frame, model)}
            <h2>"Their people and endpoints"</h2>
            {people(model)}
            {(model.may_export && !model.people.is_empty()).then(|| export(frame, model))}
            {incidents(model)}
            {evidence_shelf(frame, &model.id, &model.evidence, model.may_change)}
        }
        .into_any()
    })
}

fn export(frame: &Frame, model: &PartnerPage) -> AnyView {
    view! {
        <form method="post" action="/console/subscribers/export">
            {frame.token()}
            <input type="hidden" name="partner" value=model.id.clone() />
            <div class="act"><button>"Export their mail subscribers"</button><span class="d">"You are asked for your password and a code; every owner is told by mail."</span></div>
        </form>
    }
    .into_any()
}

fn verb(
    frame: &Frame,
    model: &PartnerPage,
    verb: &'static str,
    label: &'static str,
    class: &'static str,
) -> AnyView {
    view! {
        <form method="post" action=format!("/console/partners/{}", model.id)>{frame.token()}<button class=class name="verb" value=verb>{label}</button></form>
    }
    .into_any()
}

fn link(frame: &Frame, model: &PartnerPage) -> Option<AnyView> {
    (!model.link.is_empty()).then(|| {
        let renew = model.may_change.then(|| verb(frame, model, "link", "Make a new link", ""));
        view! {
            <h2>"Their page"</h2>
            <p><a href=model.link.clone()><code>{model.link.clone()}</code></a></p>
            <p class="d">"Whoever has this link reads what they sell, what is written for them, and can subscribe there. A new link ends this one, in mails too."</p>
            {renew}
        }
        .into_any()
    })
}

fn checklist(frame: &Frame, model: &PartnerPage) -> AnyView {
    let steps: Vec<_> = model
        .steps
        .iter()
        .map(|(is_done, what, evidence)| {
            let (mark, class) = if *is_done { ("✓", "ok") } else { ("–", "") };
            let words = if *is_done { "done" } else { "missing" };
            view! { <li class=class><span aria-hidden="true">{mark}</span><span><b>{*what}</b>" "<small>{format!("{words}: {evidence}")}</small></span></li> }
        })
        .collect();
    let acts = model.may_change.then(|| {
        let live = match model.is_live {
            true => verb(frame, model, "sandbox", "Back to the sandbox", ""),
            false => verb(frame, model, "live", "Go live", "go"),
        };
        view! { <div class="act">{verb(frame, model, "test", "Send a test notice to all of them", "")}{live}</div> }
    });
    view! {
        <h2>"Coming aboard"</h2>
        <p class="d">"Until it is live, this partner is told only what is written for it: tests, its own incidents, its own facts. Nothing of that reaches anybody else."</p>
        <ul class="steps">{steps}</ul>
        {acts}
    }
    .into_any()
}

fn people(model: &PartnerPage) -> AnyView {
    if model.people.is_empty() {
        return view! { <p class="empty">"Nobody yet. Send them the link to their page: Get updates there makes them theirs."</p> }.into_any();
    }
    let rows: Vec<_> = model
        .people
        .iter()
        .map(|(id, address, channel, state, since)| {
            view! { <tr><td><a href=format!("/console/subscribers/{id}")>{address.clone()}</a></td><td>{channel.clone()}</td><td>{state.clone()}</td><td>{since.clone()}</td></tr> }
        })
        .collect();
    view! {
        <table class="now"><thead><tr><th>"Address"</th><th>"Channel"</th><th>"State"</th><th>"Since"</th></tr></thead><tbody>{rows}</tbody></table>
    }
    .into_any()
}

fn incidents(model: &PartnerPage) -> Option<AnyView> {
    let lines: Vec<_> = model
        .incidents
        .iter()
        .map(|(id, title)| view! { <li><a href=format!("/console/incidents/{id}")>{title.clone()}</a></li> })
        .collect();
    (!lines.is_empty()).then(|| view! { <h2>"Incidents for them alone"</h2><ul>{lines}</ul> }.into_any())
}
