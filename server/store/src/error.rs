//! What can go wrong with a database, as people need to hear it.

/// A store failure.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of the database makes no sense.
    #[error("the database address {0:?} is neither sqlite: nor postgres:")]
    BadUrl(String),
    /// The data directory cannot be used.
    #[error("the data directory {path} cannot be used: {reason}")]
    DataDir {
        /// Its path.
        path: String,
        /// Why not.
        reason: String,
    },
    /// Another instance holds the file.
    #[error("another Waypost is using {0}; stop it first, or give this one another --data directory")]
    InUse(String),
    /// The server or library is unfit, and starting would risk acknowledged writes.
    #[error("the database is not safe to use: {0}")]
    Unsafe(String),
    /// A migration failed.
    #[error("migrating the database failed: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A unique key already holds such a row.
    #[error("already there ({0})")]
    Conflict(String),
    /// A text holds a character that the engine does not keep (NUL, on PostgreSQL).
    #[error("a text holds a character that cannot be kept")]
    BadText,
    /// Anything else from the engine.
    #[error("the database failed: {0}")]
    Sql(sqlx::Error),
}

/// PostgreSQL's `character_not_in_repertoire`.
const BAD_TEXT: &str = "22021";

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(d) if d.is_unique_violation() => Self::Conflict(d.message().to_owned()),
            sqlx::Error::Database(d) if d.code().as_deref() == Some(BAD_TEXT) => Self::BadText,
            _ => Self::Sql(error),
        }
    }
}
