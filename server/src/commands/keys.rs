//! API keys for the ingest door: `tk_<8 char id>_<43 chars>`, shown once, kept as a hash.

use domain::text;
use serde_json::json;
use store::{ApiKeyRow, Tx};

use super::{Ctx, Refusal, cells::audit};
use crate::{
    clock::random,
    keys::{new_token, token_hash},
};

/// Default quotas per minute: requests, events.
pub const QUOTA: (i64, i64) = (600, 20_000);

/// Makes a key and returns it: nobody can read it again.
pub async fn create(tx: &mut Tx, ctx: &Ctx, name: &str, quota: (i64, i64)) -> Result<String, Refusal> {
    let name = text::single_line(name, text::NAME_MAX).map_err(|e| Refusal::field("name", e.to_string()))?;
    let id: String = domain::id::public_id(random()).chars().take(8).collect();
    let key = format!("tk_{id}_{}", new_token());
    let row = ApiKeyRow {
        id: id.clone(),
        name: name.clone(),
        secret_hash: token_hash(&key),
        source_prefix: None,
        requests_per_minute: quota.0,
        events_per_minute: quota.1,
        created_at: ctx.now,
        created_by: ctx.actor.clone(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    };
    tx.insert_api_key(&row).await?;
    audit(tx, ctx, "create_key", &format!("key:{id}"), json!({ "name": name })).await?;
    Ok(key)
}

/// Revokes a key at once.
pub async fn revoke(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    if !tx.revoke_api_key(id, ctx.now).await? {
        return Err(Refusal::NotFound("key in use"));
    }
    audit(tx, ctx, "revoke_key", &format!("key:{id}"), json!({})).await
}
