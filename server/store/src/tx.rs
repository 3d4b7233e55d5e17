//! One transaction type over both engines, and the macros that run one SQL text on either.

use crate::{Engine, Result, audit::AuditLine};

/// A transaction on one of the two engines. Dropping it rolls back.
#[derive(Debug)]
pub struct Tx {
    pub(crate) on: On,
    /// Lines of the record, written at the commit: the head of the chain is locked last and for a moment only, so that
    /// no two transactions wait for one another in a circle.
    pub(crate) record: Vec<AuditLine>,
}

/// The engine's own transaction.
#[derive(Debug)]
pub(crate) enum On {
    /// On SQLite: `BEGIN IMMEDIATE` on the one writer, or a read on a `query_only` connection.
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    /// On PostgreSQL.
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl From<On> for Tx {
    fn from(on: On) -> Self {
        Self { on, record: Vec::new() }
    }
}

impl Tx {
    /// Commits; on return the change is on disk.
    ///
    /// # Errors
    /// When the engine could not make it durable; nothing happened then.
    pub async fn commit(mut self) -> Result<()> {
        self.write_record().await?;
        match self.on {
            On::Sqlite(t) => t.commit().await?,
            On::Postgres(t) => t.commit().await?,
        }
        Ok(())
    }

    /// Which engine this runs on.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.on {
            On::Sqlite(_) => Engine::Sqlite,
            On::Postgres(_) => Engine::Postgres,
        }
    }
}

/// Declares SQL texts as constants and lists them in `STATEMENTS`.
///
/// `NAME = "text";` for both engines; `NAME { sqlite = "…", postgres = "…" };` where they really differ.
macro_rules! statements {
    (@one $name:ident = $text:expr) => {
        $crate::statement::Statement { name: stringify!($name), sqlite: Some($text), postgres: Some($text) }
    };
    (@one $name:ident { sqlite = $s:expr, postgres = $p:expr }) => {
        $crate::statement::Statement { name: stringify!($name), sqlite: Some($s), postgres: Some($p) }
    };
    ($($name:ident $(= $text:literal)? $({ sqlite = $s:literal, postgres = $p:literal })? ;)*) => {
        $( const $name: $crate::statement::Statement = statements!(@one $name $(= $text)? $({ sqlite = $s, postgres = $p })?); )*
        /// Every statement of this file.
        pub(crate) const STATEMENTS: &[$crate::statement::Statement] = &[$($name),*];
    };
}

/// Runs `$body` with `$c` bound to the typed connection and `$sql` to the text for its engine.
macro_rules! on {
    ($tx:expr, $statement:expr, |$c:ident, $sql:ident| $body:expr) => {
        match &mut $tx.on {
            $crate::tx::On::Sqlite(t) => {
                let $c = &mut **t;
                let $sql = $statement.sqlite.unwrap_or_default();
                $body
            }
            $crate::tx::On::Postgres(t) => {
                let $c = &mut **t;
                let $sql = $statement.postgres.unwrap_or_default();
                $body
            }
        }
    };
}

/// Executes a statement with arguments; the number of rows it touched.
macro_rules! execute {
    ($tx:expr, $statement:expr $(, $arg:expr)* $(,)?) => {
        on!($tx, $statement, |c, sql| sqlx::query(sql)$(.bind($arg))*.execute(c).await.map(|r| r.rows_affected()))
            .map_err($crate::StoreError::from)
    };
}

/// All rows, as `$row` (a `FromRow` type or a tuple).
#[allow(unused_macros)]
macro_rules! fetch_all {
    ($tx:expr, $row:ty, $statement:expr $(, $arg:expr)* $(,)?) => {
        on!($tx, $statement, |c, sql| sqlx::query_as::<_, $row>(sql)$(.bind($arg))*.fetch_all(c).await)
            .map_err($crate::StoreError::from)
    };
}

/// One row or none.
macro_rules! fetch_optional {
    ($tx:expr, $row:ty, $statement:expr $(, $arg:expr)* $(,)?) => {
        on!($tx, $statement, |c, sql| sqlx::query_as::<_, $row>(sql)$(.bind($arg))*.fetch_optional(c).await)
            .map_err($crate::StoreError::from)
    };
}

/// Exactly one row.
#[allow(unused_macros)]
macro_rules! fetch_one {
    ($tx:expr, $row:ty, $statement:expr $(, $arg:expr)* $(,)?) => {
        on!($tx, $statement, |c, sql| sqlx::query_as::<_, $row>(sql)$(.bind($arg))*.fetch_one(c).await)
            .map_err($crate::StoreError::from)
    };
}
