//! Where a declaration may start from: a supplier or a service ticks the cells that depend on it.

use app::console::engagement::Origins;
use domain::status::CellStatus;
use store::Tx;

use crate::commands::Refusal;

/// What there is to choose from, and what is chosen by its short name.
pub(super) async fn origins(
    tx: &mut Tx,
    supplier: Option<&str>,
    component: Option<&str>,
) -> Result<Origins, Refusal> {
    let suppliers: Vec<(String, String)> =
        tx.suppliers().await?.into_iter().map(|s| (s.slug, s.name)).collect();
    let components: Vec<(String, String)> =
        tx.components().await?.into_iter().map(|c| (c.slug, c.name)).collect();
    let known = |all: &[(String, String)], chosen: Option<&str>| {
        chosen.filter(|c| all.iter().any(|(slug, _)| slug == c)).unwrap_or_default().to_owned()
    };
    let (supplier, component) = (known(&suppliers, supplier), known(&components, component));
    Ok(Origins { suppliers, components, supplier, component })
}

/// Cells of the chosen supplier and the chosen service; with both, those that are of both.
pub(super) async fn ticked(tx: &mut Tx, origins: &Origins) -> Result<Vec<(String, CellStatus)>, Refusal> {
    if origins.supplier.is_empty() && origins.component.is_empty() {
        return Ok(Vec::new());
    }
    let supplier = tx.suppliers().await?.into_iter().find(|s| s.slug == origins.supplier).map(|s| s.id);
    let component = tx.components().await?.into_iter().find(|c| c.slug == origins.component).map(|c| c.id);
    let depends = tx.supplier_cells().await?;
    let is_meant = |cell: &store::CellRow| {
        let by_supplier =
            supplier.as_ref().is_none_or(|s| depends.iter().any(|(id, c)| id == s && *c == cell.id));
        by_supplier && component.as_ref().is_none_or(|id| cell.component_id == *id)
    };
    let cells = tx.cells().await?.into_iter().filter(is_meant);
    Ok(cells.map(|c| (c.id, CellStatus::PartialOutage)).collect())
}
