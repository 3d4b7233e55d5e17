//! Settings: the grid.

use app::console::{
    self,
    model::{FormError, Settings},
};
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use domain::component::Step;
use store::Tx;

use super::{ctx, forms, frame, page};
use crate::{
    auth::{role::Permission, session::Session},
    commands::{Refusal, cells, public_charts},
    http::{errors::refusal_page, fields::Fields},
    state::App,
};

/// Settings.
pub async fn show(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    render(&app, &session, None).await
}

async fn render(app: &App, session: &Session, error: Option<FormError>) -> Response {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    match load(app, session).await {
        Ok(mut model) => {
            model.error = error;
            let frame = frame(app, Some(session), "Settings", "/console/settings");
            page(status, &frame.nonce.clone(), console::settings(&frame, &model))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

async fn load(app: &App, session: &Session) -> Result<Settings, Refusal> {
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
    Ok(Settings {
        portfolios: portfolios.collect(),
        components: tx
            .components()
            .await?
            .into_iter()
            .map(|c| (c.name.clone(), c.slug.clone(), measured(c.step())))
            .collect(),
        charts: charts(&mut tx).await?,
        may_maintain: session.role.may(Permission::Maintain),
        error: None,
    })
}

/// Components that activations measure, and whether everybody sees their charts.
async fn charts(tx: &mut Tx) -> Result<Vec<(String, String, bool)>, Refusal> {
    let chosen = tx.public_charts().await?;
    let measured = tx.components().await?.into_iter().filter(|c| c.step().is_some());
    Ok(measured.map(|c| (c.id.clone(), c.name, chosen.contains(&c.id))).collect())
}

/// Chooses the components whose charts everybody sees.
pub async fn choose_charts(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let done = async {
        forms::only(&fields, &["chart"])?;
        let mut tx = app.store.write().await?;
        public_charts::choose(&mut tx, &ctx(&app, &session), &fields).await?;
        Ok(tx.commit().await?)
    };
    finish(&app, &session, done.await).await
}

async fn finish(app: &App, session: &Session, done: Result<(), Refusal>) -> Response {
    match done {
        Ok(()) => {
            app.published().await;
            Redirect::to("/console/settings").into_response()
        }
        Err(Refusal::Field { field, message }) => {
            render(app, session, Some(FormError { field: field.into(), message })).await
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
