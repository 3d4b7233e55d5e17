//! The grid: quiet when well, loud where broken.

use domain::status::CellStatus;
use leptos::prelude::*;

use super::shape::{badge, class, shape};
use crate::model::{Grid, GridCell};

/// The grid as a table that scrolls inside itself when it must.
pub fn grid(grid: &Grid) -> impl IntoView + use<> {
    let groups: Vec<_> = grid
        .groups
        .iter()
        .map(|g| {
            view! { <th scope="colgroup" colspan=g.span><a href=g.href.clone()>{g.name.clone()}</a></th> }
        })
        .collect();
    let countries: Vec<_> = grid
        .countries
        .iter()
        .map(|c| {
            view! {
                <th scope="col">
                    <a href=c.href.clone()><abbr title=c.name.clone()>{c.code.clone()}</abbr></a>
                </th>
            }
        })
        .collect();
    let rows: Vec<_> = grid
        .rows
        .iter()
        .map(|row| {
            let cells: Vec<_> = row
                .cells
                .iter()
                .zip(&grid.countries)
                .map(|(cell, country)| match cell {
                    Some(cell) => table_cell(cell, &country.name).into_any(),
                    None => view! { <td></td> }.into_any(),
                })
                .collect();
            view! { <tr><th scope="row"><a href=row.href.clone()>{row.name.clone()}</a></th>{cells}</tr> }
        })
        .collect();
    let columns: Vec<_> = grid.countries.iter().map(|_| view! { <col /> }).collect();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Services by country">
            <table class="grid">
                <colgroup><col />{columns}</colgroup>
                <thead>
                    <tr><td></td>{groups}</tr>
                    <tr><th scope="col">"Service"</th>{countries}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn table_cell(cell: &GridCell, country: &str) -> impl IntoView + use<> {
    view! {
        <td class=class(cell.status)>
            <a href=cell.href.clone()>
                {shape(cell.status)}
                <span class="v">{format!("{country}: {}", cell.status.words())}</span>
            </a>
        </td>
    }
}

/// What the shapes mean, and what grey means.
pub fn legend() -> impl IntoView {
    let items: Vec<_> = CellStatus::ALL.into_iter().map(|s| view! { <li>{badge(s)}</li> }).collect();
    view! {
        <ul class="legend">{items}</ul>
        <p class="note">
            "No data: too few fresh measurements to say. It is never shown as working, and is left out of the uptime."
        </p>
    }
}
