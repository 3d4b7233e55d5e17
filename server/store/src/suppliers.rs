//! Suppliers: third parties that cells depend on.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    UPSERT_SUPPLIER = "INSERT INTO suppliers (id, slug, name, kind, interconnect_sla, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name,
        kind = excluded.kind, interconnect_sla = excluded.interconnect_sla, updated_at = excluded.updated_at";
    SELECT_SUPPLIERS = "SELECT id, slug, name, kind, interconnect_sla FROM suppliers ORDER BY name, id";
    SELECT_SUPPLIER = "SELECT id, slug, name, kind, interconnect_sla FROM suppliers WHERE id = $1";
    SELECT_SUPPLIER_BY_SLUG = "SELECT id, slug, name, kind, interconnect_sla FROM suppliers WHERE slug = $1";
    DELETE_SUPPLIER = "DELETE FROM suppliers WHERE id = $1";
    DELETE_SUPPLIER_CONTACTS = "DELETE FROM contacts WHERE supplier_id = $1";
    INSERT_SUPPLIER_CELL = "INSERT INTO supplier_cells (supplier_id, cell_id) VALUES ($1, $2)";
    DELETE_SUPPLIER_CELLS = "DELETE FROM supplier_cells WHERE supplier_id = $1";
    SELECT_SUPPLIER_CELLS = "SELECT supplier_id, cell_id FROM supplier_cells ORDER BY supplier_id, cell_id";
}

/// A row of `suppliers`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SupplierRow {
    /// Public id.
    pub id: String,
    /// As activation events name it: `smdp-a`.
    pub slug: String,
    /// Name shown.
    pub name: String,
    /// `carrier`, `smdp_host`, `sms_hub` or `other`.
    pub kind: String,
    /// What they owe us, in words; may be empty.
    pub interconnect_sla: String,
}

impl Tx {
    /// Saves a supplier and the cells that depend on it.
    ///
    /// # Errors
    /// When the database fails, or the slug is taken.
    pub async fn save_supplier(&mut self, row: &SupplierRow, cells: &[String], now: Timestamp) -> Result<()> {
        execute!(
            self,
            UPSERT_SUPPLIER,
            &row.id,
            &row.slug,
            &row.name,
            &row.kind,
            &row.interconnect_sla,
            now.millis()
        )?;
        execute!(self, DELETE_SUPPLIER_CELLS, &row.id)?;
        for cell in cells {
            execute!(self, INSERT_SUPPLIER_CELL, &row.id, cell)?;
        }
        Ok(())
    }

    /// Suppliers by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn suppliers(&mut self) -> Result<Vec<SupplierRow>> {
        fetch_all!(self, SupplierRow, SELECT_SUPPLIERS)
    }

    /// One supplier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn supplier(&mut self, id: &str) -> Result<Option<SupplierRow>> {
        fetch_optional!(self, SupplierRow, SELECT_SUPPLIER, id)
    }

    /// The supplier that activation events name so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn supplier_by_slug(&mut self, slug: &str) -> Result<Option<SupplierRow>> {
        fetch_optional!(self, SupplierRow, SELECT_SUPPLIER_BY_SLUG, slug)
    }

    /// Pairs of supplier and cell.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn supplier_cells(&mut self) -> Result<Vec<(String, String)>> {
        fetch_all!(self, (String, String), SELECT_SUPPLIER_CELLS)
    }

    /// Removes a supplier with its contacts, nodes, certificates and status pages; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_supplier(&mut self, id: &str) -> Result<bool> {
        execute!(self, DELETE_SUPPLIER_CELLS, id)?;
        execute!(self, DELETE_SUPPLIER_CONTACTS, id)?;
        self.delete_nodes_of(id).await?;
        self.delete_certificates_of(id).await?;
        self.delete_upstreams_of(id).await?;
        execute!(self, DELETE_SUPPLIER, id).map(|n| n == 1)
    }
}
