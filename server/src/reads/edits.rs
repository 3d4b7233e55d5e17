//! How the published texts of an incident were edited.

use app::{
    model::{EditedText, EditedUpdate, EditsPage},
    paths,
};
use domain::{clock_local::utc_time, notice::Message, writing::diff};
use store::{UpdateRow, UpdateVersionRow};

use super::{World, pages::site};
use crate::commands::writing::bare;

/// The versions of an incident's updates; none: there is no such incident, or it was never edited.
#[must_use]
pub fn edits(world: &World, incident_id: &str) -> Option<EditsPage> {
    let story = world.incident(incident_id)?;
    let updates: Vec<EditedUpdate> = story.updates.iter().filter_map(|u| edited(world, u)).collect();
    (!updates.is_empty()).then(|| EditsPage {
        site: site(world),
        title: story.scoped_title(world),
        href: paths::incident(incident_id),
        updates,
    })
}

fn edited(world: &World, update: &UpdateRow) -> Option<EditedUpdate> {
    let versions = world.versions.get(&update.id)?;
    let edits = versions.windows(2).rev().filter_map(|pair| match pair {
        [before, after] => Some(EditedText {
            at: utc_time(after.written_at, world.now),
            reason: after.reason.clone(),
            changes: changes(before, after),
        }),
        _ => None,
    });
    Some(EditedUpdate {
        id: update.id.clone(),
        what: format!("{}, {}", update.phase.word(), utc_time(update.published_at, world.now)),
        edits: edits.collect(),
    })
}

type Changed = (String, Vec<(diff::Fate, String)>);

fn changes(before: &UpdateVersionRow, after: &UpdateVersionRow) -> Vec<Changed> {
    let changed = differences(&before.message(), &after.message());
    let bare = differences(&bare(&before.message()), &bare(&after.message()));
    // Readers compare words; where only marks changed, they see the marks.
    if bare.len() == changed.len() { bare } else { changed }
}

/// The fields that differ, with what became of their words.
#[must_use]
pub fn differences(before: &Message, after: &Message) -> Vec<Changed> {
    let pairs = before.all().into_iter().zip(after.all());
    let differ = pairs.filter(|((_, old), (_, new))| old != new);
    differ.map(|((label, old), (_, new))| (label.to_owned(), diff::words(old, new))).collect()
}
