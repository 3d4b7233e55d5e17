//! Background work. Each worker has a `run` that loops until the stop, and one step that tests call by hand.

pub mod background;
pub mod degradation;
pub mod housekeeping;
pub mod journeys;
pub mod kpis;
pub mod launches;
pub mod outbox;
pub mod presence;
pub mod retention;
pub mod suppliers;
pub mod timers;
