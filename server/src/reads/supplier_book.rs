//! Everything about where suppliers' traffic runs, read at once.

use std::collections::BTreeSet;

use domain::{
    clock::Timestamp,
    telemetry::supplier::{Failover, Move, carrying, failovers},
};
use store::{CertificateRow, MoveRow, NodeRow, SupplierRow, Tx};

use crate::commands::Refusal;

/// Suppliers with their nodes and moves, and what depends on them.
pub struct SupplierBook {
    /// By name.
    pub suppliers: Vec<SupplierRow>,
    /// Of all of them.
    pub nodes: Vec<NodeRow>,
    moves: Vec<MoveRow>,
    node_cells: Vec<(String, String)>,
    supplier_cells: Vec<(String, String)>,
}

impl SupplierBook {
    /// Reads it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(tx: &mut Tx) -> Result<Self, Refusal> {
        Ok(Self {
            suppliers: tx.suppliers().await?,
            nodes: tx.nodes().await?,
            moves: tx.moves().await?,
            node_cells: tx.node_cells().await?,
            supplier_cells: tx.supplier_cells().await?,
        })
    }

    /// Nodes of a supplier.
    pub fn nodes_of(&self, supplier_id: &str) -> impl Iterator<Item = &NodeRow> {
        self.nodes.iter().filter(move |n| n.supplier_id == supplier_id)
    }

    /// The move with this id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&MoveRow> {
        self.moves.iter().find(|m| m.id == id)
    }

    /// Failovers of a supplier, oldest first.
    #[must_use]
    pub fn failovers(&self, supplier_id: &str) -> Vec<Failover> {
        let mine = self.moves.iter().filter(|m| m.supplier_id == supplier_id);
        failovers(&mine.filter_map(MoveRow::told).collect::<Vec<Move>>())
    }

    /// Slugs of the nodes that carry a supplier's traffic.
    #[must_use]
    pub fn carrying(&self, supplier_id: &str, failovers: &[Failover]) -> BTreeSet<String> {
        let home = self.nodes_of(supplier_id).filter(|n| n.is_home).map(|n| n.slug.as_str());
        carrying(home, failovers).into_iter().map(str::to_owned).collect()
    }

    /// Cells that depend on a supplier.
    #[must_use]
    pub fn cells_of(&self, supplier_id: &str) -> Vec<&str> {
        self.supplier_cells.iter().filter(|(s, _)| s == supplier_id).map(|(_, c)| c.as_str()).collect()
    }

    /// Cells that depend on a node: its own, or all of its supplier's.
    #[must_use]
    pub fn depend_on(&self, supplier_id: &str, node: &str) -> Vec<&str> {
        let row = self.nodes_of(supplier_id).find(|n| n.slug == node);
        let own = |id: &str| -> Vec<&str> {
            self.node_cells.iter().filter(|(n, _)| n == id).map(|(_, c)| c.as_str()).collect()
        };
        row.map(|n| own(&n.id)).filter(|own| !own.is_empty()).unwrap_or_else(|| self.cells_of(supplier_id))
    }

    /// Cells whose traffic runs on a node now: of those at home there, and of those whose traffic it carries.
    #[must_use]
    pub fn run_on(&self, supplier_id: &str, node: &str) -> Vec<&str> {
        let all = self.failovers(supplier_id);
        let open: Vec<&Failover> = all.iter().filter(|f| f.ended.is_none()).collect();
        let is_home = self.nodes_of(supplier_id).any(|n| n.slug == node && n.is_home);
        let mut homes: Vec<&str> =
            open.iter().filter(|f| f.carrier == node).map(|f| f.home.as_str()).collect();
        if is_home && !open.iter().any(|f| f.home == node) {
            homes.push(node);
        }
        let mut cells: Vec<&str> = homes.iter().flat_map(|home| self.depend_on(supplier_id, home)).collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// Cells that would fail if a certificate ended now.
    #[must_use]
    pub fn would_fail(&self, certificate: &CertificateRow) -> Vec<&str> {
        match certificate.node.as_str() {
            "" => self.cells_of(&certificate.supplier_id),
            node if self.nodes_of(&certificate.supplier_id).any(|n| n.slug == node) => {
                self.run_on(&certificate.supplier_id, node)
            }
            // Nobody has said what runs on it: all that might.
            _ => self.cells_of(&certificate.supplier_id),
        }
    }
}

/// `since 08:12 UTC, for 20 minutes`.
#[must_use]
pub fn since_words(at: Timestamp, now: Timestamp) -> String {
    use domain::clock_local::{duration_words, utc_time};
    format!("since {}, for {}", utc_time(at, now), duration_words(now.since(at)))
}
