//! Adaptive Cards, as Microsoft Teams takes them.

use domain::severity::Severity;
use serde_json::{Value, json};

use super::{Card, fit};

/// Teams reads Markdown in texts: a backslash before its signs makes them signs.
fn plain(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for c in fit(text, max).chars() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '`' | '<' | '>' | '~' | '!') {
            out.push('\\');
        }
        out.push(c);
    }
    out.replace('\n', "\n\n")
}

pub(super) fn message(card: &Card) -> Value {
    let colour = match (card.is_over, card.severity) {
        (true, _) => "Good",
        (_, Some(Severity::Sev1 | Severity::Sev2)) => "Attention",
        (_, Some(Severity::Sev3)) => "Warning",
        _ => "Default",
    };
    let mut body = vec![json!({
        "type": "TextBlock", "text": plain(&card.title, 300), "size": "Large", "weight": "Bolder", "wrap": true, "color": colour,
    })];
    if !card.facts.is_empty() {
        let facts: Vec<Value> =
            card.facts.iter().map(|(l, v)| json!({ "title": fit(l, 60), "value": plain(v, 600) })).collect();
        body.push(json!({ "type": "FactSet", "facts": facts }));
    }
    for (label, text) in card.parts.iter().take(20) {
        if !label.is_empty() {
            body.push(json!({ "type": "TextBlock", "text": plain(label, 100), "weight": "Bolder", "wrap": true, "spacing": "Medium" }));
        }
        body.push(
            json!({ "type": "TextBlock", "text": plain(text, 2_000), "wrap": true, "spacing": "Small" }),
        );
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body,
                "actions": [
                    { "type": "Action.OpenUrl", "title": card.to_status(), "url": card.link },
                    { "type": "Action.OpenUrl", "title": card.to_manage(), "url": card.manage_url },
                ],
            },
        }],
    })
}
