//! An incident's story in words.

use domain::{
    clock_local::Place,
    notice::{full_title, scope, scoped_title},
    scope::Spot,
    status::CellStatus,
};
use store::{ComponentRow, CountryRow};

use super::{Story, World};

impl Story {
    /// Where its cells lie.
    #[must_use]
    pub fn spots(&self, world: &World) -> Vec<Spot> {
        let spot = |id: &String| {
            let cell = world.cell(id)?;
            let country = world.country(&cell.country_code)?;
            Some(Spot {
                component: world.component_of(cell)?.slug.clone(),
                country: cell.country_code.clone(),
                portfolio: world.portfolios.iter().find(|p| p.id == country.portfolio_id)?.slug.clone(),
            })
        };
        self.cells.iter().filter_map(spot).collect()
    }

    /// Affected countries in page order.
    #[must_use]
    pub fn countries<'w>(&self, world: &'w World) -> Vec<&'w CountryRow> {
        let is_mine =
            |code: &str| self.cells.iter().any(|id| world.cell(id).is_some_and(|c| c.country_code == code));
        world.countries.iter().filter(|c| is_mine(&c.code)).collect()
    }

    /// Affected components in page order.
    #[must_use]
    pub fn components<'w>(&self, world: &'w World) -> Vec<&'w ComponentRow> {
        let is_mine =
            |id: &str| self.cells.iter().any(|c| world.cell(c).is_some_and(|c| c.component_id == id));
        world.components.iter().filter(|c| is_mine(&c.id)).collect()
    }

    /// Affected countries with their zones.
    #[must_use]
    pub fn places(&self, world: &World) -> Vec<Place> {
        self.countries(world)
            .into_iter()
            .map(|c| Place { name: c.name.clone(), zone: c.zone.clone() })
            .collect()
    }

    /// `France/eUICC download – …`, without severity.
    #[must_use]
    pub fn scoped_title(&self, world: &World) -> String {
        scoped_title(&self.scope(world), &self.row.title)
    }

    /// `[Sev 2] France/eUICC download – …`.
    #[must_use]
    pub fn full_title(&self, world: &World) -> String {
        full_title(self.row.severity, &self.scope(world), &self.row.title)
    }

    /// What helps while it is not over, in page order: ISO code, country, words.
    #[must_use]
    pub fn workarounds(&self, world: &World) -> Vec<(String, String, String)> {
        if self.row.resolved_at.is_some() {
            return Vec::new();
        }
        let mine = world.workarounds.get(&self.row.id).map(Vec::as_slice).unwrap_or_default();
        let of = |c: &CountryRow| {
            let row = mine.iter().find(|w| w.country_code == c.code)?;
            Some((c.code.clone(), c.name.clone(), row.text.clone()))
        };
        world.countries.iter().filter_map(of).collect()
    }

    fn scope(&self, world: &World) -> String {
        let countries: Vec<&str> = self.countries(world).iter().map(|c| c.name.as_str()).collect();
        let components: Vec<&str> = self.components(world).iter().map(|c| c.name.as_str()).collect();
        scope(&countries, &components)
    }

    /// The worst status among its cells.
    #[must_use]
    pub fn status(&self, world: &World) -> CellStatus {
        let cells = self.cells.iter().filter_map(|id| world.cell(id)).map(|c| c.status);
        cells.reduce(CellStatus::worse).unwrap_or(CellStatus::NoData)
    }
}
