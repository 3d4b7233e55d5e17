//! The console with a long history: how long the server takes to render its pages.

use std::{path::Path, time::Instant};

use serde_json::json;

use super::{
    Bound, Figure,
    client::{Client, form},
    report,
    stats::{median, percentile},
    subject::{Subject, between},
};
use crate::build;

/// Past incidents that are entered.
const INCIDENTS: usize = 500;
/// Times that each page is loaded.
const LOADS: usize = 50;
/// Pages that are measured.
const PAGES: [&str; 4] = ["/console", "/console/incidents", "/console/reviews", "/console/record"];

/// Measures the console.
///
/// # Errors
/// When something that it needs is missing or does not start.
pub(crate) fn console(root: &Path) -> Result<bool, String> {
    let binary = build::release(root)?;
    let subject = Subject::start(&binary, &build::target(root).join("bench/console/data"))?;
    let cookie = subject.sign_in()?;
    let mut client = Client::connect(&subject.host)?;
    let few = load_all(&mut client, &cookie)?;
    enter(&mut client, &cookie)?;
    let many = load_all(&mut client, &cookie)?;
    let figure = |(page, times): &(&'static str, Vec<f64>), before: &(&'static str, Vec<f64>)| Figure {
        name: page,
        what: "ms from request to last byte, 95th percentile, with 500 past incidents more",
        value: percentile(times, 0.95),
        gate: Bound::AtMost(50.0),
        goal: Bound::AtMost(25.0),
        detail: json!({
            "p50_ms": median(times.clone()),
            "p50_ms_without": median(before.1.clone()),
            "ratio": median(times.clone()) / median(before.1.clone()).max(f64::EPSILON),
        }),
    };
    let figures: Vec<Figure> = many.iter().zip(&few).map(|(m, f)| figure(m, f)).collect();
    let method = format!(
        "Release build on one core, demo operator, SQLite, loopback, one kept connection, {LOADS} loads a page; then {INCIDENTS} past \
         incidents are entered through the console, and the same again. The reference is the same page before, in the same run."
    );
    report(root, "console", &method, &figures)?;
    Ok(figures.iter().all(|f| f.gate.holds(f.value)))
}

type Loads = Vec<(&'static str, Vec<f64>)>;

fn load_all(client: &mut Client, cookie: &str) -> Result<Loads, String> {
    PAGES.into_iter().map(|page| Ok((page, loads(client, cookie, page)?))).collect()
}

fn loads(client: &mut Client, cookie: &str, page: &str) -> Result<Vec<f64>, String> {
    let mut times = Vec::new();
    for _ in 0..LOADS {
        let begun = Instant::now();
        let answer = client.get(page, cookie)?;
        if answer.status != 200 {
            return Err(format!("{page} was answered by {}", answer.status));
        }
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(times)
}

fn enter(client: &mut Client, cookie: &str) -> Result<(), String> {
    let path = "/console/incidents/backfill";
    let page = client.get(path, cookie)?;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    let csrf = between(&page, "name=\"csrf\" value=\"", "\"");
    let cell = between(&page, "name=\"cell.", "\"");
    let today = between(
        &String::from_utf8_lossy(&client.get("/api/v2/status.json", "")?.body),
        "\"updated_at\":\"",
        "T",
    );
    let (month, _) = today.rsplit_once('-').ok_or("the page has no date")?;
    for n in 0..INCIDENTS {
        // In the first days of this month or, early in it, up to the moment.
        let (hour, minute) = (n / 60 % 20, n % 59);
        let started = format!("{month}-01T{hour:02}:{minute:02}");
        let resolved = format!("{month}-01T{hour:02}:{:02}", minute + 1);
        let fields = form(&[
            ("csrf", &csrf),
            ("title", &format!("measured incident {n}")),
            ("severity", "3"),
            ("started_at", &started),
            ("resolved_at", &resolved),
            (&format!("cell.{cell}"), "degraded_performance"),
            ("known", "Calls dropped for a minute. A faulty interconnect was taken out."),
        ]);
        let answer = client.post(path, cookie, &fields)?;
        if answer.status != 303 {
            let why = between(&String::from_utf8_lossy(&answer.body), "id=\"error-", "</p>");
            return Err(format!("incident {n} was answered by {}: {why}", answer.status));
        }
    }
    Ok(())
}
