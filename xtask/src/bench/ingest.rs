//! Telemetry: events a second, durable, one a request and a thousand a request, beside what sqlx does by itself; how
//! long nobody waits, how soon a cell turns, and what visitors notice of it.

mod load;

use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use self::load::{Door, Taken};
use super::{
    Bound, Figure,
    client::{Client, form},
    mail::resident_mib,
    postgres::Postgres,
    publish::open_loop,
    report,
    stats::percentile,
    subject::{Subject, between},
};
use crate::build;

/// Clients of one event a request.
const CLIENTS: u64 = 64;
/// Writers among whom none may starve.
const WRITERS: u64 = 8;
/// Clients of batches.
const SENDERS: u64 = 4;
/// How long each load lasts.
const LENGTH: Duration = Duration::from_secs(5);
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
    /// Rows a second of sqlx by itself.
    bare: Bare,
    singles: Taken,
    batches: Taken,
    few: Taken,
    detect_ms: f64,
    /// p99 of the page, quiet and during the load, in milliseconds.
    page: (f64, f64),
    rss_mib: f64,
}

/// Measures the doors on both engines.
///
/// # Errors
/// When something that it needs is missing or does not start.
pub(crate) fn ingest(root: &Path) -> Result<bool, String> {
    let (binary, bare) = (build::release(root)?, build::bare(root)?);
    let data = build::target(root).join("bench/ingest");
    let _ = std::fs::remove_dir_all(&data);
    std::fs::create_dir_all(&data).map_err(|e| format!("{}: {e}", data.display()))?;
    let file = format!("sqlite:{}", data.join("bare.db").display());
    let sqlite = run(&binary, &data.join("sqlite"), None, posts_of_bare(&bare, &file)?)?;
    let server = Postgres::start()?;
    let alone = posts_of_bare(&bare, &server.url())?;
    let postgres = run(&binary, &data.join("postgres"), Some(&server), alone)?;
    let mut figures = figures(&SQLITE, &sqlite);
    figures.extend(self::figures(&POSTGRES, &postgres));
    let method = format!(
        "Release build, demo operator without traffic, SQLite with synchronous=FULL and PostgreSQL with its own settings, server and load \
         on the same 2 cores. Journeys of four CloudEvents over HTTP, acknowledged after the commit. Single: {CLIENTS} clients with one \
         event a request for {LENGTH:?}, to server/store/examples/bare.rs, whose one writer commits single rows into the same table in the same run \
         (PostgreSQL: eight writers together stand in the detail). Batch: {SENDERS} clients with 1,000 events a request, to its 1,000-row commits (PostgreSQL: UNNEST); \
         ours also keeps journeys and rollups. Worst wait: of {WRITERS} clients with one event a request. Detect: from sending 100 failed \
         downloads to the cell's turn in the page's API, during the single load. Page: p99 of an open loop of 1,000/s."
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

fn run(binary: &Path, data: &Path, server: Option<&Postgres>, bare: Bare) -> Result<Run, String> {
    let url = server.map(Postgres::url).unwrap_or_default();
    let settings = [("WAYPOST_DATABASE_URL", url.as_str())];
    let settings = &settings[..usize::from(server.is_some())];
    let subject = Subject::start_on("0,1", binary, data, &[], settings)?;
    let key = key(&subject)?;
    let door = Door { host: &subject.host, key: &key };
    door.singles(CLIENTS, Duration::from_secs(1))?; // warm
    let quiet = percentile(&open_loop(&subject.host, 1_000, 2), 0.99);
    let few = door.singles(WRITERS, LENGTH)?;
    let batches = door.batches(SENDERS, LENGTH)?;
    let (singles, detect_ms, during) = thread::scope(|scope| {
        let load = scope.spawn(move || door.singles(CLIENTS, LENGTH));
        thread::sleep(Duration::from_millis(500));
        let host = subject.host.as_str();
        let page = scope.spawn(move || percentile(&open_loop(host, 1_000, 2), 0.99));
        let detect = detect(door);
        let lost = |_| "a client broke off".to_owned();
        Ok::<_, String>((load.join().map_err(lost)??, detect?, page.join().map_err(lost)?))
    })?;
    let rss_mib = resident_mib(subject.pid());
    Ok(Run { bare, singles, batches, few, detect_ms, page: (quiet, during), rss_mib })
}

/// A key with quotas that the load does not exhaust.
fn key(subject: &Subject) -> Result<String, String> {
    let cookie = subject.sign_in()?;
    let mut client = Client::connect(&subject.host)?;
    let page = client.get("/console/sources", &cookie)?;
    let csrf = between(&String::from_utf8_lossy(&page.body), "name=\"csrf\" value=\"", "\"");
    let fields =
        [("csrf", csrf.as_str()), ("name", "bench"), ("requests", "10000000"), ("events", "100000000")];
    let answer = client.post("/console/sources/keys", &cookie, &form(&fields))?;
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

/// Names of the figures of an engine.
type Names = [&'static str; 8];

const SQLITE: Names = [
    "ratio_single",
    "p99_ms",
    "ratio_to_bare_sqlx",
    "events_per_s",
    "worst_wait_ms",
    "detect_ms",
    "page_p99_ratio",
    "rss_mib",
];
const POSTGRES: Names = [
    "pg_ratio_single",
    "pg_p99_ms",
    "pg_ratio_to_bare_sqlx",
    "pg_events_per_s",
    "pg_worst_wait_ms",
    "pg_detect_ms",
    "pg_page_p99_ratio",
    "pg_rss_mib",
];

fn figures(names: &Names, run: &Run) -> Vec<Figure> {
    let (least, most) = (Bound::AtLeast, Bound::AtMost);
    let worst = run.few.waits_ms.iter().copied().fold(0.0, f64::max);
    let p99 = percentile(&run.singles.waits_ms, 0.99);
    let (single, batch) = (run.singles.per_s(), run.batches.per_s());
    let page = run.page.1 / run.page.0.max(f64::EPSILON);
    let rows: [(&str, f64, Bound, Bound, Value); 8] = [
        (
            "one event a request, to single commits",
            single / run.bare.single,
            least(3.0),
            least(8.0),
            json!({ "events_per_s": single, "bare_rows_per_s": run.bare.single, "bare_rows_per_s_of_several_writers": run.bare.together }),
        ),
        (
            "p99 of the acknowledgement, 64 clients",
            p99,
            most(100.0),
            most(15.0),
            json!({ "turned_away": run.singles.turned_away }),
        ),
        (
            "batches of 1,000, to 1,000-row commits",
            batch / run.bare.batch,
            least(0.5),
            least(0.9),
            json!({ "events_per_s": batch, "bare_rows_per_s": run.bare.batch }),
        ),
        ("events a second in batches", batch, least(20_000.0), least(20_000.0), Value::Null),
        (
            "the longest wait of 8 writers",
            worst,
            most(100.0),
            most(20.0),
            json!({ "events_per_s": run.few.per_s() }),
        ),
        ("failures to the cell's turn on the page", run.detect_ms, most(6_000.0), most(6_000.0), Value::Null),
        (
            "the page's p99 at 1,000/s, to quiet",
            page,
            most(2.0),
            most(1.3),
            json!({ "quiet_ms": run.page.0, "during_ms": run.page.1 }),
        ),
        ("resident memory after the loads, MiB", run.rss_mib, most(300.0), most(150.0), Value::Null),
    ];
    names
        .iter()
        .zip(rows)
        .map(|(name, (what, value, gate, goal, detail))| Figure { name, what, value, gate, goal, detail })
        .collect()
}
