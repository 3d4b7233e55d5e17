//! Public addresses that are answered from memory. One thing has one address: whatever else a query holds is ignored,
//! so that nobody can make the page render itself over and over under made-up names.

use app::{
    model::{Message, Site},
    paths::{self, ApiV2},
    public,
};

use domain::week::Week;

use super::page::Kind;
use crate::reads::{World, api, edits, feed, pages, promises, reviews};

/// What is rendered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Address {
    Front,
    Api(ApiV2),
    ApiDescription,
    /// A quarter of the history; 1 is the newest.
    History(usize),
    /// The RSS feed of the whole page, a country or a portfolio.
    Feed(Option<String>),
    /// The same as Atom.
    AtomFeed(Option<String>),
    /// What is promised, and whether it is kept.
    Promises,
    PromisesJson,
    Incident(String),
    /// How its published texts were edited.
    Edits(String),
    /// The published review of an incident.
    Rca(String),
    /// The summary of a week.
    Summary(Week),
    /// A country or a portfolio.
    Region(String),
    /// Country and component.
    Cell(String, String),
    Component(String),
}

/// Rendered with every change: what most visitors and programs ask for.
pub(super) const EAGER: [Address; 4] =
    [Address::Front, Address::Api(ApiV2::Status), Address::Api(ApiV2::Summary), Address::Feed(None)];

impl Address {
    /// The address behind a path and its query; none: not one of ours.
    pub(super) fn parse(path: &str, query: Option<&str>) -> Option<Self> {
        match path {
            paths::HOME => return Some(Self::Front),
            paths::API => return Some(Self::ApiDescription),
            paths::HISTORY => {
                let page = parameter(query, "page").and_then(|p| p.parse().ok()).unwrap_or(1);
                return Some(Self::History(page));
            }
            paths::PROMISES => return Some(Self::Promises),
            paths::PROMISES_JSON => return Some(Self::PromisesJson),
            paths::RSS => return Some(Self::Feed(region(query))),
            paths::ATOM => return Some(Self::AtomFeed(region(query))),
            _ if path.starts_with("/summaries/") => {
                return Week::parse(path.strip_prefix("/summaries/")?).map(Self::Summary);
            }
            _ if path.starts_with(paths::API) => return ApiV2::at(path).map(Self::Api),
            _ if path.bytes().any(|b| b.is_ascii_uppercase()) => return None,
            _ => {}
        }
        let mut parts = path.strip_prefix('/')?.split('/');
        match (parts.next()?, parts.next()?, parts.next(), parts.next()) {
            (_, "", ..) | (_, _, Some(""), _) => None,
            ("incidents", id, None, _) => Some(Self::Incident(id.to_owned())),
            ("incidents", id, Some("edits"), None) => Some(Self::Edits(id.to_owned())),
            ("incidents", id, Some("rca"), None) => Some(Self::Rca(id.to_owned())),
            ("regions", slug, None, _) => Some(Self::Region(slug.to_owned())),
            ("regions", country, Some(component), None) => {
                Some(Self::Cell(country.to_owned(), component.to_owned()))
            }
            ("components", slug, None, _) => Some(Self::Component(slug.to_owned())),
            _ => None,
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Api(_) | Self::PromisesJson => Kind::Json,
            Self::Feed(_) => Kind::Rss,
            Self::AtomFeed(_) => Kind::Atom,
            _ => Kind::Html,
        }
    }

    /// The text; none: there is no such thing.
    pub(super) fn render(&self, world: &World, origin: &str) -> Option<String> {
        if let Self::Api(which) = self {
            return Some(api::document(world, origin, *which));
        }
        if !world.is_set_up {
            let message = Message::not_set_up(Site::new("Waypost"));
            return (*self == Self::Front).then(|| public::message_page(&message));
        }
        match self {
            Self::Front => Some(public::front_page(&pages::front(world))),
            Self::Api(_) => None,
            Self::ApiDescription => Some(public::api_page(&pages::site(world), origin)),
            Self::History(page) => Some(public::history_page(&pages::history(world, *page)?)),
            Self::Feed(region) => {
                let model = feed::feed(world, origin, paths::RSS, region.as_deref())?;
                Some(delivery::feed::incident_history(&model))
            }
            Self::AtomFeed(region) => {
                let model = feed::feed(world, origin, paths::ATOM, region.as_deref())?;
                Some(delivery::feed::incident_history_atom(&model))
            }
            Self::Promises => Some(public::promises_page(&promises::page(world))),
            Self::PromisesJson => Some(promises::document(world)),
            Self::Incident(id) => Some(public::incident_page(&pages::incident(world, id)?)),
            Self::Edits(id) => Some(public::edits_page(&edits::edits(world, id)?)),
            Self::Rca(id) => Some(public::rca_page(&reviews::rca(world, id)?)),
            Self::Summary(week) => Some(public::summary_page(&reviews::summary(world, *week)?)),
            Self::Region(slug) => Some(public::region_page(&pages::region(world, slug)?)),
            Self::Cell(country, component) => {
                Some(public::cell_page(&pages::cell(world, country, component)?))
            }
            Self::Component(slug) => Some(public::region_page(&pages::component(world, slug)?)),
        }
    }
}

fn region(query: Option<&str>) -> Option<String> {
    parameter(query, "region").filter(|r| !r.is_empty()).map(str::to_ascii_lowercase)
}

fn parameter<'q>(query: Option<&'q str>, name: &str) -> Option<&'q str> {
    query?.split('&').find_map(|p| p.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_one_address() {
        for query in [None, Some(""), Some("utm_source=x"), Some("region=fr")] {
            assert_eq!(Address::parse("/", query), Some(Address::Front));
        }
        assert_eq!(Address::parse("/history", Some("x=1&page=2")), Some(Address::History(2)));
        assert_eq!(Address::parse("/history", Some("page=two")), Some(Address::History(1)));
        assert_eq!(Address::parse("/history.rss", Some("region=FR")), Some(Address::Feed(Some("fr".into()))));
        assert_eq!(Address::parse("/history.atom", None), Some(Address::AtomFeed(None)));
        assert_eq!(
            Address::parse("/summaries/2026-W09", None),
            Week::parse("2026-W09").map(Address::Summary)
        );
        assert_eq!(Address::parse("/regions/fr/sms", None), Some(Address::Cell("fr".into(), "sms".into())));
    }

    #[test]
    fn what_is_not_ours_is_left_to_the_router() {
        for path in [
            "",
            "/console",
            "/regions",
            "/regions/",
            "/regions/FR",
            "/regions/fr/sms/x",
            "/summaries/2026-w09",
            "/summaries/2026-W60",
            "/api/v2/none.json",
        ] {
            assert_eq!(Address::parse(path, None), None, "{path}");
        }
    }
}
