//! How deliveries go, by channel: for the console and for those who watch it by machine.

use domain::{
    clock::{HOUR, MINUTE, Timestamp},
    clock_local::duration_words,
    language::{Language, Word, manage},
};
use serde_json::{Map, Value, json};
use store::{DeliveryRow, Tx};

/// What counts as lately, in milliseconds.
pub const LATELY: i64 = HOUR;
/// What counts as just now, for rates.
pub const JUST_NOW: i64 = 5 * MINUTE;
/// A larger share of failures than this is a no-go.
pub const NO_GO: f64 = 0.02;

/// One channel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChannelHealth {
    /// `email` or `webhook`.
    pub channel: String,
    /// Waiting or on their way, by class: priority and count.
    pub classes: Vec<(i64, i64)>,
    /// Age of the oldest of them, in milliseconds.
    pub oldest_ms: i64,
    /// Updates of incidents that ended in the past hour, by state: a stranger's wrong address is no failure of ours.
    pub ended: Vec<(String, i64)>,
    /// Updates of the past hour that were tried in vain, and will be tried again.
    pub retried: i64,
    /// Updates delivered in the past five minutes.
    pub just_delivered: i64,
    /// Publication to delivery in the past hour, in milliseconds: median and 95th percentile.
    pub took: Option<(i64, i64)>,
}

impl ChannelHealth {
    /// How many wait or are on their way.
    #[must_use]
    pub fn waiting(&self) -> i64 {
        self.classes.iter().map(|(_, n)| n).sum()
    }

    /// How many ended in a state in the past hour.
    #[must_use]
    pub fn count(&self, state: &str) -> i64 {
        self.ended.iter().find(|(s, _)| s == state).map_or(0, |(_, n)| *n)
    }

    /// Share of those that were to be delivered and are not: given up in the past hour, or tried in vain so far. None while
    /// nothing ended.
    #[must_use]
    pub fn failure_share(&self) -> Option<f64> {
        let (failed, delivered) = (self.count("dead") + self.retried, self.count("delivered"));
        let all = failed + delivered;
        #[allow(clippy::cast_precision_loss, reason = "counts of an hour")]
        (all > 0).then(|| failed as f64 / all as f64)
    }

    /// Updates delivered in a minute, of the past five.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of minutes")]
    pub fn per_minute(&self) -> f64 {
        self.just_delivered as f64 * MINUTE as f64 / JUST_NOW as f64
    }

    /// Whether more fail than may.
    #[must_use]
    pub fn is_no_go(&self) -> bool {
        self.failure_share().is_some_and(|share| share > NO_GO)
    }

    /// `median 0.4 s, 95 % within 1.2 s`.
    #[must_use]
    pub fn took_words(&self) -> Option<String> {
        let secs = |ms: i64| format!("{}.{} s", ms / 1_000, ms % 1_000 / 100);
        self.took.map(|(half, most)| format!("median {}, 95 % within {}", secs(half), secs(most)))
    }

    /// `2 minutes`, where something waits.
    #[must_use]
    pub fn oldest_words(&self) -> Option<String> {
        (self.waiting() > 0).then(|| duration_words(self.oldest_ms))
    }
}

/// What waits, by channel: cheap, however much has been sent.
pub async fn waiting(tx: &mut Tx, now: Timestamp) -> store::Result<Vec<ChannelHealth>> {
    let mut channels: Vec<ChannelHealth> = Vec::new();
    for row in tx.queue_depth().await? {
        let channel = find(&mut channels, &row.channel);
        channel.oldest_ms = channel.oldest_ms.max(now.since(row.oldest_at));
        channel.classes.push((row.priority, row.count));
    }
    Ok(channels)
}

/// Reads the health of every channel that was used lately, or has something waiting.
pub async fn health(tx: &mut Tx, now: Timestamp) -> store::Result<Vec<ChannelHealth>> {
    let mut channels = waiting(tx, now).await?;
    let from = now.plus(-LATELY);
    for (name, state, count) in tx.count_finished(from, "incident_update").await? {
        find(&mut channels, &name).ended.push((state, count));
    }
    for (name, count) in tx.count_retried(from).await? {
        find(&mut channels, &name).retried = count;
    }
    for (name, state, count) in tx.count_finished(now.plus(-JUST_NOW), "incident_update").await? {
        if state == "delivered" {
            find(&mut channels, &name).just_delivered = count;
        }
    }
    for channel in &mut channels {
        channel.took = tx.latencies(&channel.channel, from).await?;
    }
    Ok(channels)
}

fn find<'a>(channels: &'a mut Vec<ChannelHealth>, name: &str) -> &'a mut ChannelHealth {
    let at = channels.iter().position(|c| c.channel == name).unwrap_or_else(|| {
        channels.push(ChannelHealth { channel: name.to_owned(), ..ChannelHealth::default() });
        channels.len() - 1
    });
    &mut channels[at]
}

/// What a notice of this kind is, in words.
#[must_use]
pub fn about(kind: &str) -> &'static str {
    Language::English.say(about_in(kind))
}

/// The same for every language.
#[must_use]
pub fn about_in(kind: &str) -> Word {
    match kind {
        "confirmation" => manage::A_CONFIRMATION,
        "known" => manage::A_KNOWN,
        "challenge" => manage::A_CHALLENGE,
        "welcome" => manage::A_WELCOME,
        "test" => manage::A_TEST,
        "component_update" => manage::A_CHANGE,
        "canary_verdict" => manage::A_VERDICT,
        "measured_digest" => manage::A_DIGEST,
        "endpoint_failing" => manage::A_FAILING,
        "endpoint_disabled" => manage::A_DISABLED,
        _ => manage::AN_UPDATE,
    }
}

/// Whether a message to an endpoint can be sent again as it was.
#[must_use]
pub fn is_repeatable(row: &DeliveryRow) -> bool {
    row.kind == "incident_update"
        && matches!(row.state.as_str(), "dead" | "held" | "delivered" | "superseded")
}

/// How far a message is; none: in a state that has no word for readers.
#[must_use]
pub fn state_in(state: &str) -> Option<Word> {
    Some(match state {
        "queued" => manage::IS_QUEUED,
        "leased" => manage::IS_LEASED,
        "delivered" => manage::IS_DELIVERED,
        "dead" => manage::IS_DEAD,
        "held" => manage::IS_HELD,
        "skipped" => manage::IS_SKIPPED,
        "superseded" => manage::IS_SUPERSEDED,
        _ => return None,
    })
}

/// For machines: durations in milliseconds; `notices` whose recipients are not all queued yet.
#[must_use]
pub fn json(channels: &[ChannelHealth], notices: i64) -> Value {
    let one = |c: &ChannelHealth| {
        let ended: Map<String, Value> = c.ended.iter().map(|(s, n)| (s.clone(), json!(n))).collect();
        let classes: Map<String, Value> = c.classes.iter().map(|(p, n)| (p.to_string(), json!(n))).collect();
        json!({
            "waiting": c.waiting(), "classes": classes, "oldest_ms": c.oldest_ms, "ended": ended,
            "p50_ms": c.took.map(|t| t.0), "p95_ms": c.took.map(|t| t.1), "retried": c.retried, "delivered_per_minute": c.per_minute(), "failure_share": c.failure_share(),
        })
    };
    let channels: Map<String, Value> = channels.iter().map(|c| (c.channel.clone(), one(c))).collect();
    json!({ "window_secs": LATELY / 1_000, "notices": notices, "channels": channels })
}
