//! Subscribing by visitors.

mod links;
mod manage;
mod mark;
mod wish;

use std::{net::SocketAddr, sync::Arc};

use app::{
    model::{Message, Site, SubscribePage},
    paths,
    public::{message_page, subscribe_page},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use delivery::{chat::Chat, webhook::sign::Secret};
use domain::{
    language::{Language, refusal},
    scope::Scope,
};
use serde::Deserialize;

use self::mark::Filled;
pub(in crate::http) use self::wish::repeats;
pub use self::{
    links::{confirm, confirm_form, unsubscribe, unsubscribe_form},
    manage::{
        change, enable, erase, export, leave, pause, replay, resume, rotate, show as manage_form,
        sign_with_key, test,
    },
};
use super::{door::Door, fields::Fields, not_found, public::csp};
use crate::{
    auth::limits::client_ip,
    clock::{new_id, random},
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

/// What the browser likes best of what we speak.
fn browsers(headers: &HeaderMap) -> Language {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    asked.and_then(Language::preferred).unwrap_or_default()
}

fn failed(app: &App, refusal: &Refusal, ctx: &Ctx) -> Response {
    tracing::error!(error = %refusal, id = %ctx.correlation_id, "a subscription failed");
    public_page(
        StatusCode::SERVICE_UNAVAILABLE,
        message_page(&Message::failed(site(app), &ctx.correlation_id)),
    )
}

/// What the form starts with: `?country=FR`, `?component=sms`, `?incident=p31zjtct2jer`; and `?lang=de`.
#[derive(Debug, Default, Deserialize)]
pub struct Ticked {
    #[serde(default)]
    country: String,
    #[serde(default)]
    component: String,
    #[serde(default)]
    incident: String,
    #[serde(default)]
    lang: String,
}

impl Ticked {
    /// The address of this form, up to the choice of a language.
    fn here(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in
            [("country", &self.country), ("component", &self.component), ("incident", &self.incident)]
        {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        let and = if query.is_empty() { "" } else { "&" };
        format!("{}?{query}{and}", paths::SUBSCRIBE)
    }
}

/// The form.
pub async fn form(State(app): State<App>, headers: HeaderMap, Query(ticked): Query<Ticked>) -> Response {
    form_at(&app, &Door::Public, &headers, &ticked)
}

/// The same on a partner's page.
pub async fn partner_form(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Query(ticked): Query<Ticked>,
) -> Response {
    match Door::open(&app, &token).await {
        Ok(Some(door)) => form_at(&app, &door, &headers, &ticked),
        Ok(None) => not_found(&app, ""),
        Err(refusal) => failed(&app, &refusal, &Ctx::system(app.clock.now())),
    }
}

fn form_at(app: &App, door: &Door, headers: &HeaderMap, ticked: &Ticked) -> Response {
    let some = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    let language = Language::find(&ticked.lang).unwrap_or_else(|| browsers(headers));
    let scope = Scope {
        countries: some(&ticked.country.to_ascii_uppercase()).into_iter().collect(),
        components: some(&ticked.component).into_iter().collect(),
        incident: some(&ticked.incident),
        ..Scope::default()
    };
    let is_chosen = scope != Scope::default();
    let mut form = door.with_world(app, |w| wish::form(w, &scope, "", language.code()));
    if !is_chosen {
        form.what.clear(); // nothing is chosen for anybody
    }
    let site = Site { in_other_languages: Some(ticked.here()), ..door.site(app).speaking(language) };
    let mark = mark::new(&app.keys, app.clock.now());
    let page = subscribe_page(&SubscribePage { mark, ..SubscribePage::empty(site, form) });
    public_page(StatusCode::OK, door.dressed(page))
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
    submit_at(&app, &Door::Public, peer, &headers, request).await
}

/// The same on a partner's page.
pub async fn partner_submit(
    State(app): State<App>,
    Path(token): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    match Door::open(&app, &token).await {
        Ok(Some(door)) => submit_at(&app, &door, peer, &headers, request).await,
        Ok(None) => not_found(&app, ""),
        Err(refusal) => failed(&app, &refusal, &Ctx::system(app.clock.now())),
    }
}

async fn submit_at(
    app: &App,
    door: &Door,
    peer: SocketAddr,
    headers: &HeaderMap,
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
    let language = Language::find(fields.one("language")).unwrap_or_else(|| browsers(headers));
    let ctx = Ctx::system(app.clock.now());
    let filled = mark::read(&app.keys, fields.one("mark"), ctx.now);
    // Only programs fill what people do not see, or are done before a person has read: they get the same page, and
    // nothing happens.
    if fields.some("website").is_some() || filled == Filled::TooFast {
        let page = pretended(app, door.site(app).speaking(language), channel);
        return public_page(StatusCode::OK, door.dressed(message_page(&page)));
    }
    if filled == Filled::Stale {
        return again(
            app,
            door,
            (language, channel),
            &fields,
            ("mark", Language::English.say(refusal::FORM_OLD)),
        );
    }
    if !app.limits.subscribe(channel, client_ip(&app.config, peer, headers)) {
        let page = door.dressed(message_page(&Message::too_many(door.site(app).speaking(language))));
        let mut response = public_page(StatusCode::TOO_MANY_REQUESTS, page);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("3600"));
        return response;
    }
    match take(app, door, &ctx, (language, channel), &fields).await {
        Ok(page) => public_page(StatusCode::OK, door.dressed(message_page(&page))),
        Err(Refusal::Field { field, message }) => {
            again(app, door, (language, channel), &fields, (field, &message))
        }
        Err(refusal) => failed(app, &refusal, &ctx),
    }
}

/// The form as it was sent, with what is wrong. It keeps its mark, unless that is what is wrong: whoever mends one
/// letter need not wait.
fn again(
    app: &App,
    door: &Door,
    (language, channel): (Language, &str),
    fields: &Fields,
    (field, message): (&str, &str),
) -> Response {
    let site =
        Site { in_other_languages: Some(Ticked::default().here()), ..door.site(app).speaking(language) };
    let mut form = door.with_world(app, |w| wish::typed(w, fields));
    form.language = language.code().into();
    let model = SubscribePage {
        channel: channel.into(),
        address: fields.one("address").into(),
        contact: fields.one("contact").into(),
        is_written_only: fields.some("written_only").is_some(),
        errors: vec![(field.to_owned(), refusal::in_words(language, field, message))],
        mark: match field {
            "mark" => mark::new(&app.keys, app.clock.now()),
            _ => fields.one("mark").to_owned(),
        },
        ..SubscribePage::empty(site, form)
    };
    public_page(StatusCode::UNPROCESSABLE_ENTITY, door.dressed(subscribe_page(&model)))
}

/// The answer that a person would get, with a secret and a link that open nothing.
fn pretended(app: &App, site: Site, channel: &str) -> Message {
    let token = subscribe::manage_token(&app.keys, &new_id());
    match Chat::from_slug(channel) {
        Some(chat) => Message::chat_added(site, chat.name(), &token),
        None if channel == "webhook" => Message::webhook_added(site, &Secret::new(random()).reveal(), &token),
        None => Message::check_your_mail(site),
    }
}

async fn take(
    app: &App,
    door: &Door,
    ctx: &Ctx,
    (language, channel): (Language, &str),
    fields: &Fields,
) -> Result<Message, Refusal> {
    let mut wish = wish::read(fields, ctx.now)?;
    if wish.language.is_empty() {
        wish.language = language.code().to_owned();
    }
    wish.partner_id = door.partner_id().map(str::to_owned);
    let (address, site) = (fields.one("address"), door.site(app).speaking(language));
    let mut tx = app.store.write().await?;
    let page = if let Some(chat) = Chat::from_slug(channel) {
        let guard = Arc::clone(&app.guard);
        let token = subscribe::by_chat(&mut tx, ctx, &app.keys, &guard, (chat, address), wish).await?;
        Message::chat_added(site, chat.name(), &token)
    } else if channel == "webhook" {
        // As programs know it from hosted status pages, unless the owner does not want it.
        wish.scope.tells_measured = fields.some("written_only").is_none();
        let guard = Arc::clone(&app.guard);
        let endpoint = subscribe::by_webhook(&mut tx, ctx, &app.keys, &guard, address, wish).await?;
        Message::webhook_added(site, &endpoint.secret, &endpoint.manage_token)
    } else {
        subscribe::by_email(&mut tx, ctx, address, wish).await?;
        Message::check_your_mail(site)
    };
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(page)
}

#[cfg(test)]
mod tests;
