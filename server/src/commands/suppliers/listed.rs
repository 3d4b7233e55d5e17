//! What is read from suppliers: hosts that show certificates, and their status pages.

use delivery::webhook::{Guard, Target};
use domain::{telemetry::upstream::UpstreamKind, text};
use serde_json::json;
use store::{TlsHostRow, Tx, UpstreamRow};

use super::{cells, line, subject, supplier};
use crate::{
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit, certificates},
    http::fields::Fields,
};

/// Hosts and pages of one supplier at most.
const LISTED_MAX: usize = 50;

/// Fields of the form of a host.
pub const HOST_FIELDS: [&str; 2] = ["host", "node"];

/// Lists a host whose certificate is read every day.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn add_host(
    tx: &mut Tx,
    ctx: &Ctx,
    guard: &Guard,
    id: &str,
    fields: &Fields,
) -> Result<(), Refusal> {
    let owner = supplier(tx, id).await?;
    let node = certificates::node(&owner.slug, fields.one("node"))?;
    let target = Target::parse(&format!("https://{}/", fields.one("host").trim()), guard).map_err(|_| {
        let words = "Give a name like dp.example.com. Another port than 443, and names or addresses inside your own \
                     network, must stand in the setting suppliers.allow_cidrs (and allow_names).";
        Refusal::field("host", words)
    })?;
    if target.path() != "/" {
        return Err(Refusal::field("host", "Give the host alone, without a path."));
    }
    if tx.tls_hosts(id).await?.len() >= LISTED_MAX {
        return Err(Refusal::field(
            "host",
            format!("A supplier has at most {LISTED_MAX} hosts; remove one first."),
        ));
    }
    let row = TlsHostRow {
        id: new_id(),
        supplier_id: id.to_owned(),
        node,
        host: target.host().to_owned(),
        port: i64::from(target.port()),
        tried_at: None,
        read_at: None,
        failure: String::new(),
        next_try_at: ctx.now,
    };
    if !tx.insert_tls_host(&row).await? {
        return Err(Refusal::field("host", "This host is listed already."));
    }
    audit(tx, ctx, "add_tls_host", &subject(id), json!({ "host": row.host, "port": row.port })).await
}

/// Reads a host no more; what was read stays.
///
/// # Errors
/// When there is none.
pub async fn remove_host(tx: &mut Tx, ctx: &Ctx, id: &str, host: &str) -> Result<(), Refusal> {
    if !tx.delete_tls_host(id, host).await? {
        return Err(Refusal::NotFound("host"));
    }
    audit(tx, ctx, "remove_tls_host", &subject(id), json!({ "host": host })).await
}

/// Hosts and status pages of a supplier are read at once.
///
/// # Errors
/// When there is no such supplier.
pub async fn hurry(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    supplier(tx, id).await?;
    tx.hurry_tls_hosts(id, ctx.now).await?;
    tx.hurry_upstreams(id, ctx.now).await?;
    Ok(())
}

/// Fields of the form of a status page.
pub const UPSTREAM_FIELDS: [&str; 6] = ["name", "url", "kind", "public_name", "is_public", "cell"];

/// Lists a status page.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn add_upstream(
    tx: &mut Tx,
    ctx: &Ctx,
    guard: &Guard,
    id: &str,
    fields: &Fields,
) -> Result<(), Refusal> {
    supplier(tx, id).await?;
    let name = line(fields.one("name"), "name", text::NAME_MAX)?;
    let target = Target::parse(fields.one("url"), guard).map_err(|e| Refusal::field("url", e.to_string()))?;
    let kind = match fields.one("kind") {
        "" => String::new(),
        slug => UpstreamKind::try_from(slug)
            .map_err(|_| Refusal::field("kind", "Choose one of these, or let it be found out."))?
            .slug()
            .to_owned(),
    };
    let is_public = fields.one("is_public") == "yes";
    let public_name = match fields.some("public_name") {
        Some(given) => line(given, "public_name", text::NAME_MAX)?,
        None if is_public => {
            return Err(Refusal::field("public_name", "Say under which name visitors read of it."));
        }
        None => String::new(),
    };
    let cells = cells(tx, id, fields).await?;
    if tx.upstreams().await?.iter().filter(|u| u.supplier_id == id).count() >= LISTED_MAX {
        return Err(Refusal::field(
            "url",
            format!("A supplier has at most {LISTED_MAX} pages; remove one first."),
        ));
    }
    let row = UpstreamRow {
        id: new_id(),
        supplier_id: id.to_owned(),
        name,
        public_name,
        url: target.as_str().to_owned(),
        feed_url: String::new(),
        kind,
        is_public,
        state: String::new(),
        remark: String::new(),
        state_since_at: None,
        read_at: None,
        failing_since_at: None,
        failure: String::new(),
        etag: String::new(),
        last_modified: String::new(),
        next_try_at: ctx.now,
    };
    if !tx.insert_upstream(&row, &cells).await? {
        return Err(Refusal::field("url", "This page is listed already."));
    }
    if is_public {
        tx.bump_revision(ctx.now).await?;
    }
    let detail = json!({ "name": row.name, "url": row.url, "public_name": row.public_name, "is_public": is_public, "cells": cells });
    audit(tx, ctx, "add_upstream", &subject(id), detail).await
}

/// What is done with a listed page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upstream {
    /// Visitors read of it.
    Show,
    /// They do not.
    Hide,
    /// It is read no more.
    Remove,
}

/// Shows, hides or removes a listed page.
///
/// # Errors
/// When there is none, or it has no name that visitors may read.
pub async fn change_upstream(
    tx: &mut Tx,
    ctx: &Ctx,
    id: &str,
    upstream: &str,
    verb: Upstream,
) -> Result<(), Refusal> {
    let known = tx.upstreams().await?.into_iter().find(|u| u.id == upstream && u.supplier_id == id);
    let known = known.ok_or(Refusal::NotFound("status page"))?;
    let action = match verb {
        Upstream::Show if known.public_name.is_empty() => {
            let words = "It has no name that visitors may read. Remove it and list it again with one.";
            return Err(Refusal::Conflict(words.into()));
        }
        Upstream::Show => {
            tx.set_upstream_public(id, upstream, true).await?;
            "show_upstream"
        }
        Upstream::Hide => {
            tx.set_upstream_public(id, upstream, false).await?;
            "hide_upstream"
        }
        Upstream::Remove => {
            tx.delete_upstream(id, upstream).await?;
            "remove_upstream"
        }
    };
    if known.is_public || verb == Upstream::Show {
        tx.bump_revision(ctx.now).await?;
    }
    audit(tx, ctx, action, &subject(id), json!({ "name": known.name, "url": known.url })).await
}
