//! Targets and cadences as people write them in forms: `15 min`, `4 business hours`, `3 business days`, `daily`, `-`.

use super::policy::{Cadence, Target};
use crate::clock::{DAY, HOUR, MINUTE};

/// Longest target that makes sense, in milliseconds: a year.
const TARGET_MAX: i64 = 365 * DAY;

/// A text that is neither a target nor a cadence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time like 15 min, 2 h, 4 business hours, 3 business days; a dash means no promise")]
pub struct NotATime(pub String);

fn is_dash(text: &str) -> bool {
    matches!(text, "" | "-" | "–" | "—" | "none")
}

/// A number and its unit: `90 min`, `1h`.
fn split(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: i64 = text[..end].parse().ok()?;
    (number > 0).then_some((number, text[end..].trim()))
}

/// Reads a target; a dash means that nothing is promised.
///
/// # Errors
/// When the text is not a time, is zero or longer than a year.
pub fn target(text: &str) -> Result<Option<Target>, NotATime> {
    let clean = text.trim().to_lowercase();
    if is_dash(&clean) {
        return Ok(None);
    }
    let fail = || NotATime(text.trim().to_owned());
    let (number, unit) = split(&clean).ok_or_else(fail)?;
    let scaled = |ms: i64| number.checked_mul(ms).filter(|ms| *ms <= TARGET_MAX).ok_or_else(fail);
    let target = match unit {
        "m" | "min" | "minute" | "minutes" => Target::Around(scaled(MINUTE)?),
        "h" | "hour" | "hours" => Target::Around(scaled(HOUR)?),
        "d" | "day" | "days" => Target::Around(scaled(DAY)?),
        "business hour" | "business hours" => Target::Business(scaled(HOUR)?),
        "business day" | "business days" => {
            scaled(DAY)?;
            Target::BusinessDays(u32::try_from(number).map_err(|_| fail())?)
        }
        _ => return Err(fail()),
    };
    Ok(Some(target))
}

/// A target as [`target`] reads it.
#[must_use]
pub fn target_text(target: Option<Target>) -> String {
    match target {
        None => "-".into(),
        Some(Target::Around(ms)) => around(ms),
        Some(Target::Business(ms)) => format!("{} business hours", ms / HOUR),
        Some(Target::BusinessDays(1)) => "1 business day".into(),
        Some(Target::BusinessDays(days)) => format!("{days} business days"),
    }
}

fn around(ms: i64) -> String {
    if ms % HOUR == 0 { format!("{} h", ms / HOUR) } else { format!("{} min", ms / MINUTE) }
}

/// Reads a cadence: a time round the clock, `daily`, or a dash.
///
/// # Errors
/// When the text is none of these.
pub fn cadence(text: &str) -> Result<Cadence, NotATime> {
    if text.trim().eq_ignore_ascii_case("daily") {
        return Ok(Cadence::Daily);
    }
    match target(text)? {
        None => Ok(Cadence::AsNeeded),
        Some(Target::Around(ms)) => Ok(Cadence::Every(ms)),
        Some(_) => Err(NotATime(text.trim().to_owned())),
    }
}

/// A cadence as [`cadence`] reads it.
#[must_use]
pub fn cadence_text(cadence: Cadence) -> String {
    match cadence {
        Cadence::Every(ms) => around(ms),
        Cadence::Daily => "daily".into(),
        Cadence::AsNeeded => "-".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{severity::Severity, sla::policy::SeverityMatrix};

    #[test]
    fn what_is_written_is_read_back() {
        for severity in Severity::ALL {
            let matrix = SeverityMatrix::default();
            let p = matrix.promises(severity);
            assert_eq!(cadence(&cadence_text(p.cadence)), Ok(p.cadence));
            for t in [
                Some(p.first_response),
                p.workaround,
                p.fix,
                p.tier2,
                p.tier3,
                p.carrier,
                p.rca_draft,
                p.rca_final,
            ] {
                assert_eq!(target(&target_text(t)), Ok(t), "{t:?}");
            }
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in [
            "0 min",
            "-5 min",
            "soon",
            "15",
            "15 parsecs",
            "9999999999999999999 h",
            "400 days",
            "1.5 h",
            "5 min 3 h",
        ] {
            assert!(target(bad).is_err(), "{bad}");
        }
        assert!(cadence("3 business days").is_err());
        assert_eq!(target(" 90MIN "), Ok(Some(Target::Around(90 * MINUTE))));
    }
}
