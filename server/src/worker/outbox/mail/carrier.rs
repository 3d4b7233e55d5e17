//! One connection to the relay, and the mails that it carries.

use std::{sync::Arc, time::Duration};

use delivery::{
    email::{Announced, Envelope, Pipe, Smtp},
    outcome::Outcome,
};
use store::ClaimedMail;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::letters::Text;
use crate::worker::outbox::Senders;

/// An unused connection is given back after this time.
const IDLE: Duration = Duration::from_secs(5);

/// A mail to be sent, ours until its lease ends.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) claim: ClaimedMail,
    pub(super) fence: Arc<str>,
    pub(super) text: Text,
}

/// A mail whose outcome waits to be kept; the connection waits with it.
#[derive(Debug)]
pub(super) struct Carried {
    pub(super) carrier: usize,
    pub(super) job: Job,
    pub(super) outcome: Outcome,
    pub(super) go_on: oneshot::Sender<()>,
}

/// A mail as it goes over the wire.
struct Written {
    job: Job,
    envelope: Envelope,
    wire: String,
}

/// The connection of one task.
struct Carrier {
    n: usize,
    senders: Arc<Senders>,
    jobs: mpsc::Receiver<Job>,
    report: mpsc::UnboundedSender<Carried>,
    pipe: Option<Pipe>,
}

/// Carries mails until no more are handed out.
pub(super) async fn carry(
    n: usize,
    senders: Arc<Senders>,
    jobs: mpsc::Receiver<Job>,
    report: mpsc::UnboundedSender<Carried>,
) {
    let mut carrier = Carrier { n, senders, jobs, report, pipe: None };
    let mut announced = None;
    loop {
        let mail = match announced.take() {
            Some(mail) => mail,
            None => match carrier.next().await {
                Some(mail) => match carrier.announce(mail).await {
                    Ok(mail) => mail,
                    Err(is_open) if is_open => continue,
                    Err(_) => break,
                },
                None => break,
            },
        };
        match carrier.send(mail).await {
            Ok(next) => announced = next,
            Err(()) => break,
        }
    }
    if let Some(pipe) = carrier.pipe.take() {
        pipe.quit().await;
    }
}

impl Carrier {
    /// The next mail that can be written; an idle connection is given back meanwhile.
    async fn next(&mut self) -> Option<Written> {
        loop {
            let job = match timeout(IDLE, self.jobs.recv()).await {
                Ok(job) => job?,
                Err(_) => {
                    if let Some(pipe) = self.pipe.take() {
                        pipe.quit().await;
                    }
                    self.jobs.recv().await?
                }
            };
            if let Some(mail) = self.write(job).await {
                return Some(mail);
            }
        }
    }

    /// A mail as it goes over the wire; one that cannot be written dies alone.
    async fn write(&self, job: Job) -> Option<Written> {
        match job.text.wire() {
            Ok((envelope, wire)) => Some(Written { job, envelope, wire }),
            Err(poison) => {
                self.tell(job, Outcome::Dead(poison)).await;
                None
            }
        }
    }

    /// Hands the outcome over, and waits until it is on disk; false when nobody keeps it any more.
    async fn tell(&self, job: Job, outcome: Outcome) -> bool {
        let (go_on, kept) = oneshot::channel();
        let carried = Carried { carrier: self.n, job, outcome, go_on };
        self.report.send(carried).is_ok() && kept.await.is_ok()
    }

    /// Announces a mail, over a new connection where the old one has ended meanwhile. An error says whether to go on.
    async fn announce(&mut self, mail: Written) -> Result<Written, bool> {
        let outcome = match self.announced(&mail.envelope).await {
            Announced::Ready => return Ok(mail),
            Announced::Refused(outcome) => outcome,
            Announced::Over(why) => Outcome::Unreachable(why),
        };
        self.drop_if_over();
        Err(self.tell(mail.job, outcome).await)
    }

    async fn announced(&mut self, envelope: &Envelope) -> Announced {
        if let Some(pipe) = &mut self.pipe {
            match pipe.announce(envelope).await {
                Announced::Over(_) => self.pipe = None,
                said => return said,
            }
        }
        let Some((smtp, _)) = self.senders.relay() else {
            return Announced::Over("no mail relay is configured".into());
        };
        match open(smtp).await {
            Ok(pipe) => self.pipe.insert(pipe).announce(envelope).await,
            Err(why) => Announced::Over(why),
        }
    }

    /// Sends an announced mail, and announces the next with its end; that one comes back if the relay waits for it.
    async fn send(&mut self, mail: Written) -> Result<Option<Written>, ()> {
        let next = match self.jobs.try_recv() {
            Ok(job) => self.write_now(job),
            Err(_) => None,
        };
        let (next, poisoned) = match next {
            Some(Ok(next)) => (Some(next), None),
            Some(Err(poisoned)) => (None, Some(poisoned)),
            None => (None, None),
        };
        let Some(pipe) = &mut self.pipe else { return Err(()) };
        let (outcome, announced) = pipe.send(&mail.wire, next.as_ref().map(|n| &n.envelope)).await;
        self.drop_if_over();
        let mut goes_on = self.tell(mail.job, outcome).await;
        if let Some((job, why)) = poisoned {
            goes_on = goes_on && self.tell(job, Outcome::Dead(why)).await;
        }
        if !goes_on {
            return Err(());
        }
        match (next, announced) {
            (None, _) => Ok(None),
            (Some(next), Some(Announced::Ready)) => Ok(Some(next)),
            (Some(next), Some(Announced::Refused(outcome))) => {
                if self.tell(next.job, outcome).await {
                    Ok(None)
                } else {
                    Err(())
                }
            }
            // Nothing was said of it: it starts over on a new connection.
            (Some(next), Some(Announced::Over(_)) | None) => match self.announce(next).await {
                Ok(next) => Ok(Some(next)),
                Err(goes_on) => {
                    if goes_on {
                        Ok(None)
                    } else {
                        Err(())
                    }
                }
            },
        }
    }

    #[expect(clippy::unused_self, reason = "reads beside the others")]
    fn write_now(&self, job: Job) -> Option<Result<Written, (Job, String)>> {
        Some(match job.text.wire() {
            Ok((envelope, wire)) => Ok(Written { job, envelope, wire }),
            Err(poison) => Err((job, poison)),
        })
    }

    fn drop_if_over(&mut self) {
        if self.pipe.as_ref().is_some_and(Pipe::is_over) {
            self.pipe = None;
        }
    }
}

async fn open(smtp: &Smtp) -> Result<Pipe, String> {
    smtp.pipe().await
}
