//! One connection to the relay that is kept busy: the end of a mail and the announcement of the next one leave in one
//! flight (RFC 2920), so that a mail costs one round trip.

use std::time::Duration;

use lettre::transport::smtp::{
    Error,
    client::AsyncSmtpConnection,
    commands::{Ehlo, Rset},
    extension::ClientId,
    response::Response,
};
use tokio::time::timeout;

use super::address::MailAddress;
use crate::outcome::{Outcome, clean};

/// One exchange with the relay; shorter than a delivery's lease.
const EXCHANGE: Duration = Duration::from_secs(45);

/// Who sends, and to whom, in the relay's ears.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Takes what bounces.
    pub from: MailAddress,
    /// Recipient.
    pub to: MailAddress,
}

impl Envelope {
    fn commands(&self) -> [String; 3] {
        [format!("MAIL FROM:<{}>\r\n", self.from), format!("RCPT TO:<{}>\r\n", self.to), "DATA\r\n".into()]
    }
}

/// What the relay thinks of an envelope.
#[derive(Debug)]
pub enum Announced {
    /// It waits for the message.
    Ready,
    /// It does not want it, but others.
    Refused(Outcome),
    /// The connection is over, before anything was said of this mail.
    Over(String),
}

/// An open connection.
pub struct Pipe {
    connection: AsyncSmtpConnection,
    is_pipelining: bool,
    is_over: bool,
}

impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pipe(pipelining: {}, over: {})", self.is_pipelining, self.is_over)
    }
}

impl Pipe {
    /// Over a connection that has said hello; asks once more what the relay can, since lettre keeps only what it uses.
    pub(super) async fn new(mut connection: AsyncSmtpConnection, hello: &ClientId) -> Result<Self, String> {
        let answer = connection.command(Ehlo::new(hello.clone())).await.map_err(|e| words(&e))?;
        let is_pipelining = answer.message().any(|line| line.trim().eq_ignore_ascii_case("PIPELINING"));
        Ok(Self { connection, is_pipelining, is_over: false })
    }

    /// Whether nothing more can be said over it.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Announces a mail.
    pub async fn announce(&mut self, envelope: &Envelope) -> Announced {
        let commands = envelope.commands();
        let told = timeout(EXCHANGE, async {
            if self.is_pipelining {
                let first = self.connection.command(commands.concat()).await;
                return self.hear(first).await;
            }
            self.step_by_step(&commands).await
        });
        let announced = told.await.unwrap_or_else(|_| Announced::Over("the mail relay took too long".into()));
        self.is_over |= matches!(announced, Announced::Over(_));
        announced
    }

    /// Sends the announced message, and announces the next in the same flight. The outcome is of this message; nothing
    /// is said of the next when the connection ends before.
    pub async fn send(&mut self, wire: &str, next: Option<&Envelope>) -> (Outcome, Option<Announced>) {
        let said = timeout(EXCHANGE, self.exchange(wire, next)).await;
        let (outcome, announced) = said.unwrap_or_else(|_| {
            self.is_over = true;
            (Outcome::retry("the mail relay took too long"), None)
        });
        self.is_over |= matches!(announced, Some(Announced::Over(_)));
        (outcome, announced)
    }

    async fn exchange(&mut self, wire: &str, next: Option<&Envelope>) -> (Outcome, Option<Announced>) {
        let Some(next) = next else {
            let answer = self.connection.command(wire).await;
            return (self.judged(answer), None);
        };
        if !self.is_pipelining {
            let answer = self.connection.command(wire).await;
            let outcome = self.judged(answer);
            if self.is_over {
                return (outcome, None);
            }
            return (outcome, Some(self.step_by_step(&next.commands()).await));
        }
        let flight = [wire, &next.commands().concat()].concat();
        let answer = self.connection.command(flight).await;
        let outcome = self.judged(answer);
        if self.is_over {
            return (outcome, None);
        }
        let first = self.connection.read_response().await;
        (outcome, Some(self.hear(first).await))
    }

    /// Reads what is left of the answers to an announcement, of which `first` is to its sender.
    async fn hear(&mut self, first: Result<Response, Error>) -> Announced {
        let sender = match first {
            Err(e) if e.status().is_none() => return Announced::Over(words(&e)),
            sender => sender,
        };
        let recipient = self.connection.read_response().await;
        if let Err(e) = &recipient
            && e.status().is_none()
        {
            return Announced::Over(words(e));
        }
        let data = self.connection.read_response().await;
        match (sender, recipient, data) {
            (_, _, Err(e)) if e.status().is_none() => Announced::Over(words(&e)),
            (Err(e), _, data) => {
                self.withdraw(data.is_ok()).await;
                Announced::Over(words(&e)) // a quarrel between the relay and our settings
            }
            (Ok(_), Err(e), data) => {
                self.withdraw(data.is_ok()).await;
                refused(&e)
            }
            (Ok(_), Ok(_), Err(e)) => {
                self.withdraw(false).await;
                refused(&e)
            }
            (Ok(_), Ok(_), Ok(_)) => Announced::Ready,
        }
    }

    async fn step_by_step(&mut self, [mail, rcpt, data]: &[String; 3]) -> Announced {
        if let Err(e) = self.connection.command(mail).await {
            return Announced::Over(words(&e));
        }
        for command in [rcpt, data] {
            match self.connection.command(command).await {
                Ok(_) => {}
                Err(e) if e.status().is_none() => return Announced::Over(words(&e)),
                Err(e) => {
                    self.withdraw(false).await;
                    return refused(&e);
                }
            }
        }
        Announced::Ready
    }

    /// Forgets a mail that was announced in vain; `waits`: the relay waits for its text all the same.
    async fn withdraw(&mut self, waits: bool) {
        if waits {
            let _ = self.connection.command(".\r\n").await;
        }
        self.is_over |= self.connection.command(Rset).await.is_err();
    }

    /// What an answer to a whole message means.
    fn judged(&mut self, answer: Result<Response, Error>) -> Outcome {
        match answer {
            Ok(answer) => {
                Outcome::Delivered(clean(answer.message().collect::<Vec<_>>().join(" ").as_bytes()))
            }
            Err(e) => {
                // A 421 says goodbye; without a status there is nobody any more.
                self.is_over |= e.status().is_none_or(|code| u16::from(code) == 421);
                if e.is_permanent() { Outcome::Dead(words(&e)) } else { later(&e) }
            }
        }
    }

    /// Says goodbye.
    pub async fn quit(mut self) {
        if !self.is_over {
            let _ = timeout(Duration::from_secs(1), self.connection.quit()).await;
        }
    }
}

fn words(error: &Error) -> String {
    clean(error.to_string().as_bytes())
}

/// The relay's word on one recipient. Refusals by policy (5.7) and full mailboxes (5.2.2) say nothing of the address.
fn refused(error: &Error) -> Announced {
    let text = words(error);
    let is_of_the_address = !text.contains("5.7.") && !text.contains("5.2.2");
    Announced::Refused(match error.is_permanent() {
        true if is_of_the_address => Outcome::Bounced(text),
        true => Outcome::Dead(text),
        false => later(error),
    })
}

/// Not now; 421 and 4.7 ask for less.
fn later(error: &Error) -> Outcome {
    let text = error.to_string();
    let is_busy = error.status().is_some_and(|code| u16::from(code) == 421) || text.contains("4.7.");
    if is_busy { Outcome::Busy(words(error)) } else { Outcome::retry(text) }
}
