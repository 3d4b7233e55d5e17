//! Named SQL texts, so that all of them can be prepared on both engines by one test.

use crate::Engine;

/// One named statement. `None` for an engine: it does not exist there.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// Its name in the source.
    pub name: &'static str,
    /// The text for SQLite.
    pub sqlite: Option<&'static str>,
    /// The text for PostgreSQL.
    pub postgres: Option<&'static str>,
}

impl Statement {
    /// The text for an engine.
    #[must_use]
    pub fn text(&self, engine: Engine) -> Option<&'static str> {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

/// The statements of every table but the KPIs', whose are spread over rooms of their own.
const TABLES: &[&[Statement]] = &[
    crate::activation_events::STATEMENTS,
    crate::activations::STATEMENTS,
    crate::alerts::STATEMENTS,
    crate::arrivals::STATEMENTS,
    crate::audiences::STATEMENTS,
    crate::audit::STATEMENTS,
    crate::canary::STATEMENTS,
    crate::cells::STATEMENTS,
    crate::certificates::STATEMENTS,
    crate::change_evidence::STATEMENTS,
    crate::claims::STATEMENTS,
    crate::clocks::STATEMENTS,
    crate::contacts::STATEMENTS,
    crate::corrective_actions::STATEMENTS,
    crate::deliveries::STATEMENTS,
    crate::delivery_attempts::STATEMENTS,
    crate::drafts::STATEMENTS,
    crate::engagements::STATEMENTS,
    crate::evidence_packs::STATEMENTS,
    crate::grid::STATEMENTS,
    crate::incidents::STATEMENTS,
    crate::key_holds::STATEMENTS,
    crate::launches::STATEMENTS,
    crate::leases::STATEMENTS,
    crate::mail_back::STATEMENTS,
    crate::mappings::STATEMENTS,
    crate::measured::STATEMENTS,
    crate::measured_told::STATEMENTS,
    crate::notes::STATEMENTS,
    crate::outbox::STATEMENTS,
    crate::owner_notices::STATEMENTS,
    crate::page::STATEMENTS,
    crate::partners::STATEMENTS,
    crate::policies::STATEMENTS,
    crate::proposals::STATEMENTS,
    crate::public_charts::STATEMENTS,
    crate::rehearsals::STATEMENTS,
    crate::reminders::STATEMENTS,
    crate::replays::STATEMENTS,
    crate::retention::STATEMENTS,
    crate::reviews::STATEMENTS,
    crate::roles::STATEMENTS,
    crate::rotas::STATEMENTS,
    crate::runbooks::STATEMENTS,
    crate::silent_fixes::STATEMENTS,
    crate::soft_bounces::STATEMENTS,
    crate::sources::STATEMENTS,
    crate::subscribers::STATEMENTS,
    crate::subscription_requests::STATEMENTS,
    crate::supplier_nodes::STATEMENTS,
    crate::supplier_periods::STATEMENTS,
    crate::suppliers::STATEMENTS,
    crate::templates::STATEMENTS,
    crate::trials::STATEMENTS,
    crate::updates::STATEMENTS,
    crate::upstreams::STATEMENTS,
    crate::users::STATEMENTS,
    crate::watches::STATEMENTS,
    crate::weekly_summaries::STATEMENTS,
    crate::writing::STATEMENTS,
];

/// Every statement of the crate.
#[must_use]
pub fn all() -> Vec<Statement> {
    [TABLES, &crate::kpis::STATEMENTS].concat().concat()
}
