//! Subscribing by visitors.

mod links;
mod manage;
mod wish;

use std::{net::SocketAddr, sync::Arc};

use app::{
    model::{Message, Site, SubscribePage},
    public::{message_page, subscribe_page},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use delivery::chat::Chat;
use domain::scope::Scope;
use serde::Deserialize;

pub use self::{
    links::{confirm, confirm_form, unsubscribe, unsubscribe_form},
    manage::{
        change, enable, erase, export, leave, pause, replay, resume, rotate, show as manage_form, test,
    },
};
use super::{fields::Fields, public::csp};
use crate::{
    auth::limits::client_ip,
    commands::{Ctx, Refusal, subscribe},
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

/// What the form starts with: `?country=FR`, `?component=sms`, `?incident=p31zjtct2jer`.
#[derive(Debug, Default, Deserialize)]
pub struct Ticked {
    #[serde(default)]
    country: String,
    #[serde(default)]
    component: String,
    #[serde(default)]
    incident: String,
}

/// The form.
pub async fn form(State(app): State<App>, Query(ticked): Query<Ticked>) -> Response {
    let some = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    let scope = Scope {
        countries: some(&ticked.country.to_ascii_uppercase()).into_iter().collect(),
        components: some(&ticked.component).into_iter().collect(),
        incident: some(&ticked.incident),
        ..Scope::default()
    };
    let is_chosen = scope != Scope::default();
    let model = app.snapshot.with_world(|w| {
        let mut form = wish::form(w, &scope, "", "");
        if !is_chosen {
            form.what.clear(); // nothing is chosen for anybody
        }
        SubscribePage::empty(Site::new(w.page_name.clone()), form)
    });
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
    let channel = match fields.one("channel") {
        known @ ("webhook" | "slack" | "teams" | "discord") => known,
        _ => "email",
    };
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
            let model = app.snapshot.with_world(|w| SubscribePage {
                channel: channel.into(),
                address: fields.one("address").into(),
                contact: fields.one("contact").into(),
                errors: vec![(field.into(), message)],
                ..SubscribePage::empty(Site::new(w.page_name.clone()), wish::typed(w, &fields))
            });
            public_page(StatusCode::UNPROCESSABLE_ENTITY, subscribe_page(&model))
        }
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}

async fn take(app: &App, ctx: &Ctx, channel: &str, fields: &Fields) -> Result<Message, Refusal> {
    let wish = wish::read(fields, ctx.now)?;
    let address = fields.one("address");
    let mut tx = app.store.write().await?;
    let page = if let Some(chat) = Chat::from_slug(channel) {
        let guard = Arc::clone(&app.guard);
        let token = subscribe::by_chat(&mut tx, ctx, &app.keys, &guard, (chat, address), wish).await?;
        Message::chat_added(site(app), chat.name(), &token)
    } else if channel == "webhook" {
        let guard = Arc::clone(&app.guard);
        let endpoint = subscribe::by_webhook(&mut tx, ctx, &app.keys, &guard, address, wish).await?;
        Message::webhook_added(site(app), &endpoint.secret, &endpoint.manage_token)
    } else {
        subscribe::by_email(&mut tx, ctx, address, wish).await?;
        Message::check_your_mail(site(app))
    };
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(page)
}

#[cfg(test)]
mod tests;
