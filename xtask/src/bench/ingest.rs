//! Telemetry: events a second, durable, one a request and a thousand a request, beside what sqlx does by itself; how
//! long nobody waits, how soon a cell turns, and what visitors notice of it.

mod figures;
pub(super) mod load;
mod page;

use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use self::{
    figures::{POSTGRES, SQLITE, figures},
    load::{Door, Taken},
    page::Page,
};
use super::{
    client::{Client, form},
    elsewhere::NICENESS,
    mail::resident_mib,
    nginx::Nginx,
    postgres::Postgres,
    report,
    subject::{Subject, between},
};
use crate::{build, needs};

/// Clients of one event a request.
const CLIENTS: u64 = 64;
/// Writers among whom none may starve.
const WRITERS: u64 = 8;
/// Clients of batches.
const SENDERS: u64 = 4;
/// Clients of batches in the overload: not many fewer than one address may have connections.
const TOO_MANY: u64 = 200;
/// Between two looks at the board.
const LOOK: Duration = Duration::from_millis(50);
/// How long each load lasts.
const LENGTH: Duration = Duration::from_secs(5);
/// Rounds of batches, each with sqlx by itself before it, and the pause in which what came before is counted.
const ROUNDS: usize = 3;
const PAUSE: Duration = Duration::from_secs(2);
/// A turn is waited for this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Rows a second of sqlx by itself: one a commit by one writer and by several, a thousand a commit.
#[derive(Clone, Copy)]
struct Bare {
    single: f64,
    /// Only on PostgreSQL.
    together: Option<f64>,
    batch: f64,
}

/// What one engine did.
struct Run {
    /// Rows a second of sqlx by itself, before each round of batches.
    bare: Vec<Bare>,
    singles: Taken,
    /// Events a second in batches, round by round.
    batches: Vec<f64>,
    few: Taken,
    detect_ms: f64,
    page: Page,
    rss_mib: f64,
    overload: Overload,
}

/// Far more batches than can be kept; clients pause for 50 ms when they are turned away.
struct Overload {
    taken: Taken,
    /// How long the board of the console took, in milliseconds.
    board_ms: Vec<f64>,
    rss_mib: f64,
}

/// Measures the doors on both engines.
///
/// # Errors
/// When something that it needs is missing or does not start.
pub(crate) fn ingest(root: &Path) -> Result<bool, String> {
    needs::install_for_bench()?;
    let (binary, bare) = (build::release(root)?, build::bare(root)?);
    let data = build::target(root).join("bench/ingest");
    let _ = std::fs::remove_dir_all(&data);
    std::fs::create_dir_all(&data).map_err(|e| format!("{}: {e}", data.display()))?;
    let file = format!("sqlite:{}", data.join("bare.db").display());
    let sink = Nginx::start(&data.join("nginx"), &[])?;
    let alone = || {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(data.join(format!("bare.db{end}")));
        }
        posts_of_bare(&bare, &file)
    };
    let sqlite = run((&binary, &sink), &data.join("sqlite"), None, &alone)?;
    let server = Postgres::start()?;
    let alone = || posts_of_bare(&bare, &server.url());
    let postgres = run((&binary, &sink), &data.join("postgres"), Some(&server), &alone)?;
    let mut figures = figures(&SQLITE, &sqlite);
    figures.extend(self::figures::figures(&POSTGRES, &postgres));
    let method = format!(
        "Release build, demo operator without traffic, SQLite with synchronous=FULL and PostgreSQL with its own settings, server and load \
         on the same 2 cores. Journeys of four CloudEvents over HTTP, acknowledged after the commit. Single: {CLIENTS} clients with one \
         event a request for {LENGTH:?}, to server/store/examples/bare.rs, whose one writer commits single rows into the same table in the same run \
         (PostgreSQL: eight writers together stand in the detail). Batch: {SENDERS} clients with 1,000 events a request, to its 1,000-row commits (PostgreSQL: UNNEST), median of {ROUNDS} rounds; \
         ours also keeps journeys and rollups. Worst wait: of {WRITERS} clients with one event a request. Detect: from sending 100 failed \
         downloads to the cell's turn in the page's API, during the single load. Page: p99 of an open loop of 1,000/s whose clients come before \
         everything else, as those of another machine, while {CLIENTS} others post single events, to quiet; load and database \
         server have the niceness {NICENESS} then, as what stands for other machines; median of five rounds (in the detail: the same while they \
         post to nginx, which answers 202 and keeps nothing). Overload: {TOO_MANY} clients of batches, which pause for 50 ms when turned away, while somebody loads the \
         board of the console every {LOOK:?}."
    );
    report(root, "ingest", &method, &figures)?;
    Ok(figures.iter().all(|f| f.gate.holds(f.value)))
}

fn posts_of_bare(bare: &Path, url: &str) -> Result<Bare, String> {
    let out = Command::new(bare).args([url, "3"]).output().map_err(|e| format!("{}: {e}", bare.display()))?;
    let text = String::from_utf8_lossy(&out.stdout);
    let said = || format!("bare said: {text} {}", String::from_utf8_lossy(&out.stderr));
    let figures: Value = serde_json::from_str(&text).map_err(|_| said())?;
    let of = |name: &str| figures[name].as_f64().filter(|n| *n > 0.0).ok_or_else(said);
    Ok(Bare { single: of("single")?, together: figures["together"].as_f64(), batch: of("batch")? })
}

fn run(
    (binary, sink): (&Path, &Nginx),
    data: &Path,
    server: Option<&Postgres>,
    alone: &dyn Fn() -> Result<Bare, String>,
) -> Result<Run, String> {
    let url = server.map(Postgres::url).unwrap_or_default();
    let settings = [("WAYPOST_DATABASE_URL", url.as_str())];
    let settings = &settings[..usize::from(server.is_some())];
    let subject = Subject::start_on("0,1", binary, data, &[], settings)?;
    let cookie = subject.sign_in()?;
    let key = key(&subject, &cookie)?;
    let door = Door { host: &subject.host, key: &key };
    door.singles(CLIENTS, Duration::from_secs(1))?; // warm
    let few = door.singles(WRITERS, LENGTH)?;
    let (mut bare, mut batches) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        thread::sleep(PAUSE);
        bare.push(alone()?);
        batches.push(door.batches(SENDERS, LENGTH)?.per_s());
    }
    let (singles, detect_ms) = thread::scope(|scope| {
        let load = scope.spawn(move || door.singles(CLIENTS, LENGTH));
        thread::sleep(Duration::from_millis(500));
        let detect = detect(door);
        Ok::<_, String>((load.join().map_err(|_| "a client broke off".to_owned())??, detect?))
    })?;
    let rss_mib = resident_mib(subject.pid());
    let overload = overload(&subject, door, &cookie)?;
    let page = page::measure(&subject, sink, door, server)?; // last: what stands for other machines then gives way
    Ok(Run { bare, singles, batches, few, detect_ms, page, rss_mib, overload })
}

fn overload(subject: &Subject, door: Door<'_>, cookie: &str) -> Result<Overload, String> {
    let begun = Instant::now();
    let mut client = Client::connect(&subject.host)?;
    let (taken, board_ms, rss_mib) = thread::scope(|scope| {
        let load = scope.spawn(move || door.batches(TOO_MANY, LENGTH));
        let (mut board, mut most) = (Vec::new(), 0.0_f64);
        thread::sleep(Duration::from_millis(500));
        while begun.elapsed() + LOOK < LENGTH {
            let at = Instant::now();
            let status = client.get("/console", cookie)?.status;
            if status != 200 {
                return Err(format!("the board was answered by {status}"));
            }
            board.push(at.elapsed().as_secs_f64() * 1_000.0);
            most = most.max(resident_mib(subject.pid()));
            thread::sleep(LOOK);
        }
        Ok((load.join().map_err(|_| "a client broke off".to_owned())??, board, most))
    })?;
    Ok(Overload { taken, board_ms, rss_mib })
}

/// A key with quotas that the load does not exhaust.
pub(super) fn key(subject: &Subject, cookie: &str) -> Result<String, String> {
    let mut client = Client::connect(&subject.host)?;
    let page = client.get("/console/sources", cookie)?;
    let csrf = between(&String::from_utf8_lossy(&page.body), "name=\"csrf\" value=\"", "\"");
    let fields =
        [("csrf", csrf.as_str()), ("name", "bench"), ("requests", "10000000"), ("events", "100000000")];
    let answer = client.post("/console/sources/keys", cookie, &form(&fields))?;
    let key = between(&String::from_utf8_lossy(&answer.body), "id=\"new-key\">", "<");
    if key.is_empty() { Err(format!("a new key was answered by {}", answer.status)) } else { Ok(key) }
}

/// Milliseconds from failures in Mexico to the turn of its cell.
fn detect(door: Door<'_>) -> Result<f64, String> {
    door.failures()?;
    let begun = Instant::now();
    let mut client = Client::connect(door.host)?;
    loop {
        let answer = client.get("/api/v2/components.json", "")?;
        let all: Value = serde_json::from_slice(&answer.body).map_err(|e| e.to_string())?;
        let turned = all["components"].as_array().into_iter().flatten().any(|c| {
            let cell = &c["x_waypost"];
            cell["component"] == "euicc-download"
                && cell["country"] == "MX"
                && cell["status"] == "partial_outage"
        });
        if turned {
            return Ok(begun.elapsed().as_secs_f64() * 1_000.0);
        }
        if begun.elapsed() > PATIENCE {
            return Err("the cell did not turn within 30 s".into());
        }
        thread::sleep(Duration::from_millis(20));
    }
}
