//! Answers: counts and per-item results, or problem+json.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{envelope::Mode, writer::Kept};

const TYPES: &str = "https://waypost.dev/problems";

/// The address of a type of problem.
pub(super) fn type_of(slug: &str) -> String {
    format!("{TYPES}/{slug}")
}

/// A refusal of the whole request.
#[derive(Debug)]
pub(super) struct Problem {
    status: u16,
    slug: &'static str,
    title: &'static str,
    detail: String,
    pointer: Option<String>,
    retry_after_secs: Option<u64>,
}

impl Problem {
    pub(super) const fn new(status: u16, slug: &'static str, title: &'static str, detail: String) -> Self {
        Self { status, slug, title, detail, pointer: None, retry_after_secs: None }
    }

    /// More comes than can be read or made durable.
    pub(super) fn busy() -> Self {
        let detail =
            "More arrives than can be made durable. Nothing of this request was kept; send it again.".into();
        Self::new(429, "busy", "Too much at once", detail).retry_after(1)
    }

    pub(super) const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    pub(super) const fn retry_after(mut self, secs: u64) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }

    fn body(&self) -> Value {
        let mut body = json!({
            "type": type_of(self.slug), "title": self.title, "status": self.status, "detail": self.detail,
        });
        if let Some(pointer) = &self.pointer {
            body["pointer"] = json!(pointer);
        }
        body
    }
}

impl From<store::StoreError> for Problem {
    fn from(error: store::StoreError) -> Self {
        if matches!(error, store::StoreError::BadText) {
            let detail =
                "A text holds a character that cannot be kept, such as NUL. Nothing was kept.".into();
            return Self::new(422, "bad-text", "A text is not valid", detail);
        }
        tracing::error!(%error, "ingest: the database failed");
        let detail = "The database did not answer. Nothing was kept; send the same events again.".into();
        Self::new(503, "unavailable", "Not now", detail).retry_after(5)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let retry = self.retry_after_secs;
        let mut response = send(self.status, "application/problem+json", &self.body());
        if let Some(secs) = retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if self.status == 401 {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn send(status: u16, kind: &'static str, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}

/// Why one event was not kept.
#[derive(Debug, Clone)]
pub(super) struct ItemError {
    pub(super) id: Option<String>,
    pub(super) status: u16,
    pub(super) slug: &'static str,
    /// Inside the event.
    pub(super) pointer: &'static str,
    pub(super) detail: String,
}

/// One result per event, in order: the counts, and what was not plainly accepted.
pub(super) fn respond(mode: Mode, outcome: Vec<(Option<String>, Result<Kept, ItemError>)>) -> Response {
    if mode != Mode::Batch
        && let Some((_, Err(error))) = outcome.first()
    {
        let title = if error.status == 409 { "Another event has this id" } else { "The event is not valid" };
        return Problem::new(error.status, error.slug, title, error.detail.clone())
            .at(error.pointer)
            .into_response();
    }
    let (mut accepted, mut duplicate, mut rejected, mut items) = (0, 0, 0, Vec::new());
    for (index, (id, result)) in outcome.iter().enumerate() {
        match result {
            Ok(Kept::New) => accepted += 1,
            Ok(Kept::Duplicate) => {
                duplicate += 1;
                items.push(json!({ "index": index, "id": id, "result": "duplicate" }));
            }
            Err(e) => {
                rejected += 1;
                let pointer = format!("/{index}{}", e.pointer);
                let error = json!({ "type": type_of(e.slug), "detail": e.detail, "pointer": pointer });
                items.push(json!({ "index": index, "id": e.id.as_ref().or(id.as_ref()), "result": "rejected", "error": error }));
            }
        }
    }
    let mut body =
        json!({ "accepted": accepted, "duplicate": duplicate, "rejected": rejected, "items": items });
    if rejected == 0 {
        return send(202, "application/json", &body);
    }
    if accepted + duplicate > 0 {
        return send(207, "application/json", &body);
    }
    body["type"] = json!(type_of("all-rejected"));
    body["title"] = json!("No event was kept");
    body["status"] = json!(422);
    body["detail"] = json!("Every event of the batch was rejected; items says why.");
    send(422, "application/problem+json", &body)
}
