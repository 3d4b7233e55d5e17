//! A pack as a table (RFC 4180), for spreadsheets: one line per cell, promise and severity. The signed file is the evidence.

use domain::evidence::Pack;

const HEAD: [&str; 19] = [
    "kind",
    "component",
    "country",
    "hours",
    "target_percent",
    "availability_percent",
    "is_met",
    "counted_secs",
    "down_secs",
    "no_data_secs",
    "maintenance_secs",
    "credit_percent",
    "incident",
    "title",
    "severity",
    "due_at",
    "kept_at",
    "late_secs",
    "kept_of_made",
];

/// The table.
#[must_use]
pub fn csv(pack: &Pack) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // A vector takes everything.
    let _ = writer.write_record(HEAD);
    for line in lines(pack) {
        let _ = writer.write_record(line.map(|field| guarded(&field)));
    }
    writer.into_inner().unwrap_or_default()
}

fn lines(pack: &Pack) -> Vec<[String; 19]> {
    let mut all = Vec::new();
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let none = String::new;
    for c in &pack.cells {
        let is_met = c.is_met.map(|m| m.to_string()).unwrap_or_default();
        all.push([
            "cell".into(),
            c.component.clone(),
            c.country.clone(),
            c.hours.clone(),
            text(&c.target_percent),
            text(&c.availability_percent),
            is_met,
            c.counted_secs.to_string(),
            c.down_secs.to_string(),
            c.no_data_secs.to_string(),
            c.maintenance_secs.to_string(),
            c.credit_percent.to_string(),
            none(),
            none(),
            none(),
            none(),
            none(),
            none(),
            none(),
        ]);
    }
    for c in &pack.clocks {
        let mut line: [String; 19] = std::array::from_fn(|_| none());
        line[0].clone_from(&c.promise);
        line[12].clone_from(&c.incident);
        line[13].clone_from(&c.title);
        line[14] = c.severity.to_string();
        line[15].clone_from(&c.due_at);
        line[16] = text(&c.kept_at);
        line[17] = c.late_secs.to_string();
        all.push(line);
    }
    for u in &pack.updates {
        let mut line: [String; 19] = std::array::from_fn(|_| none());
        line[0] = "updates".into();
        line[14] = u.severity.to_string();
        line[17] = u.worst_late_secs.to_string();
        line[18] = format!("{} of {}", u.kept, u.made);
        all.push(line);
    }
    all
}

/// Nothing that a spreadsheet would take for a formula.
fn guarded(field: &str) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{field}") } else { field.to_owned() }
}
