//! What automation proposes and a person confirms.

use domain::{clock::Timestamp, severity::Severity, status::CellStatus, telemetry::reason::Reason};

use crate::{Result, Tx};

statements! {
    INSERT_PROPOSAL = "INSERT INTO proposals (id, cell_id, state, proposed_status, proposed_severity, evidence, created_at, updated_at,
        component_slug, country_code, supplier, confirm_at) VALUES ($1, $2, 'open', $3, $4, $5, $6, $6, $7, $8, $9, $10)";
    REFRESH_PROPOSAL = "UPDATE proposals SET proposed_status = $1, proposed_severity = $2, evidence = $3, updated_at = $4,
        component_slug = $5, country_code = $6, supplier = $7, confirm_at = $8 WHERE id = $9 AND state = 'open'";
    SAVE_PROPOSAL_CELL = "INSERT INTO proposal_cells (proposal_id, cell_id, status, severity, evidence) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (proposal_id, cell_id) DO UPDATE SET status = excluded.status, severity = excluded.severity, evidence = excluded.evidence";
    DELETE_PROPOSAL_CELL = "DELETE FROM proposal_cells WHERE proposal_id = $1 AND cell_id = $2";
    SELECT_PROPOSAL_CELLS = "SELECT * FROM proposal_cells WHERE proposal_id = $1 ORDER BY severity, cell_id";
    SELECT_OPEN_PROPOSAL_CELLS = "SELECT c.* FROM proposal_cells c JOIN proposals p ON p.id = c.proposal_id WHERE p.state = 'open'";
    SELECT_CONFIRMING = "SELECT * FROM proposals WHERE state = 'open' AND confirm_at <= $1 ORDER BY confirm_at, id LIMIT 1";
    KEEP_PROPOSAL = "UPDATE proposals SET confirm_at = NULL, note = $1 WHERE id = $2 AND state = 'open'";
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
    /// The first of its cells.
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
    /// What its cells have in common: the slug of a component.
    pub component_slug: Option<String>,
    /// An ISO code.
    pub country_code: Option<String>,
    /// A supplier.
    pub supplier: Option<String>,
    /// It is declared by itself then, in milliseconds.
    pub confirm_at: Option<i64>,
    /// Why it was not.
    pub note: String,
}

impl ProposalRow {
    /// What its cells have in common.
    #[must_use]
    pub fn reason(&self) -> Reason {
        let (component, country) = (self.component_slug.clone(), self.country_code.clone());
        Reason { component, country, supplier: self.supplier.clone() }
    }
}

/// A cell of a proposal.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ProposalCellRow {
    /// Of which.
    pub proposal_id: String,
    /// The cell in trouble.
    pub cell_id: String,
    /// What it would be set to.
    #[sqlx(try_from = "String")]
    pub status: CellStatus,
    /// The severity that it alone would have.
    #[sqlx(try_from = "i64")]
    pub severity: Severity,
    /// JSON of the evidence.
    pub evidence: String,
}

impl Tx {
    /// Proposes, with the first of its cells.
    pub async fn insert_proposal(
        &mut self,
        id: &str,
        first: &ProposalCellRow,
        reason: &Reason,
        now: Timestamp,
        confirm_at: Option<Timestamp>,
    ) -> Result<()> {
        execute!(
            self,
            INSERT_PROPOSAL,
            id,
            &first.cell_id,
            first.status.slug(),
            first.severity.number(),
            &first.evidence,
            now.millis(),
            &reason.component,
            &reason.country,
            &reason.supplier,
            confirm_at.map(Timestamp::millis)
        )
        .map(drop)
    }

    /// Renews an open proposal from the worst of its cells.
    pub async fn refresh_proposal(
        &mut self,
        row: &ProposalRow,
        worst: &ProposalCellRow,
        now: Timestamp,
    ) -> Result<()> {
        execute!(
            self,
            REFRESH_PROPOSAL,
            worst.status.slug(),
            worst.severity.number(),
            &worst.evidence,
            now.millis(),
            &row.component_slug,
            &row.country_code,
            &row.supplier,
            row.confirm_at,
            &row.id
        )
        .map(drop)
    }

    /// Adds a cell to a proposal, or renews it there.
    pub async fn save_proposal_cell(&mut self, row: &ProposalCellRow) -> Result<()> {
        execute!(
            self,
            SAVE_PROPOSAL_CELL,
            &row.proposal_id,
            &row.cell_id,
            row.status.slug(),
            row.severity.number(),
            &row.evidence
        )
        .map(drop)
    }

    /// Takes a cell out of a proposal.
    pub async fn delete_proposal_cell(&mut self, proposal_id: &str, cell_id: &str) -> Result<()> {
        execute!(self, DELETE_PROPOSAL_CELL, proposal_id, cell_id).map(drop)
    }

    /// The cells of a proposal, the worst first.
    pub async fn proposal_cells(&mut self, proposal_id: &str) -> Result<Vec<ProposalCellRow>> {
        fetch_all!(self, ProposalCellRow, SELECT_PROPOSAL_CELLS, proposal_id)
    }

    /// The cells of all open proposals.
    pub async fn open_proposal_cells(&mut self) -> Result<Vec<ProposalCellRow>> {
        fetch_all!(self, ProposalCellRow, SELECT_OPEN_PROPOSAL_CELLS)
    }

    /// The open proposal that is to be declared by itself first, if its time has come.
    pub async fn confirming_proposal(&mut self, now: Timestamp) -> Result<Option<ProposalRow>> {
        fetch_optional!(self, ProposalRow, SELECT_CONFIRMING, now.millis())
    }

    /// An open proposal is not declared by itself any more, and says why.
    pub async fn keep_proposal(&mut self, id: &str, note: &str) -> Result<()> {
        execute!(self, KEEP_PROPOSAL, note, id).map(drop)
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
