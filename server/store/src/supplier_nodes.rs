//! Nodes of suppliers, and traffic that moved between them.

use domain::{
    clock::Timestamp,
    telemetry::supplier::{Move, NODES_MAX},
};

use crate::{Result, Tx};

statements! {
    UPSERT_NODE = "INSERT INTO supplier_nodes (id, supplier_id, slug, is_home, is_entered, created_at, updated_at)
        VALUES ($1, $2, $3, $4, TRUE, $5, $5) ON CONFLICT (supplier_id, slug) DO UPDATE SET is_home = excluded.is_home,
        is_entered = TRUE, updated_at = excluded.updated_at RETURNING id";
    HEAR_OF_NODE = "INSERT INTO supplier_nodes (id, supplier_id, slug, is_home, is_entered, created_at, updated_at)
        SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BOOLEAN), FALSE, CAST($5 AS BIGINT), CAST($5 AS BIGINT)
        WHERE (SELECT COUNT(*) FROM supplier_nodes WHERE supplier_id = $2) < CAST($6 AS BIGINT)
        ON CONFLICT (supplier_id, slug) DO NOTHING";
    SELECT_NODES = "SELECT id, supplier_id, slug, is_home, is_entered FROM supplier_nodes ORDER BY supplier_id, slug";
    DELETE_NODE_CELLS = "DELETE FROM supplier_node_cells WHERE node_id = $1";
    INSERT_NODE_CELL = "INSERT INTO supplier_node_cells (node_id, cell_id) VALUES ($1, $2)";
    SELECT_NODE_CELLS = "SELECT node_id, cell_id FROM supplier_node_cells ORDER BY node_id, cell_id";
    DELETE_NODE = "DELETE FROM supplier_nodes WHERE id = $1";
    INSERT_MOVE = "INSERT INTO supplier_moves (id, supplier_id, from_node, to_node, reason, occurred_at, recorded_at,
        recorded_by, event_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (event_key) DO NOTHING";
    SELECT_MOVES = "SELECT * FROM supplier_moves ORDER BY supplier_id, occurred_at, id";
    SELECT_SUPPLIER_MOVES = "SELECT * FROM supplier_moves WHERE supplier_id = $1 ORDER BY occurred_at, id";
    STRIKE_MOVE = "UPDATE supplier_moves SET struck_at = $1 WHERE id = $2 AND supplier_id = $3 AND struck_at IS NULL";
    DELETE_ALL_NODE_CELLS = "DELETE FROM supplier_node_cells WHERE node_id IN (SELECT id FROM supplier_nodes WHERE supplier_id = $1)";
    DELETE_ALL_NODES = "DELETE FROM supplier_nodes WHERE supplier_id = $1";
    DELETE_ALL_MOVES = "DELETE FROM supplier_moves WHERE supplier_id = $1";
}

/// A row of `supplier_nodes`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct NodeRow {
    /// Public id.
    pub id: String,
    /// Its supplier.
    pub supplier_id: String,
    /// As activation events name it, after the slash.
    pub slug: String,
    /// Carries traffic when nothing is wrong; otherwise it stands by.
    pub is_home: bool,
    /// Entered by a person; otherwise only heard of in an event.
    pub is_entered: bool,
}

/// A row of `supplier_moves`.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MoveRow {
    /// Public id.
    pub id: String,
    /// Whose traffic.
    pub supplier_id: String,
    /// The node that it left.
    pub from_node: String,
    /// The node that carries it now.
    pub to_node: String,
    /// Why.
    pub reason: String,
    /// When.
    #[sqlx(try_from = "i64")]
    pub occurred_at: Timestamp,
    /// When it was told.
    #[sqlx(try_from = "i64")]
    pub recorded_at: Timestamp,
    /// Name of a person, or source of an event.
    pub recorded_by: String,
    /// Of a CloudEvent; none: entered by hand.
    pub event_key: Option<String>,
    /// It was a mistake, in milliseconds.
    pub struck_at: Option<i64>,
}

impl MoveRow {
    /// As the rules read it; none: it was a mistake.
    #[must_use]
    pub fn told(&self) -> Option<Move> {
        self.struck_at.is_none().then(|| Move {
            id: self.id.clone(),
            at: self.occurred_at,
            from: self.from_node.clone(),
            to: self.to_node.clone(),
            reason: self.reason.clone(),
        })
    }
}

impl Tx {
    /// Saves a node and the cells that depend on it; its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_node(&mut self, row: &NodeRow, cells: &[String], now: Timestamp) -> Result<String> {
        let (id,) = fetch_one!(
            self,
            (String,),
            UPSERT_NODE,
            &row.id,
            &row.supplier_id,
            &row.slug,
            row.is_home,
            now.millis()
        )?;
        execute!(self, DELETE_NODE_CELLS, &id)?;
        for cell in cells {
            execute!(self, INSERT_NODE_CELL, &id, cell)?;
        }
        Ok(id)
    }

    /// An event names a node: it is there from now on, unless it is already, or the supplier has too many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hear_of_node(
        &mut self,
        id: &str,
        supplier_id: &str,
        slug: &str,
        is_home: bool,
        now: Timestamp,
    ) -> Result<()> {
        let most = i64::try_from(NODES_MAX).unwrap_or(i64::MAX);
        execute!(self, HEAR_OF_NODE, id, supplier_id, slug, is_home, now.millis(), most).map(drop)
    }

    /// Nodes of every supplier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn nodes(&mut self) -> Result<Vec<NodeRow>> {
        fetch_all!(self, NodeRow, SELECT_NODES)
    }

    /// Pairs of node and cell.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn node_cells(&mut self) -> Result<Vec<(String, String)>> {
        fetch_all!(self, (String, String), SELECT_NODE_CELLS)
    }

    /// Removes a node; false if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_node(&mut self, id: &str) -> Result<bool> {
        execute!(self, DELETE_NODE_CELLS, id)?;
        execute!(self, DELETE_NODE, id).map(|n| n == 1)
    }

    /// Puts a move on record; false: its event is on record already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_move(&mut self, row: &MoveRow) -> Result<bool> {
        execute!(
            self,
            INSERT_MOVE,
            &row.id,
            &row.supplier_id,
            &row.from_node,
            &row.to_node,
            &row.reason,
            row.occurred_at.millis(),
            row.recorded_at.millis(),
            &row.recorded_by,
            &row.event_key
        )
        .map(|n| n == 1)
    }

    /// Every move of every supplier, in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn moves(&mut self) -> Result<Vec<MoveRow>> {
        fetch_all!(self, MoveRow, SELECT_MOVES)
    }

    /// Every move of a supplier, in their order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn supplier_moves(&mut self, supplier_id: &str) -> Result<Vec<MoveRow>> {
        fetch_all!(self, MoveRow, SELECT_SUPPLIER_MOVES, supplier_id)
    }

    /// A move was a mistake; false if it was struck before, or there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strike_move(&mut self, supplier_id: &str, id: &str, now: Timestamp) -> Result<bool> {
        execute!(self, STRIKE_MOVE, now.millis(), id, supplier_id).map(|n| n == 1)
    }

    /// Forgets the nodes and moves of a supplier that goes.
    pub(crate) async fn delete_nodes_of(&mut self, supplier_id: &str) -> Result<()> {
        execute!(self, DELETE_ALL_NODE_CELLS, supplier_id)?;
        execute!(self, DELETE_ALL_NODES, supplier_id)?;
        execute!(self, DELETE_ALL_MOVES, supplier_id).map(drop)
    }
}
