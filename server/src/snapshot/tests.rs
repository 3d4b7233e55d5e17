use std::sync::{Arc, atomic::Ordering};

use domain::{
    clock::{MINUTE, SECOND, Timestamp},
    status::CellStatus,
};
use http::{HeaderMap, Method, StatusCode, header};
use store::{Engine, testing::TestDatabase};

use super::Snapshot;
use crate::{
    clock::Clock,
    commands::{Ctx, cells},
    http::public::{Coding, respond},
};

/// Monday, 2 March 2026, 08:00 UTC.
const START: Timestamp = Timestamp::from_millis(1_772_438_400_000);

struct Bench {
    database: TestDatabase,
    clock: Clock,
    snapshot: Snapshot,
}

/// A page with seven components in France and Mexico.
async fn bench(engine: Engine) -> Bench {
    let database = TestDatabase::create(engine).await;
    let mut tx = database.store.write().await.unwrap();
    tx.insert_page("k7p2m9q4x1zd", "Meridian eSIM", START).await.unwrap();
    tx.finish_setup("Meridian eSIM", START).await.unwrap();
    let ctx = Ctx::system(START);
    for (slug, name, step) in domain::component::DEFAULTS {
        cells::add_component(&mut tx, &ctx, name, Some(slug), step).await.unwrap();
    }
    for (portfolio, country) in [("Western Europe", "FR"), ("North America", "MX")] {
        let id = cells::add_portfolio(&mut tx, &ctx, portfolio).await.unwrap();
        cells::add_country(&mut tx, &ctx, &id, country).await.unwrap();
    }
    tx.commit().await.unwrap();
    let clock = Clock::manual(START);
    let origin = "https://status.example.com".to_owned();
    let snapshot = Snapshot::boot(database.store.clone(), clock.clone(), origin).await.unwrap();
    Bench { database, clock, snapshot }
}

impl Bench {
    async fn pin(&self, status: CellStatus) {
        let mut tx = self.database.store.write().await.unwrap();
        let cell = tx.cells().await.unwrap().remove(0);
        cells::pin(&mut tx, &Ctx::system(self.clock.now()), &cell.id, status, "maintenance of a hub")
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    fn text(&self, path: &str) -> String {
        let page = self.snapshot.get(path, None).unwrap_or_else(|| panic!("{path} is there"));
        String::from_utf8(page.variant(Coding::Identity).body.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn a_change_is_seen_when_refresh_returns_on_both_engines() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let bench = bench(engine).await;
        assert!(bench.text("/").contains("We cannot tell at the moment"), "no data is not green");
        bench.pin(CellStatus::MajorOutage).await;
        bench.snapshot.refresh().await;
        let front = bench.text("/");
        assert!(front.contains("not working in"), "{front}");
        assert!(bench.text("/api/v2/summary.json").contains("\"status\":\"major_outage\""));
        bench.database.discard().await;
    }
}

#[tokio::test]
async fn every_public_address_answers() {
    let bench = bench(Engine::Sqlite).await;
    for path in [
        "/",
        "/history",
        "/api",
        "/history.rss",
        "/regions/fr",
        "/regions/north-america",
        "/regions/mx/sms",
        "/components/euicc-download",
        "/api/v2/status.json",
        "/api/v2/scheduled-maintenances/active.json",
    ] {
        assert!(!bench.text(path).is_empty(), "{path}");
    }
    for path in
        ["/incidents/aaaaaaaaaaaa", "/regions/zz", "/regions/fr/none", "/api/v2/none.json", "/console"]
    {
        assert!(bench.snapshot.get(path, None).is_none(), "{path}");
    }
    assert!(bench.snapshot.get("/history", Some("page=2")).is_none(), "nothing is that old");
    assert!(bench.snapshot.get("/history.rss", Some("region=zz")).is_none());
    bench.database.discard().await;
}

#[tokio::test]
async fn made_up_queries_render_nothing_new() {
    let bench = bench(Engine::Sqlite).await;
    for (path, query) in [("/", "a=1"), ("/regions/fr", "b=2"), ("/history", "page=1&c=3")] {
        let plain = bench.snapshot.get(path, None).unwrap();
        assert!(Arc::ptr_eq(&plain, &bench.snapshot.get(path, Some(query)).unwrap()), "{path}?{query}");
    }
    bench.database.discard().await;
}

#[tokio::test]
async fn words_of_time_are_renewed_and_bytes_that_did_not_change_stay() {
    let bench = bench(Engine::Sqlite).await;
    let before = bench.snapshot.get("/api/v2/status.json", None).unwrap();
    bench.clock.set(START.plus(MINUTE));
    bench.snapshot.refresh().await;
    assert!(bench.text("/").contains("As of 08:01 UTC"));
    assert!(Arc::ptr_eq(&before, &bench.snapshot.get("/api/v2/status.json", None).unwrap()));
    bench.database.discard().await;
}

#[tokio::test]
async fn without_a_database_the_last_bytes_stay_and_say_their_age() {
    let bench = bench(Engine::Sqlite).await;
    bench.database.store.close().await;
    bench.clock.set(START.plus(30 * SECOND));
    bench.snapshot.look().await;
    assert!(!bench.text("/").contains("Data as of"), "half a minute is not worth a word");
    bench.clock.set(START.plus(61 * SECOND));
    bench.snapshot.look().await;
    for path in ["/", "/regions/fr", "/history"] {
        assert!(bench.text(path).contains("Data as of 08:00 UTC."), "{path}");
    }
    assert!(!bench.text("/api/v2/summary.json").is_empty());
    bench.database.discard().await;
}

#[tokio::test]
async fn callers_at_the_same_time_share_a_read() {
    let bench = bench(Engine::Sqlite).await;
    let s = &bench.snapshot;
    tokio::join!(s.refresh(), s.refresh(), s.refresh(), s.refresh(), s.refresh(), s.refresh());
    assert!(s.begun.load(Ordering::SeqCst) <= 2, "one that ran, and one for those who came meanwhile");
    bench.database.discard().await;
}

#[tokio::test]
async fn the_answer_has_validators_and_every_header() {
    let bench = bench(Engine::Sqlite).await;
    let page = bench.snapshot.get("/", None).unwrap();
    let mut request = HeaderMap::new();
    request.insert(header::ACCEPT_ENCODING, "br".parse().unwrap());
    let full = respond(&page, &Method::GET, &request);
    assert_eq!(full.status(), StatusCode::OK);
    for name in [
        "etag",
        "last-modified",
        "vary",
        "cache-control",
        "content-security-policy",
        "strict-transport-security",
        "x-content-type-options",
        "referrer-policy",
        "permissions-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "x-frame-options",
    ] {
        assert!(full.headers().contains_key(name), "{name}");
    }
    assert_eq!(full.headers()["content-encoding"], "br");
    let quick = page.variant(Coding::Brotli).body.len();
    page.polish();
    assert!(page.variant(Coding::Brotli).body.len() < quick, "brotli 11 is smaller");
    let polished = respond(&page, &Method::GET, &request);
    assert_ne!(polished.headers()["etag"], full.headers()["etag"], "other bytes, other strong tag");
    request.insert(header::IF_NONE_MATCH, full.headers()["etag"].clone());
    let known = respond(&page, &Method::GET, &request);
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert!(!known.headers().contains_key("content-type"));
    bench.database.discard().await;
}
