//! The grid: portfolios, countries, components.

use domain::{clock::Timestamp, component::Step};

use crate::{Result, Tx};

statements! {
    INSERT_PORTFOLIO = "INSERT INTO portfolios (id, slug, name, position, created_at) VALUES ($1, $2, $3, $4, $5)";
    SELECT_PORTFOLIOS = "SELECT id, slug, name, position FROM portfolios ORDER BY position, slug";
    INSERT_COUNTRY = "INSERT INTO countries (code, group_id, name, zone, portfolio_id, position, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    SELECT_COUNTRIES = "SELECT c.code, c.group_id, c.name, c.zone, c.portfolio_id, c.position, c.created_at
        FROM countries c JOIN portfolios p ON p.id = c.portfolio_id ORDER BY p.position, c.position, c.code";
    INSERT_COMPONENT = "INSERT INTO components (id, slug, name, bound_step, position, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    SELECT_COMPONENTS = "SELECT id, slug, name, bound_step, position, created_at FROM components ORDER BY position, slug";
}

/// A row of `portfolios`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PortfolioRow {
    /// Public id.
    pub id: String,
    /// `western-europe`.
    pub slug: String,
    /// Name shown.
    pub name: String,
    /// Order on the page.
    pub position: i64,
}

/// A row of `countries`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CountryRow {
    /// ISO code, upper case.
    pub code: String,
    /// Public id of its Statuspage group.
    pub group_id: String,
    /// Name shown.
    pub name: String,
    /// IANA zone.
    pub zone: String,
    /// Its portfolio.
    pub portfolio_id: String,
    /// Order within the portfolio.
    pub position: i64,
    /// When it was added.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
}

/// A row of `components`.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ComponentRow {
    /// Public id.
    pub id: String,
    /// `euicc-download`.
    pub slug: String,
    /// Name shown.
    pub name: String,
    bound_step: Option<String>,
    /// Order on the page.
    pub position: i64,
    /// When it was added.
    #[sqlx(try_from = "i64")]
    pub created_at: Timestamp,
}

impl ComponentRow {
    /// The step of the journey whose success is this component's measure.
    #[must_use]
    pub fn step(&self) -> Option<Step> {
        self.bound_step.clone().and_then(|s| Step::try_from(s).ok())
    }
}

impl Tx {
    /// Adds a portfolio.
    pub async fn insert_portfolio(&mut self, row: &PortfolioRow, now: Timestamp) -> Result<()> {
        execute!(self, INSERT_PORTFOLIO, &row.id, &row.slug, &row.name, row.position, now.millis()).map(drop)
    }

    /// Portfolios in page order.
    pub async fn portfolios(&mut self) -> Result<Vec<PortfolioRow>> {
        fetch_all!(self, PortfolioRow, SELECT_PORTFOLIOS)
    }

    /// Adds a country.
    pub async fn insert_country(&mut self, row: &CountryRow) -> Result<()> {
        let at = row.created_at.millis();
        execute!(
            self,
            INSERT_COUNTRY,
            &row.code,
            &row.group_id,
            &row.name,
            &row.zone,
            &row.portfolio_id,
            row.position,
            at
        )
        .map(drop)
    }

    /// Countries in page order.
    pub async fn countries(&mut self) -> Result<Vec<CountryRow>> {
        fetch_all!(self, CountryRow, SELECT_COUNTRIES)
    }

    /// Adds a component.
    pub async fn insert_component(
        &mut self,
        id: &str,
        slug: &str,
        name: &str,
        step: Option<Step>,
        position: i64,
        now: Timestamp,
    ) -> Result<()> {
        execute!(self, INSERT_COMPONENT, id, slug, name, step.map(Step::slug), position, now.millis())
            .map(drop)
    }

    /// Components in page order.
    pub async fn components(&mut self) -> Result<Vec<ComponentRow>> {
        fetch_all!(self, ComponentRow, SELECT_COMPONENTS)
    }
}
