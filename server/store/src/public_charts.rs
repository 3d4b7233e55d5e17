//! Components whose success and latency over time everybody may see. None is, until somebody chooses it.

use domain::clock::Timestamp;

use crate::{Result, Tx};

statements! {
    SELECT_PUBLIC_CHARTS = "SELECT component_id FROM public_charts ORDER BY component_id";
    INSERT_PUBLIC_CHART = "INSERT INTO public_charts (component_id, created_at, created_by) VALUES ($1, $2, $3)
        ON CONFLICT (component_id) DO NOTHING";
    DELETE_PUBLIC_CHART = "DELETE FROM public_charts WHERE component_id = $1";
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
        execute!(self, DELETE_PUBLIC_CHART, component_id).map(drop)
    }
}
