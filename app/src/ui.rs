//! Pieces that pages are made of.

mod area;
mod bars;
mod card;
mod chart;
mod difference;
mod evidence;
mod graph;
mod grid;
mod lists;
mod markup;
mod record;
mod shape;
mod spark;
mod timeline;
mod trend;

pub use area::area_text;
pub use bars::{bars, service_lines};
pub use card::{due, facts, incident_card};
pub use chart::{chart_table, charts, measured};
pub use difference::difference;
pub use evidence::{evidence_tables, evidence_verdict};
pub use graph::graphs;
pub use grid::{grid, legend};
pub use lists::{breadcrumb, ledger, past_incidents};
pub use markup::{markup, markup_body};
pub use record::{durations, events, said};
pub use shape::{badge, class, severity_tag, shape};
pub use spark::spark;
pub use timeline::timeline;
pub use trend::{Day, Trend, trend};
