//! Waypost's server: everything that does IO.

pub mod auth;
pub mod boot;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod evidence;
pub mod http;
pub mod ingest;
pub mod keys;
pub mod reads;
pub mod run;
pub mod simulate;
pub mod snapshot;
pub mod state;
pub mod worker;
