//! A policy as people write it.

use domain::{
    clock::SECOND,
    sla::{
        policy::Target,
        words::{target, target_text},
    },
    telemetry::degradation::Policy,
};

use crate::{commands::policies::Wrong, http::fields::Fields};

/// Fields of the form; the last ones are of the default alone, or of trying it.
pub const FIELDS: [&str; 23] = [
    "version",
    "degraded_below",
    "partial_below",
    "major_below",
    "fallback_above",
    "slow_above",
    "error_class_above",
    "minimum_samples",
    "certainty",
    "worsen_evaluations",
    "recover_evaluations",
    "recover_samples",
    "flapping_changes",
    "freeze",
    "quorum_sources",
    "auto_confirm",
    "window_0",
    "window_1",
    "window_2",
    "key_share",
    "key_window",
    "from",
    "until",
];

/// Seconds as people write times.
fn time_text(secs: i64) -> String {
    target_text(Some(Target::Around(secs * SECOND)))
}

/// Every field of a policy with its text: name, label, value.
#[must_use]
pub fn texts(policy: &Policy, is_default: bool) -> Vec<(&'static str, &'static str, String)> {
    let mut all = vec![
        ("degraded_below", "Degraded below, % success", policy.degraded_below.to_string()),
        ("partial_below", "Partial outage below, %", policy.partial_below.to_string()),
        ("major_below", "Propose a major outage below, %", policy.major_below.to_string()),
        ("fallback_above", "Degraded above, % by a second way", policy.fallback_above.to_string()),
        ("slow_above", "Degraded when the median takes over, % of the SLA", policy.slow_above.to_string()),
        ("error_class_above", "Warn when one error class is above, %", policy.error_class_above.to_string()),
        ("minimum_samples", "Fewest samples", policy.minimum_samples.to_string()),
        ("certainty", "Certainty, % (50: the bare share counts)", policy.certainty.to_string()),
        ("worsen_evaluations", "Evaluations to get worse", policy.worsen_evaluations.to_string()),
        ("recover_evaluations", "Evaluations to come back", policy.recover_evaluations.to_string()),
        ("recover_samples", "Newer samples to come back", policy.recover_samples.to_string()),
        (
            "flapping_changes",
            "Turns down or up in an hour before it is held",
            policy.flapping_changes.to_string(),
        ),
        ("freeze", "Held for", time_text(policy.freeze_secs)),
        ("quorum_sources", "Sources that must tell of it", policy.quorum_sources.to_string()),
        (
            "auto_confirm",
            "Declare by itself after (empty: never)",
            policy.auto_confirm_secs.map(time_text).unwrap_or_default(),
        ),
    ];
    if is_default {
        let [first, second, third] = policy.windows_secs;
        all.extend([
            ("window_0", "Window", time_text(first)),
            ("window_1", "Where samples are few", time_text(second)),
            ("window_2", "Where they are fewer", time_text(third)),
            ("key_share", "One key may worsen, % of the cells", policy.key_share.to_string()),
            ("key_window", "Within", time_text(policy.key_window_secs)),
        ]);
    }
    all
}

fn number<T: std::str::FromStr>(fields: &Fields, name: &str) -> Result<T, Wrong> {
    let typed = fields.one(name).trim().trim_end_matches('%').trim().replace(',', "");
    typed.parse().map_err(|_| (name.to_owned(), format!("{typed:?} is not such a number.")))
}

fn secs(fields: &Fields, name: &str) -> Result<i64, Wrong> {
    match target(fields.one(name)) {
        Ok(Some(Target::Around(ms))) => Ok(ms / SECOND),
        Ok(_) => Err((name.to_owned(), "Give a time round the clock, like 10 min or 1 h.".into())),
        Err(e) => Err((name.to_owned(), e.to_string())),
    }
}

/// Reads the form; what is of the default alone comes from there.
///
/// # Errors
/// The first field that is wrong.
pub fn read(fields: &Fields, is_default: bool, default: &Policy) -> Result<Policy, Wrong> {
    let mut policy = Policy {
        degraded_below: number(fields, "degraded_below")?,
        partial_below: number(fields, "partial_below")?,
        major_below: number(fields, "major_below")?,
        fallback_above: number(fields, "fallback_above")?,
        slow_above: number(fields, "slow_above")?,
        error_class_above: number(fields, "error_class_above")?,
        minimum_samples: number(fields, "minimum_samples")?,
        certainty: number(fields, "certainty")?,
        worsen_evaluations: number(fields, "worsen_evaluations")?,
        recover_evaluations: number(fields, "recover_evaluations")?,
        recover_samples: number(fields, "recover_samples")?,
        flapping_changes: number(fields, "flapping_changes")?,
        freeze_secs: secs(fields, "freeze")?,
        quorum_sources: number(fields, "quorum_sources")?,
        auto_confirm_secs: match fields.some("auto_confirm") {
            Some(_) => Some(secs(fields, "auto_confirm")?),
            None => None,
        },
        ..default.clone()
    };
    if is_default {
        policy.windows_secs =
            [secs(fields, "window_0")?, secs(fields, "window_1")?, secs(fields, "window_2")?];
        policy.key_share = number(fields, "key_share")?;
        policy.key_window_secs = secs(fields, "key_window")?;
    }
    policy.check().map_err(|(field, why)| {
        let field = if field == "windows" { "window_0" } else { field };
        (field.to_owned(), why.to_owned())
    })?;
    Ok(policy)
}
