//! Atom 1.0: the same entries as the RSS feed.

use std::fmt::Write as _;

use chrono::SecondsFormat;
use domain::clock::Timestamp;

use super::{Entries, Entry, FeedModel, escape};

/// A feed as Atom.
#[must_use]
pub fn write(feed: &FeedModel) -> String {
    let host = feed.host();
    let which = match feed.entries {
        Entries::Incidents => "history",
        Entries::Updates => "updates",
    };
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = write!(
        xml,
        "<feed xml:lang=\"en-US\" xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:{host},2005:/{which}</id>\
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
    for one in feed.entries() {
        entry(&mut xml, &one);
    }
    xml.push_str("</feed>");
    xml
}

fn entry(xml: &mut String, entry: &Entry) {
    let _ = write!(
        xml,
        "<entry><id>{id}</id><published>{published}</published><updated>{updated}</updated>\
         <link rel=\"alternate\" type=\"text/html\" href=\"{link}\"/><title>{title}</title>\
         <content type=\"html\">{html}</content></entry>",
        id = escape(&entry.id),
        published = time(entry.published_at),
        updated = time(entry.updated_at),
        link = escape(&entry.link),
        title = escape(&entry.title),
        html = escape(&entry.html),
    );
}

fn time(at: Timestamp) -> String {
    at.utc().to_rfc3339_opts(SecondsFormat::Secs, true)
}
