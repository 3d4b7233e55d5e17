//! Rows to view models: everything public, loaded at once and kept in memory.

pub mod api;
pub mod blast;
pub mod cards;
pub mod charts;
pub mod deliveries;
pub mod edits;
pub mod explored;
pub mod feed;
pub mod notice;
pub mod pages;
pub mod promises;
pub mod reviews;
pub mod scorecard;
pub mod supplier_book;
pub mod world;

pub use blast::Blast;
pub use world::World;
