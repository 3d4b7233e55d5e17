//! Requests become subscribers, and notices become deliveries: one per recipient whom they concern.

use std::collections::HashMap;

use domain::{
    audience::Audience,
    clock::{DAY, Timestamp},
    scope::{Matter, Scope},
};
use store::{OutboxRow, RecipientRow, Tx};
use tokio::sync::{Notify, watch};

use super::POLL;
use crate::{
    commands::{
        Ctx, Refusal, audiences, canary, measured,
        subscribe::{Pace, settle},
    },
    http::serve::stopped,
    state::App,
};

/// Subscribers looked at in one transaction: few at first, so that the first messages leave at once and nobody waits
/// long for the database meanwhile; each time twice as many, up to that.
const CHUNKS: (i64, i64) = (100, 1_000);
/// Notices are kept for endpoints that were given up so long ago at most, and for so many of them.
const HELD_FOR: i64 = 90 * DAY;
const HELD_MAX: i64 = 1_000;
/// Requests looked at in one round.
const REQUESTS: i64 = 200;

/// Expands until the stop.
pub(super) async fn run(app: &App, lanes: &[Notify], mut stop: watch::Receiver<bool>) {
    let mut pace = Pace::default();
    loop {
        match expand(app, &mut pace, || lanes.iter().for_each(Notify::notify_one)).await {
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "outbox: recipients could not be queued; trying again"),
        }
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = app.wake.outbox.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Queues the recipients of every new notice, the most urgent first; tells the lanes after each chunk. What people
/// asked for comes between: a storm of requests holds up no notice for longer than one of them takes.
pub(super) async fn expand(app: &App, pace: &mut Pace, tell: impl Fn()) -> Result<usize, Refusal> {
    let mut chunks = expand_notices(app, &tell).await?;
    for asked in app.store.read().await?.subscription_requests(REQUESTS).await? {
        let ctx = Ctx::system(app.clock.now());
        // Mailboxes are many and defenceless; endpoints are limited by their hosts that have not passed a challenge.
        if asked.channel == "email" && !pace.admits(&asked.host, ctx.now) {
            continue;
        }
        let mut tx = app.store.write().await?;
        settle(&mut tx, &ctx, &app.keys, &asked).await?;
        tx.commit().await?;
        chunks += expand_notices(app, &tell).await?;
    }
    Ok(chunks)
}

async fn expand_notices(app: &App, tell: &impl Fn()) -> Result<usize, Refusal> {
    let mut size = CHUNKS.0;
    for chunks in 0.. {
        let mut tx = app.store.write().await?;
        let Some(notice) = tx.unexpanded().await? else { return Ok(chunks) };
        size = if notice.cursor_subscriber_id.is_empty() { CHUNKS.0 } else { CHUNKS.1.min(2 * size) };
        chunk(&mut tx, &notice, size, app.clock.now()).await?;
        tx.commit().await?;
        tracing::debug!(event_id = notice.event_id, "outbox: recipients queued");
        tell();
    }
    Ok(0)
}

/// Queues the next recipients of a notice and moves its cursor, in one transaction: a crash repeats a chunk, and the
/// unique key absorbs it.
async fn chunk(tx: &mut Tx, notice: &OutboxRow, chunk: i64, now: Timestamp) -> Result<(), Refusal> {
    if let Some(one) = &notice.subscriber_id {
        if notice.kind.starts_with("endpoint_") {
            let contact = tx.subscriber(one).await?.and_then(|s| s.contact).unwrap_or_default();
            let host = contact.rsplit_once('@').map_or("", |(_, host)| host);
            tx.queue_to_contact(notice, one, host, now).await?;
        } else {
            tx.queue_deliveries(notice, &[one.as_str()], now).await?;
        }
        return Ok(tx.move_cursor(&notice.event_id, one, Some(now)).await?);
    }
    if notice.kind == canary::KIND {
        // Nobody subscribes to verdicts: the operator chose who hears of them.
        let chosen = tx.canary_endpoints().await?;
        let chosen: Vec<&str> = chosen.iter().map(String::as_str).collect();
        if !chosen.is_empty() {
            tx.queue_deliveries(notice, &chosen, now).await?;
        }
        return Ok(tx.move_cursor(&notice.event_id, "", Some(now)).await?);
    }
    let rows = match notice.cell_change_id {
        Some(_) => tx.measured_hooks(notice.created_at, &notice.cursor_subscriber_id, chunk).await?,
        None => tx.recipients(notice.created_at, &notice.cursor_subscriber_id, chunk).await?,
    };
    let is_done = i64::try_from(rows.len()).unwrap_or(0) < chunk;
    if is_done && notice.cell_change_id.is_none() {
        hold(tx, notice, now).await?;
    }
    let Some(last) = rows.last() else {
        return Ok(tx.move_cursor(&notice.event_id, &notice.cursor_subscriber_id, Some(now)).await?);
    };
    let rule = Rule::read(tx, notice, &rows).await?;
    let told: Vec<&str> = rows.iter().filter(|r| rule.tells(r, now)).map(|r| r.id.as_str()).collect();
    if !told.is_empty() {
        tx.queue_deliveries(notice, &told, now).await?;
    }
    Ok(tx.move_cursor(&notice.event_id, &last.id, is_done.then_some(now)).await?)
}

/// Keeps a notice for endpoints that were given up lately: it is sent when they work again and ask for it.
async fn hold(tx: &mut Tx, notice: &OutboxRow, now: Timestamp) -> Result<(), Refusal> {
    let rows = tx.given_up_recipients(notice.created_at, now.plus(-HELD_FOR), HELD_MAX).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let rule = Rule::read(tx, notice, &rows).await?;
    let kept: Vec<&str> = rows.iter().filter(|r| rule.tells(r, now)).map(|r| r.id.as_str()).collect();
    if !kept.is_empty() {
        tx.hold_deliveries(notice, &kept, now).await?;
    }
    Ok(())
}

/// Who of some recipients is told of a notice.
struct Rule {
    /// By partner; none: of the public page. Whoever may not know of it has no matter here.
    matters: HashMap<Option<String>, Matter>,
}

impl Rule {
    async fn read(tx: &mut Tx, notice: &OutboxRow, rows: &[RecipientRow]) -> Result<Self, Refusal> {
        let change = match notice.cell_change_id {
            Some(id) => tx.cell_change(id).await?,
            None => None,
        };
        let (whole, audience, cells) = match (&notice.incident_id, change) {
            (None, None) => (Matter::default(), Audience::Public, Vec::new()),
            (None, Some(change)) => {
                (measured::matter_of(tx, &change).await?, Audience::Public, vec![change.cell_id])
            }
            (Some(id), _) => {
                let cells = tx.incident_cells(id).await?.into_iter().map(|c| c.cell_id).collect();
                let audience = tx.audience(id).await?.unwrap_or(Audience::Partners([].into()));
                (tx.matter(id).await?, audience, cells)
            }
        };
        let mut matters = HashMap::new();
        for row in rows {
            if matters.contains_key(&row.partner_id) {
                continue;
            }
            let only = notice.partner_id.as_deref();
            if only.is_some() && only != row.partner_id.as_deref() {
                continue;
            }
            // What is written for one partner is told whether it is live or not.
            let audience = match only {
                Some(partner) => &Audience::Partners([partner.to_owned()].into()),
                None => &audience,
            };
            let about = (&whole, audience, cells.as_slice());
            if let Some(matter) = audiences::matter_for(tx, row.partner_id.as_deref(), about).await? {
                matters.insert(row.partner_id.clone(), matter);
            }
        }
        Ok(Self { matters })
    }

    fn tells(&self, row: &RecipientRow, now: Timestamp) -> bool {
        let Some(matter) = self.matters.get(&row.partner_id) else { return false };
        let is_paused = row.paused_until_at.is_some_and(|until| until > now.millis());
        !is_paused && Scope::from_json(&row.scope).is_some_and(|s| s.covers(matter, now, &row.time_zone))
    }
}
