//! The whole way out, on both engines: real SMTP into the sink, real HTTP to receivers, time moved by hand.

pub(crate) mod bench;
mod chat;
mod faults;
mod leases;
mod letters;
mod mail;
mod owners;
mod peer;
mod poison;
mod webhooks;
