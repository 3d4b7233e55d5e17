//! The rules of Waypost: statuses, promises, incidents, activations.
//!
//! Pure: no IO, no wall clock, no randomness of its own. Time and random bytes are parameters.

pub mod clock;
pub mod component;
pub mod country;
pub mod id;
pub mod severity;
pub mod status;
