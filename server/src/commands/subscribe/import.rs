//! Subscribers from a file: all of them or none, and nobody is notified. The columns are those of an export; only the
//! address must be there, and what somebody else consented to and when is not taken over. Several values in one field
//! are separated by spaces.

use std::collections::HashSet;

use chrono::NaiveDate;
use delivery::email::MailAddress;
use domain::{
    clock::Timestamp,
    clock_local::is_zone,
    language::Language,
    scope::{Scope, Trip},
    severity::Severity,
};
use serde_json::json;
use store::{SubscriberRow, Tx};

use super::{
    export::{COLUMNS, OPEN, unguarded},
    known,
};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit},
    keys::{Keys, Purpose},
};

/// Lines in one file at most.
pub const LINES_MAX: usize = 25_000;
/// Wrong lines that are named at most.
const NAMED: usize = 10;

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Subscribers who are new.
    pub added: usize,
    /// Addresses that were there already, or that want no mail: left as they are.
    pub left: usize,
}

struct Line {
    address: MailAddress,
    scope: Scope,
    time_zone: String,
    language: Language,
    /// In milliseconds; none: not paused.
    paused_until: Option<i64>,
}

/// Adds confirmed subscribers; `consent` says how they agreed, and is kept with each.
pub async fn import(
    tx: &mut Tx,
    ctx: &Ctx,
    keys: &Keys,
    csv: &str,
    consent: &str,
) -> Result<Imported, Refusal> {
    let consent =
        domain::text::single_line(consent, 200).map_err(|e| Refusal::field("consent", e.to_string()))?;
    let lines = read(csv)?;
    for scope in lines.iter().map(|l| &l.scope).collect::<HashSet<_>>() {
        known(tx, scope, None).await.map_err(|refusal| match refusal {
            Refusal::Field { message, .. } => Refusal::field("csv", message),
            other => other,
        })?;
    }
    let mut done = Imported::default();
    for line in &lines {
        let address = line.address.normalised();
        let hash = keys.token(Purpose::Address, &["email", &address]);
        if tx.subscriber_by_address("email", &hash).await?.is_some() {
            done.left += 1;
            continue;
        }
        let row = SubscriberRow {
            id: new_id(),
            channel: "email".into(),
            host: line.address.domain().to_owned(),
            address,
            address_hash: hash,
            state: "pending".into(),
            scope: line.scope.to_json(),
            time_zone: line.time_zone.clone(),
            language: line.language.code().into(),
            token_nonce: new_id(),
            consent_wording: format!("imported: {consent}"),
            created_at: ctx.now,
            ..SubscriberRow::default()
        };
        tx.insert_subscriber(&row).await?;
        tx.set_subscriber_state(&row.id, "confirmed", ctx.now).await?;
        if line.paused_until.is_some() {
            let paused =
                SubscriberRow { state: "confirmed".into(), paused_until_at: line.paused_until, ..row };
            tx.save_subscriber(&paused, ctx.now).await?;
        }
        done.added += 1;
    }
    let detail =
        json!({ "before": null, "after": { "added": done.added, "left": done.left }, "consent": consent });
    audit(tx, ctx, "import_subscribers", "page", detail).await?;
    Ok(done)
}

fn read(text: &str) -> Result<Vec<Line>, Refusal> {
    let wrong = |why: String| Refusal::field("csv", why);
    // As spreadsheets of half of Europe write it: a mark in front, and semicolons.
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or("");
    let delimiter = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| wrong(e.to_string()))?.clone();
    if let Some(unknown) = header.iter().find(|c| !COLUMNS.contains(c)) {
        return Err(wrong(format!(
            "There is no column {unknown:?}. The columns are {}.",
            COLUMNS.join(", ")
        )));
    }
    if !header.iter().any(|c| c == "address") {
        return Err(wrong("The first line names the columns, and one of them is address.".into()));
    }
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    for (n, record) in (2..).zip(reader.records()) {
        let line = record.map_err(|e| e.to_string()).and_then(|record| {
            let field = |name: &str| {
                let at = header.iter().position(|c| c == name);
                unguarded(at.and_then(|at| record.get(at)).unwrap_or_default()).to_owned()
            };
            line(&field)
        });
        match line {
            Ok(line) => lines.push(line),
            Err(why) => errors.push(format!("Line {n}: {why}")),
        }
        if lines.len() > LINES_MAX {
            return Err(wrong(format!("A file has at most {LINES_MAX} lines; import it in parts.")));
        }
    }
    if errors.is_empty() {
        return if lines.is_empty() {
            Err(wrong("There is no line with an address.".into()))
        } else {
            Ok(lines)
        };
    }
    let more = errors.len().saturating_sub(NAMED);
    errors.truncate(NAMED);
    if more > 0 {
        errors.push(format!("{more} more lines are wrong."));
    }
    Err(wrong(format!("Nothing was imported. {}", errors.join(" "))))
}

fn line(field: &dyn Fn(&str) -> String) -> Result<Line, String> {
    let address = MailAddress::parse(&field("address")).map_err(|e| e.to_string())?;
    let words = |name: &str| -> Vec<String> { field(name).split_whitespace().map(str::to_owned).collect() };
    let least = field("min_severity");
    let min_severity = match least.as_str() {
        "" => None,
        text => Some(
            text.parse::<i64>()
                .ok()
                .and_then(|n| Severity::try_from(n).ok())
                .ok_or("min_severity is 1 to 4")?,
        ),
    };
    let time_zone = Some(field("time_zone")).filter(|z| !z.is_empty()).unwrap_or_else(|| "UTC".into());
    if time_zone.len() > 64 || !is_zone(&time_zone) {
        return Err(format!("{time_zone:?} is not a time zone"));
    }
    let code = field("language");
    let language = if code.is_empty() { Some(Language::English) } else { Language::find(&code) };
    let language = language.ok_or_else(|| format!("{code:?} is not a language of ours"))?;
    let scope = Scope {
        incident: Some(field("incident")).filter(|id| !id.is_empty()),
        is_maintenance_only: match field("maintenance_only").as_str() {
            "" => false,
            "yes" => true,
            other => return Err(format!("maintenance_only is yes or empty, not {other:?}")),
        },
        trip: trip(&field("trip_from"), &field("trip_until"))?,
        countries: words("countries").iter().map(|c| c.to_ascii_uppercase()).collect(),
        portfolios: words("portfolios"),
        components: words("components"),
        min_severity,
        tells_measured: match field("measured").as_str() {
            "" => false,
            "yes" => true,
            other => return Err(format!("measured is yes or empty, not {other:?}")),
        },
    };
    let paused_until = paused(&field("paused_until"))?;
    Ok(Line { address, scope, time_zone, language, paused_until })
}

/// A trip that is over ends by itself, as every other does.
fn trip(from: &str, until: &str) -> Result<Option<Trip>, String> {
    if from.is_empty() && until.is_empty() {
        return Ok(None);
    }
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    match (day(from), day(until)) {
        (Some(from), Some(until)) if from <= until => Ok(Some(Trip { from, until })),
        _ => Err("a trip has trip_from and trip_until, like 2026-03-03 and 2026-03-12".into()),
    }
}

fn paused(until: &str) -> Result<Option<i64>, String> {
    match until {
        "" => Ok(None),
        OPEN => Ok(Some(i64::MAX)),
        text => match Timestamp::parse_rfc3339(text) {
            Ok(at) => Ok(Some(at.millis())),
            Err(_) => Err("paused_until is a time, like 2026-03-03T08:00:00Z, or open".into()),
        },
    }
}
