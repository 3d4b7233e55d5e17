//! The answer to a sign-up: whether its bytes or its time tell who subscribes already.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::json;

use super::{
    Bound, Figure,
    client::{Answer, Client, form},
    report,
    stats::{kolmogorov_smirnov, median, percentile},
    subject::{Subject, between},
};
use crate::build;

/// How much is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct Samples {
    /// Sign-ups per class.
    #[arg(long, default_value_t = 200)]
    pub samples: usize,
}

/// What an address can be to us; the first is the reference.
const CLASSES: [&str; 4] = ["new", "pending", "confirmed", "suppressed"];
const TOKEN: &str = "a-token-of-the-bench";

/// Measures it.
///
/// # Errors
/// When something that it needs is missing, does not start, or does not become what it should.
pub(crate) fn subscribe(root: &Path, amount: &Samples) -> Result<bool, String> {
    let binary = build::release(root)?;
    let data = build::target(root).join("bench/subscribe/data");
    let settings = [
        ("WAYPOST_LIMITS__SUBSCRIBE_BURST", "1000000"),
        ("WAYPOST_SMTP__BOUNCES", "bounces@status.example.com"),
        ("WAYPOST_SMTP__HOOK_TOKEN", TOKEN),
    ];
    let subject = Subject::start_on("0", &binary, &data, &[], &settings)?;
    let mut client = Client::connect(&subject.host)?;
    let page = client.get("/subscribe", "")?;
    let mark = between(&String::from_utf8_lossy(&page.body), "name=\"mark\" value=\"", "\"");
    sleep(Duration::from_millis(2_100)); // a form that comes back faster is not taken
    prepare(&subject, &mut client, &mark)?;
    let mut times: [Vec<f64>; 4] = Default::default();
    let mut first: Option<Answer> = None;
    let mut differing = 0_u32;
    for n in 0..amount.samples {
        // Every class in every place of the round: what a sign-up leaves behind disturbs all alike.
        for k in 0..CLASSES.len() {
            let class = (n + k) % CLASSES.len();
            let address = if class == 0 { format!("new{n}@example.org") } else { address_of(class) };
            let begun = Instant::now();
            let answer = sign_up(&mut client, &mark, &address)?;
            times[class].push(begun.elapsed().as_secs_f64() * 1_000.0);
            let reference = first.get_or_insert_with(|| told(&answer));
            differing += u32::from(told(&answer) != *reference);
        }
    }
    let mut figures = vec![Figure {
        name: "differing",
        what: "answers whose status, headers or bytes differ from the first",
        value: f64::from(differing),
        gate: Bound::AtMost(0.0),
        goal: Bound::AtMost(0.0),
        detail: json!({ "answers": amount.samples * CLASSES.len() }),
    }];
    let reference = times[0].clone();
    for (name, at) in
        [(["median.pend", "ks.pend"], 1), (["median.conf", "ks.conf"], 2), (["median.supp", "ks.supp"], 3)]
    {
        figures.extend(compared(name, CLASSES[at], &times[at], &reference));
    }
    let method = format!(
        "Release build on one core, demo operator, SQLite, loopback, one kept connection, {} sign-ups per class through the public \
         form, the classes in turn. Each class is compared with addresses that nobody knows: the difference of medians, and the \
         chance that both are of one distribution (Kolmogorov and Smirnov, two samples). Of three chances one falls below 0.01 by \
         luck in 3 runs of 100: run it again before believing it.",
        amount.samples
    );
    report(root, "subscribe", &method, &figures)?;
    Ok(figures.iter().all(|f| f.gate.holds(f.value)))
}

fn compared(names: [&'static str; 2], class: &str, times: &[f64], reference: &[f64]) -> [Figure; 2] {
    let (here, there) = (median(times.to_vec()), median(reference.to_vec()));
    let detail = json!({
        "class": class, "p50_ms": here, "p95_ms": percentile(times, 0.95),
        "p50_ms_new": there, "p95_ms_new": percentile(reference, 0.95),
    });
    let (distance, chance) = kolmogorov_smirnov(times, reference);
    [
        Figure {
            name: names[0],
            what: "ms between the medians of this class and of new addresses",
            value: (here - there).abs(),
            gate: Bound::AtMost((there * 0.05).max(5.0)),
            goal: Bound::AtMost(1.0),
            detail,
        },
        Figure {
            name: names[1],
            what: "chance that their times are of one distribution",
            value: chance,
            gate: Bound::AtLeast(0.01),
            goal: Bound::AtLeast(0.05),
            detail: json!({ "distance": distance }),
        },
    ]
}

fn address_of(class: usize) -> String {
    format!("{}@example.org", CLASSES[class])
}

fn sign_up(client: &mut Client, mark: &str, address: &str) -> Result<Answer, String> {
    let fields = form(&[("mark", mark), ("channel", "email"), ("address", address), ("what", "everything")]);
    let answer = client.post("/subscribe", "", &fields)?;
    if answer.status == 200 {
        Ok(answer)
    } else {
        Err(format!("a sign-up was answered by {}", answer.status))
    }
}

/// What an answer tells, without what names the one request.
fn told(answer: &Answer) -> Answer {
    let headers = answer.headers.iter().filter(|(n, _)| n != "date" && n != "x-request-id").cloned();
    Answer { status: answer.status, headers: headers.collect(), body: answer.body.clone(), wire: 0 }
}

/// Makes the three addresses what they are called.
fn prepare(subject: &Subject, client: &mut Client, mark: &str) -> Result<(), String> {
    sign_up(client, mark, &address_of(1))?;
    let cookie = subject.sign_in()?;
    let page = client.get("/console/subscribers", &cookie)?;
    let csrf = between(&String::from_utf8_lossy(&page.body), "name=\"csrf\" value=\"", "\"");
    let csv = format!("address\n{}\n{}\n", address_of(2), address_of(3));
    let fields = form(&[("csrf", &csrf), ("csv", &csv), ("consent", "made for a measurement")]);
    let page = client.post("/console/subscribers/import", &cookie, &fields)?;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    let lines: Vec<&str> = page.split("href=\"/console/subscribers/").skip(1).collect();
    let line = lines.iter().find(|l| l.contains(">s***@")).ok_or("the import is not on the page")?;
    let id = line.split('"').next().unwrap_or_default();
    let fields = form(&[("csrf", &csrf), ("verb", "test")]);
    client.post(&format!("/console/subscribers/{id}"), &cookie, &fields)?;
    let path = return_path(subject.fact("mail_spool"))?;
    let body = json!({ "events": [{ "type": "complaint", "return_path": path }] }).to_string();
    let answer = client.post("/hooks/mail", &format!("Authorization: Bearer {TOKEN}\r\n"), &body)?;
    let page = client.get(&format!("/console/subscribers/{id}"), &cookie)?;
    if String::from_utf8_lossy(&page.body).contains("suppressed") {
        return Ok(());
    }
    Err(format!("nobody became suppressed: the report was answered by {}", answer.status))
}

/// Where the test mail comes back to: it stands in the spool.
fn return_path(spool: &str) -> Result<String, String> {
    for _ in 0..100 {
        for entry in std::fs::read_dir(spool).map_err(|e| e.to_string())?.flatten() {
            let mail = std::fs::read_to_string(entry.path()).unwrap_or_default();
            if mail.contains("Delivered-To: suppressed@example.org") {
                return Ok(between(&mail, "Return-Path: <", ">"));
            }
        }
        sleep(Duration::from_millis(100));
    }
    Err("the test mail did not arrive in the spool".into())
}
