//! Looking subscribers up: by address, by a part of a host, by state.

use app::console::found::{Found, FoundLine};
use domain::{
    clock::Timestamp,
    clock_local::{utc_date, utc_time},
};
use serde::Deserialize;
use store::{SubscriberRow, Tx};

use super::masked;
use crate::commands::Refusal;

/// Subscribers on one page of the list.
const SHOWN: i64 = 25;
/// Pages that are offered: beyond, look more closely.
const PAGES: i64 = 400;
/// Endpoints that fail now, beside the states of the database.
const FAILING: &str = "failing";
const STATES: [&str; 7] =
    ["confirmed", FAILING, "pending", "disabled", "unsubscribed", "suppressed", "ended"];

/// `?q=nordlys.example&state=failing&page=2`.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    page: String,
}

impl Wanted {
    fn text(&self) -> String {
        self.q.trim().chars().take(254).collect::<String>().to_lowercase()
    }

    fn page(&self) -> i64 {
        self.page.parse().unwrap_or(1).clamp(1, PAGES)
    }

    fn address(&self, page: i64) -> String {
        let q = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &self.text())
            .append_pair("state", &self.state)
            .append_pair("page", &page.to_string())
            .finish();
        format!("/console/subscribers?{q}#found")
    }
}

/// One page of whom is looked for.
pub(super) async fn find(tx: &mut Tx, wanted: &Wanted, now: Timestamp) -> Result<Found, Refusal> {
    let (text, page) = (wanted.text(), wanted.page());
    let state = STATES.into_iter().find(|s| *s == wanted.state).unwrap_or("");
    let (of_row, is_failing) = if state == FAILING { ("confirmed", true) } else { (state, false) };
    // One more than is shown tells whether there is a page after it.
    let mut rows = tx.find_subscribers((&text, of_row, is_failing), SHOWN + 1, (page - 1) * SHOWN).await?;
    let is_more = rows.len() > usize::try_from(SHOWN).unwrap_or(0);
    rows.truncate(usize::try_from(SHOWN).unwrap_or(0));
    Ok(Found {
        lines: rows.iter().map(|row| line(row, now)).collect(),
        around: (
            (page > 1).then(|| wanted.address(page - 1)),
            (is_more && page < PAGES).then(|| wanted.address(page + 1)),
        ),
        text: wanted.q.clone(),
        state: state.to_owned(),
        states: STATES.to_vec(),
    })
}

fn line(row: &SubscriberRow, now: Timestamp) -> FoundLine {
    let state = match row.failing_since_at.map(Timestamp::from_millis) {
        Some(since) if row.state == "confirmed" => {
            format!("confirmed; fails since {}, {}", utc_date(since), utc_time(since, since))
        }
        _ => row.state.clone(),
    };
    FoundLine {
        id: row.id.clone(),
        address: masked(row),
        channel: row.channel.clone(),
        state,
        since: utc_time(row.created_at, now),
    }
}
