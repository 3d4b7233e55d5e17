//! Contacts.

use domain::{roster::Answers, text::NAME_MAX};
use serde_json::json;
use store::{ContactRow, Tx};

use super::{line, zone};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit},
};

/// How somebody is reached: the word stored, and the words shown.
pub const CHANNELS: [(&str, &str); 4] =
    [("phone", "Phone"), ("email", "E-mail"), ("chat", "Chat"), ("portal", "Portal")];
/// The last step of a ladder.
pub const STEPS_MAX: i64 = 9;

/// A contact as typed.
#[derive(Debug, Clone, Default)]
pub struct Contact {
    /// Whose: empty, `supplier:<id>` or `partner:<id>`.
    pub side: String,
    /// Person or desk.
    pub name: String,
    /// What they are there for.
    pub role: String,
    /// One of [`CHANNELS`].
    pub channel: String,
    /// Number, address or link.
    pub address: String,
    /// When they answer.
    pub hours: String,
    /// IANA zone.
    pub zone: String,
    /// 1 is called first; 0: not on the ladder.
    pub ladder_step: Option<i64>,
}

/// Adds a contact, or changes one; returns its id.
pub async fn save(tx: &mut Tx, ctx: &Ctx, id: Option<&str>, given: Contact) -> Result<String, Refusal> {
    let before = match id {
        Some(id) => Some(tx.contact(id).await?.ok_or(Refusal::NotFound("contact"))?),
        None => None,
    };
    let (supplier_id, partner_id) = side(tx, &given.side).await?;
    if !CHANNELS.iter().any(|(slug, _)| *slug == given.channel) {
        return Err(Refusal::field("channel", "Choose how they are reached."));
    }
    let hours = Answers::parse(&given.hours).map_err(|e| Refusal::field("hours", e.to_string()))?;
    let ladder_step = given.ladder_step.filter(|step| (0..=STEPS_MAX).contains(step));
    let row = ContactRow {
        id: id.map_or_else(new_id, str::to_owned),
        supplier_id,
        partner_id,
        name: line(&given.name, "name", NAME_MAX)?,
        role: line(&given.role, "role", NAME_MAX)?,
        channel: given.channel,
        address: line(&given.address, "address", 200)?,
        hours: hours.text(),
        zone: zone(&given.zone)?,
        ladder_step: ladder_step
            .ok_or_else(|| Refusal::field("ladder_step", format!("Give a number from 0 to {STEPS_MAX}.")))?,
    };
    tx.save_contact(&row, ctx.now).await?;
    let detail = json!({ "before": before.as_ref().map(told), "after": told(&row) });
    audit(tx, ctx, "save_contact", &format!("contact:{}", row.id), detail).await?;
    Ok(row.id)
}

async fn side(tx: &mut Tx, given: &str) -> Result<(Option<String>, Option<String>), Refusal> {
    let unknown = || Refusal::field("side", "Choose whose contact this is.");
    match given.split_once(':') {
        None if given.is_empty() => Ok((None, None)),
        Some(("supplier", id)) => Ok((Some(tx.supplier(id).await?.ok_or_else(unknown)?.id), None)),
        Some(("partner", id)) => Ok((None, Some(tx.partner(id).await?.ok_or_else(unknown)?.id))),
        _ => Err(unknown()),
    }
}

/// Removes a contact.
pub async fn remove(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    let before = tx.contact(id).await?.ok_or(Refusal::NotFound("contact"))?;
    tx.delete_contact(id).await?;
    audit(tx, ctx, "remove_contact", &format!("contact:{id}"), json!({ "before": told(&before) })).await
}

/// The record says who and in which order, not under which number: that is personal.
fn told(row: &ContactRow) -> serde_json::Value {
    json!({
        "supplier": row.supplier_id,
        "partner": row.partner_id,
        "name": row.name,
        "role": row.role,
        "channel": row.channel,
        "hours": row.hours,
        "zone": row.zone,
        "ladder_step": row.ladder_step,
    })
}
