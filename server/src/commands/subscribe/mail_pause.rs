//! When too much mail comes back, mail that is no news of an incident is held up until somebody has looked: receivers
//! that see many bounces and complaints soon take no news of incidents from us either.

use domain::clock::DAY;
use serde_json::json;
use store::Tx;

use crate::commands::{Ctx, Refusal, cells::audit};

/// So far back is counted; not beyond the last time that somebody ended a pause.
const WINDOW: i64 = 7 * DAY;
/// Of fewer mails no share is taken.
const FEWEST: i64 = 200;
/// More hard bounces than one in so many mails.
const HARD: i64 = 20;
/// More complaints than one in so many mails (0.08 %).
const COMPLAINTS: i64 = 1_250;

/// Begins a pause if too much came back. Called once for all that came back together.
pub async fn consider(tx: &mut Tx, ctx: &Ctx) -> Result<(), Refusal> {
    if tx.mail_pause().await?.is_some() {
        return Ok(());
    }
    let from = ctx.now.plus(-WINDOW).max(tx.mail_resumed_at().await?);
    let (hard, complaints) = tx.count_mail_back(from).await?;
    // Counting on would change nothing: of more mails, so few are a small share.
    let enough = FEWEST.max(hard * HARD).max(complaints * COMPLAINTS);
    let sent = tx.count_mails_sent(from, enough).await?;
    if sent < FEWEST || (sent >= hard * HARD && sent >= complaints * COMPLAINTS) {
        return Ok(());
    }
    let why = format!("Of {sent} mails, {hard} were refused for good, and {complaints} were called spam.");
    tx.pause_mail(ctx.now, &why).await?;
    tracing::warn!(why, "mail that is no news of an incident is held up until somebody resumes it");
    audit(tx, ctx, "pause_mail", "mail", json!({ "why": why })).await
}

/// Ends the pause. What came back so far does not begin another.
///
/// # Errors
/// [`Refusal::Conflict`] when nothing is held up.
pub async fn resume(tx: &mut Tx, ctx: &Ctx) -> Result<(), Refusal> {
    let Some(pause) = tx.mail_pause().await? else {
        return Err(Refusal::Conflict("No mail is held up.".into()));
    };
    tx.resume_mail(ctx.now).await?;
    audit(tx, ctx, "resume_mail", "mail", json!({ "since": pause.paused_at.millis(), "why": pause.why }))
        .await
}
