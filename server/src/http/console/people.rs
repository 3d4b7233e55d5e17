//! People who may sign in.

use app::console::{
    self,
    model::{FormError, People},
};
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};

use super::{ctx, frame, page};
use crate::{
    auth::{password, role::Role, session::Session, totp},
    commands::{
        Refusal,
        users::{self, NewUser},
    },
    http::{errors::refusal_page, fields::Fields},
    state::App,
};

/// Everybody.
pub async fn show(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    render(&app, &session, None, None).await
}

async fn render(
    app: &App,
    session: &Session,
    added: Option<(String, String)>,
    error: Option<FormError>,
) -> Response {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let loaded = async { app.store.read().await?.users().await };
    let users = match loaded.await {
        Ok(users) => users,
        Err(error) => return refusal_page(&Refusal::Store(error)),
    };
    let people = users
        .into_iter()
        .map(|u| {
            let role = Role::find(&u.role).map_or("viewer", Role::slug);
            let is_self = u.id == session.user_id;
            (u.id, u.name, u.email, role, u.is_disabled, is_self)
        })
        .collect();
    let frame = frame(app, Some(session), "People", "/console/people");
    page(status, &frame.nonce.clone(), console::people(&frame, &People { people, added, error }))
}

/// Adds a person with a one-time password.
pub async fn add(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let done = async {
        let role = Role::find(fields.one("role")).ok_or_else(|| Refusal::field("", "Choose a role."))?;
        let one_time = users::one_time_password();
        let password_hash = password::hash(&app.keys, one_time.clone())
            .await
            .map_err(|password::Busy| Refusal::field("", "Too much at once. Please send the form again."))?;
        let new = NewUser {
            email: fields.one("email").into(),
            name: fields.one("name").into(),
            role,
            password_hash,
            totp_secret: totp::new_secret(),
            is_enrolled: false,
        };
        let mut tx = app.store.write().await?;
        users::create_user(&mut tx, &ctx(&app, &session), &app.keys, new).await?;
        tx.commit().await?;
        Ok((fields.one("name").to_owned(), one_time))
    };
    match done.await {
        Ok(added) => render(&app, &session, Some(added), None).await,
        Err(Refusal::Field { field, message }) => {
            render(&app, &session, None, Some(FormError { field: field.into(), message })).await
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

/// Changes a person's role and access.
pub async fn set_access(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let done = async {
        let role = Role::find(fields.one("role")).ok_or_else(|| Refusal::field("", "Choose a role."))?;
        let is_disabled = fields.one("is_disabled") == "yes";
        let mut tx = app.store.write().await?;
        users::set_access(&mut tx, &ctx(&app, &session), &id, role, is_disabled).await?;
        Ok::<_, Refusal>(tx.commit().await?)
    };
    match done.await {
        Ok(()) => Redirect::to("/console/people").into_response(),
        Err(refusal) => refusal_page(&refusal),
    }
}
