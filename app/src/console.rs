//! The console: pages as functions of their models.

mod access;
pub mod backfill;
mod cells;
mod chrome;
pub mod command;
pub mod desk_book;
pub mod edit;
pub mod engagement;
mod incident;
mod lists;
pub mod model;
mod now;
pub mod pack;
pub mod policy;
pub mod rca;
pub mod record;
pub mod reviews;
mod settings;
pub mod templates;
pub mod writing;

pub use access::{code, message, people, recovery_codes, setup, sign_in};
pub use backfill::backfill;
pub use cells::{cell, telemetry};
pub use chrome::{Frame, ISLAND_LOADER};
pub use command::draft;
pub use edit::edit;
pub use incident::{declare, incident};
pub use lists::{incidents, mail, mail_spool, subscribers};
pub use now::now;
pub use policy::policy;
pub use rca::rca;
pub use record::{print, record};
pub use reviews::{reviews, week};
pub use settings::settings;
pub use templates::{template, templates};
pub use writing::rules;
