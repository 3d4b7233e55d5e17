//! Open and past incidents.

use app::console;
use axum::http::StatusCode;
use domain::clock::DAY;

use crate::http::console::{
    desk::{Answer, Desk},
    now::{Names, incident_line},
};

/// Incidents shown at most.
const LINES_MAX: i64 = 500;

/// Open and past incidents.
pub async fn list(desk: Desk) -> Answer {
    let now = desk.now();
    let mut tx = desk.read().await?;
    let names = Names::load(&mut tx).await?;
    let (mut open, mut past) = (Vec::new(), Vec::new());
    for row in tx.incidents_since(now.plus(-90 * DAY), LINES_MAX).await? {
        let line = incident_line(&mut tx, &names, &row, now).await?;
        if row.resolved_at.is_none() { open.push(line) } else { past.push(line) }
    }
    Ok(desk.page(StatusCode::OK, "Incidents", "/console/incidents", |frame| {
        console::incidents(frame, &open, &past)
    }))
}
