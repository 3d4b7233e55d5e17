//! Telling what telemetry changed: at once to endpoints that asked for it, gathered in a digest to people who did. A
//! digest is no news of an incident: few go to one person, and too many in all are held until somebody has looked.

use domain::{
    audience::Audience,
    clock::{DAY, HOUR, MINUTE, SECOND, Timestamp},
    scope::{Matter, Spot},
    status::CellStatus,
};
use serde_json::json;
use store::{CellChangeRow, MeasuredToldRow, NetChange, OutboxRow, SubscriberRow, Tx, net};

use super::{Ctx, Refusal, audiences, cells::audit};
use crate::{
    auth::role::{Permission, Role},
    clock::new_id,
    config::Config,
};

/// Changes are gathered this long, so that a grid that turns is one message.
const GATHER: i64 = 30 * SECOND;
/// Digests to one subscriber in a day.
const PER_DAY: i64 = 6;
/// Digests in an hour for each of their readers, over which all are held.
const PER_HOUR: i64 = 5;
/// Readers that are looked at in one transaction.
const CHUNK: i64 = 500;
/// After everything else.
const DIGEST_PRIORITY: i64 = 5;
/// Endpoints hear of changes after news of incidents.
const CHANGE_PRIORITY: i64 = 4;

/// Whether a change is worth telling: trouble that begins, grows, shrinks or ends. A cell that wakes up or falls silent
/// is not.
const fn is_news((from, to): (CellStatus, CellStatus)) -> bool {
    from.is_trouble() || to.is_trouble()
}

/// Tells endpoints of a change, in its transaction.
pub(super) async fn changed(
    tx: &mut Tx,
    ctx: &Ctx,
    change_id: i64,
    moved: (CellStatus, CellStatus),
) -> Result<(), Refusal> {
    if !is_news(moved) || !tx.has_measured_hooks().await? {
        return Ok(());
    }
    let row = OutboxRow {
        event_id: new_id(),
        kind: "component_update".into(),
        priority: CHANGE_PRIORITY,
        created_at: ctx.now,
        cell_change_id: Some(change_id),
        ..OutboxRow::default()
    };
    Ok(tx.insert_outbox(&row).await?)
}

/// Writes the digests that are due; how many.
pub async fn digest(tx: &mut Tx, ctx: &Ctx, config: &Config) -> Result<usize, Refusal> {
    let told = tx.measured_told().await?;
    let Some(newest) = due(tx, &told, ctx.now).await? else { return Ok(0) };
    if is_too_much(tx, ctx, config, told.resumed_at).await? {
        return Ok(0);
    }
    let (mut cursor, mut count) = (String::new(), 0);
    loop {
        let readers = tx.measured_readers(&cursor, CHUNK).await?;
        let Some(last) = readers.last() else { break };
        cursor.clone_from(&last.id);
        for reader in &readers {
            count += usize::from(digest_for(tx, ctx, reader, newest).await?);
        }
    }
    tx.move_measured_told(newest, ctx.now).await?;
    Ok(count)
}

/// Up to which change readers are to be told now: the newest, once the oldest was gathered long enough; or the last that
/// was looked at, for those who had enough that day. None: nobody is to be told anything.
pub async fn due(tx: &mut Tx, told: &MeasuredToldRow, now: Timestamp) -> Result<Option<i64>, Refusal> {
    if told.held_at.is_some() {
        return Ok(None);
    }
    if let Some((newest, oldest)) = tx.untold_changes(told.cell_change_id).await? {
        return Ok((now.since(oldest) >= GATHER).then_some(newest));
    }
    let is_time = now.since(told.looked_at) >= MINUTE;
    Ok((is_time && tx.has_waiting_readers(told.cell_change_id).await?).then_some(told.cell_change_id))
}

/// A digest for one reader, unless there is nothing to say, or enough was said today: then the next one says it.
async fn digest_for(tx: &mut Tx, ctx: &Ctx, reader: &SubscriberRow, newest: i64) -> Result<bool, Refusal> {
    if reader.is_paused(ctx.now) {
        return Ok(false);
    }
    let changes = for_reader(tx, reader, reader.measured_seen_id, newest, ctx.now).await?;
    if changes.is_empty() {
        tx.set_measured_seen(&reader.id, newest).await?;
        return Ok(false);
    }
    if tx.count_digests_to(&reader.id, ctx.now.plus(-DAY)).await? >= PER_DAY {
        return Ok(false);
    }
    let row = OutboxRow {
        event_id: new_id(),
        kind: "measured_digest".into(),
        priority: DIGEST_PRIORITY,
        subscriber_id: Some(reader.id.clone()),
        created_at: ctx.now,
        cell_change_id: Some(newest),
        since_change_id: Some(reader.measured_seen_id),
        ..OutboxRow::default()
    };
    tx.insert_outbox(&row).await?;
    tx.set_measured_seen(&reader.id, newest).await?;
    Ok(true)
}

/// What changed for a reader between two changes: in its scope, on its page, and since it subscribed. Of the day before
/// `now`: what is older is history.
pub async fn for_reader(
    tx: &mut Tx,
    reader: &SubscriberRow,
    since: i64,
    newest: i64,
    now: Timestamp,
) -> Result<Vec<NetChange>, Refusal> {
    let from = now.plus(-DAY).max(reader.confirmed_at.map_or(now, Timestamp::from_millis));
    let all = net(&tx.automatic_changes(since, newest, from).await?);
    let mut mine = Vec::new();
    for change in all.into_iter().filter(|c| is_news((c.from, c.to))) {
        let cell = [change.cell_id.clone()];
        let spots = tx.spots_of(&cell).await?;
        if concerns(tx, reader, &cell, spots, now).await? {
            mine.push(change);
        }
    }
    Ok(mine)
}

async fn concerns(
    tx: &mut Tx,
    reader: &SubscriberRow,
    cell: &[String],
    spots: Vec<Spot>,
    now: Timestamp,
) -> Result<bool, Refusal> {
    let whole = Matter { is_measured: true, spots, ..Matter::default() };
    let about = (&whole, &Audience::Public, cell);
    let matter = audiences::matter_for(tx, reader.partner_id.as_deref(), about).await?;
    Ok(matter.is_some_and(|m| reader.scope().is_some_and(|scope| scope.covers(&m, now, &reader.time_zone))))
}

/// Holds all digests when too many went out, and tells whoever may command.
async fn is_too_much(
    tx: &mut Tx,
    ctx: &Ctx,
    config: &Config,
    resumed_at: Timestamp,
) -> Result<bool, Refusal> {
    let readers = tx.count_measured_readers().await?;
    let sent = tx.count_digests(ctx.now.plus(-HOUR).max(resumed_at)).await?;
    if readers == 0 || sent < PER_HOUR * readers {
        return Ok(false);
    }
    let why = format!("In the past hour {sent} went to {readers} readers.");
    tx.hold_measured(ctx.now, &why).await?;
    tracing::warn!(why, "digests of measured changes are held until somebody resumes them");
    let mail_state = if config.smtp.host.is_empty() { "none" } else { "queued" };
    let words = format!("Digests of measured changes are held. {why}");
    tx.tell_roles(
        &Role::who_may(Permission::Command),
        &new_id(),
        (&words, "/console/subscribers"),
        ctx.now,
        mail_state,
    )
    .await?;
    audit(tx, ctx, "hold_digests", "mail", json!({ "why": why })).await?;
    Ok(true)
}

/// Lets digests leave again.
///
/// # Errors
/// [`Refusal::Conflict`] when they are not held.
pub async fn resume(tx: &mut Tx, ctx: &Ctx) -> Result<(), Refusal> {
    let told = tx.measured_told().await?;
    if !tx.resume_measured(ctx.now).await? {
        return Err(Refusal::Conflict("Digests are not held.".into()));
    }
    audit(tx, ctx, "resume_digests", "mail", json!({ "since": told.held_at, "why": told.held_why })).await
}

/// What endpoints are told a change is about.
pub async fn matter_of(tx: &mut Tx, change: &CellChangeRow) -> store::Result<Matter> {
    let spots = tx.spots_of(std::slice::from_ref(&change.cell_id)).await?;
    Ok(Matter { is_measured: true, spots, ..Matter::default() })
}
