//! Signing in and out.

use std::net::SocketAddr;

use app::console::{self, model::FormError};
use axum::{
    Extension,
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    console::{frame, page},
    errors::{error_page, refusal_page},
    fields::Fields,
    headers,
};
use crate::{
    auth::{
        limits::client_ip,
        password,
        session::{self, SECOND_FACTOR_TRIES, Session},
        totp,
    },
    commands::{Ctx, Refusal, users},
    keys::token_hash,
    state::App,
};

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// Only our own console pages.
fn safe_next(next: &str) -> &str {
    let is_ours = next.starts_with("/console")
        && !next.contains("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control);
    if is_ours { next } else { "/console" }
}

async fn first_page(app: &App, status: StatusCode, email: &str, next: &str, error: Option<&str>) -> Response {
    let name = match app.store.read().await {
        Ok(mut tx) => tx.page().await.ok().flatten().map(|p| p.name).unwrap_or_default(),
        Err(_) => String::new(),
    };
    let error = error.map(|message| FormError { field: String::new(), message: message.into() });
    let nonce = headers::new_nonce();
    page(status, &nonce, console::sign_in(&nonce, &name, email, next, error.as_ref()))
}

/// The first factor's form.
pub async fn form(
    State(app): State<App>,
    Query(next): Query<Next>,
    session: Option<Extension<Session>>,
) -> Response {
    if session.is_some_and(|s| s.is_full) {
        return Redirect::to(safe_next(&next.next)).into_response();
    }
    first_page(&app, StatusCode::OK, "", &next.next, None).await
}

/// Checks the first factor. An unknown address takes as long and reads the same as a wrong password.
pub async fn submit(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request_headers: HeaderMap,
    Extension(fields): Extension<Fields>,
    old: Option<Extension<Session>>,
) -> Response {
    let (email, next) = (fields.one("email"), fields.one("next"));
    if !app.limits.sign_in(client_ip(&app.config, peer, &request_headers)) {
        let mut response = error_page(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many tries to sign in from your network. Wait 20 seconds, then try again.",
        );
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("20"));
        return response;
    }
    match check_password(&app, email, fields.one("password")).await {
        Err(Refusal::Conflict(message)) => {
            let mut response =
                first_page(&app, StatusCode::SERVICE_UNAVAILABLE, email, next, Some(&message)).await;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            response
        }
        Err(refusal) => refusal_page(&refusal),
        Ok(None) => {
            let message = "E-mail and password do not belong together. Check both; capital letters count.";
            first_page(&app, StatusCode::UNPROCESSABLE_ENTITY, email, next, Some(message)).await
        }
        Ok(Some(user_id)) => match begin(&app, &user_id, false, &request_headers, old.as_deref()).await {
            Ok(cookie) => {
                let next = percent_encoding::utf8_percent_encode(
                    safe_next(next),
                    percent_encoding::NON_ALPHANUMERIC,
                );
                with_cookie(
                    Redirect::to(&format!("/console/sign-in/code?next={next}")).into_response(),
                    cookie,
                )
            }
            Err(refusal) => refusal_page(&refusal),
        },
    }
}

async fn check_password(app: &App, email: &str, given: &str) -> Result<Option<String>, Refusal> {
    let email = email.trim().to_lowercase();
    let user = app.store.read().await?.user_by_email(&email).await?.filter(|u| !u.is_disabled);
    let hash = user.as_ref().map(|u| u.password_hash.clone());
    let given: String = given.chars().take(password::MAX + 1).collect();
    let fits = password::verify(&app.keys, given, hash).await.map_err(|password::Busy| {
        Refusal::Conflict("Many people are signing in. Please try again in a moment.".into())
    })?;
    Ok(user.filter(|_| fits).map(|u| u.id))
}

async fn begin(
    app: &App,
    user_id: &str,
    is_full: bool,
    headers: &HeaderMap,
    old: Option<&Session>,
) -> Result<HeaderValue, Refusal> {
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let mut tx = app.store.write().await?;
    let cookie =
        session::begin(&mut tx, user_id, is_full, agent, app.clock.now(), old.map(|s| s.id_hash.as_str()))
            .await?;
    tx.commit().await?;
    Ok(cookie)
}

fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

async fn second_page(
    app: &App,
    status: StatusCode,
    session: &Session,
    next: &str,
    error: Option<&str>,
) -> Result<Response, Refusal> {
    let mut tx = app.store.read().await?;
    let user = tx.user(&session.user_id).await?.ok_or(Refusal::NotFound("person"))?;
    let page_name = tx.page().await?.map(|p| p.name).unwrap_or_default();
    drop(tx);
    // Until a first code was used, the person has to be given the secret.
    let enrol = match (&user.totp_sealed, user.totp_last_step) {
        (Some(sealed), 0) => app.keys.open(&users::totp_context(&user.id), sealed).map(|secret| {
            let uri = totp::enrolment_uri(&secret, &user.email, &format!("Waypost {page_name}"));
            (totp::base32(&secret), qr_svg(&uri))
        }),
        _ => None,
    };
    let error = error.map(|message| FormError { field: String::new(), message: message.into() });
    let mut frame = frame(app, None, "Second factor", "");
    frame.csrf = session.csrf_token(&app.keys);
    Ok(page(status, &frame.nonce.clone(), console::code(&frame, next, enrol, error.as_ref())))
}

fn qr_svg(text: &str) -> String {
    qrcode::QrCode::new(text.as_bytes())
        .map(|code| code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(200, 200).build())
        .map(|svg| svg.find("<svg").map_or(String::new(), |at| svg[at..].to_owned()))
        .unwrap_or_default()
}

/// The second factor's form.
pub async fn code_form(
    State(app): State<App>,
    Query(next): Query<Next>,
    Extension(session): Extension<Session>,
) -> Response {
    if session.is_full {
        return Redirect::to(safe_next(&next.next)).into_response();
    }
    second_page(&app, StatusCode::OK, &session, &next.next, None).await.unwrap_or_else(|r| refusal_page(&r))
}

/// Checks the second factor.
pub async fn code_submit(
    State(app): State<App>,
    request_headers: HeaderMap,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Response {
    match second_factor(&app, &request_headers, &session, &fields).await {
        Ok(response) => response,
        Err(refusal) => refusal_page(&refusal),
    }
}

async fn second_factor(
    app: &App,
    request_headers: &HeaderMap,
    session: &Session,
    fields: &Fields,
) -> Result<Response, Refusal> {
    let ctx = Ctx {
        actor: session.user_id.clone(),
        actor_name: session.name.clone(),
        ..Ctx::system(app.clock.now())
    };
    let mut tx = app.store.write().await?;
    if session.is_full {
        return Ok(Redirect::to("/console").into_response());
    }
    if session.tries >= SECOND_FACTOR_TRIES {
        tx.delete_session(&session.id_hash).await?;
        tx.commit().await?;
        let message = "That was wrong five times. Sign in again with your password.";
        return Ok(with_cookie(error_page(StatusCode::TOO_MANY_REQUESTS, message), session::clear_cookie()));
    }
    let user = tx.user(&session.user_id).await?.ok_or(Refusal::NotFound("person"))?;
    let code = fields.one("code");
    let secret = user.totp_sealed.as_deref().and_then(|s| app.keys.open(&users::totp_context(&user.id), s));
    let step = secret.and_then(|s| totp::matching_step(&s, code, ctx.now));
    let is_right = match step {
        Some(step) => tx.use_totp_step(&user.id, step).await?,
        None => {
            let hash = token_hash(&totp::normalised_recovery_code(code));
            tx.use_recovery_code(&user.id, &hash, ctx.now).await?
        }
    };
    if !is_right {
        tx.count_second_factor_try(&session.id_hash).await?;
        tx.commit().await?;
        let message = "This code is not right, or was used before. Wait for the next one and type that.";
        return second_page(
            app,
            StatusCode::UNPROCESSABLE_ENTITY,
            session,
            fields.one("next"),
            Some(message),
        )
        .await;
    }
    let codes = if user.totp_last_step == 0 {
        users::issue_recovery_codes(&mut tx, &ctx, &user.id).await?
    } else {
        Vec::new()
    };
    tx.commit().await?;
    let cookie = begin(app, &user.id, true, request_headers, Some(session)).await?;
    if codes.is_empty() {
        return Ok(with_cookie(Redirect::to(safe_next(fields.one("next"))).into_response(), cookie));
    }
    let frame = frame(app, None, "Recovery codes", "");
    Ok(with_cookie(
        page(StatusCode::OK, &frame.nonce.clone(), console::recovery_codes(&frame, codes)),
        cookie,
    ))
}

/// Ends the session here and in the browser.
pub async fn sign_out(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    let ended = async {
        let mut tx = app.store.write().await?;
        tx.delete_session(&session.id_hash).await?;
        tx.commit().await
    };
    if let Err(error) = ended.await {
        return refusal_page(&Refusal::Store(error));
    }
    let mut response = with_cookie(Redirect::to("/console/sign-in").into_response(), session::clear_cookie());
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    response
}
