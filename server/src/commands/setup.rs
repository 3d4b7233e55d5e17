//! The first run: a one-time link, then a page, a grid and an owner, in one transaction.

use domain::{component::DEFAULTS, text};
use store::Tx;
use subtle::ConstantTimeEq as _;

use super::{
    Ctx, Refusal, cells,
    users::{self, NewUser},
};
use crate::{
    auth::{role::Role, totp},
    keys::{Keys, new_token, token_hash},
};

/// Makes a new setup token while setup is due; older ones stop working. None once the page is set up.
pub async fn issue_token(tx: &mut Tx, ctx: &Ctx) -> Result<Option<String>, Refusal> {
    if tx.page().await?.is_none_or(|p| p.is_set_up) {
        return Ok(None);
    }
    let token = new_token();
    tx.set_setup_token(&token_hash(&token), ctx.now).await?;
    Ok(Some(token))
}

/// Whether this token opens the setup.
pub async fn is_token(tx: &mut Tx, token: &str) -> Result<bool, Refusal> {
    let page = tx.page().await?.filter(|p| !p.is_set_up);
    let hash = page.and_then(|p| p.setup_token_hash).unwrap_or_default();
    Ok(!hash.is_empty() && bool::from(hash.as_bytes().ct_eq(token_hash(token).as_bytes())))
}

/// What the first run asks.
pub struct Setup {
    /// Name of the page.
    pub page_name: String,
    /// The owner's name.
    pub name: String,
    /// The owner's address.
    pub email: String,
    /// PHC string of the owner's password.
    pub password_hash: String,
    /// One portfolio a line: `Western Europe: FR IT ES`.
    pub countries: String,
}

/// Sets the page up and closes the door for good; returns the owner's id.
pub async fn set_up(tx: &mut Tx, ctx: &Ctx, keys: &Keys, setup: Setup) -> Result<String, Refusal> {
    let page_name = text::single_line(&setup.page_name, text::NAME_MAX)
        .map_err(|e| Refusal::field("page_name", e.to_string()))?;
    if !tx.finish_setup(&page_name, ctx.now).await? {
        return Err(Refusal::Conflict("This page is set up already.".into()));
    }
    for (slug, name, step) in DEFAULTS {
        cells::add_component(tx, ctx, name, Some(slug), step).await?;
    }
    add_portfolios(tx, ctx, &setup.countries).await?;
    let owner = NewUser {
        email: setup.email,
        name: setup.name,
        role: Role::Owner,
        password_hash: setup.password_hash,
        totp_secret: totp::new_secret(),
        is_enrolled: false,
    };
    let id = users::create_user(tx, ctx, keys, owner).await?;
    tx.bump_revision(ctx.now).await?;
    Ok(id)
}

/// Adds portfolios with their countries, one a line.
pub async fn add_portfolios(tx: &mut Tx, ctx: &Ctx, lines: &str) -> Result<(), Refusal> {
    let wrong = |line: &str| {
        Refusal::field(
            "countries",
            format!("{line:?} should read like “Western Europe: FR IT ES”: a name, a colon, country codes."),
        )
    };
    let mut count = 0;
    for line in lines.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (name, codes) = line.split_once(':').ok_or_else(|| wrong(line))?;
        let portfolio = cells::add_portfolio(tx, ctx, name).await.map_err(|e| match e {
            Refusal::Field { message, .. } => Refusal::field("countries", message),
            other => other,
        })?;
        for code in codes.split([' ', ',', '\t']).filter(|c| !c.is_empty()) {
            cells::add_country(tx, ctx, &portfolio, code).await?;
            count += 1;
        }
    }
    if count == 0 {
        return Err(Refusal::field("countries", "Name at least one country, like “Western Europe: FR”."));
    }
    Ok(())
}
