//! Certificates of suppliers, warnings about them, and hosts whose certificates are read.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    UPSERT_CERTIFICATE = "INSERT INTO certificates (id, supplier_id, node, kind, name, expires_at, origin, fingerprint, remark,
        seen_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
        ON CONFLICT (supplier_id, node, kind, name) DO UPDATE SET expires_at = excluded.expires_at, origin = excluded.origin,
        fingerprint = excluded.fingerprint, remark = excluded.remark, seen_at = excluded.seen_at RETURNING id";
    SELECT_CERTIFICATES = "SELECT c.*, (SELECT MIN(w.threshold) FROM certificate_warnings w
        WHERE w.certificate_id = c.id AND w.expires_at = c.expires_at) AS warned FROM certificates c ORDER BY c.expires_at, c.id";
    SELECT_CERTIFICATE = "SELECT c.*, (SELECT MIN(w.threshold) FROM certificate_warnings w
        WHERE w.certificate_id = c.id AND w.expires_at = c.expires_at) AS warned FROM certificates c
        WHERE c.supplier_id = $1 AND c.node = $2 AND c.kind = $3 AND c.name = $4";
    SELECT_ENDING = "SELECT c.*, (SELECT MIN(w.threshold) FROM certificate_warnings w
        WHERE w.certificate_id = c.id AND w.expires_at = c.expires_at) AS warned FROM certificates c WHERE c.expires_at <= $1
        ORDER BY c.expires_at, c.id";
    DELETE_CERTIFICATE = "DELETE FROM certificates WHERE id = $1 AND supplier_id = $2";
    INSERT_CERTIFICATE_WARNING = "INSERT INTO certificate_warnings (supplier_id, certificate_id, expires_at, threshold, name, warned_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (certificate_id, expires_at, threshold) DO NOTHING";
    COUNT_CERTIFICATE_MISSES = "SELECT COUNT(*) FROM certificate_warnings WHERE supplier_id = $1 AND threshold = 0
        AND expires_at >= $2 AND expires_at < $3";
    INSERT_TLS_HOST = "INSERT INTO tls_hosts (id, supplier_id, node, host, port, failure, next_try_at, created_at)
        VALUES ($1, $2, $3, $4, $5, '', $6, $6) ON CONFLICT (supplier_id, node, host, port) DO NOTHING";
    SELECT_TLS_HOSTS = "SELECT * FROM tls_hosts WHERE supplier_id = $1 ORDER BY host, port, node";
    DELETE_TLS_HOST = "DELETE FROM tls_hosts WHERE id = $1 AND supplier_id = $2";
    CLAIM_TLS_HOST {
        sqlite = "UPDATE tls_hosts SET next_try_at = $1 WHERE id = (SELECT id FROM tls_hosts WHERE next_try_at <= $2
            ORDER BY next_try_at LIMIT 1) RETURNING *",
        postgres = "UPDATE tls_hosts SET next_try_at = $1 WHERE id = (SELECT id FROM tls_hosts WHERE next_try_at <= $2
            ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *"
    };
    KEEP_TLS_HOST = "UPDATE tls_hosts SET tried_at = $1, read_at = CASE WHEN $2 = '' THEN CAST($1 AS BIGINT) ELSE read_at END, failure = $2,
        next_try_at = $3 WHERE id = $4";
    HURRY_TLS_HOSTS = "UPDATE tls_hosts SET next_try_at = $1 WHERE supplier_id = $2 AND next_try_at > $1";
    COUNT_DUE_READINGS = "SELECT (SELECT COUNT(*) FROM tls_hosts WHERE next_try_at <= $1), (SELECT COUNT(*) FROM upstreams WHERE next_try_at <= $1)";
    DELETE_ALL_CERTIFICATES = "DELETE FROM certificates WHERE supplier_id = $1";
    DELETE_ALL_TLS_HOSTS = "DELETE FROM tls_hosts WHERE supplier_id = $1";
}

/// A row of `certificates`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CertificateRow {
    /// Public id.
    pub id: String,
    /// Whose.
    pub supplier_id: String,
    /// Slug of the node; empty: all of the supplier.
    pub node: String,
    /// `sm_dp_plus`, `tls` or `signing`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// When it ends.
    #[sqlx(try_from = "i64")]
    pub expires_at: Timestamp,
    /// `person`, `api` or `handshake`.
    pub origin: String,
    /// SHA-256 of what a handshake showed; otherwise empty.
    pub fingerprint: String,
    /// Why it does not verify; otherwise empty.
    pub remark: String,
    /// When it was last told or read.
    #[sqlx(try_from = "i64")]
    pub seen_at: Timestamp,
    /// When it was first told or read.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
    /// The tightest warning given about this expiry, in days.
    pub warned: Option<i64>,
}

/// A row of `tls_hosts`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TlsHostRow {
    /// Public id.
    pub id: String,
    /// Whose.
    pub supplier_id: String,
    /// Slug of the node; empty: all of the supplier.
    pub node: String,
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: i64,
    /// When it was last tried, in milliseconds.
    pub tried_at: Option<i64>,
    /// When its certificate was last read, in milliseconds.
    pub read_at: Option<i64>,
    /// Why the newest try failed; empty: it did not.
    pub failure: String,
    /// When it is tried next.
    #[sqlx(try_from = "i64")]
    pub next_try_at: Timestamp,
}

impl Tx {
    /// Saves a certificate: supplier, node, kind and name say which one is meant; its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_certificate(&mut self, row: &CertificateRow) -> Result<String> {
        let (id,) = fetch_one!(
            self,
            (String,),
            UPSERT_CERTIFICATE,
            &row.id,
            &row.supplier_id,
            &row.node,
            &row.kind,
            &row.name,
            row.expires_at.millis(),
            &row.origin,
            &row.fingerprint,
            &row.remark,
            row.seen_at.millis()
        )?;
        Ok(id)
    }

    /// Every certificate, the one that ends first before the others.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn certificates(&mut self) -> Result<Vec<CertificateRow>> {
        fetch_all!(self, CertificateRow, SELECT_CERTIFICATES)
    }

    /// The certificate that is meant by these words.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn certificate(
        &mut self,
        supplier_id: &str,
        node: &str,
        kind: &str,
        name: &str,
    ) -> Result<Option<CertificateRow>> {
        fetch_optional!(self, CertificateRow, SELECT_CERTIFICATE, supplier_id, node, kind, name)
    }

    /// Certificates that end by then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn certificates_ending(&mut self, by: Timestamp) -> Result<Vec<CertificateRow>> {
        fetch_all!(self, CertificateRow, SELECT_ENDING, by.millis())
    }

    /// Removes a certificate; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_certificate(&mut self, supplier_id: &str, id: &str) -> Result<bool> {
        execute!(self, DELETE_CERTIFICATE, id, supplier_id).map(|n| n == 1)
    }

    /// Puts a warning on record; false: it was given before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_certificate_warning(
        &mut self,
        row: &CertificateRow,
        days: i64,
        now: Timestamp,
    ) -> Result<bool> {
        let (expires, at) = (row.expires_at.millis(), now.millis());
        execute!(self, INSERT_CERTIFICATE_WARNING, &row.supplier_id, &row.id, expires, days, &row.name, at)
            .map(|n| n == 1)
    }

    /// Certificates of a supplier that expired unrenewed from `from` to before `to`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_certificate_misses(
        &mut self,
        supplier_id: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_CERTIFICATE_MISSES, supplier_id, from.millis(), to.millis())?.0)
    }

    /// Adds a host, to be read at once; false if it is listed already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_tls_host(&mut self, row: &TlsHostRow) -> Result<bool> {
        let TlsHostRow { id, supplier_id, node, host, .. } = row;
        execute!(self, INSERT_TLS_HOST, id, supplier_id, node, host, row.port, row.next_try_at.millis())
            .map(|n| n == 1)
    }

    /// Hosts of a supplier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tls_hosts(&mut self, supplier_id: &str) -> Result<Vec<TlsHostRow>> {
        fetch_all!(self, TlsHostRow, SELECT_TLS_HOSTS, supplier_id)
    }

    /// Removes a host; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_tls_host(&mut self, supplier_id: &str, id: &str) -> Result<bool> {
        execute!(self, DELETE_TLS_HOST, id, supplier_id).map(|n| n == 1)
    }

    /// A host whose time has come; nobody else takes it until `until`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_tls_host(&mut self, now: Timestamp, until: Timestamp) -> Result<Option<TlsHostRow>> {
        fetch_optional!(self, TlsHostRow, CLAIM_TLS_HOST, until.millis(), now.millis())
    }

    /// How many hosts and status pages are to be read now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_due_readings(&mut self, now: Timestamp) -> Result<(i64, i64)> {
        fetch_one!(self, (i64, i64), COUNT_DUE_READINGS, now.millis())
    }

    /// Keeps how a try went: `failure` is empty when the certificate was read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_tls_host(
        &mut self,
        id: &str,
        failure: &str,
        now: Timestamp,
        next: Timestamp,
    ) -> Result<()> {
        execute!(self, KEEP_TLS_HOST, now.millis(), failure, next.millis(), id).map(drop)
    }

    /// All hosts of a supplier are read now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hurry_tls_hosts(&mut self, supplier_id: &str, now: Timestamp) -> Result<u64> {
        execute!(self, HURRY_TLS_HOSTS, now.millis(), supplier_id)
    }

    /// Forgets the certificates and hosts of a supplier that goes; warnings that were given stay.
    pub(crate) async fn delete_certificates_of(&mut self, supplier_id: &str) -> Result<()> {
        execute!(self, DELETE_ALL_CERTIFICATES, supplier_id)?;
        execute!(self, DELETE_ALL_TLS_HOSTS, supplier_id).map(drop)
    }
}
