//! Who may do what: passwords, second factors, sessions, roles, and the guard in front of every console route.

pub mod guard;
pub mod limits;
pub mod password;
pub mod role;
pub mod session;
pub mod sure;
pub mod totp;
