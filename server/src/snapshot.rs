//! Rendered public bytes, kept in memory and swapped at once. The database is not on the way of a visitor.

use std::{
    collections::HashMap,
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use app::{paths::ApiV2, public};
use arc_swap::ArcSwap;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use domain::{
    clock::{MINUTE, SECOND, Timestamp},
    clock_local::{hour_minute, zone},
};
use sha2::{Digest, Sha256};
use store::Store;
use tokio::sync::watch;

use crate::{
    clock::Clock,
    http::serve::stopped,
    reads::{World, api, feed, pages},
    state::App,
};

/// Words that depend on the time are renewed this often.
const RENEW: i64 = 15 * SECOND;
/// Older data than this says so.
const STALE: i64 = MINUTE;

/// What kind of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page.
    Html,
    /// A document of the API.
    Json,
    /// A feed.
    Rss,
}

/// Rendered bytes in every encoding, with their validator.
#[derive(Debug)]
pub struct Page {
    /// What they are.
    pub kind: Kind,
    /// As they are.
    pub raw: Bytes,
    /// gzip.
    pub gzip: Bytes,
    /// brotli.
    pub brotli: Bytes,
    /// 32 hex digits; the encoding is added to it.
    pub tag: String,
}

impl Page {
    fn new(kind: Kind, text: String) -> Self {
        let raw = Bytes::from(text);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        let _ = gzip.write_all(&raw);
        let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 20);
        let _ = brotli.write_all(&raw);
        let tag = HEXLOWER.encode(&Sha256::digest(&raw)[..16]);
        Self {
            kind,
            gzip: gzip.finish().unwrap_or_default().into(),
            brotli: brotli.into_inner().into(),
            raw,
            tag,
        }
    }
}

/// One generation: what was read, and what has been rendered of it.
struct Generation {
    world: Arc<World>,
    stale: Option<String>,
    eager: HashMap<String, Arc<Page>>,
    lazy: Mutex<HashMap<String, Option<Arc<Page>>>>,
}

/// Addresses rendered on demand that one generation keeps; more are rendered and forgotten.
const LAZY_MAX: usize = 2_000;

/// The rendered public side of the page.
pub struct Snapshot {
    store: Store,
    clock: Clock,
    origin: String,
    generation: ArcSwap<Generation>,
    refreshing: tokio::sync::Mutex<()>,
}

impl Snapshot {
    /// Reads and renders for the first time.
    pub async fn boot(store: Store, clock: Clock, origin: String) -> store::Result<Self> {
        let world = World::load(&store, clock.now()).await?;
        let generation = ArcSwap::from_pointee(Generation::new(world, &origin, None));
        Ok(Self { store, clock, origin, generation, refreshing: tokio::sync::Mutex::default() })
    }

    /// Reads and renders again; on return, visitors see at least what was committed before the call.
    pub async fn refresh(&self) {
        let _one = self.refreshing.lock().await;
        let now = self.clock.now();
        match World::load(&self.store, now).await {
            Ok(world) => self.generation.store(Arc::new(Generation::new(world, &self.origin, None))),
            Err(error) => tracing::error!(%error, "snapshot: the database failed; the last bytes are served"),
        }
    }

    /// The world as it was last read.
    #[must_use]
    pub fn with_world<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(&self.generation.load().world)
    }

    /// The bytes at an address, if it is one of ours.
    #[must_use]
    pub fn get(&self, path: &str, query: Option<&str>) -> Option<Arc<Page>> {
        let generation = self.generation.load();
        let query = query.filter(|q| !q.is_empty());
        if query.is_none()
            && let Some(page) = generation.eager.get(path)
        {
            return Some(page.clone());
        }
        generation.on_demand(&self.origin, path, query)
    }

    /// Renews by hint, by a change of the revision, and by time.
    pub async fn run(&self, app: App, mut stop: watch::Receiver<bool>) {
        let mut hinted;
        loop {
            tokio::select! {
                () = stopped(&mut stop) => return,
                () = app.wake.page.notified() => hinted = true,
                () = tokio::time::sleep(Duration::from_secs(1)) => hinted = false,
            }
            let (revision, read_at) = self.with_world(|w| (w.revision, w.now));
            let age = self.clock.now().since(read_at);
            let newest = async { self.store.read().await?.revision().await };
            match newest.await {
                Ok(newest) if hinted || newest != revision || age.abs() >= RENEW => self.refresh().await,
                Ok(_) => {}
                Err(_) if age > STALE => self.grow_old(read_at),
                Err(_) => {}
            }
        }
    }

    /// The database is gone: the page says how old its data is.
    fn grow_old(&self, read_at: Timestamp) {
        let generation = self.generation.load();
        if generation.stale.is_some() {
            return;
        }
        let as_of = format!("{} UTC", hour_minute(read_at, zone("UTC")));
        let front = html(public::front_page(&pages::front(&generation.world, Some(&as_of))));
        let mut eager = generation.eager.clone();
        eager.insert("/".into(), front);
        tracing::warn!(%as_of, "snapshot: serving old data");
        self.generation.rcu(|old| {
            Arc::new(Generation {
                world: old.world.clone(),
                stale: Some(as_of.clone()),
                eager: eager.clone(),
                lazy: Mutex::default(),
            })
        });
    }
}

fn html(text: String) -> Arc<Page> {
    Arc::new(Page::new(Kind::Html, text))
}

impl Generation {
    fn new(world: World, origin: &str, stale: Option<String>) -> Self {
        let mut eager = HashMap::new();
        if world.is_set_up {
            eager.insert("/".to_owned(), html(public::front_page(&pages::front(&world, None))));
            for which in [ApiV2::Status, ApiV2::Summary] {
                eager.insert(
                    which.path().to_owned(),
                    Arc::new(Page::new(Kind::Json, api::document(&world, origin, which))),
                );
            }
        } else {
            let site = app::model::Site::new("Waypost");
            eager.insert("/".to_owned(), html(public::message_page(&app::model::Message::not_set_up(site))));
        }
        Self { world: Arc::new(world), stale, eager, lazy: Mutex::default() }
    }

    /// Renders once per address and generation, whoever asks first; the others wait for it.
    fn on_demand(&self, origin: &str, path: &str, query: Option<&str>) -> Option<Arc<Page>> {
        let key = format!("{path}?{}", query.unwrap_or_default());
        let mut lazy = self.lazy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lazy.get(&key) {
            return known.clone();
        }
        let page = self.render(origin, path, query).map(Arc::new);
        if lazy.len() < LAZY_MAX {
            lazy.insert(key, page.clone());
        }
        page
    }

    fn render(&self, origin: &str, path: &str, query: Option<&str>) -> Option<Page> {
        let world = &self.world;
        if let Some(which) = ApiV2::at(path) {
            return Some(Page::new(Kind::Json, api::document(world, origin, which)));
        }
        if !world.is_set_up {
            return None;
        }
        let html = |text| Some(Page::new(Kind::Html, text));
        let mut parts = path.trim_start_matches('/').split('/');
        match (parts.next()?, parts.next(), parts.next(), parts.next()) {
            ("", None, ..) => html(public::front_page(&pages::front(world, self.stale.as_deref()))),
            ("history", None, ..) => html(public::history_page(&pages::history(world))),
            ("history.rss", None, ..) => {
                let region = query.and_then(|q| q.split('&').find_map(|p| p.strip_prefix("region=")));
                let model = feed::feed(world, origin, region)?;
                Some(Page::new(Kind::Rss, delivery::feed::incident_history(&model)))
            }
            ("incidents", Some(id), None, _) => html(public::incident_page(&pages::incident(world, id)?)),
            ("regions", Some(slug), None, _) => html(public::region_page(&pages::region(world, slug)?)),
            ("regions", Some(country), Some(component), None) => {
                html(public::cell_page(&pages::cell(world, country, component)?))
            }
            ("components", Some(slug), None, _) => html(public::region_page(&pages::component(world, slug)?)),
            ("api", None, ..) => {
                html(public::api_page(&app::model::Site::new(world.page_name.clone()), origin))
            }
            _ => None,
        }
    }
}
