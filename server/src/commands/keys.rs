//! API keys for the ingest doors: `tk_<8 char id>_<43 chars>`, shown once, kept as a hash.

use domain::{
    clock::{DAY, HOUR, Timestamp},
    status::CellStatus,
    text,
};
use ipnet::IpNet;
use serde_json::json;
use store::{ApiKeyRow, Tx};

use super::{Ctx, Refusal, cells::audit};
use crate::{
    clock::random,
    http::fields::Fields,
    keys::{new_token, token_hash},
};

/// Default quotas per minute: requests, events.
pub const QUOTA: (i64, i64) = (600, 20_000);
/// How long a key that was renewed still opens the doors.
pub const OVERLAP: i64 = DAY;
/// Keys of one family that open the doors at once.
const LIVE_MAX: usize = 2;
/// Most entries of one limit.
const ENTRIES_MAX: usize = 300;

/// What a key may speak of, from where, and until when. An empty list limits nothing.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Slugs of components.
    pub components: Vec<String>,
    /// ISO codes.
    pub countries: Vec<String>,
    /// Slugs of suppliers.
    pub suppliers: Vec<String>,
    /// Networks.
    pub networks: Vec<IpNet>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// How its sources begin; none: it may name any.
    pub source_prefix: Option<String>,
    /// It makes no cell worse than degraded, and proposes nothing.
    pub is_modest: bool,
}

fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\n', '\r', '\t', ';']).filter(|w| !w.is_empty())
}

fn few<T>(list: Vec<T>, field: &'static str) -> Result<Vec<T>, Refusal> {
    if list.len() > ENTRIES_MAX {
        return Err(Refusal::field(field, format!("At most {ENTRIES_MAX} entries.")));
    }
    Ok(list)
}

impl Limits {
    /// Reads them from a form: lists separated by commas or spaces, days until the end.
    ///
    /// # Errors
    /// The first field that names something that is not on the page, or cannot be read.
    pub async fn read(tx: &mut Tx, fields: &Fields, now: Timestamp) -> Result<Self, Refusal> {
        let known: Vec<String> = tx.components().await?.into_iter().map(|c| c.slug).collect();
        let components: Vec<String> = entries(fields.one("components")).map(str::to_lowercase).collect();
        if let Some(slug) = components.iter().find(|c| !known.contains(c)) {
            return Err(Refusal::field(
                "components",
                format!("There is no service {slug:?}; use slugs as listed above."),
            ));
        }
        let known: Vec<String> = tx.countries().await?.into_iter().map(|c| c.code).collect();
        let countries: Vec<String> = entries(fields.one("countries")).map(str::to_uppercase).collect();
        if let Some(code) = countries.iter().find(|c| !known.contains(c)) {
            return Err(Refusal::field(
                "countries_of_key",
                format!("{code:?} is not on the page; use codes like FR."),
            ));
        }
        let suppliers: Vec<String> = entries(fields.one("suppliers")).map(str::to_owned).collect();
        if let Some(slug) = suppliers.iter().find(|s| s.chars().count() > 120) {
            return Err(Refusal::field("suppliers", format!("{slug:?} is too long.")));
        }
        let prefix = fields.some("source_prefix").map(|typed| text::single_line(typed, text::NAME_MAX));
        let source_prefix = prefix.transpose().map_err(|e| Refusal::field("source_prefix", e.to_string()))?;
        let networks = entries(fields.one("networks")).map(network).collect::<Result<Vec<_>, _>>()?;
        let expires_at = match fields.some("days") {
            None => None,
            Some(days) => match days.parse::<i64>() {
                Ok(days) if (1..=3_650).contains(&days) => Some(now.plus(days * DAY)),
                _ => {
                    return Err(Refusal::field(
                        "days",
                        "Write a number of days from 1 to 3650, or leave it empty.",
                    ));
                }
            },
        };
        Ok(Self {
            components: few(components, "components")?,
            countries: few(countries, "countries_of_key")?,
            suppliers: few(suppliers, "suppliers")?,
            networks: few(networks, "networks")?,
            expires_at,
            source_prefix,
            is_modest: match fields.one("worst") {
                "" | "partial_outage" => false,
                "degraded" => true,
                _ => return Err(Refusal::field("worst", "Choose degraded, or partial outage.")),
            },
        })
    }
}

/// `192.0.2.0/24`, or one address.
fn network(text: &str) -> Result<IpNet, Refusal> {
    let one = |ip: std::net::IpAddr| IpNet::from(ip.to_canonical());
    text.parse::<IpNet>().map(|n| n.trunc()).or_else(|_| text.parse().map(one)).map_err(|_| {
        Refusal::field("networks", format!("{text:?} is not a network like 192.0.2.0/24 or 2001:db8::/32."))
    })
}

/// Largest quotas per minute: requests, events.
const QUOTA_MAX: (i64, i64) = (10_000_000, 1_000_000_000);

/// Reads quotas from a form; an empty field: the default.
///
/// # Errors
/// The field that is no such number.
pub fn quota(fields: &Fields) -> Result<(i64, i64), Refusal> {
    let read = |name: &'static str, default: i64, most: i64| match fields.some(name).map(str::parse::<i64>) {
        None => Ok(default),
        Some(Ok(n)) if (1..=most).contains(&n) => Ok(n),
        Some(_) => Err(Refusal::field(name, format!("Write a number from 1 to {most}, or leave it empty."))),
    };
    Ok((read("requests", QUOTA.0, QUOTA_MAX.0)?, read("events", QUOTA.1, QUOTA_MAX.1)?))
}

/// Makes a key and returns it: nobody can read it again.
pub async fn create(
    tx: &mut Tx,
    ctx: &Ctx,
    name: &str,
    quota: (i64, i64),
    limits: &Limits,
) -> Result<String, Refusal> {
    let name = text::single_line(name, text::NAME_MAX).map_err(|e| Refusal::field("name", e.to_string()))?;
    let (id, key) = fresh();
    let list = |l: &[String]| serde_json::to_string(l).unwrap_or_else(|_| "[]".into());
    let row = ApiKeyRow {
        id: id.clone(),
        name: name.clone(),
        secret_hash: token_hash(&key),
        source_prefix: limits.source_prefix.clone(),
        requests_per_minute: quota.0,
        events_per_minute: quota.1,
        created_at: ctx.now,
        created_by: ctx.actor.clone(),
        expires_at: limits.expires_at.map(Timestamp::millis),
        revoked_at: None,
        last_used_at: None,
        components: list(&limits.components),
        countries: list(&limits.countries),
        suppliers: list(&limits.suppliers),
        networks: serde_json::to_string(&limits.networks).unwrap_or_else(|_| "[]".into()),
        family_id: String::new(),
        worst_status: if limits.is_modest { CellStatus::Degraded } else { CellStatus::PartialOutage },
    };
    tx.insert_api_key(&row).await?;
    let detail = json!({ "name": name, "components": row.components, "countries": row.countries,
        "suppliers": row.suppliers, "networks": row.networks, "source_prefix": row.source_prefix, "expires_at": row.expires_at, "worst_status": row.worst_status.slug() });
    audit(tx, ctx, "create_key", &format!("key:{id}"), detail).await?;
    Ok(key)
}

fn fresh() -> (String, String) {
    let id: String = domain::id::public_id(random()).chars().take(8).collect();
    let key = format!("tk_{id}_{}", new_token());
    (id, key)
}

/// Makes a key with the same limits that takes the place of one; the old one opens the doors for a day more.
pub async fn renew(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<String, Refusal> {
    let all = tx.api_keys().await?;
    let old = all.iter().find(|k| k.id == id && k.is_live(ctx.now)).ok_or(Refusal::NotFound("key in use"))?;
    let live = all.iter().filter(|k| k.family() == old.family() && k.is_live(ctx.now)).count();
    if live >= LIVE_MAX {
        let words = "Two keys of this name are in use already. Revoke the older one first.";
        return Err(Refusal::Conflict(words.into()));
    }
    let (new_id, key) = fresh();
    let span = old.expires_at.map(|at| (at - old.created_at.millis()).max(HOUR));
    let row = ApiKeyRow {
        id: new_id.clone(),
        secret_hash: token_hash(&key),
        created_at: ctx.now,
        created_by: ctx.actor.clone(),
        expires_at: span.map(|ms| ctx.now.plus(ms).millis()),
        last_used_at: None,
        family_id: old.family().to_owned(),
        ..old.clone()
    };
    tx.insert_api_key(&row).await?;
    tx.end_api_key(id, ctx.now.plus(OVERLAP)).await?;
    audit(tx, ctx, "renew_key", &format!("key:{id}"), json!({ "new": new_id })).await?;
    Ok(key)
}

/// Revokes a key at once.
pub async fn revoke(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    if !tx.revoke_api_key(id, ctx.now).await? {
        return Err(Refusal::NotFound("key in use"));
    }
    audit(tx, ctx, "revoke_key", &format!("key:{id}"), json!({})).await
}
