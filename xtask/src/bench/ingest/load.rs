//! The load: journeys in CloudEvents, one a request or a thousand.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::super::client::Client;

/// Countries of the load; Mexico is left for what is to be noticed.
const COUNTRIES: [&str; 8] = ["FR", "IT", "ES", "DE", "PT", "GB", "US", "CA"];
pub(in crate::bench) const KINDS: [&str; 4] = ["requested", "issued", "downloaded", "enabled"];
/// Between two steps of a journey, in milliseconds.
const STEP_MS: u64 = 700;
/// Events in a batch.
pub(super) const BATCH: u64 = 1_000;

/// Where events go.
#[derive(Clone, Copy)]
pub(super) struct Door<'a> {
    pub(super) host: &'a str,
    pub(super) key: &'a str,
}

/// What was taken, and how long each request took, in milliseconds.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) events: u64,
    pub(super) waits_ms: Vec<f64>,
    pub(super) secs: f64,
    /// Answered by 429.
    pub(super) turned_away: u64,
}

impl Taken {
    #[allow(clippy::cast_precision_loss, reason = "a count")]
    pub(super) fn per_s(&self) -> f64 {
        self.events as f64 / self.secs.max(f64::EPSILON)
    }
}

/// Milliseconds since 1970.
pub(in crate::bench) fn now_ms() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "events carry the time of this very moment")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(0)
}

/// `2026-03-02T08:00:00.000Z`.
pub(in crate::bench) fn rfc3339(ms: u64) -> String {
    let at = i64::try_from(ms).ok().and_then(chrono::DateTime::from_timestamp_millis).unwrap_or_default();
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The `step`-th event of a journey that is over by now.
fn event(journey: u64, step: u64, now: u64, country: &str) -> String {
    let kind = KINDS[usize::try_from(step).unwrap_or(0) % KINDS.len()];
    let time = rfc3339(now - (4 - step) * STEP_MS);
    format!(
        r#"{{"specversion":"1.0","id":"{journey:x}-{kind}","source":"/bench/smdp","type":"esim.activation.{kind}","subject":"ord-{journey:x}","time":"{time}","data":{{"country":"{country}","supplier":"smdp-a/{}","flow":"ota"}}}}"#,
        journey % 2 + 1
    )
}

/// A journey in Mexico whose download fails.
fn failure(journey: u64, now: u64) -> String {
    let time = rfc3339(now - STEP_MS);
    let failed = format!(
        r#"{{"specversion":"1.0","id":"{journey:x}-failed","source":"/bench/smdp","type":"esim.activation.failed","subject":"ord-{journey:x}","time":"{time}","data":{{"country":"MX","supplier":"smdp-b/1","flow":"ota","step":"download","error_class":"timeout"}}}}"#
    );
    [event(journey, 0, now, "MX"), event(journey, 1, now, "MX"), failed].join(",")
}

/// Journeys are counted over the whole run, so that no id comes twice.
static JOURNEYS: AtomicU64 = AtomicU64::new(1);

impl Door<'_> {
    fn post(self, client: &mut Client, kind: &str, body: &str) -> Result<u16, String> {
        let headers = format!("Authorization: Bearer {}\r\nContent-Type: {kind}\r\n", self.key);
        Ok(client.send("/ingest/v1/events", &headers, body)?.status)
    }

    /// So many clients for so long, each with one event a request.
    pub(super) fn singles(self, clients: u64, length: Duration) -> Result<Taken, String> {
        self.all(clients, length, |door, client, taken| {
            let journey = JOURNEYS.fetch_add(1, Ordering::Relaxed);
            let country = COUNTRIES[usize::try_from(journey).unwrap_or(0) % COUNTRIES.len()];
            for step in 0..4 {
                let body = event(journey, step, now_ms(), country);
                let begun = Instant::now();
                let status = door.post(client, "application/cloudevents+json", &body)?;
                note(taken, status, 1, begun)?;
            }
            Ok(())
        })
    }

    /// So many clients for so long, each with a thousand events a request.
    pub(super) fn batches(self, clients: u64, length: Duration) -> Result<Taken, String> {
        self.all(clients, length, |door, client, taken| {
            let body = batch();
            let begun = Instant::now();
            let status = door.post(client, "application/cloudevents-batch+json", &body)?;
            note(taken, status, BATCH, begun)
        })
    }

    /// A hundred journeys that fail in Mexico.
    pub(super) fn failures(self) -> Result<(), String> {
        let now = now_ms();
        let all: Vec<String> =
            (0..100).map(|_| failure(JOURNEYS.fetch_add(1, Ordering::Relaxed), now)).collect();
        let body = format!("[{}]", all.join(","));
        let mut client = Client::connect(self.host)?;
        match self.post(&mut client, "application/cloudevents-batch+json", &body)? {
            202 => Ok(()),
            status => Err(format!("the failures were answered by {status}")),
        }
    }

    fn all(
        self,
        clients: u64,
        length: Duration,
        turn: fn(Door<'_>, &mut Client, &mut Taken) -> Result<(), String>,
    ) -> Result<Taken, String> {
        let begun = Instant::now();
        let each = thread::scope(|scope| {
            let threads: Vec<_> = (0..clients)
                .map(|_| {
                    scope.spawn(move || {
                        let (mut client, mut taken) = (Client::connect(self.host)?, Taken::default());
                        while begun.elapsed() < length {
                            turn(self, &mut client, &mut taken)?;
                        }
                        Ok::<Taken, String>(taken)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|t| t.join().map_err(|_| "a client broke off".to_owned())?)
                .collect::<Result<Vec<_>, _>>()
        })?;
        let mut sum = Taken { secs: begun.elapsed().as_secs_f64(), ..Taken::default() };
        for taken in each {
            sum.events += taken.events;
            sum.turned_away += taken.turned_away;
            sum.waits_ms.extend(taken.waits_ms);
        }
        Ok(sum)
    }
}

fn note(taken: &mut Taken, status: u16, events: u64, begun: Instant) -> Result<(), String> {
    match status {
        202 => {
            taken.events += events;
            taken.waits_ms.push(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        429 => {
            taken.turned_away += 1;
            thread::sleep(Duration::from_millis(50));
        }
        other => return Err(format!("events were answered by {other}")),
    }
    Ok(())
}

fn batch() -> String {
    let now = now_ms();
    let mut events = Vec::with_capacity(usize::try_from(BATCH).unwrap_or(0));
    for _ in 0..BATCH / 4 {
        let journey = JOURNEYS.fetch_add(1, Ordering::Relaxed);
        let country = COUNTRIES[usize::try_from(journey).unwrap_or(0) % COUNTRIES.len()];
        events.extend((0..4).map(|step| event(journey, step, now, country)));
    }
    format!("[{}]", events.join(","))
}
