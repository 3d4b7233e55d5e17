//! Mappings: what a stranger's labels mean here.

use domain::telemetry::mapping::{self, Labels};
use serde_json::json;
use store::{MappingRow, Tx};

use super::{Ctx, Refusal, cells::audit};
use crate::{
    clock::new_id,
    http::fields::Fields,
    ingest::{ALERTMANAGER, ES2PLUS, ES2PLUS_LABELS},
};

/// Most mappings.
const MAPPINGS_MAX: usize = 2_000;

/// Fields of the form.
pub const FIELDS: [&str; 5] = ["door", "labels", "component", "place", "supplier"];

/// Adds a mapping from a form; what came unmapped and is meant by it leaves the list.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn add(tx: &mut Tx, ctx: &Ctx, fields: &Fields) -> Result<(), Refusal> {
    let door = fields.one("door");
    if ![ALERTMANAGER, ES2PLUS].contains(&door) {
        return Err(Refusal::field("labels", "Choose the door."));
    }
    let labels = mapping::parse(fields.one("labels")).map_err(|e| Refusal::field("labels", e))?;
    carried(door, &labels)?;
    let (component, place, supplier) = target(tx, door, fields).await?;
    if tx.mappings().await?.len() >= MAPPINGS_MAX {
        return Err(Refusal::field(
            "labels",
            format!("There are {MAPPINGS_MAX} mappings; remove some first."),
        ));
    }
    let row = MappingRow {
        id: new_id(),
        door: door.to_owned(),
        labels: json_of(&labels),
        component,
        place,
        supplier,
        created_at: ctx.now,
        created_by: ctx.actor.clone(),
    };
    if !tx.insert_mapping(&row).await? {
        return Err(Refusal::field("labels", "There is a mapping for these labels. Remove it first."));
    }
    forget_mapped(tx, door, &row, labels).await?;
    let detail = json!({ "door": door, "labels": row.labels, "component": row.component, "place": row.place, "supplier": row.supplier });
    audit(tx, ctx, "add_mapping", &format!("mapping:{}", row.id), detail).await
}

/// A mapping by a label that the door never carries would never hold, and nothing would say so.
fn carried(door: &str, labels: &Labels) -> Result<(), Refusal> {
    let strange: Vec<&str> =
        labels.keys().map(String::as_str).filter(|name| !ES2PLUS_LABELS.contains(name)).take(5).collect();
    if door != ES2PLUS || strange.is_empty() {
        return Ok(());
    }
    let message = format!(
        "SM-DP+ notifications have no label {}: they have {} alone.",
        strange.join(", "),
        ES2PLUS_LABELS.join(", ")
    );
    Err(Refusal::field("labels", message))
}

fn json_of(labels: &Labels) -> String {
    serde_json::to_string(labels).unwrap_or_default()
}

/// Component, place and supplier, as far as the door needs them.
async fn target(tx: &mut Tx, door: &str, fields: &Fields) -> Result<(String, String, String), Refusal> {
    let place = fields.one("place").trim();
    let code = place.to_uppercase();
    let is_country = tx.countries().await?.iter().any(|c| c.code == code);
    if door == ES2PLUS {
        if !is_country {
            return Err(Refusal::field(
                "place",
                format!("{place:?} is not a country on the page; use a code like FR."),
            ));
        }
        let supplier = fields.one("supplier").trim();
        let is_good = !supplier.is_empty()
            && supplier.chars().count() <= 120
            && !supplier.chars().any(char::is_control);
        if !is_good {
            return Err(Refusal::field("supplier", "Name the supplier, like smdp-a or smdp-a/1."));
        }
        return Ok((String::new(), code, supplier.to_owned()));
    }
    let component = fields.one("component");
    if !tx.components().await?.iter().any(|c| c.slug == component) {
        return Err(Refusal::field("component", "Choose a service."));
    }
    let slug = place.to_lowercase();
    let place = match (is_country, tx.portfolios().await?.iter().any(|p| p.slug == slug)) {
        (true, _) => code,
        (_, true) => slug,
        _ => {
            let words = format!(
                "{place:?} is not on the page; use a code like FR, or a portfolio like western-europe."
            );
            return Err(Refusal::field("place", words));
        }
    };
    Ok((component.to_owned(), place, String::new()))
}

async fn forget_mapped(tx: &mut Tx, door: &str, row: &MappingRow, labels: Labels) -> Result<(), Refusal> {
    let (component, place, supplier) = (row.component.clone(), row.place.clone(), row.supplier.clone());
    let new = [mapping::Mapping { labels, component, place, supplier }];
    for line in tx.unmapped().await?.into_iter().filter(|l| l.door == door) {
        let labels: Labels = serde_json::from_str(&line.labels).unwrap_or_default();
        if mapping::best(&new, &labels).is_some() {
            tx.delete_unmapped(door, &line.labels).await?;
        }
    }
    Ok(())
}

/// Removes a mapping.
///
/// # Errors
/// When there is none.
pub async fn remove(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    if !tx.delete_mapping(id).await? {
        return Err(Refusal::NotFound("mapping"));
    }
    audit(tx, ctx, "remove_mapping", &format!("mapping:{id}"), json!({})).await
}

/// A person says that an alert is over: its sender will not say so any more.
///
/// # Errors
/// When it does not fire.
pub async fn end_alert(tx: &mut Tx, ctx: &Ctx, fingerprint: &str) -> Result<(), Refusal> {
    if tx.end_alert(fingerprint, ctx.now).await? == 0 {
        return Err(Refusal::NotFound("firing alert"));
    }
    audit(tx, ctx, "end_alert", &format!("alert:{fingerprint}"), json!({})).await
}
