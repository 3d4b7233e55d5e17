//! What visitors notice of a load.

use std::{thread, time::Duration};

use super::{
    super::{
        elsewhere::{NICENESS, give_way},
        nginx::Nginx,
        postgres::Postgres,
        publish::open_loop,
        stats::{median, percentile},
        subject::Subject,
    },
    CLIENTS,
    load::{Door, Taken},
};

/// Rounds, each with all three.
const ROUNDS: usize = 5;
/// Visitors a second, for how long, and how long the load lasts around them.
const PER_SEC: u64 = 1_000;
const SECS: u64 = 2;
const AROUND: Duration = Duration::from_secs(4);
/// Before each round.
const PAUSE: Duration = Duration::from_secs(2);

/// p99 of the page, in milliseconds, round by round.
#[derive(Default)]
pub(super) struct Page {
    pub(super) quiet: Vec<f64>,
    /// While as many clients post as fast to nginx, which throws it away: what the machine takes by itself.
    pub(super) beside: Vec<f64>,
    pub(super) during: Vec<f64>,
    /// What the door took meanwhile, and how many requests it turned away.
    pub(super) events_per_s: Vec<f64>,
    pub(super) turned_away: u64,
}

impl Page {
    /// During to quiet, round by round.
    pub(super) fn ratios(&self) -> Vec<f64> {
        self.during.iter().zip(&self.quiet).map(|(during, quiet)| during / quiet.max(f64::EPSILON)).collect()
    }

    /// Their median.
    pub(super) fn ratio(&self) -> f64 {
        median(self.ratios())
    }
}

/// Measures the page while nothing else happens, while others post elsewhere, and while they post to it.
/// The load and the database server, if there is one, stand for other machines.
pub(super) fn measure(
    subject: &Subject,
    sink: &Nginx,
    door: Door<'_>,
    server: Option<&Postgres>,
) -> Result<Page, String> {
    if let Some(server) = server {
        server.set_niceness(NICENESS);
    }
    let visit = || Ok::<f64, String>(percentile(&open_loop(&subject.host, PER_SEC, SECS)?, 0.99));
    let during = |door: Door<'_>| {
        thread::scope(|scope| {
            let load = scope.spawn(move || {
                give_way();
                door.singles(CLIENTS, AROUND)
            });
            thread::sleep(Duration::from_millis(500));
            let p99 = visit()?;
            let taken = load.join().map_err(|_| "a client broke off".to_owned())??;
            Ok::<(f64, Taken), String>((p99, taken))
        })
    };
    let mut page = Page::default();
    for _ in 0..ROUNDS {
        thread::sleep(PAUSE); // what came before is counted
        page.quiet.push(visit()?);
        page.beside.push(during(Door { host: &sink.host, ..door })?.0);
        let (p99, taken) = during(door)?;
        page.during.push(p99);
        page.events_per_s.push(taken.per_s());
        page.turned_away += taken.turned_away;
    }
    Ok(page)
}
