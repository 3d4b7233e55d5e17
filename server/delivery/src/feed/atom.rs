//! Atom 1.0: the same items as the RSS feed.

use std::fmt::Write as _;

use chrono::SecondsFormat;
use domain::clock::Timestamp;

use super::{FeedItem, FeedModel, escape};

/// The history feed as Atom.
#[must_use]
pub fn incident_history(feed: &FeedModel) -> String {
    let host = feed.origin.split("://").last().unwrap_or_default();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = write!(
        xml,
        "<feed xml:lang=\"en-US\" xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:{host},2005:/history</id>\
         <link rel=\"alternate\" type=\"text/html\" href=\"{origin}\"/>\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{origin}{path}\"/>\
         <title>{title}</title><updated>{updated}</updated><author><name>{name}</name></author>",
        host = escape(host),
        origin = escape(&feed.origin),
        path = escape(&feed.path),
        title = escape(&feed.title()),
        updated = time(feed.updated_at),
        name = escape(&feed.page_name),
    );
    for item in &feed.items {
        entry(&mut xml, feed, host, item);
    }
    xml.push_str("</feed>");
    xml
}

fn entry(xml: &mut String, feed: &FeedModel, host: &str, item: &FeedItem) {
    let _ = write!(
        xml,
        "<entry><id>tag:{host},2005:Incident/{id}</id><published>{published}</published><updated>{updated}</updated>\
         <link rel=\"alternate\" type=\"text/html\" href=\"{link}\"/><title>{title}</title>\
         <content type=\"html\">{html}</content></entry>",
        host = escape(host),
        id = escape(&item.incident_id),
        published = time(item.published_at),
        updated = time(item.updated_at()),
        link = escape(&item.link(&feed.origin)),
        title = escape(&item.title),
        html = escape(&item.html(&feed.origin)),
    );
}

fn time(at: Timestamp) -> String {
    at.utc().to_rfc3339_opts(SecondsFormat::Secs, true)
}
