//! Activations: events, journeys, windows, and what they say of a cell.

pub mod alert;
pub mod certificate;
pub mod degradation;
pub mod event;
pub mod kpi;
pub mod latency;
pub mod launch;
pub mod lifecycle;
pub mod mapping;
pub mod rollup;
pub mod scorecard;
pub mod supplier;
pub mod upstream;
