//! CloudEvents 1.0 over HTTP: structured, binary, batch.

use axum::http::{HeaderMap, header};
use data_encoding::{BASE64, HEXLOWER};
use domain::{
    clock::Timestamp,
    telemetry::{
        event::{self, ActivationEvent, Event},
        lifecycle::{FUTURE_BEYOND, LIVE_WITHIN},
    },
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use store::{ApiKeyRow, EventRow};

use super::{
    answer::{ItemError, Problem},
    aside::Aside,
    grid::Grid,
    json::{self, DEPTH_MAX, Marked},
    personal,
    scope::Scope,
    writer::Item,
};
use crate::keys::Keys;

/// Longest id of an event, in bytes.
const ID_MAX: usize = 200;

/// How the request carries events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Structured,
    Binary,
    Batch,
}

/// An event as it came.
#[derive(Debug)]
pub(super) struct Candidate {
    id: String,
    source: String,
    kind: String,
    subject: Option<String>,
    time: Option<Timestamp>,
    data: Value,
}

pub(super) fn mode(headers: &HeaderMap) -> Result<Mode, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let mut parts = content_type.split(';').map(|p| p.trim().to_ascii_lowercase());
    let kind = parts.next().unwrap_or_default();
    let is_utf8 = parts
        .filter_map(|p| p.strip_prefix("charset=").map(|c| c.trim_matches('"').to_owned()))
        .all(|c| c == "utf-8");
    let mode = match kind.as_str() {
        "application/cloudevents+json" => Some(Mode::Structured),
        "application/cloudevents-batch+json" => Some(Mode::Batch),
        "application/json" | ""
            if headers.contains_key("ce-specversion") || headers.contains_key("ce-id") =>
        {
            Some(Mode::Binary)
        }
        _ => None,
    };
    mode.filter(|_| is_utf8).ok_or_else(|| {
        let detail = format!(
            "Content-Type {content_type:?} is not known here. Send application/cloudevents+json, \
             application/cloudevents-batch+json, or application/json with ce-* headers; in UTF-8."
        );
        Problem::new(415, "unsupported-media-type", "Not CloudEvents", detail)
    })
}

type Read = Vec<Result<Candidate, ItemError>>;

/// The events of a body; each is read on its own, so that a bad one loses no neighbour.
pub(super) fn read(mode: Mode, headers: &HeaderMap, body: &[u8], most: usize) -> Result<Read, Problem> {
    let bad = |detail: String| Problem::new(400, "bad-json", "The body is not valid JSON", detail);
    let value: Value = if mode == Mode::Binary && body.is_empty() {
        Value::Null
    } else {
        let Marked(value) =
            serde_json::from_slice(body).map_err(|e| bad(format!("{e}. Send UTF-8 JSON.")))?;
        value
    };
    if json::is_too_deep(&value) {
        return Err(bad(format!("It is nested deeper than {DEPTH_MAX} levels.")));
    }
    match (mode, value) {
        (Mode::Structured, value) => Ok(vec![structured(value)]),
        (Mode::Binary, value) => Ok(vec![binary(headers, value)]),
        (Mode::Batch, Value::Array(events)) if events.len() > most => {
            let detail = format!(
                "A batch may hold {most} events; this one holds {}. Send smaller batches.",
                events.len()
            );
            Err(Problem::new(413, "too-many-events", "The batch is too large", detail))
        }
        (Mode::Batch, Value::Array(events)) => Ok(events.into_iter().map(structured).collect()),
        (Mode::Batch, _) => Err(bad("A batch is a JSON array of events.".into())),
    }
}

fn item_error(
    id: Option<&str>,
    status: u16,
    slug: &'static str,
    pointer: &'static str,
    detail: impl Into<String>,
) -> ItemError {
    ItemError { id: id.map(str::to_owned), status, slug, pointer, detail: detail.into() }
}

fn structured(value: Value) -> Result<Candidate, ItemError> {
    if let Some(detail) = json::twice(&value) {
        let id = value["id"].as_str().filter(|id| id.len() <= ID_MAX);
        return Err(item_error(id, 400, "bad-event", "", detail));
    }
    let Value::Object(mut event) = value else {
        return Err(item_error(None, 400, "bad-event", "", "an event is a JSON object"));
    };
    let data = match (event.remove("data"), event.remove("data_base64")) {
        (Some(_), Some(_)) => {
            return Err(item_error(
                None,
                400,
                "bad-event",
                "/data_base64",
                "an event has data or data_base64, not both",
            ));
        }
        (None, Some(Value::String(text))) => BASE64
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .map(|Marked(value)| value)
            .filter(|v| !json::is_too_deep(v) && json::twice(v).is_none())
            .ok_or_else(|| {
                item_error(None, 400, "bad-event", "/data_base64", "data_base64 must be JSON in base64")
            })?,
        (None, Some(_)) => {
            return Err(item_error(None, 400, "bad-event", "/data_base64", "data_base64 must be a string"));
        }
        (data, None) => data.unwrap_or(Value::Null),
    };
    attributes(&event, data)
}

fn binary(headers: &HeaderMap, data: Value) -> Result<Candidate, ItemError> {
    if let Some(detail) = json::twice(&data) {
        return Err(item_error(None, 400, "bad-event", "/data", detail));
    }
    let mut event = Map::new();
    for name in ["id", "source", "specversion", "type", "subject", "time"] {
        if let Some(value) = headers.get(format!("ce-{name}")) {
            let text = percent_encoding::percent_decode(value.as_bytes()).decode_utf8().map_err(|_| {
                item_error(None, 400, "bad-event", "", format!("header ce-{name} is not UTF-8"))
            })?;
            event.insert(name.to_owned(), Value::from(text.into_owned()));
        }
    }
    attributes(&event, data)
}

fn attributes(event: &Map<String, Value>, data: Value) -> Result<Candidate, ItemError> {
    let id = event.get("id").and_then(Value::as_str);
    let text = |name: &str, pointer: &'static str, most: usize| match event.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(s)) if !s.is_empty() && s.len() <= most && !s.chars().any(char::is_control) => {
            Ok(Some(s.clone()))
        }
        Some(_) => {
            let detail = format!("{name} must be a string of 1 to {most} bytes without control characters");
            Err(item_error(id, 400, "bad-attribute", pointer, detail))
        }
    };
    let needed = |value: Option<String>, name: &str, pointer: &'static str| {
        value.ok_or_else(|| item_error(id, 400, "missing-attribute", pointer, format!("{name} is missing")))
    };
    let event_id = needed(text("id", "/id", ID_MAX)?, "id", "/id")?;
    let source = needed(text("source", "/source", 400)?, "source", "/source")?;
    let version = needed(text("specversion", "/specversion", 10)?, "specversion", "/specversion")?;
    if version != "1.0" {
        return Err(item_error(
            id,
            400,
            "bad-attribute",
            "/specversion",
            format!("specversion {version:?} is not \"1.0\""),
        ));
    }
    let kind = needed(text("type", "/type", 200)?, "type", "/type")?;
    let subject = text("subject", "/subject", 800)?;
    let time = match text("time", "/time", 64)? {
        Some(time) => Some(
            Timestamp::parse_rfc3339(&time)
                .map_err(|e| item_error(id, 400, "bad-time", "/time", format!("time {time:?} is {e}")))?,
        ),
        None => None,
    };
    Ok(Candidate { id: event_id, source, kind, subject, time, data })
}

impl Candidate {
    /// Puts hashes in the place of what names a profile or a person; or says where an activation code stands.
    fn veil(&mut self, keys: &Keys) -> Result<(), &'static str> {
        let said =
            [("/id", Some(&self.id)), ("/source", Some(&self.source)), ("/subject", self.subject.as_ref())];
        let holds_code = |text: &&String| personal::is_activation_code(text);
        if let Some((pointer, _)) = said.into_iter().find(|(_, text)| text.filter(holds_code).is_some()) {
            return Err(pointer);
        }
        if personal::has_activation_code(&self.data) {
            return Err("/data");
        }
        personal::hash(keys, &mut self.data);
        if let Some(subject) = self.subject.as_mut().filter(|subject| personal::is_number(subject)) {
            *subject = personal::token(keys, subject);
        }
        Ok(())
    }

    /// Judges the event and makes it ready to be kept.
    pub(super) fn prepare(
        mut self,
        keys: &Keys,
        (key, scope): (&ApiKeyRow, &Scope),
        grid: &Grid,
        now: Timestamp,
    ) -> Result<Item, ItemError> {
        let id = self.id.clone();
        let refuse =
            |status, slug, pointer, detail: String| item_error(Some(&id), status, slug, pointer, detail);
        if let Some(prefix) = key.source_prefix.as_deref().filter(|p| !self.source.starts_with(*p)) {
            return Err(refuse(
                422,
                "foreign-source",
                "/source",
                format!("this key may only speak for sources that start with {prefix:?}"),
            ));
        }
        if let Err(pointer) = self.veil(keys) {
            let detail = "this holds an activation code (LPA:1$…). Whoever has one can take the profile: never send it".into();
            return Err(refuse(422, "activation-code", pointer, detail));
        }
        let occurred_at = self.time.unwrap_or(now);
        let read = event::read(&self.kind, self.subject.as_deref(), occurred_at, &self.data)
            .map_err(|e| refuse(422, e.slug, e.pointer, e.detail))?;
        let (activation, aside) = match read {
            Event::Activation(event) => (Some(event), None),
            Event::Failover(event) => (None, Some(Aside::Failover(event))),
            Event::Trial(event) => (None, Some(Aside::Trial(event))),
            Event::Other => (None, None),
        };
        may_say(scope, grid, activation.as_ref(), aside.as_ref())
            .map_err(|(slug, pointer, detail)| refuse(422, slug, pointer, detail))?;
        let is_future = occurred_at.since(now) > FUTURE_BEYOND;
        let is_late = now.since(occurred_at) > LIVE_WITHIN;
        let flags = if is_future {
            "future"
        } else if is_late {
            "late"
        } else {
            ""
        };
        let data = canonical(&self.data);
        // A time of ours is no part of the event: a repeat without a time must be the same event.
        let time = self.time.map(|t| t.millis().to_string()).unwrap_or_default();
        let mut digest = Sha256::new();
        for part in [&self.kind, self.subject.as_deref().unwrap_or(""), &time, &data] {
            digest.update(format!("{}:", part.len()));
            digest.update(part);
        }
        let row = EventRow {
            digest: HEXLOWER.encode(&digest.finalize()),
            source: self.source,
            event_id: self.id,
            kind: self.kind,
            subject: self.subject.unwrap_or_default(),
            occurred_at,
            received_at: now,
            key_id: key.id.clone(),
            flags: flags.to_owned(),
            data,
        };
        let (activation, aside) = if is_future { (None, None) } else { (activation, aside) };
        Ok(Item { row, activation, aside })
    }
}

/// Slug, pointer and detail of what a key may not say.
pub(super) type Foreign = (&'static str, &'static str, String);

/// Whether the page has the country, and the key may speak of it.
pub(super) fn country_within(scope: &Scope, grid: &Grid, country: &str) -> Result<(), Foreign> {
    if !grid.has_country(country) {
        return Err(("unknown-country", "/data/country", format!("country {country:?} is not on this page")));
    }
    if !scope.has_country(country) {
        let detail = format!("this key may not speak of country {country:?}");
        return Err(("foreign-country", "/data/country", detail));
    }
    Ok(())
}

/// Whether the key may speak of the supplier.
pub(super) fn supplier_within(scope: &Scope, supplier: &str) -> Result<(), Foreign> {
    if scope.has_supplier(supplier) {
        return Ok(());
    }
    let detail = format!("this key may not speak of supplier {supplier:?}");
    Err(("foreign-supplier", "/data/supplier", detail))
}

/// Whether the key may say what an event tells.
fn may_say(
    scope: &Scope,
    grid: &Grid,
    activation: Option<&ActivationEvent>,
    aside: Option<&Aside>,
) -> Result<(), Foreign> {
    if let Some(event) = activation {
        within(scope, grid, event)?;
    }
    aside.map_or(Ok(()), |aside| aside.within(scope, grid))
}

/// Whether the page has the country, and the key may speak of the activation.
fn within(scope: &Scope, grid: &Grid, event: &ActivationEvent) -> Result<(), Foreign> {
    country_within(scope, grid, &event.country)?;
    supplier_within(scope, &event.supplier)?;
    if !scope.has_activations(&grid.measured) {
        let detail = "this key may speak of no component that activations measure".into();
        return Err(("foreign-component", "/type", detail));
    }
    Ok(())
}

/// JSON with sorted members, so that equal events have equal digests.
fn canonical(value: &Value) -> String {
    let mut out = String::with_capacity(128);
    write_canonical(&mut out, value);
    out
}

fn write_canonical(out: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (i, (name, value)) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_plain(out, name);
                out.push(':');
                write_canonical(out, value);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_canonical(out, item);
            }
            out.push(']');
        }
        other => write_plain(out, other),
    }
}

fn write_plain<T: serde::Serialize>(out: &mut String, value: &T) {
    if let Ok(text) = serde_json::to_string(value) {
        out.push_str(&text);
    }
}
