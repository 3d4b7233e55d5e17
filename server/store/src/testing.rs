//! Databases for tests: a fresh, migrated one per test, on either engine. Behind the feature `testing`.
//!
//! SQLite lives in a directory of its own under the system's temporary directory. PostgreSQL is the server that
//! `WAYPOST_TEST_POSTGRES_URL` names, or else a throw-away cluster from the installed binaries ([`cluster`]). If
//! neither is there the test fails and says why; it never skips.

mod cluster;

use std::{
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::atomic::{AtomicU64, Ordering},
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};

use crate::{Engine, Store};

/// A migrated database that goes away with [`TestDatabase::discard`].
#[derive(Debug)]
pub struct TestDatabase {
    /// The open store.
    pub store: Store,
    /// Its address, for tests that look at it with their own connection or start a second node.
    pub url: String,
    scratch: Scratch,
}

#[derive(Debug)]
enum Scratch {
    /// Removed when dropped.
    Directory {
        _dir: TestDir,
    },
    Database {
        server: String,
        name: String,
    },
}

impl TestDatabase {
    /// Makes and migrates one.
    ///
    /// # Panics
    /// When there is no such engine to be had; the message says what to install.
    pub async fn create(engine: Engine) -> Self {
        let (url, scratch) = match engine {
            Engine::Sqlite => {
                let dir = TestDir::new();
                let url = format!("sqlite:{}", dir.path().join("waypost.db").display());
                (url, Scratch::Directory { _dir: dir })
            }
            Engine::Postgres => create_postgres().await,
        };
        let store =
            Store::open(&url).await.unwrap_or_else(|e| panic!("the test database {url} does not open: {e}"));
        Self { store, url, scratch }
    }

    /// Runs SQL on a PostgreSQL database with a connection of its own: a fault that a test needs.
    ///
    /// # Panics
    /// When it fails.
    pub async fn on_itself(&self, sql: &str) {
        on_server(&self.url, sql.to_owned()).await;
    }

    /// Closes and removes it. A test that panics leaves it to the end of the cluster.
    ///
    /// # Panics
    /// When PostgreSQL refuses to drop it.
    pub async fn discard(self) {
        self.store.close().await;
        if let Scratch::Database { server, name } = &self.scratch {
            on_server(server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}

async fn create_postgres() -> (String, Scratch) {
    let server = match std::env::var("WAYPOST_TEST_POSTGRES_URL") {
        Ok(url) if !url.is_empty() => url,
        _ => cluster::url().unwrap_or_else(|e| panic!("{e}")),
    };
    let name = unique_name();
    on_server(&server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    on_server(&server, format!("CREATE DATABASE {name}")).await;
    (with_database(&server, &name), Scratch::Database { server, name })
}

async fn on_server(url: &str, sql: String) {
    let options =
        PgConnectOptions::from_str(url).unwrap_or_else(|e| panic!("WAYPOST_TEST_POSTGRES_URL: {e}"));
    let mut connection = PgConnection::connect_with(&options)
        .await
        .unwrap_or_else(|e| panic!("PostgreSQL for tests does not answer: {e}"));
    sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut connection).await.unwrap_or_else(|e| {
        panic!("{sql}: {e} (the tests' PostgreSQL user must be allowed to create databases)")
    });
    let _ = connection.close().await;
}

/// Replaces the database in `postgres://user@host/database?options`.
fn with_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(a, o)| (a, Some(o)));
    let authority_at = address.find("://").map_or(0, |i| i + 3);
    let base = match address[authority_at..].find('/') {
        Some(slash) => &address[..authority_at + slash],
        None => address,
    };
    options.map_or_else(|| format!("{base}/{name}"), |o| format!("{base}/{name}?{o}"))
}

fn unique_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("waypost_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A directory that is removed when dropped.
#[derive(Debug)]
pub struct TestDir(PathBuf);

impl TestDir {
    /// Makes an empty one.
    ///
    /// # Panics
    /// When the system's temporary directory is not writable.
    #[must_use]
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(unique_name());
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap_or_else(|e| panic!("cannot make {}: {e}", path.display()));
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Default for TestDir {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Declares tests that run once per engine: `on_both_engines! { async fn keeps_order(db) { … } }` with
/// `db: &store::testing::TestDatabase`.
#[macro_export]
macro_rules! on_both_engines {
    ($( $(#[$attribute:meta])* async fn $name:ident($db:ident) $body:block )*) => { $(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports, reason = "not every body needs what stands around it")]
            use super::*;

            async fn body($db: &$crate::testing::TestDatabase) $body

            #[tokio::test]
            async fn sqlite() {
                let db = $crate::testing::TestDatabase::create($crate::Engine::Sqlite).await;
                body(&db).await;
                db.discard().await;
            }

            #[tokio::test]
            async fn postgres() {
                let db = $crate::testing::TestDatabase::create($crate::Engine::Postgres).await;
                body(&db).await;
                db.discard().await;
            }
        }
    )* };
}
