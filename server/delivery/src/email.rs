//! E-mail: addresses, bodies, messages, and the way out by SMTP.

pub mod address;
pub mod message;
pub mod smtp;
mod stream;
pub mod template;

pub use address::MailAddress;
pub use message::{Outgoing, Poison};
pub use smtp::{Security, Smtp, SmtpSettings};
pub use template::Rendered;
