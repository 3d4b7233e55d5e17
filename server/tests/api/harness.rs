//! [`TestApp`]: a running Waypost in this process, whose time stands still until a test moves it.

mod client;
mod events;
mod people;

use std::net::SocketAddr;

use domain::clock::Timestamp;
use server::{
    clock::Clock,
    commands::{Ctx, cells, keys},
    config::Config,
    keys::Keys,
    state::App,
    worker::{self, background::Quarters},
};
use store::{
    Engine,
    testing::{TestDatabase, TestDir},
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, watch},
    task::JoinHandle,
};

pub(crate) use client::{Answer, Ask};
pub(crate) use events::{Journey, batch};
pub(crate) use people::Person;

/// When every test begins: Monday, 2 March 2026, 08:00 UTC.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_772_438_400_000);

/// Opens `/metrics`.
pub(crate) const METRICS_TOKEN: &str = "metrics-token-of-the-tests";

/// A running Waypost on a database of its own.
pub(crate) struct TestApp {
    /// What its handlers and workers share.
    pub(crate) app: App,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    judge: Mutex<worker::degradation::Judge>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<Result<Quarters, String>>,
    database: TestDatabase,
    _data: TestDir,
}

impl TestApp {
    /// Starts one that is set up, but has no grid.
    pub(crate) async fn start(engine: Engine) -> Self {
        let database = TestDatabase::create(engine).await;
        let data = TestDir::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut config = Config::load(None).expect("the defaults are right");
        config.data = data.path().to_path_buf();
        config.listen = address;
        config.metrics_token = METRICS_TOKEN.to_owned().into();
        config.base_url = format!("http://{address}").parse().expect("an address");
        let mut tx = database.store.write().await.expect("a transaction");
        tx.insert_page("k7p2m9q4x1zd", "Meridian eSIM", START).await.expect("a page");
        assert!(tx.finish_setup("Meridian eSIM", START).await.expect("an answer"));
        tx.commit().await.expect("a commit");
        let app = App::new(database.store.clone(), config, Keys::new([7; 32]), Clock::manual(START))
            .await
            .expect("an app");
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(server::run::serve_app(app.clone(), listener, stopped));
        Self { app, address, judge: Mutex::default(), stop, serving, database, _data: data }
    }

    /// Ends it and removes its database.
    pub(crate) async fn end(self) {
        let _ = self.stop.send(true);
        let _quarters = self.serving.await.expect("an end").expect("it ends well");
        self.database.discard().await;
    }

    /// Lays the demo's grid: 7 components in 9 countries of 2 portfolios.
    pub(crate) async fn lay_grid(&self) {
        let ctx = self.ctx();
        let mut tx = self.app.store.write().await.expect("a transaction");
        for (slug, name, step) in domain::component::DEFAULTS {
            cells::add_component(&mut tx, &ctx, name, Some(slug), step).await.expect("a component");
        }
        for (portfolio, countries) in [
            ("Western Europe", &["FR", "IT", "ES", "DE", "PT", "GB"][..]),
            ("North America", &["US", "CA", "MX"]),
        ] {
            let id = cells::add_portfolio(&mut tx, &ctx, portfolio).await.expect("a portfolio");
            for country in countries {
                cells::add_country(&mut tx, &ctx, &id, country).await.expect("a country");
            }
        }
        tx.commit().await.expect("a commit");
    }

    /// A fresh ingest key with quotas that no test exhausts.
    pub(crate) async fn ingest_key(&self) -> String {
        self.ingest_key_with((1_000_000, 100_000_000)).await
    }

    /// A fresh ingest key: requests and events per minute.
    pub(crate) async fn ingest_key_with(&self, quota: (i64, i64)) -> String {
        let mut tx = self.app.store.write().await.expect("a transaction");
        let key =
            keys::create(&mut tx, &self.ctx(), "test", quota, &keys::Limits::default()).await.expect("a key");
        tx.commit().await.expect("a commit");
        key
    }

    /// Somebody of the team acts now.
    pub(crate) fn ctx(&self) -> Ctx {
        Ctx {
            now: self.now(),
            actor: "aaaaaaaaaaaa".into(),
            actor_name: "Ana".into(),
            correlation_id: "test".into(),
        }
    }

    /// The time in this test.
    pub(crate) fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// Lets `ms` milliseconds pass. Nothing happens by itself: drain what should have.
    pub(crate) fn pass(&self, ms: i64) {
        self.app.clock.set(self.now().plus(ms));
    }

    /// Judges all cells `times` times, a second apart, as the worker would.
    pub(crate) async fn judge(&self, times: u32) {
        let mut judge = self.judge.lock().await;
        for _ in 0..times {
            self.pass(domain::clock::SECOND);
            self.fold().await;
            judge.evaluate(&self.app).await.expect("an evaluation");
        }
    }

    /// Handles what fell due on the incidents' clocks; how many did.
    pub(crate) async fn tick(&self) -> usize {
        let due = worker::timers::tick(&self.app).await.expect("a tick");
        self.app.snapshot.refresh().await;
        due
    }

    /// Applies what the doors kept to the journeys, and folds it into the KPIs, as the workers would; how many additions
    /// were folded.
    pub(crate) async fn fold(&self) -> usize {
        worker::journeys::Journeys::default().apply(&self.app).await.expect("a round");
        worker::kpis::fold(&self.app).await.expect("a fold")
    }

    /// The cell of a component in a country.
    pub(crate) async fn cell(&self, component: &str, country: &str) -> store::CellRow {
        let mut tx = self.app.store.read().await.expect("a transaction");
        let components = tx.components().await.expect("components");
        let id = &components.iter().find(|c| c.slug == component).expect("such a component").id;
        let cells = tx.cells().await.expect("cells");
        cells.into_iter().find(|c| c.component_id == *id && c.country_code == country).expect("such a cell")
    }

    /// Asks for a path with no headers of note.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        Ask::get(path).send(self.address).await
    }

    /// Hands a batch of events in.
    pub(crate) async fn ingest(&self, key: &str, events: &serde_json::Value) -> Answer {
        Ask::post("/ingest/v1/events")
            .header("authorization", &format!("Bearer {key}"))
            .header("content-type", "application/cloudevents-batch+json")
            .body(events.to_string())
            .send(self.address)
            .await
    }
}

/// Declares tests that run once per engine against a started [`TestApp`]: `api_tests! { async fn name(app) { … } }`.
macro_rules! api_tests {
    ($( $(#[$attribute:meta])* async fn $name:ident($app:ident) $body:block )*) => { $(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports, reason = "not every body needs what stands around it")]
            use super::*;
            use crate::harness::TestApp;

            async fn body($app: &TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let app = TestApp::start(store::Engine::Sqlite).await;
                body(&app).await;
                app.end().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let app = TestApp::start(store::Engine::Postgres).await;
                body(&app).await;
                app.end().await;
            }
        }
    )* };
}
