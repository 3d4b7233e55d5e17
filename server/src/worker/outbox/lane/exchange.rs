//! One transaction of the lane, while attempts go on: results in, new claims out.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::clock::{SECOND, Timestamp};
use store::{ClaimedRow, SubscriberRow, Tx};

use super::{Sent, keep};
use crate::{commands::Refusal, state::App};

/// A claim holds this long; an attempt takes less.
const LEASE: i64 = 60 * SECOND;

/// What is to be written and claimed.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) now: Timestamp,
    /// Of the new claims.
    pub(super) fence: Arc<str>,
    pub(super) sent: Vec<Sent>,
    /// New claims at most.
    pub(super) room: usize,
}

/// A claim with its recipient as it stands; none: it is gone.
pub(super) type Claimed = (ClaimedRow, Option<Arc<SubscriberRow>>);

/// The batch comes back: after a failure nothing of it is written.
pub(super) type Exchanged = (Batch, Result<Vec<Claimed>, Refusal>);

/// Carries a batch out.
pub(super) async fn exchange(app: App, batch: Batch) -> Exchanged {
    let claimed = carry_out(&app, &batch).await;
    (batch, claimed)
}

async fn carry_out(app: &App, batch: &Batch) -> Result<Vec<Claimed>, Refusal> {
    let mut claimed = Vec::new();
    let mut tx = app.store.write().await?;
    keep(&mut tx, app, &batch.sent, batch.now).await?;
    if batch.room > 0 {
        let room = i64::try_from(batch.room).unwrap_or(1);
        claimed = tx.claim_deliveries(room, &batch.fence, batch.now, LEASE).await?;
    }
    let mut recipients = recipients(&mut tx, &claimed).await?;
    tx.commit().await?;
    tracing::debug!(claimed = claimed.len(), kept = batch.sent.len(), "outbox: webhooks");
    let mut to = |row: &ClaimedRow| recipients.get_mut(&row.subscriber_id).map(|to| Arc::clone(to));
    Ok(claimed.into_iter().map(|row| (to(&row), row)).map(|(to, row)| (row, to)).collect())
}

/// The recipients of what was claimed, as they stand.
async fn recipients(
    tx: &mut Tx,
    claimed: &[ClaimedRow],
) -> Result<HashMap<String, Arc<SubscriberRow>>, Refusal> {
    if claimed.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: HashSet<&str> = claimed.iter().map(|row| row.subscriber_id.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let rows = tx.subscribers(&ids).await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), Arc::new(row))).collect())
}
