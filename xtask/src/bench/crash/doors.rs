//! Crashes while telemetry arrives: what was acknowledged is there afterwards, and nothing is counted twice.

use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    super::{
        Bound, Figure,
        client::Client,
        ingest::{
            key,
            load::{KINDS, now_ms, rfc3339},
        },
        postgres::Postgres,
        report,
        subject::Subject,
    },
    Kills, Which, random_below,
};
use crate::build;

/// Clients, each with one event a request.
const CLIENTS: usize = 8;
/// How long a life lasts once it answers, in milliseconds: from, and below.
const LIFE_MS: (u64, u64) = (50, 1_000);
/// Events of a batch when everything is sent once more.
const BATCH: usize = 1_000;
/// The figures follow within this time.
const PATIENCE: Duration = Duration::from_secs(60);
const TOKEN: &str = "crash-metrics-token-of-this-run";

/// An event as it was sent.
struct Sent {
    body: String,
    is_acknowledged: bool,
}

/// What came of one engine.
struct Found {
    kills: usize,
    sent: usize,
    acknowledged: usize,
    /// Acknowledged, and new when they were sent once more.
    lost: usize,
    journeys: u64,
    /// Journeys by the KPIs.
    counted: f64,
}

/// Kills while events arrive, and checks; whether every gate held.
///
/// # Errors
/// When something that it needs is missing, or the process does not come back.
pub(super) fn doors(root: &Path, binary: &Path, amount: &Kills) -> Result<bool, String> {
    let data = build::target(root).join("bench/crash-events");
    let mut figures = Vec::new();
    if amount.engine != Which::Postgres {
        figures.extend(judged(&SQLITE, &run(binary, &data.join("sqlite"), None, amount)?, amount));
    }
    if amount.engine != Which::Sqlite {
        let server = Postgres::start()?;
        let found = run(binary, &data.join("postgres"), Some(&server), amount)?;
        figures.extend(judged(&POSTGRES, &found, amount));
    }
    let method = format!(
        "Demo operator without traffic; {CLIENTS} clients send journeys of four events, one a request, and send nothing again. The process is killed (-9) \
         and started again; each life ends at a random time between {} and {} ms after it is ready. Afterwards every event is sent once more: what \
         was acknowledged must be a duplicate. Then every journey is whole, and the KPIs must count each once. Kills of the process, not of the machine.",
        LIFE_MS.0, LIFE_MS.1,
    );
    report(root, "crash_events", &method, &figures)?;
    Ok(figures.iter().all(|f| f.gate.holds(f.value)))
}

const SQLITE: [&str; 3] = ["sqlite_event_kills", "sqlite_events_lost", "sqlite_journeys_miscounted"];
const POSTGRES: [&str; 3] = ["postgres_event_kills", "postgres_events_lost", "postgres_journeys_miscounted"];

#[allow(clippy::cast_precision_loss, reason = "counts")]
fn judged(names: &[&'static str; 3], found: &Found, amount: &Kills) -> [Figure; 3] {
    let (kills, none) = (Bound::AtLeast(amount.kills as f64), Bound::AtMost(0.0));
    let detail = json!({ "sent": found.sent, "acknowledged": found.acknowledged, "journeys": found.journeys, "counted": found.counted });
    let figure = |at: usize, what, value, bound: Bound, detail| Figure {
        name: names[at],
        what,
        value,
        gate: bound,
        goal: bound,
        detail,
    };
    [
        figure(0, "kills while events arrived", found.kills as f64, kills, detail),
        figure(1, "acknowledged events that were not there", found.lost as f64, none, Value::Null),
        figure(
            2,
            "journeys that the KPIs count too often or too seldom",
            (found.counted - found.journeys as f64).abs(),
            none,
            Value::Null,
        ),
    ]
}

fn run(binary: &Path, data: &Path, server: Option<&Postgres>, amount: &Kills) -> Result<Found, String> {
    let url = server.map(Postgres::url).unwrap_or_default();
    let settings = [("WAYPOST_METRICS_TOKEN", TOKEN), ("WAYPOST_DATABASE_URL", url.as_str())];
    let settings = &settings[..if server.is_some() { 2 } else { 1 }];
    let subject = Subject::start_on("0,1", binary, data, &[], settings)?;
    let key = key(&subject, &subject.sign_in()?)?;
    let (journeys, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let book: Mutex<Vec<Sent>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| send(&subject.host, &key, &journeys, &is_over, &book));
        }
        let ended = kill(&subject, amount.kills);
        is_over.store(true, Ordering::SeqCst);
        ended
    })?;
    let book = book.into_inner().unwrap_or_else(PoisonError::into_inner);
    let journeys = journeys.load(Ordering::SeqCst);
    let lost = once_more(&subject.host, &key, &book)?;
    let counted = counted(&subject.host, journeys)?;
    let acknowledged = book.iter().filter(|s| s.is_acknowledged).count();
    Ok(Found { kills: amount.kills, sent: book.len(), acknowledged, lost, journeys, counted })
}

fn kill(subject: &Subject, kills: usize) -> Result<(), String> {
    for _ in 0..kills {
        let (from, below) = LIFE_MS;
        thread::sleep(Duration::from_millis(from + random_below(below - from)));
        subject.kill();
        subject.start_again()?;
    }
    Ok(())
}

fn event(journey: u64, step: u64) -> String {
    let kind = KINDS[usize::try_from(step).unwrap_or(0) % KINDS.len()];
    let time = rfc3339(now_ms());
    format!(
        r#"{{"specversion":"1.0","id":"{journey:x}-{kind}","source":"/crash/smdp","type":"esim.activation.{kind}","subject":"crash-{journey:x}","time":"{time}","data":{{"country":"FR","supplier":"crash/1","flow":"ota"}}}}"#
    )
}

fn headers(key: &str, kind: &str) -> String {
    format!("Authorization: Bearer {key}\r\nContent-Type: {kind}\r\n")
}

/// Sends journeys until it is over. What breaks off is noted and not repeated.
fn send(host: &str, key: &str, journeys: &AtomicU64, is_over: &AtomicBool, book: &Mutex<Vec<Sent>>) {
    let headers = headers(key, "application/cloudevents+json");
    let mut client = None;
    while !is_over.load(Ordering::SeqCst) {
        let journey = journeys.fetch_add(1, Ordering::SeqCst);
        for step in 0..4 {
            let body = event(journey, step);
            while client.is_none() {
                client = Client::connect(host).ok();
                if client.is_none() {
                    thread::sleep(Duration::from_millis(10));
                }
            }
            let answer = client.as_mut().map(|c| c.send("/ingest/v1/events", &headers, &body));
            let is_acknowledged = matches!(&answer, Some(Ok(answer)) if answer.status == 202);
            if !matches!(answer, Some(Ok(_))) {
                client = None;
            }
            book.lock().unwrap_or_else(PoisonError::into_inner).push(Sent { body, is_acknowledged });
        }
    }
}

/// Sends everything once more; how many acknowledged events were new.
fn once_more(host: &str, key: &str, book: &[Sent]) -> Result<usize, String> {
    let headers = headers(key, "application/cloudevents-batch+json");
    let mut client = Client::connect(host)?;
    let mut lost = 0;
    for batch in book.chunks(BATCH) {
        let bodies: Vec<&str> = batch.iter().map(|s| s.body.as_str()).collect();
        let answer = client.send("/ingest/v1/events", &headers, &format!("[{}]", bodies.join(",")))?;
        let said: Value = serde_json::from_slice(&answer.body).map_err(|e| e.to_string())?;
        if answer.status != 202 || said["rejected"] != 0 {
            return Err(format!("a batch was answered by {}: {said}", answer.status));
        }
        let items = said["items"].as_array().into_iter().flatten();
        let known: HashSet<u64> =
            items.filter(|i| i["result"] == "duplicate").filter_map(|i| i["index"].as_u64()).collect();
        lost += (0..).zip(batch).filter(|(n, s)| s.is_acknowledged && !known.contains(n)).count();
    }
    Ok(lost)
}

/// Journeys by the KPIs of the last ten minutes, once nothing is left to be applied.
fn counted(host: &str, journeys: u64) -> Result<f64, String> {
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let (begun, mut is_settled) = (Instant::now(), false);
    loop {
        let answer = Client::connect(host)?.get("/metrics", &token)?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let line = text
            .lines()
            .find(|l| l.starts_with("waypost_kpi_samples{step=\"journey\",supplier=\"crash\",node=\"1\""));
        let counted: f64 = line.and_then(|l| l.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0);
        #[allow(clippy::cast_precision_loss, reason = "a count")]
        let is_reached = counted >= journeys as f64 && text.contains("\nwaypost_ingest_events_unapplied 0\n");
        // Once more after a while: what is counted twice may come late.
        if is_settled || begun.elapsed() > PATIENCE {
            return Ok(counted);
        }
        is_settled = is_reached;
        thread::sleep(if is_reached { Duration::from_secs(3) } else { Duration::from_millis(250) });
    }
}
