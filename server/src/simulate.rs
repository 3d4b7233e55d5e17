//! A generator of activations: what the demo and the benches send, and what an operator may try a new page with. All of
//! it goes through the doors, over HTTP.

mod brown_out;
mod journeys;
pub mod sender;

use std::net::SocketAddr;

use domain::clock::{SECOND, Timestamp};
use serde_json::{Value, json};
use tokio::sync::watch;

pub use brown_out::BrownOut;
pub use journeys::{Habits, Journeys, Told};

use self::sender::Sender;
use crate::{cli::Simulate, clock::Clock, http::serve::stopped};

/// Events in one request.
const BATCH: usize = 800;

/// What was sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Events, repeats among them.
    pub events: u64,
    /// Requests that were not answered by 202 or 207.
    pub failed_requests: u64,
}

/// Sends what is due now, in the order in which the sources send it; what is not yet due stays.
pub async fn send_due(sender: &mut Sender, pending: &mut Vec<Told>, now: Timestamp, sent: &mut Sent) {
    pending.sort_by_key(|(at, _)| *at);
    let due = pending.partition_point(|(at, _)| *at <= now);
    for batch in pending[..due].chunks(BATCH) {
        let events: Vec<&Value> = batch.iter().map(|(_, e)| e).collect();
        sent.events += batch.len() as u64;
        if let Err(error) = sender.events(json!(events).to_string()).await {
            sent.failed_requests += 1;
            tracing::warn!(%error, "simulated traffic did not get through");
        }
    }
    pending.drain(..due);
}

/// Runs `waypost simulate`: sends until its time is over or it is stopped, then prints one line of JSON.
///
/// # Errors
/// One sentence when the target is none that it can reach.
pub async fn run(options: Simulate, clock: Clock, mut stop: watch::Receiver<bool>) -> Result<(), String> {
    let target = target(&options.to).await?;
    let mut sender = Sender::new(target, options.key);
    let begun = clock.now();
    let habits = Habits { peak_per_s: options.rate, brown_outs: options.brown_outs, ..Habits::default() };
    let mut journeys = Journeys::new(habits, options.seed, begun);
    let (mut pending, mut sent, mut told_until) = (Vec::new(), Sent::default(), begun);
    let end = begun.plus(options.secs.saturating_mul(SECOND));
    while clock.now() < end {
        let now = clock.now();
        while told_until < now.min(end) {
            pending.extend(journeys.second(told_until));
            told_until = told_until.plus(SECOND);
        }
        send_due(&mut sender, &mut pending, now, &mut sent).await;
        tokio::select! {
            () = stopped(&mut stop) => break,
            () = tokio::time::sleep(std::time::Duration::from_millis(250)) => {}
        }
    }
    println!(
        "{}",
        json!({ "seed": options.seed, "events": sent.events, "failed_requests": sent.failed_requests })
    );
    if sent.failed_requests == 0 {
        Ok(())
    } else {
        Err("some requests were not taken; the log says why".into())
    }
}

async fn target(to: &url::Url) -> Result<SocketAddr, String> {
    if to.scheme() != "http" {
        return Err(format!("{to} is not http://: the simulator is for machines of your own, without TLS"));
    }
    let (host, port) = (to.host_str().unwrap_or_default(), to.port_or_known_default().unwrap_or(80));
    let mut found = tokio::net::lookup_host((host, port)).await.map_err(|e| format!("{to}: {e}"))?;
    found.next().ok_or_else(|| format!("{to} has no address"))
}
