//! A relay that keeps a ledger: who was sent what, over a connection of which life of the sender.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hasher as _},
    io::{BufRead, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A mail that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    /// How often the sender had been killed when it opened this connection.
    pub life: usize,
    pub message_id: String,
    /// Of the whole text, headers too.
    pub hash: u64,
}

/// Copies by recipient.
pub(super) type Mails = HashMap<String, Vec<Copy>>;

#[derive(Debug, Default)]
struct Book {
    mails: Mails,
    newest: Option<Instant>,
}

/// The relay. A mail is in the ledger before the sender is told so.
pub(super) struct Ledger {
    pub address: SocketAddr,
    book: Arc<Mutex<Book>>,
    life: Arc<AtomicUsize>,
}

impl Ledger {
    /// Keeps mails whose recipient begins with `whose`; takes all.
    pub(super) fn start(whose: &'static str) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let (book, life) = (Arc::new(Mutex::new(Book::default())), Arc::new(AtomicUsize::new(0)));
        let (all, now) = (Arc::clone(&book), Arc::clone(&life));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (all, life) = (Arc::clone(&all), now.load(Ordering::SeqCst));
                thread::spawn(move || {
                    let _ = converse(stream, |to, message_id, hash| {
                        if to.starts_with(whose) {
                            let mut book = all.lock().unwrap_or_else(PoisonError::into_inner);
                            book.mails.entry(to).or_default().push(Copy { life, message_id, hash });
                            book.newest = Some(Instant::now());
                        }
                    });
                });
            }
        });
        Ok(Self { address, book, life })
    }

    /// Connections opened from here on belong to the sender's next life. To be called while it is dead.
    pub(super) fn next_life(&self) {
        self.life.fetch_add(1, Ordering::SeqCst);
    }

    /// How many recipients have a mail, and how long ago the newest arrived.
    pub(super) fn state(&self) -> (usize, Duration) {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        (book.mails.len(), book.newest.map_or(Duration::ZERO, |at| at.elapsed()))
    }

    /// What was taken so far, and forgets it.
    pub(super) fn take(&self) -> Mails {
        std::mem::take(&mut *self.book.lock().unwrap_or_else(PoisonError::into_inner)).mails
    }
}

fn converse(stream: TcpStream, mut keep: impl FnMut(String, String, u64)) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    out.write_all(b"220 ledger ESMTP\r\n")?;
    let (mut line, mut to) = (String::new(), String::new());
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = match line.trim_end() {
            l if l.starts_with("EHLO") => "250-ledger\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
            l if l.starts_with("RCPT") => {
                to = l.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                "250 ok\r\n"
            }
            "DATA" => {
                out.write_all(b"354 go on\r\n")?;
                let Some((message_id, hash)) = text(&mut lines)? else { return Ok(()) };
                keep(std::mem::take(&mut to), message_id, hash);
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        out.write_all(answer.as_bytes())?;
    }
}

/// Message-ID and hash of a text; none if it broke off before its end, for then it was not accepted.
fn text(lines: &mut impl BufRead) -> std::io::Result<Option<(String, u64)>> {
    let (mut line, mut id, mut hash) = (Vec::new(), String::new(), DefaultHasher::new());
    loop {
        line.clear();
        lines.read_until(b'\n', &mut line)?;
        if line == b".\r\n" {
            return Ok(Some((id, hash.finish())));
        }
        if !line.ends_with(b"\n") {
            return Ok(None);
        }
        if let Some(value) = line.strip_prefix(b"Message-ID: ") {
            id = String::from_utf8_lossy(value).trim().to_owned();
        }
        hash.write(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_text_counts_once_it_has_ended() {
        let whole = b"Message-ID: <a@b>\r\n\r\nHello\r\n.\r\n";
        let (id, hash) = text(&mut &whole[..]).unwrap().unwrap();
        assert_eq!(id, "<a@b>");
        let other = b"Message-ID: <a@b>\r\n\r\nHallo\r\n.\r\n";
        assert_ne!(text(&mut &other[..]).unwrap().unwrap().1, hash);
        for end in 0..whole.len() {
            assert_eq!(text(&mut &whole[..end]).unwrap(), None, "{end} bytes");
        }
    }
}
