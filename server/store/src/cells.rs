//! Cells and the history of their statuses.

use domain::{
    clock::Timestamp,
    status::{Basis, CellStatus},
};

use crate::{Result, Tx};

statements! {
    INSERT_CELL = "INSERT INTO cells (id, component_id, country_code, status, basis, since_at, telemetry_status,
        telemetry_since_at, created_at, updated_at) VALUES ($1, $2, $3, 'no_data', 'none', $4, 'no_data', $4, $4, $4)";
    SELECT_CELLS = "SELECT * FROM cells ORDER BY id";
    SELECT_CELL = "SELECT * FROM cells WHERE id = $1";
    SAVE_CELL = "UPDATE cells SET status = $1, basis = $2, since_at = $3, telemetry_status = $4, telemetry_since_at = $5,
        evidence = $6, evidence_at = $7, evidence_from_at = $8, pin_status = $9, pinned_by = $10, pinned_at = $11,
        pin_reason = $12, frozen_until_at = $13, updated_at = $14, alert_status = $15 WHERE id = $16";
    SAVE_CELL_EVIDENCE = "UPDATE cells SET evidence = $1, evidence_at = $2 WHERE id = $3";
    INSERT_CELL_CHANGE = "INSERT INTO cell_changes (cell_id, at, from_status, to_status, basis, is_automatic, cause, incident_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
    SELECT_CELL_CHANGES = "SELECT id, cell_id, at, from_status, to_status, basis, is_automatic, cause, incident_id
        FROM cell_changes WHERE at >= $1 AND id > $2 ORDER BY id";
    SELECT_STATUS_BEFORE = "SELECT c.id, c.cell_id, c.at, c.from_status, c.to_status, c.basis, c.is_automatic, c.cause,
        c.incident_id FROM cell_changes c JOIN (SELECT cell_id, MAX(id) AS id FROM cell_changes WHERE at < $1 GROUP BY cell_id) l
        ON l.id = c.id";
    SELECT_AUTOMATIC_MOVES = "SELECT from_status, to_status FROM cell_changes WHERE cell_id = $1 AND at > $2
        AND is_automatic = TRUE ORDER BY id";
}

/// A row of `cells`.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct CellRow {
    /// Public id.
    pub id: String,
    /// Its component.
    pub component_id: String,
    /// Its country.
    pub country_code: String,
    /// What is shown.
    #[sqlx(try_from = "String")]
    pub status: CellStatus,
    /// What that rests on.
    #[sqlx(try_from = "String")]
    pub basis: Basis,
    /// When the shown status began.
    #[sqlx(try_from = "i64")]
    pub since_at: Timestamp,
    /// Automation's opinion.
    #[sqlx(try_from = "String")]
    pub telemetry_status: CellStatus,
    /// When automation's opinion began.
    #[sqlx(try_from = "i64")]
    pub telemetry_since_at: Timestamp,
    /// JSON of the latest evidence.
    pub evidence: Option<String>,
    /// When it was judged, in milliseconds.
    pub evidence_at: Option<i64>,
    /// Samples from before this time are closed, in milliseconds.
    pub evidence_from_at: Option<i64>,
    /// The pinned status, if pinned.
    pub pin_status: Option<String>,
    /// Who pinned it.
    pub pinned_by: Option<String>,
    /// When it was pinned, in milliseconds.
    pub pinned_at: Option<i64>,
    /// Why it was pinned.
    pub pin_reason: Option<String>,
    /// What firing alerts make of it: `degraded` or `partial_outage`; none: no alert fires.
    pub alert_status: Option<String>,
    /// Flapping: held until then, in milliseconds.
    pub frozen_until_at: Option<i64>,
    /// When it was made.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Timestamp,
}

impl CellRow {
    /// Automation's opinion: the worse of what is measured and what alerts say.
    #[must_use]
    pub fn automatic(&self) -> CellStatus {
        match self.alert_status.clone().and_then(|s| CellStatus::try_from(s).ok()) {
            Some(alert) if self.telemetry_status == CellStatus::NoData => alert,
            Some(alert) => self.telemetry_status.worse(alert),
            None => self.telemetry_status,
        }
    }

    /// The pinned status, if pinned.
    #[must_use]
    pub fn pin(&self) -> Option<CellStatus> {
        self.pin_status.clone().and_then(|s| CellStatus::try_from(s).ok())
    }
}

/// A row of `cell_changes`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CellChangeRow {
    /// Grows with time.
    pub id: i64,
    /// The cell.
    pub cell_id: String,
    /// When.
    #[sqlx(try_from = "i64")]
    pub at: Timestamp,
    /// Before.
    #[sqlx(try_from = "String")]
    pub from_status: CellStatus,
    /// After.
    #[sqlx(try_from = "String")]
    pub to_status: CellStatus,
    /// What the new status rests on.
    #[sqlx(try_from = "String")]
    pub basis: Basis,
    /// Whether automation did it.
    pub is_automatic: bool,
    /// One sentence for people.
    pub cause: String,
    /// The incident behind it.
    pub incident_id: Option<String>,
}

impl Tx {
    /// Adds a cell without data.
    pub async fn insert_cell(
        &mut self,
        id: &str,
        component_id: &str,
        country_code: &str,
        now: Timestamp,
    ) -> Result<()> {
        execute!(self, INSERT_CELL, id, component_id, country_code, now.millis()).map(drop)
    }

    /// Every cell.
    pub async fn cells(&mut self) -> Result<Vec<CellRow>> {
        fetch_all!(self, CellRow, SELECT_CELLS)
    }

    /// One cell.
    pub async fn cell(&mut self, id: &str) -> Result<Option<CellRow>> {
        fetch_optional!(self, CellRow, SELECT_CELL, id)
    }

    /// Saves a cell as it stands.
    pub async fn save_cell(&mut self, row: &CellRow) -> Result<()> {
        execute!(
            self,
            SAVE_CELL,
            row.status.slug(),
            row.basis.slug(),
            row.since_at.millis(),
            row.telemetry_status.slug(),
            row.telemetry_since_at.millis(),
            &row.evidence,
            row.evidence_at,
            row.evidence_from_at,
            &row.pin_status,
            &row.pinned_by,
            row.pinned_at,
            &row.pin_reason,
            row.frozen_until_at,
            row.updated_at.millis(),
            &row.alert_status,
            &row.id,
        )
        .map(drop)
    }

    /// Keeps newer evidence for a status that did not change.
    pub async fn save_cell_evidence(&mut self, id: &str, evidence: &str, at: Timestamp) -> Result<()> {
        execute!(self, SAVE_CELL_EVIDENCE, evidence, at.millis(), id).map(drop)
    }

    /// Enters a change of the shown status into the history; the id that it gets.
    pub async fn insert_cell_change(&mut self, row: &CellChangeRow) -> Result<i64> {
        let (id,) = fetch_one!(
            self,
            (i64,),
            INSERT_CELL_CHANGE,
            &row.cell_id,
            row.at.millis(),
            row.from_status.slug(),
            row.to_status.slug(),
            row.basis.slug(),
            row.is_automatic,
            &row.cause,
            &row.incident_id,
        )?;
        Ok(id)
    }

    /// Changes since `from` with an id above `after`, oldest first.
    pub async fn cell_changes(&mut self, from: Timestamp, after: i64) -> Result<Vec<CellChangeRow>> {
        fetch_all!(self, CellChangeRow, SELECT_CELL_CHANGES, from.millis(), after)
    }

    /// The last change of each cell before `at`: what the window begins with.
    pub async fn statuses_before(&mut self, at: Timestamp) -> Result<Vec<CellChangeRow>> {
        fetch_all!(self, CellChangeRow, SELECT_STATUS_BEFORE, at.millis())
    }

    /// From what to what automation moved this cell after `since`, oldest first.
    pub async fn automatic_moves(
        &mut self,
        cell_id: &str,
        since: Timestamp,
    ) -> Result<Vec<(String, String)>> {
        fetch_all!(self, (String, String), SELECT_AUTOMATIC_MOVES, cell_id, since.millis())
    }
}
