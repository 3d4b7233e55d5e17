//! Commanding together: who leads, texts that wait for a second person, and how a form is handed in.

use leptos::prelude::*;

use super::{
    access::remark,
    chrome::Frame,
    model::FormError,
    writing::{Found, findings},
};
use crate::ui::area_text;

/// How a form is handed in.
#[derive(Debug, Clone, Default)]
pub struct Acts {
    /// Whether a second person is needed; none: it depends on the severity chosen in the form.
    pub needs_second: Option<bool>,
    /// Whether this person may publish it.
    pub may_publish: bool,
    /// Where the form is kept: `/console/drafts/updates/<incident>`.
    pub keep: String,
    /// `Publish to 12 subscribers`.
    pub label: String,
    /// Reason as typed.
    pub break_glass: String,
    /// Time as typed.
    pub publish_at: String,
    /// What was wrong.
    pub error: Option<FormError>,
    /// What the rules of writing find in the text as typed.
    pub findings: Vec<Found>,
    /// What readers would get of the text as typed.
    pub seen: Option<Seen>,
}

/// A form as its readers would get it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Where its page and its mail are: `/console/drafts/updates/<incident>/as`.
    pub base: String,
    /// Subject of the mail.
    pub subject: String,
    /// The mail's plain part.
    pub text: String,
    /// The webhook's body.
    pub webhook: String,
    /// Why it cannot be published as it is; empty: it can.
    pub not_yet: String,
}

/// Page, mail and webhook side by side.
fn seen(seen: &Seen) -> AnyView {
    if !seen.not_yet.is_empty() {
        return view! { <p class="card note">{format!("What readers get is shown here once it can be published: {}", seen.not_yet)}</p> }.into_any();
    }
    let (page, mail) = (format!("{}/page", seen.base), format!("{}/mail", seen.base));
    view! {
        <section class="seen" aria-label="What readers get">
            <figure><figcaption><b>"Page"</b></figcaption><iframe src=page title="The incident’s page" sandbox=""></iframe></figure>
            <figure>
                <figcaption><b>"Mail"</b>" "<small>{seen.subject.clone()}</small></figcaption>
                <iframe src=mail title="The mail" sandbox=""></iframe>
                <details><summary>"Plain part"</summary><pre tabindex="0">{seen.text.clone()}</pre></details>
            </figure>
            <figure><figcaption><b>"Webhook"</b></figcaption><pre tabindex="0">{seen.webhook.clone()}</pre></figure>
        </section>
    }
    .into_any()
}

/// The buttons of a form: publish, ask, preview, save; alone or later behind a fold.
pub(super) fn acts(acts: &Acts) -> AnyView {
    let to = |verb: &str| format!("{}/{verb}", acts.keep);
    let (ask, save, preview) = (to("ask"), to("save"), to("preview"));
    let error = acts.error.as_ref();
    let may_ask = acts.needs_second != Some(false) || !acts.may_publish;
    let may_go = acts.may_publish && acts.needs_second != Some(true);
    // Once it was looked at, what comes next is to publish it.
    let is_next = acts.seen.as_ref().is_some_and(|s| s.not_yet.is_empty());
    let go = may_go.then(|| view! { <button class="go" autofocus=is_next>{acts.label.clone()}</button> });
    let asking = may_ask.then(|| {
        view! { <button class=(!may_go).then_some("go") formaction=ask.clone() autofocus=is_next && !may_go>"Ask for approval"</button> }
    });
    let alone = (acts.may_publish && acts.needs_second != Some(false)).then(|| alone(acts));
    let open = error.is_some_and(|e| matches!(e.field.as_str(), "approval" | "break_glass" | "publish_at"));
    let id = format!("later-{}", acts.keep.replace('/', "-"));
    view! {
        {findings(acts)}
        {acts.seen.as_ref().map(seen)}
        {remark(error, "approval")}
        <div class="act">
            {go}{asking}
            <button name="preview" value="yes" formaction=preview formnovalidate>"Preview"</button>
            <button formaction=save formnovalidate>"Save draft"</button>
            <small data-saved="" role="status"></small>
        </div>
        <details open=open>
            <summary>{if alone.is_some() { "Alone, or later" } else { "Later" }}</summary>
            {alone}
            <div class="f">
                <label for=id.clone()>"Publish at "<small>"UTC; within 30 days"</small></label>
                <input id=id name="publish_at" type="datetime-local" value=acts.publish_at.clone() />
                {remark(error, "publish_at")}
            </div>
            <div class="act"><button formaction=ask>"Schedule"</button></div>
        </details>
    }
    .into_any()
}

fn alone(acts: &Acts) -> AnyView {
    let id = format!("alone-{}", acts.keep.replace('/', "-"));
    view! {
        <div class="f">
            <label for=id.clone()>"Break the glass: why can nobody else approve this in time? "<small>"logged, and counted in the ledger"</small></label>
            <input id=id name="break_glass" maxlength="500" value=acts.break_glass.clone() />
            {remark(acts.error.as_ref(), "break_glass")}
        </div>
        <div class="act"><button name="how" value="alone">"Publish alone"</button></div>
    }
    .into_any()
}

/// Name, and since when.
pub type Holder = (String, String);

/// Who leads an incident.
#[derive(Debug, Clone, Default)]
pub struct Leads {
    /// The incident's public id.
    pub incident_id: String,
    /// Slug, words, and who holds it since when.
    pub parts: Vec<(&'static str, &'static str, Option<Holder>)>,
    /// Id and `Name (role)` of those who can take a part.
    pub people: Vec<(String, String)>,
    /// Hand-overs, newest first.
    pub history: Vec<String>,
    /// Whether this person may hand over.
    pub may_hand_over: bool,
    /// Part, person and note as typed.
    pub typed: (String, String, String),
    /// What was wrong.
    pub error: Option<FormError>,
}

/// Who leads, and the form that hands over.
pub(super) fn leads(frame: &Frame, model: &Leads) -> AnyView {
    let rows = model
        .parts
        .iter()
        .map(|(_, words, holder)| {
            let who = holder.as_ref().map_or_else(
                || view! { <small>"nobody yet"</small> }.into_any(),
                |(name, since)| view! { <span><b>{name.clone()}</b><br /><small>{format!("since {since}")}</small></span> }.into_any(),
            );
            view! { <li><span>{*words}</span>{who}</li> }
        })
        .collect_view();
    let history = model.history.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
    let form = model.may_hand_over.then(|| hand_over(frame, model));
    view! {
        <h2 id="leads">"Who leads"</h2>
        <ul class="who">{rows}</ul>
        {form}
        {(!model.history.is_empty()).then(|| view! { <details><summary>"Hand-overs"</summary><ul class="changes">{history}</ul></details> })}
    }
    .into_any()
}

fn hand_over(frame: &Frame, model: &Leads) -> AnyView {
    let (part, user, note) = model.typed.clone();
    let error = model.error.as_ref();
    let parts = model
        .parts
        .iter()
        .map(|(slug, words, _)| view! { <option value=*slug selected=*slug == part>{*words}</option> })
        .collect_view();
    let people = model
        .people
        .iter()
        .map(|(id, name)| view! { <option value=id.clone() selected=*id == user>{name.clone()}</option> })
        .collect_view();
    view! {
        <details open=error.is_some()>
            <summary>"Give or take a part"</summary>
            <form method="post" action=format!("/console/incidents/{}/leads", model.incident_id)>
                {frame.token()}
                <div class="f"><label for="lead-part">"Part"</label><select id="lead-part" name="part">{parts}</select></div>
                <div class="f"><label for="lead-user">"Goes to"</label><select id="lead-user" name="user">{people}</select>{remark(error, "user")}</div>
                <div class="f">
                    <label for="lead-note">"Hand-over note "<small>"what is under way, what comes next; needed when somebody hands over"</small></label>
                    <textarea id="lead-note" name="note" rows="2" maxlength="1000">{area_text(&note)}</textarea>
                    {remark(error, "note")}
                </div>
                <div class="act"><button>"Hand over"</button></div>
            </form>
        </details>
    }
    .into_any()
}

/// A kept text in a list.
#[derive(Debug, Clone)]
pub struct DraftLine {
    /// Public id.
    pub id: String,
    /// `Update on [Sev 1] France/…`.
    pub what: String,
    /// `Ana asks since 08:20 UTC`.
    pub state: String,
}

/// Kept texts, if there are any.
pub(super) fn waiting(lines: &[DraftLine]) -> Option<AnyView> {
    if lines.is_empty() {
        return None;
    }
    let rows = lines
        .iter()
        .map(|d| {
            let href = format!("/console/drafts/{}", d.id);
            view! { <li><a href=href>{d.what.clone()}</a><small>{d.state.clone()}</small></li> }
        })
        .collect_view();
    Some(view! { <section><h2>"Texts that wait"</h2><ul class="who">{rows}</ul></section> }.into_any())
}

/// A kept text with what may be done.
#[derive(Debug, Clone, Default)]
pub struct DraftPage {
    /// Public id.
    pub id: String,
    /// `Update`.
    pub form: &'static str,
    /// Its incident: public id and title; none: a declaration.
    pub incident: Option<(String, String)>,
    /// Who wrote it, and since when it waits.
    pub asked: String,
    /// In words: where it stands.
    pub state: String,
    /// Why it came back.
    pub note: String,
    /// Label and text of every filled field.
    pub fields: Vec<(String, String)>,
    /// What the rules of writing find in it.
    pub findings: Vec<String>,
    /// Whether it can still be decided on.
    pub is_open: bool,
    /// Whether this person may approve it.
    pub may_approve: bool,
    /// Why not, if so.
    pub why_not: String,
    /// Whether this person may take it back.
    pub may_discard: bool,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// A text that waits for a second person.
#[must_use]
pub fn draft(frame: &Frame, model: &DraftPage) -> String {
    let fields = model
        .fields
        .iter()
        .map(|(label, text)| view! { <p><b>{label.clone()}". "</b>{text.clone()}</p> })
        .collect_view();
    let hints = model.findings.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
    let hints = (!model.findings.is_empty())
        .then(|| view! { <p>"The rules of writing find:"</p><ul class="changes">{hints}</ul> });
    let incident = model.incident.as_ref().map(|(id, title)| {
        view! { <p class="d">"About "<a href=format!("/console/incidents/{id}")>{title.clone()}</a></p> }
    });
    let action = |verb: &str| format!("/console/drafts/{}/{verb}", model.id);
    let error = model.error.as_ref();
    let approve = (model.is_open && model.may_approve).then(|| {
        view! {
            <form method="post" action=action("approve")>
                {frame.token()}
                <div class="act"><button class="go">"Approve and publish"</button></div>
            </form>
            <details open=error.is_some_and(|e| e.field == "note")>
                <summary>"Return with a note"</summary>
                <form method="post" action=action("return")>
                    {frame.token()}
                    <div class="f"><label for="note">"What should change"</label><textarea id="note" name="note" rows="2" required maxlength="1000"></textarea>{remark(error, "note")}</div>
                    <div class="act"><button>"Return"</button></div>
                </form>
            </details>
        }
    });
    let discard = (model.is_open && model.may_discard).then(|| {
        view! { <form method="post" action=action("discard")>{frame.token()}<div class="act"><button>"Take it back"</button></div></form> }
    });
    frame.page(|| {
        view! {
            <h1>{format!("{} for approval", model.form)}</h1>
            {incident}
            <p class="d">{model.asked.clone()}" · "{model.state.clone()}</p>
            {remark(error, "")}{remark(error, "approval")}
            {(!model.note.is_empty()).then(|| view! { <p class="card note">{format!("Returned: {}", model.note)}</p> })}
            <article class="card preview">{fields}</article>
            {hints}
            {(!model.why_not.is_empty()).then(|| view! { <p class="d">{model.why_not.clone()}</p> })}
            {approve}{discard}
        }
        .into_any()
    })
}
