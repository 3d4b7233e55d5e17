//! One channel's way out: a fixed number of slots, refilled as they fall free.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use delivery::outcome::Outcome;
use domain::{
    clock::{MINUTE, SECOND, Timestamp},
    notice::IncidentNotice,
};
use store::{ClaimedRow, OutboxRow};
use tokio::{
    sync::{Notify, watch},
    task::{Id, JoinError, JoinSet},
};

use super::{POLL, Senders, keep::keep, post::attempt};
use crate::{
    clock::new_id,
    commands::Refusal,
    http::serve::stopped,
    reads::{World, notice},
    state::App,
};

/// A claim holds this long; an attempt takes less.
const LEASE: i64 = 60 * SECOND;
/// Webhooks on their way at once: more than there will be silent endpoints.
const WEBHOOKS: usize = 256;
/// Webhooks on their way to one endpoint at once.
const PER_ENDPOINT: usize = 2;
/// A notice is read again after this time: the page's indicator moves on.
const TOLD_FOR: i64 = MINUTE;
/// While the relay is out of reach, one mail tries it this often.
pub(super) const RELAY_PAUSE: i64 = 10 * SECOND;
/// How long what is on its way may take to end at the stop.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A channel of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Email,
    Webhook,
}

impl Channel {
    pub(super) const ALL: [Self; 2] = [Self::Email, Self::Webhook];

    pub(super) const fn slug(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }
}

/// What is told: the notice's row, and for an update its incident as it stands.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) outbox: OutboxRow,
    pub(super) about: Option<IncidentNotice>,
    read_at: Timestamp,
}

/// What an attempt led to.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It was sent, or should have been.
    Tried(Outcome),
    /// The recipient does not want it any more.
    Skipped(String),
    /// A newer update says more.
    Superseded(&'static str),
    /// Not now: its endpoint is busy.
    PutBack,
}

/// A delivery that is ours until its lease ends.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) row: ClaimedRow,
    pub(super) fence: String,
    pub(super) is_challenge: bool,
}

/// A claimed delivery with its verdict, to be kept.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) claim: Claim,
    pub(super) verdict: Verdict,
}

pub(super) struct Lane {
    app: App,
    senders: Arc<Senders>,
    channel: Channel,
    sending: JoinSet<Verdict>,
    /// What each attempt is about; an attempt that panics still has its row here.
    under_way: HashMap<Id, Claim>,
    /// Verdicts that wait for the next transaction.
    sent: Vec<Sent>,
    /// Attempts under way per endpoint.
    busy: HashMap<String, usize>,
    told: HashMap<String, Arc<Told>>,
    /// The relay is left alone until then.
    quiet_until: Timestamp,
}

impl Lane {
    pub(super) fn new(app: App, senders: Arc<Senders>, channel: Channel) -> Self {
        Self {
            app,
            senders,
            channel,
            sending: JoinSet::new(),
            under_way: HashMap::new(),
            sent: Vec::new(),
            busy: HashMap::new(),
            told: HashMap::new(),
            quiet_until: Timestamp::default(),
        }
    }

    /// Sends until the stop.
    pub(super) async fn run(mut self, nudge: &Notify, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.turn().await {
                tracing::error!(%error, channel = self.channel.slug(), "outbox: a round failed; trying again");
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
                () = tokio::time::sleep(POLL) => self.rest().await,
            }
        }
        let _ = tokio::time::timeout(LAST_WORDS, async {
            while let Some(sent) = self.sending.join_next_with_id().await {
                self.take(sent);
            }
        })
        .await;
        if let Err(error) = self.keep_sent(0).await {
            tracing::error!(%error, channel = self.channel.slug(), "outbox: last results are lost; leases will end");
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

    /// Claims and sends, and dies before anything is recorded.
    #[cfg(test)]
    pub(super) async fn crash_after_sending(mut self) -> Result<usize, Refusal> {
        let count = self.turn().await?;
        while self.sending.join_next_with_id().await.is_some() {}
        Ok(count)
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
        let in_all = match self.channel {
            Channel::Webhook => WEBHOOKS,
            Channel::Email if self.senders.smtp.is_none() => 0,
            // A relay that is out of reach is tried by one mail now and then, not by all of them all the time.
            Channel::Email if self.app.delivery.is_in_trouble() => {
                usize::from(self.app.clock.now() >= self.quiet_until)
            }
            Channel::Email => self.app.config.smtp.connections,
        };
        in_all.saturating_sub(self.sending.len())
    }

    /// One transaction: results in, new claims out.
    async fn keep_sent(&mut self, room: usize) -> Result<(String, Vec<ClaimedRow>), Refusal> {
        let now = self.app.clock.now();
        let fence = new_id();
        let mut claimed = Vec::new();
        let mut tx = self.app.store.write().await?;
        for sent in &self.sent {
            keep(&mut tx, &self.app, self.channel, sent, now).await?;
        }
        if room > 0 {
            let room = i64::try_from(room).unwrap_or(1);
            claimed = tx.claim_deliveries(self.channel.slug(), room, &fence, now, LEASE).await?;
        }
        tx.commit().await?;
        self.sent.clear();
        Ok((fence, claimed))
    }

    async fn start(&mut self, fence: &str, claimed: Vec<ClaimedRow>) -> Result<(), Refusal> {
        let mut newest = HashMap::new();
        for row in claimed {
            let mut claim = Claim { row, fence: fence.to_owned(), is_challenge: false };
            let Some(told) = self.told(&claim.row.event_id).await? else {
                let verdict = Verdict::Skipped("nothing to tell any more".into());
                self.sent.push(Sent { claim, verdict });
                continue;
            };
            claim.is_challenge = told.outbox.kind == "challenge";
            let subscriber = &claim.row.subscriber_id;
            let busy = self.busy.get(subscriber).copied().unwrap_or(0);
            if self.channel == Channel::Webhook && busy >= PER_ENDPOINT {
                self.sent.push(Sent { claim, verdict: Verdict::PutBack });
                continue;
            }
            let newest = self.newest(&mut newest, &told).await?;
            self.busy.insert(subscriber.clone(), busy + 1);
            let (app, senders, channel) = (self.app.clone(), self.senders.clone(), self.channel);
            let row = claim.row.clone();
            let attempt = self
                .sending
                .spawn(async move { attempt(&app, &senders, channel, &told, newest, &row).await });
            self.under_way.insert(attempt.id(), claim);
        }
        Ok(())
    }

    /// What a notice tells, read once a minute at most.
    async fn told(&mut self, event_id: &str) -> Result<Option<Arc<Told>>, Refusal> {
        let now = self.app.clock.now();
        self.told.retain(|_, t| now.since(t.read_at) < TOLD_FOR);
        if let Some(told) = self.told.get(event_id) {
            return Ok(Some(told.clone()));
        }
        let Some(outbox) = self.app.store.read().await?.outbox(event_id).await? else { return Ok(None) };
        let mut about = None;
        if let (Some(incident), Some(update)) = (&outbox.incident_id, &outbox.update_id) {
            let world = World::load(&self.app.store, now).await?;
            about = notice::notice(&world, self.app.config.origin(), incident, update);
        }
        let told = Arc::new(Told { outbox, about, read_at: now });
        self.told.insert(event_id.to_owned(), told.clone());
        Ok(Some(told))
    }

    /// The newest sequence that was told of the same incident, read once per turn.
    async fn newest(&self, known: &mut HashMap<String, i64>, told: &Told) -> Result<i64, Refusal> {
        let Some(incident) = &told.outbox.incident_id else { return Ok(0) };
        if let Some(newest) = known.get(incident) {
            return Ok(*newest);
        }
        let newest = self.app.store.read().await?.newest_sequence(incident).await?;
        known.insert(incident.clone(), newest);
        Ok(newest)
    }

    fn take(&mut self, joined: Result<(Id, Verdict), JoinError>) {
        let (id, verdict) = joined.unwrap_or_else(|error| {
            // One poisonous delivery dies alone; the lane goes on.
            tracing::error!(%error, "outbox: a delivery broke its sender");
            (error.id(), Verdict::Tried(Outcome::Dead("it could not be prepared".into())))
        });
        let Some(claim) = self.under_way.remove(&id) else { return };
        if let Entry::Occupied(mut busy) = self.busy.entry(claim.row.subscriber_id.clone()) {
            *busy.get_mut() -= 1;
            if *busy.get() == 0 {
                busy.remove();
            }
        }
        if self.channel == Channel::Email {
            self.note(&verdict);
        }
        self.sent.push(Sent { claim, verdict });
    }

    fn note(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Tried(Outcome::Unreachable(why)) => {
                let now = self.app.clock.now();
                self.app.delivery.trouble(why, now);
                self.quiet_until = now.plus(RELAY_PAUSE);
            }
            Verdict::Tried(_) => self.app.delivery.fine(),
            Verdict::Skipped(_) | Verdict::Superseded(_) | Verdict::PutBack => {}
        }
    }

    async fn rest(&self) {
        if let (Channel::Email, Some(smtp)) = (self.channel, &self.senders.smtp) {
            smtp.rest(false).await;
        }
    }
}
