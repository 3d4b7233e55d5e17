//! The visitor's way: bytes from memory, with validators and security headers.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use sha2::{Digest, Sha256};

use super::headers::host_is_ours;
use crate::{
    snapshot::{Kind, Page},
    state::App,
};

static HTML_CSP: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = BASE64.encode(&Sha256::digest(app::shell::public::style().as_bytes()));
    let csp = format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src 'self'; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    );
    HeaderValue::from_str(&csp).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
});
const PERMISSIONS: &str = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=(), browsing-topics=()";

/// The policy of public pages, for those that are not kept in memory.
#[must_use]
pub fn csp() -> HeaderValue {
    HTML_CSP.clone()
}

/// Answers from memory, before the router; none: the router decides.
pub fn fast<B>(app: &App, request: &Request<B>) -> Option<Response<Full<Bytes>>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let page = app.snapshot.get(request.uri().path(), request.uri().query())?;
    if !host_is_ours(app, request.headers()) {
        return None;
    }
    Some(respond(&page, request.method(), request.headers(), app.config.base_url.scheme() == "https"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

/// The best encoding that the client takes; `q=0` is a no.
fn encoding(headers: &HeaderMap) -> Encoding {
    let (mut gzip, mut brotli) = (false, false);
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        for part in value.to_str().unwrap_or("").split(',') {
            let mut words = part.split(';');
            let name = words.next().unwrap_or("").trim();
            let refused = words
                .any(|w| w.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse::<f32>() == Ok(0.0)));
            match name {
                "br" => brotli = !refused,
                "gzip" => gzip = !refused,
                _ => {}
            }
        }
    }
    if brotli {
        Encoding::Brotli
    } else if gzip {
        Encoding::Gzip
    } else {
        Encoding::Identity
    }
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|t| {
            let t = t.trim().trim_start_matches("W/").trim_matches('"');
            t == "*" || t.split('-').next() == Some(tag)
        })
}

/// The answer for a page.
#[must_use]
pub fn respond(
    page: &Arc<Page>,
    method: &Method,
    request: &HeaderMap,
    is_https: bool,
) -> Response<Full<Bytes>> {
    let encoding = encoding(request);
    let (body, suffix) = match encoding {
        Encoding::Identity => (&page.raw, ""),
        Encoding::Gzip => (&page.gzip, "-gz"),
        Encoding::Brotli => (&page.brotli, "-br"),
    };
    let is_known = is_known(request, &page.tag);
    let length = body.len();
    let is_empty = is_known || method == Method::HEAD;
    let mut response = Response::new(Full::new(if is_empty { Bytes::new() } else { body.clone() }));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let out = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}{suffix}\"", page.tag)) {
        out.insert(header::ETAG, tag);
    }
    out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let (kind, cache, csp) = match page.kind {
        Kind::Html => (
            "text/html; charset=utf-8",
            "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400",
            csp(),
        ),
        Kind::Json => (
            "application/json; charset=utf-8",
            "public, max-age=1, stale-while-revalidate=10, stale-if-error=86400",
            api_csp(),
        ),
        Kind::Rss => (
            "application/rss+xml; charset=utf-8",
            "public, max-age=1, stale-while-revalidate=10, stale-if-error=86400",
            api_csp(),
        ),
    };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::CONTENT_SECURITY_POLICY, csp);
    if !is_known {
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        match encoding {
            Encoding::Identity => None,
            Encoding::Gzip => out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip")),
            Encoding::Brotli => out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br")),
        };
        if method == Method::HEAD {
            out.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
    }
    common(out, page.kind == Kind::Html, is_https);
    response
}

fn api_csp() -> HeaderValue {
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox")
}

fn common(out: &mut HeaderMap, is_html: bool, is_https: bool) {
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    out.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if is_html {
        out.insert("permissions-policy", HeaderValue::from_static(PERMISSIONS));
        out.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        out.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        out.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    } else {
        out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        out.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    }
    if is_https {
        out.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
    }
}
