//! Key accounts, with what they sell.

use app::console::desk_book::{Cell, Field, Kind, Row, Shelf};
use domain::{
    clock::Timestamp,
    clock_local::{hour_minute, zone},
};
use store::Tx;

use super::{cell_boxes, cell_lines, contacts::ladder, zones};
use crate::{
    commands::{
        Refusal,
        desk_book::partners::{self, Partner},
    },
    http::{
        console::{desk::Work, now::Names},
        fields::Fields,
    },
};

pub(super) const FIELDS: &[&str] = &["name", "label", "zone", "cell"];

pub(super) async fn list(tx: &mut Tx, now: Timestamp) -> Result<Shelf, Refusal> {
    let names = Names::load(tx).await?;
    let (contacts, cells) = (tx.contacts().await?, tx.partner_cells().await?);
    let mut rows = Vec::new();
    for p in tx.partners().await? {
        let mine: Vec<&str> = cells.iter().filter(|(id, _)| *id == p.id).map(|(_, c)| c.as_str()).collect();
        let clock = format!("{} there", hour_minute(now, zone(&p.zone)));
        let reach = ladder(&contacts, now, |c| c.partner_id.as_deref() == Some(p.id.as_str()));
        let label = if p.label.is_empty() { String::new() } else { format!("sells as {}", p.label) };
        let page = format!("/console/partners/{}", p.id);
        rows.push(Row {
            id: p.id,
            name: (p.name, vec![label]),
            cells: vec![
                Cell::Value(clock, p.zone),
                Cell::list(reach, "no contact yet"),
                Cell::list(cell_lines(&names, &mine), "nothing yet"),
                Cell::Link(
                    page,
                    "Their page".into(),
                    if p.live_at.is_some() { "live" } else { "sandbox" }.into(),
                ),
            ],
        });
    }
    Ok(Shelf {
        lead: "Wholesale customers and what they sell: an incident names those that it touches.",
        heads: vec!["Key account", "Local time", "Contacts", "Sells", "Audience"],
        rows,
        empty: "No key account yet. Add the partners that sell your connectivity under their own name.",
        add: "Add a key account",
        ..Shelf::default()
    })
}

pub(super) async fn values(tx: &mut Tx, id: &str) -> Result<Fields, Refusal> {
    let row = tx.partner(id).await?.ok_or(Refusal::NotFound("partner"))?;
    let own = [("name", row.name), ("label", row.label), ("zone", row.zone)];
    let cells =
        tx.partner_cells().await?.into_iter().filter(|(p, _)| p == id).map(|(_, cell)| ("cell", cell));
    Ok(own.into_iter().chain(cells).collect())
}

pub(super) async fn fields(tx: &mut Tx, typed: &Fields) -> Result<Vec<Field>, Refusal> {
    let line = || Kind::Line(Vec::new());
    Ok(vec![
        Field::new("name", "Name", "", typed.one("name"), line()),
        Field::new("label", "Sells as", "the brand that their travellers know", typed.one("label"), line()),
        Field::new("zone", "Time zone", "theirs, like Europe/Madrid", typed.one("zone"), zones(tx).await?),
        Field::new("cell", "What they sell", "", "", cell_boxes(tx, typed).await?),
    ])
}

pub(super) async fn save(work: &mut Work, id: Option<&str>, typed: &Fields) -> Result<(), Refusal> {
    let given = Partner {
        name: typed.one("name").into(),
        label: typed.one("label").into(),
        zone: typed.one("zone").into(),
        cells: typed.all("cell").map(str::to_owned).collect(),
    };
    partners::save(&mut work.tx, &work.ctx, id, given).await.map(drop)
}
