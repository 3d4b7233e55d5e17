//! Activations: events, journeys, windows, and what they say of a cell.

pub mod alert;
pub mod canary;
pub mod chart;
pub mod degradation;
pub mod event;
pub mod judge;
pub mod kpi;
pub mod lifecycle;
pub mod mapping;
pub mod reason;
pub mod replay;
pub mod rule;
