//! Live traffic: activations and heartbeats, posted through the real ingest door.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use domain::clock::{MINUTE, SECOND, Timestamp};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::watch};

use crate::{
    clock::{Clock, random},
    http::serve::stopped,
};

const COUNTRIES: [&str; 9] = ["FR", "IT", "ES", "DE", "PT", "GB", "US", "CA", "MX"];
const SUPPLIERS: [&str; 4] = ["smdp-a/1", "smdp-a/2", "smdp-b/1", "smdp-b/2"];
const QUIET: [&str; 4] = ["voice", "sms", "top-up", "partner-portal"];
/// Activations per country in the last nine minutes, told at the start.
const BACKLOG: usize = 60;
/// Events in one batch.
const BATCH: usize = 800;

/// Posts until the stop: first what happened in the last nine minutes, then a steady trickle.
pub async fn run(target: SocketAddr, key: String, clock: Clock, mut stop: watch::Receiver<bool>) {
    let mut pending = backlog(clock.now());
    let mut beat = 0u64;
    loop {
        let now = clock.now();
        if beat.is_multiple_of(20) {
            let _ = post(target, &key, "/ingest/v1/heartbeat", "application/json", heartbeat()).await;
        }
        beat += 1;
        for country in COUNTRIES {
            if dice(100) < 45 {
                pending.extend(journey(country, now));
            }
        }
        pending.sort_by_key(|(at, _)| *at);
        let due = pending.partition_point(|(at, _)| *at <= now);
        for batch in pending[..due].chunks(BATCH) {
            let events: Vec<&Value> = batch.iter().map(|(_, e)| e).collect();
            let body = json!(events).to_string();
            if let Err(error) =
                post(target, &key, "/ingest/v1/events", "application/cloudevents-batch+json", body).await
            {
                tracing::warn!(%error, "the demo's traffic did not get through");
            }
        }
        pending.drain(..due);
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

fn dice(n: u64) -> u64 {
    u64::from_be_bytes(random()) % n
}

fn backlog(now: Timestamp) -> Vec<(Timestamp, Value)> {
    let mut events = Vec::new();
    for country in COUNTRIES {
        for _ in 0..BACKLOG {
            let ago = i64::try_from(dice(8 * 60)).unwrap_or(0) * SECOND + MINUTE;
            events.extend(journey(country, now.plus(-ago)));
        }
    }
    events
}

/// One activation: requested, issued, downloaded, enabled; two in a thousand fail at a step.
fn journey(country: &str, start: Timestamp) -> Vec<(Timestamp, Value)> {
    let subject = format!("ord-{:016x}", u64::from_be_bytes(random()));
    let supplier = SUPPLIERS[usize::try_from(dice(4)).unwrap_or(0)];
    let flow = if dice(100) < 4 { "qr" } else { "ota" };
    let data = json!({ "country": country, "supplier": supplier, "flow": flow });
    let fails_at = if dice(1_000) < 2 { 1 + dice(3) } else { 0 };
    let ms = |from: u64, spread: u64| i64::try_from(from + dice(spread)).unwrap_or(0);
    let steps = [
        ("issued", "issue", ms(300, 1_200)),
        ("downloaded", "download", ms(4_000, 9_000)),
        ("enabled", "enable", ms(3_000, 8_000)),
    ];
    let event = |at: Timestamp, kind: &str, data: &Value| {
        (
            at,
            json!({
                "specversion": "1.0", "id": format!("{subject}-{kind}"), "source": "/demo/smdp", "type": format!("esim.activation.{kind}"),
                "subject": subject, "time": at.rfc3339(), "data": data,
            }),
        )
    };
    let mut at = start;
    let mut events = vec![event(at, "requested", &data)];
    for (index, (kind, step, took)) in steps.into_iter().enumerate() {
        at = at.plus(took);
        if fails_at == index as u64 + 1 {
            let mut failure = data.clone();
            failure["step"] = json!(step);
            failure["error_class"] = json!(["timeout", "ineligible_device", "carrier_refused"][index]);
            events.push(event(at, "failed", &failure));
            break;
        }
        events.push(event(at, kind, &data));
    }
    events
}

fn heartbeat() -> String {
    let cells: Vec<Value> =
        QUIET.iter().flat_map(|c| COUNTRIES.map(|k| json!({ "component": c, "country": k }))).collect();
    json!({ "source": "/demo/probe", "interval_secs": 30, "cells": cells }).to_string()
}

async fn post(target: SocketAddr, key: &str, path: &str, kind: &str, body: String) -> Result<(), String> {
    let stream = TcpStream::connect(target).await.map_err(|e| e.to_string())?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    let driver = tokio::spawn(connection);
    let request = Request::post(path)
        .header("host", target.to_string())
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", kind)
        .body(Full::new(Bytes::from(body)))
        .map_err(|e| e.to_string())?;
    let response = sender.send_request(request).await.map_err(|e| e.to_string())?;
    let status = response.status();
    let answer = response.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
    driver.abort();
    if status.is_success() { Ok(()) } else { Err(format!("{status}: {}", String::from_utf8_lossy(&answer))) }
}
