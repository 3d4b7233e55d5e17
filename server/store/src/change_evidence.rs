//! What every automatic change rests on: figures, the version of the policy, and a small chart.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    INSERT_CHANGE_EVIDENCE = "INSERT INTO change_evidence (change_id, at, cell_id, is_worse, evidence, policy_scope, policy_version,
        watch_id, key_id, sources, chart) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    SELECT_EVIDENCE_OF_CELL = "SELECT e.change_id, e.evidence, e.policy_scope, e.policy_version, e.watch_id, e.key_id, e.sources, e.chart
        FROM cell_changes c JOIN change_evidence e ON e.change_id = c.id WHERE c.cell_id = $1 AND c.at >= $2 ORDER BY c.at DESC, c.id DESC LIMIT $3";
    SELECT_EVIDENCE = "SELECT change_id, evidence, policy_scope, policy_version, watch_id, key_id, sources, chart
        FROM change_evidence WHERE change_id = $1";
    SELECT_NEWEST_EVIDENCE = "SELECT change_id, evidence, policy_scope, policy_version, watch_id, key_id, sources, chart
        FROM change_evidence ORDER BY change_id DESC LIMIT $1";
    COUNT_WORSENED_BY_KEY = "SELECT COUNT(DISTINCT cell_id) FROM change_evidence WHERE key_id = $1 AND at > $2 AND cell_id <> $3 AND is_worse = TRUE";
}

/// A row of `change_evidence`.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct ChangeEvidenceRow {
    /// The change.
    pub change_id: i64,
    /// JSON of the figures or of the alert; empty: a heartbeat.
    pub evidence: String,
    /// Which policy: a slug of [`domain::telemetry::rule::PolicyScope`].
    pub policy_scope: String,
    /// Its version; 0: what Waypost comes with.
    pub policy_version: i64,
    /// The watch period that made it stricter.
    pub watch_id: Option<String>,
    /// The key that told most of what failed.
    pub key_id: Option<String>,
    /// How many sources told of it; 0: not asked.
    pub sources: i64,
    /// JSON of [`domain::telemetry::chart::Chart`]; empty: none.
    pub chart: String,
}

impl Tx {
    /// Keeps what a change rests on, in its transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_change_evidence(
        &mut self,
        row: &ChangeEvidenceRow,
        (cell_id, is_worse): (&str, bool),
        at: Timestamp,
    ) -> Result<()> {
        execute!(
            self,
            INSERT_CHANGE_EVIDENCE,
            row.change_id,
            at.millis(),
            cell_id,
            is_worse,
            &row.evidence,
            &row.policy_scope,
            row.policy_version,
            &row.watch_id,
            &row.key_id,
            row.sources,
            &row.chart,
        )
        .map(drop)
    }

    /// What the newest changes of a cell since `from` rest on, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn evidence_of_cell(
        &mut self,
        cell_id: &str,
        from: Timestamp,
        limit: i64,
    ) -> Result<Vec<ChangeEvidenceRow>> {
        fetch_all!(self, ChangeEvidenceRow, SELECT_EVIDENCE_OF_CELL, cell_id, from.millis(), limit)
    }

    /// What the newest changes rest on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_evidence(&mut self, limit: i64) -> Result<Vec<ChangeEvidenceRow>> {
        fetch_all!(self, ChangeEvidenceRow, SELECT_NEWEST_EVIDENCE, limit)
    }

    /// What one change rests on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_evidence(&mut self, change_id: i64) -> Result<Option<ChangeEvidenceRow>> {
        fetch_optional!(self, ChangeEvidenceRow, SELECT_EVIDENCE, change_id)
    }

    /// How many cells beside this one got worse since `from` by what a key told.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_worsened_by_key(
        &mut self,
        key_id: &str,
        beside: &str,
        from: Timestamp,
    ) -> Result<usize> {
        let (count,) = fetch_one!(self, (i64,), COUNT_WORSENED_BY_KEY, key_id, from.millis(), beside)?;
        Ok(usize::try_from(count).unwrap_or(0))
    }
}
