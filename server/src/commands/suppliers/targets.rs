//! What a supplier owes us.

use domain::telemetry::scorecard::Targets;
use serde_json::json;
use store::Tx;

use super::{subject, supplier};
use crate::{
    commands::{Ctx, Refusal, cells::audit},
    http::fields::Fields,
};

/// The kind of policy that holds what a supplier owes us.
#[must_use]
pub fn targets_of(id: &str) -> String {
    format!("supplier_targets:{id}")
}

/// Fields of the form of what is owed.
pub const TARGET_FIELDS: [&str; 8] =
    ["asr", "median", "p95", "fallback", "mttr", "engage", "failovers", "certificate_misses"];

/// Saves what a supplier owes us, as a new version.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn save_targets(tx: &mut Tx, ctx: &Ctx, id: &str, fields: &Fields) -> Result<(), Refusal> {
    supplier(tx, id).await?;
    let targets = Targets {
        asr_permille: number(fields, "asr", 1, 100.0)?,
        median_ms: number(fields, "median", 3, 3_600.0)?,
        p95_ms: number(fields, "p95", 3, 3_600.0)?,
        fallback_permille: number(fields, "fallback", 1, 100.0)?,
        mttr_secs: number(fields, "mttr", 0, 10_000.0)?.map(|minutes| minutes * 60),
        engage_secs: number(fields, "engage", 0, 10_000.0)?.map(|minutes| minutes * 60),
        failovers: number(fields, "failovers", 0, 1_000.0)?,
        certificate_misses: number(fields, "certificate_misses", 0, 1_000.0)?,
    };
    let (_, before): (i64, Targets) = tx.policy(&targets_of(id)).await?;
    let version = tx.insert_policy(&targets_of(id), &targets, ctx.now, &ctx.actor).await?;
    let detail = json!({ "version": version, "before": before, "after": targets });
    audit(tx, ctx, "save_targets", &subject(id), detail).await
}

/// A number with `digits` decimals at most, as a whole number of the smallest; none: nothing was typed.
fn number(fields: &Fields, name: &'static str, digits: u32, most: f64) -> Result<Option<i64>, Refusal> {
    let Some(typed) = fields.some(name) else { return Ok(None) };
    let scale = 10_i64.pow(digits);
    let (whole, part) = typed.split_once(['.', ',']).unwrap_or((typed, ""));
    let is_number = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let fits = !whole.is_empty()
        && whole.len() <= 6
        && is_number(whole)
        && is_number(part)
        && part.len() <= digits as usize;
    let value = fits.then(|| {
        let part: i64 = format!("{part:0<width$}", width = digits as usize).parse().unwrap_or(0);
        whole.parse::<i64>().unwrap_or(0) * scale + part
    });
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "limits are small")]
    let limit = (most * scale as f64) as i64;
    match value.filter(|v| *v <= limit) {
        Some(value) => Ok(Some(value)),
        None => {
            let decimals = if digits == 0 {
                "a whole number".to_owned()
            } else {
                format!("a number with {digits} decimals at most")
            };
            Err(Refusal::field(name, format!("Give {decimals}, up to {most}, or leave it empty.")))
        }
    }
}
