//! Rules of writing: what they find in a form, and the page that edits them.

use app::console::{
    self,
    model::FormError,
    writing::{Found, RuleRow, Rules},
};
use axum::http::StatusCode;
use domain::writing::linter::{Level, LinterPolicy, Rule, RuleName};
use store::{Tx, policies::LINTER};

use super::{
    desk::{Answer, Desk, see},
    forms,
};
use crate::{
    auth::role::Permission,
    commands::{Refusal, kept::Form, writing},
    http::fields::Fields,
};

const LABELS: [(&str, &str); 5] = [
    ("title", "Short description"),
    ("known", "What we know"),
    ("unknown", "What we don’t know"),
    ("next_steps", "What we do next"),
    ("customer_action", "What customers should do"),
];

/// What the rules find in a form as it was typed, by rule, with the reasons typed for overriding.
pub(super) async fn found(tx: &mut Tx, form: Form, fields: &Fields) -> Result<Vec<Found>, Refusal> {
    let (_, policy): (i64, LinterPolicy) = tx.policy(LINTER).await?;
    let mut all: Vec<Found> = Vec::new();
    for finding in writing::findings(tx, form, fields).await? {
        let label = LABELS.iter().find(|(name, _)| *name == finding.field).map_or("", |(_, label)| label);
        let label = if form == Form::Reclassify { "Reason" } else { label };
        let line = match finding.excerpt.as_str() {
            "" => format!("{label}: {}", finding.message),
            words => format!("{label}: “{words}”. {}", finding.message),
        };
        let name = finding.rule.slug();
        if let Some(found) = all.iter_mut().find(|f| f.rule == name) {
            found.lines.push(line);
            continue;
        }
        all.push(Found {
            rule: name,
            says: policy.rule(finding.rule).map(|r| r.says.clone()).unwrap_or_default(),
            lines: vec![line],
            is_blocking: finding.level == Level::Block,
            reason: fields.one(&format!("override.{name}")).to_owned(),
        });
    }
    Ok(all)
}

/// The rules in force.
pub async fn rules(desk: Desk) -> Answer {
    let (version, policy): (i64, LinterPolicy) = desk.read().await?.policy(LINTER).await?;
    let rows = policy.rules.iter().map(row).collect();
    Ok(page(&desk, StatusCode::OK, Rules { version, rows, ..Rules::default() }))
}

fn row(rule: &Rule) -> RuleRow {
    RuleRow {
        says: rule.says.clone(),
        is_enabled: rule.is_enabled,
        level: if rule.level == Level::Block { "block" } else { "warn" }.into(),
        words: rule.words.join("\n"),
        ..blank(rule.name)
    }
}

fn blank(name: RuleName) -> RuleRow {
    RuleRow { rule: name.slug(), words_mean: name.words_are().unwrap_or_default(), ..RuleRow::default() }
}

fn page(desk: &Desk, status: StatusCode, model: Rules) -> axum::response::Response {
    let model = Rules { may_save: desk.may(Permission::Maintain), ..model };
    desk.page(status, "Rules of writing", "/console/writing", |frame| console::rules(frame, &model))
}

/// Saves a new version.
pub async fn save_rules(desk: Desk) -> Answer {
    forms::only(&desk.fields, &writing::RULE_FIELDS)?;
    let mut work = desk.begin().await?;
    match writing::save_rules(&mut work.tx, &work.ctx, &desk.fields).await? {
        Ok(_) => {
            work.commit().await?;
            Ok(see("/console/writing/linter"))
        }
        Err((field, message)) => {
            let typed = |rule: RuleName| {
                let of = |name: &str| desk.fields.one(&format!("{name}.{}", rule.slug())).to_owned();
                RuleRow {
                    says: of("says"),
                    is_enabled: !of("enabled").is_empty(),
                    level: of("level"),
                    words: of("words"),
                    ..blank(rule)
                }
            };
            let model = Rules {
                version: desk.fields.one("version").parse().unwrap_or(0),
                rows: RuleName::ALL.into_iter().map(typed).collect(),
                error: Some(FormError { field, message }),
                ..Rules::default()
            };
            Ok(page(&desk, StatusCode::UNPROCESSABLE_ENTITY, model))
        }
    }
}
