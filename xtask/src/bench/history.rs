//! What an evaluation costs with ninety days of figures behind it, beside the same without them. Measured by a test of the
//! API with a manual clock, which tells its times as JSON.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    Bound, Figure, report,
    stats::{median, percentile},
    told::told,
};

/// Measures it.
///
/// # Errors
/// When the test cannot run or tells nothing.
pub(crate) fn history(root: &Path) -> Result<bool, String> {
    let told = told(root, "an_evaluation_with_ninety_days_behind_it", "WAYPOST_HISTORY")?;
    let figures: Vec<Figure> = [("sqlite", SQLITE), ("postgres", POSTGRES)]
        .into_iter()
        .flat_map(|(engine, names)| figures(names, &told[engine]))
        .collect();
    let method = "Dev build, a manual clock, 60 evaluations a second apart of 201 measured cells among 469. First with three hours of \
        rollups at 13 outcomes a second alone, then with 26 hours of sketches and ninety days of KPIs behind them, as of a hundred \
        million events. Four of the evaluations read the windows of an hour and of a day. Every page is rendered anew five times, too.";
    report(root, "history", method, &figures)?;
    Ok(figures.iter().all(|f| f.gate.holds(f.value)))
}

type Names = [&'static str; 4];
const SQLITE: Names = ["sqlite_p95", "sqlite_worst", "sqlite_ratio", "sqlite_render"];
const POSTGRES: Names = ["pg_p95", "pg_worst", "pg_ratio", "pg_render"];

fn figures(names: Names, told: &Value) -> Vec<Figure> {
    let ms = |name: &str| -> Vec<f64> {
        told[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let ratio = |old: &str, young: &str| median(ms(old)) / median(ms(young)).max(f64::EPSILON);
    let old = ms("old_ms");
    let detail = json!({ "old_ms": old, "young_ms": ms("young_ms"), "kpi_rows": told["kpi_rows"] });
    let evaluations = ratio("old_ms", "young_ms");
    let renders = ratio("render_old_ms", "render_young_ms");
    [
        (
            "an evaluation with ninety days behind it, p95, in ms",
            percentile(&old, 0.95),
            (50.0, 20.0),
            detail,
        ),
        ("the slowest of them, in ms", percentile(&old, 1.0), (50.0, 50.0), Value::Null),
        ("median evaluation, to one without those days", evaluations, (1.5, 1.1), Value::Null),
        ("every page rendered anew, to without those days", renders, (1.5, 1.1), Value::Null),
    ]
    .into_iter()
    .zip(names)
    .map(|((what, value, (gate, goal), detail), name)| {
        let (gate, goal) = (Bound::AtMost(gate), Bound::AtMost(goal));
        Figure { name, what, value, gate, goal, detail }
    })
    .collect()
}
