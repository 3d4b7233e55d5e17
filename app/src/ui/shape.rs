//! Status by shape, word and colour: always all three.

use domain::{severity::Severity, status::CellStatus};
use leptos::prelude::*;

/// The class that carries a status' colour.
#[must_use]
pub const fn class(status: CellStatus) -> &'static str {
    match status {
        CellStatus::Operational => "ok",
        CellStatus::Degraded => "dg",
        CellStatus::PartialOutage => "po",
        CellStatus::MajorOutage => "mo",
        CellStatus::UnderMaintenance => "mt",
        CellStatus::NoData => "nd",
    }
}

/// Its outline on a 16 × 16 field: dot, triangle, diamond, square, bar, dashed ring.
const fn outline(status: CellStatus) -> &'static str {
    match status {
        CellStatus::Operational => "M8 5a3 3 0 1 0 .01 0z",
        CellStatus::Degraded => "M8 2l6.5 12h-13z",
        CellStatus::PartialOutage => "M8 .8L15.2 8 8 15.2.8 8z",
        CellStatus::MajorOutage => "M2 2h12v12H2z",
        CellStatus::UnderMaintenance => "M1 5.5h14v5H1z",
        CellStatus::NoData => "M8 3.5a4.5 4.5 0 1 0 .01 0z",
    }
}

/// The shape alone; its word must stand beside it.
pub fn shape(status: CellStatus) -> impl IntoView {
    view! { <svg class=class(status) viewBox="0 0 16 16" aria-hidden="true"><path d=outline(status)></path></svg> }
}

/// Shape and word.
pub fn badge(status: CellStatus) -> impl IntoView {
    view! { <span class="bdg">{shape(status)}{status.words()}</span> }
}

/// `Sev 2 · Major`.
pub fn severity_tag(severity: Severity, status: CellStatus) -> impl IntoView {
    view! { <b class=format!("tag {}", class(status))>{format!("{} · {}", severity.label(), severity.word())}</b> }
}
