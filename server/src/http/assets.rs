//! The browser code of the islands, embedded at build time when it was built; the console works without.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

include!(concat!(env!("OUT_DIR"), "/browser.rs"));

/// Addresses of script and WASM; none: they were not built.
#[must_use]
pub fn browser() -> Option<(String, String)> {
    let find = |ending: &str| ASSETS.iter().find(|a| a.0.ends_with(ending)).map(|a| format!("/pkg/{}", a.0));
    find(".js").zip(find(".wasm"))
}

/// One file; its name holds its hash, so it never changes.
pub async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some((_, raw, brotli)) = ASSETS.iter().find(|a| a.0 == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let takes_brotli =
        headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("br"));
    let mut response = if takes_brotli { (*brotli).into_response() } else { (*raw).into_response() };
    let out = response.headers_mut();
    let kind = if name.ends_with(".wasm") { "application/wasm" } else { "text/javascript; charset=utf-8" };
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if takes_brotli {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}
