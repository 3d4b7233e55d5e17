//! Notes of our own on an incident.

use domain::text;
use serde_json::json;
use store::{NoteRow, Tx};

use super::{Ctx, Refusal, cells::audit};
use crate::clock::new_id;

/// Writes a note; it stays among us.
pub async fn write(tx: &mut Tx, ctx: &Ctx, incident_id: &str, given: &str) -> Result<(), Refusal> {
    tx.incident(incident_id).await?.ok_or(Refusal::NotFound("incident"))?;
    let bad = |e: text::BadText| Refusal::field("note", e.to_string());
    let given = text::multi_line(given, text::FIELD_MAX).map_err(bad)?;
    text::no_identifiers(&given).map_err(bad)?;
    let row = NoteRow {
        id: new_id(),
        incident_id: incident_id.to_owned(),
        at: ctx.now,
        author_id: ctx.actor.clone(),
        author_name: ctx.actor_name.clone(),
        text: given,
    };
    tx.insert_note(&row).await?;
    let detail = json!({ "before": null, "after": row.text });
    audit(tx, ctx, "write_note", &format!("incident:{incident_id}"), detail).await
}
