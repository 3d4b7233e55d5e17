//! Pieces that pages are made of.

mod bars;
mod card;
mod difference;
mod grid;
mod lists;
mod shape;
mod timeline;

pub use bars::{bars, service_lines};
pub use card::{due, facts, incident_card};
pub use difference::difference;
pub use grid::{grid, legend};
pub use lists::{breadcrumb, ledger, past_incidents};
pub use shape::{badge, class, severity_tag, shape};
pub use timeline::timeline;
