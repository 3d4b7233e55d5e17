//! Rotas: who is on call, and where nobody is.

use app::console::desk_book::{Cell, Field, Kind, Row, Shelf};
use domain::{
    clock::{DAY, Timestamp},
    clock_local::{day_month, hour_minute, listed, utc_time, zone},
    roster::{Shift, gaps},
};
use store::{ShiftRow, Tx};

use super::zones;
use crate::{
    commands::{
        Refusal,
        desk_book::rotas::{self, WEEKS_MAX},
    },
    http::{console::desk::Work, fields::Fields},
};

pub(super) const FIELDS: &[&str] = &["tier", "user_id", "starts", "ends", "zone", "weeks"];
const TIERS: [(i64, &str); 3] =
    [(1, "Tier 1 – service desk"), (2, "Tier 2 – network operations"), (3, "Tier 3 – engineering")];
/// How far ahead gaps are looked for.
const AHEAD: i64 = 7 * DAY;

pub(super) async fn list(tx: &mut Tx, now: Timestamp) -> Result<Shelf, Refusal> {
    let shifts = tx.shifts(now).await?;
    let rules: Vec<Shift> = shifts.iter().map(ShiftRow::shift).collect();
    let gap = |tier: i64| gaps(&rules, tier, now, now.plus(AHEAD)).into_iter().next();
    let warnings = TIERS.into_iter().filter_map(|(tier, label)| {
        let (from, to) = gap(tier)?;
        let from = if from == now { "now".to_owned() } else { utc_time(from, now) };
        let to = if to == now.plus(AHEAD) { "the end of the week ahead".into() } else { utc_time(to, now) };
        Some(format!("{label}: nobody is on call from {from} to {to}."))
    });
    Ok(Shelf {
        lead: "Who is called first, by tier. The week ahead should have no gaps.",
        facts: on_call_facts(tx, now).await?,
        warnings: warnings.collect(),
        heads: vec!["Person", "Tier", "When, local time"],
        rows: shifts.into_iter().map(|s| row(s, now)).collect(),
        empty: "No shift yet. Add who is on call in each tier, and repeat it week by week.",
        add: "Add a shift",
        ..Shelf::default()
    })
}

fn row(shift: ShiftRow, now: Timestamp) -> Row {
    let tier = TIERS.iter().find(|(n, _)| *n == shift.tier).map_or("", |(_, label)| label);
    let tz = zone(&shift.zone);
    let there = |at: Timestamp| format!("{} {}", day_month(at, tz), hour_minute(at, tz));
    let when = format!("{} – {}", there(shift.starts_at), there(shift.ends_at));
    let on_call = if shift.shift().covers(now) { "on call now" } else { "" };
    Row {
        id: shift.id,
        name: (shift.user_name, vec![on_call.to_owned()]),
        cells: vec![Cell::Value(tier.to_owned(), String::new()), Cell::Value(when, shift.zone)],
    }
}

/// Who is on call in each tier: label, names, until when.
pub(in crate::http::console) async fn on_call_facts(
    tx: &mut Tx,
    now: Timestamp,
) -> Result<Vec<(String, String, String)>, Refusal> {
    let on = tx.on_call(now).await?;
    Ok(TIERS
        .into_iter()
        .map(|(tier, label)| {
            let mine: Vec<&ShiftRow> = on.iter().filter(|s| s.tier == tier).collect();
            let names: Vec<&str> = mine.iter().map(|s| s.user_name.as_str()).collect();
            let until = mine.iter().map(|s| s.ends_at).min();
            let second = until.map(|at| format!("until {}", utc_time(at, now))).unwrap_or_default();
            let names = if names.is_empty() { "nobody on call".to_owned() } else { listed(&names) };
            (label.to_owned(), names, second)
        })
        .collect())
}

pub(super) async fn values(tx: &mut Tx, id: &str) -> Result<Fields, Refusal> {
    let row = tx.shift(id).await?.ok_or(Refusal::NotFound("shift"))?;
    let tz = zone(&row.zone);
    let wall = |at: Timestamp| at.utc().with_timezone(&tz).format("%Y-%m-%dT%H:%M").to_string();
    let (starts, ends) = (wall(row.starts_at), wall(row.ends_at));
    let values = [row.tier.to_string(), row.user_id, starts, ends, row.zone, String::new()];
    Ok(FIELDS.iter().copied().zip(values).collect())
}

pub(super) async fn fields(tx: &mut Tx, typed: &Fields, is_new: bool) -> Result<Vec<Field>, Refusal> {
    let tiers = TIERS.iter().map(|(n, label)| (n.to_string(), (*label).to_owned())).collect();
    let people = tx.users().await?.into_iter().filter(|u| !u.is_disabled).map(|u| (u.id, u.name)).collect();
    let mut fields = vec![
        Field::new("tier", "Tier", "", typed.one("tier"), Kind::Pick(tiers)),
        Field::new("user_id", "Person", "", typed.one("user_id"), Kind::Pick(people)),
        Field::new("starts", "From", "local time of the zone below", typed.one("starts"), Kind::Time),
        Field::new("ends", "Until", "", typed.one("ends"), Kind::Time),
        Field::new("zone", "Time zone", "like Europe/Madrid", typed.one("zone"), zones(tx).await?),
    ];
    if is_new {
        let weeks = typed.some("weeks").unwrap_or("0");
        let hint = "how many weeks more, at the same local time";
        fields.push(Field::new("weeks", "Repeat", hint, weeks, Kind::Number(WEEKS_MAX)));
    }
    Ok(fields)
}

pub(super) async fn save(work: &mut Work, id: Option<&str>, typed: &Fields) -> Result<(), Refusal> {
    let given = rotas::Shift {
        tier: typed.one("tier").parse().unwrap_or(0),
        user_id: typed.one("user_id").into(),
        starts: typed.one("starts").into(),
        ends: typed.one("ends").into(),
        zone: typed.one("zone").into(),
        weeks: typed.some("weeks").map_or(Some(0), |w| w.parse().ok()),
    };
    rotas::save(&mut work.tx, &work.ctx, id, given).await
}
