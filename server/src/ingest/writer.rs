//! One writer with group commit: requests wait together for one fsync, then all are answered.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use domain::telemetry::event::ActivationEvent;
use store::{Arrival, EventRow, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::{
    answer::{ItemError, Problem},
    aside::{self, Aside},
};
use crate::{
    http::serve::stopped,
    state::App,
    worker::background::{self, Threads, Way},
};

/// Requests that may wait for the writer; more are turned away at once.
const QUEUE: usize = 256;
/// Events that may wait, in all requests.
const WAITING: usize = 12_000;
/// Events in one commit.
const COMMIT_MAX: usize = 4_000;
/// Events that no journey shows yet, over which nothing more is taken until some do.
const BEHIND: usize = 30_000;
/// Between two looks whether they do, and how many looks a request waits for that: three seconds.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: usize = 30;
/// Events in one row for the journeys: what they apply in one transaction.
const ROW: usize = 1_000;
/// Other nodes may keep the same events at the same moment.
const TRIES: usize = 5;

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
    /// For each event the right to wait.
    _place: OwnedSemaphorePermit,
    reply: oneshot::Sender<Result<Outcomes, NotKept>>,
}

/// Why nothing of a request was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotKept {
    /// Journeys are too far behind.
    Behind,
    /// The database failed.
    Failed,
}

/// The way to the writer task.
#[derive(Debug, Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
    places: Arc<Semaphore>,
}

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
        let work = async move {
            let mut behind = BEHIND;
            loop {
                let first = tokio::select! {
                    biased;
                    job = jobs.recv() => job,
                    () = stopped(&mut stop) => jobs.try_recv().ok(),
                };
                let Some(first) = first else { break };
                if !catches_up(&app, &mut behind, &stop).await {
                    turn_away(first, &mut jobs);
                    continue;
                }
                let mut batch = vec![first];
                let mut events = batch[0].items.len();
                while events < COMMIT_MAX
                    && let Ok(job) = jobs.try_recv()
                {
                    events += job.items.len();
                    batch.push(job);
                }
                behind += commit(&app, batch).await;
            }
        };
        // Thousands of events at a turn: no visitor waits behind them.
        tokio::spawn(background::run("arrivals", Threads::One, Way::Wide, work));
        Self { jobs: send, places: Arc::new(Semaphore::new(WAITING)) }
    }

    /// Requests that wait.
    pub(super) fn waiting(&self) -> i64 {
        i64::try_from(self.jobs.max_capacity() - self.jobs.capacity()).unwrap_or(i64::MAX)
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
        let mut outcomes = Vec::new().into_iter();
        if !items.is_empty() {
            let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
            let place =
                Arc::clone(&self.places).try_acquire_many_owned(count).map_err(|_| Problem::busy())?;
            let (reply, answer) = oneshot::channel();
            self.jobs.try_send(Job { items, _place: place, reply }).map_err(|_| Problem::busy())?;
            let failed = || {
                let detail = "The events could not be made durable. Nothing was kept; send them again.";
                Problem::new(503, "unavailable", "Not now", detail.into()).retry_after(5)
            };
            outcomes = match answer.await {
                Ok(Ok(outcomes)) => outcomes.into_iter(),
                Ok(Err(NotKept::Behind)) => return Err(Problem::busy()),
                Ok(Err(NotKept::Failed)) | Err(_) => return Err(failed()),
            };
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

/// Waits while the journeys are too far behind: what is taken is to be seen within seconds. False: they stay so. `behind`
/// is at least as many as there are; it is counted only when that is too many.
async fn catches_up(app: &App, behind: &mut usize, stop: &watch::Receiver<bool>) -> bool {
    for _ in 0..LOOKS {
        if *behind < BEHIND || *stop.borrow() {
            return true;
        }
        let counted = match app.store.read().await {
            Ok(mut tx) => tx.count_arrived().await,
            Err(error) => Err(error),
        };
        match counted {
            Ok(n) => *behind = usize::try_from(n).unwrap_or(0),
            // The commit will tell.
            Err(_) => return true,
        }
        if *behind >= BEHIND {
            tokio::time::sleep(LOOK).await;
        }
    }
    *behind < BEHIND
}

/// Nobody waits longer than that: whoever waits already is told to come again.
fn turn_away(first: Job, jobs: &mut mpsc::Receiver<Job>) {
    tracing::warn!("ingest: the journeys are too far behind; requests are turned away");
    let mut next = Some(first);
    while let Some(job) = next {
        let _ = job.reply.send(Err(NotKept::Behind));
        next = jobs.try_recv().ok();
    }
}

async fn commit(app: &App, jobs: Vec<Job>) -> usize {
    let (mut items, mut replies) = (Vec::new(), Vec::with_capacity(jobs.len()));
    for job in jobs {
        replies.push((job.items.len(), job.reply));
        items.extend(job.items);
    }
    let kept = keep(app, &items).await.map_err(|error| {
        tracing::error!(%error, events = items.len(), "ingest: a commit failed");
        NotKept::Failed
    });
    let mut kept = kept.map(Vec::into_iter);
    for (count, reply) in replies {
        let mine = match &mut kept {
            Ok(kept) => Ok(kept.by_ref().take(count).collect()),
            Err(why) => Err(*why),
        };
        // A client that has gone away finds its events kept when it comes again.
        let _ = reply.send(mine);
    }
    items.len()
}

/// Source and id of an event.
type Id<'a> = (&'a str, &'a str);
/// Digests of what is kept already, by source and id.
type Known = HashMap<(String, String), String>;

fn id_of(item: &Item) -> Id<'_> {
    (&item.row.source, &item.row.event_id)
}

/// Keeps them all, or nothing. Most of the time nothing is kept already, so that is tried first; what is there is looked
/// up only when something was.
async fn keep(app: &App, items: &[Item]) -> store::Result<Outcomes> {
    let mut known = Known::new();
    for _ in 0..TRIES {
        let (outcomes, fresh) = sort(items, &known);
        if fresh.is_empty() {
            return Ok(outcomes);
        }
        let mut rows: Vec<&EventRow> = fresh.iter().map(|i| &i.row).collect();
        // In one order on every node, so that no two wait for one another in a circle.
        rows.sort_unstable_by_key(|r| (&r.source, &r.event_id));
        let mut tx = app.store.write().await?;
        if usize::try_from(tx.insert_events(&rows).await?) == Ok(rows.len()) {
            let arrivals: Vec<Arrival<'_>> = fresh.iter().filter_map(|i| arrival(i)).collect();
            for row in arrivals.chunks(ROW) {
                tx.insert_arrivals(row).await?;
            }
            aside::keep(&mut tx, &fresh).await?;
            tx.commit().await?;
            return Ok(outcomes);
        }
        drop(tx);
        let ids: Vec<Id<'_>> = items.iter().map(id_of).collect();
        let there = app.store.read().await?.event_digests(&ids).await?;
        known = there.into_iter().map(|(source, id, digest)| ((source, id), digest)).collect();
    }
    Err(StoreError::Unsafe("other nodes keep the same events at the same time".into()))
}

/// What becomes of each, and those that are new.
fn sort<'a>(items: &'a [Item], known: &'a Known) -> (Outcomes, Vec<&'a Item>) {
    let there = known.iter().map(|((source, id), digest)| ((source.as_str(), id.as_str()), digest.as_str()));
    let mut known: HashMap<Id<'_>, &str> = there.collect();
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
    (outcomes, fresh)
}

/// What journeys are to hear of it.
fn arrival(item: &Item) -> Option<Arrival<'_>> {
    let row = &item.row;
    Some(Arrival {
        source: row.source.as_str().into(),
        event_id: row.event_id.as_str().into(),
        key_id: row.key_id.as_str().into(),
        flags: row.flags.as_str().into(),
        received_at: row.received_at,
        event: Cow::Borrowed(item.activation.as_ref()?),
    })
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
