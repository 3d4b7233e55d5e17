//! The cadence ledger, for people and for programs.

use app::model::{PromiseLine, PromisesPage};
use domain::{
    clock::{HOUR, SECOND},
    clock_local::duration_words,
    severity::Severity,
    sla::{
        ledger::Line,
        policy::{Cadence, SeverityMatrix, Target},
    },
};
use serde_json::json;

use super::{World, pages};

/// Days that the ledger looks back.
pub const WINDOW_DAYS: i64 = 90;

/// The line of every severity that promises updates by the clock, also where nothing was due.
fn lines(world: &World) -> Vec<Line> {
    Severity::ALL
        .into_iter()
        .filter(|s| world.matrix.promises(*s).cadence != Cadence::AsNeeded)
        .map(|severity| {
            let line = world.ledger.iter().find(|l| l.severity == severity).copied();
            line.unwrap_or(Line { severity, made: 0, kept: 0, worst_late_ms: 0 })
        })
        .collect()
}

/// `/promises.json`.
#[must_use]
pub fn document(world: &World) -> String {
    let severities: Vec<_> = lines(world)
        .iter()
        .map(|l| {
            json!({
                "severity": l.severity.number(),
                "made": l.made,
                "kept": l.kept,
                "worst_late_secs": l.worst_late_ms / SECOND,
            })
        })
        .collect();
    json!({
        "window_days": WINDOW_DAYS,
        "severities": severities,
        "published_alone": world.published_alone,
        "automatic_statements": world.automatic_statements,
        "silent_fixes": world.silent_fixes.0,
        "silent_fixes_told_afterwards": world.silent_fixes.1,
    })
    .to_string()
}

/// The page.
#[must_use]
pub fn page(world: &World) -> PromisesPage {
    let counted = lines(world);
    let (made, kept) = counted.iter().fold((0, 0), |(m, k), l| (m + l.made, k + l.kept));
    let verdict = match made {
        0 => "No update was due in the last 90 days.".to_owned(),
        _ => format!("{kept} of {made} updates of the last 90 days came when they were promised."),
    };
    let counts = [
        (world.published_alone, "published without the second person that it needed"),
        (world.automatic_statements, "written by Waypost itself, because nobody had written in time"),
    ];
    let counts = counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| {
        if n == 1 { format!("1 update was {what}.") } else { format!("{n} updates were {what}.") }
    });
    let silent = match world.silent_fixes {
        (0, _) => None,
        (n, told) => {
            let times =
                if n == 1 { "Once a service was".to_owned() } else { format!("{n} times a service was") };
            Some(format!(
                "{times} impaired and recovered without a word from us; {told} of them we told afterwards."
            ))
        }
    };
    let counts = counts.chain(silent);
    PromisesPage {
        site: pages::site(world),
        verdict,
        lines: Severity::ALL.into_iter().map(|s| line(&world.matrix, s, &counted)).collect(),
        counts: counts.collect(),
    }
}

fn line(matrix: &SeverityMatrix, severity: Severity, counted: &[Line]) -> PromiseLine {
    let promises = matrix.promises(severity);
    let optional = [
        ("Usable again", promises.workaround),
        ("Fixed for good", promises.fix),
        ("Review, draft", promises.rca_draft),
        ("Review, final", promises.rca_final),
    ];
    let mut promised = vec![
        ("First word", target_words(promises.first_response)),
        ("Updates", matrix.cadence_words(severity)),
    ];
    promised.extend(optional.into_iter().filter_map(|(label, t)| Some((label, target_words(t?)))));
    let record = counted.iter().find(|l| l.severity == severity);
    PromiseLine {
        label: severity.label(),
        word: severity.word(),
        examples: promises.examples.clone(),
        promised,
        made: record.map(|l| l.made),
        kept: record.map_or(0, |l| l.kept),
        worst: match record.map_or(0, |l| l.worst_late_ms) {
            0 => String::new(),
            ms => duration_words(ms),
        },
    }
}

/// `15 minutes`, `4 business hours`, `3 business days`.
#[must_use]
pub fn target_words(target: Target) -> String {
    match target {
        Target::Around(ms) => format!("within {}", duration_words(ms)),
        Target::Business(ms) => format!("within {} business hours", ms / HOUR),
        Target::BusinessDays(1) => "within 1 business day".into(),
        Target::BusinessDays(days) => format!("within {days} business days"),
    }
}
