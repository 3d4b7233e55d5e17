//! One transaction of the mail lane, while its connections go on: outcomes in, new claims out.

use std::{collections::HashMap, sync::Arc};

use domain::clock::{SECOND, Timestamp};
use store::{ClaimedMail, Taken};

use super::{Done, wanted::newest_sequences};
use crate::{commands::Refusal, state::App, worker::outbox::keep};

/// A claim holds this long; an attempt takes less.
const LEASE: i64 = 60 * SECOND;

/// What is to be written and claimed.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) now: Timestamp,
    /// Of the new claims.
    pub(super) fence: Arc<str>,
    /// Outcomes whose connections wait, other than those that were taken.
    pub(super) others: Vec<Done>,
    /// From the journal.
    pub(super) unsettled: Vec<Taken>,
    /// New claims at most.
    pub(super) room: usize,
    /// Domains that get nothing now.
    pub(super) closed: Vec<String>,
}

/// What was claimed, with the newest sequence for those that are late, by notice.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) mails: Vec<ClaimedMail>,
    pub(super) newest: HashMap<String, i64>,
}

/// The batch comes back: after a failure nothing of it is written.
pub(super) type Exchanged = (Batch, Result<Claims, Refusal>);

/// Carries a batch out.
pub(super) async fn exchange(app: App, batch: Batch) -> Exchanged {
    let claims = carry_out(&app, &batch).await;
    (batch, claims)
}

async fn carry_out(app: &App, batch: &Batch) -> Result<Claims, Refusal> {
    let mut claims = Claims::default();
    let mut tx = app.store.write().await?;
    if !batch.unsettled.is_empty() {
        tx.finish_delivered(&batch.unsettled).await?;
    }
    keep::mails(&mut tx, &batch.others, batch.now).await?;
    if batch.room > 0 {
        let room = i64::try_from(batch.room).unwrap_or(1);
        let closed: Vec<&str> = batch.closed.iter().map(String::as_str).collect();
        claims.mails = tx.claim_mails(room, &batch.fence, batch.now, LEASE, &closed).await?;
        claims.newest = newest_sequences(&mut tx, &claims.mails, batch.now).await?;
    }
    tx.commit().await?;
    tracing::debug!(claimed = claims.mails.len(), settled = batch.unsettled.len(), "outbox: mails");
    Ok(claims)
}
