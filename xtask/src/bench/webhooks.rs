//! Webhooks: from the publishing request to the first byte at each of a thousand endpoints, some of them sick; and how
//! many leave in a second, beside wrk.

mod receiver;

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use self::receiver::{Receiver, Sick};
use super::{
    Bound, Figure,
    client::{Client, form},
    elsewhere::{self, NICENESS},
    publish::Author,
    report,
    stats::{median, percentile},
    subject::Subject,
};
use crate::{build, needs};

/// Hosts that these are spread over: one host gets 64 messages at once at most.
const HOSTS: usize = 20;
/// Endpoints that are registered, and for the pace: many, so that it is the sending that is measured and not the publishing.
const ENDPOINTS: usize = 1_000;
const MANY: usize = 10_000;
/// Publications measured in each state.
const ROUNDS: usize = 5;
/// Webhooks that Waypost has on their way at once.
const AT_ONCE: usize = 256;
/// Connections of wrk, and how long it posts.
const CONNECTIONS: usize = 64;
const WRK_SECS: u64 = 4;
/// A publication is looked at for this long.
const PATIENCE: Duration = Duration::from_secs(12);

/// Measures webhooks.
///
/// # Errors
/// When something that it needs is missing or does not start.
pub(crate) fn webhooks(root: &Path) -> Result<bool, String> {
    needs::install_for_bench()?;
    let binary = build::release(root)?;
    let flood = build::flood(root)?;
    let data = build::target(root).join("bench/webhooks/data");
    let settings = [("WAYPOST_LIMITS__WEBHOOK_PER_HOUR", "1000000")];
    let subject = Subject::start_on("0,1", &binary, &data, &[], &settings)?;
    let cookie = subject.sign_in()?;
    let receiver = Receiver::start(ENDPOINTS)?;
    register(&subject, &receiver)?;
    let mut author = Author::new(&subject, &cookie)?;
    round(&mut author, &receiver, Sick::NONE)?; // warm
    let well = rounds(&mut author, &receiver, Sick::NONE)?;
    let reference = posts_of_wrk(&data, &receiver)?;
    let alone = posts_of_flood(&flood, &receiver, &[CONNECTIONS, 1, CONNECTIONS])?;
    let sick = rounds(&mut author, &receiver, Sick { hanging: 100, failing: 100 })?;
    let hung = rounds(&mut author, &receiver, Sick { hanging: 200, failing: 0 })?;
    drop(author);
    drop(subject);
    let durable = durable(&binary, &flood, &data, &settings)?;
    let mut figures = figures(&well, &sick, &hung);
    figures.extend(paces(&durable, alone, reference));
    let method = format!(
        "Release build, demo operator, SQLite, {ENDPOINTS} endpoints on {HOSTS} hosts, all one receiver of this machine, signed, every attempt on record. From \
         the start of the publishing request to the first byte of each message; median of {ROUNDS} publications. Sick: 100 endpoints \
         never answer and 100 answer 500; hung: 200 never answer. Counted are the healthy ones. Receiver and sender share the machine and \
         its niceness, {NICENESS}. \
         Beside wrk -c{CONNECTIONS} with a constant POST of the same length into the same receiver, which keeps connections: our sender \
         alone (server/delivery/examples/flood.rs: {CONNECTIONS} endpoints, each message rendered and signed, nothing stored). Durable: messages a \
         second from the first of a publication to {MANY} such endpoints to its last, to the sender alone with the same endpoints, hosts, \
         length of a message and number on their way at once ({AT_ONCE}), round by round."
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

/// Messages a second, round by round.
#[derive(Default)]
struct Durable {
    /// With every attempt on record.
    ours: Vec<f64>,
    /// The sender alone with the same.
    alone: Vec<f64>,
    /// Bytes of a message.
    length: usize,
}

fn durable(binary: &Path, flood: &Path, data: &Path, settings: &[(&str, &str)]) -> Result<Durable, String> {
    let subject = Subject::start_on("0,1", binary, data, &[], settings)?;
    let cookie = subject.sign_in()?;
    let receiver = Receiver::start(MANY)?;
    register(&subject, &receiver)?;
    let mut author = Author::new(&subject, &cookie)?;
    let mut durable = Durable::default();
    round(&mut author, &receiver, Sick::NONE)?; // warm
    for _ in 0..ROUNDS {
        thread::sleep(Duration::from_secs(1));
        let (ms, missing) = round(&mut author, &receiver, Sick::NONE)?;
        if missing > 0 {
            return Err(format!("{missing} of {MANY} endpoints heard nothing"));
        }
        durable.length = receiver.length();
        durable.ours.push(pace(&ms));
        thread::sleep(Duration::from_secs(1));
        durable.alone.push(posts_of_flood(flood, &receiver, &[MANY, HOSTS, AT_ONCE])?);
    }
    Ok(durable)
}

fn register(subject: &Subject, receiver: &Receiver) -> Result<(), String> {
    let mut client = Client::connect(&subject.host)?;
    let port = receiver.address.port();
    for n in 0..receiver.count {
        let url = format!("http://127.0.0.{}:{port}/e/{n}", 2 + n % HOSTS);
        let fields = form(&[("subscriber[email]", "owner@example.org"), ("subscriber[endpoint]", &url)]);
        let answer = client.post("/api/v2/subscribers.json", "", &fields)?;
        if answer.status != 201 {
            return Err(format!("endpoint {n} was answered by {}", answer.status));
        }
        if n + 1 == HOSTS {
            receiver.wait_for_challenges(HOSTS)?; // their hosts are proven; the others need no operator
            thread::sleep(Duration::from_millis(500));
        }
    }
    receiver.wait_for_challenges(receiver.count)?;
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

/// Messages a second between the first and the last of these milliseconds.
fn pace(ms: &[f64]) -> f64 {
    let first = ms.iter().copied().fold(f64::INFINITY, f64::min);
    let last = ms.iter().copied().fold(0.0, f64::max);
    #[allow(clippy::cast_precision_loss, reason = "a count")]
    let count = ms.len() as f64;
    1_000.0 * count / (last - first).max(f64::EPSILON)
}

/// One publication: milliseconds of the healthy endpoints, and how many heard nothing.
fn round(author: &mut Author<'_>, receiver: &Receiver, sick: Sick) -> Result<(Vec<f64>, usize), String> {
    receiver.begin(sick);
    let begun = Instant::now();
    let posted_at = author.publish()?.posted_at;
    let healthy = receiver.count - sick.hanging - sick.failing;
    let heard = loop {
        let heard = receiver.heard(sick);
        if heard.len() >= healthy || begun.elapsed() > PATIENCE {
            break heard;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let ms: Vec<f64> = heard.iter().map(|at| at.duration_since(posted_at).as_secs_f64() * 1_000.0).collect();
    // Those that hang end after ten seconds and are tried again: the next round begins without them under way.
    if sick.hanging > 0 {
        thread::sleep(PATIENCE.saturating_sub(begun.elapsed()));
    }
    Ok((ms, healthy.saturating_sub(heard.len())))
}

/// What wrk posts in a second, a body of the length of our last one.
fn posts_of_wrk(data: &Path, receiver: &Receiver) -> Result<f64, String> {
    let script = data.with_file_name("post.lua");
    let text = format!(
        "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.body = string.rep(\"x\", {})\n",
        receiver.length()
    );
    std::fs::write(&script, text).map_err(|e| format!("{}: {e}", script.display()))?;
    let mut wrk = elsewhere::command("wrk");
    wrk.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{WRK_SECS}s"), "-s"]).arg(&script);
    let out = wrk.arg(format!("http://{}/wrk", receiver.address)).output();
    let out = out.map_err(|e| format!("wrk does not run: {e}"))?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let rate = text.split("Requests/sec:").nth(1).and_then(|t| t.split_whitespace().next()?.parse().ok());
    rate.ok_or_else(|| format!("wrk said: {text}"))
}

/// What our sender posts in a second when nothing is stored: to so many endpoints, of so many hosts, so many at once.
fn posts_of_flood(flood: &Path, receiver: &Receiver, load: &[usize; 3]) -> Result<f64, String> {
    let mut command = elsewhere::command(&flood.to_string_lossy());
    command.arg(receiver.address.port().to_string()).args(load.map(|n| n.to_string()));
    let out = command.args([receiver.length().to_string(), WRK_SECS.to_string()]).output();
    let out = out.map_err(|e| format!("{}: {e}", flood.display()))?;
    let text = String::from_utf8_lossy(&out.stdout);
    text.trim().parse().map_err(|_| format!("flood said: {text} {}", String::from_utf8_lossy(&out.stderr)))
}

fn paces(durable: &Durable, alone: f64, wrk: f64) -> [Figure; 2] {
    let least = Bound::AtLeast;
    let ratios = durable.ours.iter().zip(&durable.alone).map(|(ours, alone)| ours / alone.max(f64::EPSILON));
    let to_wrk = median(durable.ours.clone()) / wrk.max(f64::EPSILON);
    [
        Figure {
            name: "ratio_to_wrk",
            what: "signed messages a second of the sender alone, to wrk's constant POST",
            value: alone / wrk.max(f64::EPSILON),
            gate: least(0.25),
            goal: least(0.5),
            detail: json!({ "sender_posts_per_s": alone, "wrk_posts_per_s": wrk }),
        },
        Figure {
            name: "durable_ratio",
            what: "messages a second with every attempt on record, to the sender alone with the same",
            value: median(ratios.collect()),
            gate: least(0.4),
            goal: least(0.7),
            detail: json!({
                "messages_per_s": durable.ours, "sender_alone_per_s": durable.alone, "bytes": durable.length, "to_wrk": to_wrk,
            }),
        },
    ]
}
