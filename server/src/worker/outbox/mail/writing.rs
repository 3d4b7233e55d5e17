//! Claimed mails become ready ones, shortly before a connection takes them.

use delivery::outcome::Outcome;
use domain::clock::{MINUTE, SECOND, Timestamp};
use store::ClaimedMail;

use super::{Claimed, Done, MailLane, Verdict, carrier::Job, letters::Text, wanted::unwanted};
use crate::commands::Refusal;

/// So many are ready.
pub(super) const READY: usize = 64;
/// What is held up is looked at again after this time, and whether it is, after that.
const HELD_UP: i64 = 10 * MINUTE;
const LOOK_AGAIN: i64 = 10 * SECOND;

impl MailLane {
    /// Writes the next of the claimed mails as far as they can be before a connection takes them.
    pub(super) async fn prepare(&mut self) -> Result<(), Refusal> {
        while self.ready.len() < READY
            && let Some(Claimed { claim, fence, newest }) = self.claimed.pop_front()
        {
            match self.text(&claim, newest).await {
                Ok(Ok(text)) => self.ready.push_back(Job { claim, fence, text }),
                Ok(Err(verdict)) => {
                    self.throttle.forget(&claim.host);
                    self.others.push(Done { claim, fence, verdict, carrier: None });
                }
                Err(error) => {
                    self.claimed.push_front(Claimed { claim, fence, newest });
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// What a mail says, or why it does not leave.
    async fn text(&mut self, claim: &ClaimedMail, newest: i64) -> Result<Result<Text, Verdict>, Refusal> {
        let now = self.app.clock.now();
        let Some(told) = self.letters.told(claim).await? else {
            return Ok(Err(Verdict::Skipped("nothing to tell any more".into())));
        };
        if let Some(verdict) = unwanted(claim, &told.outbox, newest, now) {
            return Ok(Err(verdict));
        }
        if told.is_held(&self.app).await? || (!told.is_news() && self.is_held_up(now).await?) {
            return Ok(Err(Verdict::PutBack(HELD_UP)));
        }
        Ok(self.letters.write(claim, &told).await.map_err(|why| Verdict::Tried(Outcome::Dead(why))))
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
}
