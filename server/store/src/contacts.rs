//! Contacts: whom to call, when they answer, and in which order.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    UPSERT_CONTACT = "INSERT INTO contacts (id, supplier_id, partner_id, name, role, channel, address, hours, zone,
        ladder_step, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
        ON CONFLICT (id) DO UPDATE SET supplier_id = excluded.supplier_id, partner_id = excluded.partner_id,
        name = excluded.name, role = excluded.role, channel = excluded.channel, address = excluded.address,
        hours = excluded.hours, zone = excluded.zone, ladder_step = excluded.ladder_step, updated_at = excluded.updated_at";
    SELECT_CONTACTS = "SELECT id, supplier_id, partner_id, name, role, channel, address, hours, zone, ladder_step
        FROM contacts ORDER BY CASE WHEN ladder_step = 0 THEN 1 ELSE 0 END, ladder_step, name, id";
    SELECT_CONTACT = "SELECT id, supplier_id, partner_id, name, role, channel, address, hours, zone, ladder_step
        FROM contacts WHERE id = $1";
    DELETE_CONTACT = "DELETE FROM contacts WHERE id = $1";
}

/// A row of `contacts`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ContactRow {
    /// Public id.
    pub id: String,
    /// The supplier that they belong to.
    pub supplier_id: Option<String>,
    /// The partner that they belong to.
    pub partner_id: Option<String>,
    /// Person or desk.
    pub name: String,
    /// What they are there for.
    pub role: String,
    /// `phone`, `email`, `chat` or `portal`.
    pub channel: String,
    /// Number, address or link.
    pub address: String,
    /// `24x7`, or `Mon-Fri 09:00-17:00`.
    pub hours: String,
    /// IANA zone.
    pub zone: String,
    /// 1 is called first; 0: not on the ladder.
    pub ladder_step: i64,
}

impl Tx {
    /// Saves a contact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_contact(&mut self, row: &ContactRow, now: Timestamp) -> Result<()> {
        execute!(
            self,
            UPSERT_CONTACT,
            &row.id,
            &row.supplier_id,
            &row.partner_id,
            &row.name,
            &row.role,
            &row.channel,
            &row.address,
            &row.hours,
            &row.zone,
            row.ladder_step,
            now.millis(),
        )
        .map(drop)
    }

    /// Every contact, in the order of the ladders; who is on none comes last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn contacts(&mut self) -> Result<Vec<ContactRow>> {
        fetch_all!(self, ContactRow, SELECT_CONTACTS)
    }

    /// One contact.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn contact(&mut self, id: &str) -> Result<Option<ContactRow>> {
        fetch_optional!(self, ContactRow, SELECT_CONTACT, id)
    }

    /// Removes a contact; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_contact(&mut self, id: &str) -> Result<bool> {
        execute!(self, DELETE_CONTACT, id).map(|n| n == 1)
    }
}
