//! Status pages of suppliers: read as notes about a dependency, whatever they hold.

use delivery::{
    outcome::clean,
    webhook::{
        Client, Target,
        fetch::{Fetched, Validators},
    },
};
use domain::telemetry::upstream::{POLL_EVERY, Reading, UpstreamKind, read};
use store::UpstreamRow;
use tokio::task::JoinSet;

use super::{AT_ONCE, LEASE, later};
use crate::{commands::Refusal, state::App};

/// Longest of a page's own words that are kept, in characters.
const WORDS_MAX: usize = 160;

/// What a reading came to.
enum Seen {
    /// It says what it said.
    Unchanged,
    /// It says this, at this address.
    Says(String, Reading, Validators),
    /// It could not be read.
    Failed(String),
}

/// Reads every page that is due; how many.
pub(super) async fn read_due(app: &App, client: &Client) -> Result<usize, Refusal> {
    let mut count = 0;
    loop {
        let mut readings = JoinSet::new();
        while readings.len() < AT_ONCE {
            let now = app.clock.now();
            let mut tx = app.store.write().await?;
            let Some(row) = tx.claim_upstream(now, now.plus(LEASE)).await? else { break };
            tx.commit().await?;
            let client = client.clone();
            readings.spawn(async move {
                let seen = look(&client, &row).await;
                (row, seen)
            });
        }
        if readings.is_empty() {
            return Ok(count);
        }
        while let Some(done) = readings.join_next().await {
            match done {
                Ok((row, seen)) => keep(app, row, seen).await?,
                // Its lease ends, and it is read again.
                Err(error) => tracing::error!(%error, "suppliers: reading a status page failed"),
            }
            count += 1;
        }
    }
}

/// Where the JSON of a page may stand, the likeliest first.
fn addresses(row: &UpstreamRow) -> Vec<String> {
    if !row.feed_url.is_empty() {
        return vec![row.feed_url.clone()];
    }
    let page = row.url.split(['?', '#']).next().unwrap_or_default();
    let below = |kind: UpstreamKind| match kind.path() {
        Some(path) => format!("{}{path}", page.trim_end_matches('/')),
        None => row.url.clone(),
    };
    let is_json = page.ends_with(".json");
    match UpstreamKind::try_from(row.kind.as_str()) {
        _ if is_json => vec![row.url.clone()],
        Ok(kind) => vec![below(kind)],
        Err(_) => UpstreamKind::ALL.map(below).to_vec(),
    }
}

async fn look(client: &Client, row: &UpstreamRow) -> Seen {
    let known = Validators { etag: row.etag.clone(), last_modified: row.last_modified.clone() };
    let known = if row.feed_url.is_empty() { Validators::default() } else { known };
    let mut failure = "there is no JSON at its address whose shape is known".to_owned();
    for url in addresses(row) {
        let Ok(target) = Target::parse(&url, client.guard()) else {
            return Seen::Failed("blocked: this address may not be dialled".into());
        };
        match client.fetch(&target, &known).await {
            Ok(Fetched::Unchanged) => return Seen::Unchanged,
            Ok(Fetched::Missing) => {}
            Ok(Fetched::Document { body, validators }) => {
                let reading = serde_json::from_slice(&body).ok().and_then(|json| read(&json));
                if let Some(reading) = reading {
                    return Seen::Says(url, reading, validators);
                }
            }
            Err(why) => failure = why,
        }
    }
    Seen::Failed(failure)
}

/// Keeps what was seen; visitors hear at once of what changed.
async fn keep(app: &App, before: UpstreamRow, seen: Seen) -> Result<(), Refusal> {
    let now = app.clock.now();
    let mut row = UpstreamRow { next_try_at: later(now, POLL_EVERY), ..before.clone() };
    match &seen {
        Seen::Failed(why) => {
            row.failing_since_at = row.failing_since_at.or(Some(now.millis()));
            row.failure = clean(why.as_bytes());
            // Where it was found there may be something else by now: it is looked for anew.
            row.feed_url.clear();
        }
        Seen::Unchanged | Seen::Says(..) => {
            row.read_at = Some(now.millis());
            row.failing_since_at = None;
            row.failure.clear();
        }
    }
    if let Seen::Says(url, reading, validators) = seen {
        row.feed_url = url;
        row.kind = reading.kind.slug().into();
        row.state = reading.state.slug().into();
        row.remark = clean(reading.words.as_bytes()).chars().take(WORDS_MAX).collect();
        (row.etag, row.last_modified) = (validators.etag, validators.last_modified);
    }
    let is_news = row.state != before.state;
    if is_news {
        row.state_since_at = Some(now.millis());
    }
    let mut tx = app.store.write().await?;
    tx.keep_upstream(&row).await?;
    if before.is_public && (is_news || row.failing_since_at.is_some() != before.failing_since_at.is_some()) {
        tx.bump_revision(now).await?;
    }
    tx.commit().await?;
    if before.is_public {
        app.wake.page.notify_one();
    }
    Ok(())
}
