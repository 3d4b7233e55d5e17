//! What a mail says to one subscriber.

use delivery::email::{
    Rendered,
    template::{ConfirmSubscription, IncidentUpdate, KnownSubscription, Reader, SubscriberNotice},
};
use domain::{
    clock::Timestamp,
    language::{self, Language, alarm, mail},
    notice::{MeasuredChange, MeasuredNotice},
};
use store::SubscriberRow;

use super::told::Told;
use crate::{commands::subscribe, state::App};

/// The links of a mail to one subscriber.
#[derive(Debug)]
pub(super) struct Links {
    /// Page with the unsubscribe button; takes the one-click POST too.
    pub(super) unsubscribe_url: String,
    /// Page where the subscription is changed.
    pub(super) manage_url: String,
}

/// Subject and bodies, or why there are none. Retries of a mail say the same as its first try.
pub(super) fn content(
    app: &App,
    told: &Told,
    subscriber: &SubscriberRow,
    links: &Links,
) -> Result<Rendered, String> {
    let now = told.outbox.created_at;
    let rendered = match (&told.about, told.outbox.kind.as_str()) {
        (Some(notice), _) => {
            let reader = Reader {
                unsubscribe_url: links.unsubscribe_url.clone(),
                manage_url: links.manage_url.clone(),
                time_zone: subscriber.time_zone.clone(),
                language: Language::of(&subscriber.language),
            };
            IncidentUpdate::new(notice, &reader, now).render()
        }
        (None, "confirmation") => confirmation(app, told, subscriber, links).render(),
        (None, kind @ ("test" | "endpoint_failing" | "endpoint_disabled")) => {
            notice(told, kind, subscriber, links).render()
        }
        (None, "measured_digest") => match &told.measured {
            Some(measured) if !measured.changes.is_empty() => {
                digest(told, measured, subscriber, links).render()
            }
            _ => return Err("what it tells of is not there any more".into()),
        },
        (None, "known") => known(app, told, subscriber, links).render(),
        (None, _) => return Err("the update is not there any more".into()),
    };
    rendered.map_err(|e| e.to_string())
}

fn confirmation(app: &App, told: &Told, subscriber: &SubscriberRow, links: &Links) -> ConfirmSubscription {
    let now = told.outbox.created_at;
    let token = subscribe::confirm_token(&app.keys, subscriber);
    let until = Timestamp::from_millis(subscriber.confirm_expires_at.unwrap_or(0));
    let language = Language::of(&subscriber.language);
    ConfirmSubscription {
        language,
        page_name: told.page_name.clone(),
        scope: scope(app, subscriber),
        confirm_url: format!("{}/confirm/{token}", app.config.origin()),
        valid_until: ConfirmSubscription::until(language, until, now),
        unsubscribe_url: links.unsubscribe_url.clone(),
    }
}

fn known(app: &App, told: &Told, subscriber: &SubscriberRow, links: &Links) -> KnownSubscription {
    KnownSubscription {
        language: Language::of(&subscriber.language),
        page_name: told.page_name.clone(),
        scope: scope(app, subscriber),
        manage_url: links.manage_url.clone(),
        unsubscribe_url: links.unsubscribe_url.clone(),
    }
}

fn notice(told: &Told, kind: &str, subscriber: &SubscriberRow, links: &Links) -> SubscriberNotice {
    let language = Language::of(&subscriber.language);
    let (page_name, host) = (told.page_name.clone(), &subscriber.host);
    let (subject, lines) = match kind {
        "test" => (language.fill(mail::TEST_SUBJECT, &[&page_name]), vec![mail::TEST]),
        "endpoint_failing" => {
            (language.fill(alarm::FAILING_SUBJECT, &[host]), vec![alarm::FAILING, alarm::FAILING_AGAIN])
        }
        _ => (language.fill(alarm::DISABLED_SUBJECT, &[host]), vec![alarm::DISABLED, alarm::DISABLED_AGAIN]),
    };
    SubscriberNotice {
        language,
        page_name,
        subject,
        lines: lines.into_iter().map(|l| language.say(l).to_owned()).collect(),
        manage_url: links.manage_url.clone(),
        unsubscribe_url: links.unsubscribe_url.clone(),
    }
}

/// Cells that a digest names at most.
const NAMED: usize = 25;

/// What a digest says: its first sentence, and one line per cell.
pub(super) fn digest_lines(measured: &MeasuredNotice, language: Language) -> Vec<String> {
    let line = |c: &MeasuredChange| {
        let words = |status| language.say(language::status(status));
        let (cell, colon) = (&c.cell, language.colon());
        let place = format!("{}, {}", cell.component_name, cell.country_name);
        format!("{place}{colon} {} → {} ({})", words(cell.old_status), words(cell.new_status), c.evidence)
    };
    let mut lines = vec![language.say(mail::MEASURED).to_owned()];
    lines.extend(measured.changes.iter().take(NAMED).map(line));
    if let Some(more) = measured.changes.len().checked_sub(NAMED).filter(|n| *n > 0) {
        lines.push(language.fill(mail::MEASURED_MORE, &[&more.to_string()]));
    }
    lines
}

fn digest(
    told: &Told,
    measured: &MeasuredNotice,
    subscriber: &SubscriberRow,
    links: &Links,
) -> SubscriberNotice {
    let language = Language::of(&subscriber.language);
    let mut lines = digest_lines(measured, language);
    lines.push(format!("{}{} {}", language.say(mail::LIVE_STATUS), language.colon(), measured.origin));
    SubscriberNotice {
        language,
        page_name: told.page_name.clone(),
        subject: language.fill(mail::MEASURED_SUBJECT, &[&told.page_name]),
        lines,
        manage_url: links.manage_url.clone(),
        unsubscribe_url: links.unsubscribe_url.clone(),
    }
}

fn scope(app: &App, subscriber: &SubscriberRow) -> String {
    let scope = subscriber.scope().unwrap_or_default();
    app.snapshot.with_world(|w| scope.words_in(Language::of(&subscriber.language), w))
}
