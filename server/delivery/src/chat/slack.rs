//! Slack's Block Kit.

use serde_json::{Value, json};

use super::{Card, fit};

/// Only these three mean something in Slack's text; with them gone nothing can mention or link.
fn escaped(text: &str, max: usize) -> String {
    fit(text, max).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A header is plain text and cannot be escaped; signs that look like theirs do no harm.
fn header(title: &str) -> String {
    fit(title, 150).replace('<', "‹").replace('>', "›")
}

pub(super) fn message(card: &Card) -> Value {
    let mut blocks = vec![json!({
        "type": "header", "text": { "type": "plain_text", "text": header(&card.title), "emoji": false },
    })];
    let fact = |(label, value): &(String, String)| json!({ "type": "mrkdwn", "text": format!("*{}*\n{}", escaped(label, 60), escaped(value, 600)) });
    if !card.facts.is_empty() {
        blocks.push(
            json!({ "type": "section", "fields": card.facts.iter().take(10).map(fact).collect::<Vec<_>>() }),
        );
    }
    for (label, text) in card.parts.iter().take(20) {
        let label = if label.is_empty() { String::new() } else { format!("*{}*\n", escaped(label, 100)) };
        blocks.push(json!({
            "type": "section", "text": { "type": "mrkdwn", "text": format!("{label}{}", escaped(text, 2_000)) },
        }));
    }
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "mrkdwn", "text": format!("<{}|{}> · <{}|{}>", card.link, card.to_status(), card.manage_url, card.to_manage()) }],
    }));
    json!({ "text": escaped(&card.title, 300), "unfurl_links": false, "blocks": blocks })
}
