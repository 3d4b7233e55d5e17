//! The desk book: five shelves behind one set of addresses. Each shelf lists its entries, fills a form and saves it.

mod contacts;
mod partners;
mod rotas;
mod runbooks;
mod suppliers;

use app::console::{
    desk_book::{self as book, Country, Field, Form, Kind, Shelf},
    model::FormError,
};
use axum::{extract::Path, http::StatusCode, response::Response};
use domain::clock::Timestamp;
use store::Tx;

use super::{
    desk::{Answer, Desk, Work, see},
    forms,
    now::Names,
};
use crate::{auth::role::Permission, commands::Refusal, http::fields::Fields};

pub(super) use contacts::{ladder, line_of};
pub(super) use rotas::on_call_facts;

/// A shelf of the book.
#[derive(Debug, Clone, Copy)]
enum Book {
    Contacts,
    Suppliers,
    Rotas,
    Runbooks,
    Partners,
}

impl Book {
    fn find(slug: &str) -> Result<Self, Refusal> {
        [Self::Contacts, Self::Suppliers, Self::Rotas, Self::Runbooks, Self::Partners]
            .into_iter()
            .find(|b| b.slug() == slug)
            .ok_or(Refusal::NotFound("page in the desk book"))
    }

    const fn slug(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Suppliers => "suppliers",
            Self::Rotas => "rotas",
            Self::Runbooks => "runbooks",
            Self::Partners => "partners",
        }
    }

    /// What one entry is called, what removing it means, and the fields that its form has.
    const fn entry(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Contacts => ("a contact", "The contact leaves every ladder.", contacts::FIELDS),
            Self::Suppliers => (
                "a supplier",
                "The supplier and its contacts go. What was engaged stays on the record of its incidents.",
                suppliers::FIELDS,
            ),
            Self::Rotas => ("a shift", "Only this shift goes; its repetitions stay.", rotas::FIELDS),
            Self::Runbooks => ("a runbook", "The runbook goes for good.", runbooks::FIELDS),
            Self::Partners => ("a key account", "The account and its contacts go.", partners::FIELDS),
        }
    }

    async fn list(self, tx: &mut Tx, now: Timestamp) -> Result<Shelf, Refusal> {
        match self {
            Self::Contacts => contacts::list(tx, now).await,
            Self::Suppliers => suppliers::list(tx, now).await,
            Self::Rotas => rotas::list(tx, now).await,
            Self::Runbooks => runbooks::list(tx, now).await,
            Self::Partners => partners::list(tx, now).await,
        }
    }

    /// The stored entry as its form would send it.
    async fn values(self, tx: &mut Tx, id: &str) -> Result<Fields, Refusal> {
        match self {
            Self::Contacts => contacts::values(tx, id).await,
            Self::Suppliers => suppliers::values(tx, id).await,
            Self::Rotas => rotas::values(tx, id).await,
            Self::Runbooks => runbooks::values(tx, id).await,
            Self::Partners => partners::values(tx, id).await,
        }
    }

    async fn fields(self, tx: &mut Tx, typed: &Fields, is_new: bool) -> Result<Vec<Field>, Refusal> {
        match self {
            Self::Contacts => contacts::fields(tx, typed).await,
            Self::Suppliers => suppliers::fields(tx, typed).await,
            Self::Rotas => rotas::fields(tx, typed, is_new).await,
            Self::Runbooks => runbooks::fields(tx, typed).await,
            Self::Partners => partners::fields(tx, typed).await,
        }
    }

    async fn save(self, work: &mut Work, id: Option<&str>, typed: &Fields) -> Result<(), Refusal> {
        match self {
            Self::Contacts => contacts::save(work, id, typed).await,
            Self::Suppliers => suppliers::save(work, id, typed).await,
            Self::Rotas => rotas::save(work, id, typed).await,
            Self::Runbooks => runbooks::save(work, id, typed).await,
            Self::Partners => partners::save(work, id, typed).await,
        }
    }

    async fn remove(self, work: &mut Work, id: &str) -> Result<(), Refusal> {
        use crate::commands::desk_book::{contacts, partners, rotas, runbooks, suppliers};
        let Work { tx, ctx } = work;
        match self {
            Self::Contacts => contacts::remove(tx, ctx, id).await,
            Self::Suppliers => suppliers::remove(tx, ctx, id).await,
            Self::Rotas => rotas::remove(tx, ctx, id).await,
            Self::Runbooks => runbooks::remove(tx, ctx, id).await,
            Self::Partners => partners::remove(tx, ctx, id).await,
        }
    }
}

/// The first shelf.
pub async fn contacts(desk: Desk) -> Answer {
    shelf(&desk, Book::Contacts).await
}

/// One shelf.
pub async fn list(desk: Desk, Path(slug): Path<String>) -> Answer {
    shelf(&desk, Book::find(&slug)?).await
}

async fn shelf(desk: &Desk, shelf: Book) -> Answer {
    let mut tx = desk.read().await?;
    let mut model = shelf.list(&mut tx, desk.now()).await?;
    model.slug = shelf.slug();
    model.may_edit = desk.may(Permission::Maintain);
    Ok(desk.page(StatusCode::OK, "Desk book", book::PATH, |frame| book::shelf(frame, &model)))
}

/// An empty form.
pub async fn blank(desk: Desk, Path(slug): Path<String>) -> Answer {
    show(&desk, Book::find(&slug)?, None, &Fields::default(), None).await
}

/// The form of an entry.
pub async fn form(desk: Desk, Path((slug, id)): Path<(String, String)>) -> Answer {
    let shelf = Book::find(&slug)?;
    let typed = shelf.values(&mut desk.read().await?, &id).await?;
    show(&desk, shelf, Some(id), &typed, None).await
}

async fn show(
    desk: &Desk,
    shelf: Book,
    id: Option<String>,
    typed: &Fields,
    error: Option<FormError>,
) -> Answer {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (what, removal, _) = shelf.entry();
    let fields = shelf.fields(&mut desk.read().await?, typed, id.is_none()).await?;
    let title = format!("{} {what}", if id.is_some() { "Change" } else { "Add" });
    let model = Form { shelf: shelf.slug(), id, title, fields, removal, error };
    Ok(desk.page(status, &model.title, book::PATH, |frame| book::form(frame, &model)))
}

/// Adds an entry.
pub async fn add(desk: Desk, Path(slug): Path<String>) -> Answer {
    save(desk, Book::find(&slug)?, None).await
}

/// Changes an entry.
pub async fn change(desk: Desk, Path((slug, id)): Path<(String, String)>) -> Answer {
    save(desk, Book::find(&slug)?, Some(id)).await
}

async fn save(desk: Desk, shelf: Book, id: Option<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, shelf.entry().2)?;
        let mut work = desk.begin().await?;
        shelf.save(&mut work, id.as_deref(), &desk.fields).await?;
        work.commit().await
    };
    match done.await {
        Ok(()) => Ok(back(shelf)),
        Err(Refusal::Field { field, message }) => {
            let error = FormError { field: field.into(), message };
            show(&desk, shelf, id, &desk.fields, Some(error)).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// Removes an entry.
pub async fn remove(desk: Desk, Path((slug, id)): Path<(String, String)>) -> Answer {
    let shelf = Book::find(&slug)?;
    forms::only(&desk.fields, &[])?;
    let mut work = desk.begin().await?;
    shelf.remove(&mut work, &id).await?;
    work.commit().await?;
    Ok(back(shelf))
}

fn back(shelf: Book) -> Response {
    see(&format!("{}/{}", book::PATH, shelf.slug()))
}

/// Checkboxes of all cells, by country.
pub(super) async fn cell_boxes(tx: &mut Tx, typed: &Fields) -> Result<Kind, Refusal> {
    let names = Names::load(tx).await?;
    let mut countries: Vec<Country> = Vec::new();
    for id in &names.order {
        let Some((component, country)) = names.cells.get(id) else { continue };
        let cell = (id.clone(), component.clone(), typed.all("cell").any(|c| c == id));
        match countries.last_mut().filter(|(name, _)| name == country) {
            Some((_, cells)) => cells.push(cell),
            None => countries.push((country.clone(), vec![cell])),
        }
    }
    Ok(Kind::Cells(countries))
}

/// `Mobile data: France and Spain`, a line per service.
pub(super) fn cell_lines(names: &Names, ids: &[&str]) -> Vec<String> {
    let mut services: Vec<(&str, Vec<&str>)> = Vec::new();
    let chosen = names.order.iter().filter(|id| ids.contains(&id.as_str()));
    for (component, country) in chosen.filter_map(|id| names.cells.get(id)) {
        match services.iter_mut().find(|(name, _)| name == component) {
            Some((_, countries)) => countries.push(country),
            None => services.push((component, vec![country])),
        }
    }
    let words = |countries: &[&str]| match countries.len() {
        n if n > 6 => format!("{n} countries"),
        _ => domain::clock_local::listed(countries),
    };
    services.into_iter().map(|(name, countries)| format!("{name}: {}", words(&countries))).collect()
}

/// Zones of the countries on the page, to suggest.
async fn zones(tx: &mut Tx) -> Result<Kind, Refusal> {
    let mut zones: Vec<String> = tx.countries().await?.into_iter().map(|c| c.zone).collect();
    zones.push("UTC".into());
    zones.sort();
    zones.dedup();
    Ok(Kind::Line(zones))
}
