//! The way out by SMTP: lettre's protocol on our own sockets and our own small pool.
//!
//! lettre as it comes sends the end of the data as a second small packet on a socket without `TCP_NODELAY` and so
//! waits 40 ms for a delayed acknowledgement with every mail. Here the stream is ours, and so is the packet.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::clock::Timestamp;
use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, TlsParameters},
    commands::{Data, Mail, Rcpt, Rset},
    extension::ClientId,
};
use tokio::time::{Instant, timeout};

use super::{
    address::MailAddress,
    dkim::Signer,
    letter,
    message::{self, Poison},
    pipe::Pipe,
    stream,
};
use crate::outcome::{Outcome, clean};

/// Connecting and greeting.
const CONNECT: Duration = Duration::from_secs(10);
/// One mail, from picking a connection to the relay's answer; shorter than a delivery's lease.
const MAIL: Duration = Duration::from_secs(45);
/// An unused connection is given back after this time.
const IDLE: Duration = Duration::from_secs(5);

/// How the connection to the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all: a relay on this machine.
    None,
    /// `STARTTLS`, and nothing without it.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// Where the relay is and how to sign in.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: Security,
    /// User name and password, if it wants them.
    pub credentials: Option<(String, String)>,
    /// Name that we greet with: the domain of the sender.
    pub hello: String,
}

/// A relay and its idle connections. Concurrency is the caller's: as many connections as callers at once.
pub struct Smtp {
    settings: SmtpSettings,
    signer: Option<Arc<Signer>>,
    idle: Mutex<VecDeque<(AsyncSmtpConnection, Instant)>>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp({}:{})", self.settings.host, self.settings.port)
    }
}

/// Where in the conversation a mail failed: that decides who is to blame.
enum Failed {
    /// Before the relay heard of this mail.
    Connection(String),
    /// The relay refused the sender or fell silent before the recipient.
    Sender(Error),
    /// The relay judged this recipient or this message.
    Mail(Error),
}

impl Smtp {
    /// A relay, and who signs what it is given; nothing is dialled yet.
    #[must_use]
    pub fn new(settings: SmtpSettings, signer: Option<Signer>) -> Self {
        Self { settings, signer: signer.map(Arc::new), idle: Mutex::new(VecDeque::new()) }
    }

    /// Who signs mail; a [`Pipe`] carries it as it is given.
    #[must_use]
    pub fn signer(&self) -> Option<Arc<Signer>> {
        self.signer.clone()
    }

    /// A connection of one's own, for many mails.
    ///
    /// # Errors
    /// One sentence when the relay is out of reach.
    pub async fn pipe(&self) -> Result<Pipe, String> {
        let connection = self.connect().await?;
        Pipe::new(connection, &ClientId::Domain(self.settings.hello.clone())).await
    }

    /// Hands one message over, signed as of `at`. Never panics; every failure is an [`Outcome`].
    pub async fn send(&self, from: &MailAddress, to: &MailAddress, message: &[u8], at: Timestamp) -> Outcome {
        match timeout(MAIL, self.converse(from, to, message, at)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(poison)) => Outcome::Dead(poison.to_string()),
            Err(_) => Outcome::retry("the mail relay took too long"),
        }
    }

    async fn converse(
        &self,
        from: &MailAddress,
        to: &MailAddress,
        message: &[u8],
        at: Timestamp,
    ) -> Result<Outcome, Poison> {
        let wire = letter::stuffed(message)?;
        let wire = match &self.signer {
            Some(signer) => signer.sign(&wire, at)?,
            None => wire,
        };
        let commands = (
            Mail::new(Some(message::address(from)?), Vec::new()),
            Rcpt::new(message::address(to)?, Vec::new()),
            wire,
        );
        // A pooled connection may have been closed by the relay meanwhile: that costs one more try, not an attempt.
        if let Some(connection) = self.take_idle() {
            match self.transact(connection, &commands).await {
                Err(Failed::Sender(e)) if e.status().is_none() => {}
                other => return Ok(judge(other)),
            }
        }
        let result = match self.connect().await {
            Ok(connection) => self.transact(connection, &commands).await,
            Err(why) => Err(Failed::Connection(why)),
        };
        Ok(judge(result))
    }

    async fn transact(
        &self,
        mut connection: AsyncSmtpConnection,
        (mail, rcpt, data): &(Mail, Rcpt, String),
    ) -> Result<String, Failed> {
        let result = async {
            connection.command(mail).await.map_err(Failed::Sender)?;
            connection.command(rcpt).await.map_err(Failed::Mail)?;
            connection.command(Data).await.map_err(Failed::Mail)?;
            let answer = connection.command(data).await.map_err(Failed::Mail)?;
            Ok(answer.message().collect::<Vec<_>>().join(" "))
        }
        .await;
        let reusable = match &result {
            Ok(_) => true,
            Err(Failed::Mail(e)) if e.status().is_some_and(|c| u16::from(c) != 421) => {
                connection.command(Rset).await.is_ok()
            }
            Err(_) => false,
        };
        if reusable {
            self.lock().push_back((connection, Instant::now()));
        }
        result
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let settings = &self.settings;
        let wrong = |e: &dyn std::fmt::Display| clean(format!("{}: {e}", settings.host).as_bytes());
        let connecting = async {
            let hello = ClientId::Domain(settings.hello.clone());
            let stream =
                stream::dial(&settings.host, settings.port, settings.security == Security::Tls).await?;
            let mut connection =
                AsyncSmtpConnection::connect_with_transport(stream, &hello).await.map_err(|e| wrong(&e))?;
            if settings.security == Security::StartTls {
                let tls = TlsParameters::new_rustls(settings.host.clone()).map_err(|e| wrong(&e))?;
                connection.starttls(tls, &hello).await.map_err(|e| wrong(&e))?;
            }
            if let Some((user, password)) = settings.credentials.clone() {
                let credentials = Credentials::new(user, password);
                connection
                    .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                    .await
                    .map_err(|e| wrong(&format!("sign-in failed: {e}")))?;
            }
            Ok(connection)
        };
        timeout(CONNECT, connecting).await.unwrap_or_else(|_| Err(wrong(&"no answer within 10 s")))
    }

    fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        // The freshest first: the others grow old and are given back.
        self.lock().pop_back().map(|(connection, _)| connection)
    }

    /// Gives back connections that nobody used for a few seconds; all of them when `all`.
    pub async fn rest(&self, all: bool) {
        let now = Instant::now();
        loop {
            let old = {
                let mut idle = self.lock();
                match idle.front() {
                    Some((_, since)) if all || now.duration_since(*since) >= IDLE => idle.pop_front(),
                    _ => None,
                }
            };
            let Some((mut connection, _)) = old else { return };
            let _ = timeout(Duration::from_secs(1), connection.quit()).await;
        }
    }

    /// How many connections stand idle.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(AsyncSmtpConnection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn judge(result: Result<String, Failed>) -> Outcome {
    match result {
        Ok(answer) => Outcome::Delivered(clean(answer.as_bytes())),
        Err(Failed::Connection(why)) => Outcome::Unreachable(why),
        // Refusing the sender is a quarrel between the relay and our settings; no recipient is to suffer for it.
        Err(Failed::Sender(e)) => Outcome::Unreachable(clean(e.to_string().as_bytes())),
        Err(Failed::Mail(e)) if e.is_permanent() => Outcome::Dead(clean(e.to_string().as_bytes())),
        Err(Failed::Mail(e)) => Outcome::retry(e.to_string()),
    }
}
