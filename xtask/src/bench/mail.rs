//! Mail: many subscribers, each with a message of their own, every outcome durable; beside postfix's smtp-source.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::{Value, json};

use super::{
    Bound, Figure,
    client::{Client, form},
    postgres::Postgres,
    publish::{Author, open_loop},
    relay::{Recorder, long_way},
    report,
    stats::{median, percentile},
    subject::{Subject, between},
};
use crate::{build, needs, process};

/// How much is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct MailAmount {
    /// Subscribers.
    #[arg(long, default_value_t = 10_000)]
    pub subscribers: usize,
    /// Rounds; every figure is the median of them.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// On PostgreSQL instead of SQLite.
    #[arg(long)]
    pub postgres: bool,
}

/// Connections to the relay, ours and the reference's.
const CONNECTIONS: &str = "16";
/// Round trip to the relay far away.
const FAR: Duration = Duration::from_millis(20);
/// How often we look whether all has left: seldom enough not to be a load of its own.
const ASK_AGAIN: Duration = Duration::from_millis(30);
/// The share of the last round's time before we look for the first time.
const UNSEEN: f64 = 0.7;
/// Subscribers of one import.
const AT_ONCE: usize = 20_000;

/// Measures mail.
///
/// # Errors
/// When something that it needs is missing or does not start.
pub(crate) fn mail(root: &Path, amount: &MailAmount) -> Result<bool, String> {
    needs::install_for_bench()?;
    let binary = build::release(root)?;
    let data = build::target(root).join("bench/mail");
    let kept = recorded(&binary, &data.join("recorded"), amount)?;
    let near = near(&binary, &data.join("near"), amount, kept.size)?;
    let far = far(&binary, &data.join("far"), amount)?;
    let figures = figures(&kept, &near, far);
    let method = format!(
        "Release build, demo operator, {}, {} subscribers, {CONNECTIONS} connections, a message of {} bytes for \
         each (own recipient, links, List-Unsubscribe, Message-ID); each outcome committed before its connection sends the next text. \
         Reference: smtp-source -s {CONNECTIONS} with as many messages of that size into the same smtp-sink in the same round. Sink and \
         sender share the machine; visitors come first, as from elsewhere. From the start of the publishing request to the last committed outcome; median of {} rounds. Far: \
         {} ms round trip, against connections / round trip.",
        if amount.postgres { "PostgreSQL with its durable defaults" } else { "SQLite with synchronous=FULL" },
        amount.subscribers,
        kept.size,
        amount.rounds,
        FAR.as_millis(),
    );
    report(root, if amount.postgres { "mail_postgres" } else { "mail" }, &method, &figures)?;
    Ok(figures.iter().all(|f| f.gate.holds(f.value)))
}

/// What a relay that remembers everything saw of one publication.
struct Kept {
    lost: usize,
    duplicates: usize,
    first_ms: f64,
    all_ms: f64,
    size: usize,
}

/// What the rounds beside the reference gave.
#[derive(Default)]
struct Near {
    ratios: Vec<f64>,
    ours: Vec<f64>,
    theirs: Vec<f64>,
    page_quiet: Vec<f64>,
    page_during: Vec<f64>,
    /// While smtp-source sends as much instead: what the machine takes by itself.
    page_during_theirs: Vec<f64>,
    rss_mib: f64,
}

fn figures(kept: &Kept, near: &Near, far: f64) -> Vec<Figure> {
    let to_quiet =
        near.page_during.iter().zip(&near.page_quiet).map(|(d, quiet)| d / quiet.max(f64::EPSILON));
    let page = median(to_quiet.collect());
    let rates = json!({
        "mails_per_s": median(near.ours.clone()), "smtp_source_per_s": median(near.theirs.clone()), "rounds": near.ratios,
    });
    let pages = json!({
        "quiet_ms": near.page_quiet, "during_ms": near.page_during, "during_smtp_source_ms": near.page_during_theirs,
    });
    let least = |name, what, value, gate, goal, detail| {
        let (gate, goal) = (Bound::AtLeast(gate), Bound::AtLeast(goal));
        Figure { name, what, value, gate, goal, detail }
    };
    let most = |name, what, value, gate, goal| {
        let (gate, goal) = (Bound::AtMost(gate), Bound::AtMost(goal));
        Figure { name, what, value, gate, goal, detail: Value::Null }
    };
    let ratio = median(near.ratios.clone());
    #[allow(clippy::cast_precision_loss, reason = "counts")]
    let (lost, duplicates) = (kept.lost as f64, kept.duplicates as f64);
    let quiet = "the page's p99 at 1,000/s during the fan-out, to quiet";
    vec![
        least("ratio_to_smtp_source", "durable mails/s to smtp-source", ratio, 0.5, 0.85, rates),
        most("lost", "recipients without a mail", lost, 0.0, 0.0),
        most("duplicates", "mails beyond one each", duplicates, 0.0, 0.0),
        most("first_mail_ms", "publishing request to the first mail", kept.first_ms, 100.0, 50.0),
        most("all_ms", "publishing request to the last mail", kept.all_ms, 2_000.0, 1_000.0),
        least("far", "mails/s to connections / round trip, 20 ms away", far, 0.40, 0.80, Value::Null),
        Figure { detail: pages, ..most("page_p99_ratio", quiet, page, 3.0, 1.5) },
        most("rss_mib", "resident memory after the rounds, MiB", near.rss_mib, 300.0, 150.0),
    ]
}

/// What is measured, with the server of its database, if it has one.
fn subject(
    binary: &Path,
    data: &Path,
    relay: SocketAddr,
    amount: &MailAmount,
) -> Result<(Subject, Option<Postgres>), String> {
    let relay = relay.to_string();
    let server = if amount.postgres { Some(Postgres::start()?) } else { None };
    let url = server.as_ref().map(Postgres::url).unwrap_or_default();
    let settings = [("WAYPOST_SMTP__CONNECTIONS", CONNECTIONS), ("WAYPOST_DATABASE_URL", &url)];
    let settings = &settings[..if amount.postgres { 2 } else { 1 }];
    let subject = Subject::start_on("0,1", binary, data, &["--relay", &relay], settings)?;
    Ok((subject, server))
}

/// Brings subscribers to everything in through the console.
pub(super) fn import(subject: &Subject, cookie: &str, count: usize) -> Result<(), String> {
    let mut client = Client::connect(&subject.host)?;
    for from in (0..count).step_by(AT_ONCE) {
        let page = client.get("/console/subscribers", cookie)?;
        let csrf = between(&String::from_utf8_lossy(&page.body), "name=\"csrf\" value=\"", "\"");
        let mut csv = String::from("address\n");
        for n in from..count.min(from + AT_ONCE) {
            csv.push_str(&format!("reader{n}@d{}.example.org\n", n % 500));
        }
        let fields = form(&[("csrf", &csrf), ("csv", &csv), ("consent", "a measurement")]);
        let answer = client.post("/console/subscribers/import", cookie, &fields)?;
        if answer.status != 200 {
            return Err(format!("the import was answered by {}", answer.status));
        }
    }
    Ok(())
}

/// Waits until nothing is to be queued and nothing waits.
fn settle(client: &mut Client, cookie: &str) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let answer = client.get("/console/deliveries.json?only=waiting", cookie)?;
        let state: Value = serde_json::from_slice(&answer.body).map_err(|e| e.to_string())?;
        let waits = state["channels"]["email"]["waiting"].as_i64().unwrap_or(0);
        if state["notices"] == 0 && waits == 0 {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(300) {
            return Err(format!("{waits} mails are still waiting after 300 s"));
        }
        thread::sleep(ASK_AGAIN);
    }
}

/// Mails on record as delivered in the past hour.
fn delivered(client: &mut Client, cookie: &str) -> Result<u64, String> {
    let answer = client.get("/console/deliveries.json", cookie)?;
    let state: Value = serde_json::from_slice(&answer.body).map_err(|e| e.to_string())?;
    Ok(state["channels"]["email"]["ended"]["delivered"].as_u64().unwrap_or(0))
}

/// Publishes once and waits until `count` more mails are on record as delivered; when the update was sent, and seconds
/// from then on. Whoever looks counts what waits, which the sender would feel: for most of `about` seconds nobody does.
fn publish(
    author: &mut Author<'_>,
    client: &mut Client,
    cookie: &str,
    (count, about): (usize, f64),
) -> Result<(Instant, f64), String> {
    settle(client, cookie)?;
    let before = delivered(client, cookie)?;
    let posted_at = author.publish()?.posted_at;
    thread::sleep(Duration::from_secs_f64(about * UNSEEN).saturating_sub(posted_at.elapsed()));
    settle(client, cookie)?;
    let secs = posted_at.elapsed().as_secs_f64();
    match delivered(client, cookie)? - before {
        n if n >= count as u64 => Ok((posted_at, secs)),
        n => Err(format!("of {count} mails {n} were delivered")),
    }
}

fn recorded(binary: &Path, data: &Path, amount: &MailAmount) -> Result<Kept, String> {
    let recorder = Recorder::start()?;
    let (subject, _server) = subject(binary, data, recorder.address, amount)?;
    let cookie = subject.sign_in()?;
    import(&subject, &cookie, amount.subscribers)?;
    let mut author = Author::new(&subject, &cookie)?;
    let mut client = Client::connect(&subject.host)?;
    let (_, about) = publish(&mut author, &mut client, &cookie, (amount.subscribers, 0.0))?; // warm
    recorder.take();
    let (begun, secs) = publish(&mut author, &mut client, &cookie, (amount.subscribers, about))?;
    let taken = recorder.take();
    let count: usize = taken.mails.values().sum();
    let first = taken.first.ok_or("no mail arrived")?;
    Ok(Kept {
        lost: amount.subscribers.saturating_sub(taken.mails.len()),
        duplicates: count - taken.mails.len(),
        first_ms: first.saturating_duration_since(begun).as_secs_f64() * 1_000.0,
        all_ms: secs * 1_000.0,
        size: taken.bytes / count.max(1),
    })
}

fn near(binary: &Path, data: &Path, amount: &MailAmount, size: usize) -> Result<Near, String> {
    let sink = Sink::start()?;
    let (subject, _server) = subject(binary, data, sink.address, amount)?;
    let cookie = subject.sign_in()?;
    import(&subject, &cookie, amount.subscribers)?;
    let mut author = Author::new(&subject, &cookie)?;
    let mut client = Client::connect(&subject.host)?;
    let (_, mut about) = publish(&mut author, &mut client, &cookie, (amount.subscribers, 0.0))?; // warm
    let mut near = Near::default();
    for _ in 0..amount.rounds {
        let theirs = sink.reference(amount.subscribers, size)?;
        let (_, secs) = publish(&mut author, &mut client, &cookie, (amount.subscribers, about))?;
        about = secs;
        #[allow(clippy::cast_precision_loss, reason = "a count")]
        let ours = amount.subscribers as f64 / secs;
        near.ratios.push(ours / theirs);
        near.ours.push(ours);
        near.theirs.push(theirs);
    }
    for _ in 0..amount.rounds {
        thread::sleep(Duration::from_secs(1)); // what came before is counted
        near.page_quiet.push(visited(&subject.host)?);
        let host = subject.host.clone();
        let reader = thread::spawn(move || visited(&host));
        thread::sleep(Duration::from_millis(300));
        publish(&mut author, &mut client, &cookie, (amount.subscribers, about))?;
        near.page_during.push(reader.join().map_err(|_| "a visitor broke off")??);
        let host = subject.host.clone();
        let reader = thread::spawn(move || visited(&host));
        thread::sleep(Duration::from_millis(300));
        sink.reference(amount.subscribers, size)?;
        near.page_during_theirs.push(reader.join().map_err(|_| "a visitor broke off")??);
    }
    near.rss_mib = resident_mib(subject.pid());
    Ok(near)
}

/// p99 of the page at 1,000 visitors a second, in milliseconds.
fn visited(host: &str) -> Result<f64, String> {
    Ok(percentile(&open_loop(host, 1_000, 2)?, 0.99))
}

fn far(binary: &Path, data: &Path, amount: &MailAmount) -> Result<f64, String> {
    let recorder = Recorder::start()?;
    let (subject, _server) = subject(binary, data, long_way(recorder.address, FAR / 2)?, amount)?;
    let cookie = subject.sign_in()?;
    let count = amount.subscribers.min(4_000);
    import(&subject, &cookie, count)?;
    let mut author = Author::new(&subject, &cookie)?;
    let mut client = Client::connect(&subject.host)?;
    let (_, secs) = publish(&mut author, &mut client, &cookie, (count, 0.0))?;
    let limit = CONNECTIONS.parse::<f64>().unwrap_or(1.0) / FAR.as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "a count")]
    Ok(count as f64 / secs / limit)
}

pub(super) fn resident_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1_024.0
}

/// postfix's smtp-sink.
struct Sink {
    child: Child,
    address: SocketAddr,
}

impl Sink {
    fn start() -> Result<Self, String> {
        let free =
            TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(|e| e.to_string())?;
        let program = needs::sbin("smtp-sink").ok_or("smtp-sink is not installed")?;
        let mut command = process::command(&program.to_string_lossy());
        if needs::is_root() {
            command.args(["-u", "nobody"]);
        }
        let child = command
            .args([&free.to_string(), "1024"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("smtp-sink does not start: {e}"))?;
        thread::sleep(Duration::from_millis(300));
        Ok(Self { child, address: free })
    }

    /// Messages a second of smtp-source into it.
    fn reference(&self, count: usize, size: usize) -> Result<f64, String> {
        let program = needs::sbin("smtp-source").ok_or("smtp-source is not installed")?;
        let begun = Instant::now();
        let status = process::command(&program.to_string_lossy())
            .args(["-s", CONNECTIONS, "-m", &count.to_string(), "-d", "-l", &size.to_string()])
            .args(["-f", "status@example.com", "-t", "reader@example.org", &self.address.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|e| format!("smtp-source does not run: {e}"))?;
        #[allow(clippy::cast_precision_loss, reason = "a count")]
        if status.success() {
            Ok(count as f64 / begun.elapsed().as_secs_f64())
        } else {
            Err("smtp-source failed".into())
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
