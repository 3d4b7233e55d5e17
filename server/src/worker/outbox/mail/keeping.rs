//! Outcomes on their way to the disk and into the database, and new claims out of it.

use std::{future::pending, sync::Arc, time::Duration};

use store::{Engine, Taken};
use tokio::{
    task::{JoinError, JoinHandle},
    time::Instant,
};

use super::{
    Claimed, Done, MailLane, Verdict,
    exchange::{Batch, Exchanged, exchange},
};
use crate::commands::Refusal;

/// When this many leave in half a second, the outcomes of a moment share one way to the disk. Slower relays lose by it.
const FAST: usize = 1_000;
/// That moment, and the share of the busy connections for whose outcomes it waits.
const MOMENT: Duration = Duration::from_millis(2);
const OF_BUSY: (usize, usize) = (7, 8);
/// Commits at once where the database takes several, and the share of the busy connections whose outcomes the second
/// one waits for.
const AT_ONCE: usize = 2;
const OF_CARRIERS: usize = 2;
/// Outcomes of the journal go into the database when they are so many or so old.
const SETTLED: usize = 1_000;
pub(super) const SETTLED_AFTER: Duration = Duration::from_millis(50);

/// What a commit of its own led to, with the outcomes that it held.
pub(super) type Kept = (Vec<(Done, Taken)>, store::Result<u64>);

impl MailLane {
    /// Waits for outcomes that are about to come, if mails leave fast: the disk costs the same for one and for all.
    pub(super) async fn gather(&mut self) {
        if self.ahead.get() < FAST || self.app.store.engine() == Engine::Postgres {
            return;
        }
        let busy = self.carriers.iter().filter(|(_, held)| *held > 0).count();
        let until = Instant::now() + MOMENT;
        while !self.taken.is_empty() && self.taken.len() < busy * OF_BUSY.0 / OF_BUSY.1 {
            match tokio::time::timeout_at(until, self.carried.recv()).await {
                Ok(Some(carried)) => self.take(carried),
                _ => return,
            }
        }
    }

    /// Whether outcomes are at hand that may set out for the disk now.
    pub(super) fn may_keep(&self) -> bool {
        !self.taken.is_empty() && (self.keeping.is_empty() || self.is_second())
    }

    /// Whether enough is at hand to set out while others are on their way: a commit of its own for each would cost more
    /// than it saves.
    fn is_second(&self) -> bool {
        let busy = self.carriers.iter().filter(|(_, held)| *held > 0).count();
        self.keeping.len() < AT_ONCE && self.taken.len() * OF_CARRIERS >= busy
    }

    /// Puts what the relay took on the disk, and lets the connections go on.
    pub(super) async fn keep(&mut self) -> Result<(), Refusal> {
        while let Some(kept) = self.keeping.try_join_next() {
            self.kept(kept)?;
        }
        if self.taken.is_empty() {
            return Ok(());
        }
        if self.app.store.engine() == Engine::Postgres {
            if self.may_keep() {
                let (taken, store) = (std::mem::take(&mut self.taken), self.app.store.clone());
                self.keeping.spawn(async move {
                    let rows: Vec<Taken> = taken.iter().map(|(_, taken)| taken.clone()).collect();
                    let ended = store.finish_delivered(&rows).await;
                    (taken, ended)
                });
            }
            return Ok(());
        }
        let taken: Vec<Taken> = self.taken.iter().map(|(_, taken)| taken.clone()).collect();
        let appended = self.journal.as_mut().map(|journal| journal.append(&taken));
        match appended {
            Some(Ok(true)) => {
                if self.unsettled.is_empty() {
                    self.unsettled_since = Instant::now();
                }
                self.unsettled.extend(taken);
            }
            Some(Ok(false)) | None => drop(self.app.store.finish_delivered(&taken).await?),
            Some(Err(error)) => {
                tracing::warn!(%error, "outbox: the journal failed; from now on every outcome goes into the database at once");
                self.journal = None;
                self.app.store.finish_delivered(&taken).await?;
            }
        }
        let done = std::mem::take(&mut self.taken).into_iter().map(|(done, _)| done).collect();
        self.release(done);
        Ok(())
    }

    /// Lets the connections go on whose outcomes a commit has brought into the database.
    pub(super) fn kept(&mut self, kept: Result<Kept, JoinError>) -> Result<(), Refusal> {
        let (taken, ended) = kept.map_err(|error| Refusal::Conflict(format!("a commit broke: {error}")))?;
        if let Err(error) = ended {
            self.taken.splice(0..0, taken);
            return Err(error.into());
        }
        self.release(taken.into_iter().map(|(done, _)| done).collect());
        Ok(())
    }

    /// Lets the connections go on whose results are on disk, each with a mail to announce in the same flight.
    fn release(&mut self, done: Vec<Done>) {
        self.ahead.left(done.iter().filter(|d| matches!(d.verdict, Verdict::Tried(_))).count());
        for done in done {
            if let Some((carrier, go_on)) = done.carrier {
                self.feed(carrier);
                let _ = go_on.send(());
            }
        }
    }

    /// Whether something waits for the database.
    pub(super) fn wants_exchange(&self) -> bool {
        let is_due = self.unsettled.len() >= SETTLED
            || self.unsettled_since.elapsed() >= SETTLED_AFTER
            || self.is_idle();
        !self.others.is_empty() || (!self.unsettled.is_empty() && is_due)
    }

    fn batch(&mut self, room: usize) -> Batch {
        let now = self.app.clock.now();
        Batch {
            now,
            fence: self.app.presence.fence().into(),
            others: std::mem::take(&mut self.others),
            unsettled: std::mem::take(&mut self.unsettled),
            room,
            closed: self.throttle.closed(now).into_iter().map(str::to_owned).collect(),
        }
    }

    pub(super) fn begin_exchange(&mut self) {
        let room = if self.is_hungry { self.room() } else { 0 };
        if self.exchange.is_none() && (room > 0 || self.wants_exchange()) {
            let batch = self.batch(room);
            if room > 0 {
                // What is queued from here on may be too late for this one: a nudge meanwhile is not lost.
                (self.is_hungry, self.looked_at) = (false, Instant::now());
            }
            self.exchange = Some(tokio::spawn(exchange(self.app.clone(), batch)));
        }
    }

    /// Takes up what a transaction brought; how many claims that are.
    pub(super) fn exchanged(&mut self, ended: Result<Exchanged, JoinError>) -> Result<usize, Refusal> {
        let (batch, claims) = ended.map_err(|error| {
            self.is_hungry = true;
            Refusal::Conflict(format!("a transaction broke: {error}"))
        })?;
        let claims = match claims {
            Ok(claims) => claims,
            Err(error) => {
                self.others.splice(0..0, batch.others);
                self.unsettled.splice(0..0, batch.unsettled);
                self.is_hungry |= batch.room > 0;
                return Err(error);
            }
        };
        if let (true, Some(journal)) = (self.unsettled.is_empty(), &mut self.journal) {
            journal.wipe();
        }
        self.release(batch.others);
        let count = claims.mails.len();
        self.is_hungry |= batch.room > 0 && count == batch.room;
        for claim in claims.mails {
            self.throttle.begin(&claim.host);
            let newest = claims.newest.get(&claim.event_id).copied().unwrap_or(0);
            self.claimed.push_back(Claimed { claim, fence: Arc::clone(&batch.fence), newest });
        }
        Ok(count)
    }

    /// Waits until all outcomes are on the disk.
    pub(super) async fn keep_all(&mut self) -> Result<(), Refusal> {
        self.keep().await?;
        let mut failed = None;
        while let Some(kept) = self.keeping.join_next().await {
            match self.kept(kept) {
                Ok(()) if failed.is_none() => self.keep().await?,
                Ok(()) => {}
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Brings everything that is known into the database.
    pub(super) async fn settle(&mut self) -> Result<(), Refusal> {
        self.give_back(0);
        if let Some(exchange) = self.exchange.take()
            && let Err(error) = self.exchanged(exchange.await)
        {
            tracing::warn!(%error, "outbox: the last round of mails failed; once more");
        }
        self.keep_all().await?;
        self.give_back(0);
        while !self.others.is_empty() || !self.unsettled.is_empty() {
            let batch = self.batch(0);
            let ended = exchange(self.app.clone(), batch).await;
            self.exchanged(Ok(ended))?;
        }
        Ok(())
    }
}

/// The end of a transaction, if one is under way.
pub(super) async fn ended(exchange: &mut Option<JoinHandle<Exchanged>>) -> Result<Exchanged, JoinError> {
    let Some(under_way) = exchange else { return pending().await };
    let ended = under_way.await;
    *exchange = None;
    ended
}
