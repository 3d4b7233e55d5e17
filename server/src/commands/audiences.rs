//! For whom incidents are, and facts for one partner. A change of what not everybody sees moves nothing that everybody
//! sees: no revision, no cell, no notice.

use std::collections::BTreeSet;

use domain::{
    audience::{Audience, Viewer},
    scope::Matter,
    severity::Severity,
    status::CellStatus,
    text,
};
use serde_json::json;
use store::{OutboxRow, PartnerFactRow, Tx};

use super::{Ctx, Refusal, cells::audit, notices};
use crate::clock::new_id;

/// Characters of facts for one partner.
const FACTS_MAX: usize = 2_000;

/// Facts for one partner as typed.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The incident.
    pub incident_id: String,
    /// The partner.
    pub partner_id: String,
    /// What only it is to know.
    pub text: String,
    /// Makes a repeat harmless.
    pub idempotency_key: Option<String>,
}

/// Marks that an incident changed, for those who may see it.
pub async fn changed(tx: &mut Tx, ctx: &Ctx, incident_id: &str) -> Result<(), Refusal> {
    match tx.audience(incident_id).await? {
        Some(Audience::Partners(partners)) => {
            for partner in partners {
                tx.bump_partner(&partner, ctx.now).await?;
            }
        }
        Some(Audience::Public) | None => tx.bump_revision(ctx.now).await?,
    }
    Ok(())
}

/// The partners that a form names, each of which sells some of the cells; none: it is for everybody.
pub(super) async fn checked(
    tx: &mut Tx,
    partners: &[String],
    cells: &[(String, CellStatus)],
) -> Result<BTreeSet<String>, Refusal> {
    let mut out = BTreeSet::new();
    for id in partners {
        let cohort = tx
            .cohort(id)
            .await?
            .ok_or_else(|| Refusal::field("partner", format!("There is no partner {id:?}.")))?;
        if !cells.iter().any(|(cell, _)| cohort.cells.contains(cell)) {
            let name = tx.partner(id).await?.map(|p| p.name).unwrap_or_default();
            let message =
                format!("{name} sells nothing of what is affected, and would not see why it is told.");
            return Err(Refusal::field("partner", message));
        }
        out.insert(id.clone());
    }
    Ok(out)
}

/// Whether somebody with a link of this partner, or (none) anybody, may know of an incident.
pub async fn sees(tx: &mut Tx, partner_id: Option<&str>, incident_id: &str) -> Result<bool, Refusal> {
    let Some(incident) = tx.incident(incident_id).await?.filter(|i| !i.is_rehearsal) else {
        return Ok(false);
    };
    let viewer = match partner_id {
        None => Viewer::Public,
        Some(id) => match tx.cohort(id).await? {
            Some(cohort) => Viewer::Partner(cohort),
            None => return Ok(false),
        },
    };
    let Some(audience) = tx.audience(&incident.id).await? else { return Ok(false) };
    let cells = tx.incident_cells(&incident.id).await?;
    Ok(viewer.sees(&audience, cells.iter().map(|c| c.cell_id.as_str())))
}

/// What an incident with these cells is about for the people of a partner: as far as it sells there. None: they are not
/// told of it.
pub async fn matter_for(
    tx: &mut Tx,
    partner_id: Option<&str>,
    (whole, audience, cells): (&Matter, &Audience, &[String]),
) -> store::Result<Option<Matter>> {
    let ids = || cells.iter().map(String::as_str);
    let Some(partner_id) = partner_id else {
        return Ok(Viewer::Public.is_told(audience, ids()).then(|| whole.clone()));
    };
    let Some(cohort) = tx.cohort(partner_id).await? else { return Ok(None) };
    let sold: Vec<String> = cells.iter().filter(|c| cohort.cells.contains(*c)).cloned().collect();
    if !Viewer::Partner(cohort).is_told(audience, ids()) {
        return Ok(None);
    }
    Ok(Some(Matter { spots: tx.spots_of(&sold).await?, ..whole.clone() }))
}

/// Publishes facts for one partner on an incident that it sees: on its page, in its feeds, and to its people.
pub async fn write_facts(tx: &mut Tx, ctx: &Ctx, given: Facts) -> Result<String, Refusal> {
    if let Some(key) = &given.idempotency_key
        && let Some(done) = tx.fact_by_key(key).await?
    {
        return Ok(done.id);
    }
    let incident = tx.incident(&given.incident_id).await?.ok_or(Refusal::NotFound("incident"))?;
    if incident.is_rehearsal {
        return Err(Refusal::Conflict("A rehearsal tells no partner anything.".into()));
    }
    let partner = tx.partner(&given.partner_id).await?;
    let partner = partner.ok_or_else(|| Refusal::field("partner", "Choose a partner."))?;
    if !sees(tx, Some(&partner.id), &incident.id).await? {
        let message =
            format!("{} does not see this incident: it sells nothing of what is affected.", partner.name);
        return Err(Refusal::field("partner", message));
    }
    let bad = |e: text::BadText| Refusal::field("facts", e.to_string());
    let words = text::multi_line(&given.text, FACTS_MAX).map_err(bad)?;
    text::no_identifiers(&words).map_err(bad)?;
    let row = PartnerFactRow {
        id: new_id(),
        incident_id: incident.id.clone(),
        partner_id: partner.id.clone(),
        text: words,
        published_at: ctx.now,
        published_by: ctx.actor.clone(),
        idempotency_key: given.idempotency_key,
    };
    tx.insert_fact(&row).await?;
    tell(tx, ctx, &row, incident.severity).await?;
    tx.bump_partner(&partner.id, ctx.now).await?;
    let detail = json!({ "partner": partner.name, "facts": row.text, "id": row.id });
    audit(tx, ctx, "write_facts", &format!("incident:{}", incident.id), detail).await?;
    Ok(row.id)
}

async fn tell(tx: &mut Tx, ctx: &Ctx, fact: &PartnerFactRow, severity: Severity) -> Result<(), Refusal> {
    let row = OutboxRow {
        event_id: new_id(),
        kind: "partner_facts".into(),
        priority: notices::priority(severity),
        incident_id: Some(fact.incident_id.clone()),
        update_id: Some(fact.id.clone()),
        subscriber_id: None,
        sequence: 0,
        partner_id: Some(fact.partner_id.clone()),
        created_at: ctx.now,
        ..OutboxRow::default()
    };
    Ok(tx.insert_outbox(&row).await?)
}
