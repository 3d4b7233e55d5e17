//! Use cases. Each takes a transaction and a [`Ctx`], and writes its change, its clocks, its outbox rows and its
//! audit line together; the caller commits and wakes the workers.

pub mod audiences;
pub mod availability;
pub mod backfill;
pub mod canary;
pub mod cells;
pub mod certificates;
pub mod clocks;
pub mod degradation;
pub mod desk_book;
pub mod drafts;
pub mod edits;
pub mod engagement;
pub mod evidence;
pub mod incidents;
pub mod kept;
pub mod keys;
pub mod launches;
pub mod mappings;
pub mod measured;
pub mod merge;
pub mod notes;
pub mod notices;
pub mod partner_pages;
pub mod policies;
pub mod proposals;
pub mod public_charts;
pub mod rca;
pub mod rehearsals;
pub mod roles;
pub mod setup;
pub mod silent_fixes;
pub mod subscribe;
pub mod suppliers;
pub mod templates;
pub mod users;
pub mod workarounds;
pub mod writing;

use domain::clock::Timestamp;

use crate::clock::new_id;

/// Who acts, when, and under which correlation id.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// The time of the whole command.
    pub now: Timestamp,
    /// User id, key id, or `system`.
    pub actor: String,
    /// Name shown to colleagues.
    pub actor_name: String,
    /// Ties rows to log lines.
    pub correlation_id: String,
}

impl Ctx {
    /// Waypost itself acts.
    #[must_use]
    pub fn system(now: Timestamp) -> Self {
        Self { now, actor: "system".into(), actor_name: "Waypost".into(), correlation_id: new_id() }
    }

    /// Automation acts where a policy lets it act for people.
    #[must_use]
    pub fn automation(now: Timestamp) -> Self {
        Self { actor: "automation".into(), actor_name: "Automation".into(), ..Self::system(now) }
    }
}

/// Why a command did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A field is wrong. The form comes back as it was, with this beside the field.
    #[error("{field}: {message}")]
    Field {
        /// Name of the form field or JSON member.
        field: &'static str,
        /// What is wrong and what to do.
        message: String,
    },
    /// Somebody else changed it first, or its state does not allow this.
    #[error("{0}")]
    Conflict(String),
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::StoreError),
}

impl Refusal {
    /// A wrong field.
    pub fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Field { field, message: message.into() }
    }
}
