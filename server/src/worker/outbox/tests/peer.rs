//! A mail relay that follows a script: it refuses, hangs up and forgets where a test tells it to.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::bench::Bench;

/// Where in a conversation a script is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// At `RCPT`, before the answer.
    Rcpt,
    /// After the answer to `RCPT`.
    AfterRcpt,
    /// After the first line of the message.
    MidData,
    /// After the lone dot, before the answer: the message is not kept yet.
    Dot,
    /// The message is kept, and the answer to it is on its way.
    Kept,
}

/// What a script says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Do {
    /// As ever.
    Go,
    /// This answer instead.
    Say(&'static str),
    /// Hang up, without another word.
    Cut,
}

/// A message that came as far as its lone dot.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) to: String,
    pub(crate) message: String,
}

type Script = dyn FnMut(Moment, &str) -> Do + Send;

struct Shared {
    script: Mutex<Box<Script>>,
    /// What was kept, and answered so.
    kept: Mutex<Vec<Heard>>,
    /// Everything up to a lone dot, kept or not.
    heard: Mutex<Vec<Heard>>,
    is_pipelining: bool,
}

impl Shared {
    fn ask(&self, moment: Moment, to: &str) -> Do {
        (self.script.lock().unwrap())(moment, to)
    }
}

/// The relay, in the place of the bench's sink.
pub(crate) struct Peer {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Peer {
    /// Takes the sink's place.
    pub(crate) async fn start(
        bench: &Bench,
        is_pipelining: bool,
        script: impl FnMut(Moment, &str) -> Do + Send + 'static,
    ) -> Self {
        bench.relay_down();
        let listener = loop {
            match TcpListener::bind(bench.sink_address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await, // the sink is just leaving
            }
        };
        let script: Mutex<Box<Script>> = Mutex::new(Box::new(script));
        let shared =
            Arc::new(Shared { script, kept: Mutex::default(), heard: Mutex::default(), is_pipelining });
        let all = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&all);
                tokio::spawn(async move { drop(talk(stream, &shared).await) });
            }
        });
        Self { shared, task }
    }

    pub(crate) fn kept(&self) -> Vec<Heard> {
        self.shared.kept.lock().unwrap().clone()
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.shared.heard.lock().unwrap().clone()
    }

    /// To whom something was kept, sorted.
    pub(crate) fn kept_to(&self) -> Vec<String> {
        let mut to: Vec<String> = self.kept().into_iter().map(|h| h.to).collect();
        to.sort();
        to
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Hangs up where the script says so.
macro_rules! obey {
    ($stream:ident, $said:expr, $otherwise:expr) => {
        match $said {
            Do::Cut => return Ok(()),
            Do::Say(answer) => {
                $stream.write_all(answer.as_bytes()).await?;
                false
            }
            Do::Go => {
                $stream.write_all($otherwise.as_bytes()).await?;
                true
            }
        }
    };
}

async fn talk(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut to = String::new();
    stream.write_all(b"220 relay\r\n").await?;
    let mut line = String::new();
    while {
        line.clear();
        stream.read_line(&mut line).await?
    } > 0
    {
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" if shared.is_pipelining => stream.write_all(b"250-relay\r\n250 PIPELINING\r\n").await?,
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                if obey!(stream, shared.ask(Moment::Rcpt, &address), "250 2.1.5 ok\r\n") {
                    obey!(stream, shared.ask(Moment::AfterRcpt, &address), "");
                    to = address;
                }
            }
            "DATA" if to.is_empty() => stream.write_all(b"503 5.5.1 RCPT first\r\n").await?,
            "DATA" => {
                stream.write_all(b"354 go ahead\r\n").await?;
                let Some(message) = message(&mut stream, shared, &to).await? else { return Ok(()) };
                let heard = Heard { to: std::mem::take(&mut to), message };
                shared.heard.lock().unwrap().push(heard.clone());
                let said = shared.ask(Moment::Dot, &heard.to);
                if matches!(said, Do::Go) {
                    shared.kept.lock().unwrap().push(heard.clone());
                }
                if obey!(stream, said, "250 2.0.0 kept\r\n") {
                    obey!(stream, shared.ask(Moment::Kept, &heard.to), "");
                }
            }
            "RSET" => {
                to.clear();
                stream.write_all(b"250 2.0.0 ok\r\n").await?;
            }
            "QUIT" => return stream.write_all(b"221 2.0.0 bye\r\n").await,
            _ => stream.write_all(b"250 2.0.0 ok\r\n").await?,
        }
    }
    Ok(())
}

/// The message up to its lone dot, dots single again; none when the script hangs up.
async fn message(
    stream: &mut BufReader<TcpStream>,
    shared: &Shared,
    to: &str,
) -> std::io::Result<Option<String>> {
    let (mut message, mut line) = (String::new(), String::new());
    while {
        line.clear();
        stream.read_line(&mut line).await?
    } > 0
    {
        if line == ".\r\n" {
            return Ok(Some(message));
        }
        if message.is_empty() && matches!(shared.ask(Moment::MidData, to), Do::Cut) {
            return Ok(None);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
    Ok(None)
}
