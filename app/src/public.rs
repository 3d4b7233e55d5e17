//! Public pages: pure functions of their view models, complete without script.

mod api;
mod cell;
mod edits;
mod evidence;
mod front;
mod history;
mod incident;
mod manage;
mod message;
mod promises;
mod region;
mod review;
mod scope;
mod subscribe;

pub use api::api_page;
pub use cell::cell_page;
pub use edits::edits_page;
pub use evidence::{evidence_list_page, evidence_page};
pub use front::front_page;
pub use history::history_page;
pub use incident::incident_page;
pub use manage::manage_page;
pub use message::message_page;
pub use promises::promises_page;
pub use region::region_page;
pub use review::{rca_page, summary_page};
pub use subscribe::subscribe_page;
