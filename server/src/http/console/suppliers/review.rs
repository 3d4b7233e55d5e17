//! A supplier's review: on screen, as CSV, as JSON.

use app::{
    console::{self, suppliers::Review},
    ui::Trend,
};
use axum::{
    extract::{Path, RawQuery},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use domain::{
    clock::Timestamp,
    clock_local::{duration_words, utc_time},
    period::Period,
    telemetry::supplier::Failover,
};
use serde_json::{Value, json};
use store::{SupplierCallRow, SupplierDay};

use super::PATH;
use crate::{
    commands::{Refusal, subscribe::export::guarded},
    http::{
        console::desk::{Answer, Desk},
        fields::Fields,
    },
    reads::scorecard::{Scorecard, engaged, restored_ms, scorecard},
};

const NOTES: [&str; 5] = [
    "Success: activations enabled within 60 s of the request, of those requested in the period whose time has run out.",
    "Latency: from requested to enabled, of those that were enabled, to a tenth of a second.",
    "Time to restore: from the declaration to the time when it was usable again, of incidents that the supplier was called in on.",
    "Time to engage: from the call to the time when they came.",
    "Failovers count in the month in which they began; their time counts where it lies.",
];

/// The review that is asked for; without a period that of this month.
async fn asked(desk: &Desk, id: &str, query: Option<String>) -> Result<Scorecard, Refusal> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let now = desk.now();
    let period = match fields.some("period") {
        None => Period::month_of(now),
        Some(text) => Period::parse(text).filter(|p| p.start() <= now).ok_or(Refusal::NotFound(
            "period; ask for a month like 2026-10 or a quarter like 2026-Q4 that has begun",
        ))?,
    };
    scorecard(&mut desk.read().await?, id, period, now).await
}

/// On screen.
pub async fn show(desk: Desk, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let card = asked(&desk, &id, query).await?;
    let now = desk.now();
    let period = card.period;
    let is_over = period.end() <= now;
    let other = if period.is_quarter() {
        (Period::month_of(card.until.plus(-1).max(period.start())), "By month")
    } else {
        (Period::quarter_of(period.start()), "By quarter")
    };
    let model = Review {
        words: period.words(),
        period: period.to_string(),
        standing: if is_over {
            "The period is over.".into()
        } else {
            format!("The period goes on; read {}.", utc_time(now, now))
        },
        around: (
            period.before().to_string(),
            Some(period.after()).filter(|p| p.start() <= now).map(|p| p.to_string()),
        ),
        other: (other.0.to_string(), other.1),
        lines: card.figures.lines(&card.targets),
        no_data: card.figures.no_data_words(),
        trends: trends(&card, now),
        failovers: card.failovers.iter().map(|f| failover(f, now)).collect(),
        calls: card.calls.iter().map(|c| call(c, now)).collect(),
        notes: NOTES.to_vec(),
        name: card.supplier.name.clone(),
        id,
    };
    let title = format!("{}: {}", model.name, model.words);
    Ok(desk.page(StatusCode::OK, &title, PATH, |frame| console::suppliers::review(frame, &model)))
}

fn trends(card: &Scorecard, now: Timestamp) -> Vec<Trend> {
    let shaded: Vec<_> =
        card.failovers.iter().map(|f| (f.began_at, f.ended.map_or(now, |(at, _)| at))).collect();
    let trend = |name: &str, share: fn(&SupplierDay) -> i64, target: Option<i64>, default: (i64, i64)| {
        let measured = card.days.iter().filter(|d| d.activations > 0);
        let days: Vec<_> =
            measured.map(|d| (d.at, share(d) * 1_000 / d.activations, d.activations)).collect();
        (!days.is_empty()).then(|| Trend {
            name: name.to_owned(),
            from: card.period.start(),
            to: card.period.end(),
            range: Trend::range_of(&days, target, default),
            days,
            target,
            shaded: shaded.clone(),
            shade: "fallback in use",
        })
    };
    let of = &card.targets;
    [
        trend("Activation success rate by day", |d| d.succeeded, of.asr_permille, (900, 1_000)),
        trend("Fallback rate by day", |d| d.fallback, of.fallback_permille, (0, 100)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn failover(f: &Failover, now: Timestamp) -> [String; 4] {
    let lasted = match f.ended {
        Some((at, _)) => duration_words(at.since(f.began_at)),
        None => format!("{} so far", duration_words(now.since(f.began_at))),
    };
    [utc_time(f.began_at, now), format!("{} → {}", f.home, f.carrier), lasted, f.reason.clone()]
}

fn call(c: &SupplierCallRow, now: Timestamp) -> [String; 4] {
    let called = c.started_at.or(c.contacted_at).or(c.engaged_at).unwrap_or(c.declared_at);
    let came = match engaged(c) {
        Some((ms, Some(false))) => format!("after {}, late", duration_words(ms)),
        Some((ms, _)) => format!("after {}", duration_words(ms)),
        None => "not yet".into(),
    };
    let promised = c.due_at.map_or_else(|| "nothing".into(), |due| duration_words(due - called));
    let restored =
        restored_ms(c).map_or_else(|| "not yet".into(), |ms| format!("after {}", duration_words(ms)));
    [utc_time(Timestamp::from_millis(called), now), came, promised, restored]
}

fn file(card: &Scorecard, ending: &str, kind: &'static str, body: Vec<u8>) -> Response {
    let name = format!("{}-{}.{ending}", card.supplier.slug, card.period);
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, body).into_response()
}

/// As CSV: a line per figure, with the unit of its number in the last column.
pub async fn as_csv(desk: Desk, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let card = asked(&desk, &id, query).await?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let head = ["supplier", "period", "figure", "number", "value", "owed", "kept", "basis", "unit"];
    let mut rows = vec![head.map(str::to_owned)];
    for line in card.figures.lines(&card.targets) {
        let number = line.number.map_or_else(String::new, |n| n.to_string());
        let (slug, period) = (card.supplier.slug.clone(), card.period.to_string());
        let (verdict, unit) = (line.verdict.words().to_owned(), line.unit().to_owned());
        rows.push([
            slug,
            period,
            line.slug.into(),
            number,
            line.value,
            line.target,
            verdict,
            line.basis,
            unit,
        ]);
    }
    for row in rows {
        if let Err(error) = writer.write_record(row.map(|field| guarded(&field))) {
            tracing::error!(%error, "a review could not be written as CSV");
        }
    }
    let body = writer.into_inner().unwrap_or_default();
    Ok(file(&card, "csv", "text/csv; charset=utf-8", body))
}

/// As JSON.
pub async fn as_json(desk: Desk, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let card = asked(&desk, &id, query).await?;
    let at = |ms: Option<i64>| ms.map(|ms| Timestamp::from_millis(ms).rfc3339());
    let lines: Vec<Value> = card
        .figures
        .lines(&card.targets)
        .into_iter()
        .map(|l| json!({ "figure": l.slug, "number": l.number, "unit": l.unit(), "value": l.value, "owed": l.target, "kept": l.verdict.words(), "basis": l.basis }))
        .collect();
    let body = json!({
        "format": "waypost-supplier-review-1",
        "supplier": { "slug": card.supplier.slug, "name": card.supplier.name, "kind": card.supplier.kind },
        "period": card.period.to_string(), "from": card.period.start().rfc3339(), "until": card.until.rfc3339(),
        "units": "shares in thousandths, latencies and times in milliseconds, failovers and certificates as counts",
        "figures": lines,
        "samples": { "activations": card.figures.activations, "latencies": card.figures.latencies,
            "restored": card.figures.restored_ms.len(), "engaged": card.figures.engaged.len() },
        "no_data_secs": card.figures.no_data_ms / 1_000,
        "owed": card.targets,
        "days": card.days.iter().map(|d| json!({ "on": d.at.utc().format("%Y-%m-%d").to_string(), "activations": d.activations,
            "succeeded": d.succeeded, "fallback": d.fallback })).collect::<Vec<_>>(),
        "failovers": card.failovers.iter().map(|f| json!({ "from": f.home, "to": f.carrier, "reason": f.reason,
            "began_at": f.began_at.rfc3339(), "ended_at": f.ended.map(|(t, _)| t.rfc3339()) })).collect::<Vec<_>>(),
        "calls": card.calls.iter().map(|c| json!({ "contacted_at": at(c.contacted_at), "engaged_at": at(c.engaged_at),
            "due_at": at(c.due_at), "restored_at": at(c.restored_at) })).collect::<Vec<_>>(),
        "notes": NOTES,
    });
    let text = serde_json::to_string_pretty(&body).unwrap_or_default();
    Ok(file(&card, "json", "application/json; charset=utf-8", text.into_bytes()))
}
