//! The contacts matrix: who answers where, and whether they do now.

use app::console::desk_book::{Cell, Field, Kind, Row, Shelf};
use domain::{
    clock::Timestamp,
    clock_local::{hour_minute, zone},
    roster::Answers,
};
use store::{ContactRow, Tx};

use super::{rotas, zones};
use crate::{
    commands::{
        Refusal,
        desk_book::contacts::{self, CHANNELS, Contact, STEPS_MAX},
    },
    http::{console::desk::Work, fields::Fields},
};

pub(super) const FIELDS: &[&str] =
    &["side", "name", "role", "channel", "address", "hours", "zone", "ladder_step"];

pub(super) async fn list(tx: &mut Tx, now: Timestamp) -> Result<Shelf, Refusal> {
    let (suppliers, partners) = (tx.suppliers().await?, tx.partners().await?);
    let owner = |c: &ContactRow| match (&c.supplier_id, &c.partner_id) {
        (Some(id), _) => suppliers.iter().find(|s| s.id == *id).map_or("Supplier", |s| &s.name).to_owned(),
        (_, Some(id)) => partners.iter().find(|p| p.id == *id).map_or("Key account", |p| &p.name).to_owned(),
        (None, None) => "Ours".to_owned(),
    };
    let mut rows: Vec<(String, Row)> = Vec::new();
    for c in tx.contacts().await? {
        let step = match c.ladder_step {
            0 => "not on the ladder".to_owned(),
            n => format!("step {n}"),
        };
        let side = owner(&c);
        let cells = vec![
            Cell::Value(side.clone(), step),
            reached(&c),
            Cell::Value(there(&c, now), hours_words(&c.hours)),
        ];
        rows.push((side, Row { id: c.id, name: (c.name, vec![c.role]), cells }));
    }
    // Ours first, then by name; within one, the order of the ladder stays.
    rows.sort_by_key(|(side, _)| (side != "Ours", side.clone()));
    Ok(Shelf {
        lead: "Whom to call, and whether they answer now.",
        facts: rotas::on_call_facts(tx, now).await?,
        heads: vec!["Contact", "Belongs to", "Reached by", "Now there"],
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        empty: "Nobody yet. Add the people and desks that you call when something breaks.",
        add: "Add a contact",
        ..Shelf::default()
    })
}

fn channel(slug: &str) -> &'static str {
    CHANNELS.iter().find(|(s, _)| *s == slug).map_or("", |(_, words)| words)
}

/// A number to call, an address to write to, a page to open; chat is a name.
fn reached(contact: &ContactRow) -> Cell {
    let (address, words) = (contact.address.clone(), channel(&contact.channel).to_owned());
    let number: String = address.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    match contact.channel.as_str() {
        "phone" if !number.is_empty() => Cell::Link(format!("tel:{number}"), address, words),
        "email" if address.contains('@') => Cell::Link(format!("mailto:{address}"), address, words),
        _ if address.starts_with("https://") => Cell::Link(address.clone(), address, words),
        _ => Cell::Value(address, words),
    }
}

fn hours_words(hours: &str) -> String {
    hours.replace("24x7", "24×7").replace('-', "–")
}

/// `03:10 there, does not answer now`.
fn there(contact: &ContactRow, now: Timestamp) -> String {
    let clock = hour_minute(now, zone(&contact.zone));
    let answers = Answers::parse(&contact.hours).is_ok_and(|a| a.is_reachable(now, &contact.zone));
    let whether = if answers { "answers now" } else { "does not answer now" };
    format!("{clock} there, {whether}")
}

/// One contact in one line: name, role, address, hours, and whether they answer now.
pub(in crate::http::console) fn line_of(contact: &ContactRow, now: Timestamp) -> String {
    let ContactRow { name, role, address, hours, .. } = contact;
    format!("{name} ({role}) · {address} · {} · {}", hours_words(hours), there(contact, now))
}

/// The ladder of a supplier or partner, in order.
pub(in crate::http::console) fn ladder(
    contacts: &[ContactRow],
    now: Timestamp,
    is_mine: impl Fn(&ContactRow) -> bool,
) -> Vec<String> {
    contacts.iter().filter(|c| c.ladder_step > 0 && is_mine(c)).map(|c| line_of(c, now)).collect()
}

pub(super) async fn values(tx: &mut Tx, id: &str) -> Result<Fields, Refusal> {
    let row = tx.contact(id).await?.ok_or(Refusal::NotFound("contact"))?;
    let side = match (&row.supplier_id, &row.partner_id) {
        (Some(id), _) => format!("supplier:{id}"),
        (_, Some(id)) => format!("partner:{id}"),
        (None, None) => String::new(),
    };
    let step = row.ladder_step.to_string();
    let values = [side, row.name, row.role, row.channel, row.address, row.hours, row.zone, step];
    Ok(FIELDS.iter().copied().zip(values).collect())
}

pub(super) async fn fields(tx: &mut Tx, typed: &Fields) -> Result<Vec<Field>, Refusal> {
    let mut sides = vec![(String::new(), "us".to_owned())];
    sides.extend(tx.suppliers().await?.into_iter().map(|s| (format!("supplier:{}", s.id), s.name)));
    sides.extend(tx.partners().await?.into_iter().map(|p| (format!("partner:{}", p.id), p.name)));
    let channels = CHANNELS.iter().map(|(slug, words)| ((*slug).to_owned(), (*words).to_owned())).collect();
    let hours = vec!["24x7".to_owned(), "Mon-Fri 09:00-17:00".to_owned()];
    let or = |name: &str, otherwise: &str| typed.some(name).unwrap_or(otherwise).to_owned();
    Ok(vec![
        Field::new("side", "Belongs to", "", typed.one("side"), Kind::Pick(sides)),
        Field::new("name", "Name", "a person or a desk", typed.one("name"), Kind::Line(Vec::new())),
        Field::new("role", "Role", "what they are there for", typed.one("role"), Kind::Line(Vec::new())),
        Field::new("channel", "Channel", "", typed.one("channel"), Kind::Pick(channels)),
        Field::new("address", "Number or address", "", typed.one("address"), Kind::Line(Vec::new())),
        Field::new("hours", "Answers", "24x7, or Mon-Fri 09:00-17:00", typed.one("hours"), Kind::Line(hours)),
        Field::new("zone", "Time zone", "theirs, like Europe/Madrid", typed.one("zone"), zones(tx).await?),
        Field::new(
            "ladder_step",
            "Step of the ladder",
            "1 is called first; 0: not on the ladder",
            or("ladder_step", "1"),
            Kind::Number(STEPS_MAX),
        ),
    ])
}

pub(super) async fn save(work: &mut Work, id: Option<&str>, typed: &Fields) -> Result<(), Refusal> {
    let one = |name: &str| typed.one(name).to_owned();
    let given = Contact {
        side: one("side"),
        name: one("name"),
        role: one("role"),
        channel: one("channel"),
        address: one("address"),
        hours: one("hours"),
        zone: one("zone"),
        ladder_step: typed.one("ladder_step").trim().parse().ok(),
    };
    contacts::save(&mut work.tx, &work.ctx, id, given).await.map(drop)
}
