//! Documents around pages.

pub mod public;
