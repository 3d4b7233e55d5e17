//! Connections that are kept for the next message to the same receiver. Few, and not for long; the caller has
//! resolved the name again, and only a connection to an address that it named this time is handed out.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{line::Line, target::Target};

/// Connections kept to one host and port, and in all: twice as many as there are messages on their way at once, since those
/// go now to some hosts, now to others.
const PER_HOST: usize = 64;
const IN_ALL: usize = 512;
/// A connection is closed after this time, however busy: certificates are looked at again.
const AGE_MAX: Duration = Duration::from_secs(300);

/// What a connection is good for: host, port and whether TLS is spoken.
pub(super) type Place = (String, u16, bool);

/// The place of a target.
pub(super) fn place(target: &Target) -> Place {
    (target.host().to_owned(), target.port(), target.is_https())
}

/// Connections at rest.
#[derive(Debug)]
pub(super) struct Pool {
    idle_for: Duration,
    resting: Mutex<Resting>,
}

/// A connection, and since when it rests.
type Rested = (Line, Instant);

#[derive(Debug, Default)]
struct Resting {
    lines: HashMap<Place, Vec<Rested>>,
    /// Somebody closes what has rested too long.
    is_watched: bool,
}

impl Resting {
    fn count(&self) -> usize {
        self.lines.values().map(Vec::len).sum()
    }

    /// Closes what is no good any more.
    fn sweep(&mut self, idle_for: Duration, now: Instant) {
        self.lines.retain(|_, lines| {
            lines.retain(|rested| is_good(rested, idle_for, now));
            !lines.is_empty()
        });
    }
}

/// Neither shut, nor too old, nor has it rested too long.
fn is_good((line, since): &Rested, idle_for: Duration, now: Instant) -> bool {
    line.is_open() && now.duration_since(*since) < idle_for && now.duration_since(line.opened()) < AGE_MAX
}

impl Pool {
    /// Keeps connections for `idle_for`; none at all if that is nothing.
    pub(super) fn new(idle_for: Duration) -> Self {
        Self { idle_for, resting: Mutex::default() }
    }

    /// The connection that rested last, to one of `addresses`. Those to other addresses are closed.
    pub(super) fn take(&self, place: &Place, addresses: &[IpAddr]) -> Option<Line> {
        let now = Instant::now();
        let mut resting = self.lock();
        let lines = resting.lines.get_mut(place)?;
        lines.retain(|(line, _)| addresses.contains(&line.peer()));
        while let Some(rested) = lines.pop() {
            if is_good(&rested, self.idle_for, now) {
                return Some(rested.0);
            }
        }
        None
    }

    /// Closes all connections to a place.
    pub(super) fn forget(&self, place: &Place) {
        self.lock().lines.remove(place);
    }

    /// Lets a connection rest whose last answer was read whole.
    pub(super) fn keep(self: &Arc<Self>, place: Place, line: Line) {
        if self.idle_for.is_zero() {
            return;
        }
        let now = Instant::now();
        let mut resting = self.lock();
        if resting.count() >= IN_ALL {
            resting.sweep(self.idle_for, now);
            if resting.count() >= IN_ALL {
                return;
            }
        }
        let lines = resting.lines.entry(place).or_default();
        if lines.len() < PER_HOST {
            lines.push((line, now));
        }
        if !resting.is_watched {
            resting.is_watched = true;
            tokio::spawn(watch(Arc::clone(self)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Resting> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes what has rested too long, until nothing rests.
async fn watch(pool: Arc<Pool>) {
    loop {
        tokio::time::sleep(pool.idle_for / 2).await;
        let mut resting = pool.lock();
        resting.sweep(pool.idle_for, Instant::now());
        if resting.lines.is_empty() {
            resting.is_watched = false;
            return;
        }
    }
}
