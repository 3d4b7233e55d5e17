//! E-mail: addresses, bodies, messages, and the way out by SMTP.

pub mod address;
pub mod dkim;
pub mod inbound;
pub mod letter;
pub mod message;
pub mod pipe;
pub mod smtp;
mod stream;
pub mod template;

pub use address::MailAddress;
pub use letter::Letter;
pub use message::{Outgoing, Poison};
pub use pipe::{Announced, Envelope, Pipe};
pub use smtp::{Security, Smtp, SmtpSettings};
pub use template::Rendered;
