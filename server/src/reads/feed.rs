//! Incidents as a feed.

use delivery::feed::{Entries, FeedItem, FeedModel, FeedReview, FeedUpdate};
use domain::scope::Scope;

use super::{
    World,
    world::{Story, message},
};

/// Which feed: its entries, and what it is narrowed to by slugs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Which {
    /// What the entries are.
    pub entries: Entries,
    /// Country code or portfolio slug, in lower case.
    pub region: Option<String>,
    /// Component slug.
    pub component: Option<String>,
}

impl Which {
    /// What it is narrowed to; none: there is no such region or component.
    fn scope(&self, world: &World) -> Option<Scope> {
        let mut scope = Scope::default();
        if let Some(slug) = &self.region {
            match world.country(&slug.to_ascii_uppercase()) {
                Some(country) => scope.countries.push(country.code.clone()),
                None => {
                    scope.portfolios.push(world.portfolios.iter().find(|p| p.slug == *slug)?.slug.clone())
                }
            }
        }
        if let Some(slug) = &self.component {
            scope.components.push(world.components.iter().find(|c| c.slug == *slug)?.slug.clone());
        }
        Some(scope)
    }

    fn query(&self) -> String {
        let pair = |name: &str, value: &Option<String>| value.as_ref().map(|v| format!("{name}={v}"));
        let pairs: Vec<String> = [pair("region", &self.region), pair("component", &self.component)]
            .into_iter()
            .flatten()
            .collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

/// The feed at `address`; none: what it is to be narrowed to is not there.
#[must_use]
pub fn feed(world: &World, origin: &str, address: &str, which: &Which) -> Option<FeedModel> {
    let scope = which.scope(world)?;
    let is_mine = |s: &&Story| scope.is_anywhere() || s.spots(world).iter().any(|spot| scope.holds(spot));
    let items: Vec<FeedItem> =
        world.incidents.iter().filter(is_mine).take(50).map(|s| item(world, s)).collect();
    let newest = items.iter().filter_map(|i| i.updates.first()).map(|u| u.at).max();
    Some(FeedModel {
        page_name: world.page_name.clone(),
        origin: origin.to_owned(),
        path: format!("{address}{}", which.query()),
        entries: which.entries,
        region: (!scope.is_anywhere()).then(|| scope.words(world)),
        updated_at: newest.unwrap_or(world.updated_at),
        items,
    })
}

fn item(world: &World, story: &Story) -> FeedItem {
    let updates = story.updates.iter().map(|u| FeedUpdate {
        id: u.id.clone(),
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
