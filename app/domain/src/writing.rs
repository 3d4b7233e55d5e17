//! Words that are checked before they are published, the templates that they start from, and how versions differ.

pub mod diff;
mod eta;
pub mod linter;
pub mod policy;
pub mod template;
