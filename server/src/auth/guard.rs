//! The guard in front of every route that reads the session cookie. What is not in the route table does not pass, so
//! that neither the role check nor the forgery check can be forgotten.

use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use subtle::ConstantTimeEq as _;

use super::{session, sure};
use crate::{
    http::{
        errors::error_page,
        fields::Fields,
        routes::{Access, access},
    },
    keys::Keys,
    state::App,
};

/// Largest form, in bytes.
pub const FORM_MAX: usize = 64 * 1024;
/// Largest form of a review, whose dozen sections are full texts each.
const REVIEW_MAX: usize = 512 * 1024;
/// Largest file of subscribers, as a form, in bytes.
const IMPORT_MAX: usize = 2 * 1024 * 1024;

/// Checks origin, session, role and form token; then hands on the session and the parsed fields as extensions.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    match admit(&app, request).await {
        Ok((request, cookie)) => {
            let mut response = next.run(request).await;
            if let Some(cookie) = cookie {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(refusal) => refusal,
    }
}

/// The request with its session and fields, and the cookie of a session that was made anew.
async fn admit(app: &App, request: Request) -> Result<(Request, Option<HeaderValue>), Response> {
    let path = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned()).unwrap_or_default();
    let method = request.method().clone();
    let Some(needed) = access(&method, &path) else {
        return Err(error_page(StatusCode::FORBIDDEN, "This address is not open to anybody."));
    };
    let is_unsafe = !matches!(method, Method::GET | Method::HEAD);
    if is_unsafe && !is_same_origin(request.headers(), app.config.origin()) {
        let message = "This form was sent from another site, or your browser hides where it came from. \
                       Open the page again and send it from there.";
        return Err(error_page(StatusCode::FORBIDDEN, message));
    }
    let session = session::load(app, request.headers()).await.map_err(|error| {
        tracing::error!(%error, "session: the database failed");
        error_page(
            StatusCode::SERVICE_UNAVAILABLE,
            "The database does not answer. Please try again in a moment.",
        )
    })?;
    match needed {
        Access::Public | Access::Key => {}
        Access::SecondFactor => {
            if session.is_none() {
                return Err(to_sign_in(&request, is_unsafe));
            }
        }
        Access::Role(permission) | Access::Sure(permission) => match &session {
            Some(s) if s.is_full && s.role.may(permission) => {}
            Some(s) if s.is_full => {
                let message =
                    format!("Your role ({}) may not do this. Ask an owner of this page.", s.role.slug());
                return Err(error_page(StatusCode::FORBIDDEN, &message));
            }
            _ => return Err(to_sign_in(&request, is_unsafe)),
        },
    }
    if !is_unsafe {
        let mut request = request;
        if let Some(session) = session {
            request.extensions_mut().insert(session);
        }
        return Ok((request, None));
    }
    let mut request = read_form(request, session.as_ref(), &app.keys, form_max(&path)).await?;
    let Some(session) = session else { return Ok((request, None)) };
    let (session, cookie) = match needed {
        Access::Role(_) | Access::Sure(_) => {
            sure::look(app, session, &mut request, matches!(needed, Access::Sure(_))).await?
        }
        _ => (session, None),
    };
    request.extensions_mut().insert(session);
    Ok((request, cookie))
}

fn to_sign_in(request: &Request, is_unsafe: bool) -> Response {
    if is_unsafe {
        let message = "You are signed out. Sign in again in another tab, then send this form once more.";
        return error_page(StatusCode::UNAUTHORIZED, message);
    }
    let path = request.uri().path();
    if path.starts_with("/console/sign-in") || !path.starts_with("/console") || path == "/console" {
        return Redirect::to("/console/sign-in").into_response();
    }
    let next = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
    Redirect::to(&format!("/console/sign-in?next={next}")).into_response()
}

/// Fetch metadata where the browser sends it, the Origin header otherwise; neither: refused.
fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let is_origin_ours = text("origin") == Some(origin);
    match text("sec-fetch-site") {
        Some("same-origin") => true,
        Some("none") | None => is_origin_ours,
        Some(_) => false,
    }
}

/// How large a form this route takes.
fn form_max(route: &str) -> usize {
    let is_review = route.starts_with("/console/incidents/{id}/rca") || route.starts_with("/console/reviews");
    match route {
        "/console/subscribers/import" => IMPORT_MAX,
        _ if is_review => REVIEW_MAX,
        _ => FORM_MAX,
    }
}

/// Reads a form, checks its token against the session, and puts the fields where handlers find them.
async fn read_form(
    request: Request,
    session: Option<&session::Session>,
    keys: &Keys,
    max: usize,
) -> Result<Request, Response> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if kind.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        let message = "Send this as a plain form (application/x-www-form-urlencoded).";
        return Err(error_page(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, max).await.map_err(|_| {
        let message = format!("This form is larger than {} KiB. Please shorten your text.", max / 1024);
        error_page(StatusCode::PAYLOAD_TOO_LARGE, &message)
    })?;
    let fields = Fields::parse(&bytes);
    if let Some(session) = session {
        let token = session.csrf_token(keys);
        if !bool::from(fields.one("csrf").as_bytes().ct_eq(token.as_bytes())) {
            let message =
                "This form belongs to an older sign-in. Go back, reload the page and send it again.";
            return Err(error_page(StatusCode::FORBIDDEN, message));
        }
    }
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(fields);
    Ok(request)
}
