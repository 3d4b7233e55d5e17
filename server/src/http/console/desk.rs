//! What every console handler works with: the person, the form, and one way to write, to answer and to refuse.

use app::console::Frame;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use domain::clock::Timestamp;
use store::Tx;

use super::{ctx, frame, page};
use crate::{
    auth::{role::Permission, session::Session},
    commands::{Ctx, Refusal},
    http::{errors::refusal_page, fields::Fields},
    state::App,
};

/// What a handler gives back: a refusal that its form does not show itself becomes a page.
pub type Answer = Result<Response, Refusal>;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        refusal_page(&self)
    }
}

/// A signed-in person with what they sent.
#[derive(Clone)]
pub struct Desk {
    /// The application.
    pub app: App,
    /// Who it is.
    pub session: Session,
    /// The form; empty on GET.
    pub fields: Fields,
}

impl FromRequestParts<App> for Desk {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, StatusCode> {
        // The guard put both there; without it nobody gets in.
        let session = parts.extensions.get::<Session>().cloned().ok_or(StatusCode::FORBIDDEN)?;
        let fields = parts.extensions.get::<Fields>().cloned().unwrap_or_default();
        Ok(Self { app: app.clone(), session, fields })
    }
}

/// A command under way: its transaction and its context.
pub struct Work {
    /// The transaction.
    pub tx: Tx,
    /// Who acts, and when.
    pub ctx: Ctx,
}

impl Desk {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// Whether this person's role has the permission.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.session.role.may(permission)
    }

    /// Begins to read.
    pub async fn read(&self) -> Result<Tx, Refusal> {
        Ok(self.app.store.read().await?)
    }

    /// Begins a command.
    pub async fn begin(&self) -> Result<Work, Refusal> {
        Ok(Work { ctx: ctx(&self.app, &self.session), tx: self.app.store.write().await? })
    }

    /// Commits a command that visitors and workers have to see at once.
    pub async fn publish(&self, work: Work) -> Result<(), Refusal> {
        work.tx.commit().await?;
        self.app.published().await;
        Ok(())
    }

    /// A page of the console.
    #[must_use]
    pub fn page(
        &self,
        status: StatusCode,
        title: &str,
        current: &'static str,
        render: impl FnOnce(&Frame) -> String,
    ) -> Response {
        let frame = frame(&self.app, Some(&self.session), title, current);
        page(status, &frame.nonce, render(&frame))
    }
}

impl Work {
    /// Commits a command that only the console shows.
    pub async fn commit(self) -> Result<(), Refusal> {
        Ok(self.tx.commit().await?)
    }
}

/// Done; look there.
#[must_use]
pub fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}
