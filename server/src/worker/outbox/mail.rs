//! The way out by mail: connections to the relay that are kept busy, and one transaction for what all of them did.
//!
//! A connection says nothing of its next mail's text before the outcome of the last one is on disk: after a crash at
//! most one mail per connection is repeated, under the same Message-ID.

mod carrier;
mod letters;
mod throttle;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use delivery::outcome::Outcome;
use domain::clock::{DAY, MINUTE, SECOND, Timestamp};
use store::{ClaimedMail, Tx};
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    task::JoinSet,
    time::Instant,
};

use self::{
    carrier::{Carried, Job, carry},
    letters::Letters,
    throttle::Throttle,
};
use super::{POLL, Senders, keep, told::is_news};
use crate::{commands::Refusal, http::serve::stopped, state::App};

/// A claim holds this long; an attempt takes less.
const LEASE: i64 = 60 * SECOND;
/// While the relay is out of reach, one mail tries it this often.
pub(super) const RELAY_PAUSE: i64 = 10 * SECOND;
/// Mails claimed ahead at least and at most. What is claimed is not looked at again before it leaves, so in between
/// it is what leaves in half a second.
const AHEAD: (usize, usize) = (64, 8_192);
/// Mails that one connection holds: the one under way, and the next to be announced with its end.
const PER_CARRIER: usize = 2;
/// When this many leave in half a second, the outcomes of a moment share one way to the disk. Slower relays lose by it.
const FAST: usize = 1_000;
/// That moment, and the share of the busy connections for whose outcomes it waits.
const MOMENT: Duration = Duration::from_millis(2);
const OF_BUSY: (usize, usize) = (7, 8);
/// A mail that waited longer asks whether there is newer news.
const LATE: i64 = MINUTE;
/// What is held up is looked at again after this time, and whether it is, after that.
const HELD_UP: i64 = 10 * MINUTE;
const LOOK_AGAIN: i64 = 10 * SECOND;
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
    ready: VecDeque<Job>,
    done: Vec<Done>,
    /// There may be more to claim.
    is_hungry: bool,
    /// The relay is left alone until then.
    quiet_until: Timestamp,
    /// Mails that left since then.
    pace: (Instant, usize),
    ahead: usize,
    /// Whether mail that is no news of an incident is held up, and as of when.
    held_up: Option<(Timestamp, bool)>,
}

impl MailLane {
    pub(super) fn new(app: App, senders: Arc<Senders>) -> Self {
        let (report, carried) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let connections = if senders.relay().is_some() { app.config.smtp.connections } else { 0 };
        let carriers = (0..connections)
            .map(|n| {
                let (jobs, taken) = mpsc::channel(PER_CARRIER);
                tasks.spawn(carry(n, Arc::clone(&senders), taken, report.clone()));
                (jobs, 0)
            })
            .collect();
        Self {
            letters: Letters::new(app.clone(), senders.relay().and_then(|(smtp, _)| smtp.signer())),
            app,
            senders,
            throttle: Throttle::default(),
            tasks,
            carriers,
            carried,
            ready: VecDeque::new(),
            done: Vec::new(),
            is_hungry: true,
            quiet_until: Timestamp::default(),
            pace: (Instant::now(), 0),
            ahead: AHEAD.0,
            held_up: None,
        }
    }

    /// Sends until the stop.
    pub(super) async fn run(mut self, nudge: &Notify, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.turn().await {
                tracing::error!(%error, "outbox: a round of mails failed; trying again");
                tokio::select! {
                    () = stopped(&mut stop) => {}
                    () = tokio::time::sleep(POLL) => {}
                }
                continue;
            }
            if self.has_work() {
                continue;
            }
            tokio::select! {
                biased;
                () = stopped(&mut stop) => {}
                Some(carried) = self.carried.recv() => self.take(carried),
                () = nudge.notified() => self.is_hungry = true,
                () = tokio::time::sleep(POLL) => self.is_hungry = true,
            }
        }
        self.end().await;
    }

    /// What is on its way may end; what waits is given back at once.
    async fn end(mut self) {
        self.give_back(0);
        let _ = tokio::time::timeout(LAST_WORDS, async {
            while self.under_way() > 0 {
                let Some(carried) = self.carried.recv().await else { return };
                self.take(carried);
                if self.exchange(0).await.is_err() {
                    return;
                }
            }
        })
        .await;
        if let Err(error) = self.exchange(0).await {
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
            count += self.turn().await?;
            if self.under_way() > 0 {
                let Some(carried) = self.carried.recv().await else { break };
                self.take(carried);
            } else if self.done.is_empty() && self.ready.is_empty() {
                break;
            }
        }
        self.carriers.clear();
        while self.tasks.join_next().await.is_some() {}
        Ok(count)
    }

    /// Claims and sends, and dies before anything is recorded.
    #[cfg(test)]
    pub(super) async fn crash_after_sending(mut self) -> Result<usize, Refusal> {
        let count = self.turn().await?;
        let _ = self.carried.recv().await;
        Ok(count)
    }

    fn under_way(&self) -> usize {
        self.carriers.iter().map(|(_, held)| held).sum()
    }

    fn has_work(&self) -> bool {
        !self.done.is_empty() || (self.is_hungry && self.room() > 0)
    }

    /// Keeps all results that came in, claims what there is room for, and hands it to the connections.
    async fn turn(&mut self) -> Result<usize, Refusal> {
        while let Ok(carried) = self.carried.try_recv() {
            self.take(carried);
        }
        self.gather().await;
        if !self.app.presence.is_seen() {
            self.give_back(0);
        }
        let room = if self.is_hungry { self.room() } else { 0 };
        let mut count = 0;
        if room > 0 || !self.done.is_empty() {
            count = self.exchange(room).await?;
        }
        self.hand_out();
        Ok(count)
    }

    /// Waits for outcomes that are about to come, if mails leave fast: a commit costs the same for one and for all.
    async fn gather(&mut self) {
        if self.ahead < FAST {
            return;
        }
        let busy = self.carriers.iter().filter(|(_, held)| *held > 0).count();
        let until = Instant::now() + MOMENT;
        while !self.done.is_empty() && self.done.len() < busy * OF_BUSY.0 / OF_BUSY.1 {
            match tokio::time::timeout_at(until, self.carried.recv()).await {
                Ok(Some(carried)) => self.take(carried),
                _ => return,
            }
        }
    }

    fn room(&self) -> usize {
        if self.carriers.is_empty() || !self.app.presence.is_seen() {
            return 0;
        }
        // A relay that is out of reach is tried by one mail now and then, not by all of them all the time.
        if self.app.delivery.is_in_trouble() {
            let is_idle = self.ready.is_empty() && self.under_way() == 0;
            return usize::from(is_idle && self.app.clock.now() >= self.quiet_until);
        }
        if self.ready.len() * 2 > self.ahead { 0 } else { self.ahead - self.ready.len() }
    }

    /// One transaction: results in, new claims out. The connections go on when it is on disk.
    async fn exchange(&mut self, room: usize) -> Result<usize, Refusal> {
        let now = self.app.clock.now();
        let fence: Arc<str> = self.app.presence.fence().into();
        if room == 0
            && let Some(taken) = keep::all_taken(&self.done)
        {
            self.app.store.finish_delivered(&taken, now).await?;
            self.release();
            return Ok(0);
        }
        let (mut claimed, mut newest) = (Vec::new(), HashMap::new());
        let mut tx = self.app.store.write().await?;
        keep::mails(&mut tx, &self.done, now).await?;
        if room > 0 {
            let room = i64::try_from(room).unwrap_or(1);
            claimed = tx.claim_mails(room, &fence, now, LEASE, &self.throttle.closed(now)).await?;
            self.is_hungry = i64::try_from(claimed.len()).unwrap_or(0) == room;
            newest = newest_sequences(&mut tx, &claimed, now).await?;
        }
        tx.commit().await?;
        self.release();
        let count = claimed.len();
        for claim in claimed {
            self.prepare(claim, &fence, &newest, now).await?;
        }
        Ok(count)
    }

    /// Lets the connections go on whose results are on disk, each with a mail to announce in the same flight.
    fn release(&mut self) {
        self.measure();
        for done in std::mem::take(&mut self.done) {
            if let Some((carrier, go_on)) = done.carrier {
                self.feed(carrier);
                let _ = go_on.send(());
            }
        }
    }

    /// How many leave in half a second decides how many are claimed ahead.
    fn measure(&mut self) {
        self.pace.1 += self.done.len();
        let (since, count) = self.pace;
        let took = since.elapsed();
        if took >= Duration::from_millis(250) {
            let half = u128::try_from(count).unwrap_or(0) * 500 / took.as_millis().max(1);
            self.ahead = usize::try_from(half).unwrap_or(AHEAD.1).clamp(AHEAD.0, AHEAD.1);
            self.pace = (Instant::now(), 0);
        }
    }

    async fn prepare(
        &mut self,
        claim: ClaimedMail,
        fence: &Arc<str>,
        newest: &HashMap<String, i64>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let fence = Arc::clone(fence);
        let told = self.letters.told(&claim).await?;
        let verdict = match &told {
            None => Some(Verdict::Skipped("nothing to tell any more".into())),
            Some(told) => match unwanted(&claim, &told.outbox, newest, now) {
                None if told.is_held(&self.app).await?
                    || (!told.is_news() && self.is_held_up(now).await?) =>
                {
                    Some(Verdict::PutBack(HELD_UP))
                }
                verdict => verdict,
            },
        };
        let prepared = match (verdict, told) {
            (Some(verdict), _) => Err(verdict),
            (None, Some(told)) => {
                self.letters.write(&claim, &told).await.map_err(|why| Verdict::Tried(Outcome::Dead(why)))
            }
            (None, None) => Err(Verdict::PutBack(0)),
        };
        match prepared {
            Ok(text) => {
                self.throttle.begin(&claim.host);
                self.ready.push_back(Job { claim, fence, text });
            }
            Err(verdict) => self.done.push(Done { claim, fence, verdict, carrier: None }),
        }
        Ok(())
    }

    /// Whether mail that is no news of an incident is held up.
    async fn is_held_up(&mut self, now: Timestamp) -> Result<bool, Refusal> {
        if let Some((at, is_so)) = self.held_up
            && now.since(at) < LOOK_AGAIN
        {
            return Ok(is_so);
        }
        let is_so = self.app.store.read().await?.mail_pause().await?.is_some();
        self.held_up = Some((now, is_so));
        Ok(is_so)
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
        let verdict = Verdict::Tried(outcome);
        self.done.push(Done { claim: job.claim, fence: job.fence, verdict, carrier: Some((carrier, go_on)) });
    }

    /// Gives back what no connection has taken yet.
    fn give_back(&mut self, after: i64) {
        for job in std::mem::take(&mut self.ready) {
            self.throttle.end(&job.claim.host, &Outcome::Unreachable(String::new()), Timestamp::default());
            let Job { claim, fence, .. } = job;
            self.done.push(Done { claim, fence, verdict: Verdict::PutBack(after), carrier: None });
        }
    }
}

impl Drop for MailLane {
    fn drop(&mut self) {
        tracing::trace!(senders = ?self.senders, "outbox: the mail lane ends");
    }
}

/// Why a mail is not sent after all.
fn unwanted(
    claim: &ClaimedMail,
    notice: &store::OutboxRow,
    newest: &HashMap<String, i64>,
    now: Timestamp,
) -> Option<Verdict> {
    let fits = match notice.kind.as_str() {
        "confirmation" => claim.state == "pending",
        "endpoint_disabled" => claim.state == "disabled",
        _ => claim.state == "confirmed",
    };
    if !fits {
        return Some(Verdict::Skipped(format!("the subscriber is {}", claim.state)));
    }
    if is_news(&notice.kind) && claim.paused_until_at.is_some_and(|until| until > now.millis()) {
        return Some(Verdict::Skipped("the subscriber has paused".into()));
    }
    if now.since(claim.created_at) > DAY {
        return Some(Verdict::Superseded("it is more than a day old"));
    }
    let newest = newest.get(&claim.event_id).copied().unwrap_or(0);
    (notice.kind == "incident_update" && newest > notice.sequence)
        .then_some(Verdict::Superseded("a newer update has been published"))
}

/// For mails that are tried again or late (one that was put back has no attempt to show): the newest sequence of the incident that each tells of.
async fn newest_sequences(
    tx: &mut Tx,
    claimed: &[ClaimedMail],
    now: Timestamp,
) -> Result<HashMap<String, i64>, Refusal> {
    let mut newest = HashMap::new();
    for mail in claimed.iter().filter(|c| c.attempts > 1 || now.since(c.created_at) > LATE) {
        if newest.contains_key(&mail.event_id) {
            continue;
        }
        let incident = tx.outbox(&mail.event_id).await?.and_then(|o| o.incident_id);
        let sequence = match incident {
            Some(id) => tx.newest_sequence(&id).await?,
            None => 0,
        };
        newest.insert(mail.event_id.clone(), sequence);
    }
    Ok(newest)
}
