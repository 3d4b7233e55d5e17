//! Activations as a supplier's platform would report them.

use domain::clock::{SECOND, Timestamp};
use serde_json::{Value, json};

/// One activation, told in events.
#[derive(Debug, Clone)]
pub(crate) struct Journey {
    /// Order id; also makes the event ids.
    pub(crate) subject: String,
    /// ISO code.
    pub(crate) country: &'static str,
    /// When it was requested.
    pub(crate) at: Timestamp,
    /// Whether the download fails.
    pub(crate) fails: bool,
}

impl Journey {
    /// Its events: requested, issued, then downloaded and enabled, or failed.
    pub(crate) fn events(&self) -> Vec<Value> {
        let mut events =
            vec![self.event("requested", 0, json!({})), self.event("issued", SECOND / 2, json!({}))];
        if self.fails {
            let why = json!({ "step": "download", "error_class": "timeout" });
            events.push(self.event("failed", 5 * SECOND, why));
        } else {
            events.push(self.event("downloaded", 3 * SECOND, json!({})));
            events.push(self.event("enabled", 7 * SECOND, json!({})));
        }
        events
    }

    /// One event of it, `after` milliseconds into the journey, with more data.
    pub(crate) fn event(&self, what: &str, after: i64, more: Value) -> Value {
        let mut data = json!({ "country": self.country, "supplier": "smdp-a/1", "flow": "ota" });
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        json!({
            "specversion": "1.0",
            "id": format!("{}-{what}", self.subject),
            "source": "/smdp/eu-a",
            "type": format!("esim.activation.{what}"),
            "subject": self.subject,
            "time": self.at.plus(after).rfc3339(),
            "data": data,
        })
    }
}

/// `count` journeys begun ten seconds before `now`; every n-th fails at download (0: none). In batches of 1,000 events at most.
pub(crate) fn batch(
    name: &str,
    country: &'static str,
    count: usize,
    every_nth_fails: usize,
    now: Timestamp,
) -> Vec<Value> {
    let events: Vec<Value> = (1..=count)
        .flat_map(|n| {
            let fails = every_nth_fails > 0 && n % every_nth_fails == 0;
            Journey { subject: format!("{name}-{n}"), country, at: now.plus(-10 * SECOND), fails }.events()
        })
        .collect();
    events.chunks(1_000).map(|chunk| Value::Array(chunk.to_vec())).collect()
}
