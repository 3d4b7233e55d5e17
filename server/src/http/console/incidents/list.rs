//! Open and past incidents.

use std::collections::HashMap;

use app::console;
use axum::http::StatusCode;
use domain::clock::DAY;
use store::IncidentCellRow;

use crate::http::console::{
    desk::{Answer, Desk},
    now::{Names, incident_line, open_lines},
};

/// Incidents shown at most.
const LINES_MAX: i64 = 500;

/// Open and past incidents.
pub async fn list(desk: Desk) -> Answer {
    let now = desk.now();
    let from = now.plus(-90 * DAY);
    let mut tx = desk.read().await?;
    let names = Names::load(&mut tx).await?;
    let mut held: HashMap<String, Vec<IncidentCellRow>> = HashMap::new();
    for row in tx.incident_cells_since(from).await? {
        held.entry(row.incident_id.clone()).or_default().push(row);
    }
    let open = open_lines(&mut tx, &names, now).await?;
    let past: Vec<_> = tx
        .incidents_since(from, LINES_MAX)
        .await?
        .iter()
        .filter(|row| row.resolved_at.is_some())
        .map(|row| incident_line(&names, row, held.get(&row.id).map_or(&[], Vec::as_slice), now))
        .collect();
    Ok(desk.page(StatusCode::OK, "Incidents", "/console/incidents", |frame| {
        console::incidents(frame, &open, &past)
    }))
}
