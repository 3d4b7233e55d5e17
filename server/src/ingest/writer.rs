//! One writer with group commit: requests wait together for one fsync, then all are answered.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, hash_map::Entry},
};

use domain::{
    clock::Timestamp,
    telemetry::{
        event::ActivationEvent,
        kpi::latency_bin,
        lifecycle::{self, Activation},
    },
};
use store::{BinKey, EventRow, RollupDelta, RollupKey, Tx};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    answer::{ItemError, Problem},
    aside::{self, Aside},
    deltas::Deltas,
    names::Names,
};
use crate::{clock::new_id, http::serve::stopped, state::App};

/// Requests that may wait for the writer; more are turned away at once.
const QUEUE: usize = 256;
/// Events in one commit.
const COMMIT_MAX: usize = 4_000;
/// Widths of rollup buckets, in seconds.
const WIDTHS: [i64; 2] = [10, 300];

/// An event that passed every check.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) row: EventRow,
    /// What it does to a journey; none for events that are only kept.
    pub(super) activation: Option<ActivationEvent>,
    /// What else it tells.
    pub(super) aside: Option<Aside>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is on disk now.
    New,
    /// It was on disk before.
    Duplicate,
}

/// An event's id, and what became of it.
pub(super) type Outcome = (Option<String>, Result<Kept, ItemError>);

type Outcomes = Vec<Result<Kept, ItemError>>;

struct Job {
    items: Vec<Item>,
    reply: oneshot::Sender<Option<Outcomes>>,
}

/// The way to the writer task.
#[derive(Debug, Clone)]
pub struct Writer(mpsc::Sender<Job>);

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Job({} events)", self.items.len())
    }
}

impl Writer {
    /// Starts the task; it ends after `stop`, once the queue is empty.
    #[must_use]
    pub fn start(app: App, mut stop: watch::Receiver<bool>) -> Self {
        let (send, mut jobs) = mpsc::channel::<Job>(QUEUE);
        tokio::spawn(async move {
            let mut names = Names::default();
            loop {
                let first = tokio::select! {
                    biased;
                    job = jobs.recv() => job,
                    () = stopped(&mut stop) => jobs.try_recv().ok(),
                };
                let Some(first) = first else { break };
                let mut batch = vec![first];
                let mut events = batch[0].items.len();
                while events < COMMIT_MAX
                    && let Ok(job) = jobs.try_recv()
                {
                    events += job.items.len();
                    batch.push(job);
                }
                commit(&app, &mut names, batch).await;
            }
        });
        Self(send)
    }

    /// Requests that wait.
    pub(super) fn waiting(&self) -> i64 {
        i64::try_from(self.0.max_capacity() - self.0.capacity()).unwrap_or(i64::MAX)
    }

    /// Keeps the good items; returns when they are on disk. One result per given item, in order, with its id.
    pub(super) async fn keep(&self, given: Vec<Result<Item, ItemError>>) -> Result<Vec<Outcome>, Problem> {
        let mut items = Vec::with_capacity(given.len());
        let ids: Vec<Result<String, ItemError>> = given
            .into_iter()
            .map(|g| {
                g.map(|item| {
                    let id = item.row.event_id.clone();
                    items.push(item);
                    id
                })
            })
            .collect();
        let busy = || {
            let detail =
                "More arrives than can be made durable. Nothing of this request was kept; send it again.";
            Problem::new(429, "busy", "Too much at once", detail.into()).retry_after(1)
        };
        let mut outcomes = Vec::new().into_iter();
        if !items.is_empty() {
            let (reply, answer) = oneshot::channel();
            self.0.try_send(Job { items, reply }).map_err(|_| busy())?;
            let failed = || {
                let detail = "The events could not be made durable. Nothing was kept; send them again.";
                Problem::new(503, "unavailable", "Not now", detail.into()).retry_after(5)
            };
            outcomes = answer.await.ok().flatten().ok_or_else(failed)?.into_iter();
        }
        Ok(ids
            .into_iter()
            .map(|id| match id {
                Err(error) => (error.id.clone(), Err(error)),
                Ok(id) => (Some(id), outcomes.next().unwrap_or(Ok(Kept::New))),
            })
            .collect())
    }
}

async fn commit(app: &App, names: &mut Names, jobs: Vec<Job>) {
    let (mut items, mut replies) = (Vec::new(), Vec::with_capacity(jobs.len()));
    for job in jobs {
        replies.push((job.items.len(), job.reply));
        items.extend(job.items);
    }
    let kept = match keep(app, names, &items).await {
        Ok(kept) => Some(kept),
        Err(error) => {
            names.forget();
            tracing::error!(%error, events = items.len(), "ingest: a commit failed");
            None
        }
    };
    let mut kept = kept.map(Vec::into_iter);
    for (count, reply) in replies {
        let mine = kept.as_mut().map(|k| k.by_ref().take(count).collect());
        // A client that has gone away finds its events kept when it comes again.
        let _ = reply.send(mine);
    }
}

/// Source and id of an event.
type Id<'a> = (&'a str, &'a str);

fn id_of(item: &Item) -> Id<'_> {
    (&item.row.source, &item.row.event_id)
}

async fn keep(app: &App, names: &mut Names, items: &[Item]) -> store::Result<Outcomes> {
    let mut tx = app.store.write().await?;
    tx.lock_ingest().await?;
    let ids: Vec<Id<'_>> = items.iter().map(id_of).collect();
    // Whoever holds the lock is alone: what is not there now is new.
    let there = tx.event_digests(&ids).await?;
    let mut known: HashMap<Id<'_>, &str> =
        there.iter().map(|(source, id, digest)| ((source.as_str(), id.as_str()), digest.as_str())).collect();
    let (mut outcomes, mut fresh) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for item in items {
        outcomes.push(match known.entry(id_of(item)) {
            Entry::Vacant(new) => {
                new.insert(&item.row.digest);
                fresh.push(item);
                Ok(Kept::New)
            }
            Entry::Occupied(old) if **old.get() == item.row.digest => Ok(Kept::Duplicate),
            Entry::Occupied(_) => Err(conflict(item)),
        });
    }
    if !fresh.is_empty() {
        let rows: Vec<&EventRow> = fresh.iter().map(|i| &i.row).collect();
        tx.insert_events(&rows).await?;
        journeys(&mut tx, names, &fresh, app.clock.now()).await?;
        aside::keep(&mut tx, &fresh).await?;
    }
    tx.commit().await?;
    Ok(outcomes)
}

fn conflict(item: &Item) -> ItemError {
    ItemError {
        id: Some(item.row.event_id.clone()),
        status: 409,
        slug: "conflict",
        pointer: "/id",
        detail: "an event with this source and id, but another content, is kept already; a new event needs a new id".into(),
    }
}

/// Applies new events to their journeys, and the difference to the rollups.
async fn journeys(tx: &mut Tx, names: &mut Names, fresh: &[&Item], now: Timestamp) -> store::Result<()> {
    let mut events: Vec<(&EventRow, Cow<'_, ActivationEvent>)> = Vec::with_capacity(fresh.len());
    for item in fresh {
        if let Some(event) = &item.activation {
            events.push((&item.row, names.tidy(tx, &item.row.key_id, event, now).await?));
        }
    }
    if events.is_empty() {
        return Ok(());
    }
    let subjects: BTreeSet<&str> = events.iter().map(|(_, a)| a.subject.as_str()).collect();
    let before: HashMap<String, Activation> = tx
        .activations(&subjects.into_iter().collect::<Vec<_>>())
        .await?
        .into_iter()
        .map(|a| (a.subject.clone(), a))
        .collect();
    let mut after = before.clone();
    let mut illegal = Vec::new();
    for (row, event) in &events {
        match after.remove(&event.subject) {
            None => {
                after.insert(event.subject.clone(), Activation::begin(event, row.received_at));
            }
            Some(journey) => {
                if journey.contradicts(event) {
                    illegal.push((*row, event.as_ref()));
                }
                after.insert(event.subject.clone(), journey.apply(event, row.received_at));
            }
        }
    }
    flag(tx, &illegal).await?;
    let (mut rollups, mut bins, mut deltas) = (HashMap::new(), HashMap::new(), Deltas::default());
    for (row, event) in illegal {
        deltas.illegal(event, row.received_at);
    }
    for (subject, journey) in &after {
        let old = before.get(subject);
        if let Some(old) = old {
            count(old, -1, &mut rollups, &mut bins);
        }
        count(journey, 1, &mut rollups, &mut bins);
        deltas.change(old, journey);
    }
    tx.save_activations(after.values()).await?;
    tx.add_rollups(&rollups).await?;
    tx.add_latency_bins(&bins).await?;
    let delta = deltas.finish();
    if delta.is_empty() { Ok(()) } else { tx.insert_kpi_delta(&new_id(), &delta, now).await }
}

/// Flags the events that contradict their journeys.
async fn flag(tx: &mut Tx, illegal: &[(&EventRow, &ActivationEvent)]) -> store::Result<()> {
    for (row, _) in illegal {
        let flags: Vec<&str> =
            [row.flags.as_str(), "illegal_transition"].into_iter().filter(|f| !f.is_empty()).collect();
        tx.flag_event(&row.source, &row.event_id, &flags.join(",")).await?;
    }
    Ok(())
}

/// Adds (or takes away) what a journey contributes.
fn count<'a>(
    journey: &'a Activation,
    sign: i64,
    rollups: &mut HashMap<RollupKey<'a>, RollupDelta>,
    bins: &mut HashMap<BinKey<'a>, i64>,
) {
    for c in journey.contributions() {
        for width in WIDTHS {
            let bucket = bucket(c.entered_at, width);
            let key =
                (bucket, width, c.step, journey.country.as_str(), journey.supplier.as_str(), journey.is_live);
            let delta = rollups.entry(key).or_default();
            delta.entered += sign;
            delta.succeeded += sign * i64::from(c.outcome == lifecycle::Outcome::Succeeded);
            delta.late += sign * i64::from(c.outcome == lifecycle::Outcome::Late);
            delta.failed += sign * i64::from(c.outcome == lifecycle::Outcome::Failed);
            delta.fallback += sign * i64::from(journey.is_fallback);
            // Wider windows have sketches: see `deltas`.
            if let Some(ms) = c.latency_ms.filter(|_| width == WIDTHS[0]) {
                let key = (bucket, width, c.step, journey.country.as_str(), journey.is_live, latency_bin(ms));
                *bins.entry(key).or_default() += sign;
            }
        }
    }
}

fn bucket(at: Timestamp, width_secs: i64) -> i64 {
    let width = width_secs * 1_000;
    at.millis().div_euclid(width) * width
}
