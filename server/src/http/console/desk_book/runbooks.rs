//! Runbooks.

use app::console::desk_book::{Cell, Field, Kind, Row, Shelf};
use domain::{clock::Timestamp, clock_local::utc_time};
use store::{ComponentRow, Tx};

use crate::{
    commands::{
        Refusal,
        desk_book::runbooks::{self, Runbook},
    },
    http::{console::desk::Work, fields::Fields},
};

pub(super) const FIELDS: &[&str] = &["title", "component_id", "error_class", "steps"];

pub(super) async fn list(tx: &mut Tx, now: Timestamp) -> Result<Shelf, Refusal> {
    let components = tx.components().await?;
    let rows = tx.runbooks().await?.into_iter().map(|r| {
        let for_what = scope(&components, r.component_id.as_deref(), &r.error_class);
        let steps = r.steps.lines().map(str::to_owned).collect();
        let changed = format!("changed {}", utc_time(r.updated_at, now));
        let cells = vec![Cell::Value(for_what, String::new()), Cell::Steps(steps)];
        Row { id: r.id, name: (r.title, vec![changed]), cells }
    });
    Ok(Shelf {
        lead: "What to do, step by step, per service and error. An incident’s on-call pack prints those that fit.",
        rows: rows.collect(),
        heads: vec!["Runbook", "For", "Steps"],
        empty: "No runbook yet. Write down what the last incident taught you.",
        add: "Add a runbook",
        ..Shelf::default()
    })
}

/// `eUICC download, error timeout`.
fn scope(components: &[ComponentRow], component: Option<&str>, error_class: &str) -> String {
    let service = component
        .and_then(|id| components.iter().find(|c| c.id == id))
        .map_or_else(|| "any service".to_owned(), |c| c.name.clone());
    if error_class.is_empty() { service } else { format!("{service}, error {error_class}") }
}

pub(super) async fn values(tx: &mut Tx, id: &str) -> Result<Fields, Refusal> {
    let row = tx.runbook(id).await?.ok_or(Refusal::NotFound("runbook"))?;
    let values = [row.title, row.component_id.unwrap_or_default(), row.error_class, row.steps];
    Ok(FIELDS.iter().copied().zip(values).collect())
}

pub(super) async fn fields(tx: &mut Tx, typed: &Fields) -> Result<Vec<Field>, Refusal> {
    let mut services = vec![(String::new(), "any service".to_owned())];
    services.extend(tx.components().await?.into_iter().map(|c| (c.id, c.name)));
    Ok(vec![
        Field::new("title", "Title", "", typed.one("title"), Kind::Line(Vec::new())),
        Field::new("component_id", "For", "", typed.one("component_id"), Kind::Pick(services)),
        Field::new(
            "error_class",
            "Error class",
            "as activation events name it; empty: any",
            typed.one("error_class"),
            Kind::Line(Vec::new()),
        ),
        Field::new("steps", "Steps", "one a line", typed.one("steps"), Kind::Lines),
    ])
}

pub(super) async fn save(work: &mut Work, id: Option<&str>, typed: &Fields) -> Result<(), Refusal> {
    let given = Runbook {
        title: typed.one("title").into(),
        component_id: typed.one("component_id").into(),
        error_class: typed.one("error_class").into(),
        steps: typed.one("steps").into(),
    };
    runbooks::save(&mut work.tx, &work.ctx, id, given).await.map(drop)
}
