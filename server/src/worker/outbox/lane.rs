//! The way out to endpoints: a fixed number of slots, refilled as they fall free from what was claimed ahead; results and
//! new claims go through the database meanwhile, many at a time.

mod exchange;

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    future::pending,
    sync::Arc,
    time::Duration,
};

use delivery::outcome::Outcome;
use domain::clock::SECOND;
use store::{ClaimedRow, SubscriberRow};
use tokio::{
    sync::{Notify, watch},
    task::{Id, JoinError, JoinHandle, JoinSet},
    time::Instant,
};

use self::exchange::{Batch, Claimed, Exchanged, exchange};
use super::{POLL, Senders, ahead::Ahead, keep::keep, post::attempt, told::Told};
use crate::{commands::Refusal, http::serve::stopped, state::App};

/// Webhooks on their way at once: more than there will be silent endpoints.
const WEBHOOKS: usize = 256;
/// Claimed ahead at least and at most.
const AHEAD: (usize, usize) = (WEBHOOKS, 4_096);
/// Whoever waited longer for a slot is looked at again: whoever unsubscribed a second ago hears nothing any more.
const STALE: Duration = Duration::from_millis(500);
/// While this many or more are claimed ahead, results go to the database together: those of so long, or so many.
const FAST: usize = 400;
const MOMENT: Duration = Duration::from_millis(10);
const MANY: usize = 256;
/// Webhooks on their way to one endpoint at once.
const PER_ENDPOINT: usize = 2;
/// Webhooks on their way to one host at once, however many endpoints it has.
const PER_HOST: usize = 64;
/// Webhooks on their way at once to endpoints whose last attempt failed: however many are sick, the healthy find a slot.
const SICK: usize = 64;
/// A delivery whose endpoint is busy comes back after this time, one for which there is no slot among the sick later.
const BUSY_PAUSE: i64 = 250;
const SICK_PAUSE: i64 = 2 * SECOND;
/// A digest that is held is looked at again after this time.
const HELD_PAUSE: i64 = 10 * 60 * SECOND;
/// How long what is on its way may take to end at the stop.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What an attempt led to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It was sent, or should have been.
    Tried(Outcome),
    /// The recipient does not want it any more.
    Skipped(String),
    /// The endpoint was given up meanwhile: it is kept, to be sent again on wish.
    Held,
    /// Not now: its time comes again after so many milliseconds.
    PutBack(i64),
}

/// A delivery that is ours until its lease ends.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) row: ClaimedRow,
    pub(super) fence: Arc<str>,
    pub(super) is_challenge: bool,
    /// It is on record that its endpoint fails, or it failed at the last attempt.
    pub(super) has_failed: bool,
    /// Of its endpoint.
    host: String,
    /// Its endpoint failed at its last attempt.
    is_sick: bool,
}

/// A claimed delivery with its verdict, to be kept.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) claim: Claim,
    pub(super) verdict: Verdict,
    /// How long the attempt took, in milliseconds.
    pub(super) took_ms: i64,
}

/// A claimed delivery that waits for a slot.
struct Ready {
    claim: Claim,
    to: Arc<SubscriberRow>,
    told: Arc<Told>,
    since: Instant,
}

pub(super) struct Lane {
    app: App,
    /// What every attempt needs; one count to raise for each.
    means: Arc<(App, Arc<Senders>)>,
    sending: JoinSet<(Verdict, i64)>,
    /// What each attempt is about; an attempt that panics still has its row here.
    under_way: HashMap<Id, Claim>,
    ready: VecDeque<Ready>,
    /// Verdicts that wait for the next transaction.
    sent: Vec<Sent>,
    /// When the last transaction began, and the one under way.
    exchanged_at: Instant,
    exchange: Option<JoinHandle<Exchanged>>,
    /// There may be more to claim; it was last looked for then.
    is_hungry: bool,
    looked_at: Instant,
    ahead: Ahead,
    /// Attempts under way per endpoint, and per host.
    busy: HashMap<String, usize>,
    hosts: HashMap<String, usize>,
    /// Endpoints whose last attempt failed, and how many attempts at such are under way.
    sick: HashSet<String>,
    sick_under_way: usize,
    /// By notice and partner.
    told: HashMap<(String, Option<String>), Arc<Told>>,
}

impl Lane {
    pub(super) fn new(app: App, senders: Arc<Senders>) -> Self {
        Self {
            means: Arc::new((app.clone(), senders)),
            app,
            sending: JoinSet::new(),
            under_way: HashMap::new(),
            ready: VecDeque::new(),
            sent: Vec::new(),
            exchanged_at: Instant::now(),
            exchange: None,
            is_hungry: true,
            looked_at: Instant::now(),
            ahead: Ahead::new(AHEAD, STALE / 2),
            busy: HashMap::new(),
            hosts: HashMap::new(),
            sick: HashSet::new(),
            sick_under_way: 0,
            told: HashMap::new(),
        }
    }

    /// Sends until the stop.
    pub(super) async fn run(mut self, nudge: &Notify, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            self.turn();
            let pause = if self.sent.is_empty() && !self.is_hungry { POLL } else { MOMENT };
            let ended = tokio::select! {
                () = stopped(&mut stop) => None,
                Some(sent) = self.sending.join_next_with_id() => { self.take(sent); None }
                ended = ended(&mut self.exchange) => Some(ended),
                () = nudge.notified() => { self.is_hungry = true; None }
                () = tokio::time::sleep(pause) => { self.is_hungry = true; None }
            };
            if let Some(ended) = ended
                && let Err(error) = self.exchanged(ended).await
            {
                tracing::error!(%error, "outbox: a round of webhooks failed; trying again");
                tokio::select! {
                    () = stopped(&mut stop) => {}
                    () = tokio::time::sleep(POLL) => {}
                }
            }
        }
        if let Err(error) = self.end().await {
            tracing::error!(%error, "outbox: last results of webhooks are lost; leases will end");
        }
    }

    /// What is on its way may end; what waits is given back at once.
    async fn end(&mut self) -> Result<(), Refusal> {
        let _ = tokio::time::timeout(LAST_WORDS, async {
            while let Some(sent) = self.sending.join_next_with_id().await {
                self.take(sent);
            }
        })
        .await;
        if let Some(exchange) = self.exchange.take()
            && let Err(error) = self.exchanged(exchange.await).await
        {
            tracing::warn!(%error, "outbox: the last round of webhooks failed; once more");
        }
        for ready in std::mem::take(&mut self.ready) {
            self.put_back(ready.claim, 0);
        }
        let batch = self.batch(0);
        let ended = exchange(self.app.clone(), batch).await;
        self.exchanged(Ok(ended)).await.map(drop)
    }

    /// Sends what is due now and returns how much that was.
    pub(super) async fn empty(mut self) -> Result<usize, Refusal> {
        let mut count = 0;
        loop {
            self.is_hungry = true;
            self.exchanged_at = Instant::now().checked_sub(MOMENT).unwrap_or(self.exchanged_at);
            self.turn();
            let claimed = match self.exchange.take() {
                Some(exchange) => self.exchanged(exchange.await).await?,
                None => 0,
            };
            count += claimed;
            self.start();
            match self.sending.join_next_with_id().await {
                Some(sent) => self.take(sent),
                None if self.sent.is_empty() && claimed == 0 => return Ok(count),
                None => {}
            }
        }
    }

    /// Whether it looks again after a nudge that came while it was looking.
    #[cfg(test)]
    pub(super) async fn minds_a_nudge_meanwhile(mut self) -> Result<bool, Refusal> {
        self.turn();
        let Some(under_way) = self.exchange.take() else { return Ok(false) };
        self.is_hungry = true;
        self.exchanged(under_way.await).await?;
        Ok(self.is_hungry)
    }

    /// Takes all results that came in, fills the free slots, and begins a transaction if one is due.
    fn turn(&mut self) {
        while let Some(sent) = self.sending.try_join_next_with_id() {
            self.take(sent);
        }
        self.start();
        self.is_hungry |= self.looked_at.elapsed() >= POLL;
        let can_claim = self.is_hungry && self.app.presence.is_seen();
        let room = if can_claim { self.ahead.room(self.ready.len()) } else { 0 };
        let is_due =
            self.ahead.get() < FAST || self.sent.len() >= MANY || self.exchanged_at.elapsed() >= MOMENT;
        if self.exchange.is_none() && is_due && (room > 0 || !self.sent.is_empty()) {
            let batch = self.batch(room);
            if room > 0 {
                // What is queued from here on may be too late for this one: a nudge meanwhile is not lost.
                (self.is_hungry, self.looked_at) = (false, Instant::now());
            }
            self.exchanged_at = Instant::now();
            self.exchange = Some(tokio::spawn(exchange(self.app.clone(), batch)));
        }
    }

    fn batch(&mut self, room: usize) -> Batch {
        let sent = std::mem::take(&mut self.sent);
        Batch { now: self.app.clock.now(), fence: self.app.presence.fence().into(), sent, room }
    }

    /// Takes up what a transaction brought; how many claims that are.
    async fn exchanged(&mut self, ended: Result<Exchanged, JoinError>) -> Result<usize, Refusal> {
        let (batch, claimed) = ended.map_err(|error| {
            self.is_hungry = true;
            Refusal::Conflict(format!("a transaction broke: {error}"))
        })?;
        let claimed = match claimed {
            Ok(claimed) => claimed,
            Err(error) => {
                self.sent.splice(0..0, batch.sent);
                self.is_hungry |= batch.room > 0;
                return Err(error);
            }
        };
        // What was put back has not left: a queue that cannot leave must not be claimed ever further ahead.
        self.ahead.left(batch.sent.iter().filter(|s| matches!(s.verdict, Verdict::Tried(_))).count());
        let count = claimed.len();
        self.is_hungry |= batch.room > 0 && count == batch.room;
        for claimed in claimed {
            self.look_at(&batch.fence, claimed).await?;
        }
        Ok(count)
    }

    /// A claimed delivery is made ready, if there is something to tell and somebody to tell it to.
    async fn look_at(&mut self, fence: &Arc<str>, (row, to): Claimed) -> Result<(), Refusal> {
        let fence = Arc::clone(fence);
        let mut claim =
            Claim { row, fence, is_challenge: false, has_failed: false, host: String::new(), is_sick: false };
        let Some(to) = to else {
            self.keep_verdict(claim, Verdict::Skipped("the subscriber is gone".into()), 0);
            return Ok(());
        };
        let Some(told) = self.told(&claim.row.event_id, to.partner_id.clone()).await? else {
            self.keep_verdict(claim, Verdict::Skipped("nothing to tell any more".into()), 0);
            return Ok(());
        };
        if told.is_held(&self.app).await? {
            self.put_back(claim, HELD_PAUSE);
            return Ok(());
        }
        claim.is_challenge = matches!(told.outbox.kind.as_str(), "challenge" | "welcome");
        claim.host.clone_from(&to.host);
        claim.has_failed = to.failing_since_at.is_some();
        self.ready.push_back(Ready { claim, to, told, since: Instant::now() });
        Ok(())
    }

    /// Fills the free slots.
    fn start(&mut self) {
        while self.sending.len() < WEBHOOKS
            && let Some(Ready { mut claim, to, told, since }) = self.ready.pop_front()
        {
            if since.elapsed() > STALE {
                self.put_back(claim, 0);
                continue;
            }
            let busy = self.busy.get(&to.id).copied().unwrap_or(0);
            let beside = self.hosts.get(&to.host).copied().unwrap_or(0);
            if busy >= PER_ENDPOINT || (beside >= PER_HOST && !to.host.is_empty()) {
                self.put_back(claim, BUSY_PAUSE);
                continue;
            }
            claim.is_sick = self.sick.contains(&to.id);
            claim.has_failed |= claim.is_sick || busy > 0;
            if claim.is_sick && self.sick_under_way >= SICK {
                self.put_back(claim, SICK_PAUSE);
                continue;
            }
            self.sick_under_way += usize::from(claim.is_sick);
            self.busy.insert(to.id.clone(), busy + 1);
            self.hosts.insert(to.host.clone(), beside + 1);
            let means = Arc::clone(&self.means);
            let attempt = self.sending.spawn(async move {
                let (begun, (app, senders)) = (Instant::now(), &*means);
                let verdict = attempt(app, senders, &told, &to).await;
                (verdict, i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX))
            });
            self.under_way.insert(attempt.id(), claim);
        }
    }

    /// What a notice tells, read once a minute at most.
    async fn told(&mut self, event_id: &str, partner: Option<String>) -> Result<Option<Arc<Told>>, Refusal> {
        let now = self.app.clock.now();
        let key = (event_id.to_owned(), partner);
        if let Some(told) = self.told.get(&key)
            && !told.is_old(now)
        {
            return Ok(Some(told.clone()));
        }
        self.told.retain(|_, t| !t.is_old(now));
        let Some(told) = Told::read(&self.app, event_id, key.1.as_deref()).await? else { return Ok(None) };
        self.told.insert(key, told.clone());
        Ok(Some(told))
    }

    fn take(&mut self, joined: Result<(Id, (Verdict, i64)), JoinError>) {
        let (id, (verdict, took_ms)) = joined.unwrap_or_else(|error| {
            // One poisonous delivery dies alone; the lane goes on.
            tracing::error!(%error, "outbox: a delivery broke its sender");
            (error.id(), (Verdict::Tried(Outcome::Dead("it could not be prepared".into())), 0))
        });
        let Some(claim) = self.under_way.remove(&id) else { return };
        self.sick_under_way -= usize::from(claim.is_sick);
        match &verdict {
            Verdict::Tried(Outcome::Delivered(_)) => drop(self.sick.remove(&claim.row.subscriber_id)),
            Verdict::Tried(_) => drop(self.sick.insert(claim.row.subscriber_id.clone())),
            Verdict::Skipped(_) | Verdict::Held | Verdict::PutBack(_) => {}
        }
        one_less(&mut self.busy, &claim.row.subscriber_id);
        one_less(&mut self.hosts, &claim.host);
        self.keep_verdict(claim, verdict, took_ms);
    }

    fn put_back(&mut self, claim: Claim, after: i64) {
        self.keep_verdict(claim, Verdict::PutBack(after), 0);
    }

    fn keep_verdict(&mut self, claim: Claim, verdict: Verdict, took_ms: i64) {
        self.sent.push(Sent { claim, verdict, took_ms });
    }
}

fn one_less(counts: &mut HashMap<String, usize>, of: &str) {
    if let Entry::Occupied(mut count) = counts.entry(of.to_owned()) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

/// The end of a transaction, if one is under way.
async fn ended(exchange: &mut Option<JoinHandle<Exchanged>>) -> Result<Exchanged, JoinError> {
    let Some(under_way) = exchange else { return pending().await };
    let ended = under_way.await;
    *exchange = None;
    ended
}
