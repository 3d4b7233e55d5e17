//! A receiver of webhooks that keeps connections, and notes when each endpoint first heard.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::bench::elsewhere::give_way;

/// How many of the endpoints are sick: the first ones hang, the next ones fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sick {
    pub(super) hanging: usize,
    pub(super) failing: usize,
}

impl Sick {
    pub(super) const NONE: Self = Self { hanging: 0, failing: 0 };
}

/// Everything that the receiver keeps.
#[derive(Default)]
struct Seen {
    challenges: usize,
    /// When each endpoint first heard in this round.
    first: Vec<Option<Instant>>,
    /// Length of the last message.
    length: usize,
    /// Connections that are never answered.
    held: Vec<TcpStream>,
}

pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    /// Endpoints.
    pub(super) count: usize,
    seen: Arc<Mutex<Seen>>,
    hanging: Arc<AtomicUsize>,
    failing: Arc<AtomicUsize>,
}

impl Receiver {
    pub(super) fn start(count: usize) -> Result<Self, String> {
        let listener = TcpListener::bind("0.0.0.0:0").map_err(|e| e.to_string())?;
        let port = listener.local_addr().map_err(|e| e.to_string())?.port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let seen = Arc::new(Mutex::new(Seen { first: vec![None; count], ..Seen::default() }));
        let (hanging, failing) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (all, hang, fail) = (Arc::clone(&seen), Arc::clone(&hanging), Arc::clone(&failing));
        thread::spawn(move || {
            give_way();
            for stream in listener.incoming().flatten() {
                let (all, hang, fail) = (Arc::clone(&all), Arc::clone(&hang), Arc::clone(&fail));
                thread::spawn(move || serve(stream, &all, &hang, &fail));
            }
        });
        Ok(Self { address, count, seen, hanging, failing })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, sick: Sick) {
        let mut seen = self.lock();
        seen.first = vec![None; self.count];
        seen.held.clear();
        self.hanging.store(sick.hanging, Ordering::Relaxed);
        self.failing.store(sick.failing, Ordering::Relaxed);
    }

    pub(super) fn heard(&self, sick: Sick) -> Vec<Instant> {
        self.lock().first[sick.hanging + sick.failing..].iter().copied().flatten().collect()
    }

    /// Bytes of the last one.
    pub(super) fn length(&self) -> usize {
        self.lock().length
    }

    pub(super) fn wait_for_challenges(&self, count: usize) -> Result<(), String> {
        let begun = Instant::now();
        while self.lock().challenges < count {
            if begun.elapsed() > Duration::from_secs(120) {
                return Err(format!("of {count} challenges {} came", self.lock().challenges));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// Answers what comes over one connection until it ends.
fn serve(stream: TcpStream, seen: &Mutex<Seen>, hanging: &AtomicUsize, failing: &AtomicUsize) {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let mut reader = BufReader::new(stream);
    loop {
        match answer(&mut reader, seen, (hanging, failing)) {
            Ok(true) => {}
            Ok(false) => {
                let held = reader.into_inner();
                seen.lock().unwrap_or_else(PoisonError::into_inner).held.push(held);
                return;
            }
            Err(_) => return,
        }
    }
}

/// One request; false: it is never answered.
fn answer(
    reader: &mut BufReader<TcpStream>,
    seen: &Mutex<Seen>,
    (hanging, failing): (&AtomicUsize, &AtomicUsize),
) -> std::io::Result<bool> {
    let (mut line, mut n, mut length) = (String::new(), usize::MAX, 0);
    let mut at = None;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        at.get_or_insert_with(Instant::now);
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if let Some(rest) = text.strip_prefix("POST /e/") {
            n = rest.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
        }
        const LENGTH: &str = "content-length: ";
        if let Some((name, value)) = text.split_at_checked(LENGTH.len())
            && name.eq_ignore_ascii_case(LENGTH)
        {
            length = value.parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (hanging, failing) = (hanging.load(Ordering::Relaxed), failing.load(Ordering::Relaxed));
    let is_challenge = length < 512 && body.windows(18).any(|w| w == b"endpoint.challenge");
    if is_challenge {
        seen.lock().unwrap_or_else(PoisonError::into_inner).challenges += 1;
    } else if n != usize::MAX {
        note(seen, n, at.unwrap_or_else(Instant::now), length);
        if n < hanging {
            return Ok(false);
        }
    }
    let status = if !is_challenge && n < hanging + failing { "500 Internal Server Error" } else { "200 OK" };
    // Only a challenge is echoed.
    let echo = if is_challenge { body.as_slice() } else { b"" };
    let mut answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", echo.len()).into_bytes();
    answer.extend_from_slice(echo);
    reader.get_mut().write_all(&answer)?;
    Ok(true)
}

fn note(seen: &Mutex<Seen>, n: usize, at: Instant, length: usize) {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(first) = seen.first.get_mut(n) {
        first.get_or_insert(at);
    }
    seen.length = length;
}
