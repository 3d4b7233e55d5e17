//! Discord's embeds.

use serde_json::{Value, json};

use super::{Card, fit};

/// Discord reads Markdown: a backslash before its signs makes them signs. Mentions are switched off beside that.
fn plain(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for c in fit(text, max).chars() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '`' | '~' | '|' | '>' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

pub(super) fn message(card: &Card) -> Value {
    let fact = |(label, value): &(String, String)| json!({ "name": fit(label, 100), "value": plain(value, 500), "inline": true });
    let part = |(label, text): &(String, String)| {
        let name = if label.is_empty() { "\u{200b}" } else { label.as_str() };
        json!({ "name": fit(name, 100), "value": plain(text, 500), "inline": false })
    };
    let end = json!({ "name": "\u{200b}", "value": format!("[{}]({})", card.to_manage(), card.manage_url), "inline": false });
    // An embed holds 6,000 characters in all.
    let mut left = 5_000_usize;
    let fits = |field: &Value| {
        let size = field.to_string().chars().count();
        let fits = size <= left;
        left = left.saturating_sub(size);
        fits
    };
    let said = card.facts.iter().map(fact).chain(card.parts.iter().map(part)).take_while(fits);
    let fields: Vec<Value> = said.chain([end]).collect();
    json!({
        "allowed_mentions": { "parse": [] },
        "embeds": [{ "title": plain(&card.title, 120), "url": card.link, "color": card.colour(), "fields": fields }],
    })
}
