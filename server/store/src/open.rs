//! Opening a database safely: the durability settings are asserted, not hoped for.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    Connection as _,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{Result, StoreError, Tx, disk, tx::On};

/// Which engine a store runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// Where one machine is not enough.
    Postgres,
}

/// A database with its pools.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pools: Pools,
}

/// The pools of one engine.
#[derive(Debug, Clone)]
pub(crate) enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// Rows that a query may be ahead of whoever reads them.
const ROWS: usize = 1_000;

const SQLITE_PRAGMAS: [(&str, &str); 4] =
    [("trusted_schema", "OFF"), ("cell_size_check", "ON"), ("secure_delete", "FAST"), ("mmap_size", "0")];

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…`, checks that it keeps acknowledged writes, and migrates it.
    ///
    /// # Errors
    /// When the address is wrong, the database is out of reach or unsafe, or a migration fails.
    pub async fn open(url: &str) -> Result<Self> {
        let store = Self::connect(url).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens without migrating.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn connect(url: &str) -> Result<Self> {
        let pools = match url.split_once(':') {
            Some(("sqlite", path)) => open_sqlite(path.trim_start_matches("//")).await?,
            Some(("postgres" | "postgresql", _)) => open_postgres(url).await?,
            _ => return Err(StoreError::BadUrl(url.split('@').next_back().unwrap_or("").to_owned())),
        };
        Ok(Self { pools })
    }

    /// Brings the schema up to date; each migration in a transaction of its own.
    ///
    /// # Errors
    /// When a migration fails or one that was applied has changed.
    pub async fn migrate(&self) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => sqlx::migrate!("../../migrations/sqlite").run(writer).await?,
            Pools::Postgres(pool) => sqlx::migrate!("../../migrations/postgres").run(pool).await?,
        }
        Ok(())
    }

    /// Begins a transaction that only reads.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn read(&self) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => On::Sqlite(readers.begin().await?).into(),
            Pools::Postgres(pool) => On::Postgres(pool.begin().await?).into(),
        })
    }

    /// Begins a transaction that writes. On SQLite there is one writer, and callers queue for it.
    ///
    /// # Errors
    /// When the database is out of reach or the queue did not move for 15 s.
    pub async fn write(&self) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { writer, .. } => On::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?).into(),
            Pools::Postgres(pool) => On::Postgres(pool.begin().await?).into(),
        })
    }

    /// Which engine this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Closes all connections; SQLite folds its log back into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_sqlite(path: &str) -> Result<Pools> {
    if let Some(dir) = Path::new(path).parent().filter(|d| !d.as_os_str().is_empty()) {
        std::fs::create_dir_all(dir)
            .map_err(|e| StoreError::DataDir { path: dir.display().to_string(), reason: e.to_string() })?;
        disk::refuse_network(dir)?;
    }
    let was_stopped_uncleanly = disk::has_log(path);
    let mut options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Rows cross from the connection's thread in one go, where they would wake it every fifty.
        .row_buffer_size(ROWS)
        .pragma("wal_autocheckpoint", "1000")
        .pragma("journal_size_limit", "67108864");
    for (name, value) in SQLITE_PRAGMAS {
        options = options.pragma(name, value);
    }
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(15))
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.clone().busy_timeout(Duration::from_secs(15)))
        .await
        .map_err(|e| StoreError::DataDir { path: path.to_owned(), reason: e.to_string() })?;
    assert_sqlite(&writer).await?;
    if was_stopped_uncleanly {
        assert_sound(&writer, path).await?;
    }
    let readers = SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options.busy_timeout(Duration::from_secs(5)).pragma("query_only", "ON"))
        .await?;
    Ok(Pools::Sqlite { writer, readers })
}

/// Older SQLite can lose commits in WAL mode, and `synchronous` below FULL loses them on power loss.
async fn assert_sqlite(pool: &SqlitePool) -> Result<()> {
    let (version,): (String,) = sqlx::query_as("SELECT sqlite_version()").fetch_one(pool).await?;
    let parts: Vec<u32> = version.split('.').filter_map(|p| p.parse().ok()).collect();
    if parts < vec![3, 51, 3] {
        return Err(StoreError::Unsafe(format!(
            "SQLite {version} can lose commits; 3.51.3 or newer is needed"
        )));
    }
    let (journal,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(pool).await?;
    let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(pool).await?;
    let (foreign_keys,): (i64,) = sqlx::query_as("PRAGMA foreign_keys").fetch_one(pool).await?;
    if journal != "wal" || synchronous != 2 || foreign_keys != 1 {
        return Err(StoreError::Unsafe(format!(
            "journal_mode={journal}, synchronous={synchronous}, foreign_keys={foreign_keys}; wal, 2 and 1 are needed"
        )));
    }
    Ok(())
}

/// After an unclean stop the file is looked through before anybody relies on it.
async fn assert_sound(pool: &SqlitePool, path: &str) -> Result<()> {
    let found: Vec<(String,)> = sqlx::query_as("PRAGMA quick_check(3)").fetch_all(pool).await?;
    let faults: Vec<String> = found.into_iter().map(|(line,)| line).filter(|l| l != "ok").collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(StoreError::Unsafe(format!(
        "{path} is damaged ({}). Keep a copy of the file, then restore a backup",
        faults.join("; ")
    )))
}

/// A connection that rested longer is asked whether it lives before it is used.
const RESTED: Duration = Duration::from_secs(1);

async fn open_postgres(url: &str) -> Result<Pools> {
    let options = PgConnectOptions::from_str(url)?.application_name("waypost").options([
        ("statement_timeout", "15s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "30s"),
        // A plan that was made while a table was small is kept while it grows: it must not be one that reads all of it.
        // Whatever is asked for has its index; and to compile a query takes longer than any of them.
        ("enable_seqscan", "off"),
        ("jit", "off"),
        // To plan takes as long as most of what is planned here.
        ("plan_cache_mode", "force_generic_plan"),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(false)
        // One that was in use a moment ago is not asked whether it lives: that would be a round trip for every commit.
        .before_acquire(|connection, seen| {
            Box::pin(async move {
                if seen.idle_for > RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    assert_postgres(&pool).await?;
    Ok(Pools::Postgres(pool))
}

async fn assert_postgres(pool: &PgPool) -> Result<()> {
    for (setting, fit) in [
        ("fsync", &["on"][..]),
        ("full_page_writes", &["on"]),
        ("synchronous_commit", &["on", "remote_apply"]),
    ] {
        let (value,): (String,) =
            sqlx::query_as("SELECT current_setting($1)").bind(setting).fetch_one(pool).await?;
        if !fit.contains(&value.as_str()) {
            return Err(StoreError::Unsafe(format!(
                "PostgreSQL runs with {setting}={value}; it must be {}",
                fit.join(" or ")
            )));
        }
    }
    Ok(())
}
