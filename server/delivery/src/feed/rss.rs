//! RSS 2.0.

use std::collections::BTreeMap;

use rss::{ChannelBuilder, GuidBuilder, Item, ItemBuilder};

use super::{FeedItem, FeedModel, xml_chars};

/// The history feed as RSS: one item per incident, its address as link and guid, its updates as HTML.
#[must_use]
pub fn incident_history(feed: &FeedModel) -> String {
    ChannelBuilder::default()
        .namespaces(BTreeMap::from([("dc".to_owned(), "http://purl.org/dc/elements/1.1/".to_owned())]))
        .title(xml_chars(&feed.title()))
        .link(feed.origin.clone())
        .description("Statuspage".to_owned())
        .pub_date(Some(feed.updated_at.utc().to_rfc2822()))
        .items(feed.items.iter().map(|i| item(feed, i)).collect::<Vec<_>>())
        .build()
        .to_string()
}

fn item(feed: &FeedModel, item: &FeedItem) -> Item {
    let link = item.link(&feed.origin);
    ItemBuilder::default()
        .title(Some(xml_chars(&item.title)))
        .description(Some(xml_chars(&item.html(&feed.origin))))
        .pub_date(Some(item.updated_at().utc().to_rfc2822()))
        .guid(Some(GuidBuilder::default().value(link.clone()).permalink(true).build()))
        .link(Some(link))
        .build()
}
