//! Posts signed webhooks to so many endpoints of one receiver, one after another at each, and prints how many were
//! taken in a second: the sender alone, without a database. `cargo xtask bench webhooks` runs it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use delivery::{
    outcome::Outcome,
    sample,
    webhook::{Client, Guard, Secret, Target, body::IncidentBody, client::Delivery},
};

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, endpoints, secs] = arguments.as_slice() else {
        return Err("usage: flood <address:port> <endpoints> <seconds>".into());
    };
    let (address, endpoints): (SocketAddr, usize) = (address.parse()?, endpoints.parse()?);
    let (begun, length) = (Instant::now(), Duration::from_secs(secs.parse()?));
    let guard = Guard { allow: vec![address.ip().into()], ..Guard::default() };
    let client = Client::new(guard, "Waypost flood".into());
    let taken = Arc::new(AtomicU64::new(0));
    let mut senders = tokio::task::JoinSet::new();
    for n in 0..endpoints {
        let target = Target::parse(&format!("http://{address}/e/{n}"), client.guard())?;
        let (client, taken) = (client.clone(), Arc::clone(&taken));
        senders.spawn(async move {
            let (body, secrets) = (IncidentBody::new(&sample::notice()), [Secret::new([7; 32])]);
            for number in 0_u64.. {
                let at = sample::SAMPLE_AT.plus(i64::try_from(begun.elapsed().as_millis()).unwrap_or(0));
                let id = format!("msg_{n}_{number}");
                let body = body.to("https://status.example.com/u/opaque", at);
                let delivery =
                    Delivery { id: &id, at, secrets: &secrets, key: None, body: &body, is_once: false };
                if matches!(client.post(&target, delivery).await.outcome, Outcome::Delivered(_)) {
                    taken.fetch_add(1, Ordering::Relaxed);
                }
                if begun.elapsed() >= length {
                    return;
                }
            }
        });
    }
    senders.join_all().await;
    #[allow(clippy::cast_precision_loss, reason = "a count")]
    let rate = taken.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    println!("{rate:.0}");
    Ok(())
}
