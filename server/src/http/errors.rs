//! Error pages: what happened, what it means, what to do.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

use store::StoreError;

use crate::{commands::Refusal, http::headers};

/// A page with one message.
#[must_use]
pub fn error_page(status: StatusCode, message: &str) -> Response {
    let title = match status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::UNAUTHORIZED => "Please sign in again",
        StatusCode::TOO_MANY_REQUESTS => "Too many tries",
        StatusCode::SERVICE_UNAVAILABLE => "Not now",
        s if s.is_server_error() => "Something went wrong here",
        _ => "That did not work",
    };
    let nonce = headers::new_nonce();
    let page = app::console::message(&nonce, title, message);
    let mut response = (status, Html(page)).into_response();
    headers::set_admin_csp(response.headers_mut(), &nonce);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A refusal that no form can show.
#[must_use]
pub fn refusal_page(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::NotFound(what) => {
            error_page(StatusCode::NOT_FOUND, &format!("There is no such {what}, or not any more."))
        }
        Refusal::Conflict(message) => error_page(StatusCode::CONFLICT, message),
        Refusal::Field { message, .. } => error_page(StatusCode::UNPROCESSABLE_ENTITY, message),
        Refusal::Store(StoreError::BadText) => {
            let message = "The request holds a character that cannot be kept. Nothing was changed; take it out and try again.";
            error_page(StatusCode::UNPROCESSABLE_ENTITY, message)
        }
        Refusal::Store(error) => {
            tracing::error!(%error, "a page failed");
            let message = "The database does not answer. Nothing was changed. Please try again in a moment.";
            error_page(StatusCode::SERVICE_UNAVAILABLE, message)
        }
    }
}
