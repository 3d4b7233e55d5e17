//! Lists: incidents, subscribers, the demo's mail spool.

use domain::severity::Severity;
use leptos::prelude::*;

use super::{
    access::remark,
    chrome::Frame,
    found::found,
    model::{IncidentLine, Subscribers},
    now::countdown,
};
use crate::ui::area_text;

/// The class that colours a severity.
pub(super) const fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Sev1 => "sev1",
        Severity::Sev2 => "sev2",
        Severity::Sev3 => "sev3",
        Severity::Sev4 => "sev4",
    }
}

/// `Sev 2 · Major` as a tag.
pub(super) fn severity_tag(severity: Severity) -> AnyView {
    let class = format!("tag {}", severity_class(severity));
    view! { <span class=class>{format!("{} · {}", severity.label(), severity.word())}</span> }.into_any()
}

/// A table of incidents, or what to say when there are none.
pub(super) fn incident_rows(lines: &[IncidentLine], now_ms: i64, empty: &'static str) -> AnyView {
    if lines.is_empty() {
        return view! { <p class="empty">{empty}</p> }.into_any();
    }
    let rows: Vec<_> = lines
        .iter()
        .map(|i| {
            let href = format!("/console/incidents/{}", i.id);
            let due = i.next_update.as_ref().map(|d| countdown(d, now_ms));
            view! {
                <tr>
                    <td>{severity_tag(i.severity)}</td>
                    <td><a href=href>{i.title.clone()}</a><br /><small>{format!("{} · started {}", i.phase, i.started)}</small></td>
                    <td>{i.lasted.clone()}</td>
                    <td class="clock">{due}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <table class="now">
            <thead><tr><th>"Severity"</th><th>"Incident"</th><th>"Duration"</th><th>"Next update"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Open and past incidents.
#[must_use]
pub fn incidents(frame: &Frame, open: &[IncidentLine], past: &[IncidentLine]) -> String {
    frame.page(|| {
        view! {
            <div class="bar"><h1>"Incidents"</h1><a class="button" href="/console/incidents/backfill">"Enter a past one"</a><a class="button go" href="/console/incidents/new">"Declare an incident"</a></div>
            <h2>"Open"</h2>
            {incident_rows(open, frame.now_ms, "Nothing is open.")}
            <h2>"Past 90 days"</h2>
            {incident_rows(past, frame.now_ms, "No incident in the past 90 days.")}
        }
        .into_any()
    })
}

/// Subscribers and the queue.
#[must_use]
pub fn subscribers(frame: &Frame, model: &Subscribers) -> String {
    let counts: Vec<_> = model
        .counts
        .iter()
        .map(|(channel, state, n)| view! { <tr><td>{channel.clone()}</td><td>{state.clone()}</td><td class="n">{*n}</td></tr> })
        .collect();
    frame.page(|| {
        view! {
            <h1>"Subscribers"</h1>
            {model.done.clone().map(|done| view! { <p class="card note" role="status">{done}</p> })}
            {held_up(frame, model)}
            {held_digests(frame, model)}
            <h2>"Delivery in the past hour"</h2>
            {health(model)}
            <h2>"Who hears of incidents"</h2>
            {if counts.is_empty() {
                view! { <p class="empty">"Nobody yet. The public page has a form: "<a href="/subscribe">"Get updates"</a>"."</p> }.into_any()
            } else {
                view! {
                    <table class="now"><thead><tr><th>"Channel"</th><th>"State"</th><th class="n">"Count"</th></tr></thead><tbody>{counts}</tbody></table>
                    {found(&model.found)}
                }.into_any()
            }}
            {model.may_own.then(|| import(frame, model))}
            {model.may_own.then(|| export(frame))}
        }
        .into_any()
    })
}

/// Why mail is held up, and the way on.
fn held_up(frame: &Frame, model: &Subscribers) -> Option<AnyView> {
    let why = model.held_up.clone()?;
    let resume = model.may_own.then(|| {
        view! {
            <form method="post" action="/console/subscribers/resume-mail">
                {frame.token()}
                <div class="act"><button>"Send mail again"</button></div>
            </form>
        }
    });
    let card = view! {
        <div class="card note" role="alert">
            <p><b>"Mail that is no news of an incident is held up. "</b>{why}</p>
            <p>"Updates about incidents still leave. Confirmations, tests and notices about endpoints wait for a day at most. Look where the addresses came from (an old import, a sign-up form that is abused), and at the wording, before you go on: an owner ends the pause here, and what came back so far is not counted again."</p>
            {resume}
        </div>
    };
    Some(card.into_any())
}

/// Why digests are held, and the way on.
fn held_digests(frame: &Frame, model: &Subscribers) -> Option<AnyView> {
    let why = model.held_digests.clone()?;
    let resume = model.may_command.then(|| {
        view! {
            <form method="post" action="/console/subscribers/resume-digests">
                {frame.token()}
                <div class="act"><button>"Send digests again"</button></div>
            </form>
        }
    });
    let card = view! {
        <div class="card note" role="alert">
            <p><b>"Digests of measured changes are held. "</b>{why}</p>
            <p>"Updates about incidents still leave, and endpoints still hear of every change. Look in Telemetry whether the grid flaps, or a source sends nonsense, before you go on."</p>
            {resume}
        </div>
    };
    Some(card.into_any())
}

fn health(model: &Subscribers) -> AnyView {
    let rows: Vec<_> = model
        .channels
        .iter()
        .map(|c| {
            let failed = if c.is_no_go {
                view! { <b class="overdue">{format!("{} – above 2 %", c.failed)}</b> }.into_any()
            } else {
                c.failed.clone().into_any()
            };
            view! {
                <tr>
                    <td>{c.name.clone()}</td><td>{c.waiting.clone()}<small class="l">{c.oldest.clone()}</small></td>
                    <td class="n">{c.delivered}<small class="l">{c.rate.clone()}</small></td><td>{c.took.clone()}</td><td>{failed}</td>
                </tr>
            }
        })
        .collect();
    let table = (!rows.is_empty()).then(|| {
        view! {
            <table class="now">
                <thead><tr><th>"Channel"</th><th>"Waiting"</th><th class="n">"Delivered"</th><th>"Publication to delivery"</th><th>"Given up or tried in vain"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
    });
    let nothing = table
        .is_none()
        .then(|| view! { <p class="empty">"Nothing waits, and nothing left in the past hour."</p> });
    view! { <p class="d">"Mail relay: "{model.mail.clone()}" · "<a href="/console/deliveries.json">"for machines"</a></p>{table}{nothing} }.into_any()
}

fn import(frame: &Frame, model: &Subscribers) -> AnyView {
    let error = model.error.as_ref();
    view! {
        <details open=error.is_some()>
            <summary>"Import"</summary>
            <form method="post" action="/console/subscribers/import">
                {frame.token()}
                <div class="f">
                    <label for="csv">"CSV "<small>"first line: address, then any of countries, portfolios, components, min_severity, time_zone, language; a file from the export below is taken as it is; 25,000 lines at most; nobody is notified"</small></label>
                    <textarea id="csv" name="csv" rows="6" required spellcheck="false">{area_text(&model.csv)}</textarea>
                    {remark(error, "csv")}
                </div>
                <div class="f">
                    <label for="consent">"How did they agree to get these mails? "<small>"kept with each of them"</small></label>
                    <input id="consent" name="consent" required maxlength="200" value=model.consent.clone() />
                    {remark(error, "consent")}
                </div>
                <div class="act"><button>"Import"</button></div>
            </form>
        </details>
    }
    .into_any()
}

fn export(frame: &Frame) -> AnyView {
    view! {
        <details>
            <summary>"Export"</summary>
            <form method="post" action="/console/subscribers/export">
                {frame.token()}
                <p class="d">"A CSV file of everybody who gets mail, with what they chose. You are asked for your password and a code; every owner is told by mail that you did it. Endpoints and chats are left out: their addresses are secrets of others."</p>
                <div class="act"><button>"Export subscribers"</button></div>
            </form>
        </details>
    }
    .into_any()
}

/// Mails that the demo's sink took: file name, recipient, subject.
#[must_use]
pub fn mail_spool(frame: &Frame, mails: &[(String, String, String)]) -> String {
    let rows: Vec<_> = mails
        .iter()
        .map(|(file, to, subject)| {
            let href = format!("/console/mail-spool/{file}");
            view! { <tr><td><a href=href>{subject.clone()}</a></td><td>{to.clone()}</td></tr> }
        })
        .collect();
    frame.page(|| {
        view! {
            <h1>"Mail spool"</h1>
            <p class="d">"The demo sends real mail by SMTP to a sink of its own. Nothing leaves this machine; the newest comes first."</p>
            {if rows.is_empty() {
                view! { <p class="empty">"No mail yet. Subscribe with any address on the public page."</p> }.into_any()
            } else {
                view! { <table class="now"><thead><tr><th>"Subject"</th><th>"To"</th></tr></thead><tbody>{rows}</tbody></table> }.into_any()
            }}
        }
        .into_any()
    })
}

/// One mail as it was sent.
#[must_use]
pub fn mail(frame: &Frame, file: &str, source: &str) -> String {
    let (file, source) = (file.to_owned(), source.to_owned());
    frame.page(|| view! { <h1>{file}</h1><pre class="mail" tabindex="0">{source}</pre> }.into_any())
}
