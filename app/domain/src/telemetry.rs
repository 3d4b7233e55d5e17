//! Activations: events, journeys, windows, and what they say of a cell.

pub mod alert;
pub mod canary;
pub mod certificate;
pub mod chart;
pub mod degradation;
pub mod event;
pub mod judge;
pub mod kpi;
pub mod latency;
pub mod launch;
pub mod lifecycle;
pub mod mapping;
pub mod reason;
pub mod replay;
pub mod rollup;
pub mod rule;
pub mod scorecard;
pub mod share;
pub mod supplier;
pub mod upstream;
