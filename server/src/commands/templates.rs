//! Templates: written by one person, approved by another, filled by name.

use std::collections::BTreeMap;

use domain::{
    text::{self, FIELD_MAX, TITLE_MAX},
    writing::template::{Slot, Template},
};
use serde_json::json;
use store::{TemplateRow, Tx};

use super::{Ctx, Refusal, cells::audit};
use crate::clock::new_id;

/// The texts of a stored version.
#[must_use]
pub fn body(row: &TemplateRow) -> Template {
    serde_json::from_str(&row.body).unwrap_or_default()
}

/// Every template in use with its version; 0 is what Waypost comes with.
pub async fn in_use(tx: &mut Tx) -> Result<BTreeMap<Slot, (i64, Template)>, Refusal> {
    let mut out: BTreeMap<_, _> = Slot::all().map(|slot| (slot, (0, Template::built_in(slot)))).collect();
    for row in tx.templates().await?.into_iter().filter(|r| r.state == "approved") {
        out.insert(Slot { severity: row.severity, kind: row.kind }, (row.version, body(&row)));
    }
    Ok(out)
}

fn checked(given: &Template) -> Result<Template, Refusal> {
    let field = |text: &str, name: &'static str, max: usize| {
        if text.trim().is_empty() {
            return Ok(String::new());
        }
        let text = if max == TITLE_MAX { text::single_line(text, max) } else { text::multi_line(text, max) };
        let text = text.map_err(|e| Refusal::field(name, e.to_string()))?;
        text::no_identifiers(&text).map_err(|e| Refusal::field(name, e.to_string()))?;
        Ok::<_, Refusal>(text)
    };
    let template = Template {
        title: field(&given.title, "title", TITLE_MAX)?,
        known: field(&given.known, "known", FIELD_MAX)?,
        unknown: field(&given.unknown, "unknown", FIELD_MAX)?,
        next_steps: field(&given.next_steps, "next_steps", FIELD_MAX)?,
        customer_action: field(&given.customer_action, "customer_action", FIELD_MAX)?,
    };
    if template.known.is_empty() {
        return Err(Refusal::field("known", "Please fill this in: every update says what we know."));
    }
    template.check().map_err(|(field, e)| Refusal::field(field, e.to_string()))?;
    Ok(template)
}

/// Proposes a new version. It is used once somebody else has approved it; an older proposal is withdrawn.
pub async fn propose(tx: &mut Tx, ctx: &Ctx, slot: Slot, given: &Template) -> Result<i64, Refusal> {
    let template = checked(given)?;
    let before = tx.templates_of(slot).await?;
    let version = before.first().map_or(0, |r| r.version) + 1;
    let in_use = before.iter().find(|r| r.state == "approved").map_or_else(|| Template::built_in(slot), body);
    if in_use == template {
        return Err(Refusal::field("known", "Nothing was changed."));
    }
    tx.replace_templates(slot, "proposed", "withdrawn").await?;
    let row = TemplateRow {
        id: new_id(),
        severity: slot.severity,
        kind: slot.kind,
        version,
        state: "proposed".into(),
        body: json!(template).to_string(),
        created_at: ctx.now,
        created_by: ctx.actor.clone(),
        decided_at: None,
        decided_by: None,
    };
    tx.insert_template(&row).await?;
    let detail = json!({ "version": version, "before": in_use, "after": template });
    audit(tx, ctx, "propose_template", &format!("template:{}", slot.slug()), detail).await?;
    Ok(version)
}

/// Approves or withdraws the version that waits. Nobody approves what they wrote.
pub async fn decide(tx: &mut Tx, ctx: &Ctx, slot: Slot, version: i64, approves: bool) -> Result<(), Refusal> {
    let rows = tx.templates_of(slot).await?;
    let row = rows.iter().find(|r| r.version == version).ok_or(Refusal::NotFound("version"))?;
    if approves && row.created_by == ctx.actor {
        return Err(Refusal::field("approval", "You wrote this; somebody else must approve it."));
    }
    let to = if approves { "approved" } else { "withdrawn" };
    if approves && row.state == "proposed" {
        tx.replace_templates(slot, "approved", "replaced").await?;
    }
    if !tx.move_template(&row.id, "proposed", to, ctx.now, &ctx.actor).await? {
        return Err(Refusal::Conflict(format!(
            "Version {version} does not wait any more: it is {}.",
            row.state
        )));
    }
    let detail = json!({ "version": version, "before": "proposed", "after": to });
    audit(tx, ctx, "decide_template", &format!("template:{}", slot.slug()), detail).await
}
