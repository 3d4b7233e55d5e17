//! Addresses that take no mail: nobody is written to in vain, or against their will.
//!
//! Every mail has a return path of its own (VERP), with a keyed tag: only what comes back under such a tag counts, so
//! that nobody can have others suppressed by forged reports.

use data_encoding::BASE32_NOPAD;
use delivery::email::MailAddress;
use domain::clock::DAY;
use serde_json::json;
use store::Tx;
use subtle::ConstantTimeEq as _;

use crate::{
    commands::{Ctx, Refusal, cells::audit},
    keys::{Keys, Purpose},
};

/// So many days with mail that came back for now, within so long, suppress an address.
const SOFT_DAYS: i64 = 5;
const SOFT_WINDOW: i64 = 14 * DAY;
/// Characters of the keyed part of a tag.
const TAG: usize = 16;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The mailbox is refused for good.
    Hard(String),
    /// Not this time.
    Soft(String),
    /// The reader called it spam.
    Complaint,
}

impl Report {
    /// A bounce by its enhanced status (RFC 3463). Policy (5.7) and full mailboxes (5.2.2) say nothing of the address.
    #[must_use]
    pub fn bounce(status: &str, words: &str) -> Self {
        let is_of_the_address = status.starts_with('5') && !status.starts_with("5.7.") && status != "5.2.2";
        let words = delivery::outcome::clean(format!("{status} {words}").as_bytes());
        if is_of_the_address { Self::Hard(words) } else { Self::Soft(words) }
    }
}

/// The return path of a mail to a subscriber: `bounces+k7p2m9q4x1zd…@example.com`.
#[must_use]
pub fn return_path(keys: &Keys, bounces: &MailAddress, subscriber_id: &str) -> Option<MailAddress> {
    let (local, domain) = (bounces.to_string(), bounces.domain());
    let local = local.rsplit_once('@')?.0.to_owned();
    MailAddress::parse(&format!("{local}+{}@{domain}", tag(keys, subscriber_id))).ok()
}

fn tag(keys: &Keys, subscriber_id: &str) -> String {
    let mac = BASE32_NOPAD.encode(&keys.mac(Purpose::MailLink, &["return path", subscriber_id]));
    format!("{subscriber_id}{}", mac[..TAG].to_ascii_lowercase())
}

/// The subscriber that a return path is about, if its tag is ours.
#[must_use]
pub fn subscriber_by_return_path(keys: &Keys, path: &str) -> Option<String> {
    let local = path.trim().trim_matches(['<', '>']).rsplit_once('@')?.0.to_ascii_lowercase();
    let given = local.rsplit_once('+')?.1;
    let id = given.get(..domain::id::LEN).filter(|id| domain::id::is_public_id(id))?;
    bool::from(tag(keys, id).as_bytes().ct_eq(given.as_bytes())).then(|| id.to_owned())
}

/// Takes note of what came back; [`super::mail_pause::consider`] is to follow, once for all of it.
pub async fn report(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str, report: &Report) -> Result<(), Refusal> {
    match report {
        Report::Hard(answer) => hard(tx, ctx, subscriber_id, answer).await,
        Report::Complaint => suppress(tx, ctx, subscriber_id, "complaint", "").await,
        Report::Soft(answer) => {
            let days = tx.note_soft_bounce(subscriber_id, ctx.now, ctx.now.plus(-SOFT_WINDOW)).await?;
            if days >= SOFT_DAYS {
                suppress(tx, ctx, subscriber_id, "soft_bounces", answer).await
            } else {
                Ok(())
            }
        }
    }
}

/// A mailbox is refused for good: the address is suppressed at once.
pub async fn hard(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str, answer: &str) -> Result<(), Refusal> {
    suppress(tx, ctx, subscriber_id, "hard_bounce", answer).await
}

async fn suppress(
    tx: &mut Tx,
    ctx: &Ctx,
    subscriber_id: &str,
    why: &str,
    answer: &str,
) -> Result<(), Refusal> {
    let Some(row) = tx.subscriber(subscriber_id).await? else { return Ok(()) };
    // What came back to the owner of an endpoint says nothing of the endpoint.
    if row.channel != "email" || !matches!(row.state.as_str(), "pending" | "confirmed") {
        return Ok(());
    }
    if matches!(why, "hard_bounce" | "complaint") {
        tx.insert_mail_back(subscriber_id, why, ctx.now).await?;
    }
    tx.skip_deliveries(subscriber_id, ctx.now).await?;
    tx.set_subscriber_state(subscriber_id, "suppressed", ctx.now).await?;
    let detail = json!({ "why": why, "answer": answer, "before": row.state });
    audit(tx, ctx, "suppress_subscriber", &format!("subscriber:{subscriber_id}"), detail).await
}

/// Lets a suppressed address subscribe again: nothing is sent before it has confirmed.
pub async fn release(tx: &mut Tx, ctx: &Ctx, subscriber_id: &str) -> Result<(), Refusal> {
    let row = tx.subscriber(subscriber_id).await?.ok_or(Refusal::NotFound("subscriber"))?;
    if row.state != "suppressed" {
        return Err(Refusal::Conflict("This address is not suppressed.".into()));
    }
    tx.set_subscriber_state(subscriber_id, "unsubscribed", ctx.now).await?;
    audit(
        tx,
        ctx,
        "release_subscriber",
        &format!("subscriber:{subscriber_id}"),
        json!({ "before": row.state }),
    )
    .await
}
