//! Rules of writing, held before anything is published.

use delivery::markdown::plain;
use domain::{
    incident::UpdateKind,
    notice::Message,
    text,
    writing::linter::{Finding, Level, LinterPolicy, Rule, RuleName, lint, lint_text},
};
use serde_json::json;
use store::{Tx, policies::LINTER};

use super::{
    Ctx, Refusal,
    cells::audit,
    kept::{self, Form},
    policies::Wrong,
};
use crate::http::fields::Fields;

/// Rules that an author sets aside, each with the reason.
pub type Overrides = Vec<(String, String)>;

/// Fields of the form that edits the rules.
pub const RULE_FIELDS: [&str; 5] = ["version", "says.*", "enabled.*", "level.*", "words.*"];

/// Words that are about to be published.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Without prefix; empty where the form has none.
    pub title: &'a str,
    /// The four fields.
    pub message: &'a Message,
    /// What kind of update it is.
    pub kind: UpdateKind,
}

/// Refuses words that a blocking rule finds something in, unless that rule is overridden with a reason.
/// Gives back the overrides that were needed.
pub async fn check(tx: &mut Tx, words: Text<'_>, overrides: &Overrides) -> Result<Overrides, Refusal> {
    let mut reasons = Vec::new();
    for (name, reason) in overrides.iter().filter(|(_, reason)| !reason.trim().is_empty()) {
        let rule = RuleName::find(name)
            .ok_or_else(|| Refusal::field("override", format!("There is no rule {name:?}.")))?;
        let reason = text::single_line(reason, 300).map_err(|e| Refusal::field("override", e.to_string()))?;
        reasons.push((rule, reason));
    }
    let (_, policy): (i64, LinterPolicy) = tx.policy(LINTER).await?;
    let mut applied: Overrides = Vec::new();
    for finding in all_findings(words, &policy) {
        if finding.level == Level::Warn {
            break; // blocking findings come first
        }
        match reasons.iter().find(|(rule, _)| *rule == finding.rule) {
            None => return Err(refused(words.kind, &finding)),
            Some((rule, reason)) if !applied.iter().any(|(name, _)| name == rule.slug()) => {
                applied.push((rule.slug().to_owned(), reason.clone()));
            }
            Some(_) => {}
        }
    }
    Ok(applied)
}

/// Findings in the title and the four fields; what blocks comes first.
fn all_findings(words: Text<'_>, policy: &LinterPolicy) -> Vec<Finding> {
    let mut found = lint_text("title", words.title, policy);
    found.extend(lint(words.message, words.kind, policy));
    // Marks must not hide what they stand between: `8933**1500**…`.
    let bare = lint(&bare(words.message), words.kind, policy).into_iter();
    let hidden = bare.filter(|f| f.rule == RuleName::Identifier);
    let hidden: Vec<Finding> =
        hidden.filter(|h| !found.iter().any(|f| f.rule == h.rule && f.field == h.field)).collect();
    found.extend(hidden);
    found.sort_by_key(|f| f.level == Level::Warn);
    found
}

/// A message without its marks.
#[must_use]
pub fn bare(message: &Message) -> Message {
    Message {
        known: plain(&message.known),
        unknown: plain(&message.unknown),
        next_steps: plain(&message.next_steps),
        customer_action: plain(&message.customer_action),
    }
}

fn refused(kind: UpdateKind, finding: &Finding) -> Refusal {
    // The form that reclassifies has one field: the reason.
    let field = if kind == UpdateKind::Reclassified { "reason" } else { finding.field };
    Refusal::field(field, format!("{} (rule {})", finding.message, finding.rule.slug()))
}

/// What the rules find in a form as it was typed.
pub async fn findings(tx: &mut Tx, form: Form, fields: &Fields) -> Result<Vec<Finding>, Refusal> {
    let (_, policy): (i64, LinterPolicy) = tx.policy(LINTER).await?;
    let mut message = kept::message(fields);
    let kind = match form {
        Form::Declare => UpdateKind::Initial,
        Form::Updates if fields.one("kind") == "no_change" => UpdateKind::NoChange,
        Form::Updates => UpdateKind::Progress,
        Form::Reclassify => UpdateKind::Reclassified,
        Form::Restore => UpdateKind::Restored,
        Form::Resolve | Form::Merge => UpdateKind::Resolved,
    };
    if form == Form::Reclassify {
        message.known = format!("{}\n{}", fields.one("reason"), message.known);
    }
    let title = if form == Form::Declare { fields.one("title") } else { "" };
    Ok(all_findings(Text { title, message: &message, kind }, &policy))
}

/// The overrides of a form.
#[must_use]
pub fn overrides(fields: &Fields) -> Overrides {
    fields.with_prefix("override.").map(|(rule, reason)| (rule.to_owned(), reason.to_owned())).collect()
}

/// Saves a new version of the rules; the inner error names the field.
pub async fn save_rules(tx: &mut Tx, ctx: &Ctx, fields: &Fields) -> Result<Result<i64, Wrong>, Refusal> {
    let (version, before): (i64, LinterPolicy) = tx.policy(LINTER).await?;
    if fields.one("version") != version.to_string() {
        let message =
            "Somebody saved another version after you opened this form. Open it again; yours is kept below.";
        return Ok(Err((String::new(), message.into())));
    }
    let rules: Result<Vec<Rule>, Wrong> =
        RuleName::ALL.into_iter().map(|rule| setting(fields, rule)).collect();
    let after = match rules {
        Ok(rules) => LinterPolicy { rules },
        Err(wrong) => return Ok(Err(wrong)),
    };
    let saved = tx.insert_policy(LINTER, &after, ctx.now, &ctx.actor).await?;
    let detail = json!({ "version": saved, "before": before, "after": after });
    audit(tx, ctx, "save_policy", "policy:linter", detail).await?;
    Ok(Ok(saved))
}

fn setting(fields: &Fields, name: RuleName) -> Result<Rule, Wrong> {
    let of = |field: &str| format!("{field}.{}", name.slug());
    let level = match fields.one(&of("level")) {
        "block" => Level::Block,
        "warn" => Level::Warn,
        other => return Err((of("level"), format!("{other:?} is neither block nor warn."))),
    };
    let says = text::single_line(fields.one(&of("says")), 200).map_err(|e| (of("says"), e.to_string()))?;
    let mut words: Vec<String> = Vec::new();
    for line in fields.one(&of("words")).lines().map(str::trim).filter(|l| !l.is_empty()) {
        let word = text::single_line(line, 60).map_err(|e| (of("words"), format!("{line:?}: {e}")))?;
        let word = word.to_lowercase();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.len() > 500 {
        return Err((of("words"), "These are more than 500 words.".into()));
    }
    Ok(Rule { name, says, level, is_enabled: fields.some(&of("enabled")).is_some(), words })
}
