//! Rendered public bytes, kept in memory and swapped at once. The database is not on the way of a visitor: if it is
//! gone, the last bytes stay, and after a minute they say how old they are.

mod address;
mod cohorts;
mod dates;
mod page;
mod polisher;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use domain::{
    clock::{MINUTE, SECOND},
    clock_local::{hour_minute, zone},
};
use store::Store;
use tokio::{sync::watch, task::yield_now, time::timeout};

use self::{
    address::{Address, EAGER},
    dates::Dates,
    polisher::Polisher,
};
pub use self::{
    cohorts::{Cohorts, Seat},
    dates::Since,
    page::{Facts, Kind, Page, Variant},
};
use crate::{clock::Clock, http::serve::stopped, reads::World, state::App};

/// Words that depend on the time are renewed this often.
const RENEW: i64 = 15 * SECOND;
/// Older data than this says so.
const STALE: i64 = MINUTE;
/// A database that has not answered by then is taken for gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pages that stayed the same for so long are compressed as well as possible.
const SETTLED: Duration = Duration::from_secs(2);
/// Addresses rendered on demand that one generation keeps; more are rendered and forgotten.
const KEPT_MAX: usize = 2_000;

/// A page that somebody renders, or has rendered; none: there is no such page.
type Slot = Arc<OnceLock<Option<Arc<Page>>>>;

/// One generation: what was read, and what has been rendered of it.
struct Generation {
    world: Arc<World>,
    eager: HashMap<Address, Arc<Page>>,
    on_demand: Mutex<HashMap<Address, Slot>>,
    dates: Arc<Dates>,
}

/// The rendered public side of the page.
pub struct Snapshot {
    store: Store,
    clock: Clock,
    origin: String,
    generation: ArcSwap<Generation>,
    polisher: Polisher,
    refreshing: tokio::sync::Mutex<()>,
    /// Reads begun, and the newest of them that succeeded.
    begun: AtomicU64,
    done: AtomicU64,
}

impl Snapshot {
    /// Reads and renders for the first time.
    pub async fn boot(store: Store, clock: Clock, origin: String) -> store::Result<Self> {
        let world = World::load(&store, clock.now()).await?;
        let generation = ArcSwap::from_pointee(Generation::render(world, &origin, None).await);
        Ok(Self {
            store,
            clock,
            origin,
            generation,
            polisher: Polisher::start(),
            refreshing: tokio::sync::Mutex::default(),
            begun: AtomicU64::new(0),
            done: AtomicU64::new(0),
        })
    }

    /// Reads and renders again; on return, visitors see at least what was committed before the call. Callers that
    /// come at the same time share one read.
    pub async fn refresh(&self) {
        let seen = self.begun.load(Ordering::SeqCst);
        let _one = self.refreshing.lock().await;
        if self.done.load(Ordering::SeqCst) > seen {
            return;
        }
        let this = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        match timeout(PATIENCE, World::load(&self.store, self.clock.now())).await {
            Ok(Ok(world)) => {
                self.swap(world).await;
                self.done.store(this, Ordering::SeqCst);
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "snapshot: the database failed; the last bytes are served");
            }
            Err(_) => tracing::error!("snapshot: the database does not answer; the last bytes are served"),
        }
    }

    /// The same, if anything public changed since it was last read.
    pub async fn catch_up(&self) {
        let newest = timeout(PATIENCE, async { self.store.read().await?.revision().await }).await;
        if !matches!(newest, Ok(Ok(newest)) if newest == self.with_world(|w| w.revision)) {
            self.refresh().await;
        }
    }

    /// Renders what every visitor loads, in steps between which those who load it meanwhile are answered; then puts it
    /// in the place of the old.
    async fn swap(&self, world: World) {
        let old = self.generation.load_full();
        let new = Generation::render(world, &self.origin, Some(&old)).await;
        self.generation.store(Arc::new(new));
    }

    /// The world as it was last read.
    #[must_use]
    pub fn with_world<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(&self.generation.load().world)
    }

    /// The bytes at an address, if it is one of ours.
    #[must_use]
    pub fn get(&self, path: &str, query: Option<&str>) -> Option<Arc<Page>> {
        let address = Address::parse(path, query)?;
        let generation = self.generation.load();
        match generation.eager.get(&address) {
            Some(page) => Some(page.clone()),
            None => generation.on_demand(&self.origin, address),
        }
    }

    /// Renews by hint, by a change of the revision, and by time.
    pub async fn run(&self, app: App, mut stop: watch::Receiver<bool>) {
        let polish = async {
            let mut seen = Arc::downgrade(&self.generation.load_full());
            loop {
                tokio::time::sleep(SETTLED).await;
                let now = Arc::downgrade(&self.generation.load_full());
                // What changes every second is not worth the work.
                if now.ptr_eq(&seen) {
                    self.polish().await;
                }
                seen = now;
            }
        };
        tokio::pin!(polish);
        loop {
            tokio::select! {
                () = stopped(&mut stop) => return,
                () = app.wake.page.notified() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = &mut polish => {}
            }
            self.look().await;
        }
    }

    /// Refreshes if something changed or the words are old; says so if the database does not answer.
    async fn look(&self) {
        let read_at = self.with_world(|w| w.now);
        let newest = timeout(PATIENCE, async { self.store.read().await?.revision().await }).await;
        let is_due = self.clock.now().since(read_at).abs() >= RENEW;
        if let Ok(Ok(newest)) = newest
            && (is_due || newest != self.with_world(|w| w.revision))
        {
            self.refresh().await;
        }
        if self.clock.now().since(self.with_world(|w| w.now)) > STALE {
            self.grow_old().await;
        }
    }

    /// The database is gone: every page says how old its data is.
    async fn grow_old(&self) {
        let old = self.generation.load_full();
        if old.world.stale_since.is_some() {
            return;
        }
        let as_of = format!("{} UTC", hour_minute(old.world.now, zone("UTC")));
        tracing::warn!(%as_of, "snapshot: serving old data");
        self.swap(World { stale_since: Some(as_of), ..World::clone(&old.world) }).await;
    }

    /// Compresses what every visitor loads as well as possible, away from those who wait.
    async fn polish(&self) {
        let rough: Vec<_> = self.generation.load().eager.values().filter(|p| p.is_rough()).cloned().collect();
        for page in rough {
            let _done = self.polisher.work(move || page.polish()).await;
        }
    }
}

impl Generation {
    async fn render(world: World, origin: &str, old: Option<&Self>) -> Self {
        let mut eager = HashMap::new();
        let dates = old.map(|o| Arc::clone(&o.dates)).unwrap_or_default();
        for address in EAGER {
            yield_now().await;
            let known = old.and_then(|o| o.eager.get(&address));
            let page = match fresh((&world, &dates), origin, &address, known) {
                None => continue,
                Some(Rendered::Known(page)) => page,
                Some(Rendered::New(text, tag, facts)) => {
                    yield_now().await;
                    Arc::new(Page::stepwise(address.kind(), text, tag, facts).await)
                }
            };
            eager.insert(address, page);
        }
        Self { world: Arc::new(world), eager, on_demand: Mutex::default(), dates }
    }

    /// Renders once per address and generation, whoever asks first; others for the same address wait for it.
    fn on_demand(&self, origin: &str, address: Address) -> Option<Arc<Page>> {
        let slot = {
            let mut kept = self.on_demand.lock().unwrap_or_else(PoisonError::into_inner);
            match kept.get(&address) {
                Some(slot) => slot.clone(),
                None if kept.len() >= KEPT_MAX => Slot::default(),
                None => kept.entry(address.clone()).or_default().clone(),
            }
        };
        let found = slot.get_or_init(|| page((&self.world, &self.dates), origin, &address)).clone();
        if found.is_none() {
            self.on_demand.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
        }
        found
    }
}

/// One address, rendered.
enum Rendered {
    /// Bytes that did not change stay the page that they were.
    Known(Arc<Page>),
    /// Text, its tag, and what all heads share.
    New(String, String, Facts),
}

fn fresh(
    (world, dates): (&World, &Dates),
    origin: &str,
    address: &Address,
    known: Option<&Arc<Page>>,
) -> Option<Rendered> {
    let text = address.render(world, origin)?;
    let tag = page::tag(&text);
    if let Some(known) = known.filter(|k| k.tag == tag) {
        return Some(Rendered::Known(known.clone()));
    }
    let since = dates.since(address, &tag, world.now);
    let facts = Facts { since, is_https: origin.starts_with("https:"), is_private: false };
    Some(Rendered::New(text, tag, facts))
}

fn page(about: (&World, &Dates), origin: &str, address: &Address) -> Option<Arc<Page>> {
    match fresh(about, origin, address, None)? {
        Rendered::Known(page) => Some(page),
        Rendered::New(text, tag, facts) => Some(Arc::new(Page::new(address.kind(), text, tag, facts))),
    }
}
