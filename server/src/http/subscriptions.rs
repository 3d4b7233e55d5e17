//! Subscribing, confirming and unsubscribing by visitors. GET never changes anything: scanners follow links.

use std::{net::SocketAddr, sync::Arc};

use app::{
    model::{Message, Site, SubscribePage},
    public::{message_page, subscribe_page},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use domain::clock_local::listed;
use serde::Deserialize;

use super::{fields::Fields, public::csp};
use crate::{
    auth::limits::client_ip,
    commands::{Ctx, Refusal, subscribe},
    reads::pages,
    state::App,
};

/// Largest form, in bytes.
const FORM_MAX: usize = 64 * 1024;

fn public_page(status: StatusCode, html: String) -> Response {
    let mut response = (status, Html(html)).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, csp());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn site(app: &App) -> Site {
    app.snapshot.with_world(|w| Site::new(w.page_name.clone()))
}

fn failed(app: &App, refusal: &Refusal, ctx: &Ctx) -> Response {
    tracing::error!(error = %refusal, id = %ctx.correlation_id, "a subscription failed");
    public_page(
        StatusCode::SERVICE_UNAVAILABLE,
        message_page(&Message::failed(site(app), &ctx.correlation_id)),
    )
}

/// A country to tick.
#[derive(Debug, Default, Deserialize)]
pub struct Ticked {
    #[serde(default)]
    country: String,
}

/// The form.
pub async fn form(State(app): State<App>, Query(ticked): Query<Ticked>) -> Response {
    let model = app.snapshot.with_world(|w| pages::subscribe(w, &[ticked.country]));
    public_page(StatusCode::OK, subscribe_page(&model))
}

async fn read(body: Body) -> Result<Bytes, Response> {
    to_bytes(body, FORM_MAX)
        .await
        .map_err(|_| (StatusCode::PAYLOAD_TOO_LARGE, "This form is larger than 64 KiB.\n").into_response())
}

/// Takes a subscription by mail or webhook.
pub async fn submit(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let bytes = match read(request.into_body()).await {
        Ok(bytes) => bytes,
        Err(response) => return response,
    };
    let fields = Fields::parse(&bytes);
    let channel = if fields.one("channel") == "webhook" { "webhook" } else { "email" };
    // Only robots fill what people do not see: they get the same page, and nothing happens.
    if fields.some("website").is_some() {
        return public_page(StatusCode::OK, message_page(&Message::check_your_mail(site(&app))));
    }
    if !app.limits.subscribe(channel, client_ip(&app.config, peer, &headers)) {
        let title = "Too many subscriptions from your network.";
        let page = Message::refused(site(&app), title, "Please try again in an hour.");
        let mut response = public_page(StatusCode::TOO_MANY_REQUESTS, message_page(&page));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("3600"));
        return response;
    }
    let ctx = Ctx::system(app.clock.now());
    match take(&app, &ctx, channel, &fields).await {
        Ok(page) => public_page(StatusCode::OK, message_page(&page)),
        Err(Refusal::Field { field, message }) => {
            let chosen: Vec<String> = fields.all("countries").map(str::to_owned).collect();
            let model = app.snapshot.with_world(|w| SubscribePage {
                channel: channel.into(),
                address: fields.one("address").into(),
                errors: vec![(field.into(), message)],
                ..pages::subscribe(w, &chosen)
            });
            public_page(StatusCode::UNPROCESSABLE_ENTITY, subscribe_page(&model))
        }
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}

async fn take(app: &App, ctx: &Ctx, channel: &str, fields: &Fields) -> Result<Message, Refusal> {
    let countries: Vec<String> = fields.all("countries").map(str::to_owned).collect();
    let address = fields.one("address");
    let mut tx = app.store.write().await?;
    let page = if channel == "webhook" {
        let guard = Arc::clone(&app.guard);
        let secret = subscribe::by_webhook(&mut tx, ctx, &app.keys, &guard, address, &countries).await?;
        Message::webhook_added(site(app), &secret)
    } else {
        subscribe::by_email(&mut tx, ctx, &app.keys, address, &countries).await?;
        Message::check_your_mail(site(app))
    };
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(page)
}

/// Asks before confirming.
pub async fn confirm_form(State(app): State<App>, Path(token): Path<String>) -> Response {
    let ctx = Ctx::system(app.clock.now());
    let found = async {
        let mut tx = app.store.read().await?;
        Ok::<_, Refusal>(tx.subscriber_by_confirmation(&crate::keys::token_hash(&token), ctx.now).await?)
    };
    match found.await {
        Ok(Some(row)) => {
            let scope = app.snapshot.with_world(|w| match row.chosen_countries() {
                None => "the whole page".to_owned(),
                Some(codes) => {
                    let names: Vec<&str> =
                        codes.iter().filter_map(|c| w.country(c)).map(|c| c.name.as_str()).collect();
                    listed(&names)
                }
            });
            public_page(StatusCode::OK, message_page(&Message::confirm(site(&app), &token, &scope)))
        }
        Ok(None) => public_page(StatusCode::NOT_FOUND, message_page(&Message::link_expired(site(&app)))),
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}

/// Confirms.
pub async fn confirm(State(app): State<App>, Path(token): Path<String>) -> Response {
    let ctx = Ctx::system(app.clock.now());
    let done = async {
        let mut tx = app.store.write().await?;
        let is_ours = subscribe::confirm(&mut tx, &ctx, &token).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(is_ours)
    };
    match done.await {
        Ok(true) => public_page(StatusCode::OK, message_page(&Message::confirmed(site(&app)))),
        Ok(false) => public_page(StatusCode::NOT_FOUND, message_page(&Message::link_expired(site(&app)))),
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}

/// Asks before unsubscribing.
pub async fn unsubscribe_form(State(app): State<App>, Path(token): Path<String>) -> Response {
    match subscribe::subscriber_of(&app.keys, &token) {
        Some(_) => public_page(StatusCode::OK, message_page(&Message::unsubscribe(site(&app), &token))),
        None => public_page(StatusCode::NOT_FOUND, message_page(&Message::link_expired(site(&app)))),
    }
}

/// Unsubscribes: the button of the page, or one click in a mail program (RFC 8058). No cookie, no redirect; again is fine.
pub async fn unsubscribe(State(app): State<App>, Path(token): Path<String>, request: Request) -> Response {
    if let Err(response) = read(request.into_body()).await {
        return response;
    }
    let ctx = Ctx::system(app.clock.now());
    let Some(id) = subscribe::subscriber_of(&app.keys, &token) else {
        return public_page(StatusCode::NOT_FOUND, message_page(&Message::link_expired(site(&app))));
    };
    let done = async {
        let mut tx = app.store.write().await?;
        subscribe::unsubscribe(&mut tx, &ctx, &id).await?;
        Ok::<_, Refusal>(tx.commit().await?)
    };
    match done.await {
        Ok(()) => public_page(StatusCode::OK, message_page(&Message::unsubscribed(site(&app)))),
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}

#[cfg(test)]
mod tests;
