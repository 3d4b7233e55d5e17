//! The demo's suppliers beyond the desk book: nodes, a failover that was, certificates, what is owed, and six weeks of
//! activations that their reviews rest on.

use std::net::SocketAddr;

use domain::clock::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use serde_json::{Value, json};
use store::Tx;

use crate::{
    clock::Clock,
    commands::{
        Ctx, Refusal,
        certificates::{self, Given},
        launches, suppliers,
    },
    config::Config,
    http::fields::Fields,
    simulate::{BrownOut, Habits, Journeys, sender::Sender},
};

/// The failover began so long ago, and lasted so long.
const FAILOVER: (i64, i64) = (9 * DAY + 5 * HOUR, 3 * HOUR + 20 * MINUTE);
/// Activations are told from so long ago on.
const PAST: i64 = 42 * DAY;
/// A pulse of the past: so many seconds are told as one.
const PULSE: i64 = 30;

/// Slug, and what it owes us: success, median, latency of 95 %, fallback, minutes to restore and to engage.
const OWED: [(&str, [&str; 6]); 2] =
    [("smdp-a", ["99.5", "15", "30", "8", "120", "15"]), ("smdp-b", ["99.0", "20", "40", "10", "180", "30"])];

/// Supplier, node, kind, name, days until it ends.
const CERTIFICATES: [(&str, &str, &str, &str, i64); 5] = [
    ("smdp-a", "1", "sm_dp_plus", "CERT.DPauth.ECDSA node 1", 12),
    ("smdp-a", "2", "sm_dp_plus", "CERT.DPauth.ECDSA node 2", 190),
    ("smdp-a", "", "tls", "dp.smdp-a.example", 71),
    ("smdp-b", "", "signing", "CERT.DPpb.ECDSA", 240),
    ("smdp-b", "1", "tls", "dp.smdp-b.example", 44),
];

fn form<const N: usize>(fields: [(&str, &str); N]) -> Fields {
    fields.into_iter().map(|(n, v)| (n, v.to_owned())).collect()
}

/// Writes what is known of them; `now` is when the demo begins to live.
pub(super) async fn fill(tx: &mut Tx, config: &Config, begin: &Ctx, now: Timestamp) -> Result<(), Refusal> {
    let at = |at: Timestamp| Ctx { now: at, ..begin.clone() };
    for (slug, owed) in OWED {
        let Some(supplier) = tx.supplier_by_slug(slug).await? else { continue };
        for (node, role) in [("1", "home"), ("2", "standby")] {
            suppliers::save_node(tx, begin, &supplier.id, &form([("slug", node), ("role", role)])).await?;
        }
        let names = ["asr", "median", "p95", "fallback", "mttr", "engage"];
        let mut fields: Fields = names.into_iter().zip(owed.map(str::to_owned)).collect();
        fields.set("failovers", "1".into());
        fields.set("certificate_misses", "0".into());
        suppliers::save_targets(tx, begin, &supplier.id, &fields).await?;
        for (_, node, kind, name, days) in CERTIFICATES.into_iter().filter(|(of, ..)| *of == slug) {
            let expires_at = now.plus(days * DAY + 6 * HOUR);
            let (node, kind, name) = (node.to_owned(), kind.to_owned(), name.to_owned());
            let given = Given { node, kind, name, expires_at, origin: "person", ..Given::default() };
            certificates::save(tx, begin, &supplier.id, given).await?;
        }
        if slug == "smdp-a" {
            let (ago, lasted) = FAILOVER;
            for (when, from, to, reason) in [
                (now.plus(-ago), "1", "2", "Node 1 ran out of memory after an update"),
                (now.plus(lasted - ago), "2", "1", "Traffic is back"),
            ] {
                let fields = form([("from", from), ("to", to), ("reason", reason)]);
                suppliers::record_move(tx, &at(when), &supplier.id, &fields).await?;
            }
        }
    }
    // Warnings were given in their time, to people who have seen to them.
    for days in [18, 2] {
        certificates::warn(tx, &at(now.plus(-days * DAY + 7 * HOUR)), config).await?;
    }
    markets(tx, &at(now.plus(-20 * MINUTE))).await
}

/// A launch that runs, and what its market needs.
async fn markets(tx: &mut Tx, ctx: &Ctx) -> Result<(), Refusal> {
    let fields = form([("name", "Portugal by QR code"), ("country", "PT"), ("activations", "1000")]);
    launches::begin(tx, ctx, &fields).await?;
    launches::begin_list(tx, ctx, "PT").await?;
    let done = [
        ("Ana Reis", "Moving to another device needs a new code; said in the shop and in the mail"),
        ("Jonas Weber", ""),
    ];
    for (check, (owner, note)) in tx.checks().await?.into_iter().zip(done) {
        let fields = form([("state", "done"), ("owner", owner), ("note", note)]);
        launches::change_check(tx, ctx, &check.id, &fields).await?;
    }
    Ok(())
}

/// Tells through the door what happened in the weeks before, and the trials of the last days; once.
pub(super) async fn tell_past(target: SocketAddr, key: String, clock: Clock) {
    let now = clock.now();
    let begun = now.plus(-PAST);
    let mut sender = Sender::new(target, key);
    let told = tell(&mut sender, trials(now)).await;
    let mut journeys = Journeys::new(habits(begun, now), 0x5EED, begun);
    let (mut at, mut events) = (begun, Vec::new());
    // The last hour is the live traffic's.
    while told.is_ok() && at < now.plus(-HOUR) {
        events.extend(journeys.second(at).into_iter().map(|(_, event)| event));
        at = at.plus(PULSE * SECOND);
        if events.len() >= 800
            && let Err(error) = tell(&mut sender, std::mem::take(&mut events)).await
        {
            tracing::warn!(%error, "the demo's past could not be told");
            return;
        }
        tokio::task::yield_now().await;
    }
    let _ = tell(&mut sender, events).await;
}

async fn tell(sender: &mut Sender, events: Vec<Value>) -> Result<(), String> {
    if events.is_empty() {
        return Ok(());
    }
    sender.events(json!(events).to_string()).await
}

/// Quiet traffic, with a bad half hour before the failover and a slow evening three weeks ago.
fn habits(begun: Timestamp, now: Timestamp) -> Habits {
    let secs = |ago: i64| now.plus(-ago).since(begun) / SECOND;
    let brown = |place: &str, step: &str, failing: f64, slower: f64, ago: i64, lasted: i64| BrownOut {
        place: Some(place.to_owned()),
        step: step.to_owned(),
        failing,
        slower,
        from_secs: secs(ago),
        until_secs: secs(ago - lasted),
    };
    let brown_outs = vec![
        brown("smdp-a/1", "download", 0.45, 1.0, FAILOVER.0 + 90 * MINUTE, 90 * MINUTE),
        brown("smdp-a", "download", 0.0, 4.0, 21 * DAY, 5 * HOUR),
        brown("smdp-b", "enable", 0.12, 1.0, 16 * DAY, 7 * HOUR),
    ];
    // A pulse stands for half a minute.
    Habits { peak_per_s: 0.07, night: 0.5, failing: 0.001, brown_outs, ..Habits::default() }
}

/// Device, carrier, flow, aspect, passed, seconds, days ago.
type Trial = (&'static str, &'static str, &'static str, &'static str, bool, Option<f64>, i64);

const TRIALS: [Trial; 11] = [
    ("iPhone 16", "Atlantica", "ota", "activation", true, Some(21.4), 2),
    ("iPhone 16", "Atlantica", "ota", "ota_latency", true, Some(3.2), 2),
    ("iPhone 16", "Atlantica", "qr", "qr_decode", true, Some(0.9), 2),
    ("iPhone 16", "Atlantica", "qr", "activation", true, Some(24.0), 2),
    ("iPhone 16", "Northway", "ota", "activation", true, Some(33.8), 41),
    ("Galaxy S25", "Atlantica", "ota", "activation", false, Some(60.0), 1),
    ("Galaxy S25", "Atlantica", "ota", "activation", true, Some(27.5), 8),
    ("Galaxy S25", "Atlantica", "qr", "qr_decode", true, Some(1.1), 1),
    ("Galaxy S25", "Northway", "ota", "certificate", true, None, 5),
    ("Pixel 10", "Northway", "ota", "activation", true, Some(19.9), 3),
    ("Pixel 10", "Northway", "ota", "ota_latency", true, Some(4.4), 3),
];

fn trials(now: Timestamp) -> Vec<Value> {
    let event = |(n, (device, carrier, flow, check, passed, secs, days)): (usize, Trial)| {
        #[allow(clippy::cast_possible_truncation, reason = "seconds of a trial")]
        let latency = secs.map(|s| (s * 1_000.0) as i64);
        json!({
            "specversion": "1.0", "id": format!("trial-{n}"), "source": "/demo/lab", "type": "esim.trial.result",
            "time": now.plus(-days * DAY).rfc3339(),
            "data": { "device": device, "carrier": carrier, "flow": flow, "check": check, "passed": passed, "latency_ms": latency },
        })
    };
    TRIALS.into_iter().enumerate().map(event).collect()
}
