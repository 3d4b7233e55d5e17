//! A small, correct SMTP server that keeps what it is given: one `.eml` file per message. For this machine only.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

use crate::{clock::Clock, http::serve::stopped};

/// Largest message, as announced by `SIZE`.
const SIZE_MAX: usize = 10 * 1024 * 1024;
/// Longest line, end included (RFC 5321 asks for 1,000; some senders exceed it).
const LINE_MAX: usize = 64 * 1024;
/// A client that says nothing for this long is let go.
const SILENCE: Duration = Duration::from_secs(60);
/// Connections at once; more wait.
const CONNECTIONS: usize = 256;

/// Takes mail into `spool` until the stop; running conversations are cut then.
pub async fn run(listener: TcpListener, spool: PathBuf, mut stop: watch::Receiver<bool>) {
    let sink =
        Arc::new(Sink { spool, count: AtomicU64::new(0), room: Arc::new(Semaphore::new(CONNECTIONS)) });
    let mut talks = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => return,
            Some(_) = talks.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let sink = sink.clone();
                    talks.spawn(async move {
                        if let Ok(_room) = sink.room.clone().acquire_owned().await
                            && let Err(error) = sink.talk(stream).await
                        {
                            tracing::debug!(%error, "mail sink: a conversation broke off");
                        }
                    });
                }
                // Out of file descriptors, most likely: give open conversations a moment to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
        }
    }
}

struct Sink {
    spool: PathBuf,
    count: AtomicU64,
    room: Arc<Semaphore>,
}

/// What has been said about the message under way.
#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

/// What a command leads to.
enum Next {
    Answer(&'static str),
    Data,
    Quit,
}

impl Sink {
    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut stream = BufReader::new(BufWriter::new(stream));
        let mut envelope = Envelope::default();
        stream.write_all(b"220 waypost mail sink ESMTP\r\n").await?;
        loop {
            // With PIPELINING answers may wait until the client has nothing more to say.
            if stream.buffer().is_empty() {
                stream.flush().await?;
            }
            let Some(line) = read_line(&mut stream).await? else { return Ok(()) };
            let Ok(line) = String::from_utf8(line) else {
                stream.write_all(b"500 5.5.2 not UTF-8\r\n").await?;
                continue;
            };
            match envelope.command(line.trim_end()) {
                Next::Answer(answer) => stream.write_all(answer.as_bytes()).await?,
                Next::Quit => {
                    stream.write_all(b"221 2.0.0 bye\r\n").await?;
                    return stream.flush().await;
                }
                Next::Data => {
                    stream.write_all(b"354 go ahead, end with a lone dot\r\n").await?;
                    stream.flush().await?;
                    let Some(message) = read_message(&mut stream).await? else { return Ok(()) };
                    let answer = self.keep(&std::mem::take(&mut envelope), message).await;
                    stream.write_all(answer.as_bytes()).await?;
                }
            }
        }
    }

    /// Writes the message beside its final name, then renames: readers of the spool never see half a mail.
    async fn keep(&self, envelope: &Envelope, message: Option<Vec<u8>>) -> &'static str {
        let Some(message) = message else { return "552 5.3.4 message too big\r\n" };
        let n = self.count.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{n}", Clock::Wall.now().millis());
        let mut bytes = format!(
            "Return-Path: <{}>\r\nDelivered-To: {}\r\n",
            envelope.from.as_deref().unwrap_or_default(),
            envelope.to.join(", ")
        )
        .into_bytes();
        bytes.extend_from_slice(&message);
        match write(&self.spool, &name, &bytes).await {
            Ok(()) => "250 2.0.0 kept\r\n",
            Err(error) => {
                tracing::warn!(%error, spool = %self.spool.display(), "mail sink: cannot keep a message");
                "452 4.3.1 the spool cannot be written\r\n"
            }
        }
    }
}

async fn write(spool: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    tokio::fs::create_dir_all(spool).await?;
    let draft = spool.join(format!(".{name}.part"));
    tokio::fs::write(&draft, bytes).await?;
    tokio::fs::rename(&draft, spool.join(format!("{name}.eml"))).await
}

impl Envelope {
    fn command(&mut self, line: &str) -> Next {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        Next::Answer(match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                *self = Self::default();
                "250-waypost mail sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 10485760\r\n"
            }
            "HELO" => {
                *self = Self::default();
                "250 waypost mail sink\r\n"
            }
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest),
            "DATA" if self.to.is_empty() => "503 5.5.1 RCPT first\r\n",
            "DATA" => return Next::Data,
            "RSET" => {
                *self = Self::default();
                "250 2.0.0 forgotten\r\n"
            }
            "NOOP" => "250 2.0.0 yes\r\n",
            "VRFY" => "252 2.5.0 send and see\r\n",
            "QUIT" => return Next::Quit,
            _ => "502 5.5.1 no such command\r\n",
        })
    }

    fn mail(&mut self, rest: &str) -> &'static str {
        if self.from.is_some() {
            return "503 5.5.1 one MAIL at a time\r\n";
        }
        let Some((from, parameters)) = path(rest, "FROM:") else {
            return "501 5.5.4 MAIL FROM:<address>\r\n";
        };
        let size = parameters
            .split(' ')
            .find_map(|p| p.to_ascii_uppercase().strip_prefix("SIZE=")?.parse::<usize>().ok());
        if size.is_some_and(|s| s > SIZE_MAX) {
            return "552 5.3.4 message too big\r\n";
        }
        self.from = Some(from.to_owned());
        "250 2.1.0 sender ok\r\n"
    }

    fn rcpt(&mut self, rest: &str) -> &'static str {
        if self.from.is_none() {
            return "503 5.5.1 MAIL first\r\n";
        }
        match path(rest, "TO:") {
            Some((to, _)) if to.contains('@') && self.to.len() < 100 => {
                self.to.push(to.to_owned());
                "250 2.1.5 recipient ok\r\n"
            }
            Some((to, _)) if to.contains('@') => "452 4.5.3 too many recipients\r\n",
            _ => "501 5.1.3 RCPT TO:<address>\r\n",
        }
    }
}

/// `FROM:<a@b> SIZE=1` as address and parameters.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let head = rest.get(..keyword.len())?;
    let rest = rest.get(keyword.len()..)?.trim_start().strip_prefix('<')?;
    let (address, parameters) = rest.split_once('>')?;
    head.eq_ignore_ascii_case(keyword).then_some((address, parameters.trim()))
}

/// One line with its end, or none when the client is gone or silent. A line without end breaks off.
async fn read_line<S: AsyncBufRead + Unpin>(stream: &mut S) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut limited = stream.take(LINE_MAX as u64);
    let Ok(read) = timeout(SILENCE, limited.read_until(b'\n', &mut line)).await else { return Ok(None) };
    read?;
    Ok(line.ends_with(b"\n").then_some(line))
}

/// The message up to the lone dot, its doubled dots single again; `Some(None)` when it was too big.
async fn read_message<S: AsyncBufRead + Unpin>(stream: &mut S) -> std::io::Result<Option<Option<Vec<u8>>>> {
    let (mut message, mut is_too_big) = (Vec::new(), false);
    while let Some(line) = read_line(stream).await? {
        if line == b".\r\n" {
            return Ok(Some((!is_too_big).then_some(message)));
        }
        let line = line.strip_prefix(b".").unwrap_or(&line);
        is_too_big |= message.len() + line.len() > SIZE_MAX;
        if !is_too_big {
            message.extend_from_slice(line);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
