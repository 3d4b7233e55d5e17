//! The whole way out, on both engines: real SMTP into the sink, real HTTP to receivers, time moved by hand.

mod audiences;
mod bad_receivers;
pub(crate) mod bench;
mod canary;
mod chat;
mod commits;
mod endpoints;
mod faults;
mod leases;
mod letters;
mod mail;
mod measured;
mod owners;
mod peer;
mod poison;
mod replays;
mod signatures;
mod webhooks;
