//! Reminders by mail, to people of the operator. Claimed with a lease and a fence like every delivery.

use delivery::{
    email::{
        MailAddress, Outgoing,
        message::{build, opaque},
        template::StaffReminder,
    },
    outcome::Outcome,
};
use domain::clock::{MINUTE, SECOND};
use store::ReminderRow;

use crate::{clock::new_id, commands::Refusal, keys::Purpose, state::App, worker::outbox::Senders};

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
        let Some(row) = tx.claim_reminder(&new_id(), now, now.plus(LEASE)).await? else { return Ok(tried) };
        let to = tx.user(&row.user_id).await?.filter(|u| !u.is_disabled).map(|u| u.email);
        tx.commit().await?;
        let outcome = match to {
            Some(to) => send(app, senders, &row, &to).await,
            None => Outcome::Dead("the person cannot sign in any more".into()),
        };
        let now = app.clock.now();
        let (state, next) = match outcome {
            Outcome::Delivered(_) => ("delivered", now),
            Outcome::Dead(_) => ("dead", now),
            _ if row.attempts >= TRIES_MAX => ("dead", now),
            _ => ("queued", now.plus(PAUSE)),
        };
        let mut tx = app.store.write().await?;
        tx.keep_reminder(&row, state, next).await?;
        tx.commit().await?;
        tried += 1;
    }
}

async fn send(app: &App, senders: &Senders, row: &ReminderRow, to: &str) -> Outcome {
    let Some((smtp, from)) = senders.relay() else {
        return Outcome::Unreachable("no mail relay is configured".into());
    };
    let Ok(to) = MailAddress::parse(to) else { return Outcome::Dead("the address is not valid".into()) };
    let page_name = app.snapshot.with_world(|w| w.page_name.clone());
    let reminder = StaffReminder {
        page_name: page_name.clone(),
        words: row.words.clone(),
        link: format!("{}/console/incidents/{}", app.config.origin(), row.incident_id),
    };
    let content = match reminder.render() {
        Ok(content) => content,
        Err(error) => return Outcome::Dead(error.to_string()),
    };
    let mac = |parts: &[&str]| opaque(&app.keys.mac(Purpose::MessageId, parts));
    let message = build(&Outgoing {
        from_name: &page_name,
        from,
        to: &to,
        content: &content,
        message_id: &mac(&["reminder", &row.id]),
        thread_id: Some(&mac(&["incident", &row.incident_id])),
        unsubscribe_url: None,
        unsubscribe_mail: None,
        date: row.at,
    });
    match message {
        Ok(message) => smtp.send(from, &to, &message, app.clock.now()).await,
        Err(poison) => Outcome::Dead(poison.to_string()),
    }
}
