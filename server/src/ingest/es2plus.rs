//! GSMA SGP.22 ES2+: an SM-DP+ tells how a profile's download goes. It knows no country and ends at installation, so a
//! mapping says where the profile is sold and who supplies it, and only the download step is fed.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, Request, StatusCode},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use domain::{
    clock::Timestamp,
    component::Step,
    telemetry::{
        event::{ActivationEvent, Happening},
        lifecycle::{FUTURE_BEYOND, LIVE_WITHIN},
        mapping::{LABEL_MAX, Labels},
    },
};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::EventRow;

use super::{Door, answer::Problem, grid::ES2PLUS, writer::Item};
use crate::keys::Purpose;

/// What is said of the protocol when the request does not.
const PROTOCOL: &str = "gsma/rsp/v2.2.0";
/// What fills an ICCID of 19 digits up, with some senders: no part of it.
const PADDING: [char; 2] = ['F', 'f'];
/// Labels that a notification has for mappings: there are no others.
pub const LABELS: [&str; 3] = ["requester", "profile_type", "issuer"];
/// Digits of an ICCID that name its issuer.
const ISSUER_DIGITS: usize = 7;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    header: Header,
    #[serde(default)]
    eid: Option<String>,
    #[serde(default)]
    iccid: Option<String>,
    #[serde(default)]
    profile_type: Option<String>,
    timestamp: String,
    notification_point_id: i64,
    notification_point_status: PointStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    function_requester_identifier: String,
    function_call_identifier: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PointStatus {
    status: String,
    #[serde(default)]
    status_code_data: Option<StatusCodeData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusCodeData {
    #[serde(default)]
    subject_code: Option<String>,
    #[serde(default)]
    reason_code: Option<String>,
}

pub(super) async fn progress(State(door): State<Arc<Door>>, request: Request<Body>) -> Response {
    let protocol = request.headers().get("x-admin-protocol").cloned();
    let mut response = match take(&door, request).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => problem.into_response(),
    };
    let protocol = protocol.unwrap_or_else(|| HeaderValue::from_static(PROTOCOL));
    response.headers_mut().insert("x-admin-protocol", protocol);
    response
}

async fn take(door: &Door, request: Request<Body>) -> Result<(), Problem> {
    let now = door.app.clock.now();
    let (key, scope, (told, _place)) = door.told::<Progress>(request, now).await?;
    check(&told)?;
    door.quotas.charge_events(&key, 1)?;
    let occurred_at = Timestamp::parse_rfc3339(&told.timestamp)
        .map_err(|e| wrong("bad-time", "/timestamp", format!("timestamp {:?} is {e}", told.timestamp)))?;
    let profile = told.iccid.as_deref().or(told.eid.as_deref()).unwrap_or_default().trim_end_matches(PADDING);
    let profile = door.app.keys.token(Purpose::Profile, &[profile]);
    let labels = labels(&told);
    let grid = door.grid(now).await?;
    let mapped = grid.of_profile(&labels);
    let foreign = |detail: String| Problem::new(403, "foreign-cell", "Outside of this key", detail);
    if !scope.has_activations(&grid.measured) {
        return Err(foreign("This key may speak of no service that activations measure.".into()));
    }
    if let Some((country, supplier)) = mapped
        && !(scope.has_country(country) && scope.has_supplier(supplier))
    {
        return Err(foreign(format!("This key may not speak of {supplier:?} in {country:?}.")));
    }
    let is_future = occurred_at.since(now) > FUTURE_BEYOND;
    let activation = mapped.filter(|_| !is_future).and_then(|(country, supplier)| {
        Some(ActivationEvent {
            subject: subject(&profile),
            happening: happening(&told)?,
            occurred_at,
            country: country.to_owned(),
            supplier: supplier.to_owned(),
            flow: "ota".into(),
            cohort: "baseline".into(),
            is_download_only: true,
        })
    });
    let is_mapped = mapped.is_some();
    let flags = match (is_future, now.since(occurred_at) > LIVE_WITHIN, is_mapped) {
        (true, ..) => "future",
        (_, true, _) => "late",
        (_, _, false) => "unmapped",
        _ => "",
    };
    let row = row(&told, &profile, &key.id, occurred_at, now, flags);
    let kept = door.keep(vec![Ok(Item { row, activation, aside: None })]).await?;
    if let Some((_, Err(error))) = kept.into_iter().next() {
        let detail =
            "A call with this identifier told something else before. Use a new functionCallIdentifier.";
        return Err(wrong("conflict", "/header/functionCallIdentifier", detail.into()).status(error.status));
    }
    if !is_mapped {
        let mut tx = door.app.store.write().await?;
        let seen = BTreeMap::from([(serde_json::to_string(&labels).unwrap_or_default(), 1)]);
        tx.note_unmapped(ES2PLUS, &seen, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn wrong(slug: &'static str, pointer: &'static str, detail: String) -> Problem {
    Problem::new(422, slug, "The notification is not valid", detail).at(pointer)
}

/// The journey of a profile, as the SM-DP+ tells it.
fn subject(profile: &str) -> String {
    format!("profile:{profile}")
}

fn check(told: &Progress) -> Result<(), Problem> {
    let text = |value: &str, pointer: &'static str| {
        let is_good = !value.is_empty()
            && value.chars().count() <= LABEL_MAX
            && !value.chars().any(char::is_control)
            && !value.to_ascii_uppercase().contains("LPA:1$");
        let detail = format!(
            "it must have 1 to {LABEL_MAX} characters, no control characters, and hold no activation code"
        );
        if is_good { Ok(()) } else { Err(wrong("bad-text", pointer, detail)) }
    };
    text(&told.header.function_requester_identifier, "/header/functionRequesterIdentifier")?;
    text(&told.header.function_call_identifier, "/header/functionCallIdentifier")?;
    if let Some(kind) = &told.profile_type {
        text(kind, "/profileType")?;
    }
    let digits = |value: &str, lengths: std::ops::RangeInclusive<usize>| {
        let plain = value.trim_end_matches(PADDING);
        lengths.contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_digit())
    };
    match (&told.iccid, &told.eid) {
        (Some(iccid), _) if !digits(iccid, 18..=20) => {
            Err(wrong("bad-profile", "/iccid", "an ICCID has 18 to 20 digits".into()))
        }
        (_, Some(eid)) if !digits(eid, 32..=32) => {
            Err(wrong("bad-profile", "/eid", "an EID has 32 digits".into()))
        }
        (None, None) => Err(wrong("bad-profile", "/iccid", "iccid is missing".into())),
        _ => Ok(()),
    }?;
    if !matches!(
        told.notification_point_status.status.as_str(),
        "Executed-Success" | "Executed-WithWarning" | "Failed" | "Expired"
    ) {
        let detail = "status is not Executed-Success, Executed-WithWarning, Failed or Expired".into();
        return Err(wrong("bad-status", "/notificationPointStatus/status", detail));
    }
    Ok(())
}

/// What a mapping may look at: never the profile itself, only its issuer.
fn labels(told: &Progress) -> Labels {
    let [requester, profile_type, its_issuer] = LABELS.map(str::to_owned);
    let mut labels = Labels::new();
    labels.insert(requester, told.header.function_requester_identifier.clone());
    if let Some(kind) = &told.profile_type {
        labels.insert(profile_type, kind.clone());
    }
    if let Some(issuer) = told.iccid.as_deref().and_then(|i| i.get(..ISSUER_DIGITS)) {
        labels.insert(its_issuer, issuer.to_owned());
    }
    labels
}

/// What it does to the journey; none: nothing that we follow.
fn happening(told: &Progress) -> Option<Happening> {
    let is_success = told.notification_point_status.status.starts_with("Executed-");
    match (told.notification_point_id, is_success) {
        (1..=4, false) => Some(Happening::Failed { step: Step::Download, error_class: error_class(told) }),
        (1..=3, true) => Some(Happening::Issued),
        (4, true) => Some(Happening::Downloaded),
        (5, true) => Some(Happening::Revoked),
        (101, true) => Some(Happening::Enabled),
        _ => None,
    }
}

/// `8.1/4.8`: subject and reason as SGP.22 numbers them.
fn error_class(told: &Progress) -> String {
    let clean = |code: &Option<String>| {
        let digits = |c: &char| c.is_ascii_digit() || *c == '.';
        code.as_deref().unwrap_or("").chars().filter(digits).take(20).collect::<String>()
    };
    match &told.notification_point_status.status_code_data {
        Some(data) => format!("{}/{}", clean(&data.subject_code), clean(&data.reason_code)),
        None => told.notification_point_status.status.to_lowercase(),
    }
}

/// The event as it is kept: without the profile, and without what came of the card.
fn row(
    told: &Progress,
    profile: &str,
    key_id: &str,
    occurred_at: Timestamp,
    now: Timestamp,
    flags: &str,
) -> EventRow {
    let data = json!({
        "profile": profile,
        "profile_type": told.profile_type,
        "point": told.notification_point_id,
        "status": told.notification_point_status.status,
        "error_class": error_class(told),
    })
    .to_string();
    EventRow {
        source: format!("es2plus:{}", told.header.function_requester_identifier),
        event_id: told.header.function_call_identifier.clone(),
        kind: "gsma.es2plus.download_progress".into(),
        subject: subject(profile),
        occurred_at,
        received_at: now,
        // Without the timestamp: a sender that tries again may have renewed it.
        digest: HEXLOWER.encode(&Sha256::digest(&data)),
        key_id: key_id.to_owned(),
        flags: flags.to_owned(),
        data,
    }
}
