//! What a migration does to rows that are there already.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection, raw_sql};
use store::{Engine, testing::TestDatabase};

/// The texts of an engine's migrations: those before a number, and that one.
fn texts(engine: &str, number: &str) -> (String, String) {
    let dir = format!("{}/../../migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
    let paths = std::fs::read_dir(dir).expect("migrations").map(|e| e.expect("an entry").path());
    let mut all: Vec<(String, String)> = paths
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    all.sort();
    let at = all.iter().position(|(name, _)| name.starts_with(number)).expect("the migration");
    (all[..at].iter().map(|(_, text)| format!("{text}\n")).collect(), all[at].1.clone())
}

/// A mail that is claimed, one that was taken; of an endpoint: one taken at the second try, one that waits for its next,
/// and one that was taken and is sent again.
fn rows(yes: &str, no: &str) -> String {
    format!(
        "INSERT INTO subscribers (id, channel, address, address_hash, state, time_zone, token_nonce, consent_wording, created_at, updated_at)
           VALUES ('m', 'email', 'm@example.org', 'm', 'confirmed', 'UTC', 'n', 'w', 1, 1), ('h', 'webhook', 'https://example.org/', 'h', 'confirmed', 'UTC', 'n', 'w', 1, 1);
         INSERT INTO outbox (event_id, kind, priority, created_at) VALUES ('a', 'incident_update', 0, 1), ('b', 'incident_update', 0, 1), ('c', 'incident_update', 0, 1);
         INSERT INTO deliveries (event_id, subscriber_id, channel, host, priority, state, attempts, next_attempt_at, lease_until_at, fence, answer, created_at, finished_at) VALUES
           ('a', 'm', 'email', 'example.org', 0, 'leased', 1, 5, 65, 'o.f', NULL, 5, NULL), ('b', 'm', 'email', 'example.org', 0, 'delivered', 1, 5, NULL, NULL, '250', 5, 9),
           ('a', 'h', 'webhook', 'example.org', 0, 'delivered', 2, 5, NULL, NULL, '200', 5, 9), ('b', 'h', 'webhook', 'example.org', 0, 'queued', 1, 50, NULL, NULL, '500', 5, NULL),
           ('c', 'h', 'webhook', 'example.org', 4, 'queued', 0, 50, NULL, NULL, '200', 5, NULL);
         INSERT INTO delivery_attempts (delivery_id, subscriber_id, at, took_ms, is_delivered, answer)
           VALUES (3, 'h', 6, 70, {no}, '500'), (3, 'h', 9, 80, {yes}, '200'), (4, 'h', 9, 90, {no}, '500'), (5, 'h', 9, 95, {yes}, '200');"
    )
}

type Delivery = (String, String, i64, String, Option<i64>, Option<String>, Option<i64>);

const DELIVERIES: &str =
    "SELECT event_id, subscriber_id, lane, state, lease_until_at, fence, took_ms FROM deliveries ORDER BY id";
const ATTEMPTS: &str = "SELECT delivery_id, took_ms FROM delivery_attempts ORDER BY id";

fn judge(deliveries: &[Delivery], attempts: &[(i64, i64)]) {
    let row = |event: &str, to: &str, lane, state: &str, lease, fence: Option<&str>, took| -> Delivery {
        (event.into(), to.into(), lane, state.into(), lease, fence.map(str::to_owned), took)
    };
    assert_eq!(
        deliveries,
        [
            row("a", "m", 0, "queued", Some(65), Some("o.f"), None),
            row("b", "m", 0, "delivered", None, None, None),
            row("a", "h", 1, "delivered", None, None, Some(80)),
            row("b", "h", 1, "queued", None, None, None),
            row("c", "h", 1, "queued", None, None, None),
        ]
    );
    assert_eq!(attempts, [(3, 70), (4, 90), (5, 95)], "only what its delivery tells now has gone");
}

#[tokio::test]
async fn deliveries_keep_their_claims_and_attempts_on_sqlite() {
    let (before, text) = texts("sqlite", "0028");
    let mut c = SqliteConnection::connect("sqlite::memory:").await.expect("a connection");
    for sql in [before, rows("1", "0"), text] {
        raw_sql(AssertSqlSafe(sql)).execute(&mut c).await.expect("it is carried out");
    }
    let deliveries: Vec<Delivery> = sqlx::query_as(DELIVERIES).fetch_all(&mut c).await.expect("deliveries");
    judge(&deliveries, &sqlx::query_as(ATTEMPTS).fetch_all(&mut c).await.expect("attempts"));
}

#[tokio::test]
async fn deliveries_keep_their_claims_and_attempts_on_postgres() {
    let (before, text) = texts("postgres", "0028");
    let db = TestDatabase::create(Engine::Postgres).await;
    let mut c = PgConnection::connect(&db.url).await.expect("a connection");
    let blank = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;".to_owned();
    for sql in [blank, before, rows("TRUE", "FALSE"), text] {
        raw_sql(AssertSqlSafe(sql)).execute(&mut c).await.expect("it is carried out");
    }
    let deliveries: Vec<Delivery> = sqlx::query_as(DELIVERIES).fetch_all(&mut c).await.expect("deliveries");
    judge(&deliveries, &sqlx::query_as(ATTEMPTS).fetch_all(&mut c).await.expect("attempts"));
    db.discard().await;
}
