//! Feeds: RSS 2.0 and Atom in the shape that readers of hosted status pages know. Always well-formed, whatever was
//! typed: what XML cannot hold is left out.

mod atom;
mod rss;

use domain::{
    clock::Timestamp,
    incident::Phase,
    notice::{IncidentNotice, Message, site_of},
};

use crate::markdown::inline;

pub use atom::write as write_atom;
pub use rss::write as write_rss;

/// What the entries of a feed are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Entries {
    /// One per incident, its updates inside: what readers of hosted status pages know.
    #[default]
    Incidents,
    /// One per update: for readers that ignore what changes in an entry they have seen.
    Updates,
}

/// What a feed tells; plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedModel {
    /// Name of the page.
    pub page_name: String,
    /// Where the page's addresses begin, without a closing slash: its origin, or the link to a partner's page.
    pub origin: String,
    /// Address of this feed below the origin: `/history.rss?region=fr`.
    pub path: String,
    /// What the entries are.
    pub entries: Entries,
    /// What the feed is narrowed to: `France`, `SMS, France`.
    pub region: Option<String>,
    /// When the newest item changed; when the page was made, if there is none.
    pub updated_at: Timestamp,
    /// Incidents, newest first.
    pub items: Vec<FeedItem>,
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    /// Public id of the incident.
    pub incident_id: String,
    /// `[Sev 2] France/eUICC download – …`.
    pub title: String,
    /// When it was declared.
    pub published_at: Timestamp,
    /// Updates, newest first.
    pub updates: Vec<FeedUpdate>,
    /// Its published review.
    pub review: Option<FeedReview>,
}

/// A published review (root cause analysis).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedReview {
    /// When this text was published.
    pub at: Timestamp,
    /// Its sections with their headings, as typed.
    pub body: String,
}

/// One update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedUpdate {
    /// Public id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Phase it left the incident in.
    pub phase: Phase,
    /// When its text was last edited.
    pub edited_at: Option<Timestamp>,
    /// The filled fields with their labels, as typed.
    pub fields: Vec<(&'static str, String)>,
}

impl FeedItem {
    /// The incident of a notice.
    #[must_use]
    pub fn from_notice(notice: &IncidentNotice) -> Self {
        let update = |u: &domain::notice::NoticeUpdate| FeedUpdate {
            id: u.id.clone(),
            at: u.published_at,
            phase: u.phase,
            edited_at: u.edited_at,
            fields: FeedUpdate::fields(&u.message),
        };
        Self {
            incident_id: notice.incident_id.clone(),
            title: notice.full_title(),
            published_at: notice.created_at,
            updates: notice.updates.iter().map(update).collect(),
            review: None,
        }
    }

    /// When it last changed.
    fn updated_at(&self) -> Timestamp {
        let updates = self.updates.iter().map(|u| u.edited_at.unwrap_or(u.at));
        updates.chain(self.review.as_ref().map(|r| r.at)).max().unwrap_or(self.published_at)
    }

    /// Address of its page, in a feed of `origin`.
    fn link(&self, origin: &str) -> String {
        format!("{origin}/incidents/{}", self.incident_id)
    }

    /// Its review and its updates as HTML, newest first.
    fn html(&self, origin: &str) -> String {
        let review = self.review.as_ref().map(|r| {
            let more = format!("<a href='{}/rca'>Root cause analysis</a>", escape(&self.link(origin)));
            paragraph(r.at, "Postmortem", &format!("{}<br><br>{more}", inline(&xml_chars(&r.body))))
        });
        review.into_iter().chain(self.updates.iter().map(FeedUpdate::html)).collect()
    }
}

impl FeedUpdate {
    /// The filled fields of a message.
    #[must_use]
    pub fn fields(message: &Message) -> Vec<(&'static str, String)> {
        message.labelled().into_iter().map(|(label, text)| (label, text.to_owned())).collect()
    }

    fn html(&self) -> String {
        let field = |(label, text): &(&str, String)| format!("{label}: {}", inline(&xml_chars(text)));
        let body = self.fields.iter().map(field).collect::<Vec<_>>().join("<br><br>");
        paragraph(self.at, self.phase.word(), &body)
    }
}

/// What happened at a time, as HTML.
fn paragraph(at: Timestamp, what: &str, body: &str) -> String {
    let utc = domain::clock_local::zone("Etc/UTC");
    let (day, month) = split(&domain::clock_local::day_month(at, utc));
    let clock = domain::clock_local::hour_minute(at, utc);
    format!(
        "<p><small>{month} <var data-var='date'> {day}</var>, <var data-var='time'>{clock}</var> UTC</small><br>\
         <strong>{what}</strong> - {body}</p>"
    )
}

impl FeedModel {
    /// `Meridian eSIM Status - Incident History`; a region's feed names the region.
    #[must_use]
    pub fn title(&self) -> String {
        let name = self.page_name.strip_suffix(" Status").unwrap_or(&self.page_name);
        let what = match self.entries {
            Entries::Incidents => "Incident History",
            Entries::Updates => "Updates",
        };
        match &self.region {
            Some(region) => format!("{name} Status - {what} - {region}"),
            None => format!("{name} Status - {what}"),
        }
    }

    /// Host of the page: what the ids of entries begin with.
    fn host(&self) -> &str {
        site_of(&self.origin).split("://").last().unwrap_or_default()
    }

    /// What both formats write down, newest first.
    fn entries(&self) -> Vec<Entry> {
        let host = self.host();
        // A link to a partner's page is a secret that may be renewed; an entry stays the same then.
        let is_link = site_of(&self.origin) == self.origin;
        let of_incident = |item: &FeedItem| Entry {
            id: format!("tag:{host},2005:Incident/{}", item.incident_id),
            is_link,
            link: item.link(&self.origin),
            title: item.title.clone(),
            published_at: item.published_at,
            updated_at: item.updated_at(),
            html: item.html(&self.origin),
        };
        let of_update = |item: &FeedItem, update: &FeedUpdate| Entry {
            id: format!("tag:{host},2005:Update/{}", update.id),
            is_link: false,
            link: item.link(&self.origin),
            title: format!("{} – {}", item.title, update.phase.word()),
            published_at: update.at,
            updated_at: update.edited_at.unwrap_or(update.at),
            html: update.html(),
        };
        if self.entries == Entries::Incidents {
            return self.items.iter().map(of_incident).collect();
        }
        let all = self.items.iter().flat_map(|item| item.updates.iter().map(move |u| (item, u)));
        let mut all: Vec<Entry> = all.map(|(item, update)| of_update(item, update)).collect();
        all.sort_by_key(|e| std::cmp::Reverse(e.published_at));
        all.truncate(UPDATES_MAX);
        all
    }

    /// An example with one incident.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            page_name: "Meridian eSIM".into(),
            origin: "https://status.example.com".into(),
            path: "/history.rss".into(),
            entries: Entries::Incidents,
            region: None,
            updated_at: crate::sample::SAMPLE_AT,
            items: vec![FeedItem::from_notice(&crate::sample::notice())],
        }
    }
}

/// Updates in a feed of updates at most.
const UPDATES_MAX: usize = 100;

/// One entry of either format.
struct Entry {
    id: String,
    /// In RSS its link is its id, as readers know it.
    is_link: bool,
    link: String,
    title: String,
    published_at: Timestamp,
    updated_at: Timestamp,
    html: String,
}

/// `2 Mar` as day and month.
fn split(day_month: &str) -> (String, String) {
    let (day, month) = day_month.split_once(' ').unwrap_or((day_month, ""));
    (day.to_owned(), month.to_owned())
}

/// Text as XML or HTML content, without what XML 1.0 cannot hold.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in xml_chars(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Only what the XML 1.0 production `Char` allows, without carriage returns and bidirectional overrides.
fn xml_chars(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, '\t' | '\n' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..))
        .filter(|c| matches!(c, '\t' | '\n') || !crate::outcome::is_hidden(*c))
        .collect()
}

#[cfg(test)]
mod tests;
