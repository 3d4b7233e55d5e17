//! Webhooks: from the publishing request to the first byte at each of a thousand endpoints, some of them sick.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    Bound, Figure,
    client::{Client, form},
    publish::Author,
    report,
    stats::{median, percentile},
    subject::Subject,
};
use crate::build;

/// Endpoints that are registered.
const ENDPOINTS: usize = 1_000;
/// Publications measured in each state.
const ROUNDS: usize = 5;
/// A publication is looked at for this long.
const PATIENCE: Duration = Duration::from_secs(12);

/// Measures webhooks.
///
/// # Errors
/// When something that it needs is missing or does not start.
pub(crate) fn webhooks(root: &Path) -> Result<bool, String> {
    let binary = build::release(root)?;
    let data = build::target(root).join("bench/webhooks/data");
    let settings = [("WAYPOST_LIMITS__WEBHOOK_PER_HOUR", "1000000")];
    let subject = Subject::start_on("0,1", &binary, &data, &[], &settings)?;
    let cookie = subject.sign_in()?;
    let receiver = Receiver::start()?;
    register(&subject, &receiver)?;
    let mut author = Author::new(&subject, &cookie)?;
    round(&mut author, &receiver, Sick::NONE)?; // warm
    let well = rounds(&mut author, &receiver, Sick::NONE)?;
    let sick = rounds(&mut author, &receiver, Sick { hanging: 100, failing: 100 })?;
    let hung = rounds(&mut author, &receiver, Sick { hanging: 200, failing: 0 })?;
    let figures = figures(&well, &sick, &hung);
    let method = format!(
        "Release build, demo operator, SQLite, {ENDPOINTS} endpoints on one receiver of this machine, signed, every attempt on record. From \
         the start of the publishing request to the first byte of each message; median of {ROUNDS} publications. Sick: 100 endpoints \
         never answer and 100 answer 500; hung: 200 never answer. Counted are the healthy ones. Receiver and sender share the machine."
    );
    report(root, "webhooks", &method, &figures)?;
    Ok(figures.iter().all(|f| f.gate.holds(f.value)))
}

/// Percentiles of the publications, in milliseconds.
#[derive(Default)]
struct Times {
    p95: Vec<f64>,
    p99: Vec<f64>,
    missing: usize,
}

fn figures(well: &Times, sick: &Times, hung: &Times) -> Vec<Figure> {
    let p99 = |times: &Times| median(times.p99.clone());
    let ratio = p99(sick) / p99(well).max(f64::EPSILON);
    let missing = well.missing + sick.missing + hung.missing;
    let detail = |times: &Times| json!({ "p95_ms": times.p95, "p99_ms": times.p99 });
    let most = Bound::AtMost;
    #[allow(clippy::cast_precision_loss, reason = "a count")]
    let lost = missing as f64;
    [
        (
            "p95_ms",
            "publishing request to first byte, 95 % of the endpoints",
            median(well.p95.clone()),
            most(1_000.0),
            most(1_000.0),
            detail(well),
        ),
        ("p99_ms", "the same, 99 %", p99(well), most(2_000.0), most(2_000.0), Value::Null),
        (
            "p99_ratio_sick",
            "p99 of the healthy with 10 % hanging and 10 % failing, to without",
            ratio,
            most(3.0),
            most(1.2),
            detail(sick),
        ),
        (
            "p99_ms_with_hung",
            "p99 of the healthy with 200 that never answer",
            p99(hung),
            most(2_000.0),
            most(2_000.0),
            detail(hung),
        ),
        (
            "missing",
            "messages that no healthy endpoint got within 12 s",
            lost,
            most(0.0),
            most(0.0),
            Value::Null,
        ),
    ]
    .into_iter()
    .map(|(name, what, value, gate, goal, detail)| Figure { name, what, value, gate, goal, detail })
    .collect()
}

fn register(subject: &Subject, receiver: &Receiver) -> Result<(), String> {
    let mut client = Client::connect(&subject.host)?;
    for n in 0..ENDPOINTS {
        let url = format!("http://{}/e/{n}", receiver.address);
        let fields = form(&[("subscriber[email]", "owner@example.org"), ("subscriber[endpoint]", &url)]);
        let answer = client.post("/api/v2/subscribers.json", "", &fields)?;
        if answer.status != 201 {
            return Err(format!("endpoint {n} was answered by {}", answer.status));
        }
        if n == 0 {
            receiver.wait_for_challenges(1)?; // its host is proven; the others need no operator
            thread::sleep(Duration::from_millis(500));
        }
    }
    receiver.wait_for_challenges(ENDPOINTS)?;
    thread::sleep(Duration::from_secs(1));
    Ok(())
}

fn rounds(author: &mut Author<'_>, receiver: &Receiver, sick: Sick) -> Result<Times, String> {
    let mut times = Times::default();
    for _ in 0..ROUNDS {
        let (ms, missing) = round(author, receiver, sick)?;
        times.p95.push(percentile(&ms, 0.95));
        times.p99.push(percentile(&ms, 0.99));
        times.missing += missing;
    }
    Ok(times)
}

/// One publication: milliseconds of the healthy endpoints, and how many heard nothing.
fn round(author: &mut Author<'_>, receiver: &Receiver, sick: Sick) -> Result<(Vec<f64>, usize), String> {
    receiver.begin(sick);
    let begun = Instant::now();
    author.publish()?;
    let healthy = ENDPOINTS - sick.hanging - sick.failing;
    let heard = loop {
        let heard = receiver.heard(sick);
        if heard.len() >= healthy || begun.elapsed() > PATIENCE {
            break heard;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let ms: Vec<f64> = heard.iter().map(|at| at.duration_since(begun).as_secs_f64() * 1_000.0).collect();
    // Those that hang end after ten seconds and are tried again: the next round begins without them under way.
    if sick.hanging > 0 {
        thread::sleep(PATIENCE.saturating_sub(begun.elapsed()));
    }
    Ok((ms, healthy.saturating_sub(heard.len())))
}

/// How many of the endpoints are sick: the first ones hang, the next ones fail.
#[derive(Debug, Clone, Copy)]
struct Sick {
    hanging: usize,
    failing: usize,
}

impl Sick {
    const NONE: Self = Self { hanging: 0, failing: 0 };
}

/// Everything that the receiver keeps.
#[derive(Default)]
struct Seen {
    challenges: usize,
    /// When each endpoint first heard in this round.
    first: Vec<Option<Instant>>,
    /// Connections that are never answered.
    held: Vec<TcpStream>,
}

struct Receiver {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    hanging: Arc<AtomicUsize>,
    failing: Arc<AtomicUsize>,
}

impl Receiver {
    fn start() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let seen = Arc::new(Mutex::new(Seen { first: vec![None; ENDPOINTS], ..Seen::default() }));
        let (hanging, failing) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..4 {
            let listener = listener.try_clone().map_err(|e| e.to_string())?;
            let (seen, hanging, failing) = (Arc::clone(&seen), Arc::clone(&hanging), Arc::clone(&failing));
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (hang, fail) = (hanging.load(Ordering::Relaxed), failing.load(Ordering::Relaxed));
                    let _ = answer(stream, &seen, hang, fail);
                }
            });
        }
        Ok(Self { address, seen, hanging, failing })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, sick: Sick) {
        let mut seen = self.lock();
        seen.first = vec![None; ENDPOINTS];
        seen.held.clear();
        self.hanging.store(sick.hanging, Ordering::Relaxed);
        self.failing.store(sick.failing, Ordering::Relaxed);
    }

    fn heard(&self, sick: Sick) -> Vec<Instant> {
        self.lock().first[sick.hanging + sick.failing..].iter().copied().flatten().collect()
    }

    fn wait_for_challenges(&self, count: usize) -> Result<(), String> {
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

fn answer(stream: TcpStream, seen: &Mutex<Seen>, hanging: usize, failing: usize) -> std::io::Result<()> {
    let at = Instant::now();
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut n, mut length) = (String::new(), ENDPOINTS, 0);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if let Some(rest) = text.strip_prefix("POST /e/") {
            n = rest.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(ENDPOINTS);
        }
        if let Some(value) = text.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let is_challenge = body.windows(18).any(|w| w == b"endpoint.challenge");
    let mut stream = reader.into_inner();
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    if is_challenge {
        seen.challenges += 1;
    } else if let Some(first) = seen.first.get_mut(n) {
        first.get_or_insert(at);
    }
    if !is_challenge && n < hanging {
        seen.held.push(stream);
        return Ok(());
    }
    drop(seen);
    let status = if !is_challenge && n < hanging + failing { "500 Internal Server Error" } else { "200 OK" };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}
