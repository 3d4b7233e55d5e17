//! The API, from outside: the real router behind the real accept loop, on both engines, with a manual clock.

#[macro_use]
mod harness;

mod access;
mod audiences;
mod command;
mod connections;
mod degradation;
mod doors;
mod engagement;
mod evidence;
mod export;
mod incidents;
mod ingest;
mod judge;
mod kpis;
mod launches;
mod long_history;
mod public;
mod rehearsals;
mod reviews;
mod sign_in;
mod simulated_day;
mod six_hours;
mod subscribers;
mod suppliers;
mod tasks;
mod texts;
mod writing;
