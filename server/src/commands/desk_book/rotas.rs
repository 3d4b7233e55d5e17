//! Rotas.

use domain::{
    clock::{DAY, Timestamp},
    roster::{BadTime, weeks_later},
};
use serde_json::json;
use store::{ShiftRow, Tx};

use super::zone;
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit},
};

/// Weeks that a shift may be repeated for.
pub const WEEKS_MAX: i64 = 26;
/// Days that one shift may last.
const DAYS_MAX: i64 = 14;

/// A shift as typed: wall times in its zone.
#[derive(Debug, Clone, Default)]
pub struct Shift {
    /// 1 to 3.
    pub tier: i64,
    /// Who.
    pub user_id: String,
    /// From when.
    pub starts: String,
    /// Until when.
    pub ends: String,
    /// IANA zone.
    pub zone: String,
    /// A new one is repeated at the same wall time in so many weeks more.
    pub weeks: Option<i64>,
}

/// Adds a shift with its repetitions, or changes one.
pub async fn save(tx: &mut Tx, ctx: &Ctx, id: Option<&str>, given: Shift) -> Result<(), Refusal> {
    let before = match id {
        Some(id) => Some(tx.shift(id).await?.ok_or(Refusal::NotFound("shift"))?),
        None => None,
    };
    if !(1..=3).contains(&given.tier) {
        return Err(Refusal::field("tier", "Choose a tier from 1 to 3."));
    }
    let user = tx.user(&given.user_id).await?.filter(|u| !u.is_disabled);
    let user = user.ok_or_else(|| Refusal::field("user_id", "Choose a person who may sign in."))?;
    let zone = zone(&given.zone)?;
    let weeks = if id.is_some() { Some(0) } else { given.weeks.filter(|w| (0..=WEEKS_MAX).contains(w)) };
    let weeks =
        weeks.ok_or_else(|| Refusal::field("weeks", format!("Give a number from 0 to {WEEKS_MAX}.")))?;
    for week in 0..=weeks {
        let starts_at = weeks_later(&given.starts, &zone, week).map_err(time("starts"))?;
        let ends_at = weeks_later(&given.ends, &zone, week).map_err(time("ends"))?;
        check(starts_at, ends_at)?;
        let row = ShiftRow {
            id: id.map_or_else(new_id, str::to_owned),
            tier: given.tier,
            user_id: user.id.clone(),
            user_name: user.name.clone(),
            starts_at,
            ends_at,
            zone: zone.clone(),
        };
        tx.save_shift(&row, ctx.now).await?;
        let detail = json!({ "before": before.as_ref().map(told), "after": told(&row) });
        audit(tx, ctx, "save_shift", &format!("shift:{}", row.id), detail).await?;
    }
    Ok(())
}

fn time(field: &'static str) -> impl Fn(BadTime) -> Refusal {
    move |e| Refusal::field(if e == BadTime::Zone { "zone" } else { field }, e.to_string())
}

fn check(starts_at: Timestamp, ends_at: Timestamp) -> Result<(), Refusal> {
    match ends_at.since(starts_at) {
        ms if ms <= 0 => Err(Refusal::field("ends", "A shift ends after it begins.")),
        ms if ms > DAYS_MAX * DAY => {
            Err(Refusal::field("ends", format!("A shift lasts {DAYS_MAX} days at most; repeat it instead.")))
        }
        _ => Ok(()),
    }
}

/// Removes a shift.
pub async fn remove(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    let before = tx.shift(id).await?.ok_or(Refusal::NotFound("shift"))?;
    tx.delete_shift(id).await?;
    audit(tx, ctx, "remove_shift", &format!("shift:{id}"), json!({ "before": told(&before) })).await
}

fn told(row: &ShiftRow) -> serde_json::Value {
    json!({
        "tier": row.tier,
        "user": row.user_id,
        "starts_at": row.starts_at.rfc3339(),
        "ends_at": row.ends_at.rfc3339(),
        "zone": row.zone,
    })
}
