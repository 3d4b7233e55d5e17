//! Leases of processes that are gone: what they had claimed is due again at once.
//!
//! A fence begins with the id of the process that claimed, and a dot. On PostgreSQL a process holds an advisory lock on
//! its id over a connection of its own ([`OwnerSession`]): the server frees it with the connection, however the process
//! ends, and a process that hangs keeps it.

use domain::clock::Timestamp;
use sqlx::{Connection as _, postgres::PgConnection};

use crate::{Result, Store, Tx, open::Pools};

statements! {
    FREE_DELIVERIES = "UPDATE deliveries SET attempts = attempts - 1, lease_until_at = NULL, fence = NULL
        WHERE state = 'queued' AND lease_until_at IS NOT NULL AND ($1 = '' OR fence LIKE $1 || '.%')";
    FREE_REMINDERS = "UPDATE reminders SET mail_state = 'queued', attempts = attempts - 1, next_attempt_at = $2, fence = NULL
        WHERE mail_state IN ('queued', 'leased') AND mail_state = 'leased' AND ($1 = '' OR fence LIKE $1 || '.%')";
    FREE_OWNER_NOTICES = "UPDATE owner_notices SET mail_state = 'queued', attempts = attempts - 1, next_attempt_at = $2, fence = NULL
        WHERE mail_state IN ('queued', 'leased') AND mail_state = 'leased' AND ($1 = '' OR fence LIKE $1 || '.%')";
    INSERT_LEASE_OWNER = "INSERT INTO lease_owners (owner, begun_at) VALUES ($1, $2) ON CONFLICT (owner) DO NOTHING";
    SELECT_LEASE_OWNERS = "SELECT owner FROM lease_owners WHERE owner <> $1 ORDER BY owner";
    DELETE_LEASE_OWNER = "DELETE FROM lease_owners WHERE owner = $1";
    IS_OWNER_GONE {
        sqlite = "SELECT $1 <> ''",
        postgres = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
    };
    HOLD_OWNER {
        sqlite = "SELECT $1 <> ''",
        postgres = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
    };
    STILL_HOLDS {
        sqlite = "SELECT TRUE",
        postgres = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted)"
    };
}

/// Shows the other processes on the database that this one lives, as long as it is held.
#[derive(Debug)]
pub struct OwnerSession {
    /// None on SQLite, where there are no others.
    connection: Option<PgConnection>,
}

impl OwnerSession {
    /// Whether the others still see it; to be asked every now and then.
    ///
    /// # Errors
    /// When the connection has ended, and the lock with it.
    pub async fn look(&mut self) -> Result<bool> {
        let Some(connection) = &mut self.connection else { return Ok(true) };
        let sql = STILL_HOLDS.postgres.unwrap_or_default();
        Ok(sqlx::query_scalar::<_, bool>(sql).fetch_one(connection).await?)
    }
}

impl Store {
    /// Shows other processes that the process `owner` lives, until the session is dropped. None: it is being looked for
    /// at this very moment, or the server has not noticed the end of its last session; try again.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn hold_owner(&self, owner: &str, now: Timestamp) -> Result<Option<OwnerSession>> {
        let Pools::Postgres(pool) = &self.pools else { return Ok(Some(OwnerSession { connection: None })) };
        let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
        let hold = HOLD_OWNER.postgres.unwrap_or_default();
        if !sqlx::query_scalar::<_, bool>(hold).bind(owner).fetch_one(&mut connection).await? {
            return Ok(None);
        }
        let insert = INSERT_LEASE_OWNER.postgres.unwrap_or_default();
        sqlx::query(insert).bind(owner).bind(now.millis()).execute(&mut connection).await?;
        Ok(Some(OwnerSession { connection: Some(connection) }))
    }
}

impl Tx {
    /// Makes everything due again that `owner` has leased, or everything that anybody has if that is empty, as though it
    /// had not been claimed; how much that was. Its order and its attempts stay what they were before the claim.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn free_leases(&mut self, owner: &str, now: Timestamp) -> Result<u64> {
        let deliveries = execute!(self, FREE_DELIVERIES, owner)?;
        let reminders = execute!(self, FREE_REMINDERS, owner, now.millis())?;
        let notices = execute!(self, FREE_OWNER_NOTICES, owner, now.millis())?;
        Ok(deliveries + reminders + notices)
    }

    /// Processes that have claimed, or may have, apart from this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lease_owners(&mut self, except: &str) -> Result<Vec<String>> {
        Ok(fetch_all!(self, (String,), SELECT_LEASE_OWNERS, except)?.into_iter().map(|(id,)| id).collect())
    }

    /// Whether a process is gone. If so nobody else finds that out until the end of this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_owner_gone(&mut self, owner: &str) -> Result<bool> {
        Ok(fetch_one!(self, (bool,), IS_OWNER_GONE, owner)?.0)
    }

    /// Forgets a process that is gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_lease_owner(&mut self, owner: &str) -> Result<()> {
        execute!(self, DELETE_LEASE_OWNER, owner).map(drop)
    }
}
