//! Certificates of suppliers: entered by hand, told by an inventory, or read from a handshake; warnings about them.

use domain::{
    clock::{DAY, Timestamp},
    telemetry::{
        certificate::{CertificateKind, THRESHOLDS, expiry_words, warning_due},
        supplier::node_of,
    },
    text,
};
use serde_json::json;
use store::{CertificateRow, Tx};

use super::{Ctx, Refusal, cells::audit};
use crate::{
    auth::role::{Permission, Role},
    clock::new_id,
    config::Config,
};

/// Certificates of one supplier at most.
const CERTIFICATES_MAX: usize = 500;
/// Longest name of a certificate, in characters.
pub const NAME_MAX: usize = 120;

/// A certificate as told.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Slug of the node, with or without the supplier's; empty: all of the supplier.
    pub node: String,
    /// `sm_dp_plus`, `tls` or `signing`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// `person`, `api` or `handshake`.
    pub origin: &'static str,
    /// SHA-256 of what a handshake showed; otherwise empty.
    pub fingerprint: String,
    /// Why it does not verify; otherwise empty.
    pub remark: String,
}

/// Saves a certificate, or renews the one that these words mean.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn save(tx: &mut Tx, ctx: &Ctx, supplier_id: &str, given: Given) -> Result<(), Refusal> {
    let supplier = tx.supplier(supplier_id).await?.ok_or(Refusal::NotFound("supplier"))?;
    let node = node(&supplier.slug, &given.node)?;
    let kind = CertificateKind::try_from(given.kind.as_str())
        .map_err(|_| Refusal::field("kind", "The kind is sm_dp_plus, tls or signing."))?;
    let name = text::single_line(&given.name, NAME_MAX).map_err(|e| Refusal::field("name", e.to_string()))?;
    let before = tx.certificate(supplier_id, &node, kind.slug(), &name).await?;
    if before.is_none() {
        let mine = tx.certificates().await?.iter().filter(|c| c.supplier_id == supplier_id).count();
        if mine >= CERTIFICATES_MAX {
            let words = format!("{} has {CERTIFICATES_MAX} certificates; remove some first.", supplier.name);
            return Err(Refusal::field("name", words));
        }
    }
    let is_same = before.as_ref().is_some_and(|b| {
        b.expires_at == given.expires_at && b.fingerprint == given.fingerprint && b.remark == given.remark
    });
    let row = CertificateRow {
        id: new_id(),
        supplier_id: supplier_id.to_owned(),
        node,
        kind: kind.slug().into(),
        name,
        expires_at: given.expires_at,
        origin: given.origin.into(),
        fingerprint: given.fingerprint,
        remark: given.remark,
        seen_at: ctx.now,
        created_at: ctx.now,
        warned: None,
    };
    let id = tx.save_certificate(&row).await?;
    if is_same {
        return Ok(()); // seen again, as every day
    }
    let detail = json!({ "before": before.map(|b| b.expires_at.rfc3339()), "after": row.expires_at.rfc3339(),
        "name": row.name, "kind": row.kind, "node": row.node, "origin": row.origin });
    audit(tx, ctx, "save_certificate", &format!("certificate:{id}"), detail).await
}

/// The slug of a node; empty stays empty.
pub(super) fn node(supplier: &str, text: &str) -> Result<String, Refusal> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let refuse = || Refusal::field("node", "Name the node by its slug, like 2, or leave it empty.");
    node_of(supplier, text.trim()).map(str::to_owned).ok_or_else(refuse)
}

/// Removes a certificate that is not used any more.
///
/// # Errors
/// When there is none.
pub async fn remove(tx: &mut Tx, ctx: &Ctx, supplier_id: &str, id: &str) -> Result<(), Refusal> {
    if !tx.delete_certificate(supplier_id, id).await? {
        return Err(Refusal::NotFound("certificate"));
    }
    audit(tx, ctx, "remove_certificate", &format!("certificate:{id}"), json!({})).await
}

/// Gives the warnings that are due, each once; how many.
///
/// # Errors
/// When the database fails.
pub async fn warn(tx: &mut Tx, ctx: &Ctx, config: &Config) -> Result<usize, Refusal> {
    let mail_state = if config.smtp.host.is_empty() { "none" } else { "queued" };
    let mut given = 0;
    for row in ending(tx, ctx.now).await? {
        let Some(days) = warning_due(row.expires_at, ctx.now, row.warned) else { continue };
        if !tx.insert_certificate_warning(&row, days, ctx.now).await? {
            continue;
        }
        let supplier = tx.supplier(&row.supplier_id).await?.map(|s| s.name).unwrap_or_default();
        let words = format!("{supplier}: {}", sentence(&row, ctx.now));
        let path = format!("/console/suppliers/{}#certificates", row.supplier_id);
        tx.tell_roles(&Role::who_may(Permission::Maintain), &new_id(), (&words, &path), ctx.now, mail_state)
            .await?;
        let action = if days == 0 { "miss_certificate" } else { "warn_of_certificate" };
        let detail = json!({ "days": days, "expires_at": row.expires_at.rfc3339(), "name": row.name });
        audit(tx, ctx, action, &format!("certificate:{}", row.id), detail).await?;
        given += 1;
    }
    Ok(given)
}

/// Certificates within the widest threshold, the one that ends first before the others.
///
/// # Errors
/// When the database fails.
pub async fn ending(tx: &mut Tx, now: Timestamp) -> Result<Vec<CertificateRow>, Refusal> {
    Ok(tx.certificates_ending(now.plus(THRESHOLDS[0] * DAY)).await?)
}

/// `The TLS certificate "dp.example.com" expires in 12 days, on 14 Mar 2026`.
#[must_use]
pub fn sentence(row: &CertificateRow, now: Timestamp) -> String {
    let kind = CertificateKind::try_from(row.kind.as_str()).map_or("", CertificateKind::words);
    format!("The {kind} certificate “{}” {}", row.name, expiry_words(row.expires_at, now))
}
