//! Live traffic: simulated activations and heartbeats, posted through the real doors.

use std::{net::SocketAddr, time::Duration};

use domain::clock::{MINUTE, SECOND};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    clock::{Clock, random},
    http::serve::stopped,
    simulate::{Habits, Journeys, Sent, send_due, sender::Sender},
};

const COUNTRIES: [&str; 9] = ["FR", "IT", "ES", "DE", "PT", "GB", "US", "CA", "MX"];
const QUIET: [&str; 4] = ["voice", "sms", "top-up", "partner-portal"];
/// What happened so long before the start is told at the start.
const BACKLOG: i64 = 9 * MINUTE;
/// Seconds between two heartbeats.
const BEAT: u64 = 20;

/// Posts until the stop: first what happened in the last nine minutes, then what happens.
pub async fn run(target: SocketAddr, key: String, clock: Clock, mut stop: watch::Receiver<bool>) {
    let mut told_until = clock.now().plus(-BACKLOG);
    let habits = Habits { peak_per_s: 4.0, night: 0.7, ..Habits::default() };
    let mut journeys = Journeys::new(habits, u64::from_be_bytes(random()), told_until);
    let mut sender = Sender::new(target, key);
    let (mut pending, mut sent) = (Vec::new(), Sent::default());
    for second in 0_u64.. {
        if second.is_multiple_of(BEAT)
            && let Err(error) = sender.heartbeat(heartbeat()).await
        {
            tracing::warn!(%error, "the demo's heartbeat did not get through");
        }
        let now = clock.now();
        while told_until < now {
            pending.extend(journeys.second(told_until));
            told_until = told_until.plus(SECOND);
        }
        send_due(&mut sender, &mut pending, now, &mut sent).await;
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

fn heartbeat() -> String {
    let cells: Vec<Value> =
        QUIET.iter().flat_map(|c| COUNTRIES.map(|k| json!({ "component": c, "country": k }))).collect();
    json!({ "source": "/demo/probe", "interval_secs": 30, "cells": cells }).to_string()
}
