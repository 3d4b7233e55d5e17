//! What the judge wants of people: proposals, changes that wait, and what it warns of.

use app::console::model::{HoldLine, ProposalLine};
use domain::{
    clock::{MINUTE, Timestamp},
    clock_local::utc_time,
    telemetry::{alert::AlertEvidence, degradation::surely_above, kpi::Evidence},
};
use store::{ProposalCellRow, ProposalRow, Tx, WithheldRow};

use super::{Names, evidence_sentence};
use crate::commands::{Refusal, degradation};

/// What is withheld is fresh for this long.
const FRESH: i64 = MINUTE;
/// Warnings of one kind that the board names.
const NAMED: usize = 5;

/// Open proposals, the worst first.
pub(super) async fn proposals(
    tx: &mut Tx,
    names: &Names,
    now: Timestamp,
) -> Result<Vec<ProposalLine>, Refusal> {
    let mut lines = Vec::new();
    for row in tx.open_proposals().await? {
        let cells = tx.proposal_cells(&row.id).await?;
        lines.push(ProposalLine {
            title: title(tx, names, &row, &cells).await?,
            cells: cells.iter().map(|c| names.cell(&c.cell_id)).collect(),
            from: from(&cells),
            note: note(&row, now),
            severity: row.proposed_severity,
            status: row.proposed_status,
            evidence: evidence_sentence(Some(&row.evidence)),
            since: utc_time(row.created_at, now),
            id: row.id,
        });
    }
    Ok(lines)
}

/// The one cell, or what its cells have in common.
async fn title(
    tx: &mut Tx,
    names: &Names,
    row: &ProposalRow,
    cells: &[ProposalCellRow],
) -> Result<String, Refusal> {
    if let [one] = cells {
        return Ok(names.cell(&one.cell_id));
    }
    let component = match &row.component_slug {
        Some(slug) => tx.components().await?.into_iter().find(|c| c.slug == *slug).map(|c| c.name),
        None => None,
    };
    let country = row.country_code.as_ref().map(|code| names.country(code));
    let supplier = row.supplier.as_ref().map(|name| format!("supplier {name}"));
    let common = component.or(country).or(supplier).unwrap_or_else(|| names.cell(&row.cell_id));
    Ok(format!("{common}, {} cells", cells.len()))
}

fn from(cells: &[ProposalCellRow]) -> &'static str {
    let of_alert = |c: &&ProposalCellRow| serde_json::from_str::<AlertEvidence>(&c.evidence).is_ok();
    match cells.iter().filter(of_alert).count() {
        0 => "telemetry",
        n if n == cells.len() => "an alert",
        _ => "telemetry and an alert",
    }
}

fn note(row: &ProposalRow, now: Timestamp) -> String {
    match row.confirm_at {
        Some(at) => format!(
            "Nobody decides: it is declared by itself at {}.",
            utc_time(Timestamp::from_millis(at), now)
        ),
        None => row.note.clone(),
    }
}

/// Keys that would turn too much, with the cells that wait.
pub(super) async fn holds(tx: &mut Tx, names: &Names, now: Timestamp) -> Result<Vec<HoldLine>, Refusal> {
    let holds = tx.key_holds(now).await?;
    let held: Vec<_> = holds.into_iter().filter(|h| h.state == "held").collect();
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let (keys, waiting) = (tx.api_keys().await?, tx.withheld(now.plus(-FRESH)).await?);
    let line = |w: &WithheldRow| {
        format!("{} would be {}: {}", names.cell(&w.cell_id), w.to_status.words(), w.sentence)
    };
    Ok(held
        .into_iter()
        .map(|h| HoldLine {
            key: keys.iter().find(|k| k.id == h.key_id).map_or_else(|| h.key_id.clone(), |k| k.name.clone()),
            since: utc_time(h.began_at, now),
            cells: waiting
                .iter()
                .filter(|w| w.why == "key" && w.key_id.as_ref() == Some(&h.key_id))
                .map(line)
                .collect(),
            id: h.id,
        })
        .collect())
}

/// Cells that too few sources speak of, and error classes above what policy allows: a sentence each.
pub(super) async fn warnings(tx: &mut Tx, names: &Names, now: Timestamp) -> Result<Vec<String>, Refusal> {
    let waiting = tx.withheld(now.plus(-FRESH)).await?;
    let mut words: Vec<String> = waiting
        .iter()
        .filter(|w| w.why != "key")
        .map(|w| {
            let cell = names.cell(&w.cell_id);
            let but = match w.why.as_str() {
                "modest" => "the key that told most of it may say degraded at most".to_owned(),
                _ => format!("too few sources say so ({})", w.sources),
            };
            format!("{cell} would be {}, but {but}: {}.", w.to_status.words(), w.sentence)
        })
        .collect();
    words.truncate(NAMED);
    words.extend(error_classes(tx, names, now).await?);
    Ok(words)
}

async fn error_classes(tx: &mut Tx, names: &Names, now: Timestamp) -> Result<Vec<String>, Refusal> {
    let rules = degradation::rules(tx).await?;
    let components = tx.components().await?;
    let mut found: Vec<(f64, String)> = Vec::new();
    for cell in tx.cells().await? {
        let Some(e) = cell.evidence.as_deref().and_then(|t| serde_json::from_str::<Evidence>(t).ok()) else {
            continue;
        };
        let Some((class, share)) = &e.top_error else { continue };
        let slug = components.iter().find(|c| c.id == cell.component_id).map_or("", |c| c.slug.as_str());
        let policy = degradation::ruled(&rules, &[], (&cell.id, slug, &cell.country_code)).policy;
        let is_fresh = now.since(e.judged_at) < 2 * MINUTE;
        let is_sure = surely_above(*share, policy.error_class_above, e.samples, policy.certainty);
        if is_fresh && e.samples >= policy.minimum_samples && is_sure {
            let words = format!(
                "{}: {share:.1} % fail with {class}, of {} samples.",
                names.cell(&cell.id),
                e.samples
            );
            found.push((*share, words));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let more = found.len().saturating_sub(NAMED);
    let mut words: Vec<String> = found.into_iter().take(NAMED).map(|(_, words)| words).collect();
    if more > 0 {
        words.push(format!("{more} more cells have an error class above what their policy allows."));
    }
    Ok(words)
}
