//! The desk book: suppliers, partners, contacts, rotas and runbooks. Each saving and each removal is an audit line with
//! what stood there before.

pub mod contacts;
pub mod partners;
pub mod rotas;
pub mod runbooks;
pub mod suppliers;

use domain::{roster, text};
use store::Tx;

use super::Refusal;

/// One line that must be filled.
fn line(given: &str, field: &'static str, max: usize) -> Result<String, Refusal> {
    text::single_line(given, max).map_err(|e| Refusal::field(field, e.to_string()))
}

/// One line that may stay empty.
fn optional_line(given: &str, field: &'static str, max: usize) -> Result<String, Refusal> {
    if given.trim().is_empty() { Ok(String::new()) } else { line(given, field, max) }
}

fn zone(given: &str) -> Result<String, Refusal> {
    let zone = given.trim();
    if roster::is_zone(zone) {
        return Ok(zone.to_owned());
    }
    Err(Refusal::field("zone", roster::BadTime::Zone.to_string()))
}

/// Cells of the page, each once.
async fn cells(tx: &mut Tx, mut given: Vec<String>) -> Result<Vec<String>, Refusal> {
    given.sort();
    given.dedup();
    let known: Vec<String> = tx.cells().await?.into_iter().map(|c| c.id).collect();
    match given.iter().find(|id| !known.contains(id)) {
        None => Ok(given),
        Some(id) => Err(Refusal::field("cell", format!("There is no cell {id:?} on this page."))),
    }
}
