//! Policies as versioned JSON.

use domain::{clock::Timestamp, sla::policy::SeverityMatrix};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Result, StoreError, Tx};

statements! {
    INSERT_POLICY = "INSERT INTO policies (kind, version, body, created_at, created_by) VALUES ($1, $2, $3, $4, $5)";
    SELECT_POLICY = "SELECT version, body FROM policies WHERE kind = $1 ORDER BY version DESC LIMIT 1";
    SELECT_POLICIES_UNDER = "SELECT p.kind, p.version, p.body FROM policies p JOIN (SELECT kind, MAX(version) AS version FROM policies
        WHERE kind = $1 OR (kind >= $2 AND kind < $3) GROUP BY kind) n ON n.kind = p.kind AND n.version = p.version ORDER BY p.kind";
    SELECT_POLICY_VERSIONS = "SELECT version, body, created_at, created_by FROM policies WHERE kind = $1 ORDER BY version DESC LIMIT $2";
    SELECT_POLICY_VERSION = "SELECT version, body FROM policies WHERE kind = $1 AND version = $2";
}

/// The kind of the severity matrix.
pub const SEVERITY_MATRIX: &str = "severity_matrix";
/// The kind of the rules of writing.
pub const LINTER: &str = "linter";
/// The kind of the availability targets.
pub const AVAILABILITY: &str = "availability";
/// The kind of the degradation policy.
pub const DEGRADATION: &str = "degradation";
/// The kind of the policy that compares a canary.
pub const CANARY: &str = "canary";

/// A version of a policy, as it was saved.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PolicyVersionRow {
    /// Its number.
    pub version: i64,
    /// JSON; `null`: from this version on there is none.
    pub body: String,
    /// When it was saved.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

impl Tx {
    /// The newest version of a policy; version 0 and the built-in default while none is stored.
    ///
    /// # Errors
    /// When the database fails or the stored text is not such a policy.
    pub async fn policy<T: DeserializeOwned + Default>(&mut self, kind: &str) -> Result<(i64, T)> {
        read(fetch_optional!(self, (i64, String), SELECT_POLICY, kind)?)
    }

    /// The newest version of a kind and of every kind that begins with `kind:`: (kind, version, body), none where it was
    /// withdrawn.
    ///
    /// # Errors
    /// When the database fails or a stored text is not such a policy.
    pub async fn policies_under<T: DeserializeOwned>(
        &mut self,
        kind: &str,
    ) -> Result<Vec<(String, i64, Option<T>)>> {
        // `;` follows `:`.
        let (from, to) = (format!("{kind}:"), format!("{kind};"));
        let rows = fetch_all!(self, (String, i64, String), SELECT_POLICIES_UNDER, kind, from, to)?;
        let read = |(kind, version, text): (String, i64, String)| match serde_json::from_str(&text) {
            Ok(body) => Ok((kind, version, body)),
            Err(e) => Err(StoreError::Unsafe(format!("stored policy {kind} version {version}: {e}"))),
        };
        rows.into_iter().map(read).collect()
    }

    /// Every version of a policy, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn policy_versions(&mut self, kind: &str, limit: i64) -> Result<Vec<PolicyVersionRow>> {
        fetch_all!(self, PolicyVersionRow, SELECT_POLICY_VERSIONS, kind, limit)
    }

    /// The severity matrix of one version; the default for version 0.
    ///
    /// # Errors
    /// When the database fails or the stored text is not a matrix.
    pub async fn severity_matrix(&mut self, version: i64) -> Result<SeverityMatrix> {
        Ok(read(fetch_optional!(self, (i64, String), SELECT_POLICY_VERSION, SEVERITY_MATRIX, version)?)?.1)
    }

    /// Stores a new version and returns its number.
    ///
    /// # Errors
    /// When the database fails, or somebody stored a version at the same time.
    pub async fn insert_policy<T: Serialize + Sync>(
        &mut self,
        kind: &str,
        body: &T,
        now: Timestamp,
        by: &str,
    ) -> Result<i64> {
        let newest = fetch_optional!(self, (i64, String), SELECT_POLICY, kind)?.map_or(0, |(v, _)| v);
        let text =
            serde_json::to_string(body).map_err(|e| StoreError::Unsafe(format!("policy {kind}: {e}")))?;
        execute!(self, INSERT_POLICY, kind, newest + 1, text, now.millis(), by)?;
        Ok(newest + 1)
    }
}

fn read<T: DeserializeOwned + Default>(row: Option<(i64, String)>) -> Result<(i64, T)> {
    match row {
        None => Ok((0, T::default())),
        Some((version, text)) => serde_json::from_str(&text)
            .map(|body| (version, body))
            .map_err(|e| StoreError::Unsafe(format!("stored policy version {version}: {e}"))),
    }
}
