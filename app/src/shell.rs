//! Documents around pages.

pub mod public;
pub mod within;
