//! One mail as it came in: what it reports, or whom it unsubscribes. Keyed addresses alone count: the bounce address of
//! the mail that failed or was complained of, and the address that unsubscribes.

use delivery::email::inbound::{self, Inbound, Kind};

use crate::{
    commands::{
        Ctx, Refusal,
        subscribe::{
            self,
            bounces::{self, Report},
            mail_pause,
        },
    },
    keys::Keys,
    state::App,
};

/// What a mail asks for, and of whom.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Report(String, Report),
    Unsubscribe(String),
}

/// Takes one mail; false when it changes nothing. `to`: the recipient on the envelope, where the mail system tells it;
/// otherwise the mail's own headers say it.
pub(super) async fn take(app: &App, to: Option<&str>, bytes: Vec<u8>) -> Result<bool, Refusal> {
    // What breaks the reader breaks this task, and nothing else.
    let read = tokio::task::spawn_blocking(move || inbound::read(&bytes)).await;
    let Some(mail) = read.ok().flatten() else { return Ok(false) };
    let Some(asked) = asked(&app.keys, to, &mail) else { return Ok(false) };
    let ctx = Ctx::system(app.clock.now());
    let mut tx = app.store.write().await?;
    match &asked {
        Asked::Report(id, report) => {
            bounces::report(&mut tx, &ctx, id, report).await?;
            mail_pause::consider(&mut tx, &ctx).await?;
        }
        Asked::Unsubscribe(id) => subscribe::unsubscribe(&mut tx, &ctx, id).await?,
    }
    tx.commit().await?;
    Ok(true)
}

fn asked(keys: &Keys, to: Option<&str>, mail: &Inbound) -> Option<Asked> {
    let one = to.map(str::to_owned);
    let to = one.as_ref().map_or(mail.to.as_slice(), std::slice::from_ref);
    let tagged = |paths: &[String]| paths.iter().find_map(|p| bounces::subscriber_by_return_path(keys, p));
    match &mail.kind {
        Kind::Bounce { status, diagnostic } => {
            Some(Asked::Report(tagged(to)?, Report::bounce(status, diagnostic)))
        }
        // A provider's feedback loop has an address of its own: then the mail complained of says whose it was.
        Kind::Complaint { about } => {
            tagged(to).or_else(|| tagged(about)).map(|id| Asked::Report(id, Report::Complaint))
        }
        Kind::Written => {
            to.iter().find_map(|a| subscribe::subscriber_by_address(keys, a)).map(Asked::Unsubscribe)
        }
        Kind::Automatic => None,
    }
}
