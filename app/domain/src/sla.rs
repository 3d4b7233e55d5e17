//! Promises: the severity matrix as data, availability targets, business hours, and the clocks that run on them.

pub mod alerts;
pub mod availability;
pub mod clock;
pub mod hours;
pub mod ledger;
pub mod policy;
pub mod words;
