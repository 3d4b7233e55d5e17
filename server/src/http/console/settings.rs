//! Settings: the grid, and keys of the ingest door.

use app::console::{
    self,
    model::{FormError, Settings},
};
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{clock::Timestamp, clock_local::utc_time, component::Step};

use super::{ctx, frame, page};
use crate::{
    auth::{role::Permission, session::Session},
    commands::{Refusal, cells, keys},
    http::{errors::refusal_page, fields::Fields},
    state::App,
};

/// Settings.
pub async fn show(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    render(&app, &session, None, None).await
}

async fn render(app: &App, session: &Session, new_key: Option<String>, error: Option<FormError>) -> Response {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    match load(app, session).await {
        Ok(mut model) => {
            (model.new_key, model.error) = (new_key, error);
            let frame = frame(app, Some(session), "Settings", "/console/settings");
            page(status, &frame.nonce.clone(), console::settings(&frame, &model))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

async fn load(app: &App, session: &Session) -> Result<Settings, Refusal> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let countries = tx.countries().await?;
    let portfolios = tx.portfolios().await?.into_iter().map(|p| {
        let names: Vec<String> = countries
            .iter()
            .filter(|c| c.portfolio_id == p.id)
            .map(|c| format!("{} ({})", c.name, c.code))
            .collect();
        (p.id, p.name, names.join(", "))
    });
    let measured = |step: Option<Step>| {
        step.map_or_else(|| "heartbeats or people".to_owned(), |s| format!("{} step", s.slug()))
    };
    let key_line = |k: store::ApiKeyRow| {
        let used = match (k.revoked_at, k.last_used_at) {
            (Some(at), _) => format!("revoked {}", utc_time(Timestamp::from_millis(at), now)),
            (None, Some(at)) => utc_time(Timestamp::from_millis(at), now),
            (None, None) => "never".into(),
        };
        (k.id, k.name, used, k.revoked_at.is_none())
    };
    Ok(Settings {
        portfolios: portfolios.collect(),
        components: tx
            .components()
            .await?
            .into_iter()
            .map(|c| (c.name.clone(), c.slug.clone(), measured(c.step())))
            .collect(),
        keys: tx.api_keys().await?.into_iter().map(key_line).collect(),
        new_key: None,
        ingest_url: format!("{}/ingest/v1/events", app.config.origin()),
        may_maintain: session.role.may(Permission::Maintain),
        may_own: session.role.may(Permission::Own),
        error: None,
    })
}

async fn finish(app: &App, session: &Session, done: Result<(), Refusal>) -> Response {
    match done {
        Ok(()) => {
            app.published().await;
            Redirect::to("/console/settings").into_response()
        }
        Err(Refusal::Field { field, message }) => {
            render(app, session, None, Some(FormError { field: field.into(), message })).await
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

/// Adds a portfolio.
pub async fn add_portfolio(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let done = async {
        let mut tx = app.store.write().await?;
        cells::add_portfolio(&mut tx, &ctx(&app, &session), fields.one("portfolio")).await?;
        Ok(tx.commit().await?)
    };
    finish(&app, &session, done.await).await
}

/// Adds a country.
pub async fn add_country(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let done = async {
        let mut tx = app.store.write().await?;
        let portfolio = fields.one("portfolio_id");
        if !tx.portfolios().await?.iter().any(|p| p.id == portfolio) {
            return Err(Refusal::field(
                "countries",
                "Choose a portfolio for the country; add one first if there is none.",
            ));
        }
        cells::add_country(&mut tx, &ctx(&app, &session), portfolio, fields.one("code")).await?;
        Ok(tx.commit().await?)
    };
    finish(&app, &session, done.await).await
}

/// Adds a component.
pub async fn add_component(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let done = async {
        let step = fields.some("step").and_then(|s| Step::try_from(s.to_owned()).ok());
        let mut tx = app.store.write().await?;
        cells::add_component(&mut tx, &ctx(&app, &session), fields.one("component"), None, step).await?;
        Ok(tx.commit().await?)
    };
    finish(&app, &session, done.await).await
}

/// Makes a key and shows it, once.
pub async fn add_key(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let done = async {
        let mut tx = app.store.write().await?;
        let key = keys::create(&mut tx, &ctx(&app, &session), fields.one("name"), keys::QUOTA).await?;
        tx.commit().await?;
        Ok(key)
    };
    match done.await {
        Ok(key) => render(&app, &session, Some(key), None).await,
        Err(refusal) => finish(&app, &session, Err(refusal)).await,
    }
}

/// Revokes a key.
pub async fn revoke_key(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Response {
    let done = async {
        let mut tx = app.store.write().await?;
        keys::revoke(&mut tx, &ctx(&app, &session), &id).await?;
        Ok(tx.commit().await?)
    };
    finish(&app, &session, done.await).await
}
