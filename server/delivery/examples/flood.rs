//! Posts signed webhooks to endpoints of one receiver of this machine, so many at once, and prints how many were taken in
//! a second: the sender alone, without a database. `cargo xtask bench webhooks` runs it.

use std::{
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

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What is asked of it.
struct Load {
    port: u16,
    /// Endpoints, the hosts that they are spread over, and messages on their way at once.
    endpoints: usize,
    hosts: usize,
    at_once: usize,
    body: IncidentBody,
    begun: Instant,
    length: Duration,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<usize> = std::env::args().skip(1).map(|a| a.parse()).collect::<Result<_, _>>()?;
    let [port, endpoints, hosts, at_once, bytes, secs] = arguments.as_slice() else {
        return Err("usage: flood <port> <endpoints> <hosts> <at once> <bytes of a body> <seconds>".into());
    };
    let load = Arc::new(Load {
        port: u16::try_from(*port)?,
        endpoints: *endpoints,
        hosts: *hosts,
        at_once: *at_once,
        body: IncidentBody::new(&long_notice(*bytes)),
        begun: Instant::now(),
        length: Duration::from_secs(u64::try_from(*secs)?),
    });
    let guard = Guard { allow: vec!["127.0.0.0/8".parse()?], ..Guard::default() };
    let client = Client::new(guard, "Waypost flood".into());
    let taken = Arc::new(AtomicU64::new(0));
    let mut senders = tokio::task::JoinSet::new();
    for n in 0..load.at_once {
        senders.spawn(send(Arc::clone(&load), client.clone(), n, Arc::clone(&taken)));
    }
    senders.join_all().await.into_iter().collect::<Result<Vec<()>, _>>()?;
    #[allow(clippy::cast_precision_loss, reason = "a count")]
    let rate = taken.load(Ordering::Relaxed) as f64 / load.begun.elapsed().as_secs_f64();
    println!("{rate:.0}");
    Ok(())
}

/// A notice whose message is about so long: its updates are repeated.
fn long_notice(bytes: usize) -> domain::notice::IncidentNotice {
    let mut notice = sample::notice();
    let length = |notice: &_| {
        IncidentBody::new(notice).to("https://status.example.com/u/opaque", sample::SAMPLE_AT).len()
    };
    let updates = notice.updates.clone();
    for update in updates.iter().cycle() {
        if length(&notice) >= bytes {
            break;
        }
        notice.updates.push(update.clone());
    }
    notice
}

/// One message after the other to every `at_once`-th endpoint from the `first` on, all that is needed made for each.
async fn send(load: Arc<Load>, client: Client, first: usize, taken: Arc<AtomicU64>) -> Result<(), Failure> {
    let secrets = [Secret::new([7; 32])];
    for number in (first..).step_by(load.at_once) {
        let (n, passed) = (number % load.endpoints, load.begun.elapsed());
        if passed >= load.length {
            break;
        }
        let url = format!("http://127.0.0.{}:{}/e/{n}", 2 + n % load.hosts, load.port);
        let target = Target::parse(&url, client.guard())?;
        let at = sample::SAMPLE_AT.plus(i64::try_from(passed.as_millis())?);
        let body = load.body.to("https://status.example.com/u/opaque", at);
        let id = format!("msg_{number}");
        let delivery = Delivery { id: &id, at, secrets: &secrets, key: None, body: &body, is_once: false };
        if matches!(client.post(&target, delivery).await.outcome, Outcome::Delivered(_)) {
            taken.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}
