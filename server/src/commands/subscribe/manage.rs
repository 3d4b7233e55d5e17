//! Changing a subscription: by its owner through a link, or by an operator.

use delivery::webhook::sign::Secret;
use domain::clock::{DAY, Timestamp};
use serde_json::json;
use store::{SubscriberRow, Tx};

use super::{Wish, secret_context};
use crate::{
    clock::random,
    commands::{Ctx, Refusal, cells::audit},
    keys::{Keys, token_hash},
};

/// After a change of the secret, messages are signed with the old one too for this long; with so many old ones at most.
const OVERLAP: i64 = DAY;
const SECRETS: usize = 3;
/// Longest pause that ends by itself, in days.
const PAUSE_MAX: i64 = 90;
/// A subscription to one incident ends this long after the incident.
const AFTERWARDS: i64 = 14 * DAY;

fn subject(id: &str) -> String {
    format!("subscriber:{id}")
}

async fn confirmed(tx: &mut Tx, id: &str) -> Result<SubscriberRow, Refusal> {
    let row = tx.subscriber(id).await?.ok_or(Refusal::NotFound("subscription"))?;
    if row.state == "confirmed" {
        return Ok(row);
    }
    Err(Refusal::Conflict("This subscription has ended, or it was never confirmed. Subscribe again.".into()))
}

/// Confirms by the token from a mail; none when it is too old, not ours, or of a subscription that has ended since. Doing it
/// again changes nothing.
pub async fn confirm(tx: &mut Tx, ctx: &Ctx, token: &str) -> Result<Option<String>, Refusal> {
    let Some(row) = tx.subscriber_by_confirmation(&token_hash(token), ctx.now).await? else {
        return Ok(None);
    };
    match row.state.as_str() {
        "pending" => {}
        "confirmed" => return Ok(Some(row.id)),
        _ => return Ok(None),
    }
    tx.set_subscriber_state(&row.id, "confirmed", ctx.now).await?;
    audit(tx, ctx, "confirm_subscription", &subject(&row.id), json!({ "channel": row.channel })).await?;
    Ok(Some(row.id))
}

/// Ends a subscription at once, with what is queued for it. Doing it again changes nothing.
pub async fn unsubscribe(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let Some(row) = tx.subscriber(subscriber_id).await? else { return Ok(()) };
    tx.skip_deliveries(subscriber_id, ctx.now).await?;
    if matches!(row.state.as_str(), "unsubscribed" | "suppressed" | "erased") {
        return Ok(());
    }
    tx.set_subscriber_state(subscriber_id, "unsubscribed", ctx.now).await?;
    audit(tx, ctx, "unsubscribe", &subject(subscriber_id), json!({ "before": row.state })).await
}

/// Changes what a subscription is about.
pub async fn change(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str, wish: Wish) -> Result<(), Refusal> {
    let mut row = confirmed(tx, subscriber_id).await?;
    let wish = wish.checked(tx).await?;
    let before = row.scope.clone();
    row.scope = wish.scope.to_json();
    row.contact = wish.contact().filter(|_| row.channel != "email");
    row.time_zone = wish.time_zone;
    row.language = wish.language;
    tx.save_subscriber(&row, ctx.now).await?;
    let detail = json!({ "before": before, "after": row.scope });
    audit(tx, ctx, "change_subscription", &subject(subscriber_id), detail).await
}

/// Sends nothing for some days; 0: until it is resumed. What is queued is dropped: nobody wants old news.
pub async fn pause(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str, days: i64) -> Result<(), Refusal> {
    if !(0..=PAUSE_MAX).contains(&days) {
        return Err(Refusal::field("days", format!("Choose a pause of at most {PAUSE_MAX} days.")));
    }
    let mut row = confirmed(tx, subscriber_id).await?;
    row.paused_until_at = Some(if days == 0 { i64::MAX } else { ctx.now.plus(days * DAY).millis() });
    tx.save_subscriber(&row, ctx.now).await?;
    tx.skip_deliveries(subscriber_id, ctx.now).await?;
    audit(tx, ctx, "pause_subscription", &subject(subscriber_id), json!({ "days": days })).await
}

/// Ends a pause.
pub async fn resume(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let mut row = confirmed(tx, subscriber_id).await?;
    row.paused_until_at = None;
    tx.save_subscriber(&row, ctx.now).await?;
    audit(tx, ctx, "resume_subscription", &subject(subscriber_id), json!({})).await
}

/// Forgets address, choices and secret at once; what remains is a keyed hash that names nobody.
pub async fn erase(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let row = tx.subscriber(subscriber_id).await?.ok_or(Refusal::NotFound("subscription"))?;
    tx.skip_deliveries(subscriber_id, ctx.now).await?;
    // A complaint outlives the erasure: whoever complained is never written to again.
    tx.erase_subscriber(subscriber_id, ctx.now).await?;
    if row.state == "suppressed" {
        tx.set_subscriber_state(subscriber_id, "suppressed", ctx.now).await?;
    }
    audit(tx, ctx, "erase_subscriber", &subject(subscriber_id), json!({ "channel": row.channel })).await
}

/// The secrets of an endpoint that were changed and sign still, each with its end in milliseconds.
fn old_secrets(keys: &Keys, row: &SubscriberRow, now: Timestamp) -> Vec<(String, i64)> {
    let sealed = row.old_secret_sealed.as_deref();
    let text = sealed.and_then(|sealed| String::from_utf8(keys.open(&secret_context(&row.id), sealed)?).ok());
    let until = row.old_secret_until_at.unwrap_or(0);
    let one = |said: &str| match said.split_once('@') {
        Some((secret, end)) => Some((secret.to_owned(), end.parse().ok()?)),
        None => Some((said.to_owned(), until)), // sealed when there was one end for all
    };
    let all = text.as_deref().unwrap_or_default().split(' ').filter_map(one);
    all.filter(|(secret, end)| !secret.is_empty() && *end > now.millis()).collect()
}

/// The secrets that sign the messages to an endpoint now: its own, then those before it while they count. None: its own cannot
/// be opened.
#[must_use]
pub fn signing_secrets(keys: &Keys, row: &SubscriberRow, now: Timestamp) -> Option<Vec<Secret>> {
    let newest =
        String::from_utf8(keys.open(&secret_context(&row.id), row.secret_sealed.as_deref()?)?).ok()?;
    let mut all = vec![Secret::parse(&newest).ok()?];
    all.extend(old_secrets(keys, row, now).iter().filter_map(|(secret, _)| Secret::parse(secret).ok()));
    Some(all)
}

/// Gives an endpoint a new signing secret, shown this once; for a day messages are signed with those before it too.
pub async fn rotate_secret(
    tx: &mut Tx,
    ctx: &Ctx,
    keys: &Keys,
    subscriber_id: &str,
) -> Result<String, Refusal> {
    let mut row = confirmed(tx, subscriber_id).await?;
    if row.channel != "webhook" {
        return Err(Refusal::Conflict("Only webhooks have a signing secret.".into()));
    }
    // Whoever presses twice has told nobody the secret in between; the one in use signs on.
    let context = secret_context(&row.id);
    let mut before = old_secrets(keys, &row, ctx.now);
    if before.len() >= SECRETS {
        return Err(Refusal::Conflict(
            "The secret was changed three times within a day, and all of them sign still. Wait until tomorrow.".into(),
        ));
    }
    let until = ctx.now.plus(OVERLAP).millis();
    let own =
        row.secret_sealed.take().and_then(|sealed| String::from_utf8(keys.open(&context, &sealed)?).ok());
    before.extend(own.map(|own| (own, until)));
    let text: Vec<String> = before.iter().map(|(secret, end)| format!("{secret}@{end}")).collect();
    let secret = Secret::new(random()).reveal();
    row.old_secret_sealed = (!text.is_empty()).then(|| keys.seal(&context, text.join(" ").as_bytes()));
    row.old_secret_until_at = Some(until);
    row.secret_sealed = Some(keys.seal(&context, secret.as_bytes()));
    tx.save_subscriber(&row, ctx.now).await?;
    audit(tx, ctx, "rotate_webhook_secret", &subject(subscriber_id), json!({})).await?;
    Ok(secret)
}

/// Messages to an endpoint carry a signature that a public key proves too, or no longer.
pub async fn sign_with_key(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str, is_so: bool) -> Result<(), Refusal> {
    let row = confirmed(tx, subscriber_id).await?;
    if row.channel != "webhook" {
        return Err(Refusal::Conflict("Only webhooks have a signing secret.".into()));
    }
    tx.set_key_signed(subscriber_id, is_so, ctx.now).await?;
    audit(tx, ctx, "sign_webhook_with_key", &subject(subscriber_id), json!({ "is_key_signed": is_so })).await
}

/// An operator vouches for an endpoint that cannot answer challenges.
pub async fn approve(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let row = tx.subscriber(subscriber_id).await?.ok_or(Refusal::NotFound("subscriber"))?;
    if row.channel == "email" || row.state != "pending" {
        return Err(Refusal::Conflict(
            "Only an endpoint that waits for its challenge can be approved.".into(),
        ));
    }
    tx.set_subscriber_state(subscriber_id, "confirmed", ctx.now).await?;
    audit(tx, ctx, "approve_webhook", &subject(subscriber_id), json!({})).await
}

/// Ends subscriptions whose trip is over or whose incident has long been; how many.
pub async fn end_dated(tx: &mut Tx, ctx: &Ctx) -> Result<usize, Refusal> {
    let (mut cursor, mut ended) = (String::new(), 0);
    loop {
        let rows = tx.dated_subscribers(&cursor, 500).await?;
        let Some(last) = rows.last() else { return Ok(ended) };
        cursor.clone_from(&last.id);
        for row in rows {
            if !is_over(tx, &row, ctx.now).await? {
                continue;
            }
            tx.skip_deliveries(&row.id, ctx.now).await?;
            tx.set_subscriber_state(&row.id, "ended", ctx.now).await?;
            audit(tx, ctx, "end_subscription", &subject(&row.id), json!({ "scope": row.scope })).await?;
            ended += 1;
        }
    }
}

async fn is_over(tx: &mut Tx, row: &SubscriberRow, now: Timestamp) -> Result<bool, Refusal> {
    let Some(scope) = row.scope() else { return Ok(false) };
    if scope.is_over(now, &row.time_zone) {
        return Ok(true);
    }
    let Some(id) = &scope.incident else { return Ok(false) };
    let resolved = tx.incident(id).await?.and_then(|i| i.resolved_at);
    Ok(resolved.is_some_and(|at| now.since(Timestamp::from_millis(at)) > AFTERWARDS))
}
