//! A partner's own page: its link, and when it goes live.

use serde_json::json;
use store::{PartnerRow, Tx};
use subtle::ConstantTimeEq as _;

use super::{Ctx, Refusal, cells::audit, subscribe::endpoints};
use crate::keys::{Keys, Purpose};

/// People of a partner who get a test at most.
const PEOPLE_MAX: i64 = 500;

/// The token in the link to a partner's page. Nothing of it is stored; the next version of the link ends it.
#[must_use]
pub fn token(keys: &Keys, partner: &PartnerRow) -> String {
    let version = partner.link_version.to_string();
    format!("{}{}", partner.id, keys.token(Purpose::MailLink, &["partner", &partner.id, &version]))
}

/// The partner that a token names, if the token is its newest.
pub async fn opened_by(tx: &mut Tx, keys: &Keys, given: &str) -> store::Result<Option<PartnerRow>> {
    let Some(id) = given.get(..domain::id::LEN).filter(|id| domain::id::is_public_id(id)) else {
        return Ok(None);
    };
    let found = tx.partner(id).await?;
    Ok(found.filter(|p| bool::from(token(keys, p).as_bytes().ct_eq(given.as_bytes()))))
}

/// Sends a test notice to everybody of a partner who is told anything; to how many.
pub async fn test(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<usize, Refusal> {
    let people = tx.partner_subscribers(id, PEOPLE_MAX).await?;
    let confirmed = people.iter().filter(|p| p.state == "confirmed");
    let mut count = 0;
    for one in confirmed {
        endpoints::test(tx, ctx, &one.id).await?;
        count += 1;
    }
    match count {
        0 => Err(Refusal::Conflict("Nobody of theirs has confirmed a subscription yet.".into())),
        n => Ok(n),
    }
}

/// Ends every link to a partner's page that was handed out; mails that went out before lead nowhere then.
pub async fn new_link(tx: &mut Tx, ctx: &Ctx, id: &str) -> Result<(), Refusal> {
    let partner = tx.partner(id).await?.ok_or(Refusal::NotFound("partner"))?;
    tx.new_partner_link(id, ctx.now).await?;
    let detail = json!({ "before": partner.link_version, "after": partner.link_version + 1 });
    audit(tx, ctx, "new_partner_link", &format!("partner:{id}"), detail).await
}

/// A partner goes live: from now on it is told what is public where it sells too. Or it goes back to its sandbox.
pub async fn go_live(tx: &mut Tx, ctx: &Ctx, id: &str, is_live: bool) -> Result<(), Refusal> {
    let partner = tx.partner(id).await?.ok_or(Refusal::NotFound("partner"))?;
    if partner.live_at.is_some() == is_live {
        let message = if is_live { "This partner is live already." } else { "This partner is not live." };
        return Err(Refusal::Conflict(message.into()));
    }
    if is_live {
        if tx.cohort(id).await?.is_none_or(|c| c.cells.is_empty()) {
            return Err(Refusal::Conflict("Say first what they sell: they would be told nothing.".into()));
        }
        if tx.last_partner_test(id).await?.is_none() {
            let message =
                "Nobody of theirs has received a test notice yet. Send one, and see that it arrives.";
            return Err(Refusal::Conflict(message.into()));
        }
    }
    tx.set_partner_live(id, is_live.then_some(ctx.now), ctx.now).await?;
    let action = if is_live { "partner_goes_live" } else { "partner_goes_back" };
    audit(tx, ctx, action, &format!("partner:{id}"), json!({ "name": partner.name })).await
}
