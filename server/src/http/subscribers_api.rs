//! `POST /api/v2/subscribers.json`: what Statuspage clients send to subscribe somebody.

use std::net::SocketAddr;

use app::paths;
use axum::{
    body::to_bytes,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use domain::scope::Scope;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use crate::{
    auth::limits::client_ip,
    clock::new_id,
    commands::{
        Ctx, Refusal,
        subscribe::{self, Wish},
    },
    state::App,
};

/// Largest body, in bytes.
const BODY_MAX: usize = 64 * 1024;

/// Subscribers are added by POST; reading or adding them by GET is refused (npm `statuspage.io` tries that).
pub async fn refuse() -> Response {
    let mut response =
        errors(StatusCode::METHOD_NOT_ALLOWED, "Subscribers are added by POST; reading them is not public");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

/// Adds a subscriber. The answer is the same for every address, and its id means nothing.
pub async fn add(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let Ok(bytes) = to_bytes(request.into_body(), BODY_MAX).await else {
        return errors(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 64 KiB");
    };
    let asked = match Asked::read(&headers, &bytes) {
        Ok(asked) => asked,
        Err(why) => return errors(StatusCode::UNPROCESSABLE_ENTITY, why),
    };
    if !app.limits.subscribe(asked.channel(), client_ip(&app.config, peer, &headers)) {
        let mut response = errors(StatusCode::TOO_MANY_REQUESTS, "Too many subscriptions from your network");
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("3600"));
        return response;
    }
    let ctx = Ctx::system(app.clock.now());
    match take(&app, &ctx, &asked).await {
        Ok(body) => answer(StatusCode::CREATED, &body),
        Err(Refusal::Field { message, .. }) => errors(StatusCode::UNPROCESSABLE_ENTITY, &message),
        Err(refusal) => {
            tracing::error!(error = %refusal, id = %ctx.correlation_id, "a subscription failed");
            errors(StatusCode::SERVICE_UNAVAILABLE, "It did not work. Please try again in a minute")
        }
    }
}

fn errors(status: StatusCode, why: &str) -> Response {
    answer(status, &json!({ "error": [why] }))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body.to_string()).into_response()
}

/// The `subscriber` of the request, from a form or JSON.
struct Asked {
    email: String,
    endpoint: String,
    components: Vec<String>,
    incident_id: String,
}

impl Asked {
    fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, &'static str> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let fields: Map<String, Value> = if kind.starts_with("application/json") {
            let body: Value = serde_json::from_slice(bytes).map_err(|_| "The body is not JSON")?;
            body.get("subscriber").and_then(Value::as_object).cloned().ok_or("Subscriber is missing")?
        } else {
            let form = Fields::parse(bytes);
            let inner =
                |(name, value): (&str, &str)| Some((name.strip_suffix(']')?.to_owned(), value.into()));
            form.with_prefix("subscriber[").filter_map(inner).collect()
        };
        let one = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        if fields.contains_key("phone_number") {
            return Err("Subscriptions by text message are not offered");
        }
        let mut components: Vec<String> = match fields.get("component_ids") {
            Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        components.extend(Some(one("component_id")).filter(|id| !id.is_empty()));
        let incident_id = one("incident_id");
        let asked = Self { email: one("email"), endpoint: one("endpoint"), components, incident_id };
        if asked.email.is_empty() && asked.endpoint.is_empty() {
            return Err("Email or endpoint can't be blank");
        }
        Ok(asked)
    }

    const fn channel(&self) -> &'static str {
        if self.endpoint.is_empty() { "email" } else { "webhook" }
    }

    /// A component of theirs is one of our cells, or a country: the narrowest scope that holds all that was chosen.
    /// Without any it is everything, as their clients mean it.
    fn scope(&self, app: &App) -> Result<Scope, Refusal> {
        let mut scope =
            Scope { incident: Some(self.incident_id.clone()).filter(|i| !i.is_empty()), ..Scope::default() };
        let (mut cells, mut groups) = (Vec::new(), Vec::new());
        app.snapshot.with_world(|w| {
            for id in &self.components {
                match (w.countries.iter().find(|c| c.group_id == *id), w.cell(id)) {
                    (Some(country), _) => groups.push(country.code.clone()),
                    (None, Some(cell)) => {
                        let component = w.component_of(cell).map(|c| c.slug.clone()).unwrap_or_default();
                        cells.push((component, cell.country_code.clone()));
                    }
                    (None, None) => {
                        return Err(Refusal::field("component_id", "Component is not on this page"));
                    }
                }
            }
            Ok(())
        })?;
        scope.countries.extend(cells.iter().map(|(_, country)| country.clone()));
        if groups.is_empty() {
            scope.components.extend(cells.into_iter().map(|(component, _)| component));
        }
        scope.countries.append(&mut groups);
        for list in [&mut scope.countries, &mut scope.components] {
            list.sort();
            list.dedup();
        }
        Ok(scope)
    }
}

async fn take(app: &App, ctx: &Ctx, asked: &Asked) -> Result<Value, Refusal> {
    let mut wish = Wish::of(asked.scope(app)?);
    let mut tx = app.store.write().await?;
    let mut subscriber = json!({
        "id": new_id(), "mode": "email", "email": asked.email, "created_at": ctx.now.rfc3339(),
        "skip_confirmation_notification": false, "quarantined_at": null, "purge_at": null,
    });
    let mut mode = "email_sms";
    if asked.channel() == "webhook" {
        mode = "webhook";
        wish.scope.tells_measured = true; // as theirs do
        let endpoint =
            subscribe::by_webhook(&mut tx, ctx, &app.keys, &app.guard, &asked.endpoint, wish).await?;
        subscriber["mode"] = "webhook".into();
        subscriber["endpoint"] = asked.endpoint.as_str().into();
        subscriber["x_waypost"] = json!({
            "signing_secret": endpoint.secret,
            "manage_url": format!("{}{}", app.config.origin(), paths::manage(&endpoint.manage_token)),
        });
    } else {
        subscribe::by_email(&mut tx, ctx, &asked.email, wish).await?;
    }
    tx.commit().await?;
    app.wake.outbox.notify_one();
    let page = app
        .snapshot
        .with_world(|w| json!({ "id": w.page_id, "name": w.page_name, "url": app.config.origin() }));
    Ok(json!({ "page": page, "can_select_components": true, "mode": mode, "subscriber": subscriber }))
}
