//! Publishing through the console while visitors load the page: how soon everybody sees it, and what it costs them.

use std::{
    sync::{
        Barrier, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    client::{Client, form},
    elsewhere::come_first,
    subject::{Subject, between},
};

/// What the newest update calls itself; visitors read its number off the page.
const MARK: &str = "Measured update ";

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// From the console's answer to the first page with the update, in milliseconds, one per publish.
    pub visible_ms: Vec<f64>,
    /// How long a publish took, in milliseconds.
    pub publish_ms: Vec<f64>,
    /// Pages loaded by visitors.
    pub gets: u64,
    /// Of those, begun after a publish was answered and without its update.
    pub stale: u64,
    /// Slowest answer to a visitor in the second around each publish, in milliseconds: the median over the publishes.
    pub worst_ms: f64,
    /// The slowest of them all.
    pub worst_of_all_ms: f64,
    /// 99th percentile of visitors' answers, in milliseconds.
    pub p99_ms: f64,
}

/// An update that was published.
pub(super) struct Published {
    /// Which one it is.
    pub number: usize,
    /// When it was sent, the page with the form at hand.
    pub posted_at: Instant,
}

/// The demo's open incident, led by a signed-in owner.
pub(super) struct Author<'a> {
    subject: &'a Subject,
    client: Client,
    cookie: String,
    incident: String,
    count: usize,
}

impl<'a> Author<'a> {
    /// Signs in and looks for the open incident.
    pub(super) fn new(subject: &'a Subject, cookie: &str) -> Result<Self, String> {
        let mut client = Client::connect(&subject.host)?;
        let open = client.get("/api/v2/incidents/unresolved.json", "")?;
        let open: serde_json::Value = serde_json::from_slice(&open.body).map_err(|e| e.to_string())?;
        let incident = open["incidents"][0]["id"].as_str().ok_or("the demo has no open incident")?.to_owned();
        Ok(Self { subject, client, cookie: cookie.to_owned(), incident, count: 0 })
    }

    /// Publishes one update; its number.
    pub(super) fn publish(&mut self) -> Result<Published, String> {
        self.count += 1;
        // A connection that was idle for long has been closed.
        self.client = Client::connect(&self.subject.host)?;
        let path = format!("/console/incidents/{}", self.incident);
        let page = self.client.get(&path, &self.cookie)?;
        let page = String::from_utf8_lossy(&page.body).into_owned();
        let (csrf, version) = (
            between(&page, "name=\"csrf\" value=\"", "\""),
            between(&page, "name=\"version\" value=\"", "\""),
        );
        let known = format!("{MARK}{}.", self.count);
        let fields = form(&[
            ("csrf", &csrf),
            ("version", &version),
            ("phase", "identified"),
            ("kind", "progress"),
            ("known", &known),
            ("unknown", "How long it takes."),
            ("next_steps", "We keep measuring; we write again within the hour."),
            ("customer_action", "Nothing."),
            ("how", "alone"),
            ("break_glass", "A measurement has no second person."),
        ]);
        let posted_at = Instant::now();
        let answer = self.client.post(&format!("{path}/updates"), &self.cookie, &fields)?;
        match answer.status {
            303 => Ok(Published { number: self.count, posted_at }),
            status => Err(format!(
                "update {} was answered by {status}: {}",
                self.count,
                between(&String::from_utf8_lossy(&answer.body), "role=\"alert\"", "</p>")
            )),
        }
    }
}

fn newest(body: &[u8]) -> usize {
    let text = String::from_utf8_lossy(body);
    between(&text, MARK, ".").parse().unwrap_or(0)
}

/// Publishes `publishes` times, so many milliseconds apart, while `visitors` load the page without pause.
pub(super) fn measure(
    author: &mut Author<'_>,
    publishes: usize,
    apart: Duration,
    visitors: usize,
) -> Result<Seen, String> {
    let host = author.subject.host.clone();
    let (published, stop) = (AtomicUsize::new(author.count), AtomicBool::new(false));
    let (gets, stale) = (AtomicU64::new(0), AtomicU64::new(0));
    let times: Mutex<Vec<(Instant, f64)>> = Mutex::default();
    let mut seen = Seen::default();
    let mut moments = Vec::new();
    let result = std::thread::scope(|scope| {
        for _ in 0..visitors {
            scope.spawn(|| {
                let Ok(mut client) = Client::connect(&host) else { return };
                let mut mine = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let due = published.load(Ordering::SeqCst);
                    let begun = Instant::now();
                    let Ok(answer) = client.get("/", "") else { break };
                    mine.push((begun, begun.elapsed().as_secs_f64() * 1_000.0));
                    gets.fetch_add(1, Ordering::Relaxed);
                    if newest(&answer.body) < due {
                        stale.fetch_add(1, Ordering::Relaxed);
                    }
                }
                times.lock().unwrap_or_else(PoisonError::into_inner).extend(mine);
            });
        }
        let mut probe = Client::connect(&host)?;
        let mut run = || -> Result<(), String> {
            for _ in 0..publishes {
                std::thread::sleep(apart);
                let Published { number, posted_at } = author.publish()?;
                seen.publish_ms.push(posted_at.elapsed().as_secs_f64() * 1_000.0);
                let answered = Instant::now();
                published.store(number, Ordering::SeqCst);
                while newest(&probe.get("/", "")?.body) < number {}
                seen.visible_ms.push(answered.elapsed().as_secs_f64() * 1_000.0);
                moments.push(answered);
            }
            Ok(())
        };
        let result = run();
        stop.store(true, Ordering::Relaxed);
        result
    });
    result?;
    seen.gets = gets.into_inner();
    seen.stale = stale.into_inner();
    let times = times.into_inner().unwrap_or_else(PoisonError::into_inner);
    let half = Duration::from_millis(500);
    let slowest = |moment: &Instant| {
        let near = times.iter().filter(|(at, _)| {
            at.checked_duration_since(*moment).or_else(|| moment.checked_duration_since(*at)) <= Some(half)
        });
        near.map(|(_, ms)| *ms).fold(0.0, f64::max)
    };
    let worst: Vec<f64> = moments.iter().map(slowest).collect();
    seen.worst_of_all_ms = worst.iter().copied().fold(0.0, f64::max);
    seen.worst_ms = super::stats::median(worst);
    let all: Vec<f64> = times.into_iter().map(|(_, ms)| ms).collect();
    seen.p99_ms = super::stats::percentile(&all, 0.99);
    Ok(seen)
}

/// Loads the page with so many visitors and no publishes: the 99th percentile in milliseconds.
pub(super) fn quiet(host: &str, visitors: usize, secs: u64) -> f64 {
    let until = Instant::now() + Duration::from_secs(secs);
    let times: Mutex<Vec<f64>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..visitors {
            scope.spawn(|| {
                let Ok(mut client) = Client::connect(host) else { return };
                let mut mine = Vec::new();
                while Instant::now() < until {
                    let begun = Instant::now();
                    if client.get("/", "").is_err() {
                        break;
                    }
                    mine.push(begun.elapsed().as_secs_f64() * 1_000.0);
                }
                times.lock().unwrap_or_else(PoisonError::into_inner).extend(mine);
            });
        }
    });
    let times = times.into_inner().unwrap_or_else(PoisonError::into_inner);
    super::stats::percentile(&times, 0.99)
}

/// So many requests a second at fixed times, whatever the answers do; latencies count from the planned time. In ms.
///
/// # Errors
/// When one of them is not answered with the page.
pub(super) fn open_loop(host: &str, per_sec: u64, secs: u64) -> Result<Vec<f64>, String> {
    const CONNECTIONS: u64 = 32;
    let (ready, start) = (Barrier::new(CONNECTIONS as usize), OnceLock::new());
    let lane = |lane: u64| {
        come_first();
        let client = Client::connect(host);
        ready.wait();
        let (mut client, mut mine) = (client?, Vec::new());
        let start = *start.get_or_init(|| Instant::now() + Duration::from_millis(100));
        for n in (lane..per_sec * secs).step_by(CONNECTIONS as usize) {
            let planned = start + Duration::from_micros(n * 1_000_000 / per_sec);
            std::thread::sleep(planned.saturating_duration_since(Instant::now()));
            match client.get("/", "Accept-Encoding: gzip\r\n")?.status {
                200 => mine.push(planned.elapsed().as_secs_f64() * 1_000.0),
                status => return Err(format!("a visitor was answered by {status}")),
            }
        }
        Ok(mine)
    };
    let lane = &lane;
    let all: Vec<Result<Vec<f64>, String>> = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..CONNECTIONS).map(|n| scope.spawn(move || lane(n))).collect();
        let broke = |_| Err("a visitor broke off".to_owned());
        lanes.into_iter().map(|lane| lane.join().unwrap_or_else(broke)).collect()
    });
    all.into_iter().collect::<Result<Vec<_>, _>>().map(|all| all.concat())
}
