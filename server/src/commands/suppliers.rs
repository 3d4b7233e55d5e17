//! What is known of suppliers beyond the desk book: nodes, moves of traffic, hosts whose certificates are read, status
//! pages, and what they owe us.

mod listed;
mod nodes;
mod targets;

use domain::text;
use store::{SupplierRow, Tx};

use super::Refusal;
use crate::http::fields::Fields;

pub use listed::{
    HOST_FIELDS, UPSTREAM_FIELDS, Upstream, add_host, add_upstream, change_upstream, hurry, remove_host,
};
pub use nodes::{MOVE_FIELDS, NODE_FIELDS, record_move, remove_node, save_node, strike_move};
pub use targets::{TARGET_FIELDS, save_targets, targets_of};

async fn supplier(tx: &mut Tx, id: &str) -> Result<SupplierRow, Refusal> {
    tx.supplier(id).await?.ok_or(Refusal::NotFound("supplier"))
}

fn line(given: &str, field: &'static str, most: usize) -> Result<String, Refusal> {
    text::single_line(given, most).map_err(|e| Refusal::field(field, e.to_string()))
}

fn subject(id: &str) -> String {
    format!("supplier:{id}")
}

/// Cells of the form, each one of the supplier's.
async fn cells(tx: &mut Tx, supplier_id: &str, fields: &Fields) -> Result<Vec<String>, Refusal> {
    let mine: Vec<String> =
        tx.supplier_cells().await?.into_iter().filter(|(s, _)| s == supplier_id).map(|(_, c)| c).collect();
    let mut given: Vec<String> = fields.all("cell").map(str::to_owned).collect();
    given.sort();
    given.dedup();
    if given.iter().all(|c| mine.contains(c)) {
        return Ok(given);
    }
    Err(Refusal::field(
        "cell",
        "One of these does not depend on this supplier. The desk book says what does.",
    ))
}
