//! Rotas: who is on call in which tier.

use domain::{clock::Timestamp, roster::Shift};

use crate::{Result, Tx};

statements! {
    UPSERT_SHIFT = "INSERT INTO rota_shifts (id, tier, user_id, starts_at, ends_at, zone, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET tier = excluded.tier, user_id = excluded.user_id,
        starts_at = excluded.starts_at, ends_at = excluded.ends_at, zone = excluded.zone";
    SELECT_SHIFTS = "SELECT s.id, s.tier, s.user_id, u.name AS user_name, s.starts_at, s.ends_at, s.zone FROM rota_shifts s
        JOIN users u ON u.id = s.user_id WHERE s.ends_at > $1 AND u.is_disabled = FALSE ORDER BY s.starts_at, s.tier, s.id";
    SELECT_SHIFT = "SELECT s.id, s.tier, s.user_id, u.name AS user_name, s.starts_at, s.ends_at, s.zone FROM rota_shifts s
        JOIN users u ON u.id = s.user_id WHERE s.id = $1";
    DELETE_SHIFT = "DELETE FROM rota_shifts WHERE id = $1";
}

/// A row of `rota_shifts` with its person.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ShiftRow {
    /// Public id.
    pub id: String,
    /// 1 to 3.
    pub tier: i64,
    /// Who.
    pub user_id: String,
    /// Their name.
    pub user_name: String,
    /// From when.
    #[sqlx(try_from = "i64")]
    pub starts_at: Timestamp,
    /// Until when.
    #[sqlx(try_from = "i64")]
    pub ends_at: Timestamp,
    /// IANA zone in which it was entered.
    pub zone: String,
}

impl ShiftRow {
    /// As the rules see it.
    #[must_use]
    pub const fn shift(&self) -> Shift {
        Shift { tier: self.tier, starts_at: self.starts_at, ends_at: self.ends_at }
    }
}

impl Tx {
    /// Saves a shift.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_shift(&mut self, row: &ShiftRow, now: Timestamp) -> Result<()> {
        execute!(
            self,
            UPSERT_SHIFT,
            &row.id,
            row.tier,
            &row.user_id,
            row.starts_at.millis(),
            row.ends_at.millis(),
            &row.zone,
            now.millis(),
        )
        .map(drop)
    }

    /// Shifts that end after `from` of people who may sign in, by their start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shifts(&mut self, from: Timestamp) -> Result<Vec<ShiftRow>> {
        fetch_all!(self, ShiftRow, SELECT_SHIFTS, from.millis())
    }

    /// One shift.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shift(&mut self, id: &str) -> Result<Option<ShiftRow>> {
        fetch_optional!(self, ShiftRow, SELECT_SHIFT, id)
    }

    /// Who is on call at `now`, by tier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn on_call(&mut self, now: Timestamp) -> Result<Vec<ShiftRow>> {
        let mut on: Vec<ShiftRow> =
            self.shifts(now).await?.into_iter().filter(|s| s.shift().covers(now)).collect();
        on.sort_by_key(|s| s.tier);
        Ok(on)
    }

    /// Removes a shift; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_shift(&mut self, id: &str) -> Result<bool> {
        execute!(self, DELETE_SHIFT, id).map(|n| n == 1)
    }
}
