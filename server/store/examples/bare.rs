//! How many rows of `activation_events` sqlx makes durable in a second by itself: one a commit, and a thousand a
//! commit, into the same table with the same indexes. `cargo xtask bench ingest` runs it beside Waypost.
//!
//! SQLite: one writer, a statement a row. PostgreSQL: one writer of one row, eight of them together, and one of a thousand
//! by UNNEST.

use std::{
    str::FromStr as _,
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, Executor as _,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Rows a second: one a commit, by one writer and by several, and a thousand a commit.
struct Rates {
    single: f64,
    together: Option<f64>,
    batch: f64,
}

const BATCH: i64 = 1_000;
const PG_WRITERS: i64 = 8;
const TABLE: &str = "CREATE TABLE bare (source TEXT NOT NULL, event_id TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, \
    occurred_at BIGINT NOT NULL, received_at BIGINT NOT NULL, digest TEXT NOT NULL, key_id TEXT NOT NULL, flags TEXT NOT NULL, \
    data TEXT NOT NULL, PRIMARY KEY (source, event_id))";
const INDEX: &str = "CREATE INDEX bare_by_received ON bare (received_at)";
const INSERT: &str = "INSERT INTO bare (source, event_id, type, subject, occurred_at, received_at, digest, key_id, flags, data) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const INSERT_ALL: &str = "INSERT INTO bare (source, event_id, type, subject, occurred_at, received_at, digest, key_id, flags, data) \
    SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[])";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, secs] = arguments.as_slice() else {
        return Err("usage: bare <sqlite:FILE | postgres://…> <seconds>".into());
    };
    let length = Duration::from_secs(secs.parse()?);
    let Rates { single, together, batch } = match url.strip_prefix("sqlite:") {
        Some(path) => on_sqlite(path, length).await?,
        None => on_postgres(url, length).await?,
    };
    let together = together.map_or_else(|| "null".to_owned(), |rate| format!("{rate:.0}"));
    println!("{{\"single\":{single:.0},\"together\":{together},\"batch\":{batch:.0}}}");
    Ok(())
}

/// The texts of a row.
fn texts(n: i64) -> [String; 6] {
    [
        "/bench/smdp".into(),
        format!("ord-{n:012}-requested"),
        "esim.activation.requested".into(),
        format!("ord-{n:012}"),
        format!("{n:064x}"),
        format!(r#"{{"country":"FR","flow":"ota","order":{n},"supplier":"smdp-a/1"}}"#),
    ]
}

fn rate(rows: i64, begun: Instant) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a count")]
    let rows = rows as f64;
    rows / begun.elapsed().as_secs_f64()
}

async fn on_sqlite(path: &str, length: Duration) -> Result<Rates, Failure> {
    let options = SqliteConnectOptions::from_str(&format!("sqlite:{path}"))?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    pool.execute(AssertSqlSafe(format!("{TABLE} STRICT, WITHOUT ROWID").replace("BIGINT", "INTEGER")))
        .await?;
    pool.execute(INDEX).await?;
    let (mut n, begun) = (0, Instant::now());
    while begun.elapsed() < length {
        rows_of_sqlite(&pool, n, 1).await?;
        n += 1;
    }
    let single = rate(n, begun);
    let (first, begun) = (n, Instant::now());
    while begun.elapsed() < length {
        rows_of_sqlite(&pool, n, BATCH).await?;
        n += BATCH;
    }
    Ok(Rates { single, together: None, batch: rate(n - first, begun) })
}

async fn rows_of_sqlite(pool: &SqlitePool, first: i64, count: i64) -> Result<(), Failure> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    for n in first..first + count {
        let [source, id, kind, subject, digest, data] = texts(n);
        let query = sqlx::query(INSERT).bind(source).bind(id).bind(kind).bind(subject).bind(n).bind(n);
        query.bind(digest).bind("bench").bind("").bind(data).execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}

async fn on_postgres(url: &str, length: Duration) -> Result<Rates, Failure> {
    let options = PgConnectOptions::from_str(url)?;
    let pool = PgPoolOptions::new().max_connections(8).connect_with(options).await?;
    pool.execute("DROP TABLE IF EXISTS bare").await?;
    pool.execute(TABLE).await?;
    pool.execute(INDEX).await?;
    let mut first = 2_000_000_000;
    let begun = Instant::now();
    while begun.elapsed() < length {
        rows_of_postgres(&pool, first, 1).await?;
        first += 1;
    }
    let alone = rate(first - 2_000_000_000, begun);
    let begun = Instant::now();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..PG_WRITERS {
        let pool = pool.clone();
        writers.spawn(async move {
            let mut n = writer;
            while begun.elapsed() < length {
                rows_of_postgres(&pool, n, 1).await?;
                n += PG_WRITERS;
            }
            Ok::<i64, Failure>((n - writer) / PG_WRITERS)
        });
    }
    let mut rows = 0;
    for done in writers.join_all().await {
        rows += done?;
    }
    let together = rate(rows, begun);
    let (mut n, begun) = (1_000_000_000, Instant::now());
    let first = n;
    while begun.elapsed() < length {
        rows_of_postgres(&pool, n, BATCH).await?;
        n += BATCH;
    }
    let batch = rate(n - first, begun);
    pool.execute("DROP TABLE bare").await?;
    Ok(Rates { single: alone, together: Some(together), batch })
}

async fn rows_of_postgres(pool: &PgPool, first: i64, count: i64) -> Result<(), Failure> {
    let mut columns: [Vec<String>; 6] = Default::default();
    let numbers: Vec<i64> = (first..first + count).collect();
    for n in &numbers {
        for (column, text) in columns.iter_mut().zip(texts(*n)) {
            column.push(text);
        }
    }
    let [sources, ids, kinds, subjects, digests, data] = columns;
    let (keys, flags) = (vec!["bench"; numbers.len()], vec![""; numbers.len()]);
    let query = sqlx::query(INSERT_ALL).bind(sources).bind(ids).bind(kinds).bind(subjects);
    let query = query.bind(&numbers).bind(&numbers).bind(digests).bind(keys).bind(flags).bind(data);
    query.execute(pool).await?;
    Ok(())
}
