//! What automation proposes and a person confirms.

use domain::{clock::Timestamp, severity::Severity, status::CellStatus};

use crate::{Result, Tx};

statements! {
    INSERT_PROPOSAL = "INSERT INTO proposals (id, cell_id, state, proposed_status, proposed_severity, evidence, created_at, updated_at)
        VALUES ($1, $2, 'open', $3, $4, $5, $6, $6)";
    REFRESH_PROPOSAL = "UPDATE proposals SET proposed_status = $1, proposed_severity = $2, evidence = $3, updated_at = $4
        WHERE id = $5 AND state = 'open'";
    CLOSE_PROPOSAL = "UPDATE proposals SET state = $1, closed_at = $2, closed_by = $3, incident_id = $4, updated_at = $2
        WHERE id = $5 AND state = 'open'";
    SELECT_OPEN_PROPOSALS = "SELECT * FROM proposals WHERE state = 'open' ORDER BY proposed_severity, created_at, id";
    SELECT_PROPOSAL = "SELECT * FROM proposals WHERE id = $1";
}

/// A row of `proposals`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ProposalRow {
    /// Public id.
    pub id: String,
    /// The cell in trouble.
    pub cell_id: String,
    /// `open`, `accepted`, `dismissed` or `lapsed`.
    pub state: String,
    /// What the cell would be set to.
    #[sqlx(try_from = "String")]
    pub proposed_status: CellStatus,
    /// The severity to start from.
    #[sqlx(try_from = "i64")]
    pub proposed_severity: Severity,
    /// JSON of the evidence.
    pub evidence: String,
    /// When it was made.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// When its evidence was last renewed.
    #[sqlx(try_from = "i64")]
    pub updated_at: Timestamp,
    /// The incident that it became.
    pub incident_id: Option<String>,
}

impl Tx {
    /// Proposes.
    pub async fn insert_proposal(
        &mut self,
        id: &str,
        cell_id: &str,
        status: CellStatus,
        severity: Severity,
        evidence: &str,
        now: Timestamp,
    ) -> Result<()> {
        execute!(self, INSERT_PROPOSAL, id, cell_id, status.slug(), severity.number(), evidence, now.millis())
            .map(drop)
    }

    /// Renews the evidence of an open proposal.
    pub async fn refresh_proposal(
        &mut self,
        id: &str,
        status: CellStatus,
        severity: Severity,
        evidence: &str,
        now: Timestamp,
    ) -> Result<()> {
        execute!(self, REFRESH_PROPOSAL, status.slug(), severity.number(), evidence, now.millis(), id)
            .map(drop)
    }

    /// Closes an open proposal as `accepted`, `dismissed` or `lapsed`; false if it was not open.
    pub async fn close_proposal(
        &mut self,
        id: &str,
        state: &str,
        now: Timestamp,
        by: &str,
        incident_id: Option<&str>,
    ) -> Result<bool> {
        execute!(self, CLOSE_PROPOSAL, state, now.millis(), by, incident_id, id).map(|n| n == 1)
    }

    /// Open proposals, worst first.
    pub async fn open_proposals(&mut self) -> Result<Vec<ProposalRow>> {
        fetch_all!(self, ProposalRow, SELECT_OPEN_PROPOSALS)
    }

    /// One proposal.
    pub async fn proposal(&mut self, id: &str) -> Result<Option<ProposalRow>> {
        fetch_optional!(self, ProposalRow, SELECT_PROPOSAL, id)
    }
}
