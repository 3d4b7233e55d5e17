//! What is known of suppliers beyond the desk book: nodes, moves of traffic, hosts whose certificates are read, status
//! pages, and what they owe us.

use delivery::webhook::{Guard, Target};
use domain::{
    clock::{MINUTE, Timestamp},
    telemetry::{
        scorecard::Targets,
        supplier::{NODES_MAX, node_of},
        upstream::UpstreamKind,
    },
    text,
};
use serde_json::json;
use store::{MoveRow, NodeRow, SupplierRow, TlsHostRow, Tx, UpstreamRow};

use super::{Ctx, Refusal, cells::audit, certificates, kept::time};
use crate::{clock::new_id, http::fields::Fields};

/// Hosts and pages of one supplier at most.
const LISTED_MAX: usize = 50;

async fn supplier(tx: &mut Tx, id: &str) -> Result<SupplierRow, Refusal> {
    tx.supplier(id).await?.ok_or(Refusal::NotFound("supplier"))
}

fn line(given: &str, field: &'static str, most: usize) -> Result<String, Refusal> {
    text::single_line(given, most).map_err(|e| Refusal::field(field, e.to_string()))
}

fn subject(id: &str) -> String {
    format!("supplier:{id}")
}

/// Cells of the form, each one of the supplier's.
async fn cells(tx: &mut Tx, supplier_id: &str, fields: &Fields) -> Result<Vec<String>, Refusal> {
    let mine: Vec<String> =
        tx.supplier_cells().await?.into_iter().filter(|(s, _)| s == supplier_id).map(|(_, c)| c).collect();
    let mut given: Vec<String> = fields.all("cell").map(str::to_owned).collect();
    given.sort();
    given.dedup();
    if given.iter().all(|c| mine.contains(c)) {
        return Ok(given);
    }
    Err(Refusal::field(
        "cell",
        "One of these does not depend on this supplier. The desk book says what does.",
    ))
}

/// Fields of the form of a node.
pub const NODE_FIELDS: [&str; 3] = ["slug", "role", "cell"];

/// Adds a node, or changes it.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn save_node(tx: &mut Tx, ctx: &Ctx, id: &str, fields: &Fields) -> Result<(), Refusal> {
    let owner = supplier(tx, id).await?;
    let slug = node_of(&owner.slug, fields.one("slug").trim()).map(str::to_owned).ok_or_else(|| {
        Refusal::field(
            "slug",
            "Give 1 to 40 letters, digits, hyphens or dots, as events name it after the slash.",
        )
    })?;
    let is_home = match fields.one("role") {
        "home" => true,
        "standby" => false,
        _ => return Err(Refusal::field("role", "Say whether it carries traffic or stands by.")),
    };
    let known: Vec<NodeRow> = tx.nodes().await?.into_iter().filter(|n| n.supplier_id == id).collect();
    if known.len() >= NODES_MAX && !known.iter().any(|n| n.slug == slug) {
        return Err(Refusal::field(
            "slug",
            format!("A supplier has at most {NODES_MAX} nodes; remove one first."),
        ));
    }
    let cells = cells(tx, id, fields).await?;
    let before = known.iter().find(|n| n.slug == slug).map(|n| json!({ "is_home": n.is_home }));
    let row = NodeRow { id: new_id(), supplier_id: id.to_owned(), slug, is_home, is_entered: true };
    tx.save_node(&row, &cells, ctx.now).await?;
    let detail = json!({ "node": row.slug, "before": before, "is_home": is_home, "cells": cells });
    audit(tx, ctx, "save_node", &subject(id), detail).await
}

/// Removes a node; what moved stays on record.
///
/// # Errors
/// When there is none.
pub async fn remove_node(tx: &mut Tx, ctx: &Ctx, id: &str, node: &str) -> Result<(), Refusal> {
    let known = tx.nodes().await?.into_iter().find(|n| n.id == node && n.supplier_id == id);
    let known = known.ok_or(Refusal::NotFound("node"))?;
    tx.delete_node(node).await?;
    audit(tx, ctx, "remove_node", &subject(id), json!({ "node": known.slug })).await
}

/// Fields of the form of a failover.
pub const MOVE_FIELDS: [&str; 4] = ["from", "to", "reason", "at"];

/// Puts on record that traffic moved.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn record_move(tx: &mut Tx, ctx: &Ctx, id: &str, fields: &Fields) -> Result<(), Refusal> {
    supplier(tx, id).await?;
    let nodes: Vec<String> =
        tx.nodes().await?.into_iter().filter(|n| n.supplier_id == id).map(|n| n.slug).collect();
    let node = |field: &'static str| {
        let slug = fields.one(field);
        let is_known = nodes.iter().any(|n| n == slug);
        is_known.then(|| slug.to_owned()).ok_or_else(|| Refusal::field(field, "Choose one of its nodes."))
    };
    let (from, to) = (node("from")?, node("to")?);
    if from == to {
        return Err(Refusal::field("to", "This is the node that the traffic left. Choose another one."));
    }
    let reason = line(fields.one("reason"), "reason", 200)?;
    let at = moment(fields, ctx.now)?;
    let row = MoveRow {
        id: new_id(),
        supplier_id: id.to_owned(),
        from_node: from,
        to_node: to,
        reason,
        occurred_at: at,
        recorded_at: ctx.now,
        recorded_by: ctx.actor_name.clone(),
        event_key: None,
        struck_at: None,
    };
    tx.insert_move(&row).await?;
    let detail = json!({ "from": row.from_node, "to": row.to_node, "reason": row.reason, "occurred_at": at.rfc3339() });
    audit(tx, ctx, "record_move", &subject(id), detail).await
}

/// A time as typed, in UTC; empty: now.
fn moment(fields: &Fields, now: Timestamp) -> Result<Timestamp, Refusal> {
    match time(fields, "at")? {
        Some(at) if at > now.plus(MINUTE) => Err(Refusal::field("at", "This time is still to come.")),
        given => Ok(given.unwrap_or(now)),
    }
}

/// A move on record was a mistake: it counts no more, and stays readable.
///
/// # Errors
/// When there is none.
pub async fn strike_move(tx: &mut Tx, ctx: &Ctx, id: &str, step: &str) -> Result<(), Refusal> {
    if !tx.strike_move(id, step, ctx.now).await? {
        return Err(Refusal::NotFound("move of traffic"));
    }
    audit(tx, ctx, "strike_move", &subject(id), json!({ "move": step })).await
}

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

/// The kind of policy that holds what a supplier owes us.
#[must_use]
pub fn targets_of(id: &str) -> String {
    format!("supplier_targets:{id}")
}

/// Fields of the form of what is owed.
pub const TARGET_FIELDS: [&str; 8] =
    ["asr", "median", "p95", "fallback", "mttr", "engage", "failovers", "certificate_misses"];

/// Saves what a supplier owes us, as a new version.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn save_targets(tx: &mut Tx, ctx: &Ctx, id: &str, fields: &Fields) -> Result<(), Refusal> {
    supplier(tx, id).await?;
    let targets = Targets {
        asr_permille: number(fields, "asr", 1, 100.0)?,
        median_ms: number(fields, "median", 3, 3_600.0)?,
        p95_ms: number(fields, "p95", 3, 3_600.0)?,
        fallback_permille: number(fields, "fallback", 1, 100.0)?,
        mttr_secs: number(fields, "mttr", 0, 10_000.0)?.map(|minutes| minutes * 60),
        engage_secs: number(fields, "engage", 0, 10_000.0)?.map(|minutes| minutes * 60),
        failovers: number(fields, "failovers", 0, 1_000.0)?,
        certificate_misses: number(fields, "certificate_misses", 0, 1_000.0)?,
    };
    let (_, before): (i64, Targets) = tx.policy(&targets_of(id)).await?;
    let version = tx.insert_policy(&targets_of(id), &targets, ctx.now, &ctx.actor).await?;
    let detail = json!({ "version": version, "before": before, "after": targets });
    audit(tx, ctx, "save_targets", &subject(id), detail).await
}

/// A number with `digits` decimals at most, as a whole number of the smallest; none: nothing was typed.
fn number(fields: &Fields, name: &'static str, digits: u32, most: f64) -> Result<Option<i64>, Refusal> {
    let Some(typed) = fields.some(name) else { return Ok(None) };
    let scale = 10_i64.pow(digits);
    let (whole, part) = typed.split_once(['.', ',']).unwrap_or((typed, ""));
    let is_number = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let fits = !whole.is_empty()
        && whole.len() <= 6
        && is_number(whole)
        && is_number(part)
        && part.len() <= digits as usize;
    let value = fits.then(|| {
        let part: i64 = format!("{part:0<width$}", width = digits as usize).parse().unwrap_or(0);
        whole.parse::<i64>().unwrap_or(0) * scale + part
    });
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "limits are small")]
    let limit = (most * scale as f64) as i64;
    match value.filter(|v| *v <= limit) {
        Some(value) => Ok(Some(value)),
        None => {
            let decimals = if digits == 0 {
                "a whole number".to_owned()
            } else {
                format!("a number with {digits} decimals at most")
            };
            Err(Refusal::field(name, format!("Give {decimals}, up to {most}, or leave it empty.")))
        }
    }
}
