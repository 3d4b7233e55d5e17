//! Who may send, and how much.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, Uri, header};
use domain::clock::{MINUTE, Timestamp};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use store::ApiKeyRow;
use subtle::ConstantTimeEq as _;

use super::answer::Problem;
use crate::{keys::token_hash, state::App};

/// Requests that may come at once.
const BURST: u32 = 200;

struct Limits {
    requests: DefaultDirectRateLimiter,
    events: DefaultDirectRateLimiter,
}

/// How long a key is remembered; other nodes hear so late of a revocation.
const REMEMBER: Duration = Duration::from_secs(1);

/// A key as it was read.
struct Known {
    row: Arc<ApiKeyRow>,
    read_at: Instant,
    generation: u64,
}

/// Quotas per key, each isolated from the others; and the keys that were used a moment ago.
#[derive(Default)]
pub(super) struct Quotas {
    limits: Mutex<HashMap<String, Arc<Limits>>>,
    known: Mutex<HashMap<String, Known>>,
}

fn per_minute(n: i64) -> NonZeroU32 {
    u32::try_from(n).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
}

impl Quotas {
    fn of(&self, key: &ApiKeyRow) -> Arc<Limits> {
        let mut all = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let requests = per_minute(key.requests_per_minute);
            let burst = requests.min(NonZeroU32::new(BURST).unwrap_or(NonZeroU32::MIN));
            Arc::new(Limits {
                requests: RateLimiter::direct(Quota::per_minute(requests).allow_burst(burst)),
                events: RateLimiter::direct(Quota::per_minute(per_minute(key.events_per_minute))),
            })
        };
        all.entry(key.id.clone()).or_insert_with(make).clone()
    }

    /// A key by its id, read a second ago at most.
    async fn key(&self, app: &App, id: &str) -> Result<Option<Arc<ApiKeyRow>>, Problem> {
        let generation = app.wake.keys.load(Ordering::Acquire);
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let found =
                known.get(id).filter(|k| k.generation == generation && k.read_at.elapsed() < REMEMBER);
            if let Some(found) = found {
                return Ok(Some(Arc::clone(&found.row)));
            }
        }
        let read_at = Instant::now();
        let Some(row) = app.store.read().await?.api_key(id).await? else { return Ok(None) };
        let row = Arc::new(row);
        let known = Known { row: Arc::clone(&row), read_at, generation };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), known);
        Ok(Some(row))
    }

    fn forget(&self, id: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn charge_request(&self, key: &ApiKeyRow) -> Result<(), Problem> {
        self.of(key).requests.check().map_err(|_| over("requests", key.requests_per_minute))
    }

    /// Counts the events of a request; all of them or none.
    pub(super) fn charge_events(&self, key: &ApiKeyRow, n: usize) -> Result<(), Problem> {
        let Some(n) = u32::try_from(n).ok().and_then(NonZeroU32::new) else { return Ok(()) };
        match self.of(key).events.check_n(n) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(over("events", key.events_per_minute)),
            Err(_) => Err(never(n, key.events_per_minute)),
        }
    }
}

/// Waiting does not help: so many are never let in at once.
fn never(n: NonZeroU32, limit: i64) -> Problem {
    let detail = format!(
        "This batch holds {n} events, and is larger than the key's quota of {limit} events a minute. \
         Nothing was kept; send smaller batches."
    );
    Problem::new(413, "larger-than-quota", "The batch is larger than the quota", detail)
}

fn over(what: &str, limit: i64) -> Problem {
    let detail = format!("This key may send {limit} {what} a minute. Nothing was kept; send it again later.");
    Problem::new(429, "quota", "Too much at once", detail).retry_after(2)
}

fn unknown() -> Problem {
    let detail = "Send a key that Waypost made: Authorization: Bearer tk_… Keys are made in the console, under Telemetry, Sources.";
    Problem::new(401, "unauthorized", "A key is needed", detail.into())
}

/// The key of a request. Keys in the address are refused: addresses end up in logs.
pub(super) async fn authenticate(
    app: &App,
    quotas: &Quotas,
    uri: &Uri,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Arc<ApiKeyRow>, Problem> {
    if uri.query().is_some_and(|q| q.contains("tk_")) {
        let detail = "Send the key in the Authorization header. This one has been in an address and in logs: revoke it.";
        return Err(Problem::new(400, "key-in-address", "The key must not be in the address", detail.into()));
    }
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "));
    let key = given.map(str::trim).filter(|k| k.len() == 55 && k.starts_with("tk_")).ok_or_else(unknown)?;
    let id = key.get(3..11).ok_or_else(unknown)?;
    let row = quotas.key(app, id).await?.ok_or_else(unknown)?;
    let is_same = bool::from(row.secret_hash.as_bytes().ct_eq(token_hash(key).as_bytes()));
    let is_over = row.revoked_at.is_some() || row.expires_at.is_some_and(|at| at <= now.millis());
    if !is_same || is_over {
        return Err(unknown());
    }
    quotas.charge_request(&row)?;
    if row.last_used_at.is_none_or(|at| now.millis() - at > MINUTE) {
        let mut tx = app.store.write().await?;
        tx.touch_api_key(&row.id, now).await?;
        tx.commit().await?;
        quotas.forget(&row.id);
    }
    Ok(row)
}
