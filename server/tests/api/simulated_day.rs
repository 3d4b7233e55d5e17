//! A day of simulated traffic with two brown-outs, through the doors, by the clock: what the page showed beside the truth.
//! Minutes long: `cargo xtask bench day` runs it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    clock::{DAY, MINUTE, SECOND, Timestamp},
    status::CellStatus,
};
use serde_json::{Value, json};
use server::simulate::{BrownOut, Habits, Journeys, Sent, send_due, sender::Sender};
use store::{CellChangeRow, Engine, ProposalRow};

use crate::harness::{START, TestApp};

/// Between two evaluations.
const STEP: i64 = 5 * SECOND;
/// After a brown-out a cell may show it for so long: its window, and what recovery takes.
const AFTERWARDS: i64 = 20 * MINUTE;
/// What was wrong, and the cells that travellers noticed it on.
const TRUTH: [(&str, &str, &[&str]); 2] = [
    ("FR download 60% 7200s 9600s", "euicc-download", &["FR"]),
    (
        "smdp-b enable 50% 43200s 46800s",
        "mobile-data",
        &["FR", "IT", "ES", "DE", "PT", "GB", "US", "CA", "MX"],
    ),
];

/// What automation did, by component and country, and what it proposed.
struct Record {
    changes: BTreeMap<(String, String), Vec<CellChangeRow>>,
    proposals: Vec<ProposalRow>,
}

async fn live_through(app: &TestApp, brown_outs: Vec<BrownOut>) -> Record {
    let mut sender = Sender::new(app.address, app.ingest_key().await);
    let habits = Habits { peak_per_s: 1.5, brown_outs, ..Habits::default() };
    let mut journeys = Journeys::new(habits, 42, START);
    let (mut pending, mut sent, mut seen) = (Vec::new(), Sent::default(), BTreeSet::new());
    while app.now() < START.plus(DAY) {
        for second in 0..STEP / SECOND {
            pending.extend(journeys.second(app.now().plus(second * SECOND)));
        }
        app.pass(STEP - SECOND);
        send_due(&mut sender, &mut pending, app.now(), &mut sent).await;
        app.judge(1).await;
        let mut tx = app.app.store.read().await.expect("a transaction");
        seen.extend(tx.open_proposals().await.expect("proposals").into_iter().map(|p| p.id));
    }
    assert_eq!(sent.failed_requests, 0);
    println!("{} events were sent", sent.events);
    let mut tx = app.app.store.read().await.expect("a transaction");
    let names: HashMap<String, String> =
        tx.components().await.expect("components").into_iter().map(|c| (c.id, c.slug)).collect();
    let cells = tx.cells().await.expect("cells").into_iter();
    let cells: HashMap<String, (String, String)> =
        cells.map(|c| (c.id, (names[&c.component_id].clone(), c.country_code))).collect();
    let mut changes: BTreeMap<_, Vec<CellChangeRow>> = BTreeMap::new();
    for change in tx.cell_changes(START, 0).await.expect("changes") {
        if change.is_automatic {
            changes.entry(cells[&change.cell_id].clone()).or_default().push(change);
        }
    }
    let mut proposals = Vec::new();
    for id in &seen {
        proposals.extend(tx.proposal(id).await.expect("a proposal"));
    }
    proposals.sort_by_key(|p| p.created_at);
    Record { changes, proposals }
}

fn clock(at: Timestamp) -> String {
    at.rfc3339().get(11..19).unwrap_or_default().to_owned()
}

fn is_bad(status: CellStatus) -> bool {
    status.rank() >= CellStatus::Degraded.rank()
}

/// Changes beside the truth: how late each cell turned and was well again, which never did, and which turned though nothing
/// was wrong.
fn compare(record: &Record, brown_outs: &[BrownOut]) -> Value {
    let (mut late, mut well, mut missed, mut wrong) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut never_well = Vec::new();
    let mut explained = BTreeSet::new();
    for (brown, (_, component, countries)) in brown_outs.iter().zip(TRUTH) {
        let (from, until) = (START.plus(brown.from_secs * SECOND), START.plus(brown.until_secs * SECOND));
        for country in countries {
            let cell = (component.to_owned(), (*country).to_owned());
            let changes = record.changes.get(&cell).map(Vec::as_slice).unwrap_or_default();
            let within = || changes.iter().filter(|c| (from..until.plus(AFTERWARDS)).contains(&c.at));
            explained.extend(within().map(|c| c.id));
            match within().find(|c| is_bad(c.to_status)) {
                Some(c) => late.push(c.at.since(from) / SECOND),
                None => missed.push(format!("{component}/{country}")),
            }
            let again = changes.iter().find(|c| c.at >= until && c.to_status == CellStatus::Operational);
            match again {
                Some(c) => well.push(c.at.since(until) / SECOND),
                None => never_well.push(format!("{component}/{country}")),
            }
        }
    }
    for ((component, country), changes) in &record.changes {
        let unexplained = changes.iter().filter(|c| is_bad(c.to_status) && !explained.contains(&c.id));
        wrong.extend(unexplained.map(|c| format!("{} {component}/{country}: {}", clock(c.at), c.cause)));
    }
    json!({ "late_secs": late, "well_after_secs": well, "never_well": never_well, "missed": missed, "false": wrong })
}

fn timeline(record: &Record) -> Vec<String> {
    let mut lines: Vec<(Timestamp, String)> = Vec::new();
    for ((component, country), changes) in &record.changes {
        lines.extend(changes.iter().filter(|c| c.from_status != CellStatus::NoData).map(|c| {
            let (from, to) = (c.from_status.slug(), c.to_status.slug());
            (c.at, format!("{} {component}/{country} {from} -> {to}: {}", clock(c.at), c.cause))
        }));
    }
    for p in &record.proposals {
        let about = p.component_slug.as_deref().unwrap_or("cells");
        lines.push((
            p.created_at,
            format!("{} proposed: {about}, {}", clock(p.created_at), p.proposed_severity.label()),
        ));
        if p.state != "open" {
            lines.push((p.updated_at, format!("{} that proposal: {}", clock(p.updated_at), p.state)));
        }
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a day takes minutes: cargo xtask bench day"]
async fn a_day_with_two_brown_outs() {
    let app = TestApp::start(Engine::Sqlite).await;
    app.lay_grid().await;
    let brown_outs: Vec<BrownOut> = TRUTH.iter().map(|(b, ..)| b.parse().expect("a brown-out")).collect();
    let record = live_through(&app, brown_outs.clone()).await;
    let mut told = compare(&record, &brown_outs);
    told["timeline"] = json!(timeline(&record));
    println!("{told:#}");
    if let Some(path) = std::env::var_os("WAYPOST_DAY") {
        std::fs::write(path, told.to_string()).expect("the file can be written");
    }
    assert_eq!(told["missed"], json!([]));
    app.end().await;
}
