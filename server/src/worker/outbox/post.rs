//! One attempt: is it still wanted, what does it say, and what did the peer answer. No transaction is open here.

use delivery::{
    chat::{Card, Chat},
    outcome::Outcome,
    webhook::{Target, body, challenge, client::Delivery},
};
use domain::{
    clock::Timestamp,
    language::{Language, alarm, mail},
};
use store::SubscriberRow;

use super::{Senders, compose::digest_lines, lane::Verdict, told::Told};
use crate::{commands::subscribe, keys::Purpose, state::App};

/// Tries one delivery to a subscriber as it was read just now.
pub(super) async fn attempt(
    app: &App,
    senders: &Senders,
    told: &Told,
    subscriber: &SubscriberRow,
) -> Verdict {
    let is_handshake = !told.is_news();
    let asks = matches!(told.outbox.kind.as_str(), "confirmation" | "challenge" | "welcome");
    if subscriber.may_be_asked() && told.is_news() {
        return Verdict::Held;
    }
    if subscriber.state != if asks { "pending" } else { "confirmed" } {
        return Verdict::Skipped(format!("the subscriber is {}", subscriber.state));
    }
    if !is_handshake && subscriber.is_paused(app.clock.now()) {
        return Verdict::Skipped("the subscriber has paused".into());
    }
    Verdict::Tried(match Chat::from_slug(&subscriber.channel) {
        Some(which) => chat(app, senders, told, subscriber, which).await,
        None => webhook(app, senders, told, subscriber).await,
    })
}

fn unsubscribe_url(app: &App, subscriber: &SubscriberRow) -> String {
    format!("{}/u/{}", app.config.origin(), subscribe::unsubscribe_token(&app.keys, &subscriber.id))
}

async fn webhook(app: &App, senders: &Senders, told: &Told, subscriber: &SubscriberRow) -> Outcome {
    let client = &senders.client;
    let target = match Target::parse(&subscriber.address, client.guard()) {
        Ok(target) => target,
        Err(error) => return Outcome::retry(error.to_string()),
    };
    let Some(secrets) = subscribe::signing_secrets(&app.keys, subscriber, app.clock.now()) else {
        return Outcome::Dead("the signing secret cannot be opened".into());
    };
    let key = subscriber.is_key_signed.then(|| subscribe::key_pair(&app.keys, &subscriber.id)).flatten();
    let (id, at) = (format!("msg_{}", told.outbox.event_id), app.clock.now());
    let signed = Delivery { id: &id, at, secrets: &secrets, key: key.as_ref(), body: &[], is_once: false };
    if told.outbox.kind == "challenge" {
        let expected = app.keys.token(Purpose::MailLink, &["challenge", &told.outbox.event_id]);
        let body = challenge::body(&expected);
        let answer = client.post(&target, Delivery { body: &body, is_once: true, ..signed }).await;
        return match answer.outcome {
            Outcome::Delivered(_) if !challenge::passes(&expected, &answer.body) => {
                Outcome::retry("the answer does not hold the challenge")
            }
            outcome => outcome,
        };
    }
    match message(app, told, subscriber, at) {
        Ok(body) => client.post(&target, Delivery { body: &body, ..signed }).await.outcome,
        Err(why) => Outcome::Dead(why.into()),
    }
}

/// What an endpoint is told, as it goes out; or why there is nothing to tell any more.
fn message(
    app: &App,
    told: &Told,
    subscriber: &SubscriberRow,
    at: Timestamp,
) -> Result<Vec<u8>, &'static str> {
    if told.outbox.kind == "test" {
        let page = app.snapshot.with_world(|w| (w.page_id.clone(), w.page_name.clone()));
        return Ok(body::test(&page, at));
    }
    if let Some(body) = &told.canary {
        return Ok(body.clone().into_bytes());
    }
    if let (Some(measured), "component_update") = (&told.measured, told.outbox.kind.as_str()) {
        let change = measured.changes.first().ok_or("the cell is not there any more")?;
        return Ok(body::component_update(measured, change, &unsubscribe_url(app, subscriber), at));
    }
    let body = told.body().ok_or("the update is not there any more")?;
    Ok(body.to(&unsubscribe_url(app, subscriber), at))
}

async fn chat(app: &App, senders: &Senders, told: &Told, subscriber: &SubscriberRow, chat: Chat) -> Outcome {
    let client = &senders.client;
    let sealed = subscriber.secret_sealed.as_deref().unwrap_or_default();
    let url = app.keys.open(&subscribe::secret_context(&subscriber.id), sealed);
    let Some(url) = url.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return Outcome::Dead("the address cannot be opened".into());
    };
    let target = match Target::parse(&url, client.guard()) {
        Ok(target) => target,
        Err(error) => return Outcome::retry(error.to_string()),
    };
    let at = app.clock.now();
    let Some(card) = card(app, told, subscriber) else {
        return Outcome::Dead("the update is not there any more".into());
    };
    let answer = client
        .post(
            &target,
            Delivery {
                id: "",
                at,
                secrets: &[],
                key: None,
                body: &chat.body(&card),
                is_once: told.outbox.kind == "welcome",
            },
        )
        .await;
    match answer.outcome {
        Outcome::Delivered(said) if !chat.took(&answer.body) => Outcome::retry(said),
        // These services say 404 where the owner has removed the webhook.
        Outcome::Retry { answer, .. } if answer.starts_with("404") => Outcome::Gone(answer),
        outcome => outcome,
    }
}

fn card(app: &App, told: &Told, subscriber: &SubscriberRow) -> Option<Card> {
    let origin = app.config.origin();
    let manage =
        format!("{origin}{}", ::app::paths::manage(&subscribe::manage_token(&app.keys, &subscriber.id)));
    let language = Language::of(&subscriber.language);
    if let Some(notice) = &told.about {
        return Some(Card::new(notice, language, &manage, app.clock.now()));
    }
    let scope = subscriber.scope().unwrap_or_default();
    let name = told.page_name.clone();
    let scope = app.snapshot.with_world(|w| scope.words_in(language, w));
    match told.outbox.kind.as_str() {
        "welcome" => {
            let text = language.fill(alarm::WELCOME, &[&scope]);
            let title = language.fill(alarm::WELCOME_TITLE, &[&name]);
            Some(Card::notice(language, &title, &text, origin, &manage))
        }
        "test" => {
            let title = language.fill(mail::TEST_SUBJECT, &[&name]);
            Some(Card::notice(language, &title, language.say(mail::TEST), origin, &manage))
        }
        "measured_digest" => {
            let measured = told.measured.as_ref().filter(|m| !m.changes.is_empty())?;
            let title = language.fill(mail::MEASURED_SUBJECT, &[&name]);
            let text = digest_lines(measured, language).join("\n\n");
            Some(Card::notice(language, &title, &text, &measured.origin, &manage))
        }
        _ => None,
    }
}
