//! View models: plain owned data, strings and numbers ready to be shown. Every model has a `sample()` with the ugly
//! cases in it: long names, markup in text, missing figures.

mod bars;
mod cell;
mod chart;
mod edits;
mod evidence;
mod front;
mod grid;
mod history;
mod incident;
mod message;
mod promises;
mod region;
mod review;
mod scope;
mod site;
mod subscribe;
mod verdict;

pub use bars::Bars;
pub use cell::{CellChange, CellPage};
pub use chart::{Chart, ChartTable, Charts};
pub use edits::{EditedText, EditedUpdate, EditsPage};
pub use evidence::{EvidenceList, EvidencePage};
pub use front::Front;
pub use grid::{Grid, GridCell, GridCountry, GridGroup, GridRow};
pub use history::{HistoryMonth, HistoryPage, PastIncident};
pub use incident::{AffectedCell, Due, IncidentCard, IncidentPage, Markup, TimelineUpdate};
pub use message::{Button, Message};
pub use promises::{PromiseLine, PromisesPage};
pub use region::{RegionPage, ServiceLine};
pub use review::{PromisedAction, ReviewPage, ReviewPart, SummaryLine, SummaryPage};
pub use scope::{Choice, PortfolioChoice, ScopeForm};
pub use site::Site;
pub use subscribe::{ManagePage, ManagedMessage, SubscribePage};
pub use verdict::{Scope, Verdict, VerdictCell, service_phrase, verdict};
