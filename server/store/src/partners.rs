//! Partners: wholesale customers, and what they sell.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    UPSERT_PARTNER = "INSERT INTO partners (id, name, label, zone, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, label = excluded.label, zone = excluded.zone,
        updated_at = excluded.updated_at";
    SELECT_PARTNERS = "SELECT id, name, label, zone FROM partners ORDER BY name, id";
    SELECT_PARTNER = "SELECT id, name, label, zone FROM partners WHERE id = $1";
    DELETE_PARTNER = "DELETE FROM partners WHERE id = $1";
    DELETE_PARTNER_CONTACTS = "DELETE FROM contacts WHERE partner_id = $1";
    INSERT_PARTNER_CELL = "INSERT INTO partner_cells (partner_id, cell_id) VALUES ($1, $2)";
    DELETE_PARTNER_CELLS = "DELETE FROM partner_cells WHERE partner_id = $1";
    SELECT_PARTNER_CELLS = "SELECT partner_id, cell_id FROM partner_cells ORDER BY partner_id, cell_id";
}

/// A row of `partners`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PartnerRow {
    /// Public id.
    pub id: String,
    /// Name shown to us.
    pub name: String,
    /// The brand that their travellers know; may be empty.
    pub label: String,
    /// IANA zone.
    pub zone: String,
}

impl Tx {
    /// Saves a partner and what it sells.
    ///
    /// # Errors
    /// When the database fails, or the name is taken.
    pub async fn save_partner(&mut self, row: &PartnerRow, cells: &[String], now: Timestamp) -> Result<()> {
        execute!(self, UPSERT_PARTNER, &row.id, &row.name, &row.label, &row.zone, now.millis())?;
        execute!(self, DELETE_PARTNER_CELLS, &row.id)?;
        for cell in cells {
            execute!(self, INSERT_PARTNER_CELL, &row.id, cell)?;
        }
        Ok(())
    }

    /// Partners by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn partners(&mut self) -> Result<Vec<PartnerRow>> {
        fetch_all!(self, PartnerRow, SELECT_PARTNERS)
    }

    /// One partner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn partner(&mut self, id: &str) -> Result<Option<PartnerRow>> {
        fetch_optional!(self, PartnerRow, SELECT_PARTNER, id)
    }

    /// Pairs of partner and cell.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn partner_cells(&mut self) -> Result<Vec<(String, String)>> {
        fetch_all!(self, (String, String), SELECT_PARTNER_CELLS)
    }

    /// Removes a partner with its contacts; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_partner(&mut self, id: &str) -> Result<bool> {
        execute!(self, DELETE_PARTNER_CELLS, id)?;
        execute!(self, DELETE_PARTNER_CONTACTS, id)?;
        execute!(self, DELETE_PARTNER, id).map(|n| n == 1)
    }
}
