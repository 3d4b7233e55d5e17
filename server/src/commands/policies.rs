//! Policies: every change is a new version; what was declared under an older one keeps it.

use chrono::NaiveDate;
use domain::{
    clock_local::is_zone,
    severity::Severity,
    sla::{
        hours::{Calendar, Hours},
        policy::{Holding, OFFICE, Promises, SeverityMatrix, Target},
        words::{cadence, target},
    },
    text,
};
use serde_json::json;
use store::{Tx, policies::SEVERITY_MATRIX};

use super::{Ctx, Refusal, cells::audit};
use crate::http::fields::Fields;

/// Fields of the form.
pub const FIELDS: [&str; 26] = [
    "version",
    "first_response.*",
    "cadence.*",
    "workaround.*",
    "fix.*",
    "tier2.*",
    "tier3.*",
    "carrier.*",
    "rca_draft.*",
    "rca_final.*",
    "examples.*",
    "holding_grace.*",
    "holding_in_a_row.*",
    "holding_known.*",
    "holding_next_steps.*",
    "zone",
    "hours.0",
    "hours.1",
    "hours.2",
    "hours.3",
    "hours.4",
    "hours.5",
    "hours.6",
    "holidays",
    "remind_before",
    "escalate_after",
];

/// A field of a form and what is wrong with it.
pub type Wrong = (String, String);

/// Saves a new version of the severity matrix; the outer error is the database's, the inner one names the field.
pub async fn save_matrix(tx: &mut Tx, ctx: &Ctx, fields: &Fields) -> Result<Result<i64, Wrong>, Refusal> {
    let (version, before): (i64, SeverityMatrix) = tx.policy(SEVERITY_MATRIX).await?;
    if fields.one("version") != version.to_string() {
        let message =
            "Somebody saved another version after you opened this form. Open it again; yours is kept below.";
        return Ok(Err((String::new(), message.into())));
    }
    let matrix = match read(fields) {
        Ok(matrix) => matrix,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let saved = tx.insert_policy(SEVERITY_MATRIX, &matrix, ctx.now, &ctx.actor).await?;
    tx.bump_revision(ctx.now).await?;
    let detail = json!({ "version": saved, "before": before, "after": matrix });
    audit(tx, ctx, "save_policy", "policy:severity_matrix", detail).await?;
    Ok(Ok(saved))
}

fn read(fields: &Fields) -> Result<SeverityMatrix, Wrong> {
    let mut severities = Vec::new();
    for severity in Severity::ALL {
        severities.push(promises(fields, severity.number())?);
    }
    let severities: [Promises; 4] =
        severities.try_into().map_err(|_| (String::new(), "There are four severities.".to_owned()))?;
    Ok(SeverityMatrix {
        severities,
        calendars: [(OFFICE.to_owned(), calendar(fields)?)].into(),
        remind_before_ms: around(fields, "remind_before")?,
        escalate_after_ms: around(fields, "escalate_after")?,
    })
}

fn promises(fields: &Fields, n: i64) -> Result<Promises, Wrong> {
    let time = |name: &str| {
        let field = format!("{name}.{n}");
        target(fields.one(&field)).map_err(|e| (field, e.to_string()))
    };
    let needed = |name: &str| {
        time(name)?.ok_or_else(|| (format!("{name}.{n}"), "This time is always promised.".to_owned()))
    };
    let field = format!("cadence.{n}");
    Ok(Promises {
        first_response: needed("first_response")?,
        cadence: cadence(fields.one(&field)).map_err(|e| (field, e.to_string()))?,
        workaround: time("workaround")?,
        fix: time("fix")?,
        tier2: time("tier2")?,
        tier3: time("tier3")?,
        carrier: time("carrier")?,
        rca_draft: time("rca_draft")?,
        rca_final: time("rca_final")?,
        calendar: OFFICE.into(),
        holding: holding(fields, n)?,
        examples: line(fields, &format!("examples.{n}"), false)?,
    })
}

fn line(fields: &Fields, field: &str, is_required: bool) -> Result<String, Wrong> {
    let typed = fields.one(field);
    if typed.trim().is_empty() && !is_required {
        return Ok(String::new());
    }
    text::single_line(typed, 200).map_err(|e| (field.to_owned(), e.to_string()))
}

fn holding(fields: &Fields, n: i64) -> Result<Option<Holding>, Wrong> {
    let field = format!("holding_grace.{n}");
    let grace = target(fields.one(&field)).map_err(|e| (field.clone(), e.to_string()))?;
    let grace_ms = match grace {
        None => return Ok(None),
        Some(Target::Around(ms)) => ms,
        Some(_) => return Err((field, "Give the grace in minutes or hours, round the clock.".into())),
    };
    let field = format!("holding_in_a_row.{n}");
    let in_a_row = fields.one(&field).trim().parse().ok().filter(|n| (1..=10).contains(n));
    let in_a_row = in_a_row.ok_or_else(|| (field, "Give a number from 1 to 10.".to_owned()))?;
    Ok(Some(Holding {
        grace_ms,
        in_a_row,
        known: line(fields, &format!("holding_known.{n}"), true)?,
        next_steps: line(fields, &format!("holding_next_steps.{n}"), true)?,
    }))
}

fn around(fields: &Fields, name: &str) -> Result<i64, Wrong> {
    match target(fields.one(name)) {
        Ok(Some(Target::Around(ms))) => Ok(ms),
        Ok(_) => Err((name.to_owned(), "Give a time round the clock, like 5 min.".into())),
        Err(e) => Err((name.to_owned(), e.to_string())),
    }
}

fn calendar(fields: &Fields) -> Result<Calendar, Wrong> {
    let zone = fields.one("zone").trim();
    if !is_zone(zone) {
        return Err(("zone".into(), format!("{zone:?} is not a time zone like Europe/Paris.")));
    }
    let mut week = [None; 7];
    for (i, day) in week.iter_mut().enumerate() {
        let field = format!("hours.{i}");
        *day = match fields.one(&field).trim() {
            "" | "-" => None,
            text => {
                let message = format!("{text:?} is not a span like 09:00-17:00.");
                Some(hours(text).ok_or((field, message))?)
            }
        };
    }
    if week.iter().all(Option::is_none) {
        return Err((
            "hours.0".into(),
            "A business that never opens keeps no promise in business hours.".into(),
        ));
    }
    let mut holidays = Vec::new();
    for line in fields.one("holidays").lines().map(str::trim).filter(|l| !l.is_empty()) {
        let date: NaiveDate = line
            .parse()
            .map_err(|_| ("holidays".to_owned(), format!("{line:?} is not a date like 2026-12-25.")))?;
        holidays.push(date);
    }
    if holidays.len() > 1_000 {
        return Err(("holidays".into(), "These are more than 1,000 holidays.".into()));
    }
    Ok(Calendar { zone: zone.to_owned(), week, holidays })
}

/// `09:00-17:00`; midnight at the end is 24:00.
fn hours(text: &str) -> Option<Hours> {
    let (opens, closes) = text.split_once(['-', '–'])?;
    let minute = |t: &str| {
        let (h, m) = t.trim().split_once(':')?;
        let (h, m): (u32, u32) = (h.parse().ok()?, m.parse().ok()?);
        (h <= 24 && m < 60 && h * 60 + m <= 1440).then_some(h * 60 + m)
    };
    let (opens_minute, closes_minute) = (minute(opens)?, minute(closes)?);
    (opens_minute < closes_minute).then_some(Hours { opens_minute, closes_minute })
}
