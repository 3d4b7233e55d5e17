//! The store on both engines, and the laws that keep the two alike.

mod append_only;
mod dependencies;
mod migrations;
mod page;
mod parity;
mod source;
mod statements;
