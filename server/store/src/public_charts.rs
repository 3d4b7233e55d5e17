//! Components whose success and latency over time everybody may see. None is, until somebody chooses it.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    SELECT_PUBLIC_CHARTS = "SELECT component_id FROM public_charts ORDER BY component_id";
    INSERT_PUBLIC_CHART = "INSERT INTO public_charts (component_id, created_at, created_by) VALUES ($1, $2, $3)
        ON CONFLICT (component_id) DO NOTHING";
    DELETE_PUBLIC_CHART = "DELETE FROM public_charts WHERE component_id = $1";
    SELECT_CHART_SERIES = "SELECT s.component_id, s.country_code, s.body FROM public_chart_series s
        JOIN public_charts c ON c.component_id = s.component_id";
    UPSERT_CHART_SERIES = "INSERT INTO public_chart_series (component_id, country_code, drawn_at, body) VALUES ($1, $2, $3, $4)
        ON CONFLICT (component_id, country_code) DO UPDATE SET drawn_at = excluded.drawn_at, body = excluded.body";
    DELETE_CHART_SERIES = "DELETE FROM public_chart_series WHERE component_id = $1";
}

impl Tx {
    /// Ids of components with public charts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn public_charts(&mut self) -> Result<Vec<String>> {
        let rows = fetch_all!(self, (String,), SELECT_PUBLIC_CHARTS)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Shows a component's charts to everybody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_public_chart(&mut self, component_id: &str, now: Timestamp, by: &str) -> Result<()> {
        execute!(self, INSERT_PUBLIC_CHART, component_id, now.millis(), by).map(drop)
    }

    /// Shows them no longer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_public_chart(&mut self, component_id: &str) -> Result<()> {
        execute!(self, DELETE_CHART_SERIES, component_id)?;
        execute!(self, DELETE_PUBLIC_CHART, component_id).map(drop)
    }

    /// What public charts show: component id, ISO code (empty: all countries), JSON.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn chart_series(&mut self) -> Result<Vec<(String, String, String)>> {
        fetch_all!(self, (String, String, String), SELECT_CHART_SERIES)
    }

    /// Draws a chart anew.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_chart_series(
        &mut self,
        component_id: &str,
        country: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<()> {
        execute!(self, UPSERT_CHART_SERIES, component_id, country, now.millis(), body).map(drop)
    }
}
