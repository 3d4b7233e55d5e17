//! Both factors once more, before something grave: whoever finds a desk unlocked gets no further. The form that waits
//! is kept in the page that asks, and goes on with the answer.

use std::net::SocketAddr;

use app::console::{self, model::FormError};
use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use domain::clock::MINUTE;
use serde_json::json;

use super::{
    limits::client_ip,
    password,
    session::{self, SECOND_FACTOR_TRIES, Session},
    totp,
};
use crate::{
    commands::{Ctx, Refusal, cells::audit, users},
    http::{
        console::{ctx, frame, page},
        errors::{error_page, refusal_page},
        fields::Fields,
    },
    keys::token_hash,
    state::App,
};

/// It counts this long.
const LASTS: i64 = 10 * MINUTE;
/// The two fields; they are not handed on.
const FIELDS: [&str; 2] = ["sure_password", "sure_code"];

/// Takes the answer out of a form, if there is one, and asks where it is `needed` and missing. The session comes back
/// under a new id, with the cookie to set.
///
/// # Errors
/// The page that asks, or the end of the session.
pub async fn look(
    app: &App,
    session: Session,
    request: &mut Request,
    needed: bool,
) -> Result<(Session, Option<HeaderValue>), Response> {
    let mut fields = request.extensions().get::<Fields>().cloned().unwrap_or_default();
    let (given, code) = (fields.one(FIELDS[0]).to_owned(), fields.one(FIELDS[1]).to_owned());
    let path = request.uri().path().to_owned();
    fields.remove(&FIELDS);
    request.extensions_mut().insert(fields.clone());
    if given.is_empty() && code.is_empty() {
        let is_enough = !needed || session.is_sure(app.clock.now());
        return if is_enough { Ok((session, None)) } else { Err(ask(app, &session, &path, &fields, "")) };
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0);
    let again = |status, message: &str| asked(app, &session, status, &path, &fields, "", Some(message));
    if peer.is_none_or(|peer| !app.limits.sign_in(client_ip(&app.config, peer, request.headers()))) {
        return Err(again(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many tries from your network. Wait 20 seconds, then try again.",
        ));
    }
    match check(app, &session, given, &code, request.headers()).await {
        Ok(Given::Right(fresh, cookie)) => Ok((fresh, Some(cookie))),
        Ok(Given::Wrong) => Err(again(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Password or code is not right, or the code was used before. Wait for the next code and type that.",
        )),
        Ok(Given::Busy) => Err(again(
            StatusCode::SERVICE_UNAVAILABLE,
            "Many people are signing in. Please try again in a moment.",
        )),
        Ok(Given::Ended) => {
            let message = "That was wrong five times. Sign in again.";
            let mut response = error_page(StatusCode::TOO_MANY_REQUESTS, message);
            response.headers_mut().insert(header::SET_COOKIE, session::clear_cookie());
            Err(response)
        }
        Err(refusal) => Err(refusal_page(&refusal)),
    }
}

/// The page that asks, over the form that waits.
pub fn ask(app: &App, session: &Session, path: &str, fields: &Fields, why: &str) -> Response {
    asked(app, session, StatusCode::FORBIDDEN, path, fields, why, None)
}

fn asked(
    app: &App,
    session: &Session,
    status: StatusCode,
    path: &str,
    fields: &Fields,
    why: &str,
    error: Option<&str>,
) -> Response {
    let why = if why.is_empty() { "This is more than an open session may do alone" } else { why };
    let what = format!(
        "{why}, so please give your password and a code once more. Your form is kept, and goes on with them. \
         You are not asked again for ten minutes."
    );
    let kept = fields.iter().filter(|(n, _)| *n != "csrf").map(|(n, v)| (n.to_owned(), v.to_owned()));
    let kept: Vec<_> = kept.collect();
    let error = error.map(|message| FormError { field: String::new(), message: message.to_owned() });
    let frame = frame(app, Some(session), "Is it you?", "");
    page(status, &frame.nonce.clone(), console::once_more(&frame, path, &what, &kept, error.as_ref()))
}

enum Given {
    Right(Session, HeaderValue),
    Wrong,
    Busy,
    /// Wrong too often.
    Ended,
}

async fn check(
    app: &App,
    session: &Session,
    given: String,
    code: &str,
    headers: &HeaderMap,
) -> Result<Given, Refusal> {
    let user = app.store.read().await?.user(&session.user_id).await?.ok_or(Refusal::NotFound("person"))?;
    if session.tries >= SECOND_FACTOR_TRIES {
        let mut tx = app.store.write().await?;
        tx.delete_session(&session.id_hash).await?;
        tx.commit().await?;
        return Ok(Given::Ended);
    }
    let given: String = given.chars().take(password::MAX + 1).collect();
    let Ok(fits) = password::verify(&app.keys, given, Some(user.password_hash.clone())).await else {
        return Ok(Given::Busy);
    };
    let ctx = ctx(app, session);
    let mut tx = app.store.write().await?;
    // A code is used up only beside the right password.
    if !fits || !is_right(&mut tx, app, &ctx, &user, code).await? {
        tx.count_second_factor_try(&session.id_hash).await?;
        audit(&mut tx, &ctx, "identity_not_confirmed", &format!("user:{}", user.id), json!({})).await?;
        tx.commit().await?;
        return Ok(Given::Wrong);
    }
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or("");
    let old = Some(session.id_hash.as_str());
    let cookie = session::begin(&mut tx, &user.id, true, agent, ctx.now, old).await?;
    let id_hash = token_hash(cookie_value(&cookie));
    let until = ctx.now.plus(LASTS);
    tx.make_session_sure(&id_hash, until).await?;
    audit(&mut tx, &ctx, "identity_confirmed", &format!("user:{}", user.id), json!({})).await?;
    tx.commit().await?;
    let fresh = Session { id_hash, tries: 0, sure_until: Some(until), ..session.clone() };
    Ok(Given::Right(fresh, cookie))
}

/// Whether this is the code of now, never used before, or a recovery code.
async fn is_right(
    tx: &mut store::Tx,
    app: &App,
    ctx: &Ctx,
    user: &store::UserRow,
    code: &str,
) -> Result<bool, Refusal> {
    let secret = user.totp_sealed.as_deref().and_then(|s| app.keys.open(&users::totp_context(&user.id), s));
    Ok(match secret.and_then(|s| totp::matching_step(&s, code, ctx.now)) {
        Some(step) => tx.use_totp_step(&user.id, step).await?,
        None => {
            let hash = token_hash(&totp::normalised_recovery_code(code));
            tx.use_recovery_code(&user.id, &hash, ctx.now).await?
        }
    })
}

fn cookie_value(cookie: &HeaderValue) -> &str {
    let pair = cookie.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    pair.split_once('=').map_or("", |(_, value)| value)
}
