//! The way out to endpoints: a fixed number of slots, refilled as they fall free.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use delivery::outcome::Outcome;
use domain::clock::SECOND;
use store::{ClaimedRow, SubscriberRow};
use tokio::{
    sync::{Notify, watch},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};

use super::{POLL, Senders, keep::keep, post::attempt, told::Told};
use crate::{commands::Refusal, http::serve::stopped, state::App};

/// A claim holds this long; an attempt takes less.
const LEASE: i64 = 60 * SECOND;
/// What goes out by HTTP.
const CHANNELS: [&str; 4] = ["webhook", "slack", "teams", "discord"];
/// Webhooks on their way at once: more than there will be silent endpoints.
const WEBHOOKS: usize = 256;
/// Webhooks on their way to one endpoint at once.
const PER_ENDPOINT: usize = 2;
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
    /// Not now: its time comes again after so many milliseconds.
    PutBack(i64),
}

/// A delivery that is ours until its lease ends.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) row: ClaimedRow,
    pub(super) fence: String,
    pub(super) is_challenge: bool,
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

pub(super) struct Lane {
    app: App,
    senders: Arc<Senders>,
    sending: JoinSet<(Verdict, i64)>,
    /// What each attempt is about; an attempt that panics still has its row here.
    under_way: HashMap<Id, Claim>,
    /// Verdicts that wait for the next transaction.
    sent: Vec<Sent>,
    /// Attempts under way per endpoint.
    busy: HashMap<String, usize>,
    /// Endpoints whose last attempt failed, and how many attempts at such are under way.
    sick: HashSet<String>,
    sick_under_way: usize,
    /// By notice and partner.
    told: HashMap<(String, Option<String>), Arc<Told>>,
}

impl Lane {
    pub(super) fn new(app: App, senders: Arc<Senders>) -> Self {
        Self {
            app,
            senders,
            sending: JoinSet::new(),
            under_way: HashMap::new(),
            sent: Vec::new(),
            busy: HashMap::new(),
            sick: HashSet::new(),
            sick_under_way: 0,
            told: HashMap::new(),
        }
    }

    /// Sends until the stop.
    pub(super) async fn run(mut self, nudge: &Notify, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.turn().await {
                tracing::error!(%error, "outbox: a round of webhooks failed; trying again");
                tokio::select! {
                    () = stopped(&mut stop) => {}
                    () = tokio::time::sleep(POLL) => {}
                }
                continue;
            }
            tokio::select! {
                () = stopped(&mut stop) => {}
                Some(sent) = self.sending.join_next_with_id() => self.take(sent),
                () = nudge.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        let _ = tokio::time::timeout(LAST_WORDS, async {
            while let Some(sent) = self.sending.join_next_with_id().await {
                self.take(sent);
            }
        })
        .await;
        if let Err(error) = self.keep_sent(0).await {
            tracing::error!(%error, "outbox: last results of webhooks are lost; leases will end");
        }
    }

    /// Sends what is due now and returns how much that was.
    pub(super) async fn empty(mut self) -> Result<usize, Refusal> {
        let mut count = 0;
        loop {
            count += self.turn().await?;
            match self.sending.join_next_with_id().await {
                Some(sent) => self.take(sent),
                None if self.sent.is_empty() => return Ok(count),
                None => {}
            }
        }
    }

    /// Keeps all results that came in, fills the free slots, and starts what was claimed.
    async fn turn(&mut self) -> Result<usize, Refusal> {
        while let Some(sent) = self.sending.try_join_next_with_id() {
            self.take(sent);
        }
        let room = self.room();
        if room == 0 && self.sent.is_empty() {
            return Ok(0);
        }
        let (fence, claimed) = self.keep_sent(room).await?;
        let count = claimed.len();
        self.start(&fence, claimed).await?;
        Ok(count)
    }

    fn room(&self) -> usize {
        if !self.app.presence.is_seen() {
            return 0;
        }
        WEBHOOKS.saturating_sub(self.sending.len())
    }

    /// One transaction: results in, new claims out.
    async fn keep_sent(&mut self, room: usize) -> Result<(String, Vec<ClaimedRow>), Refusal> {
        let now = self.app.clock.now();
        let fence = self.app.presence.fence();
        let mut claimed = Vec::new();
        let mut tx = self.app.store.write().await?;
        keep(&mut tx, &self.app, &self.sent, now).await?;
        if room > 0 {
            let room = i64::try_from(room).unwrap_or(1);
            claimed = tx.claim_deliveries(&CHANNELS, room, &fence, now, LEASE).await?;
        }
        tx.commit().await?;
        self.sent.clear();
        Ok((fence, claimed))
    }

    async fn start(&mut self, fence: &str, claimed: Vec<ClaimedRow>) -> Result<(), Refusal> {
        let subscribers = self.subscribers(&claimed).await?;
        for row in claimed {
            let partner = subscribers.get(&row.subscriber_id).and_then(|s| s.partner_id.clone());
            let mut claim = Claim { row, fence: fence.to_owned(), is_challenge: false, is_sick: false };
            let Some(told) = self.told(&claim.row.event_id, partner).await? else {
                let verdict = Verdict::Skipped("nothing to tell any more".into());
                self.sent.push(Sent { claim, verdict, took_ms: 0 });
                continue;
            };
            let Some(to) = subscribers.get(&claim.row.subscriber_id) else {
                let verdict = Verdict::Skipped("the subscriber is gone".into());
                self.sent.push(Sent { claim, verdict, took_ms: 0 });
                continue;
            };
            if told.is_held(&self.app).await? {
                self.sent.push(Sent { claim, verdict: Verdict::PutBack(HELD_PAUSE), took_ms: 0 });
                continue;
            }
            claim.is_challenge = matches!(told.outbox.kind.as_str(), "challenge" | "welcome");
            let subscriber = &claim.row.subscriber_id;
            let busy = self.busy.get(subscriber).copied().unwrap_or(0);
            if busy >= PER_ENDPOINT {
                self.sent.push(Sent { claim, verdict: Verdict::PutBack(BUSY_PAUSE), took_ms: 0 });
                continue;
            }
            claim.is_sick = self.sick.contains(subscriber);
            if claim.is_sick && self.sick_under_way >= SICK {
                self.sent.push(Sent { claim, verdict: Verdict::PutBack(SICK_PAUSE), took_ms: 0 });
                continue;
            }
            self.sick_under_way += usize::from(claim.is_sick);
            self.busy.insert(subscriber.clone(), busy + 1);
            let (app, senders, row) = (self.app.clone(), self.senders.clone(), to.clone());
            let attempt = self.sending.spawn(async move {
                let begun = Instant::now();
                let verdict = attempt(&app, &senders, &told, &row).await;
                (verdict, i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX))
            });
            self.under_way.insert(attempt.id(), claim);
        }
        Ok(())
    }

    /// The recipients of what was claimed, in one read and at the last moment: whoever unsubscribed a second ago hears
    /// nothing any more.
    async fn subscribers(
        &self,
        claimed: &[ClaimedRow],
    ) -> Result<HashMap<String, Arc<SubscriberRow>>, Refusal> {
        if claimed.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: HashSet<&str> = claimed.iter().map(|row| row.subscriber_id.as_str()).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let rows = self.app.store.read().await?.subscribers(&ids).await?;
        Ok(rows.into_iter().map(|row| (row.id.clone(), Arc::new(row))).collect())
    }

    /// What a notice tells, read once a minute at most.
    async fn told(&mut self, event_id: &str, partner: Option<String>) -> Result<Option<Arc<Told>>, Refusal> {
        let now = self.app.clock.now();
        self.told.retain(|_, t| !t.is_old(now));
        let key = (event_id.to_owned(), partner);
        if let Some(told) = self.told.get(&key) {
            return Ok(Some(told.clone()));
        }
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
            Verdict::Skipped(_) | Verdict::PutBack(_) => {}
        }
        if let Entry::Occupied(mut busy) = self.busy.entry(claim.row.subscriber_id.clone()) {
            *busy.get_mut() -= 1;
            if *busy.get() == 0 {
                busy.remove();
            }
        }
        self.sent.push(Sent { claim, verdict, took_ms });
    }
}
