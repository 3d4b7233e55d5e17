//! RSS 2.0.

use std::collections::BTreeMap;

use rss::{ChannelBuilder, GuidBuilder, Item, ItemBuilder};

use super::{Entry, FeedModel, xml_chars};

/// A feed as RSS. The guid of an incident is its address, as readers know it; that of an update is its id.
#[must_use]
pub fn write(feed: &FeedModel) -> String {
    ChannelBuilder::default()
        .namespaces(BTreeMap::from([("dc".to_owned(), "http://purl.org/dc/elements/1.1/".to_owned())]))
        .title(xml_chars(&feed.title()))
        .link(feed.origin.clone())
        .description("Statuspage".to_owned())
        .pub_date(Some(feed.updated_at.utc().to_rfc2822()))
        .items(feed.entries().into_iter().map(item).collect::<Vec<_>>())
        .build()
        .to_string()
}

fn item(entry: Entry) -> Item {
    let guid = if entry.is_link { entry.link.clone() } else { entry.id };
    ItemBuilder::default()
        .title(Some(xml_chars(&entry.title)))
        .description(Some(xml_chars(&entry.html)))
        .pub_date(Some(entry.updated_at.utc().to_rfc2822()))
        .guid(Some(GuidBuilder::default().value(guid).permalink(entry.is_link).build()))
        .link(Some(entry.link))
        .build()
}
