//! Sends: e-mail by SMTP, webhooks by HTTP; and writes the feeds. Nothing here touches the database or the clock.

pub mod email;
pub mod feed;
pub mod markdown;
pub mod outcome;
pub mod sample;
pub mod schedule;
mod tls;
pub mod webhook;
