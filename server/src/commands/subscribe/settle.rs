//! What is done about a request, out of the sight of whoever asked.

use std::collections::HashMap;

use domain::clock::{DAY, HOUR, MINUTE, Timestamp};
use store::{OutboxRow, SubscriberRow, SubscriptionRequestRow, Tx};

use super::{WORDING, confirm_token};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, notices::HANDSHAKE_PRIORITY},
    keys::{Keys, Purpose, token_hash},
};

/// A confirmation link works this long.
const CONFIRM_FOR: i64 = 48 * HOUR;
/// Handshakes in a minute: in all, and to one mail domain. What is more waits.
const PER_MINUTE: usize = 120;
const PER_DOMAIN: usize = 30;
/// Endpoints of one host that wait for their challenge, in a day.
const UNPROVEN: i64 = 3;

/// How many handshakes went out lately: requests beyond the limits wait, none is dropped.
#[derive(Debug, Default)]
pub struct Pace(HashMap<String, Vec<Timestamp>>);

impl Pace {
    /// Whether one more may go to this host now; if so, it is counted.
    pub fn admits(&mut self, host: &str, now: Timestamp) -> bool {
        self.0.retain(|_, times| {
            times.retain(|t| now.since(*t) < MINUTE);
            !times.is_empty()
        });
        let in_all: usize = self.0.values().map(Vec::len).sum();
        let here = self.0.get(host).map_or(0, Vec::len);
        if in_all >= PER_MINUTE || here >= PER_DOMAIN {
            return false;
        }
        self.0.entry(host.to_owned()).or_default().push(now);
        true
    }
}

/// Ends a request: it becomes a subscriber who is asked to confirm, or nothing.
pub async fn settle(
    tx: &mut Tx,
    ctx: &Ctx,
    keys: &Keys,
    asked: &SubscriptionRequestRow,
) -> Result<(), Refusal> {
    if !tx.delete_subscription_request(&asked.id).await? {
        return Ok(());
    }
    match asked.channel.as_str() {
        "email" => mail(tx, ctx, keys, asked).await,
        _ => endpoint(tx, ctx, keys, asked).await,
    }
}

fn pending(asked: &SubscriptionRequestRow, address_hash: String) -> SubscriberRow {
    SubscriberRow {
        id: asked.id.clone(),
        channel: asked.channel.clone(),
        address: asked.address.clone(),
        address_hash,
        host: asked.host.clone(),
        state: "pending".into(),
        scope: asked.scope.clone(),
        time_zone: asked.time_zone.clone(),
        language: asked.language.clone(),
        contact: asked.contact.clone(),
        secret_sealed: asked.secret_sealed.clone(),
        partner_id: asked.partner_id.clone(),
        token_nonce: new_id(),
        consent_wording: WORDING.into(),
        created_at: asked.created_at,
        ..SubscriberRow::default()
    }
}

async fn mail(tx: &mut Tx, ctx: &Ctx, keys: &Keys, asked: &SubscriptionRequestRow) -> Result<(), Refusal> {
    // One mailbox may hear of the public page and, by a subscription of its own, of a partner's.
    let hash = match &asked.partner_id {
        None => keys.token(Purpose::Address, &["email", &asked.address]),
        Some(partner) => keys.token(Purpose::Address, &["email", &asked.address, partner]),
    };
    let existing = tx.subscriber_by_address("email", &hash).await?;
    let id = existing.as_ref().map_or(&asked.id, |s| &s.id);
    let (sent, last) = tx.handshakes_since(id, ctx.now.plus(-DAY)).await?;
    if sent >= 3 || (sent > 0 && ctx.now.since(last) < 10 * MINUTE) {
        return Ok(());
    }
    match existing {
        // Only who reads that mailbox may change what it gets: the link for that goes there.
        Some(row) if row.state == "confirmed" => handshake(tx, ctx, "known", &row.id).await,
        Some(row) if row.state == "suppressed" => Ok(()),
        _ if tx.is_suppressed(&asked.address).await? => Ok(()),
        Some(row) => {
            let fresh =
                SubscriberRow { id: row.id.clone(), created_at: row.created_at, ..pending(asked, hash) };
            let fresh = with_confirmation(ctx, keys, fresh);
            tx.save_subscriber(&fresh, ctx.now).await?;
            handshake(tx, ctx, "confirmation", &fresh.id).await
        }
        None => {
            let fresh = with_confirmation(ctx, keys, pending(asked, hash));
            tx.insert_subscriber(&fresh).await?;
            handshake(tx, ctx, "confirmation", &fresh.id).await
        }
    }
}

fn with_confirmation(ctx: &Ctx, keys: &Keys, mut row: SubscriberRow) -> SubscriberRow {
    row.confirm_hash = Some(token_hash(&confirm_token(keys, &row)));
    row.confirm_expires_at = Some(ctx.now.plus(CONFIRM_FOR).millis());
    row
}

/// Endpoints are told apart by their registration: one URL may be registered by several people, each with a secret.
async fn endpoint(
    tx: &mut Tx,
    ctx: &Ctx,
    keys: &Keys,
    asked: &SubscriptionRequestRow,
) -> Result<(), Refusal> {
    let hash = keys.token(Purpose::Address, &[&asked.channel, &asked.address, &asked.id]);
    let row = pending(asked, hash);
    let waiting = tx.unproven_endpoints(&row.host, ctx.now.plus(-DAY)).await?;
    tx.insert_subscriber(&row).await?;
    // Nobody is to be bothered by challenges that a stranger asks for: beyond the limit, the operator decides.
    if asked.channel != "webhook" {
        // Whoever holds a chat's address may post there: the first message says what follows and how to end it.
        return handshake(tx, ctx, "welcome", &row.id).await;
    }
    if waiting >= UNPROVEN { Ok(()) } else { handshake(tx, ctx, "challenge", &row.id).await }
}

/// Puts a message to one subscriber into the outbox.
pub(super) async fn handshake(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: &str,
    subscriber_id: &str,
) -> Result<(), Refusal> {
    let row = OutboxRow {
        event_id: new_id(),
        kind: kind.to_owned(),
        priority: HANDSHAKE_PRIORITY,
        incident_id: None,
        update_id: None,
        subscriber_id: Some(subscriber_id.to_owned()),
        sequence: 0,
        partner_id: None,
        created_at: ctx.now,
        ..OutboxRow::default()
    };
    Ok(tx.insert_outbox(&row).await?)
}
