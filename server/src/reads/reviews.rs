//! Published reviews and weekly summaries, as everybody reads them.

use app::{
    model::{Markup, PromisedAction, ReviewPage, ReviewPart, SummaryLine, SummaryPage},
    paths,
};
use domain::{
    clock_local::{duration_words, utc_date, utc_time},
    review::{Published, PublishedAction},
    week::{SummaryItem, Week, date, date_words, is_past},
};

use super::{
    World,
    pages::{rich, site},
};

/// The review of an incident, if it is published.
#[must_use]
pub fn rca(world: &World, incident_id: &str) -> Option<ReviewPage> {
    let story = world.incident(incident_id)?;
    let review = world.review(incident_id)?;
    Some(ReviewPage {
        site: site(world),
        title: story.scoped_title(world),
        href: paths::incident(incident_id),
        published: published(&review),
        correction: review.correction.clone(),
        parts: review
            .parts
            .iter()
            .map(|(section, text)| ReviewPart { section: *section, text: written(text) })
            .collect(),
        actions: review.actions.iter().map(|a| action(world, a)).collect(),
        record: review.record,
    })
}

/// `Published 5 Mar 2026.`, with when it was corrected.
pub(super) fn published(review: &Published) -> String {
    let first = format!("Published {}.", utc_date(review.first_at));
    if review.at == review.first_at { first } else { format!("{first} Corrected {}.", utc_date(review.at)) }
}

fn written(text: &str) -> Option<Markup> {
    (!text.is_empty()).then(|| rich(text))
}

fn action(world: &World, action: &PublishedAction) -> PromisedAction {
    let day = date(&action.due_on);
    let done = world.done_actions.get(&action.id);
    let is_overdue = done.is_none() && day.is_some_and(|d| is_past(d, world.now));
    let by = day.map(date_words).unwrap_or_default();
    let state = match done {
        Some(at) => format!("done {}", utc_date(*at)),
        None if is_overdue => format!("was due {by}"),
        None => format!("by {by}"),
    };
    PromisedAction { what: action.what.clone(), state, is_overdue }
}

/// The summary of a week, if it is published.
#[must_use]
pub fn summary(world: &World, week: Week) -> Option<SummaryPage> {
    let summary = world.summary(week)?;
    let mut published = format!("Published {}.", utc_date(summary.first_at));
    if summary.at != summary.first_at {
        published.push_str(&format!(" Changed {}.", utc_date(summary.at)));
    }
    Some(SummaryPage {
        site: site(world),
        days: week.days(),
        published,
        opening: written(&summary.opening),
        items: summary.items.iter().map(|i| item(world, i)).collect(),
    })
}

fn item(world: &World, item: &SummaryItem) -> SummaryLine {
    let lasted = match item.ended_at {
        Some(end) => format!("over after {}", duration_words(end.since(item.started_at))),
        None => "still open when this was published".into(),
    };
    SummaryLine {
        title: item.title.clone(),
        href: paths::incident(&item.incident_id),
        facts: format!("{}, {lasted}", utc_time(item.started_at, world.now)),
        text: written(&item.text),
    }
}
