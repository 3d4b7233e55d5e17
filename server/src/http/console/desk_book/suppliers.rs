//! Suppliers with their ladders.

use app::console::desk_book::{Cell, Field, Kind, Row, Shelf};
use domain::{clock::Timestamp, engagement::SupplierKind, roster::Answers};
use store::{ContactRow, Tx};

use super::{cell_boxes, cell_lines, contacts::ladder};
use crate::{
    commands::{
        Refusal,
        desk_book::suppliers::{self, Supplier},
    },
    http::{
        console::{desk::Work, now::Names},
        fields::Fields,
    },
};

pub(super) const FIELDS: &[&str] = &["name", "slug", "kind", "interconnect_sla", "cell"];

pub(super) async fn list(tx: &mut Tx, now: Timestamp) -> Result<Shelf, Refusal> {
    let names = Names::load(tx).await?;
    let (contacts, cells) = (tx.contacts().await?, tx.supplier_cells().await?);
    let (mut rows, mut warnings) = (Vec::new(), Vec::new());
    for s in tx.suppliers().await? {
        let is_mine = |c: &ContactRow| c.supplier_id.as_deref() == Some(s.id.as_str());
        let always = |c: &&ContactRow| is_mine(c) && Answers::parse(&c.hours) == Ok(Answers::Always);
        if contacts.iter().find(always).is_none() {
            warnings.push(format!(
                "{} has no contact who answers round the clock; Sev 1 and Sev 2 need one.",
                s.name
            ));
        }
        let mine: Vec<&str> = cells.iter().filter(|(id, _)| *id == s.id).map(|(_, c)| c.as_str()).collect();
        let kind = SupplierKind::try_from(s.kind.as_str()).map_or("Supplier", SupplierKind::words);
        rows.push(Row {
            id: s.id.clone(),
            name: (s.name.clone(), vec![format!("{kind} · {}", s.slug), s.interconnect_sla.clone()]),
            cells: vec![
                Cell::steps(ladder(&contacts, now, is_mine), "no ladder yet"),
                Cell::list(cell_lines(&names, &mine), "nothing depends on it"),
            ],
        });
    }
    Ok(Shelf {
        lead: "Who carries and hosts what you sell, whom to call there, and what depends on them.",
        warnings,
        heads: vec!["Supplier", "Ladder", "Depends on it"],
        rows,
        empty: "No supplier yet. Add the carriers, download hosts and SMS hubs that your services depend on.",
        add: "Add a supplier",
        ..Shelf::default()
    })
}

pub(super) async fn values(tx: &mut Tx, id: &str) -> Result<Fields, Refusal> {
    let row = tx.supplier(id).await?.ok_or(Refusal::NotFound("supplier"))?;
    let own = [
        ("name", row.name),
        ("slug", row.slug),
        ("kind", row.kind),
        ("interconnect_sla", row.interconnect_sla),
    ];
    let cells =
        tx.supplier_cells().await?.into_iter().filter(|(s, _)| s == id).map(|(_, cell)| ("cell", cell));
    Ok(own.into_iter().chain(cells).collect())
}

pub(super) async fn fields(tx: &mut Tx, typed: &Fields) -> Result<Vec<Field>, Refusal> {
    let kinds = SupplierKind::ALL.into_iter().map(|k| (k.slug().to_owned(), k.words().to_owned())).collect();
    let line = || Kind::Line(Vec::new());
    Ok(vec![
        Field::new("name", "Name", "", typed.one("name"), line()),
        Field::new(
            "slug",
            "Short name",
            "as activation events name it; empty: from the name",
            typed.one("slug"),
            line(),
        ),
        Field::new("kind", "It is a", "", typed.one("kind"), Kind::Pick(kinds)),
        Field::new(
            "interconnect_sla",
            "What it owes us",
            "the agreement that applies, in a line",
            typed.one("interconnect_sla"),
            line(),
        ),
        Field::new("cell", "What depends on it", "", "", cell_boxes(tx, typed).await?),
    ])
}

pub(super) async fn save(work: &mut Work, id: Option<&str>, typed: &Fields) -> Result<(), Refusal> {
    let given = Supplier {
        name: typed.one("name").into(),
        slug: typed.one("slug").into(),
        kind: typed.one("kind").into(),
        interconnect_sla: typed.one("interconnect_sla").into(),
        cells: typed.all("cell").map(str::to_owned).collect(),
    };
    suppliers::save(&mut work.tx, &work.ctx, id, given).await.map(drop)
}
