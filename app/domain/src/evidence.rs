//! What a partner gets as evidence of a month: what was promised of what it sells, what was measured, and what a miss is
//! worth. Whole numbers and texts only, so that the same pack has the same bytes everywhere.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    clock::{SECOND, Timestamp},
    severity::Severity,
    sla::{
        availability::{Availability, measure, plain, spans},
        clock::{Clock, ClockKind, ClockState},
        hours::Calendar,
        ledger::ledger,
    },
    uptime::Change,
};

/// The format of packs that are made now.
pub const FORMAT: u32 = 1;

/// How the figures are made, as a pack says it itself.
pub const FORMULAS: [&str; 6] = [
    "availability = 100 % − down / counted, rounded down to thousandths of a percent",
    "down: a major outage counts in full, a partial outage with 0.3, degraded performance not at all",
    "counted: the target's hours of the month without maintenance and without time that had no data",
    "a target is met when the availability is not below it; without counted time nothing is said",
    "credit: the operator's rule, in percent of the month's fee for the cell, for what missed its target alone",
    "a promise of an update counts in the month in which it fell due; late: from then until it was kept",
];

/// One cell in the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellLine {
    /// Slug.
    pub component: String,
    /// Name.
    pub component_name: String,
    /// ISO code.
    pub country: String,
    /// Name.
    pub country_name: String,
    /// In percent, `99.9`; none: nothing is promised.
    pub target_percent: Option<String>,
    /// `round the clock` or `in business hours`.
    pub hours: String,
    /// In percent, `99.953`; none: no time counts.
    pub availability_percent: Option<String>,
    /// Whether the target was met; none: nothing can be said.
    pub is_met: Option<bool>,
    /// Seconds.
    pub counted_secs: i64,
    /// Seconds, weighted.
    pub down_secs: i64,
    /// Seconds.
    pub no_data_secs: i64,
    /// Seconds.
    pub maintenance_secs: i64,
    /// In percent of the month's fee for the cell.
    pub credit_percent: i64,
}

/// One promise to restore or to fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockLine {
    /// Public id of the incident.
    pub incident: String,
    /// Its title, as the partner reads it.
    pub title: String,
    /// 1 to 4.
    pub severity: i64,
    /// `workaround` or `fix`.
    pub promise: String,
    /// RFC 3339.
    pub due_at: String,
    /// RFC 3339; none: not yet.
    pub kept_at: Option<String>,
    /// Seconds; 0: in time.
    pub late_secs: i64,
}

/// Promises of updates at one severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatesLine {
    /// 1 to 4.
    pub severity: i64,
    /// That fell due.
    pub made: i64,
    /// Of those.
    pub kept: i64,
    /// Seconds.
    pub worst_late_secs: i64,
}

/// A month of one partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// [`FORMAT`].
    pub format: u32,
    /// Who promises.
    pub operator: String,
    /// To whom.
    pub partner: String,
    /// `2026-10`.
    pub month: String,
    /// RFC 3339: what is in it, from and until before.
    pub from: String,
    /// As above; before the end of the month where it is not over.
    pub until: String,
    /// RFC 3339.
    pub made_at: String,
    /// Version of the targets and of the rule for credits.
    pub targets_version: i64,
    /// What the partner sells.
    pub cells: Vec<CellLine>,
    /// Promises to restore and to fix that fell due.
    pub clocks: Vec<ClockLine>,
    /// Promises of updates that fell due.
    pub updates: Vec<UpdatesLine>,
    /// [`FORMULAS`].
    pub formulas: Vec<String>,
}

/// A cell that a partner sells.
#[derive(Debug)]
pub struct Sold<'a> {
    /// Slug and name.
    pub component: (&'a str, &'a str),
    /// ISO code and name.
    pub country: (&'a str, &'a str),
    /// Its changes, oldest first.
    pub changes: &'a [Change],
}

/// The line of a cell from `from` until before `until`.
#[must_use]
pub fn cell_line(
    sold: &Sold<'_>,
    promised: &Availability,
    calendar: &Calendar,
    (from, until): (Timestamp, Timestamp),
) -> CellLine {
    let target = promised.target(sold.component.0, sold.country.0);
    let hours = target.map(|t| t.hours).unwrap_or_default();
    let measured = measure(sold.changes, &spans(hours, calendar, from, until));
    let availability = measured.millipercent();
    CellLine {
        component: sold.component.0.into(),
        component_name: sold.component.1.into(),
        country: sold.country.0.into(),
        country_name: sold.country.1.into(),
        target_percent: target.map(|t| plain(t.millipercent)),
        hours: hours.words().into(),
        availability_percent: availability.map(plain),
        is_met: target.zip(availability).map(|(t, a)| a >= t.millipercent),
        counted_secs: measured.counted_ms / SECOND,
        down_secs: measured.down_ms / SECOND,
        no_data_secs: measured.no_data_ms / SECOND,
        maintenance_secs: measured.maintenance_ms / SECOND,
        credit_percent: target.zip(availability).map_or(0, |(t, a)| promised.credit(t, a)),
    }
}

/// The line of a promise to restore or to fix; none: it is none, or it was taken back before it fell due.
#[must_use]
pub fn clock_line(incident: (&str, &str), clock: &Clock, now: Timestamp) -> Option<ClockLine> {
    let is_promise = matches!(clock.kind, ClockKind::Workaround | ClockKind::Fix);
    (is_promise && clock.state != ClockState::Cancelled).then(|| ClockLine {
        incident: incident.0.into(),
        title: incident.1.into(),
        severity: clock.severity.number(),
        promise: clock.kind.slug().into(),
        due_at: clock.due_at.rfc3339(),
        kept_at: clock.stopped_at.map(Timestamp::rfc3339),
        late_secs: clock.overdue_ms(now).max(0) / SECOND,
    })
}

/// Promises of updates among these clocks.
#[must_use]
pub fn updates_lines(clocks: &[Clock], from: Timestamp, now: Timestamp) -> Vec<UpdatesLine> {
    let line = |l: &crate::sla::ledger::Line| UpdatesLine {
        severity: Severity::number(l.severity),
        made: l.made,
        kept: l.kept,
        worst_late_secs: l.worst_late_ms / SECOND,
    };
    ledger(clocks, from, now).iter().map(line).collect()
}

/// The bytes that are signed: JSON without white space, the members of every object sorted by name.
#[must_use]
pub fn canonical(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            out.push(b'{');
            for (i, name) in names.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                out.extend(Value::from(name.as_str()).to_string().into_bytes());
                out.push(b':');
                write(&members[name], out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        other => out.extend(other.to_string().into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::HOUR,
        sla::availability::{Coverage, Credit, Target},
        status::CellStatus,
    };

    #[test]
    fn the_order_of_members_makes_no_difference() {
        let one: Value = serde_json::from_str(r#"{"b":[1,{"d":"é\n","c":null}],"a":true}"#).unwrap();
        let other: Value =
            serde_json::from_str("{ \"a\": true, \"b\": [1, {\"c\": null, \"d\": \"é\\n\"}] }").unwrap();
        assert_eq!(canonical(&one), canonical(&other));
        assert_eq!(String::from_utf8(canonical(&one)).unwrap(), r#"{"a":true,"b":[1,{"c":null,"d":"é\n"}]}"#);
    }

    #[test]
    fn a_miss_earns_its_credit_and_silence_nothing() {
        let at = |ms| Timestamp::from_millis(1_772_438_400_000 + ms);
        let promised = Availability {
            targets: vec![Target {
                component: None,
                country: None,
                millipercent: 99_900,
                hours: Coverage::Always,
            }],
            credits: vec![Credit { below_millipercent: 99_000, percent: 10 }],
        };
        let line = |changes: &[Change]| {
            let sold = Sold { component: ("sms", "SMS"), country: ("FR", "France"), changes };
            cell_line(&sold, &promised, &Calendar::default(), (at(0), at(10 * HOUR)))
        };
        let change = |ms, to| Change { at: at(ms), to };
        let down = line(&[change(0, CellStatus::Operational), change(9 * HOUR, CellStatus::MajorOutage)]);
        assert_eq!(down.availability_percent.as_deref(), Some("90"));
        assert_eq!((down.is_met, down.credit_percent, down.down_secs), (Some(false), 10, 3_600));
        let silent = line(&[]);
        assert_eq!((silent.availability_percent, silent.is_met, silent.credit_percent), (None, None, 0));
        assert_eq!(silent.no_data_secs, 36_000);
        let fine = line(&[change(-HOUR, CellStatus::Operational)]);
        assert_eq!((fine.availability_percent.as_deref(), fine.is_met), (Some("100"), Some(true)));
    }
}
