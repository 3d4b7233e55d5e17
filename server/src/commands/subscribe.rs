//! Subscribing, confirming, unsubscribing.

use std::collections::BTreeSet;

use delivery::{
    email::MailAddress,
    webhook::{guard::Guard, sign::Secret, target::Target},
};
use domain::clock::{DAY, HOUR, MINUTE};
use serde_json::json;
use store::{OutboxRow, SubscriberRow, Tx};

use super::{Ctx, Refusal, cells::audit, notices::HANDSHAKE_PRIORITY};
use crate::{
    clock::{new_id, random},
    keys::{Keys, Purpose, token_hash},
};

/// What is consented to; kept with the subscription.
pub const WORDING: &str = "2026-11 notices about incidents until unsubscribed";
const CONFIRM_FOR: i64 = 48 * HOUR;

/// The token in a confirmation link; only its hash is stored.
#[must_use]
pub fn confirm_token(keys: &Keys, subscriber: &SubscriberRow) -> String {
    keys.token(Purpose::MailLink, &["confirm", &subscriber.id, &subscriber.token_nonce])
}

/// The token in an unsubscribe link: it works as long as the subscription is the same.
#[must_use]
pub fn unsubscribe_token(keys: &Keys, subscriber_id: &str) -> String {
    format!("{subscriber_id}{}", keys.token(Purpose::MailLink, &["unsubscribe", subscriber_id]))
}

/// The subscriber that an unsubscribe token names, if the token is ours.
#[must_use]
pub fn subscriber_of(keys: &Keys, token: &str) -> Option<String> {
    use subtle::ConstantTimeEq as _;
    let id = token.get(..domain::id::LEN).filter(|id| domain::id::is_public_id(id))?;
    let is_ours = bool::from(unsubscribe_token(keys, id).as_bytes().ct_eq(token.as_bytes()));
    is_ours.then(|| id.to_owned())
}

/// What seals a webhook's signing secret.
#[must_use]
pub fn secret_context(subscriber_id: &str) -> String {
    format!("subscribers.secret_sealed/{subscriber_id}")
}

async fn scope(tx: &mut Tx, countries: &[String]) -> Result<Option<String>, Refusal> {
    if countries.is_empty() {
        return Ok(None);
    }
    let known = tx.countries().await?;
    let chosen: BTreeSet<String> = countries.iter().map(|c| c.to_ascii_uppercase()).collect();
    match chosen.iter().find(|c| !known.iter().any(|k| k.code == **c)) {
        Some(unknown) => Err(Refusal::field("countries", format!("{unknown:?} is not on this page."))),
        None => Ok(Some(json!(chosen).to_string())),
    }
}

async fn handshake(tx: &mut Tx, ctx: &Ctx, kind: &str, subscriber_id: &str) -> Result<(), Refusal> {
    let row = OutboxRow {
        event_id: new_id(),
        kind: kind.to_owned(),
        priority: HANDSHAKE_PRIORITY,
        incident_id: None,
        update_id: None,
        subscriber_id: Some(subscriber_id.to_owned()),
        sequence: 0,
        created_at: ctx.now,
        cursor_subscriber_id: String::new(),
    };
    Ok(tx.insert_outbox(&row).await?)
}

fn pending(
    ctx: &Ctx,
    channel: &str,
    address: &str,
    address_hash: &str,
    countries: Option<String>,
) -> SubscriberRow {
    SubscriberRow {
        id: new_id(),
        channel: channel.into(),
        address: address.into(),
        address_hash: address_hash.into(),
        state: "pending".into(),
        countries,
        time_zone: "UTC".into(),
        secret_sealed: None,
        confirm_hash: None,
        confirm_expires_at: None,
        token_nonce: new_id(),
        consent_wording: WORDING.into(),
        created_at: ctx.now,
        confirmed_at: None,
    }
}

/// Asks for notices by mail. The answer is the same whoever has that address and whatever we know of it; what is
/// done about it differs: a confirmation is mailed at most once in ten minutes and three times a day.
pub async fn by_email(
    tx: &mut Tx,
    ctx: &Ctx,
    keys: &Keys,
    address: &str,
    countries: &[String],
) -> Result<(), Refusal> {
    let address = MailAddress::parse(address.trim()).map_err(|e| Refusal::field("address", e.to_string()))?;
    let countries = scope(tx, countries).await?;
    let normalised = address.normalised();
    let hash = keys.token(Purpose::Address, &["email", &normalised]);
    let existing = tx.subscriber_by_address("email", &hash).await?;
    if existing.as_ref().is_some_and(|s| matches!(s.state.as_str(), "confirmed" | "suppressed")) {
        return Ok(());
    }
    let is_new = existing.is_none();
    let mut row = existing.unwrap_or_else(|| pending(ctx, "email", &normalised, &hash, None));
    let (sent, last) = tx.handshakes_since(&row.id, ctx.now.plus(-DAY)).await?;
    if sent >= 3 || (sent > 0 && ctx.now.since(last) < 10 * MINUTE) {
        return Ok(());
    }
    row.state = "pending".into();
    row.address = normalised;
    row.countries = countries;
    row.token_nonce = new_id();
    row.confirm_hash = Some(token_hash(&confirm_token(keys, &row)));
    row.confirm_expires_at = Some(ctx.now.plus(CONFIRM_FOR).millis());
    if is_new {
        tx.insert_subscriber(&row).await?;
    } else {
        tx.renew_subscriber(&row, ctx.now).await?;
    }
    handshake(tx, ctx, "confirmation", &row.id).await
}

/// Confirms by the token from a mail; false when it is used, too old or not ours.
pub async fn confirm(tx: &mut Tx, ctx: &Ctx, token: &str) -> Result<bool, Refusal> {
    let Some(row) = tx.subscriber_by_confirmation(&token_hash(token), ctx.now).await? else {
        return Ok(false);
    };
    tx.set_subscriber_state(&row.id, "confirmed", ctx.now).await?;
    audit(
        tx,
        ctx,
        "confirm_subscription",
        &format!("subscriber:{}", row.id),
        json!({ "channel": row.channel }),
    )
    .await?;
    Ok(true)
}

/// Ends a subscription at once, with what is queued for it. Doing it again changes nothing.
pub async fn unsubscribe(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let Some(row) = tx.subscriber(subscriber_id).await? else { return Ok(()) };
    tx.skip_deliveries(subscriber_id, ctx.now).await?;
    if matches!(row.state.as_str(), "unsubscribed" | "suppressed") {
        return Ok(());
    }
    tx.set_subscriber_state(subscriber_id, "unsubscribed", ctx.now).await?;
    audit(tx, ctx, "unsubscribe", &format!("subscriber:{subscriber_id}"), json!({ "before": row.state }))
        .await
}

/// Asks for notices by webhook; returns the signing secret, shown once. Notices start when the challenge is passed.
pub async fn by_webhook(
    tx: &mut Tx,
    ctx: &Ctx,
    keys: &Keys,
    guard: &Guard,
    url: &str,
    countries: &[String],
) -> Result<String, Refusal> {
    let target = Target::parse(url.trim(), guard).map_err(|e| Refusal::field("address", e.to_string()))?;
    let countries = scope(tx, countries).await?;
    let hash = keys.token(Purpose::Address, &["webhook", target.as_str()]);
    let secret = Secret::new(random());
    let existing = tx.subscriber_by_address("webhook", &hash).await?;
    if existing.as_ref().is_some_and(|s| matches!(s.state.as_str(), "confirmed" | "suppressed")) {
        // Somebody else may own it: a stranger learns nothing, and changes nothing.
        return Ok(secret.reveal());
    }
    let is_new = existing.is_none();
    let mut row = existing.unwrap_or_else(|| pending(ctx, "webhook", target.as_str(), &hash, None));
    let (sent, _) = tx.handshakes_since(&row.id, ctx.now.plus(-DAY)).await?;
    if sent >= 3 {
        let message = "This endpoint was asked three times today. Try again tomorrow, or ask the operator to approve it.";
        return Err(Refusal::field("address", message));
    }
    row.state = "pending".into();
    row.countries = countries;
    row.secret_sealed = Some(keys.seal(&secret_context(&row.id), secret.reveal().as_bytes()));
    if is_new {
        tx.insert_subscriber(&row).await?;
    } else {
        tx.renew_subscriber(&row, ctx.now).await?;
    }
    handshake(tx, ctx, "challenge", &row.id).await?;
    Ok(secret.reveal())
}

/// An operator vouches for an endpoint that cannot answer challenges.
pub async fn approve(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let row = tx.subscriber(subscriber_id).await?.ok_or(Refusal::NotFound("subscriber"))?;
    if row.channel != "webhook" || row.state != "pending" {
        return Err(Refusal::Conflict("Only a webhook that waits for its challenge can be approved.".into()));
    }
    tx.set_subscriber_state(subscriber_id, "confirmed", ctx.now).await?;
    audit(tx, ctx, "approve_webhook", &format!("subscriber:{subscriber_id}"), json!({})).await
}
