//! What helps meanwhile, country by country: given with an update, shown until the incident is over.

use domain::{
    text::{self, BadText},
    writing::linter::{LinterPolicy, RuleName, lint_text},
};
use serde_json::json;
use store::{Tx, WorkaroundRow, policies::LINTER};

use super::{Ctx, Refusal, cells::audit};

/// Characters of a workaround.
pub const WORKAROUND_MAX: usize = 1_000;

/// Sets the workarounds that changed: ISO code and words. No words take one away.
pub async fn save(
    tx: &mut Tx,
    ctx: &Ctx,
    incident_id: &str,
    given: &[(String, String)],
) -> Result<(), Refusal> {
    if given.is_empty() {
        return Ok(());
    }
    let (_, policy): (i64, LinterPolicy) = tx.policy(LINTER).await?;
    let countries = tx.countries().await?;
    let before = tx.workarounds(incident_id).await?;
    for (code, typed) in given {
        let country = countries.iter().find(|c| c.code == *code);
        let country = country
            .ok_or_else(|| Refusal::field("workaround", format!("There is no country {code:?} here.")))?;
        let old = before.iter().find(|w| w.country_code == *code).map_or("", |w| w.text.as_str());
        let new = checked(typed, &policy)
            .map_err(|why| Refusal::field("workaround", format!("{}: {why}", country.name)))?;
        if new == old {
            continue;
        }
        if new.is_empty() {
            tx.drop_workaround(incident_id, code).await?;
        } else {
            let row = WorkaroundRow {
                incident_id: incident_id.to_owned(),
                country_code: code.clone(),
                text: new.clone(),
                updated_at: ctx.now,
                updated_by: ctx.actor.clone(),
            };
            tx.save_workaround(&row).await?;
        }
        let detail = json!({ "country": code, "before": old, "after": new });
        audit(tx, ctx, "set_workaround", &format!("incident:{incident_id}"), detail).await?;
    }
    Ok(())
}

fn checked(typed: &str, policy: &LinterPolicy) -> Result<String, String> {
    if typed.trim().is_empty() {
        return Ok(String::new());
    }
    let text = text::multi_line(typed, WORKAROUND_MAX).map_err(|e: BadText| e.to_string())?;
    let found = lint_text("workaround", &delivery::markdown::plain(&text), policy);
    match found.iter().find(|f| f.rule == RuleName::Identifier) {
        Some(finding) => Err(format!("{} (rule {})", finding.message, finding.rule.slug())),
        None => Ok(text),
    }
}
