//! The explorer: what activations measured, over time and side by side.

use std::collections::BTreeMap;

use app::{
    console::{
        self,
        explorer::{Choice, Explorer},
        model::FormError,
    },
    model::ChartTable,
};
use axum::{extract::RawQuery, http::StatusCode};
use domain::{
    clock::{DAY, Timestamp},
    clock_local::{duration_words, utc_time},
    component::Step,
    telemetry::{kpi::thousands, rollup::Figures},
};
use store::{CorrectionRow, NameKind, Tx, kpis::supplier_and_node};

use super::{
    desk::{Answer, Desk},
    now::Names,
};
use crate::{
    auth::role::Permission,
    commands::Refusal,
    http::fields::Fields,
    reads::{
        charts::{Drawn, charts, seconds},
        explored::{Findings, Question, Span, span_words},
    },
};

/// Suppliers that are offered.
const SUPPLIERS: i64 = 500;
/// Lines of a table, and corrections, at most.
const LINES: usize = 50;

/// The explorer.
pub async fn show(desk: Desk, RawQuery(query): RawQuery) -> Answer {
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let now = desk.now();
    let mut tx = desk.read().await?;
    let names = Names::load(&mut tx).await?;
    let given = Explorer { choices: choices(&mut tx, &names, &asked, now).await?, ..Explorer::default() };
    let (status, model) = match Question::read(&mut tx, &asked, now).await {
        Ok(question) => {
            let found = question.findings(&mut tx, now).await?;
            (StatusCode::OK, told(&desk, &names, &question, &found, given))
        }
        Err(Refusal::Field { field, message }) => {
            let error = Some(FormError { field: field.into(), message });
            (StatusCode::UNPROCESSABLE_ENTITY, Explorer { error, ..given })
        }
        Err(refusal) => return Err(refusal),
    };
    Ok(desk.page(status, "Explorer", "/console/explorer", |frame| console::explorer(frame, &model)))
}

/// What there is to choose from; what was asked is chosen, even if nobody has heard of it lately.
async fn choices(tx: &mut Tx, names: &Names, asked: &Fields, now: Timestamp) -> Result<Vec<Choice>, Refusal> {
    let pair = |value: &str, words: &str| (value.to_owned(), words.to_owned());
    let all = |words: &str| vec![pair("", words)];
    let mut components = all("Whole activation (ASR)");
    components
        .extend(tx.components().await?.into_iter().filter(|c| c.step().is_some()).map(|c| (c.slug, c.name)));
    let mut countries = all("All countries");
    countries.extend(tx.countries().await?.into_iter().map(|c| (c.code.clone(), names.country(&c.code))));
    let mut suppliers = all("All suppliers");
    suppliers.extend(supplier_options(tx, asked.one("supplier"), now).await?);
    let mut flows = all("All flows");
    flows.extend([pair("ota", "OTA"), pair("qr", "QR code"), pair("alternate", "Alternate SM-DP+")]);
    let mut cohorts = all("All");
    cohorts.extend([pair("baseline", "Baseline"), pair("canary", "Canary")]);
    let words = ["Last 10 minutes", "Last hour", "Last 24 hours", "Last 7 days", "Last 90 days"];
    let windows = Span::ALL.into_iter().zip(words).map(|(s, w)| pair(s.slug(), w)).collect();
    let choice = |name, label, options| Choice { name, label, options, chosen: asked.one(name).to_owned() };
    let mut choices = vec![
        choice("component", "Service", components),
        choice("country", "Country", countries),
        choice("supplier", "Supplier", suppliers),
        choice("flow", "Flow", flows),
        choice("cohort", "Cohort", cohorts),
        choice("window", "Time", windows),
    ];
    if let Some(window) = choices.last_mut().filter(|w| w.chosen.is_empty()) {
        window.chosen = Span::Day.slug().to_owned();
    }
    Ok(choices)
}

/// Suppliers, each with its nodes below it.
async fn supplier_options(
    tx: &mut Tx,
    chosen: &str,
    now: Timestamp,
) -> Result<Vec<(String, String)>, Refusal> {
    let mut known: Vec<String> =
        tx.known_kpi_names(NameKind::Supplier, now.plus(-90 * DAY), SUPPLIERS).await?;
    known.extend(Some(chosen.to_owned()).filter(|c| !c.is_empty()));
    let mut options = BTreeMap::new();
    for name in known {
        let (supplier, node) = supplier_and_node(&name);
        options.insert(supplier.to_owned(), supplier.to_owned());
        if !node.is_empty() {
            options.insert(name.clone(), format!("{supplier}, node {node}"));
        }
    }
    Ok(options.into_iter().collect())
}

fn told(desk: &Desk, names: &Names, question: &Question, found: &Findings, given: Explorer) -> Explorer {
    let now = desk.now();
    let what = question.component.as_ref().map_or("Whole activation", |c| c.name.as_str());
    let place = question.scope.country.as_ref().map_or_else(|| "all countries".into(), |c| names.country(c));
    let about = question.about().map(|a| format!(", {a}")).unwrap_or_default();
    let about = format!("{what}, {place}{about}: {}", span_words(question, now));
    if found.all.tally.entered == 0 && found.all.samples == 0 && found.all.tally.illegal == 0 {
        return Explorer { about, ..given };
    }
    let [suppliers, countries, flows, cohorts] = &found.splits;
    let countries = countries.iter().map(|(code, f)| (names.country(code), f.clone())).collect();
    let may_declare = desk.may(Permission::Respond) && found.all.samples > 0;
    let query = question.query();
    let explored: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    Explorer {
        about,
        facts: facts(question.step, found),
        charts: charts("", &found.points, question.span.slot_secs(), Drawn::All),
        splits: vec![
            ("By supplier", split("Supplier", suppliers)),
            ("By country", split("Country", &countries)),
            ("By flow", split("Flow", flows)),
            ("By cohort", split("Cohort", cohorts)),
        ],
        errors: errors(found),
        corrections: corrections(names, &found.corrections, now),
        declare: may_declare.then(|| format!("/console/incidents/new?explored={explored}")),
        ..given
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |s| format!("{:.2} %", (s * 100.0 + 1e-9).floor() / 100.0))
}

fn facts(step: Step, found: &Findings) -> Vec<(&'static str, String)> {
    let (f, tally) = (&found.all, &found.all.tally);
    let share = if step == Step::Journey { "ASR" } else { "Succeeded in time" };
    let corrected: i64 = found.corrections.iter().map(|c| c.activations).sum();
    let mttr = found.mttr.mean_ms.map_or_else(
        || "no incident restored".to_owned(),
        |ms| format!("{}, over {}", duration_words(ms), found.mttr.incidents),
    );
    vec![
        (share, percent(f.success_share())),
        ("Samples", thousands(f.samples)),
        ("Median latency", seconds(f.median_ms())),
        ("95th percentile", seconds(f.p95_ms())),
        ("Fallback rate", percent(f.fallback_rate())),
        ("Failed", thousands(tally.failed)),
        ("After the SLA", thousands(tally.late)),
        ("Without an outcome", thousands(f.stuck())),
        ("Illegal transitions", thousands(tally.illegal)),
        ("Corrected", thousands(corrected)),
        ("MTTR", mttr),
    ]
}

fn split(name: &str, all: &BTreeMap<String, Figures>) -> ChartTable {
    let head = [name, "Succeeded", "Of", "Median", "95th percentile", "Fallback", "Illegal"];
    let row = |(name, f): (&String, &Figures)| {
        vec![
            name.clone(),
            percent(f.success_share()),
            thousands(f.samples),
            seconds(f.median_ms()),
            seconds(f.p95_ms()),
            percent(f.fallback_rate()),
            thousands(f.tally.illegal),
        ]
    };
    ChartTable {
        caption: format!("By {}", name.to_lowercase()),
        head: head.into_iter().map(str::to_owned).collect(),
        rows: all.iter().take(LINES).map(row).collect(),
    }
}

fn errors(found: &Findings) -> ChartTable {
    #[allow(clippy::cast_precision_loss, reason = "counts of samples")]
    let share = |n: i64| Some(100.0 * n as f64 / found.all.samples.max(1) as f64);
    ChartTable {
        caption: "Failures by error class".into(),
        head: ["Error class", "Failures", "Of all"].map(str::to_owned).into(),
        rows: found
            .errors
            .iter()
            .take(LINES)
            .map(|(class, n)| vec![class.clone(), thousands(*n), percent(share(*n))])
            .collect(),
    }
}

/// `3 activations at smdp-a/1 in France counted as failed at 09:12 UTC; by 09:20 UTC we had heard that they had
/// succeeded in time.`
fn corrections(names: &Names, all: &[CorrectionRow], now: Timestamp) -> Vec<String> {
    let sentence = |c: &CorrectionRow| {
        let supplier =
            if c.node.is_empty() { c.supplier.clone() } else { format!("{}/{}", c.supplier, c.node) };
        let (things, they) = if c.activations == 1 { ("activation", "it") } else { ("activations", "they") };
        let end = if c.is_in_time { "in time" } else { "too late" };
        format!(
            "{} {things} at {supplier} in {} counted as failed at {}; by {} we had heard that {they} had succeeded {end}.",
            thousands(c.activations),
            names.country(&c.country_code),
            utc_time(c.counted_at, now),
            utc_time(c.last_at, now),
        )
    };
    let mut lines: Vec<String> = all.iter().rev().take(LINES).map(sentence).collect();
    if all.len() > LINES {
        lines.push(format!("{} earlier ones are not shown.", all.len() - LINES));
    }
    lines
}
