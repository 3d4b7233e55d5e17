//! Partners: wholesale customers, and what they sell.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    UPSERT_PARTNER = "INSERT INTO partners (id, name, label, zone, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, label = excluded.label, zone = excluded.zone,
        revision = partners.revision + 1, updated_at = excluded.updated_at";
    SELECT_PARTNERS = "SELECT * FROM partners ORDER BY name, id";
    SELECT_PARTNER = "SELECT * FROM partners WHERE id = $1";
    SET_LIVE = "UPDATE partners SET live_at = $1, revision = revision + 1, updated_at = $2 WHERE id = $3";
    BUMP_PARTNER = "UPDATE partners SET revision = revision + 1, updated_at = $1 WHERE id = $2";
    NEW_LINK = "UPDATE partners SET link_version = link_version + 1, revision = revision + 1, updated_at = $1 WHERE id = $2";
    NOTE_PAGE_READ = "UPDATE partners SET page_read_at = $1 WHERE id = $2";
    NOTE_FEED_READ = "UPDATE partners SET feed_read_at = $1 WHERE id = $2";
    DELETE_PARTNER = "DELETE FROM partners WHERE id = $1";
    DELETE_PARTNER_CONTACTS = "DELETE FROM contacts WHERE partner_id = $1";
    INSERT_PARTNER_CELL = "INSERT INTO partner_cells (partner_id, cell_id) VALUES ($1, $2)";
    DELETE_PARTNER_CELLS = "DELETE FROM partner_cells WHERE partner_id = $1";
    SELECT_PARTNER_CELLS = "SELECT partner_id, cell_id FROM partner_cells ORDER BY partner_id, cell_id";
}

/// A row of `partners`.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct PartnerRow {
    /// Public id.
    pub id: String,
    /// Name shown to us.
    pub name: String,
    /// The brand that their travellers know; may be empty.
    pub label: String,
    /// IANA zone.
    pub zone: String,
    /// Since when it is told what is public too, in milliseconds; none: only what is written for it.
    pub live_at: Option<i64>,
    /// Moves with every change that it alone sees.
    pub revision: i64,
    /// The links to its page hold this number.
    pub link_version: i64,
    /// When its page was last read, to the hour, in milliseconds.
    pub page_read_at: Option<i64>,
    /// When a feed of it was last read, to the hour, in milliseconds.
    pub feed_read_at: Option<i64>,
    /// When it last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Timestamp,
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

    /// Lets a partner be told what is public, or (none) only what is written for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_partner_live(&mut self, id: &str, at: Option<Timestamp>, now: Timestamp) -> Result<()> {
        execute!(self, SET_LIVE, at.map(Timestamp::millis), now.millis(), id).map(drop)
    }

    /// Marks a change that this partner alone sees.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bump_partner(&mut self, id: &str, now: Timestamp) -> Result<()> {
        execute!(self, BUMP_PARTNER, now.millis(), id).map(drop)
    }

    /// Ends the links to a partner's page; new ones hold the next number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new_partner_link(&mut self, id: &str, now: Timestamp) -> Result<()> {
        execute!(self, NEW_LINK, now.millis(), id).map(drop)
    }

    /// Notes that a partner's page, or a feed of it, was read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_partner_read(&mut self, id: &str, is_feed: bool, now: Timestamp) -> Result<()> {
        match is_feed {
            true => execute!(self, NOTE_FEED_READ, now.millis(), id).map(drop),
            false => execute!(self, NOTE_PAGE_READ, now.millis(), id).map(drop),
        }
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
