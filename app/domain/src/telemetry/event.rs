//! Activation events: the data inside CloudEvents.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::supplier::node_of;
use crate::{clock::Timestamp, component::Step, text::no_identifiers};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Traffic of a supplier moved between its nodes.
    Failover(FailoverEvent),
    /// Somebody tried a journey end to end.
    Trial(TrialEvent),
    /// Kept for later use: heartbeats of a source.
    Other,
}

/// Traffic moved between nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailoverEvent {
    /// Slug of the supplier.
    pub supplier: String,
    /// Slug of the node that it left.
    pub from: String,
    /// Slug of the node that carries it now.
    pub to: String,
    /// Why.
    pub reason: String,
    /// When, by the event's own time.
    pub occurred_at: Timestamp,
}

/// The result of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialEvent {
    /// Model of the device.
    pub device: String,
    /// The carrier.
    pub carrier: String,
    /// `ota`, `qr` or `alternate`.
    pub flow: String,
    /// What was looked at: `activation`, `certificate`, `ota_latency` or `qr_decode`.
    pub aspect: String,
    /// Whether it went as it should.
    pub is_passed: bool,
    /// How long it took, in milliseconds.
    pub latency_ms: Option<i64>,
    /// ISO code, if told.
    pub country: Option<String>,
    /// `name` or `name/node`, if told.
    pub supplier: Option<String>,
    /// When, by the event's own time.
    pub occurred_at: Timestamp,
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
/// What a trial looks at.
const CHECKS: [&str; 4] = ["activation", "certificate", "ota_latency", "qr_decode"];

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
        "esim.supplier.failover" => return failover(object(data)?, occurred_at).map(Event::Failover),
        "esim.trial.result" => return trial(object(data)?, occurred_at).map(Event::Trial),
        "esim.source.heartbeat" => return Ok(Event::Other),
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
    let country = iso_code(word(data, "country", "/data/country", None)?)?;
    let flow = flow(data)?;
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
        flow,
        cohort: cohort.to_owned(),
        is_download_only: false,
    }))
}

fn iso_code(country: &str) -> Result<String, Invalid> {
    if country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(country.to_owned());
    }
    let detail = format!("country {country:?} is not an ISO 3166-1 code like FR");
    invalid("bad-country", "/data/country", detail)
}

fn flow(data: &Map<String, Value>) -> Result<String, Invalid> {
    let flow = word(data, "flow", "/data/flow", Some("ota"))?;
    if FLOWS.contains(&flow) {
        return Ok(flow.to_owned());
    }
    invalid("bad-flow", "/data/flow", format!("flow {flow:?} is not ota, qr or alternate"))
}

fn failover(data: &Map<String, Value>, occurred_at: Timestamp) -> Result<FailoverEvent, Invalid> {
    let supplier = word(data, "supplier", "/data/supplier", None)?;
    let supplier = supplier.split('/').next().unwrap_or_default().to_owned();
    let node = |name: &str, pointer: &'static str| {
        let given = word(data, name, pointer, None)?;
        node_of(&supplier, given).map(str::to_owned).map_or_else(
            || {
                let detail = format!(
                    "{name} {given:?} is not a node of {supplier:?}; write its slug, like 2 or {supplier}/2"
                );
                invalid("bad-node", pointer, detail)
            },
            Ok,
        )
    };
    let (from, to) = (node("from", "/data/from")?, node("to", "/data/to")?);
    if from == to {
        return invalid("bad-node", "/data/to", "to is the node that the traffic left; name another one");
    }
    let reason = word(data, "reason", "/data/reason", Some("not told"))?.to_owned();
    Ok(FailoverEvent { supplier, from, to, reason, occurred_at })
}

fn trial(data: &Map<String, Value>, occurred_at: Timestamp) -> Result<TrialEvent, Invalid> {
    let plain = |name: &str, pointer: &'static str| {
        let given = word(data, name, pointer, None)?;
        match no_identifiers(given) {
            Ok(()) => Ok(given.to_owned()),
            Err(e) => invalid("identifier", pointer, format!("{name}: {e} Name the model, not the device.")),
        }
    };
    let (device, carrier) = (plain("device", "/data/device")?, plain("carrier", "/data/carrier")?);
    let aspect = word(data, "check", "/data/check", None)?;
    if !CHECKS.contains(&aspect) {
        let detail = format!("check {aspect:?} is not activation, certificate, ota_latency or qr_decode");
        return invalid("bad-check", "/data/check", detail);
    }
    let Some(is_passed) = data.get("passed").and_then(Value::as_bool) else {
        return invalid("bad-passed", "/data/passed", "passed must be true or false");
    };
    let latency_ms = match data.get("latency_ms") {
        None | Some(Value::Null) => None,
        Some(given) => match given.as_i64().filter(|ms| (0..=86_400_000).contains(ms)) {
            Some(ms) => Some(ms),
            None => {
                let detail = "latency_ms must be a whole number of milliseconds, a day at most";
                return invalid("bad-latency", "/data/latency_ms", detail);
            }
        },
    };
    let given = |name: &str, pointer| match data.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => word(data, name, pointer, None).map(Some),
    };
    let country = given("country", "/data/country")?.map(iso_code).transpose()?;
    let supplier = given("supplier", "/data/supplier")?.map(str::to_owned);
    let (flow, aspect) = (flow(data)?, aspect.to_owned());
    Ok(TrialEvent { device, carrier, flow, aspect, is_passed, latency_ms, country, supplier, occurred_at })
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
