//! The first run over HTTP.

use app::console::{self, model};
use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    console::page,
    errors::{error_page, refusal_page},
    fields::Fields,
    headers,
};
use crate::{
    auth::{password, session},
    commands::{Ctx, Refusal, setup},
    state::App,
};

const EXAMPLE: &str = "Western Europe: FR IT ES DE PT GB\nNorth America: US CA MX";

fn closed() -> Response {
    let message = "This setup link has been used, or a newer one was printed when Waypost started. \
                   If the page is not set up yet, look at what Waypost printed last.";
    error_page(StatusCode::NOT_FOUND, message)
}

async fn is_open(app: &App, token: &str) -> Result<bool, Refusal> {
    let mut tx = app.store.read().await?;
    setup::is_token(&mut tx, token).await
}

/// The form.
pub async fn form(State(app): State<App>, Path(token): Path<String>) -> Response {
    match is_open(&app, &token).await {
        Ok(true) => {
            let model = model::Setup { countries: EXAMPLE.into(), ..model::Setup::default() };
            let nonce = headers::new_nonce();
            page(StatusCode::OK, &nonce, console::setup(&nonce, &token, &model))
        }
        Ok(false) => closed(),
        Err(refusal) => refusal_page(&refusal),
    }
}

/// Sets the page up and goes on to the second factor.
pub async fn submit(
    State(app): State<App>,
    Path(token): Path<String>,
    request_headers: HeaderMap,
    Extension(fields): Extension<Fields>,
) -> Response {
    match is_open(&app, &token).await {
        Ok(true) => {}
        Ok(false) => return closed(),
        Err(refusal) => return refusal_page(&refusal),
    }
    match set_up(&app, &request_headers, &fields).await {
        Ok(response) => response,
        Err(Refusal::Field { field, message }) => {
            let model = model::Setup {
                page_name: fields.one("page_name").into(),
                name: fields.one("name").into(),
                email: fields.one("email").into(),
                countries: fields.one("countries").into(),
                error: Some(model::FormError { field: field.into(), message }),
            };
            let nonce = headers::new_nonce();
            page(StatusCode::UNPROCESSABLE_ENTITY, &nonce, console::setup(&nonce, &token, &model))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

async fn set_up(app: &App, request_headers: &HeaderMap, fields: &Fields) -> Result<Response, Refusal> {
    if let Some(name) = fields.unknown(&["page_name", "name", "email", "password", "countries"]) {
        return Err(Refusal::Conflict(format!("This form has no field {name:?}.")));
    }
    let given = fields.one("password");
    password::check_new(given, &[fields.one("page_name"), fields.one("name"), fields.one("email")])
        .map_err(|message| Refusal::field("password", message))?;
    let password_hash = password::hash(&app.keys, given.to_owned()).await.map_err(|password::Busy| {
        Refusal::Conflict("Too much at once. Please send the form again.".into())
    })?;
    let now = app.clock.now();
    let ctx = Ctx::system(now);
    let mut tx = app.store.write().await?;
    let given = setup::Setup {
        page_name: fields.one("page_name").into(),
        name: fields.one("name").into(),
        email: fields.one("email").into(),
        password_hash,
        countries: fields.one("countries").into(),
    };
    let owner = setup::set_up(&mut tx, &ctx, &app.keys, given).await?;
    let agent = request_headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let cookie = session::begin(&mut tx, &owner, false, agent, now, None).await?;
    tx.commit().await?;
    app.published().await;
    let mut response = Redirect::to("/console/sign-in/code").into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}
