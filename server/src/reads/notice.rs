//! A published update as its recipients hear of it.

use domain::notice::{IncidentNotice, MeasuredChange, MeasuredNotice, NoticeCell, NoticeUpdate};
use store::NetChange;

use super::{
    World,
    world::{Story, message},
};

/// The notice of an update; none when it is not there any more.
#[must_use]
pub fn notice(world: &World, origin: &str, incident_id: &str, update_id: &str) -> Option<IncidentNotice> {
    let story = world.incident(incident_id)?;
    let told = story.updates.iter().position(|u| u.id == update_id)?;
    let update = &story.updates[told];
    let row = &story.row;
    let (indicator, description) = world.indicator();
    let is_over = update.phase == domain::incident::Phase::Resolved;
    Some(IncidentNotice {
        page_name: world.page_name.clone(),
        page_id: world.page_id.clone(),
        origin: origin.to_owned(),
        indicator: (indicator.slug().to_owned(), description.to_owned()),
        incident_id: row.id.clone(),
        title: row.title.clone(),
        severity: update.severity,
        phase: update.phase,
        started_at: row.started_at,
        created_at: row.declared_at,
        restored_at: row.restored_at.map(Into::into),
        resolved_at: row.resolved_at.filter(|_| is_over).map(Into::into),
        next_update_due_at: update.next_update_due_at.map(Into::into),
        sequence: update.sequence,
        places: story.places(world),
        countries: story.countries(world).into_iter().map(|c| c.code.clone()).collect(),
        cells: cells(world, story),
        workarounds: if is_over { Vec::new() } else { story.workarounds(world) },
        updates: story.updates[told..].iter().map(|u| notice_update(world, u)).collect(),
    })
}

/// What telemetry changed, as far as it is on this page.
#[must_use]
pub fn measured(world: &World, origin: &str, changes: &[NetChange]) -> MeasuredNotice {
    let (indicator, description) = world.indicator();
    let change = |c: &NetChange| {
        let cell = NoticeCell { old_status: c.from, new_status: c.to, ..cell(world, &c.cell_id)? };
        Some(MeasuredChange { cell, evidence: c.cause.clone(), at: c.at })
    };
    MeasuredNotice {
        page_id: world.page_id.clone(),
        origin: origin.to_owned(),
        indicator: (indicator.slug().to_owned(), description.to_owned()),
        changes: changes.iter().filter_map(change).collect(),
    }
}

fn cells(world: &World, story: &Story) -> Vec<NoticeCell> {
    story.cells.iter().filter_map(|id| cell(world, id)).collect()
}

fn cell(world: &World, id: &str) -> Option<NoticeCell> {
    let cell = world.cell(id)?;
    let component = world.component_of(cell)?;
    let country = world.country(&cell.country_code)?;
    Some(NoticeCell {
        cell_id: cell.id.clone(),
        group_id: country.group_id.clone(),
        component: component.slug.clone(),
        component_name: component.name.clone(),
        country: country.code.clone(),
        country_name: country.name.clone(),
        old_status: cell.status,
        new_status: cell.status,
        position: component.position,
        created_at: cell.created_at,
        updated_at: cell.updated_at,
    })
}

fn notice_update(world: &World, update: &store::UpdateRow) -> NoticeUpdate {
    let changed = world.moved.get(&update.id).into_iter().flatten().filter_map(|m| {
        Some(NoticeCell { old_status: m.old_status, new_status: m.new_status, ..cell(world, &m.cell_id)? })
    });
    NoticeUpdate {
        id: update.id.clone(),
        kind: update.kind,
        phase: update.phase,
        message: message(update),
        published_at: update.published_at,
        edited_at: update.edited_at.map(Into::into),
        changed: changed.collect(),
    }
}
