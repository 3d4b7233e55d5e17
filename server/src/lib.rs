//! Waypost's server: everything that does IO.

pub mod clock;
pub mod commands;
pub mod config;
pub mod keys;
pub mod state;
