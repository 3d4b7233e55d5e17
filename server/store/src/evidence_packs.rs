//! Evidence packs, as they were signed.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_EVIDENCE_PACK = "INSERT INTO evidence_packs (id, partner_id, month, version, made_at, made_by, body)
        SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), COALESCE(MAX(version), 0) + 1, CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS TEXT)
        FROM evidence_packs WHERE partner_id = $2 AND month = $3
        ON CONFLICT (partner_id, month, version) DO NOTHING";
    SELECT_EVIDENCE_PACKS = "SELECT id, partner_id, month, version, made_at, made_by, '' AS body FROM evidence_packs
        WHERE partner_id = $1 ORDER BY month DESC, version DESC LIMIT $2";
    SELECT_EVIDENCE_PACK = "SELECT id, partner_id, month, version, made_at, made_by, body FROM evidence_packs
        WHERE partner_id = $1 AND month = $2 AND ($3 = 0 OR version = $3) ORDER BY version DESC LIMIT 1";
    SELECT_PARTNERS_WITHOUT_PACK = "SELECT id FROM partners WHERE live_at < $1
        AND NOT EXISTS (SELECT 1 FROM evidence_packs e WHERE e.partner_id = partners.id AND e.month = $2) ORDER BY id LIMIT $3";
}

/// A row of `evidence_packs`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct EvidencePackRow {
    /// Public id.
    pub id: String,
    /// Whose it is.
    pub partner_id: String,
    /// `2026-10`.
    pub month: String,
    /// From 1.
    pub version: i64,
    /// When it was made.
    #[sqlx(try_from = "i64")]
    pub made_at: Timestamp,
    /// User id, or `system`.
    pub made_by: String,
    /// The signed JSON; empty in lists.
    pub body: String,
}

impl Tx {
    /// Adds the next version of a month's pack; false if somebody else did at the same moment.
    pub async fn insert_evidence_pack(
        &mut self,
        id: &str,
        (partner_id, month): (&str, &str),
        body: &str,
        now: Timestamp,
        by: &str,
    ) -> Result<bool> {
        execute!(self, INSERT_EVIDENCE_PACK, id, partner_id, month, now.millis(), by, body).map(|n| n == 1)
    }

    /// The packs of a partner, the newest first, without their bodies.
    pub async fn evidence_packs(&mut self, partner_id: &str, limit: i64) -> Result<Vec<EvidencePackRow>> {
        fetch_all!(self, EvidencePackRow, SELECT_EVIDENCE_PACKS, partner_id, limit)
    }

    /// One pack; `version` 0: the newest.
    pub async fn evidence_pack(
        &mut self,
        partner_id: &str,
        month: &str,
        version: i64,
    ) -> Result<Option<EvidencePackRow>> {
        fetch_optional!(self, EvidencePackRow, SELECT_EVIDENCE_PACK, partner_id, month, version)
    }

    /// Partners that were live before `before` and have no pack of a month.
    pub async fn partners_without_pack(
        &mut self,
        month: &str,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<String>> {
        let rows = fetch_all!(self, (String,), SELECT_PARTNERS_WITHOUT_PACK, before.millis(), month, limit)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}
