//! The console's handlers: forms in, pages out. What is decided, commands decide.

pub mod canary;
pub mod cells;
pub mod degradation;
pub mod desk;
pub mod desk_book;
pub mod drafts;
pub mod evidence;
pub mod explorer;
pub mod forms;
pub mod incidents;
pub mod launches;
pub mod now;
pub mod partners;
pub mod people;
pub mod policy;
pub mod record;
pub mod rehearsals;
pub mod reviews;
pub mod settings;
pub mod sources;
pub mod spool;
pub mod subscribers;
pub mod suppliers;
pub mod templates;
pub mod trials;
pub mod writing;

use app::console::Frame;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

use super::headers;
use crate::{
    auth::{role::Permission, session::Session},
    clock::new_id,
    commands::Ctx,
    state::App,
};

/// A console page with its headers.
#[must_use]
pub fn page(status: StatusCode, nonce: &str, html: String) -> Response {
    let mut response = (status, Html(html)).into_response();
    headers::set_admin_csp(response.headers_mut(), nonce);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The frame for a person's page.
#[must_use]
pub fn frame(app: &App, session: Option<&Session>, title: &str, current: &'static str) -> Frame {
    Frame {
        nonce: headers::new_nonce(),
        title: title.to_owned(),
        current,
        who: session.map(|s| (s.name.clone(), s.role.slug())),
        csrf: session.map(|s| s.csrf_token(&app.keys)).unwrap_or_default(),
        has_spool: app.config.spool().is_some(),
        is_owner: session.is_some_and(|s| s.role.may(Permission::Own)),
        browser: super::assets::browser(),
        now_ms: app.clock.now().millis(),
        refresh_secs: None,
    }
}

/// The context of a person's command.
#[must_use]
pub fn ctx(app: &App, session: &Session) -> Ctx {
    Ctx {
        now: app.clock.now(),
        actor: session.user_id.clone(),
        actor_name: session.name.clone(),
        correlation_id: new_id(),
    }
}
