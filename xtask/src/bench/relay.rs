//! Relays to send to: one that remembers everything, and a long way to any.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

/// What a recorder took.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Recipient and Message-ID, and how often.
    pub mails: HashMap<(String, String), usize>,
    /// When the first one was whole.
    pub first: Option<Instant>,
    /// Bytes of all messages.
    pub bytes: usize,
}

/// A relay that takes everything and remembers it; offers pipelining.
pub(super) struct Recorder {
    pub address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
}

impl Recorder {
    pub(super) fn start() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let taken = Arc::new(Mutex::new(Taken::default()));
        let all = Arc::clone(&taken);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let all = Arc::clone(&all);
                thread::spawn(move || {
                    let _ = converse(stream, &all);
                });
            }
        });
        Ok(Self { address, taken })
    }

    /// What was taken so far, and forgets it.
    pub(super) fn take(&self) -> Taken {
        std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn converse(stream: TcpStream, all: &Mutex<Taken>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    out.write_all(b"220 recorder ESMTP\r\n")?;
    let (mut line, mut to) = (String::new(), String::new());
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = match line.trim_end() {
            l if l.starts_with("EHLO") => "250-recorder\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
            l if l.starts_with("RCPT") => {
                to = l.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                "250 ok\r\n"
            }
            "DATA" => {
                out.write_all(b"354 go on\r\n")?;
                keep(&mut lines, &to, all)?;
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        out.write_all(answer.as_bytes())?;
    }
}

fn keep(lines: &mut impl BufRead, to: &str, all: &Mutex<Taken>) -> std::io::Result<()> {
    let (mut line, mut id, mut bytes) = (Vec::new(), String::new(), 0);
    loop {
        line.clear();
        bytes += lines.read_until(b'\n', &mut line)?;
        if line == b".\r\n" || line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix(b"Message-ID: ") {
            id = String::from_utf8_lossy(value).trim().to_owned();
        }
    }
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    *all.mails.entry((to.to_owned(), id)).or_default() += 1;
    all.first.get_or_insert_with(Instant::now);
    all.bytes += bytes;
    Ok(())
}

/// A way to a relay that takes `one_way` in each direction, however much is on it.
pub(super) fn long_way(to: SocketAddr, one_way: Duration) -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = TcpStream::connect(to) else { continue };
            let _ = near.set_nodelay(true).and_then(|()| far.set_nodelay(true));
            if let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) {
                delay(near, far_too, one_way);
                delay(far, near_too, one_way);
            }
        }
    });
    Ok(address)
}

fn delay(mut from: TcpStream, mut to: TcpStream, one_way: Duration) {
    let (send, receive) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if send.send((Instant::now() + one_way, buffer[..n].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receive {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
}
