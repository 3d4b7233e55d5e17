//! Incidents: the list, declaring one, one with its story, and its verbs.

mod backfill;
mod declare;
mod edit;
mod engage;
mod facts;
mod fill;
mod leads;
mod list;
mod notes;
mod origins;
mod pack;
mod seen;
mod show;
mod steps;

pub use backfill::{backfill, dismiss_silent_fix, enter};
pub(super) use declare::again as declare_again;
pub(super) use declare::previewed as declare_previewed;
pub use declare::{declare, new};
pub use edit::{save_edit, show_edit};
pub(super) use engage::promise_of;
pub use engage::{describe, engage};
pub use facts::write as write_facts;
pub(crate) use fill::filled;
pub use leads::give;
pub use list::list;
pub use notes::note;
pub use pack::{blast, pack};
pub use seen::as_read;
pub use show::show;
pub(super) use steps::{again, needed, previewed};
pub use steps::{merge, reclassify, resolve, restore, update};

use app::console::model::CellChoice;
use domain::{severity::Severity, sla::policy::SeverityMatrix, status::CellStatus};
use store::{Tx, policies::SEVERITY_MATRIX};

use super::now::Names;
use crate::commands::Refusal;

/// Every cell to choose from, with what is chosen.
async fn choices(tx: &mut Tx, chosen: &[(String, CellStatus)]) -> Result<Vec<CellChoice>, Refusal> {
    let names = Names::load(tx).await?;
    let cells = tx.cells().await?;
    Ok(names
        .order
        .iter()
        .filter_map(|id| {
            let (component, country) = names.cells.get(id)?.clone();
            let cell = cells.iter().find(|c| c.id == *id)?;
            let (now, code) = (cell.status, cell.country_code.clone());
            let chosen = chosen.iter().find(|(c, _)| c == id).map(|(_, s)| *s);
            Some(CellChoice { id: id.clone(), code, country, component, now, chosen })
        })
        .collect())
}

/// The severities with what each promises and what belongs there.
async fn severities(tx: &mut Tx) -> Result<Vec<(i64, String, String)>, Refusal> {
    let (_, matrix): (i64, SeverityMatrix) = tx.policy(SEVERITY_MATRIX).await?;
    Ok(Severity::ALL
        .into_iter()
        .map(|s| {
            let label = format!("{} – {}, updates {}", s.label(), s.word(), matrix.cadence_words(s));
            (s.number(), label, matrix.promises(s).examples.clone())
        })
        .collect())
}
