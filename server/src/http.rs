//! The doors.

pub mod serve;
