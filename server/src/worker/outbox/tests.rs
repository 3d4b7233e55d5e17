//! The whole way out, on both engines: real SMTP into the sink, real HTTP to receivers, time moved by hand.

mod audiences;
pub(crate) mod bench;
mod chat;
mod faults;
mod letters;
mod mail;
mod measured;
mod owners;
mod peer;
mod poison;
mod webhooks;
