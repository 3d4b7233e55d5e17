//! Security headers, and the correlation id of every request.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use data_encoding::BASE64URL_NOPAD;
use tracing::Instrument as _;

use crate::{
    clock::{new_id, random},
    state::App,
};

/// Nothing that a browser could be asked for.
pub(super) const PERMISSIONS: &str = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=(), browsing-topics=()";
const API_CSP: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// The correlation id of the request at hand.
#[derive(Debug, Clone)]
pub struct CorrelationId(pub String);

/// 128 random bits for a Content-Security-Policy.
#[must_use]
pub fn new_nonce() -> String {
    BASE64URL_NOPAD.encode(&random::<16>())
}

/// The console's policy: our own scripts by nonce, WebAssembly for the islands, nothing else. Frames
/// are the previews of pages and mails.
pub fn set_admin_csp(headers: &mut HeaderMap, nonce: &str) {
    let csp = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'; object-src 'none'"
    );
    if let Ok(value) = HeaderValue::from_str(&csp) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    headers.insert("cross-origin-embedder-policy", HeaderValue::from_static("require-corp"));
}

/// Gives every request an id, refuses foreign hosts, and completes the headers of every answer.
pub async fn wrap(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = new_id();
    request.extensions_mut().insert(CorrelationId(id.clone()));
    let span = tracing::info_span!("request", id = %id, method = %request.method());
    let mut response = if is_known_host(&app, &request) {
        next.run(request).instrument(span).await
    } else {
        let message = "This server does not serve that host name. Check base_url in its settings.\n";
        (StatusCode::MISDIRECTED_REQUEST, message).into_response()
    };
    complete(response.headers_mut(), &app, &id);
    response
}

fn complete(headers: &mut HeaderMap, app: &App, id: &str) {
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "same-origin");
    default(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    default(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    default(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    default(header::X_FRAME_OPTIONS, "DENY");
    default(header::CACHE_CONTROL, "no-store");
    default(header::CONTENT_SECURITY_POLICY, API_CSP);
    if app.config.base_url.scheme() == "https" {
        default(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-request-id", id);
    }
}

fn is_known_host(app: &App, request: &Request) -> bool {
    request.uri().path() == "/healthz" || host_is_ours(app, request.headers())
}

/// Whether the Host header names this page: the base URL's host, or the address that we listen on.
#[must_use]
pub fn host_is_ours(app: &App, headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|v| v.to_str().ok()) else { return false };
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(n, _)| n);
    let base = app.config.base_url.host_str().unwrap_or("");
    name.eq_ignore_ascii_case(base)
        || (app.config.listen.ip().is_loopback() && matches!(name, "127.0.0.1" | "localhost" | "[::1]"))
}
