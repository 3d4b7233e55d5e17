//! The matrix of trials.

use app::console::{
    self,
    launches::{TrialCell, TrialRow as Row, Trials},
};
use axum::http::StatusCode;
use domain::{
    clock::Timestamp,
    clock_local::duration_words,
    telemetry::{launch::TRIAL_STALE, scorecard::seconds},
};
use store::TrialRow;

use super::desk::{Answer, Desk};

/// Results that are looked at of each combination.
const EACH: i64 = 5;
/// Results that are read at most.
const RESULTS_MAX: i64 = 10_000;
/// Aspects, as the columns have them.
const ASPECTS: [&str; 4] = ["activation", "certificate", "ota_latency", "qr_decode"];

/// The page.
pub async fn show(desk: Desk) -> Answer {
    let now = desk.now();
    let results = desk.read().await?.newest_trials(EACH, RESULTS_MAX).await?;
    let model = Trials {
        is_cut: i64::try_from(results.len()).unwrap_or(0) >= RESULTS_MAX,
        rows: rows(&results, now),
        standing: String::new(),
    };
    let model = Trials { standing: standing(&model.rows), ..model };
    Ok(desk.page(StatusCode::OK, "Trials", console::launches::PATH, |frame| console::trials(frame, &model)))
}

/// One row for each device, carrier and flow; results come in this order, the newest first.
fn rows(results: &[TrialRow], now: Timestamp) -> Vec<Row> {
    let mut rows: Vec<(&str, Row)> = Vec::new();
    for group in results.chunk_by(|a, b| {
        (&a.device, &a.carrier, &a.flow, &a.aspect) == (&b.device, &b.carrier, &b.flow, &b.aspect)
    }) {
        let Some(newest) = group.first() else { continue };
        let is_same = |(flow, r): &&mut (&str, Row)| {
            r.device == newest.device && r.carrier == newest.carrier && *flow == newest.flow
        };
        if rows.last_mut().filter(is_same).is_none() {
            let flow = match newest.flow.as_str() {
                "qr" => "QR code",
                "alternate" => "alternate",
                _ => "over the air",
            };
            let (device, carrier) = (newest.device.clone(), newest.carrier.clone());
            rows.push((&newest.flow, Row { device, carrier, flow, ..Row::default() }));
        }
        let place = ASPECTS.iter().position(|a| *a == newest.aspect);
        if let (Some(place), Some((_, row))) = (place, rows.last_mut()) {
            row.cells[place] = Some(cell(group, newest, now));
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

fn cell(group: &[TrialRow], newest: &TrialRow, now: Timestamp) -> TrialCell {
    let age = now.since(newest.occurred_at);
    let is_stale = age > TRIAL_STALE;
    let verb = if newest.is_passed { "passed" } else { "failed" };
    let passed = group.iter().filter(|r| r.is_passed).count();
    let run = if passed == group.len() || group.len() == 1 {
        String::new()
    } else {
        format!("{passed} of the last {} passed", group.len())
    };
    TrialCell {
        is_passed: newest.is_passed,
        is_stale,
        words: newest.latency_ms.map_or_else(|| verb.to_owned(), |ms| format!("{verb} in {}", seconds(ms))),
        age: format!("{}{} ago", if is_stale { "stale: " } else { "" }, duration_words(age)),
        run,
    }
}

/// `Of 14 combinations 11 passed lately, 2 failed, 1 stale: older than 30 days.`
fn standing(rows: &[Row]) -> String {
    let all: Vec<&TrialCell> = rows.iter().flat_map(|r| r.cells.iter().flatten()).collect();
    let stale = all.iter().filter(|c| c.is_stale).count();
    let failed = all.iter().filter(|c| !c.is_stale && !c.is_passed).count();
    let passed = all.len() - stale - failed;
    match all.len() {
        0 => "Device by carrier by flow, with the last result and its age.".into(),
        n => format!(
            "Of {n} combinations {passed} passed lately, {failed} failed, {stale} stale: older than {}.",
            duration_words(TRIAL_STALE)
        ),
    }
}
