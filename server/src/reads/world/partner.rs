//! What one partner sees: what it sells, what is written for it, and nothing of anybody else's.

use std::collections::HashMap;

use domain::{audience::Cohort, clock::Timestamp, incident::UpdateKind};
use store::{PartnerFactRow, Tx, UpdateRow};

use super::{
    Held, STORIES, Story, World, cell_history, grouped,
    overlay::{Hold, lay_over, overlay},
};

/// Narrows a world that was read for this partner, and adds what is its alone.
pub(super) async fn narrow(
    world: &mut World,
    tx: &mut Tx,
    cohort: &Cohort,
    held: &Held,
) -> store::Result<()> {
    let Some(partner) = tx.partner(&cohort.partner_id).await? else { return Ok(()) };
    let facts = tx.facts_for(&cohort.partner_id, world.now.plus(-STORIES)).await?;
    let label = if partner.label.is_empty() { partner.name } else { partner.label };
    world.updated_at = world.updated_at.max(partner.updated_at);
    world.countries.retain(|c| world.cells.iter().any(|cell| cell.country_code == c.code));
    world.components.retain(|c| world.cells.iter().any(|cell| cell.component_id == c.id));
    world.portfolios.retain(|p| world.countries.iter().any(|c| c.portfolio_id == p.id));
    // They are of countries that it does not sell, too.
    world.charts.retain(|(_, country), _| !country.is_empty());
    // They tell of everybody's week.
    world.summaries.clear();
    add_facts(&mut world.incidents, facts, &label);
    hold(world, held);
    world.page_name = label;
    Ok(())
}

/// Lays what this partner's own incidents hold over what is public.
fn hold(world: &mut World, held: &Held) {
    let mut holds: HashMap<&str, Vec<Hold>> = HashMap::new();
    for row in world.incidents.iter().map(|s| &s.row).filter(|row| !row.is_public) {
        for cell in held.get(&row.id).into_iter().flatten() {
            holds.entry(&cell.cell_id).or_default().push(Hold {
                incident_id: row.id.clone(),
                status: cell.status,
                from: row.declared_at,
                to: row.restored_at.or(row.resolved_at).map(Timestamp::from_millis),
            });
        }
    }
    for cell in &mut world.cells {
        let Some(mine) = holds.get(cell.id.as_str()) else { continue };
        lay_over(cell, mine, world.now);
        let changes = world.changes.entry(cell.id.clone()).or_default();
        *changes = overlay(&cell.id, changes, mine);
        world.histories.insert(cell.id.clone(), cell_history(Some(changes), world.now));
    }
}

/// Facts stand among the updates of their incidents, and count with them.
fn add_facts(stories: &mut [Story], facts: Vec<PartnerFactRow>, label: &str) {
    let mut facts = grouped(facts, |f| &f.incident_id);
    for story in stories {
        let Some(mine) = facts.remove(&story.row.id) else { continue };
        story.row.sequence += i64::try_from(mine.len()).unwrap_or(0);
        for fact in &mine {
            story.row.updated_at = story.row.updated_at.max(fact.published_at);
        }
        merge(&mut story.updates, mine, label);
    }
}

/// `updates`: newest first; `facts`: oldest first.
fn merge(updates: &mut Vec<UpdateRow>, facts: Vec<PartnerFactRow>, label: &str) {
    let mut merged: Vec<UpdateRow> = Vec::with_capacity(updates.len() + facts.len());
    let mut before = 0;
    let mut facts = facts.into_iter().peekable();
    for mut update in std::mem::take(updates).into_iter().rev() {
        while let Some(fact) = facts.next_if(|f| f.published_at < update.published_at) {
            before += i64::from(push_fact(&mut merged, fact, label));
        }
        update.sequence += before;
        merged.push(update);
    }
    for fact in facts {
        push_fact(&mut merged, fact, label);
    }
    merged.reverse();
    *updates = merged;
}

/// A fact takes over where the incident stood; before the first update there is none to add it to.
fn push_fact(merged: &mut Vec<UpdateRow>, fact: PartnerFactRow, label: &str) -> bool {
    let Some(last) = merged.last() else { return false };
    merged.push(UpdateRow {
        id: fact.id,
        sequence: last.sequence + 1,
        kind: UpdateKind::Facts,
        known: format!("For {label} only: {}", fact.text),
        unknown: String::new(),
        next_steps: String::new(),
        customer_action: String::new(),
        published_at: fact.published_at,
        published_by: fact.published_by,
        idempotency_key: None,
        approved_by: None,
        break_glass_reason: None,
        overrides: "[]".into(),
        is_automatic: false,
        edited_at: None,
        ..last.clone()
    });
    true
}
