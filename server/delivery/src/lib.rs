//! Sends: e-mail by SMTP, webhooks and chat messages by HTTP; and writes the feeds. Nothing here touches the database or the clock.

pub mod chat;
pub mod email;
pub mod feed;
pub mod markdown;
pub mod outcome;
pub mod sample;
pub mod schedule;
mod tls;
pub mod webhook;
