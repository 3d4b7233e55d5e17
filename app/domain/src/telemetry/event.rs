//! Activation events: the data inside CloudEvents.

use serde_json::{Map, Value};

use crate::{clock::Timestamp, component::Step};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The customer asked.
    Requested,
    /// A profile is reserved, its code delivered.
    Issued,
    /// The profile is on the eUICC.
    Downloaded,
    /// It is enabled and attached.
    Enabled,
    /// A step failed for good.
    Failed {
        /// Which step: issue, download or enable.
        step: Step,
        /// The source's own class of error.
        error_class: String,
    },
    /// A secondary flow was used.
    Fallback,
    /// The profile is gone.
    Revoked,
}

/// One event of an activation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationEvent {
    /// The activation: an opaque order or activation id.
    pub subject: String,
    /// What happened.
    pub happening: Happening,
    /// When, by the event's own time.
    pub occurred_at: Timestamp,
    /// ISO code, upper case.
    pub country: String,
    /// `name` or `name/node`.
    pub supplier: String,
    /// `ota`, `qr` or `alternate`.
    pub flow: String,
    /// `baseline` or `canary`.
    pub cohort: String,
    /// Its source knows the download alone: what comes before and after it is not expected.
    pub is_download_only: bool,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A journey.
    Activation(ActivationEvent),
    /// Kept for later use: failovers, trials, heartbeats of a source.
    Other,
}

/// Why an event is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Slug of the problem type: `unknown-type`.
    pub slug: &'static str,
    /// JSON pointer inside the event: `/data/country`.
    pub pointer: &'static str,
    /// What is wrong and what would be right.
    pub detail: String,
}

fn invalid<T>(slug: &'static str, pointer: &'static str, detail: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid { slug, pointer, detail: detail.into() })
}

const FLOWS: [&str; 3] = ["ota", "qr", "alternate"];
const COHORTS: [&str; 2] = ["baseline", "canary"];

/// Reads an event of type `kind` about `subject`. Unknown members of `data` are ignored.
///
/// # Errors
/// The first member that is missing or wrong.
pub fn read(
    kind: &str,
    subject: Option<&str>,
    occurred_at: Timestamp,
    data: &Value,
) -> Result<Event, Invalid> {
    let happening = match kind {
        "esim.activation.requested" => Happening::Requested,
        "esim.activation.issued" => Happening::Issued,
        "esim.activation.downloaded" => Happening::Downloaded,
        "esim.activation.enabled" => Happening::Enabled,
        "esim.activation.failed" => failure(object(data)?)?,
        "esim.activation.fallback" => Happening::Fallback,
        "esim.profile.revoked" => Happening::Revoked,
        "esim.supplier.failover" | "esim.trial.result" | "esim.source.heartbeat" => return Ok(Event::Other),
        other => {
            return invalid(
                "unknown-type",
                "/type",
                format!("type {other:?} is not one that Waypost knows; esim.activation.requested is"),
            );
        }
    };
    let data = object(data)?;
    let subject = about(subject)?;
    let country = word(data, "country", "/data/country", None)?.to_owned();
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        return invalid(
            "bad-country",
            "/data/country",
            format!("country {country:?} is not an ISO 3166-1 code like FR"),
        );
    }
    let flow = word(data, "flow", "/data/flow", Some("ota"))?;
    if !FLOWS.contains(&flow) {
        return invalid("bad-flow", "/data/flow", format!("flow {flow:?} is not ota, qr or alternate"));
    }
    let cohort = word(data, "cohort", "/data/cohort", Some("baseline"))?;
    if !COHORTS.contains(&cohort) {
        return invalid("bad-cohort", "/data/cohort", format!("cohort {cohort:?} is not baseline or canary"));
    }
    let supplier = word(data, "supplier", "/data/supplier", Some("unknown"))?.to_owned();
    Ok(Event::Activation(ActivationEvent {
        subject,
        happening,
        occurred_at,
        country,
        supplier,
        flow: flow.to_owned(),
        cohort: cohort.to_owned(),
        is_download_only: false,
    }))
}

fn about(subject: Option<&str>) -> Result<String, Invalid> {
    match subject {
        Some(s) if !s.is_empty() && s.chars().count() <= 200 && !s.chars().any(char::is_control) => {
            Ok(s.to_owned())
        }
        Some(_) => invalid(
            "bad-subject",
            "/subject",
            "subject must have 1 to 200 characters and no control characters",
        ),
        None => invalid(
            "missing-member",
            "/subject",
            "subject is missing: the order or activation that this event is about",
        ),
    }
}

fn object(data: &Value) -> Result<&Map<String, Value>, Invalid> {
    match data {
        Value::Object(map) => Ok(map),
        Value::Null => invalid(
            "missing-member",
            "/data",
            "data is missing: an object with at least country and supplier",
        ),
        _ => invalid("bad-data", "/data", "data must be a JSON object"),
    }
}

fn failure(data: &Map<String, Value>) -> Result<Happening, Invalid> {
    let step = match word(data, "step", "/data/step", None)? {
        "issue" => Step::Issue,
        "download" => Step::Download,
        "enable" => Step::Enable,
        other => {
            return invalid(
                "bad-step",
                "/data/step",
                format!("step {other:?} is not issue, download or enable"),
            );
        }
    };
    let error_class = word(data, "error_class", "/data/error_class", Some("unspecified"))?.to_owned();
    Ok(Happening::Failed { step, error_class })
}

fn word<'a>(
    data: &'a Map<String, Value>,
    name: &str,
    pointer: &'static str,
    default: Option<&'a str>,
) -> Result<&'a str, Invalid> {
    match (data.get(name), default) {
        (None | Some(Value::Null), Some(default)) => Ok(default),
        (None | Some(Value::Null), None) => invalid("missing-member", pointer, format!("{name} is missing")),
        (Some(Value::String(s)), _)
            if s.is_empty() || s.chars().count() > 120 || s.chars().any(char::is_control) =>
        {
            invalid(
                "bad-text",
                pointer,
                format!("{name} must have 1 to 120 characters and no control characters"),
            )
        }
        (Some(Value::String(s)), _) => Ok(s),
        (Some(_), _) => invalid("bad-text", pointer, format!("{name} must be a string")),
    }
}
