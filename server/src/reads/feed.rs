//! Incidents as a feed.

use delivery::feed::{FeedItem, FeedModel, FeedReview, FeedUpdate};

use super::{
    World,
    world::{Story, message},
};

/// The feed at `address` of the whole page, or of one country or portfolio; none: there is no such region.
#[must_use]
pub fn feed(world: &World, origin: &str, address: &str, region: Option<&str>) -> Option<FeedModel> {
    let (codes, name): (Option<Vec<&str>>, Option<&str>) = match region {
        None => (None, None),
        Some(slug) => match world.country(&slug.to_ascii_uppercase()) {
            Some(country) => (Some(vec![country.code.as_str()]), Some(&country.name)),
            None => {
                let portfolio = world.portfolios.iter().find(|p| p.slug == slug)?;
                let mine = world.countries.iter().filter(|c| c.portfolio_id == portfolio.id);
                (Some(mine.map(|c| c.code.as_str()).collect()), Some(&portfolio.name))
            }
        },
    };
    let is_mine = |s: &&Story| match &codes {
        None => true,
        Some(codes) => s.countries(world).iter().any(|c| codes.contains(&c.code.as_str())),
    };
    let items: Vec<FeedItem> =
        world.incidents.iter().filter(is_mine).take(50).map(|s| item(world, s)).collect();
    let newest = items.iter().filter_map(|i| i.updates.first()).map(|u| u.at).max();
    Some(FeedModel {
        page_name: world.page_name.clone(),
        origin: origin.to_owned(),
        path: region.map_or_else(|| address.to_owned(), |r| format!("{address}?region={r}")),
        region: name.map(str::to_owned),
        updated_at: newest.unwrap_or(world.updated_at),
        items,
    })
}

fn item(world: &World, story: &Story) -> FeedItem {
    let updates = story.updates.iter().map(|u| FeedUpdate {
        at: u.published_at,
        phase: u.phase,
        edited_at: u.edited_at.map(Into::into),
        fields: FeedUpdate::fields(&message(u)),
    });
    FeedItem {
        incident_id: story.row.id.clone(),
        title: story.full_title(world),
        published_at: story.row.declared_at,
        updates: updates.collect(),
        review: world.review(&story.row.id).map(|r| FeedReview { at: r.at, body: r.body() }),
    }
}
