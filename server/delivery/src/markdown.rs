//! The limited Markdown of updates. The one place where typed text becomes HTML: parsed by pulldown-cmark, cut down to an
//! allow-list by ammonia. Raw HTML in the source stays text; pictures become their description.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// HTML that came out of this module: safe to show as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Templates show it without escaping it once more.
impl askama::filters::HtmlSafe for Html {}

const TAGS: [&str; 13] =
    ["p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "h3", "h4", "a"];

static ALLOWED: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(TAGS))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"])), ("ol", HashSet::from(["start"]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer"));
    builder
});

/// Events of the limited language: a line break stays one, headings are small, HTML is text, pictures are words.
fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
    let level = |level| match level {
        HeadingLevel::H1 | HeadingLevel::H2 | HeadingLevel::H3 => HeadingLevel::H3,
        _ => HeadingLevel::H4,
    };
    Parser::new_ext(text, Options::empty()).filter_map(move |event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Heading { level: at, .. }) => Some(Event::Start(Tag::Heading {
            level: level(at),
            id: None,
            classes: Vec::new(),
            attrs: Vec::new(),
        })),
        Event::End(TagEnd::Heading(at)) => Some(Event::End(TagEnd::Heading(level(at)))),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) | Event::Rule => None,
        Event::SoftBreak => Some(Event::HardBreak),
        other => Some(other),
    })
}

fn clean<'a>(events: impl Iterator<Item = Event<'a>>) -> Html {
    let mut out = String::new();
    html::push_html(&mut out, events);
    Html(ALLOWED.clean(out.trim()).to_string())
}

/// A text as blocks: paragraphs, lists, quotes.
#[must_use]
pub fn blocks(text: &str) -> Html {
    clean(events(text))
}

/// A text within one paragraph: blocks become line breaks, items begin with a bullet.
#[must_use]
pub fn inline(text: &str) -> Html {
    let mut out: Vec<Event<'_>> = Vec::new();
    for event in events(text) {
        match event {
            Event::Start(Tag::Item) => {
                break_lines(&mut out, 1);
                out.push(Event::Text("• ".into()));
            }
            Event::Start(ref tag) if is_block(&tag.to_end()) => {}
            Event::End(tag) if is_block(&tag) => {
                if matches!(tag, TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::List(_))
                {
                    break_lines(&mut out, 2);
                }
            }
            other => out.push(other),
        }
    }
    while out.last() == Some(&Event::HardBreak) {
        out.pop();
    }
    clean(out.into_iter())
}

/// Ends the line, if there is one, so that `lines` breaks stand there.
fn break_lines(out: &mut Vec<Event<'_>>, lines: usize) {
    let there = out.iter().rev().take_while(|e| **e == Event::HardBreak).count();
    if !out.is_empty() {
        out.extend((there..lines).map(|_| Event::HardBreak));
    }
}

const fn is_block(tag: &TagEnd) -> bool {
    matches!(
        tag,
        TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::BlockQuote(_)
            | TagEnd::CodeBlock
            | TagEnd::List(_)
            | TagEnd::Item
    )
}

/// A text without its marks: what a reader would read aloud, one line a block.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for event in events(text) {
        match event {
            Event::Text(words) | Event::Code(words) => out.push_str(&words),
            Event::HardBreak => out.push('\n'),
            Event::Start(Tag::Item) => out.push_str("• "),
            Event::End(tag) if is_block(&tag) && !out.is_empty() && !out.ends_with('\n') => out.push('\n'),
            _ => {}
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests;
