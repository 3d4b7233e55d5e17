//! The outbox: notices become deliveries, and deliveries leave. Claims commit before the network; results carry the
//! fence of their claim, so that a late worker changes nothing.
//!
//! Three loops, none of which waits for another: one queues recipients, and one lane per channel sends. A lane keeps
//! its slots filled and writes all results that came in meanwhile in one transaction, so that neither a silent
//! endpoint nor the disk holds up the rest.

mod ahead;
mod compose;
mod expand;
mod health;
mod journal;
mod keep;
mod lane;
mod mail;
mod post;
mod told;

#[cfg(test)]
pub(crate) mod tests;

use std::{sync::Arc, time::Duration};

use delivery::{
    email::{MailAddress, Security, Smtp, SmtpSettings},
    webhook::{Client, Limits},
};
use tokio::sync::{Notify, watch};

pub use self::health::Health;
pub(crate) use self::journal::recover;
use self::{lane::Lane, mail::MailLane};
use super::background::{self, Threads, Way};
use crate::{
    commands::{Refusal, subscribe::Pace},
    config::Config,
    state::App,
};

/// Hints can be lost; nothing waits longer than this for one.
const POLL: Duration = Duration::from_secs(1);

/// Through what things go out.
#[derive(Debug)]
pub struct Senders {
    smtp: Option<Smtp>,
    from: Option<MailAddress>,
    client: Client,
}

impl Senders {
    /// From the configuration.
    ///
    /// # Errors
    /// One sentence when the sender's address is none, or the DKIM key does not sign.
    pub fn new(app: &App) -> Result<Self, String> {
        let config: &Config = &app.config;
        let from = MailAddress::parse(&config.smtp.from).map_err(|e| format!("smtp.from: {e}"));
        let (smtp, from) =
            if config.smtp.host.is_empty() { (None, from.ok()) } else { (Some(relay(config)?), Some(from?)) };
        if !config.smtp.bounces.is_empty() {
            MailAddress::parse(&config.smtp.bounces).map_err(|e| format!("smtp.bounces: {e}"))?;
        }
        let agent = format!("Waypost/{} (+{}/api)", env!("CARGO_PKG_VERSION"), config.origin());
        let webhook = &config.webhook;
        let limits = Limits {
            connect: Duration::from_millis(webhook.connect_ms),
            exchange: Duration::from_millis(webhook.exchange_ms),
            idle: Duration::from_secs(webhook.idle_secs),
        };
        Ok(Self { smtp, from, client: Client::new((*app.guard).clone(), agent).with_limits(limits) })
    }

    /// The relay and the sender, if mail is configured.
    pub(super) const fn relay(&self) -> Option<(&Smtp, &MailAddress)> {
        match (&self.smtp, &self.from) {
            (Some(smtp), Some(from)) => Some((smtp, from)),
            _ => None,
        }
    }
}

fn relay(config: &Config) -> Result<Smtp, String> {
    let smtp = &config.smtp;
    let settings = SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        security: match smtp.security.as_str() {
            "tls" => Security::Tls,
            "starttls" => Security::StartTls,
            _ => Security::None,
        },
        credentials: (!smtp.username.is_empty())
            .then(|| (smtp.username.clone(), smtp.password.expose().to_owned())),
        hello: smtp.from.split_once('@').map_or("localhost", |(_, d)| d).to_owned(),
    };
    Ok(Smtp::new(settings, smtp.signer()?))
}

/// Expands and sends until the stop, on threads that give way: mail on its own. What is on its way then may end; if it
/// does not, its lease will.
pub async fn run(app: App, senders: Arc<Senders>, stop: watch::Receiver<bool>) {
    app.presence.seen(stop.clone()).await;
    let nudges = Arc::new([Notify::new(), Notify::new()]);
    // A signature costs more than waking a thread: those are made on both.
    let signs = senders.relay().is_some_and(|(smtp, _)| smtp.signer().is_some());
    let threads = if signs { Threads::Two } else { Threads::One };
    let mails = {
        let (app, senders, nudges, stop) = (app.clone(), senders.clone(), nudges.clone(), stop.clone());
        async move {
            MailLane::new(app, senders.clone()).run(&nudges[0], stop).await;
            if let Some(smtp) = &senders.smtp {
                smtp.rest(true).await;
            }
        }
    };
    let others = async move {
        let hooks = Lane::new(app.clone(), senders);
        tokio::join!(expand::run(&app, &*nudges, stop.clone()), hooks.run(&nudges[1], stop));
    };
    tokio::join!(
        background::run("mail", threads, Way::Wide, mails),
        background::run("outbox", Threads::Two, Way::Wide, others)
    );
}

/// Queues recipients, then sends everything that is due at this moment; how many deliveries were tried.
pub async fn drain(app: &App, senders: &Arc<Senders>) -> Result<usize, Refusal> {
    expand::expand(app, &mut Pace::default(), || {}).await?;
    let mail = MailLane::new(app.clone(), senders.clone());
    let hooks = Lane::new(app.clone(), senders.clone());
    let (mails, hooks) = tokio::join!(mail.empty(), hooks.empty());
    Ok(mails? + hooks?)
}
