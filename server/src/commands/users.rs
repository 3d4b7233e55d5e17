//! People.

use domain::text;
use serde_json::json;
use store::{Tx, UserRow};

use super::{Ctx, Refusal, cells::audit};
use crate::{
    auth::{password, role::Role, totp},
    clock::new_id,
    keys::{Keys, token_hash},
};

/// A person to be added; the password is hashed already.
pub struct NewUser {
    /// To sign in with.
    pub email: String,
    /// What colleagues see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// PHC string.
    pub password_hash: String,
    /// The second factor; enrolled means that it was given out already.
    pub totp_secret: Vec<u8>,
    /// Whether the person has the second factor already.
    pub is_enrolled: bool,
}

/// A mail address as it is compared: trimmed, lower case.
pub fn clean_email(email: &str) -> Result<String, Refusal> {
    let email = email.trim().to_lowercase();
    let well_formed = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.contains('@')
        });
    if well_formed {
        Ok(email)
    } else {
        Err(Refusal::field("email", "This is not an e-mail address like ana@example.com."))
    }
}

/// What seals the second factor of a person.
#[must_use]
pub fn totp_context(user_id: &str) -> String {
    format!("users.totp_sealed/{user_id}")
}

/// Adds a person; returns the id.
pub async fn create_user(tx: &mut Tx, ctx: &Ctx, keys: &Keys, new: NewUser) -> Result<String, Refusal> {
    let email = clean_email(&new.email)?;
    let name =
        text::single_line(&new.name, text::NAME_MAX).map_err(|e| Refusal::field("name", e.to_string()))?;
    if tx.user_by_email(&email).await?.is_some() {
        return Err(Refusal::field("email", "Somebody with this address can sign in already."));
    }
    let id = new_id();
    let user = UserRow {
        id: id.clone(),
        email,
        name,
        role: new.role.slug().to_owned(),
        password_hash: new.password_hash,
        totp_sealed: Some(keys.seal(&totp_context(&id), &new.totp_secret)),
        totp_last_step: 0,
        is_disabled: false,
    };
    tx.insert_user(&user, ctx.now).await?;
    if new.is_enrolled {
        tx.use_totp_step(&id, 1).await?;
    }
    audit(tx, ctx, "create_user", &format!("user:{id}"), json!({ "role": user.role })).await?;
    Ok(id)
}

/// Changes role and access; every session of the person ends at once.
pub async fn set_access(
    tx: &mut Tx,
    ctx: &Ctx,
    user_id: &str,
    role: Role,
    is_disabled: bool,
) -> Result<(), Refusal> {
    let user = tx.user(user_id).await?.ok_or(Refusal::NotFound("person"))?;
    if user_id == ctx.actor {
        return Err(Refusal::Conflict("You cannot change your own access; another owner can.".into()));
    }
    tx.set_access(user_id, role.slug(), is_disabled, ctx.now).await?;
    tx.delete_other_sessions(user_id, "").await?;
    let detail = json!({ "before": user.role, "after": role.slug(), "is_disabled": is_disabled });
    audit(tx, ctx, "set_access", &format!("user:{user_id}"), detail).await
}

/// Makes ten recovery codes; only their hashes are kept.
pub async fn issue_recovery_codes(tx: &mut Tx, ctx: &Ctx, user_id: &str) -> Result<Vec<String>, Refusal> {
    let codes = totp::new_recovery_codes();
    for code in &codes {
        tx.insert_recovery_code(user_id, &token_hash(&totp::normalised_recovery_code(code))).await?;
    }
    audit(tx, ctx, "issue_recovery_codes", &format!("user:{user_id}"), json!({})).await?;
    Ok(codes)
}

/// A one-time password for a new colleague.
#[must_use]
pub fn one_time_password() -> String {
    let token = crate::keys::new_token();
    debug_assert!(token.len() >= password::MIN);
    token.chars().take(20).collect()
}
