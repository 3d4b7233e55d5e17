//! The status of cells. Precedence: a person's pin, then open incidents, then telemetry.

use domain::{
    clock::Timestamp,
    component::Step,
    status::{Basis, CellStatus},
    telemetry::judge::is_worse,
    text,
};
use serde_json::json;
use store::{
    AuditEntry, CellChangeRow, CellRow, ChangeEvidenceRow, CountryRow, IncidentCellRow, IncidentRow,
    PortfolioRow, Tx,
};

use super::{Ctx, Refusal, measured, silent_fixes};
use crate::clock::new_id;

/// Before and after.
pub type Moved = (CellStatus, CellStatus);

/// Writes an audit line.
pub(crate) async fn audit(
    tx: &mut Tx,
    ctx: &Ctx,
    action: &str,
    subject: &str,
    detail: serde_json::Value,
) -> Result<(), Refusal> {
    let detail = detail.to_string();
    let entry = AuditEntry {
        at: ctx.now,
        actor: &ctx.actor,
        action,
        subject,
        detail: &detail,
        correlation_id: &ctx.correlation_id,
    };
    Ok(tx.append_audit(entry).await?)
}

async fn load(tx: &mut Tx, cell_id: &str) -> Result<CellRow, Refusal> {
    tx.cell(cell_id).await?.ok_or(Refusal::NotFound("cell"))
}

/// Behind a change.
#[derive(Clone, Copy)]
enum By<'a> {
    /// A person.
    Person,
    /// An incident.
    Incident(&'a str),
    /// Automation, on this evidence.
    Automation(&'a ChangeEvidenceRow),
}

/// Shows what precedence says, and enters it into the history if that is a change.
async fn settle(
    tx: &mut Tx,
    ctx: &Ctx,
    mut cell: CellRow,
    cause: &str,
    by: By<'_>,
) -> Result<Moved, Refusal> {
    let held = tx.cell_holds(&cell.id).await?.into_iter().map(|h| h.status).reduce(CellStatus::worse);
    let old = cell.status;
    (cell.status, cell.basis) = match (cell.pin().or(held), cell.automatic()) {
        (Some(person), _) => (person, Basis::Person),
        (None, CellStatus::NoData) => (CellStatus::NoData, Basis::None),
        (None, telemetry) => (telemetry, Basis::Telemetry),
    };
    cell.updated_at = ctx.now;
    if cell.status != old {
        cell.since_at = ctx.now;
        let change = CellChangeRow {
            id: 0,
            cell_id: cell.id.clone(),
            at: ctx.now,
            from_status: old,
            to_status: cell.status,
            basis: cell.basis,
            is_automatic: matches!(by, By::Automation(_)),
            cause: cause.to_owned(),
            incident_id: if let By::Incident(id) = by { Some(id.to_owned()) } else { None },
        };
        if old.is_trouble() && !cell.status.is_trouble() {
            silent_fixes::notice(tx, ctx, &cell.id, old).await?;
        }
        let id = tx.insert_cell_change(&change).await?;
        if let By::Automation(evidence) = by {
            let row = ChangeEvidenceRow { change_id: id, ..evidence.clone() };
            tx.insert_change_evidence(&row, (&cell.id, is_worse(old, cell.status)), ctx.now).await?;
            measured::changed(tx, ctx, id, (old, cell.status)).await?;
        }
        tx.bump_revision(ctx.now).await?;
    }
    tx.save_cell(&cell).await?;
    Ok((old, cell.status))
}

/// Automation's opinion of a cell changed. What is shown changes only if no person and no incident stands above.
pub async fn apply_verdict(
    tx: &mut Tx,
    ctx: &Ctx,
    mut cell: CellRow,
    to: CellStatus,
    cause: &str,
    on: &ChangeEvidenceRow,
) -> Result<Moved, Refusal> {
    let before = cell.telemetry_status;
    cell.telemetry_status = to;
    cell.telemetry_since_at = ctx.now;
    let subject = format!("cell:{}", cell.id);
    let policy = json!({ "scope": on.policy_scope, "version": on.policy_version, "watch": on.watch_id });
    let detail = json!({ "before": before.slug(), "after": to.slug(), "cause": cause, "policy": policy });
    audit(tx, ctx, "judge_cell", &subject, detail).await?;
    settle(tx, ctx, cell, cause, By::Automation(on)).await
}

/// What firing alerts make of a cell changed; none: no alert fires any more. What the alert said is for the record alone:
/// it names hosts and addresses of ours, and causes are public.
pub async fn apply_alerts(
    tx: &mut Tx,
    ctx: &Ctx,
    mut cell: CellRow,
    to: Option<CellStatus>,
    said: &str,
    on: &ChangeEvidenceRow,
) -> Result<Moved, Refusal> {
    let cause = if to.is_some() { "An alert of our monitoring" } else { "The alert of our monitoring ended" };
    let before = std::mem::replace(&mut cell.alert_status, to.map(|s| s.slug().to_owned()));
    let detail = json!({ "before": before, "after": cell.alert_status, "said": said });
    audit(tx, ctx, "alert_cell", &format!("cell:{}", cell.id), detail).await?;
    settle(tx, ctx, cell, cause, By::Automation(on)).await
}

/// An incident holds a cell at a status until it is restored. One that is not for everybody moves nothing that
/// everybody sees: its hold is laid over the cell where its partners look.
pub async fn hold(
    tx: &mut Tx,
    ctx: &Ctx,
    incident: &IncidentRow,
    cell_id: &str,
    status: CellStatus,
) -> Result<Moved, Refusal> {
    let cell = load(tx, cell_id).await?;
    let mut before = tx.incident_cells(&incident.id).await?;
    before.retain(|held| held.cell_id == cell_id);
    tx.upsert_incident_cell(&incident.id, cell_id, status).await?;
    if !incident.is_public {
        let old = before.first().map_or(cell.status, |held| cell.status.worse(held.status));
        return Ok((old, cell.status.worse(status)));
    }
    let cause = format!("Set by {}", ctx.actor_name);
    settle(tx, ctx, cell, &cause, By::Incident(&incident.id)).await
}

/// The incident was restored or resolved: the cell shows what else is known of it. Never green without evidence.
pub async fn release(
    tx: &mut Tx,
    ctx: &Ctx,
    incident: &IncidentRow,
    held: &IncidentCellRow,
) -> Result<Moved, Refusal> {
    let cell = load(tx, &held.cell_id).await?;
    if !incident.is_public {
        return Ok((cell.status.worse(held.status), cell.status));
    }
    settle(tx, ctx, cell, "Restored", By::Incident(&incident.id)).await
}

/// A person sets a cell's status until they unpin it.
pub async fn pin(
    tx: &mut Tx,
    ctx: &Ctx,
    cell_id: &str,
    status: CellStatus,
    reason: &str,
) -> Result<Moved, Refusal> {
    let reason = text::single_line(reason, 200).map_err(|e| Refusal::field("reason", e.to_string()))?;
    let mut cell = load(tx, cell_id).await?;
    cell.pin_status = Some(status.slug().to_owned());
    cell.pinned_by = Some(ctx.actor.clone());
    cell.pinned_at = Some(ctx.now.millis());
    cell.pin_reason = Some(reason.clone());
    let detail = json!({ "before": cell.status.slug(), "after": status.slug(), "reason": reason });
    audit(tx, ctx, "pin_cell", &format!("cell:{cell_id}"), detail).await?;
    let cause = format!("Pinned by {}: {reason}", ctx.actor_name);
    settle(tx, ctx, cell, &cause, By::Person).await
}

/// Telemetry and incidents decide again.
pub async fn unpin(tx: &mut Tx, ctx: &Ctx, cell_id: &str) -> Result<Moved, Refusal> {
    let mut cell = load(tx, cell_id).await?;
    if cell.pin_status.is_none() {
        return Err(Refusal::Conflict("This cell is not pinned.".into()));
    }
    (cell.pin_status, cell.pinned_by, cell.pinned_at, cell.pin_reason) = (None, None, None, None);
    audit(tx, ctx, "unpin_cell", &format!("cell:{cell_id}"), json!({ "before": cell.status.slug() })).await?;
    settle(tx, ctx, cell, &format!("Unpinned by {}", ctx.actor_name), By::Person).await
}

/// `western-europe` from `Western Europe`.
#[must_use]
pub fn slug_of(name: &str) -> String {
    let spaced: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join("-")
}

fn slug(name: &str, field: &'static str) -> Result<String, Refusal> {
    match slug_of(name) {
        s if (3..=40).contains(&s.len()) => Ok(s),
        _ => Err(Refusal::field(field, "The name needs 3 to 40 letters or digits of the Latin alphabet.")),
    }
}

/// Adds a portfolio of countries; returns its id.
pub async fn add_portfolio(tx: &mut Tx, ctx: &Ctx, name: &str) -> Result<String, Refusal> {
    let name =
        text::single_line(name, text::NAME_MAX).map_err(|e| Refusal::field("portfolio", e.to_string()))?;
    let existing = tx.portfolios().await?;
    let slug = slug(&name, "portfolio")?;
    if existing.iter().any(|p| p.slug == slug) {
        return Err(Refusal::field("portfolio", format!("There is a portfolio {name:?} already.")));
    }
    let row = PortfolioRow { id: new_id(), slug, name, position: position(existing.len()) };
    tx.insert_portfolio(&row, ctx.now).await?;
    audit(tx, ctx, "add_portfolio", &format!("portfolio:{}", row.id), json!({ "name": row.name })).await?;
    Ok(row.id)
}

fn position(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX - 1) + 1
}

/// Adds a country by ISO code to a portfolio, with a cell for every component.
pub async fn add_country(tx: &mut Tx, ctx: &Ctx, portfolio_id: &str, code: &str) -> Result<(), Refusal> {
    let code = code.trim().to_ascii_uppercase();
    let country = domain::country::find(&code).ok_or_else(|| {
        Refusal::field("countries", format!("{code:?} is not a country code (ISO 3166-1, like FR)."))
    })?;
    let existing = tx.countries().await?;
    if existing.iter().any(|c| c.code == code) {
        return Err(Refusal::field("countries", format!("{} is on the page already.", country.name)));
    }
    let row = CountryRow {
        code,
        group_id: new_id(),
        name: country.name.to_owned(),
        zone: country.zones.first().copied().unwrap_or("UTC").to_owned(),
        portfolio_id: portfolio_id.to_owned(),
        position: position(existing.len()),
        created_at: ctx.now,
    };
    tx.insert_country(&row).await?;
    for component in tx.components().await? {
        tx.insert_cell(&new_id(), &component.id, &row.code, ctx.now).await?;
    }
    tx.bump_revision(ctx.now).await?;
    audit(tx, ctx, "add_country", &format!("country:{}", row.code), json!({ "portfolio": portfolio_id }))
        .await
}

/// Adds a component, with a cell in every country.
pub async fn add_component(
    tx: &mut Tx,
    ctx: &Ctx,
    name: &str,
    slug_: Option<&str>,
    step: Option<Step>,
) -> Result<(), Refusal> {
    let name =
        text::single_line(name, text::NAME_MAX).map_err(|e| Refusal::field("component", e.to_string()))?;
    let slug = match slug_ {
        Some(s) => s.to_owned(),
        None => slug(&name, "component")?,
    };
    let existing = tx.components().await?;
    if existing.iter().any(|c| c.slug == slug) {
        return Err(Refusal::field("component", format!("There is a component {name:?} already.")));
    }
    let id = new_id();
    tx.insert_component(&id, &slug, &name, step, position(existing.len()), ctx.now).await?;
    for country in tx.countries().await? {
        tx.insert_cell(&new_id(), &id, &country.code, ctx.now).await?;
    }
    tx.bump_revision(ctx.now).await?;
    audit(tx, ctx, "add_component", &format!("component:{id}"), json!({ "name": name, "slug": slug })).await
}

/// When a window of evidence that began at `from` still matters at `now`.
#[must_use]
pub fn is_recent(from: Option<i64>, now: Timestamp, window_ms: i64) -> Option<Timestamp> {
    from.map(Timestamp::from_millis).filter(|f| now.since(*f) < window_ms)
}
