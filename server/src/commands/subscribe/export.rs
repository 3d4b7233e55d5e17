//! Subscribers as a file: who gets mail and what they chose, in a form that the import takes back.

use domain::{clock::Timestamp, clock_local::utc_date, scope::Scope, severity::Severity};
use serde_json::json;
use store::{SubscriberRow, Tx};

use crate::{
    auth::role::{Permission, Role},
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit},
    config::Config,
};

/// The columns, in their order.
pub const COLUMNS: [&str; 16] = [
    "address",
    "countries",
    "portfolios",
    "components",
    "min_severity",
    "time_zone",
    "language",
    "maintenance_only",
    "measured",
    "trip_from",
    "trip_until",
    "incident",
    "paused_until",
    "consent",
    "asked_at",
    "confirmed_at",
];
/// Rows that are read at once.
pub const CHUNK: i64 = 1_000;
/// A pause without an end, in the column `paused_until`.
pub const OPEN: &str = "open";
/// What a spreadsheet would take for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Puts an export of the public page's subscribers, or of a partner's, on record and tells every owner by mail; how many
/// it holds.
pub async fn export(
    tx: &mut Tx,
    ctx: &Ctx,
    config: &Config,
    partner_id: Option<&str>,
) -> Result<i64, Refusal> {
    let (subject, whose) = match partner_id {
        None => ("page".to_owned(), String::new()),
        Some(id) => {
            let partner = tx.partner(id).await?.ok_or(Refusal::NotFound("partner"))?;
            (format!("partner:{id}"), format!(" of {}", partner.name))
        }
    };
    let count = tx.count_exported_subscribers(ctx.now, partner_id).await?;
    audit(tx, ctx, "export_subscribers", &subject, json!({ "count": count })).await?;
    let mail_state = if config.smtp.host.is_empty() { "none" } else { "queued" };
    let at = domain::clock_local::utc_time(ctx.now, ctx.now);
    let who = if count == 1 { "subscriber" } else { "subscribers" };
    let words = format!("{} exported {count} {who}{whose} on {} at {at}", ctx.actor_name, utc_date(ctx.now));
    tx.tell_roles(
        &Role::who_may(Permission::Own),
        &new_id(),
        (&words, "/console/subscribers"),
        ctx.now,
        mail_state,
    )
    .await?;
    Ok(count)
}

/// The first line.
#[must_use]
pub fn head() -> Vec<u8> {
    lines(&[COLUMNS.map(str::to_owned)])
}

/// One line per subscriber (RFC 4180).
#[must_use]
pub fn body(rows: &[SubscriberRow]) -> Vec<u8> {
    let rows: Vec<_> = rows.iter().map(|row| record(row).map(|field| guarded(&field))).collect();
    lines(&rows)
}

fn lines(records: &[[String; 16]]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        // A vector takes everything.
        let _ = writer.write_record(record);
    }
    writer.into_inner().unwrap_or_default()
}

fn record(row: &SubscriberRow) -> [String; 16] {
    let scope = row.scope().unwrap_or_default();
    let Scope { components, countries, portfolios, incident, min_severity, trip, .. } = &scope;
    let at = |ms: i64| Timestamp::from_millis(ms).rfc3339();
    let day = |day: Option<chrono::NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
    [
        row.address.clone(),
        countries.join(" "),
        portfolios.join(" "),
        components.join(" "),
        min_severity.map(|s| Severity::number(s).to_string()).unwrap_or_default(),
        row.time_zone.clone(),
        row.language.clone(),
        if scope.is_maintenance_only { "yes".into() } else { String::new() },
        if scope.tells_measured { "yes".into() } else { String::new() },
        day(trip.map(|t| t.from)),
        day(trip.map(|t| t.until)),
        incident.clone().unwrap_or_default(),
        match row.paused_until_at {
            Some(i64::MAX) => OPEN.into(),
            Some(until) => at(until),
            None => String::new(),
        },
        row.consent_wording.clone(),
        row.created_at.rfc3339(),
        row.confirmed_at.map(at).unwrap_or_default(),
    ]
}

/// A field that no spreadsheet takes for a formula: an apostrophe stands before it.
#[must_use]
pub fn guarded(field: &str) -> String {
    if is_formula(field) { format!("'{field}") } else { field.to_owned() }
}

/// Undoes [`guarded`].
#[must_use]
pub fn unguarded(field: &str) -> &str {
    field.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(field)
}

/// Apostrophes before it are looked through, so that what came guarded is guarded once more and nothing is lost.
fn is_formula(field: &str) -> bool {
    field.trim_start_matches('\'').starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_a_formula_and_every_one_comes_back() {
        for field in [
            "=1+1",
            "+x@example.org",
            "-2",
            "@SUM(1)",
            "\tx",
            "\rx",
            "'=x",
            "''-",
            "'",
            "o'x",
            "",
            "a=b",
            "'a",
        ] {
            let out = guarded(field);
            assert!(!out.starts_with(FORMULA), "{out:?}");
            assert_eq!(unguarded(&out), field);
        }
        assert_eq!(guarded("ada@example.org"), "ada@example.org");
    }

    #[test]
    fn lines_are_those_of_rfc_4180() {
        let row = SubscriberRow {
            address: "+a@example.org".into(),
            scope: r#"{"countries":["FR","IT"]}"#.into(),
            consent_wording: "by \"letter\", signed".into(),
            ..SubscriberRow::default()
        };
        let text = String::from_utf8(body(&[row])).unwrap();
        assert!(text.starts_with("'+a@example.org,FR IT,,,"), "{text}");
        assert!(text.contains("\"by \"\"letter\"\", signed\"") && text.ends_with("\r\n"), "{text}");
        assert!(head().starts_with(b"address,countries,") && head().ends_with(b"confirmed_at\r\n"));
    }
}
