//! A simulated day with two brown-outs beside the truth: what telemetry missed, what it turned without reason, how late it
//! was. Played by a manual clock in a test of the API, which tells what it saw as JSON.

use std::path::Path;

use serde_json::{Value, json};

use super::{Bound, Figure, report, stats::percentile, told::told};

/// Plays the day.
///
/// # Errors
/// When the test cannot run or tells nothing.
pub(crate) fn day(root: &Path) -> Result<bool, String> {
    let told = told(root, "a_day_with_two_brown_outs", "WAYPOST_DAY")?;
    for line in told["timeline"].as_array().into_iter().flatten() {
        println!("{}", line.as_str().unwrap_or_default());
    }
    let figures = figures(&told);
    let method = "Dev build, SQLite, a manual clock in steps of 5 s, one day from 08:00 UTC: 1.5 activations a second at the busiest \
        hour over 9 countries, 1 % of the events twice, 2 % late, clocks up to 150 ms wrong, seed 42. France: 60 % of downloads fail from \
        10:00 to 10:40. Supplier smdp-b, everywhere: half of its activations cannot be enabled from 20:00 to 21:00. Late: from the \
        beginning of a brown-out to the turn of each cell that it hits. Well: from its end to the cell being operational again.";
    report(root, "day", method, &figures)?;
    Ok(figures.iter().all(|f| f.gate.holds(f.value)))
}

fn figures(told: &Value) -> [Figure; 5] {
    let most = Bound::AtMost;
    let secs = |name: &str| -> Vec<f64> {
        told[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    #[allow(clippy::cast_precision_loss, reason = "a count")]
    let count = |name: &str| told[name].as_array().map_or(f64::INFINITY, |all| all.len() as f64);
    let (late, well) = (secs("late_secs"), secs("well_after_secs"));
    [
        Figure {
            name: "missed",
            what: "cells that a brown-out hit and that never turned",
            value: count("missed"),
            gate: most(0.0),
            goal: most(0.0),
            detail: told["missed"].clone(),
        },
        Figure {
            name: "false",
            what: "turns for the worse without a brown-out",
            value: count("false"),
            gate: most(0.0),
            goal: most(0.0),
            detail: told["false"].clone(),
        },
        Figure {
            name: "never_well",
            what: "cells that were not operational again by the end of the day",
            value: count("never_well"),
            gate: most(0.0),
            goal: most(0.0),
            detail: told["never_well"].clone(),
        },
        Figure {
            name: "late_secs",
            what: "beginning of a brown-out to the last of its cells turning",
            value: percentile(&late, 1.0),
            gate: most(600.0),
            goal: most(300.0),
            detail: json!(late),
        },
        Figure {
            name: "well_after_secs",
            what: "end of a brown-out to the last of its cells being well again",
            value: percentile(&well, 1.0),
            gate: most(1_200.0),
            goal: most(900.0),
            detail: json!(well),
        },
    ]
}
