//! Public addresses that are answered from memory. One thing has one address: whatever else a query holds is ignored,
//! so that nobody can make the page render itself over and over under made-up names.

use app::{
    model::{Message, Site},
    paths::{self, ApiV2},
    public,
};

use delivery::feed::Entries;
use domain::week::Week;

use super::page::Kind;
use crate::reads::{
    World, api, edits,
    feed::{self, Which},
    pages, promises, reviews,
};

/// What is rendered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Address {
    Front,
    Api(ApiV2),
    ApiDescription,
    /// A quarter of the history; 1 is the newest.
    History(usize),
    /// A feed as RSS.
    Rss(Which),
    /// The same as Atom.
    Atom(Which),
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
pub(super) const EAGER: [Address; 4] = [
    Address::Front,
    Address::Api(ApiV2::Status),
    Address::Api(ApiV2::Summary),
    Address::Rss(Which { entries: Entries::Incidents, region: None, component: None }),
];

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
            paths::RSS => return Some(Self::Rss(which(Entries::Incidents, query))),
            paths::ATOM => return Some(Self::Atom(which(Entries::Incidents, query))),
            paths::UPDATES_RSS => return Some(Self::Rss(which(Entries::Updates, query))),
            paths::UPDATES_ATOM => return Some(Self::Atom(which(Entries::Updates, query))),
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
            Self::Rss(_) => Kind::Rss,
            Self::Atom(_) => Kind::Atom,
            _ => Kind::Html,
        }
    }

    /// Whether it differs by who looks. What is promised and how to ask for it is the same for everybody.
    pub(super) const fn is_everybodys_own(&self) -> bool {
        !matches!(self, Self::Promises | Self::PromisesJson | Self::ApiDescription | Self::Summary(_))
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
            Self::Rss(which) => {
                let path = if which.entries == Entries::Updates { paths::UPDATES_RSS } else { paths::RSS };
                Some(delivery::feed::write_rss(&feed::feed(world, origin, path, which)?))
            }
            Self::Atom(which) => {
                let path = if which.entries == Entries::Updates { paths::UPDATES_ATOM } else { paths::ATOM };
                Some(delivery::feed::write_atom(&feed::feed(world, origin, path, which)?))
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

fn which(entries: Entries, query: Option<&str>) -> Which {
    let slug = |name| parameter(query, name).filter(|r| !r.is_empty()).map(str::to_ascii_lowercase);
    Which { entries, region: slug("region"), component: slug("component") }
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
        let france = Which { region: Some("fr".into()), ..Which::default() };
        assert_eq!(Address::parse("/history.rss", Some("x=1&region=FR")), Some(Address::Rss(france.clone())));
        assert_eq!(Address::parse("/history.atom", None), Some(Address::Atom(Which::default())));
        let sms = Which { entries: Entries::Updates, component: Some("sms".into()), ..france };
        assert_eq!(
            Address::parse("/updates.atom", Some("component=SMS&region=fr")),
            Some(Address::Atom(sms))
        );
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
