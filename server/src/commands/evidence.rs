//! Evidence packs: a month of what a partner buys, put together from the record, signed, and kept as it is.

use domain::{
    audience::Viewer,
    clock::Timestamp,
    evidence::{FORMAT, FORMULAS, Pack, Sold, cell_line, clock_line, updates_lines},
    month::Month,
    sla::{availability::Availability, clock::ClockKind, policy::OFFICE},
    uptime::Change,
};
use serde_json::json;
use store::{PartnerRow, Tx, policies::AVAILABILITY};

use super::{Ctx, Refusal, cells::audit};
use crate::{clock::new_id, evidence::signed, keys::Keys, reads::World, state::App};

/// The month before is closed so many milliseconds after its end: late telemetry and late words are in.
const SETTLED: i64 = 2 * domain::clock::HOUR;
/// Packs that are made in one round.
const AT_ONCE: i64 = 20;

/// Makes the pack of a month for a partner, as its next version.
///
/// # Errors
/// When the month lies in the future or too far back, there is no such partner, or the database fails.
pub async fn make(
    tx: &mut Tx,
    ctx: &Ctx,
    keys: &Keys,
    partner_id: &str,
    month: Month,
) -> Result<(), Refusal> {
    let partner = tx.partner(partner_id).await?.ok_or(Refusal::NotFound("partner"))?;
    if month.start() >= ctx.now {
        return Err(Refusal::field("month", "This month has not begun yet."));
    }
    if month < Month::of(ctx.now).before().before() {
        let message = "Only this month and the two before can be put together from the record. Older packs stay as they were made.";
        return Err(Refusal::field("month", message));
    }
    let pack = pack(tx, &partner, month, ctx.now).await?;
    let body =
        signed(keys, &pack).ok_or_else(|| Refusal::Conflict("The pack could not be signed.".into()))?;
    if !tx.insert_evidence_pack(&new_id(), (partner_id, &pack.month), &body, ctx.now, &ctx.actor).await? {
        return Err(Refusal::Conflict("Somebody made this pack at the same moment: it is there.".into()));
    }
    let subject = format!("partner:{partner_id}");
    audit(tx, ctx, "make_evidence_pack", &subject, json!({ "month": pack.month })).await
}

/// Makes the packs of the month before that are missing; how many.
///
/// # Errors
/// When the database fails.
pub async fn issue_due(app: &App) -> Result<usize, Refusal> {
    let ctx = Ctx::system(app.clock.now());
    let month = Month::of(ctx.now).before();
    if ctx.now < month.end().plus(SETTLED) {
        return Ok(0);
    }
    let missing = {
        let mut tx = app.store.read().await?;
        tx.partners_without_pack(&month.to_string(), month.end(), AT_ONCE).await?
    };
    for partner in &missing {
        let mut tx = app.store.write().await?;
        match make(&mut tx, &ctx, &app.keys, partner, month).await {
            Ok(()) => tx.commit().await?,
            Err(Refusal::Conflict(_) | Refusal::NotFound(_)) => {} // somebody else was first
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(missing.len())
}

async fn pack(tx: &mut Tx, partner: &PartnerRow, month: Month, now: Timestamp) -> Result<Pack, Refusal> {
    let (targets_version, promised): (i64, Availability) = tx.policy(AVAILABILITY).await?;
    let cohort = tx.cohort(&partner.id).await?.ok_or(Refusal::NotFound("partner"))?;
    let operator = tx.page().await?.map(|p| p.name).unwrap_or_default();
    let world = World::read(tx, now, &Viewer::Partner(cohort), None).await?;
    let (from, until) = (month.start(), month.end().min(now));
    let calendar = world.matrix.calendars.get(OFFICE).cloned().unwrap_or_default();
    let mut cells = Vec::new();
    for cell in &world.cells {
        let (Some(component), Some(country)) = (world.component_of(cell), world.country(&cell.country_code))
        else {
            continue;
        };
        let changes = world.changes.get(&cell.id).map(Vec::as_slice).unwrap_or_default();
        let changes: Vec<Change> = changes.iter().map(|c| Change { at: c.at, to: c.to_status }).collect();
        let sold = Sold {
            component: (&component.slug, &component.name),
            country: (&country.code, &country.name),
            changes: &changes,
        };
        cells.push(cell_line(&sold, &promised, &calendar, (from, until)));
    }
    let (mut clocks, mut updates) = (Vec::new(), Vec::new());
    for story in &world.incidents {
        if story.row.started_at >= until || story.row.is_backfilled {
            continue;
        }
        let title = story.full_title(&world);
        let due = |c: &domain::sla::clock::Clock| c.due_at >= from && c.due_at < until;
        for clock in tx.clocks(&story.row.id).await?.into_iter().filter(due) {
            clocks.extend(clock_line((&story.row.id, &title), &clock, now));
            if clock.kind == ClockKind::NextUpdate {
                updates.push(clock);
            }
        }
    }
    clocks.sort_by(|a, b| (&a.due_at, &a.incident).cmp(&(&b.due_at, &b.incident)));
    Ok(Pack {
        format: FORMAT,
        operator,
        partner: partner.name.clone(),
        month: month.to_string(),
        from: from.rfc3339(),
        until: until.rfc3339(),
        made_at: now.rfc3339(),
        targets_version,
        cells,
        clocks,
        updates: updates_lines(&updates, from, now),
        formulas: FORMULAS.map(str::to_owned).to_vec(),
    })
}
