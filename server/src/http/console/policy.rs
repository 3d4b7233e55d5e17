//! Editing the severity matrix.

use app::console::{
    self,
    model::FormError,
    policy::{Policy, PolicyRow},
};
use axum::http::StatusCode;
use domain::{
    severity::Severity,
    sla::{
        policy::{OFFICE, SeverityMatrix, Target},
        words::{cadence_text, target_text},
    },
};
use store::policies::SEVERITY_MATRIX;

use super::{
    desk::{Answer, Desk, see},
    forms,
};
use crate::{auth::role::Permission, commands::policies, http::fields::Fields};

const TIMES: [(&str, &str); 9] = [
    ("first_response", "First response"),
    ("cadence", "Updates every"),
    ("workaround", "Usable again"),
    ("fix", "Permanent fix"),
    ("tier2", "Tier 2 engaged"),
    ("tier3", "Tier 3 or carrier contacted"),
    ("carrier", "Carrier engaged"),
    ("rca_draft", "RCA draft"),
    ("rca_final", "RCA final"),
];

/// The matrix in force.
pub async fn show(desk: Desk) -> Answer {
    let (version, matrix): (i64, SeverityMatrix) = desk.read().await?.policy(SEVERITY_MATRIX).await?;
    page(&desk, StatusCode::OK, &in_force(version, &matrix))
}

fn page(desk: &Desk, status: StatusCode, model: &Policy) -> Answer {
    let model = Policy { may_save: desk.may(Permission::Maintain), ..model.clone() };
    Ok(desk.page(status, "Promises", "/console/settings", |frame| console::policy(frame, &model)))
}

fn in_force(version: i64, matrix: &SeverityMatrix) -> Policy {
    let calendar = matrix.calendars.get(OFFICE).cloned().unwrap_or_default();
    let hour = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let holidays: Vec<String> = calendar.holidays.iter().map(ToString::to_string).collect();
    Policy {
        version,
        rows: Severity::ALL.into_iter().map(|s| row(matrix, s)).collect(),
        zone: calendar.zone,
        week: calendar.week.map(|day| {
            day.map_or_else(String::new, |h| format!("{}-{}", hour(h.opens_minute), hour(h.closes_minute)))
        }),
        holidays: holidays.join("\n"),
        remind_before: target_text(Some(Target::Around(matrix.remind_before_ms))),
        escalate_after: target_text(Some(Target::Around(matrix.escalate_after_ms))),
        may_save: false,
        error: None,
    }
}

fn label(severity: Severity) -> String {
    format!("{} – {}", severity.label(), severity.word())
}

fn row(matrix: &SeverityMatrix, severity: Severity) -> PolicyRow {
    let p = matrix.promises(severity);
    let values = [
        target_text(Some(p.first_response)),
        cadence_text(p.cadence),
        target_text(p.workaround),
        target_text(p.fix),
        target_text(p.tier2),
        target_text(p.tier3),
        target_text(p.carrier),
        target_text(p.rca_draft),
        target_text(p.rca_final),
    ];
    let holding = p.holding.as_ref().map(|h| {
        let grace = target_text(Some(Target::Around(h.grace_ms)));
        [grace, h.in_a_row.to_string(), h.known.clone(), h.next_steps.clone()]
    });
    PolicyRow {
        number: severity.number(),
        label: label(severity),
        times: TIMES.into_iter().zip(values).map(|((name, label), value)| (name, label, value)).collect(),
        examples: p.examples.clone(),
        holding: holding.unwrap_or_default(),
    }
}

/// The form as it was typed.
fn typed(fields: &Fields) -> Policy {
    let at = |name: &str, n: i64| fields.one(&format!("{name}.{n}")).to_owned();
    let row = |severity: Severity| {
        let n = severity.number();
        PolicyRow {
            number: n,
            label: label(severity),
            times: TIMES.into_iter().map(|(name, label)| (name, label, at(name, n))).collect(),
            examples: at("examples", n),
            holding: ["holding_grace", "holding_in_a_row", "holding_known", "holding_next_steps"]
                .map(|name| at(name, n)),
        }
    };
    Policy {
        version: fields.one("version").parse().unwrap_or(0),
        rows: Severity::ALL.into_iter().map(row).collect(),
        zone: fields.one("zone").into(),
        week: std::array::from_fn(|i| fields.one(&format!("hours.{i}")).to_owned()),
        holidays: fields.one("holidays").into(),
        remind_before: fields.one("remind_before").into(),
        escalate_after: fields.one("escalate_after").into(),
        may_save: true,
        error: None,
    }
}

/// Saves a new version.
pub async fn save(desk: Desk) -> Answer {
    forms::only(&desk.fields, &policies::FIELDS)?;
    let mut work = desk.begin().await?;
    match policies::save_matrix(&mut work.tx, &work.ctx, &desk.fields).await? {
        Ok(_) => {
            desk.publish(work).await?;
            Ok(see("/console/settings/promises"))
        }
        Err((field, message)) => {
            let model = Policy { error: Some(FormError { field, message }), ..typed(&desk.fields) };
            page(&desk, StatusCode::UNPROCESSABLE_ENTITY, &model)
        }
    }
}
