//! The visitor's way: bytes from memory, with validators and security headers.

use std::sync::LazyLock;

use bytes::Bytes;
use chrono::DateTime;
use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use sha2::{Digest, Sha256};

use super::headers::{PERMISSIONS, host_is_ours};
use crate::{
    snapshot::{Facts, Kind, Page, Since},
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

/// The policy of public pages, for those that are not kept in memory.
#[must_use]
pub fn csp() -> HeaderValue {
    HTML_CSP.clone()
}

/// Answers from memory, before the router; none: the router decides.
pub fn fast<B>(app: &App, request: &Request<B>) -> Option<Response<Full<Bytes>>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) || !host_is_ours(app, request.headers()) {
        return None;
    }
    let page = app.snapshot.get(request.uri().path(), request.uri().query())?;
    Some(respond(&page, request.method(), request.headers()))
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// brotli.
    Brotli,
}

/// The best coding that the client takes; `q=0` is a no, `*` stands for those that are not named.
fn coding(headers: &HeaderMap) -> Coding {
    let (mut gzip, mut brotli, mut others) = (None, None, false);
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        for part in value.to_str().unwrap_or("").split(',') {
            let mut words = part.split(';');
            let name = words.next().unwrap_or("").trim();
            let is_taken = !words
                .any(|w| w.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse::<f32>() == Ok(0.0)));
            match name {
                n if n.eq_ignore_ascii_case("br") => brotli = Some(is_taken),
                n if n.eq_ignore_ascii_case("gzip") => gzip = Some(is_taken),
                "*" => others = is_taken,
                _ => {}
            }
        }
    }
    if brotli.unwrap_or(others) {
        Coding::Brotli
    } else if gzip.unwrap_or(others) {
        Coding::Gzip
    } else {
        Coding::Identity
    }
}

/// Whether the client holds these very words already, in whatever coding: by their tag, or, where it asks by nothing else,
/// by their date as we told it; a date of its own may be younger than these words and not know them.
fn is_known(headers: &HeaderMap, tag: &str, since: Since) -> bool {
    if !headers.contains_key(header::IF_NONE_MATCH) {
        let date = headers.get(header::IF_MODIFIED_SINCE).and_then(|v| v.to_str().ok());
        let date = date.and_then(|v| DateTime::parse_from_rfc2822(v).ok());
        return since.is_alone && date.is_some_and(|date| date.timestamp() == since.second());
    }
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
pub fn respond(page: &Page, method: &Method, request: &HeaderMap) -> Response<Full<Bytes>> {
    let variant = page.variant(coding(request));
    let mut head = variant.head.clone();
    let is_known = is_known(request, &page.tag, page.since());
    let body = match (is_known, *method == Method::HEAD) {
        (true, _) => {
            head.remove(header::CONTENT_TYPE);
            head.remove(header::CONTENT_ENCODING);
            Bytes::new()
        }
        (false, true) => {
            head.insert(header::CONTENT_LENGTH, HeaderValue::from(variant.body.len()));
            Bytes::new()
        }
        (false, false) => variant.body.clone(),
    };
    let mut response = Response::new(Full::new(body));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    *response.headers_mut() = head;
    response
}

/// The whole head of a page in one coding, made once per page.
#[must_use]
pub fn head(kind: Kind, coding: Coding, etag: &str, facts: Facts) -> HeaderMap {
    let mut out = HeaderMap::with_capacity(16);
    let mut put = |name, value: &'static str| drop(out.insert(name, HeaderValue::from_static(value)));
    put(header::VARY, "Accept-Encoding");
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::REFERRER_POLICY, "same-origin");
    put(
        header::CONTENT_TYPE,
        match kind {
            Kind::Html => "text/html; charset=utf-8",
            Kind::Json => "application/json; charset=utf-8",
            Kind::Rss => "application/rss+xml; charset=utf-8",
            Kind::Atom => "application/atom+xml; charset=utf-8",
        },
    );
    match coding {
        Coding::Identity => {}
        Coding::Gzip => put(header::CONTENT_ENCODING, "gzip"),
        Coding::Brotli => put(header::CONTENT_ENCODING, "br"),
    }
    if facts.is_https {
        put(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    if kind == Kind::Html {
        put(header::CACHE_CONTROL, "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400");
        put(header::X_FRAME_OPTIONS, "DENY");
        put(http::HeaderName::from_static("permissions-policy"), PERMISSIONS);
        put(http::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        put(http::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    } else {
        put(header::CACHE_CONTROL, "public, max-age=1, stale-while-revalidate=10, stale-if-error=86400");
        put(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox");
        put(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        put(http::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    }
    if kind == Kind::Html {
        out.insert(header::CONTENT_SECURITY_POLICY, csp());
    }
    if facts.is_private {
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        out.insert(
            http::HeaderName::from_static("x-robots-tag"),
            HeaderValue::from_static("noindex, nofollow"),
        );
        out.insert(
            http::HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        );
        out.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    }
    let modified = facts.since.at.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for (name, value) in [(header::ETAG, etag), (header::LAST_MODIFIED, &modified)] {
        out.extend(HeaderValue::from_str(value).ok().map(|v| (Some(name), v)));
    }
    out
}

#[cfg(test)]
mod tests {
    use domain::clock::Timestamp;

    use super::*;

    fn accepting(value: &str) -> Coding {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
        coding(&headers)
    }

    #[test]
    fn the_best_coding_that_the_client_takes() {
        assert_eq!(accepting("gzip, deflate, br"), Coding::Brotli);
        assert_eq!(accepting("gzip, br;q=0"), Coding::Gzip);
        assert_eq!(accepting("br; q=0.0, GZIP; q=0.5"), Coding::Gzip);
        assert_eq!(accepting("*"), Coding::Brotli);
        assert_eq!(accepting("*;q=0, gzip"), Coding::Gzip);
        assert_eq!(accepting("identity"), Coding::Identity);
        assert_eq!(coding(&HeaderMap::new()), Coding::Identity);
    }

    #[test]
    fn a_known_page_is_known_in_every_coding() {
        let mut headers = HeaderMap::new();
        for (value, expected) in [
            ("\"ab\"", true),
            ("W/\"ab-br\"", true),
            ("\"cd\", \"ab-gz\"", true),
            ("*", true),
            ("\"abc\"", false),
        ] {
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(is_known(&headers, "ab", SINCE), expected, "{value}");
        }
    }

    const SINCE: Since = Since { at: Timestamp::from_millis(1_772_438_400_250), is_alone: true };

    #[test]
    fn a_date_counts_where_no_tag_is_given_and_names_one_version_alone() {
        let mut headers = HeaderMap::new();
        for (value, expected) in [
            ("Mon, 02 Mar 2026 08:00:00 GMT", true),
            ("Mon, 02 Mar 2026 08:00:01 GMT", false),
            ("Mon, 02 Mar 2026 07:59:59 GMT", false),
            ("Mon, 02 Mar 2026", false),
            ("soon", false),
        ] {
            headers.insert(header::IF_MODIFIED_SINCE, value.parse().unwrap());
            assert_eq!(is_known(&headers, "ab", SINCE), expected, "{value}");
        }
        headers.insert(header::IF_MODIFIED_SINCE, "Mon, 02 Mar 2026 08:00:00 GMT".parse().unwrap());
        assert!(!is_known(&headers, "ab", Since { is_alone: false, ..SINCE }));
        headers.insert(header::IF_NONE_MATCH, "\"cd\"".parse().unwrap());
        assert!(!is_known(&headers, "ab", SINCE), "the tag knows better");
    }
}
