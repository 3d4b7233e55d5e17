//! What was typed into the workspace: sections and corrective actions, and how they come back after a refusal.

use app::console::rca::{ActionField, RcaPage};
use domain::review::{Part, Section};

use crate::{
    commands::rca::{self, actions, mark},
    http::fields::Fields,
};

/// More lines of actions than a form ever has.
const LINES_MAX: usize = 200;

/// Fields that the workspace's form may have.
pub(super) fn allowed() -> Vec<&'static str> {
    let sections = Section::ALL.into_iter().map(Section::slug);
    sections.chain(["public.*", "was.*", "action.*", "actions.was"]).collect()
}

/// Sections as typed.
pub(super) fn sections(fields: &Fields) -> Vec<rca::Typed> {
    let sent = Section::ALL.into_iter().filter(|s| fields.all(s.slug()).next().is_some());
    let typed = |section: Section| {
        let slug = section.slug();
        let text = fields.one(slug).replace("\r\n", "\n");
        let is_public = fields.one(&format!("public.{slug}")) == "yes";
        rca::Typed { section, part: Part { text, is_public }, was: fields.one(&format!("was.{slug}")).into() }
    };
    sent.map(typed).collect()
}

/// Corrective actions as typed.
pub(super) fn corrective_actions(fields: &Fields) -> Vec<actions::Typed> {
    let line = |n: usize| {
        let of = |name: &str| fields.one(&format!("action.{n}.{name}")).to_owned();
        let typed =
            actions::Typed { id: of("id"), what: of("what"), owner_id: of("owner"), due_on: of("due") };
        fields.all(&format!("action.{n}.what")).next().map(|_| typed.clone())
    };
    (0..LINES_MAX).map_while(line).collect()
}

/// Puts what was typed back into the page. Where somebody else wrote meanwhile, theirs stands beside it, and saving again
/// replaces it.
pub(super) fn refill(page: &mut RcaPage, fields: &Fields) {
    for typed in sections(fields) {
        let Some(field) = page.sections.iter_mut().find(|f| f.section == typed.section) else { continue };
        let stored = Part { text: field.text.clone(), is_public: field.is_public };
        let overtaken = mark(&stored) != typed.was && typed.part != stored && mark(&typed.part) != typed.was;
        field.theirs = overtaken.then(|| stored.text.clone());
        if !overtaken {
            field.was = typed.was;
        }
        (field.text, field.is_public) = (typed.part.text, typed.part.is_public);
    }
    let typed = corrective_actions(fields);
    if typed.is_empty() {
        return;
    }
    let line = |a: &ActionField| {
        let words = [a.what.as_str(), a.owner.as_str(), a.state.as_str()];
        words.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    if page.actions_was != fields.one("actions.was") {
        page.their_actions = page.actions.iter().filter(|a| !a.what.is_empty()).map(line).collect();
    }
    page.actions = typed
        .into_iter()
        .map(|t| ActionField {
            id: t.id,
            what: t.what,
            owner_id: t.owner_id,
            due_on: t.due_on,
            ..ActionField::default()
        })
        .collect();
}
