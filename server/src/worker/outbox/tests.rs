//! The whole way out, on both engines: real SMTP into the sink, real HTTP to receivers, time moved by hand.

pub(crate) mod bench;
mod chat;
mod faults;
mod mail;
mod peer;
mod webhooks;
