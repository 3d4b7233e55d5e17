//! The public page: throughput and tail beside nginx with the same bytes, and publishing while people read.

use std::{path::Path, time::Duration};

use serde_json::json;

use super::{
    Amount, Bound, Figure,
    client::Client,
    nginx::Nginx,
    publish::{Author, measure, open_loop, quiet},
    report,
    stats::{median, percentile},
    subject::Subject,
    wrk::{self, Load},
};
use crate::{build, needs};

const GZIP: &str = "Accept-Encoding: gzip";
/// Visitors at the same time.
const VISITORS: usize = 64;

/// Measures the page.
///
/// # Errors
/// When something that it needs is missing or does not start.
pub(crate) fn page(root: &Path, amount: &Amount) -> Result<bool, String> {
    needs::install_for_bench()?;
    let binary = build::release(root)?;
    let dir = build::target(root).join("bench/page");
    let subject = Subject::start(&binary, &dir.join("data"))?;
    let bytes = Bytes::read(&subject.host)?;
    let nginx = Nginx::start(
        &dir.join("nginx"),
        &[
            ("page.html", &bytes.page, &bytes.page_gzip),
            ("summary.json", &bytes.summary, &bytes.summary_gzip),
        ],
    )?;
    wrk::pin(subject.pid());
    wrk::pin(nginx.pid());
    wrk::pin_visitors();
    let mut figures = vec![bytes.figure()];
    figures.extend(throughput(&subject, &nginx, amount)?);
    figures.extend(tails(&subject, &nginx, amount)?);
    figures.extend(publishing(&subject, amount)?);
    let method = format!(
        "Release build, demo operator (63 cells, one open incident), SQLite, loopback, keep-alive. wrk -t1 -c{VISITORS} and all who play visitors are on the second \
         core, servers on the first; {} rounds of {} s each, both servers in every round, ratios inside a round, medians over the rounds. \
         The reference is nginx with one worker, gzip_static, the same bytes, without our headers. Tails at a fixed rate count from the \
         planned time, of visitors who come before everything else on their core. Publishing goes through the console with its sign-in, form token and commit.",
        amount.rounds, amount.secs
    );
    report(root, "page", &method, &figures)?;
    Ok(figures.iter().all(|f| f.gate.holds(f.value)))
}

/// What is served.
struct Bytes {
    page: Vec<u8>,
    page_gzip: Vec<u8>,
    summary: Vec<u8>,
    summary_gzip: Vec<u8>,
    wire_brotli: usize,
}

impl Bytes {
    fn read(host: &str) -> Result<Self, String> {
        let mut client = Client::connect(host)?;
        let mut get = |path: &str, coding: &str| client.get(path, &format!("Accept-Encoding: {coding}\r\n"));
        // The best compression follows a moment after the start.
        std::thread::sleep(Duration::from_secs(3));
        Ok(Self {
            page: get("/", "identity")?.body,
            page_gzip: get("/", "gzip")?.body,
            summary: get("/api/v2/summary.json", "identity")?.body,
            summary_gzip: get("/api/v2/summary.json", "gzip")?.body,
            wire_brotli: get("/", "br")?.wire,
        })
    }

    fn figure(&self) -> Figure {
        #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
        let value = self.wire_brotli as f64;
        Figure {
            name: "P5 bytes",
            what: "front page on the wire, brotli, head included",
            value,
            gate: Bound::AtMost(9_000.0),
            goal: Bound::AtMost(6_500.0),
            detail: json!({ "raw": self.page.len(), "gzip": self.page_gzip.len() }),
        }
    }
}

/// One kind of request to both.
struct Race<'a> {
    ours: &'a str,
    reference: &'a str,
    our_headers: &'a [String],
    reference_headers: &'a [String],
}

fn race(
    subject: &Subject,
    nginx: &Nginx,
    amount: &Amount,
    race: &Race<'_>,
) -> Result<Vec<(Load, Load)>, String> {
    let mut rounds = Vec::new();
    for _ in 0..amount.rounds {
        let reference =
            wrk::load(race.reference, nginx.pid(), VISITORS, amount.secs, race.reference_headers)?;
        let ours = wrk::load(race.ours, subject.pid(), VISITORS, amount.secs, race.our_headers)?;
        rounds.push((ours, reference));
    }
    Ok(rounds)
}

fn ratio(rounds: &[(Load, Load)], of: fn(&Load) -> f64) -> f64 {
    median(rounds.iter().map(|(ours, reference)| of(ours) / of(reference).max(f64::EPSILON)).collect())
}

fn detail(rounds: &[(Load, Load)]) -> serde_json::Value {
    let of = |pick: fn(&(Load, Load)) -> f64| median(rounds.iter().map(pick).collect());
    json!({
        "ours": { "rps": of(|r| r.0.rps), "per_cpu_s": of(|r| r.0.per_cpu_s), "p99_ms": of(|r| r.0.p99_ms), "bad": of(|r| r.0.bad) },
        "nginx": { "rps": of(|r| r.1.rps), "per_cpu_s": of(|r| r.1.per_cpu_s), "p99_ms": of(|r| r.1.p99_ms), "bad": of(|r| r.1.bad) },
    })
}

fn throughput(subject: &Subject, nginx: &Nginx, amount: &Amount) -> Result<Vec<Figure>, String> {
    let gzip = [GZIP.to_owned()];
    let (ours, reference) = (format!("http://{}/", subject.host), format!("http://{}/page.html", nginx.host));
    let known = |host: &str, path: &str| -> Result<[String; 2], String> {
        let answer = Client::connect(host)?.get(path, &format!("{GZIP}\r\n"))?;
        Ok([GZIP.to_owned(), format!("If-None-Match: {}", answer.header("etag"))])
    };
    let (ours_known, reference_known) = (known(&subject.host, "/")?, known(&nginx.host, "/page.html")?);
    let (json, json_reference) = (
        format!("http://{}/api/v2/summary.json", subject.host),
        format!("http://{}/summary.json", nginx.host),
    );
    let run = |ours: &str, reference: &str, our_headers: &[String], reference_headers: &[String]| {
        race(subject, nginx, amount, &Race { ours, reference, our_headers, reference_headers })
    };
    let page = run(&ours, &reference, &gzip, &gzip)?;
    let not_modified = run(&ours, &reference, &ours_known, &reference_known)?;
    let summary = run(&json, &json_reference, &gzip, &gzip)?;
    let least = |name, what, rounds: &[(Load, Load)], gate, goal| Figure {
        name,
        what,
        value: ratio(rounds, |l| l.per_cpu_s),
        gate: Bound::AtLeast(gate),
        goal: Bound::AtLeast(goal),
        detail: detail(rounds),
    };
    Ok(vec![
        least("P1 page", "requests per CPU second / nginx", &page, 0.8, 1.1),
        Figure {
            name: "P2 p99 at 64",
            what: "p99 with 64 connections / nginx",
            value: ratio(&page, |l| l.p99_ms),
            gate: Bound::AtMost(2.0),
            goal: Bound::AtMost(1.25),
            detail: detail(&page),
        },
        least("P3 304", "304s per CPU second / nginx", &not_modified, 0.75, 0.9),
        least("P3 summary", "summary.json per CPU second / nginx", &summary, 0.9, 1.2),
    ])
}

fn tails(subject: &Subject, nginx: &Nginx, amount: &Amount) -> Result<Vec<Figure>, String> {
    let (mut p99, mut p999) = (Vec::new(), Vec::new());
    let mut seen = Vec::new();
    for _ in 0..amount.rounds {
        let reference = open_loop(&nginx.host, 1_000, amount.secs)?;
        let ours = open_loop(&subject.host, 1_000, amount.secs)?;
        let at = |times: &[f64], p| percentile(times, p).max(f64::EPSILON);
        p99.push(at(&ours, 0.99) / at(&reference, 0.99));
        p999.push(at(&ours, 0.999) / at(&reference, 0.999));
        seen.push(json!({ "ours_p99_ms": at(&ours, 0.99), "nginx_p99_ms": at(&reference, 0.99) }));
    }
    let figure = |name, what, values: Vec<f64>| Figure {
        name,
        what,
        value: median(values),
        gate: Bound::AtMost(2.0),
        goal: Bound::AtMost(1.25),
        detail: json!(seen),
    };
    Ok(vec![
        figure("P2 p99", "p99 at 1,000 requests a second / nginx", p99),
        figure("P2 p99.9", "p99.9 at 1,000 requests a second / nginx", p999),
    ])
}

fn publishing(subject: &Subject, amount: &Amount) -> Result<Vec<Figure>, String> {
    let mut author = Author::new(subject, &subject.sign_in()?)?;
    let steady = quiet(&subject.host, VISITORS, amount.secs);
    let seen = measure(&mut author, amount.publishes, Duration::from_millis(250), VISITORS)?;
    #[allow(clippy::cast_precision_loss, reason = "counts")]
    let stale = seen.stale as f64;
    let ten = measure(&mut author, 50, Duration::from_millis(60), VISITORS)?;
    let most = Bound::AtMost;
    Ok(vec![
        Figure {
            name: "P8 visible",
            what: "ms from the console's answer to the first page with the update, p99",
            value: percentile(&seen.visible_ms, 0.99),
            gate: most(25.0),
            goal: most(5.0),
            detail: json!({ "p50_ms": percentile(&seen.visible_ms, 0.5), "publish_p50_ms": percentile(&seen.publish_ms, 0.5),
                "publishes": seen.visible_ms.len() }),
        },
        Figure {
            name: "P8 stale",
            what: "pages without an update that was answered before they were asked for",
            value: stale,
            gate: most(0.0),
            goal: most(0.0),
            detail: json!({ "gets": seen.gets }),
        },
        Figure {
            name: "P9 stampede",
            what: "slowest of 64 visitors in the second around a publish, median / steady p99",
            value: seen.worst_ms / steady.max(f64::EPSILON),
            gate: most(5.0),
            goal: most(2.0),
            detail: json!({ "worst_ms": seen.worst_ms, "worst_of_all_ms": seen.worst_of_all_ms, "steady_p99_ms": steady, "p99_while_publishing_ms": seen.p99_ms,
                "p99_at_about_ten_publishes_a_second_ms": ten.p99_ms }),
        },
    ])
}
