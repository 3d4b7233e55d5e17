//! The way out by mail: connections to the relay that are kept busy, and one way to the disk for what all of them did.
//!
//! A connection says nothing of its next mail's text before the outcome of the last one is on disk: after a crash at
//! most one mail per connection is repeated, under the same Message-ID. Beside an embedded database outcomes go to a
//! journal first, and from there into the database in larger steps, while the connections go on.

mod carrier;
mod exchange;
mod keeping;
mod letters;
mod throttle;
mod wanted;
mod writing;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use delivery::outcome::Outcome;
use domain::clock::{SECOND, Timestamp};
use store::{ClaimedMail, Taken};
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::Instant,
};

use self::{
    carrier::{Carried, Job, carry},
    exchange::Exchanged,
    keeping::{Kept, SETTLED_AFTER, ended},
    letters::Letters,
    throttle::Throttle,
    writing::READY,
};
use super::{
    POLL, Senders,
    ahead::Ahead,
    journal::{self, Journal},
};
use crate::{commands::Refusal, http::serve::stopped, state::App};

/// While the relay is out of reach, one mail tries it this often.
pub(super) const RELAY_PAUSE: i64 = 10 * SECOND;
/// Mails claimed ahead at least and at most.
const AHEAD: (usize, usize) = (64, 8_192);
/// What leaves in so long is claimed ahead.
const SPAN: Duration = Duration::from_millis(500);
/// Mails that one connection holds: the one under way, and the next to be announced with its end.
const PER_CARRIER: usize = 2;
/// How long what is on its way may take to end at the stop.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What became of a claimed mail.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It was sent, or should have been.
    Tried(Outcome),
    /// The recipient does not want it any more.
    Skipped(String),
    /// A newer update says more.
    Superseded(&'static str),
    /// Not now: its time comes again after so many milliseconds.
    PutBack(i64),
}

/// A claimed mail with its verdict, to be kept.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) claim: ClaimedMail,
    pub(super) fence: Arc<str>,
    pub(super) verdict: Verdict,
    /// The connection that goes on once this is on disk.
    carrier: Option<(usize, oneshot::Sender<()>)>,
}

/// A claimed mail that nobody has looked at yet.
struct Claimed {
    claim: ClaimedMail,
    fence: Arc<str>,
    /// The newest sequence of its incident, if it is late.
    newest: i64,
}

/// The lane. One per process; claims keep several processes apart.
pub(super) struct MailLane {
    app: App,
    senders: Arc<Senders>,
    letters: Letters,
    throttle: Throttle,
    tasks: JoinSet<()>,
    /// Where each connection takes its mails from, and how many it holds.
    carriers: Vec<(mpsc::Sender<Job>, usize)>,
    carried: mpsc::UnboundedReceiver<Carried>,
    claimed: VecDeque<Claimed>,
    ready: VecDeque<Job>,
    /// Outcomes on their way into a database that takes several at once.
    keeping: JoinSet<Kept>,
    /// Outcomes to be kept: of what the relay took, and of the rest.
    taken: Vec<(Done, Taken)>,
    others: Vec<Done>,
    journal: Option<Journal>,
    /// In the journal, and not in the database yet; since when there are any.
    unsettled: Vec<Taken>,
    unsettled_since: Instant,
    /// The transaction under way.
    exchange: Option<JoinHandle<Exchanged>>,
    /// There may be more to claim; it was last looked for then.
    is_hungry: bool,
    looked_at: Instant,
    /// The relay is left alone until then.
    quiet_until: Timestamp,
    ahead: Ahead,
    /// Whether mail that is no news of an incident is held up, and as of when.
    held_up: Option<(Timestamp, bool)>,
}

impl MailLane {
    pub(super) fn new(app: App, senders: Arc<Senders>) -> Self {
        let (report, carried) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let connections = if senders.relay().is_some() { app.config.smtp.connections } else { 0 };
        let carriers: Vec<_> = (0..connections)
            .map(|n| {
                let (jobs, taken) = mpsc::channel(PER_CARRIER);
                tasks.spawn(carry(n, Arc::clone(&senders), taken, report.clone()));
                (jobs, 0)
            })
            .collect();
        Self {
            letters: Letters::new(app.clone(), senders.relay().and_then(|(smtp, _)| smtp.signer())),
            journal: if carriers.is_empty() { None } else { Journal::of(&app) },
            app,
            senders,
            throttle: Throttle::default(),
            tasks,
            carriers,
            carried,
            claimed: VecDeque::new(),
            ready: VecDeque::new(),
            keeping: JoinSet::new(),
            taken: Vec::new(),
            others: Vec::new(),
            unsettled: Vec::new(),
            unsettled_since: Instant::now(),
            exchange: None,
            is_hungry: true,
            looked_at: Instant::now(),
            quiet_until: Timestamp::default(),
            ahead: Ahead::new(AHEAD, SPAN),
            held_up: None,
        }
    }

    /// Sends until the stop.
    pub(super) async fn run(mut self, nudge: &Notify, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.turn().await {
                self.failed(&error, &mut stop).await;
                continue;
            }
            if self.has_work() {
                tokio::task::yield_now().await; // the connections' turn
                continue;
            }
            let pause = if self.unsettled.is_empty() { POLL } else { SETTLED_AFTER };
            tokio::select! {
                biased;
                () = stopped(&mut stop) => {}
                Some(carried) = self.carried.recv() => self.take(carried),
                Some(kept) = self.keeping.join_next() => {
                    if let Err(error) = self.kept(kept) {
                        self.failed(&error, &mut stop).await;
                    }
                }
                ended = ended(&mut self.exchange) => {
                    if let Err(error) = self.exchanged(ended) {
                        self.failed(&error, &mut stop).await;
                    }
                }
                () = nudge.notified() => self.is_hungry = true,
                () = tokio::time::sleep(pause) => self.is_hungry |= pause == POLL,
            }
        }
        self.end().await;
    }

    async fn failed(&self, error: &Refusal, stop: &mut watch::Receiver<bool>) {
        tracing::error!(%error, "outbox: a round of mails failed; trying again");
        tokio::select! {
            () = stopped(stop) => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }

    /// What is on its way may end; what waits is given back at once.
    async fn end(mut self) {
        let _ = tokio::time::timeout(LAST_WORDS, async {
            while self.under_way() > 0 {
                self.is_hungry = false;
                self.give_back(0);
                self.begin_exchange(); // a connection may wait until its refusal is on record
                if self.news().await.is_err() || self.keep().await.is_err() {
                    return;
                }
            }
        })
        .await;
        if let Err(error) = self.settle().await {
            tracing::error!(%error, "outbox: last results of mails are lost; leases will end");
        }
        self.carriers.clear();
        let _ =
            tokio::time::timeout(LAST_WORDS, async { while self.tasks.join_next().await.is_some() {} }).await;
    }

    /// Sends what is due now and returns how much that was.
    pub(super) async fn empty(mut self) -> Result<usize, Refusal> {
        let mut count = 0;
        loop {
            self.is_hungry = true;
            self.turn().await?;
            let claimed = match self.exchange.take() {
                Some(exchange) => self.exchanged(exchange.await)?,
                None => 0,
            };
            count += claimed;
            if self.under_way() > 0 || !self.keeping.is_empty() {
                self.news().await?;
            } else if claimed == 0 && self.is_idle() && self.taken.is_empty() && self.others.is_empty() {
                break;
            }
        }
        self.settle().await?;
        self.carriers.clear();
        while self.tasks.join_next().await.is_some() {}
        Ok(count)
    }

    /// Claims and sends until one outcome is known, and dies; `is_kept`: once that is on the disk, before anything is recorded.
    #[cfg(test)]
    pub(super) async fn crash_after_sending(mut self, is_kept: bool) -> Result<usize, Refusal> {
        self.turn().await?;
        let Some(exchange) = self.exchange.take() else { return Ok(0) };
        let count = self.exchanged(exchange.await)?;
        self.is_hungry = false;
        self.turn().await?;
        if let Some(carried) = self.carried.recv().await {
            self.take(carried);
        }
        if is_kept {
            self.keep_all().await?;
        }
        Ok(count)
    }

    /// Whether it looks again after a nudge that came while it was looking.
    #[cfg(test)]
    pub(super) async fn minds_a_nudge_meanwhile(mut self) -> Result<bool, Refusal> {
        self.turn().await?;
        let Some(under_way) = self.exchange.take() else { return Ok(false) };
        self.is_hungry = true;
        self.exchanged(under_way.await)?;
        Ok(self.is_hungry)
    }

    /// Waits for the next outcome, or for the end of a commit or of a transaction.
    async fn news(&mut self) -> Result<(), Refusal> {
        tokio::select! {
            biased;
            Some(kept) = self.keeping.join_next() => self.kept(kept)?,
            ended = ended(&mut self.exchange), if self.exchange.is_some() => drop(self.exchanged(ended)?),
            Some(carried) = self.carried.recv() => self.take(carried),
            else => return Err(Refusal::Conflict("the connections to the relay are gone".into())),
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        self.carriers.iter().map(|(_, held)| held).sum()
    }

    /// Whether no mail is at hand.
    fn is_idle(&self) -> bool {
        self.under_way() == 0 && self.ready.is_empty() && self.claimed.is_empty()
    }

    fn has_work(&self) -> bool {
        self.may_keep()
            || (self.ready.len() < READY && !self.claimed.is_empty())
            || (self.exchange.is_none() && (self.wants_exchange() || (self.is_hungry && self.room() > 0)))
    }

    /// Keeps all results that came in, claims what there is room for, and hands what is ready to the connections.
    async fn turn(&mut self) -> Result<(), Refusal> {
        while let Ok(carried) = self.carried.try_recv() {
            self.take(carried);
        }
        self.is_hungry |= self.looked_at.elapsed() >= POLL;
        self.gather().await;
        if !self.app.presence.is_seen() {
            self.give_back(0);
        }
        self.keep().await?;
        self.begin_exchange();
        self.prepare().await?;
        self.hand_out();
        Ok(())
    }

    fn room(&self) -> usize {
        if self.carriers.is_empty() || !self.app.presence.is_seen() {
            return 0;
        }
        // A relay that is out of reach is tried by one mail now and then, not by all of them all the time.
        if self.app.delivery.is_in_trouble() {
            return usize::from(self.is_idle() && self.app.clock.now() >= self.quiet_until);
        }
        self.ahead.room(self.ready.len() + self.claimed.len())
    }

    fn hand_out(&mut self) {
        for held in 0..PER_CARRIER {
            for n in 0..self.carriers.len() {
                if self.carriers[n].1 <= held {
                    self.feed(n);
                }
            }
        }
    }

    fn feed(&mut self, n: usize) {
        let (jobs, held) = &mut self.carriers[n];
        if *held >= PER_CARRIER {
            return;
        }
        let Some(job) = self.ready.pop_front() else { return };
        match jobs.try_send(job) {
            Ok(()) => *held += 1,
            Err(mpsc::error::TrySendError::Full(job) | mpsc::error::TrySendError::Closed(job)) => {
                self.ready.push_front(job);
            }
        }
    }

    fn take(&mut self, carried: Carried) {
        let Carried { carrier, job, outcome, go_on } = carried;
        let now = self.app.clock.now();
        self.carriers[carrier].1 -= 1;
        self.throttle.end(&job.claim.host, &outcome, now);
        match &outcome {
            Outcome::Unreachable(why) => {
                self.app.delivery.trouble(why, now);
                self.quiet_until = now.plus(RELAY_PAUSE);
                self.give_back(RELAY_PAUSE);
            }
            _ => self.app.delivery.fine(),
        }
        let taken = match &outcome {
            Outcome::Delivered(answer) => Some(journal::taken(job.claim.id, &job.fence, answer, now, None)),
            _ => None,
        };
        let verdict = Verdict::Tried(outcome);
        let done = Done { claim: job.claim, fence: job.fence, verdict, carrier: Some((carrier, go_on)) };
        match taken {
            Some(taken) => self.taken.push((done, taken)),
            None => self.others.push(done),
        }
    }

    /// Gives back what no connection has taken yet.
    fn give_back(&mut self, after: i64) {
        let ready = std::mem::take(&mut self.ready).into_iter().map(|job| (job.claim, job.fence));
        let claimed = std::mem::take(&mut self.claimed).into_iter().map(|c| (c.claim, c.fence));
        for (claim, fence) in ready.chain(claimed) {
            self.throttle.forget(&claim.host);
            self.others.push(Done { claim, fence, verdict: Verdict::PutBack(after), carrier: None });
        }
    }
}

impl Drop for MailLane {
    fn drop(&mut self) {
        tracing::trace!(senders = ?self.senders, "outbox: the mail lane ends");
    }
}
