//! The only crate with sqlx. One SQL text runs on two typed pools: SQLite (embedded) and PostgreSQL.
//!
//! Every statement is a named constant made by [`statements!`], so that a test can prepare all of them on both
//! engines. Functions hang on [`Tx`]; reads and writes alike go through one.

#[macro_use]
mod tx;
mod activation_events;
mod activations;
mod alerts;
mod arrivals;
mod audiences;
mod audit;
mod canary;
mod cells;
mod certificates;
mod change_evidence;
mod clocks;
mod contacts;
mod corrective_actions;
mod deliveries;
mod delivery_attempts;
mod disk;
mod drafts;
mod engagements;
mod error;
mod evidence_packs;
mod grid;
mod incidents;
mod key_holds;
pub mod kpis;
mod launches;
mod leases;
mod mail_back;
mod mappings;
mod measured;
mod measured_told;
mod notes;
mod open;
mod outbox;
mod owner_notices;
mod page;
mod partners;
pub mod policies;
mod proposals;
mod public_charts;
mod rehearsals;
mod reminders;
mod replays;
mod retention;
mod reviews;
mod roles;
mod rotas;
mod runbooks;
mod silent_fixes;
mod soft_bounces;
mod sources;
pub mod statement;
mod subscribers;
mod subscription_requests;
mod supplier_nodes;
mod supplier_periods;
mod suppliers;
mod templates;
#[cfg(feature = "testing")]
pub mod testing;
mod trials;
mod updates;
mod upstreams;
mod users;
mod watches;
mod weekly_summaries;
mod writing;

pub use activation_events::EventRow;
pub use activations::{BinKey, RollupDelta, RollupKey, Window};
pub use alerts::AlertRow;
pub use arrivals::Arrival;
pub use audiences::PartnerFactRow;
pub use audit::{AuditEntry, AuditRow, Chain};
pub use canary::{CanaryChangeRow, CanaryVerdictRow};
pub use cells::{CellChangeRow, CellRow};
pub use certificates::{CertificateRow, TlsHostRow};
pub use change_evidence::ChangeEvidenceRow;
pub use contacts::ContactRow;
pub use corrective_actions::CorrectiveActionRow;
pub use deliveries::{ClaimedMail, ClaimedRow, DeliveryRow, QueueRow, Taken};
pub use delivery_attempts::DeliveryAttemptRow;
pub use drafts::DraftRow;
pub use engagements::{EngagementRow, PublicEngagementRow};
pub use error::StoreError;
pub use evidence_packs::EvidencePackRow;
pub use grid::{ComponentRow, CountryRow, PortfolioRow};
pub use incidents::{IncidentCellRow, IncidentRow};
pub use key_holds::{KeyHoldRow, WithheldRow};
pub use kpis::{
    ComponentKpis, CorrectionRow, DeltaDims, KpiDelta, KpiErrors, KpiKey, KpiRollups, KpiRow, KpiScope,
    LivePlace, LiveRollups, Mttr, NameKind, StepKpis, SupplierKpis,
};
pub use launches::{CheckRow, LaunchRow};
pub use leases::OwnerSession;
pub use mail_back::MailPauseRow;
pub use mappings::{MappingRow, UnmappedRow};
pub use measured::MeasuredRow;
pub use measured_told::{MeasuredToldRow, NetChange, net};
pub use notes::NoteRow;
pub use open::{Engine, Store};
pub use outbox::OutboxRow;
pub use owner_notices::OwnerNoticeRow;
pub use page::PageRow;
pub use partners::PartnerRow;
pub use proposals::{ProposalCellRow, ProposalRow};
pub use rehearsals::RehearsalRow;
pub use reminders::ReminderRow;
pub use replays::Buckets;
pub use reviews::ReviewRow;
pub use roles::IncidentRoleRow;
pub use rotas::ShiftRow;
pub use runbooks::RunbookRow;
pub use silent_fixes::SilentFixRow;
pub use sources::{ApiKeyRow, HeartbeatRow, SourceRow};
pub use subscribers::{RecipientCount, RecipientRow, SubscriberRow};
pub use subscription_requests::SubscriptionRequestRow;
pub use supplier_nodes::{MoveRow, NodeRow};
pub use supplier_periods::{SupplierCallRow, SupplierDay, SupplierPeriod};
pub use suppliers::SupplierRow;
pub use templates::TemplateRow;
pub use trials::TrialRow;
pub use tx::Tx;
pub use updates::{UpdateCellRow, UpdateRow};
pub use upstreams::UpstreamRow;
pub use users::{SessionRow, UserRow};
pub use watches::WatchRow;
pub use weekly_summaries::WeeklySummaryRow;
pub use writing::{UpdateVersionRow, WorkaroundRow};

/// Result of every store call.
pub type Result<T> = std::result::Result<T, StoreError>;
