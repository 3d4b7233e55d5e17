//! Sessions: a random cookie, kept as a hash, with a new id at every step of signing in.

use axum::http::{HeaderMap, HeaderValue, header};
use domain::clock::{HOUR, MINUTE, Timestamp};
use store::Tx;

use super::role::Role;
use crate::{
    keys::{Keys, Purpose, new_token, token_hash},
    state::App,
};

/// Name of the cookie.
pub const COOKIE: &str = "__Host-sid";
const IDLE: i64 = 60 * MINUTE;
const ABSOLUTE: i64 = 12 * HOUR;
/// Wrong second factors before the password is asked again.
pub const SECOND_FACTOR_TRIES: i64 = 5;

/// A signed-in person, or one whose second factor is still due.
#[derive(Debug, Clone)]
pub struct Session {
    /// SHA-256 of the cookie.
    pub id_hash: String,
    /// Who.
    pub user_id: String,
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role, as it is now.
    pub role: Role,
    /// Whether both factors were given.
    pub is_full: bool,
    /// Wrong second factors so far.
    pub tries: i64,
    /// Both factors were given once more, and count until then.
    pub sure_until: Option<Timestamp>,
}

impl Session {
    /// Whether both factors were given once more, a short while ago.
    #[must_use]
    pub fn is_sure(&self, now: Timestamp) -> bool {
        self.sure_until.is_some_and(|until| now < until)
    }

    /// The token that every form of this session carries.
    #[must_use]
    pub fn csrf_token(&self, keys: &Keys) -> String {
        keys.token(Purpose::Form, &[&self.id_hash])
    }
}

/// The session id in a request.
#[must_use]
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == COOKIE && value.len() == 43).then_some(value)
        })
}

/// The live session of a request; touches it.
pub async fn load(app: &App, headers: &HeaderMap) -> store::Result<Option<Session>> {
    let Some(id) = cookie(headers) else { return Ok(None) };
    let now = app.clock.now();
    let row = app.store.read().await?.session(&token_hash(id)).await?;
    let Some(row) = row.filter(|r| now < r.expires_at && now.since(r.last_seen_at) < IDLE) else {
        return Ok(None);
    };
    let Some(role) = Role::find(&row.role) else { return Ok(None) };
    if now.since(row.last_seen_at) > MINUTE {
        let mut tx = app.store.write().await?;
        tx.touch_session(&row.id_hash, now).await?;
        tx.commit().await?;
    }
    Ok(Some(Session {
        id_hash: row.id_hash,
        user_id: row.user_id,
        name: row.name,
        email: row.email,
        role,
        is_full: row.stage == "full",
        tries: row.second_factor_tries,
        sure_until: row.sure_until_at.map(Timestamp::from_millis),
    }))
}

/// Begins a session in place of `old`; returns the cookie to set.
pub async fn begin(
    tx: &mut Tx,
    user_id: &str,
    is_full: bool,
    user_agent: &str,
    now: Timestamp,
    old: Option<&str>,
) -> store::Result<HeaderValue> {
    if let Some(old) = old {
        tx.delete_session(old).await?;
    }
    tx.delete_old_sessions(now, now.plus(-IDLE)).await?;
    let id = new_token();
    let agent: String = user_agent.chars().filter(|c| !c.is_control()).take(120).collect();
    let stage = if is_full { "full" } else { "password" };
    let ends = if is_full { ABSOLUTE } else { 10 * MINUTE };
    tx.insert_session(&token_hash(&id), user_id, stage, &agent, now, now.plus(ends)).await?;
    Ok(set_cookie(&id, ""))
}

fn set_cookie(id: &str, extra: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{COOKIE}={id}; Path=/; Secure; HttpOnly; SameSite=Strict{extra}"))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The cookie that ends the session in the browser.
#[must_use]
pub fn clear_cookie() -> HeaderValue {
    set_cookie("", "; Max-Age=0")
}
