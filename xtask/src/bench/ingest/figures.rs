//! What a run of the doors comes to.

use serde_json::{Value, json};

use super::{
    super::{
        Bound, Figure,
        stats::{median, percentile},
    },
    Run,
};

/// Names of the figures of an engine.
type Names = [&'static str; 10];

pub(super) const SQLITE: Names = [
    "ratio_single",
    "p99_ms",
    "ratio_to_bare_sqlx",
    "events_per_s",
    "worst_wait_ms",
    "detect_ms",
    "page_p99_ratio",
    "rss_mib",
    "overload_board_p99_ms",
    "overload_rss_mib",
];
pub(super) const POSTGRES: Names = [
    "pg_ratio_single",
    "pg_p99_ms",
    "pg_ratio_to_bare_sqlx",
    "pg_events_per_s",
    "pg_worst_wait_ms",
    "pg_detect_ms",
    "pg_page_p99_ratio",
    "pg_rss_mib",
    "pg_overload_board_p99_ms",
    "pg_overload_rss_mib",
];

/// What, how much, gate, goal and detail of a figure.
type Row = (&'static str, f64, Bound, Bound, Value);

pub(super) fn figures(names: &Names, run: &Run) -> Vec<Figure> {
    let (least, most) = (Bound::AtLeast, Bound::AtMost);
    let worst = run.few.waits_ms.iter().copied().fold(0.0, f64::max);
    let p99 = percentile(&run.singles.waits_ms, 0.99);
    let (single, batch) = (run.singles.per_s(), median(run.batches.clone()));
    let bare = median(run.bare.iter().map(|b| b.single).collect());
    let together: Vec<f64> = run.bare.iter().filter_map(|b| b.together).collect();
    let alone: Vec<f64> = run.bare.iter().map(|b| b.batch).collect();
    let ratios: Vec<f64> = run.batches.iter().zip(&alone).map(|(ours, bare)| ours / bare).collect();
    let of_the_doors: [Row; 6] = [
        (
            "one event a request, to single commits",
            single / bare,
            least(3.0),
            least(8.0),
            json!({ "events_per_s": single, "bare_rows_per_s": bare, "bare_rows_per_s_of_several_writers": together }),
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
            median(ratios.clone()),
            least(0.5),
            least(0.9),
            json!({ "events_per_s": run.batches, "bare_rows_per_s": alone, "ratios": ratios }),
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
    ];
    names
        .iter()
        .zip(of_the_doors.into_iter().chain(of_the_rest(run)))
        .map(|(name, (what, value, gate, goal, detail))| Figure { name, what, value, gate, goal, detail })
        .collect()
}

/// What visitors and the team notice of it, and what it costs.
fn of_the_rest(run: &Run) -> [Row; 4] {
    let most = Bound::AtMost;
    let (page, overload) = (&run.page, &run.overload);
    [
        (
            "the page's p99 at 1,000/s, to quiet",
            page.ratio(),
            most(2.0),
            most(1.3),
            json!({ "quiet_ms": page.quiet, "during_nginx_ms": page.beside, "during_ms": page.during, "ratios": page.ratios(), "events_per_s": page.events_per_s, "turned_away": page.turned_away }),
        ),
        ("resident memory after the loads, MiB", run.rss_mib, most(300.0), most(150.0), Value::Null),
        (
            "p99 of the console's board while 200 clients send batches",
            percentile(&overload.board_ms, 0.99),
            most(500.0),
            most(500.0),
            json!({ "events_per_s": overload.taken.per_s(), "turned_away": overload.taken.turned_away, "looks": overload.board_ms.len() }),
        ),
        ("resident memory meanwhile, MiB", overload.rss_mib, most(300.0), most(150.0), Value::Null),
    ]
}
