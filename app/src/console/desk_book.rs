//! The desk book: whom to call, who is on call, what to do. Five shelves, each a list with a form.

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::FormError};
use crate::ui::area_text;

/// Address of the desk book.
pub const PATH: &str = "/console/desk-book";

/// The shelves: slug and label.
pub const SHELVES: [(&str, &str); 5] = [
    ("contacts", "Contacts"),
    ("suppliers", "Suppliers"),
    ("rotas", "On call"),
    ("runbooks", "Runbooks"),
    ("partners", "Key accounts"),
];

/// One shelf.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// Slug.
    pub slug: &'static str,
    /// What stands here, in one sentence.
    pub lead: &'static str,
    /// What matters now: label, value, second line.
    pub facts: Vec<(String, String, String)>,
    /// What is missing, one sentence each.
    pub warnings: Vec<String>,
    /// Heads of the columns.
    pub heads: Vec<&'static str>,
    /// Entries.
    pub rows: Vec<Row>,
    /// What to say when there are none.
    pub empty: &'static str,
    /// Label of the link to the form.
    pub add: &'static str,
    /// Whether this person may change it.
    pub may_edit: bool,
}

/// One entry.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Public id.
    pub id: String,
    /// What names the entry, and what stands beneath.
    pub name: (String, Vec<String>),
    /// The other columns.
    pub cells: Vec<Cell>,
}

/// One column of an entry.
#[derive(Debug, Clone)]
pub enum Cell {
    /// A value, and what stands beneath.
    Value(String, String),
    /// A value that leads somewhere: address, value, and what stands beneath.
    Link(String, String, String),
    /// Lines of the same weight.
    List(Vec<String>),
    /// Lines in an order that matters.
    Steps(Vec<String>),
}

impl Cell {
    /// Lines, or what to say when there are none.
    #[must_use]
    pub fn list(lines: Vec<String>, none: &str) -> Self {
        if lines.is_empty() { Self::Value(String::new(), none.to_owned()) } else { Self::List(lines) }
    }

    /// Steps, or what to say when there are none.
    #[must_use]
    pub fn steps(lines: Vec<String>, none: &str) -> Self {
        if lines.is_empty() { Self::Value(String::new(), none.to_owned()) } else { Self::Steps(lines) }
    }
}

/// A form for one entry.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// Slug of the shelf.
    pub shelf: &'static str,
    /// The entry; none: a new one.
    pub id: Option<String>,
    /// `Add a supplier`.
    pub title: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// What removing means.
    pub removal: &'static str,
    /// What was wrong.
    pub error: Option<FormError>,
}

/// One field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// What to write there.
    pub hint: &'static str,
    /// As typed.
    pub value: String,
    /// What it is.
    pub kind: Kind,
}

/// What a field is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// One line, with suggestions.
    Line(Vec<String>),
    /// One of these: value and label.
    Pick(Vec<(String, String)>),
    /// Several lines.
    Lines,
    /// A date and time.
    Time,
    /// A whole number up to this.
    Number(i64),
    /// Cells by country.
    Cells(Vec<Country>),
}

/// A country, and its cells: id, component and whether it is chosen.
pub type Country = (String, Vec<(String, String, bool)>);

impl Field {
    /// A field.
    #[must_use]
    pub fn new(
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        value: impl Into<String>,
        kind: Kind,
    ) -> Self {
        Self { name, label, hint, value: value.into(), kind }
    }
}

fn tabs(current: &str) -> AnyView {
    let tabs = SHELVES
        .into_iter()
        .map(|(slug, label)| {
            view! { <a href=format!("{PATH}/{slug}") aria-current=(slug == current).then_some("page")>{label}</a> }
        })
        .collect_view();
    view! { <nav class="tabs" aria-label="Desk book">{tabs}</nav> }.into_any()
}

/// One shelf of the book.
#[must_use]
pub fn shelf(frame: &Frame, model: &Shelf) -> String {
    let facts = model
        .facts
        .iter()
        .map(|(label, value, second)| {
            view! { <div><dt>{label.clone()}</dt><dd>{value.clone()}" "<small>{second.clone()}</small></dd></div> }
        })
        .collect_view();
    let warnings = model.warnings.iter().map(|w| view! { <p class="lint">{w.clone()}</p> }).collect_view();
    let add = model.may_edit.then(|| {
        view! { <a class="button go" href=format!("{PATH}/{}/new", model.slug)>{model.add}</a> }
    });
    frame.page(|| {
        view! {
            <div class="bar"><h1>"Desk book"</h1>{add}</div>
            {tabs(model.slug)}
            <p class="d">{model.lead}</p>
            {(!model.facts.is_empty()).then(|| view! { <dl class="facts">{facts}</dl> })}
            {warnings}
            {entries(model)}
        }
        .into_any()
    })
}

fn entries(model: &Shelf) -> AnyView {
    if model.rows.is_empty() {
        return view! { <p class="empty">{model.empty}</p> }.into_any();
    }
    let heads = model.heads.iter().map(|h| view! { <th>{*h}</th> }).collect_view();
    let rows = model.rows.iter().map(|row| entry(model, row)).collect_view();
    let action = model.may_edit.then(|| view! { <th><span class="v">"Action"</span></th> });
    view! { <table class="now"><thead><tr>{heads}{action}</tr></thead><tbody>{rows}</tbody></table> }
        .into_any()
}

fn entry(model: &Shelf, row: &Row) -> AnyView {
    let (name, beneath) = row.name.clone();
    let beneath = beneath
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(|line| view! { <small class="l">{line}</small> })
        .collect_view();
    let cells = row.cells.iter().map(|cell| view! { <td>{column(cell)}</td> }).collect_view();
    let change = model.may_edit.then(|| {
        let href = format!("{PATH}/{}/{}", model.slug, row.id);
        view! { <td><a class="button" href=href>"Change"<span class="v">{format!(" {name}")}</span></a></td> }
    });
    view! { <tr><td><b>{name.clone()}</b>{beneath}</td>{cells}{change}</tr> }.into_any()
}

fn column(cell: &Cell) -> AnyView {
    let items = |lines: &[String]| lines.iter().map(|l| view! { <li>{l.clone()}</li> }).collect_view();
    match cell {
        Cell::Value(value, beneath) => {
            let beneath = (!beneath.is_empty()).then(|| view! { <small class="l">{beneath.clone()}</small> });
            view! { <span>{value.clone()}</span>{beneath} }.into_any()
        }
        Cell::Link(href, value, beneath) => {
            view! { <a href=href.clone()>{value.clone()}</a><small class="l">{beneath.clone()}</small> }
                .into_any()
        }
        Cell::List(lines) => view! { <ul class="lines">{items(lines)}</ul> }.into_any(),
        Cell::Steps(lines) => view! { <ol class="lines">{items(lines)}</ol> }.into_any(),
    }
}

/// The form of one entry.
#[must_use]
pub fn form(frame: &Frame, model: &Form) -> String {
    let error = model.error.as_ref();
    let action = match &model.id {
        Some(id) => format!("{PATH}/{}/{id}", model.shelf),
        None => format!("{PATH}/{}", model.shelf),
    };
    let fields = model.fields.iter().map(|f| field(f, error)).collect_view();
    let removal = model.id.is_some().then(|| {
        view! {
            <details>
                <summary>"Remove"</summary>
                <p class="d">{model.removal}</p>
                <form method="post" action=format!("{action}/remove")>{frame.token()}<button>"Remove it"</button></form>
            </details>
        }
    });
    frame.page(|| {
        view! {
            <h1>{model.title.clone()}</h1>
            {tabs(model.shelf)}
            <form method="post" action=action.clone() class="narrow">
                {frame.token()}
                {remark(error, "")}
                {fields}
                <div class="act">
                    <button class="go">"Save"</button>
                    <a class="button" href=format!("{PATH}/{}", model.shelf)>"Back without saving"</a>
                </div>
            </form>
            {removal}
        }
        .into_any()
    })
}

fn field(field: &Field, error: Option<&FormError>) -> AnyView {
    let Field { name, label, hint, value, kind } = field;
    let (name, value) = (*name, value.clone());
    let wrong = error.is_some_and(|e| e.field == name);
    let (invalid, described) = (wrong.then_some("true"), wrong.then(|| format!("error-{name}")));
    let input = match kind {
        Kind::Cells(countries) => return cells(label, hint, countries, error),
        Kind::Line(suggestions) => {
            let list = format!("{name}-list");
            let options = suggestions.iter().map(|s| view! { <option value=s.clone()></option> }).collect_view();
            let has_list = !suggestions.is_empty();
            let data = has_list.then(|| view! { <datalist id=list.clone()>{options}</datalist> });
            view! {
                <input id=name name=name value=value list=has_list.then(|| list.clone()) aria-invalid=invalid aria-describedby=described />
                {data}
            }
            .into_any()
        }
        Kind::Pick(options) => {
            let options = options
                .iter()
                .map(|(v, label)| view! { <option value=v.clone() selected=*v == value>{label.clone()}</option> })
                .collect_view();
            view! { <select id=name name=name aria-invalid=invalid aria-describedby=described>{options}</select> }.into_any()
        }
        Kind::Lines => view! {
            <textarea id=name name=name rows="8" aria-invalid=invalid aria-describedby=described>{area_text(&value)}</textarea>
        }
        .into_any(),
        Kind::Time => view! {
            <input id=name name=name type="datetime-local" value=value aria-invalid=invalid aria-describedby=described />
        }
        .into_any(),
        Kind::Number(max) => view! {
            <input id=name name=name type="number" min="0" max=max.to_string() value=value aria-invalid=invalid aria-describedby=described />
        }
        .into_any(),
    };
    view! {
        <div class="f"><label for=name>{*label}" "<small>{*hint}</small></label>{input}{remark(error, name)}</div>
    }
    .into_any()
}

/// Boxes for cells, by country.
pub(super) fn cells(
    label: &'static str,
    hint: &'static str,
    countries: &[Country],
    error: Option<&FormError>,
) -> AnyView {
    let countries = countries
        .iter()
        .map(|(country, cells)| {
            let chosen = cells.iter().filter(|(_, _, is_chosen)| *is_chosen).count();
            let boxes = cells
                .iter()
                .map(|(id, component, is_chosen)| {
                    view! { <label class="radio"><input type="checkbox" name="cell" value=id.clone() checked=*is_chosen /><span>{component.clone()}</span></label> }
                })
                .collect_view();
            let count = (chosen > 0).then(|| view! { <small>{format!(" · {chosen} of {}", cells.len())}</small> });
            let is_open = chosen > 0;
            view! { <details open=is_open><summary>{country.clone()}{count}</summary><div class="picks">{boxes}</div></details> }
        })
        .collect_view();
    view! { <fieldset class="f"><legend>{label}" "<small>{hint}</small></legend>{countries}{remark(error, "cell")}</fieldset> }
        .into_any()
}
