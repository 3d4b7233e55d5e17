//! The demo: everything that makes a fresh instance worth looking at. Binds to this machine only.

pub mod sink;
