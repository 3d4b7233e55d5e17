//! The rules of Waypost: statuses, promises, incidents, activations.
//!
//! Pure: no IO, no wall clock, no randomness of its own. Time and random bytes are parameters.

pub mod audience;
pub mod clock;
pub mod clock_local;
pub mod component;
pub mod country;
pub mod engagement;
pub mod evidence;
pub mod id;
pub mod incident;
pub mod language;
pub mod lead;
pub mod month;
pub mod notice;
pub mod period;
pub mod rehearsal;
pub mod review;
pub mod roster;
pub mod scope;
pub mod severity;
pub mod sla;
pub mod status;
pub mod telemetry;
pub mod text;
pub mod uptime;
pub mod week;
pub mod writing;
