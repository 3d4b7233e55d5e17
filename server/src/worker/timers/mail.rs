//! Reminders and notices by mail, to people of the operator. Claimed with a lease and a fence like every delivery.

use delivery::{
    email::{
        MailAddress, Outgoing, Rendered,
        message::{build, opaque},
        template::{OwnerNotice, StaffReminder},
    },
    outcome::Outcome,
};
use domain::clock::{MINUTE, SECOND, Timestamp};
use store::ReminderRow;

use crate::{commands::Refusal, keys::Purpose, state::App, worker::outbox::Senders};

/// A claim holds this long.
const LEASE: i64 = 60 * SECOND;
/// Tries before a reminder is given up: by then it is old.
const TRIES_MAX: i64 = 8;
/// Between tries.
const PAUSE: i64 = MINUTE;

/// Sends every reminder that is due; how many were tried.
pub async fn send_reminders(app: &App, senders: &Senders) -> Result<usize, Refusal> {
    let mut tried = 0;
    loop {
        let now = app.clock.now();
        let mut tx = app.store.write().await?;
        let Some(row) = tx.claim_reminder(&app.presence.fence(), now, now.plus(LEASE)).await? else {
            return Ok(tried);
        };
        let to = tx.user(&row.user_id).await?.filter(|u| !u.is_disabled).map(|u| u.email);
        tx.commit().await?;
        let outcome = match to {
            Some(to) => send(app, senders, &row, &to).await,
            None => Outcome::Dead("the person cannot sign in any more".into()),
        };
        let (state, next) = kept(&outcome, row.attempts, app.clock.now());
        let mut tx = app.store.write().await?;
        tx.keep_reminder(&row, state, next).await?;
        tx.commit().await?;
        tried += 1;
    }
}

/// Sends every notice to owners that is due; how many were tried.
pub async fn send_owner_notices(app: &App, senders: &Senders) -> Result<usize, Refusal> {
    let mut tried = 0;
    loop {
        let now = app.clock.now();
        let mut tx = app.store.write().await?;
        let Some(row) = tx.claim_owner_notice(&app.presence.fence(), now, now.plus(LEASE)).await? else {
            return Ok(tried);
        };
        let to = tx.user(&row.user_id).await?.filter(|u| !u.is_disabled).map(|u| u.email);
        tx.commit().await?;
        let notice = OwnerNotice {
            page_name: app.snapshot.with_world(|w| w.page_name.clone()),
            words: row.words.clone(),
            link: format!("{}{}", app.config.origin(), row.path),
        };
        let outcome = match (to, notice.render()) {
            (Some(to), Ok(content)) => {
                let ids = Ids { message: ["owner-notice", &row.id], thread: None };
                post(app, senders, &to, &content, ids, row.at).await
            }
            (None, _) => Outcome::Dead("the person cannot sign in any more".into()),
            (_, Err(error)) => Outcome::Dead(error.to_string()),
        };
        let (state, next) = kept(&outcome, row.attempts, app.clock.now());
        let mut tx = app.store.write().await?;
        tx.keep_owner_notice(&row, state, next).await?;
        tx.commit().await?;
        tried += 1;
    }
}

/// What becomes of a mail after an attempt: its state, and when it is due again.
fn kept(outcome: &Outcome, attempts: i64, now: Timestamp) -> (&'static str, Timestamp) {
    match outcome {
        Outcome::Delivered(_) => ("delivered", now),
        Outcome::Dead(_) => ("dead", now),
        _ if attempts >= TRIES_MAX => ("dead", now),
        _ => ("queued", now.plus(PAUSE)),
    }
}

async fn send(app: &App, senders: &Senders, row: &ReminderRow, to: &str) -> Outcome {
    let page_name = app.snapshot.with_world(|w| w.page_name.clone());
    let reminder = StaffReminder {
        page_name,
        words: row.words.clone(),
        link: format!("{}/console/incidents/{}", app.config.origin(), row.incident_id),
    };
    let content = match reminder.render() {
        Ok(content) => content,
        Err(error) => return Outcome::Dead(error.to_string()),
    };
    let ids = Ids { message: ["reminder", &row.id], thread: Some(["incident", &row.incident_id]) };
    post(app, senders, to, &content, ids, row.at).await
}

/// What the ids of a mail are hashed from.
struct Ids<'a> {
    message: [&'a str; 2],
    thread: Option<[&'a str; 2]>,
}

async fn post(
    app: &App,
    senders: &Senders,
    to: &str,
    content: &Rendered,
    ids: Ids<'_>,
    date: Timestamp,
) -> Outcome {
    let Some((smtp, from)) = senders.relay() else {
        return Outcome::Unreachable("no mail relay is configured".into());
    };
    let Ok(to) = MailAddress::parse(to) else { return Outcome::Dead("the address is not valid".into()) };
    let mac = |parts: &[&str]| opaque(&app.keys.mac(Purpose::MessageId, parts));
    let message = build(&Outgoing {
        from_name: &app.snapshot.with_world(|w| w.page_name.clone()),
        from,
        to: &to,
        content,
        message_id: &mac(&ids.message),
        thread_id: ids.thread.map(|t| mac(&t)).as_deref(),
        unsubscribe_url: None,
        unsubscribe_mail: None,
        date,
    });
    match message {
        Ok(message) => smtp.send(from, &to, &message, app.clock.now()).await,
        Err(poison) => Outcome::Dead(poison.to_string()),
    }
}
