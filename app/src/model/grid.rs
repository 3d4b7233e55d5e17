//! The grid: components down, countries across, grouped by portfolio.

use domain::{component::DEFAULTS, status::CellStatus};

use crate::paths;

/// The grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Portfolios over their countries.
    pub groups: Vec<GridGroup>,
    /// Countries, in the order of the columns.
    pub countries: Vec<GridCountry>,
    /// Components.
    pub rows: Vec<GridRow>,
}

/// A portfolio over its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridGroup {
    /// Name.
    pub name: String,
    /// Address.
    pub href: String,
    /// Number of countries.
    pub span: usize,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridCountry {
    /// `FR`.
    pub code: String,
    /// `France`.
    pub name: String,
    /// Address.
    pub href: String,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridRow {
    /// Component name.
    pub name: String,
    /// Address.
    pub href: String,
    /// One cell per country; none where the component is not sold.
    pub cells: Vec<Option<GridCell>>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridCell {
    /// Address.
    pub href: String,
    /// Shown status.
    pub status: CellStatus,
}

impl Grid {
    /// Seven components in nine countries; one partial outage, one degraded, two without data.
    #[must_use]
    pub fn sample() -> Self {
        let countries = [
            ("FR", "France"),
            ("IT", "Italy"),
            ("ES", "Spain"),
            ("DE", "Germany"),
            ("PT", "Portugal"),
            ("GB", "United Kingdom"),
            ("US", "United States"),
            ("CA", "Canada"),
            ("MX", "Mexico"),
        ];
        let status = |component: &str, country: &str| match (component, country) {
            ("euicc-download", "ES") => CellStatus::PartialOutage,
            ("activation-api", "ES") => CellStatus::Degraded,
            ("voice", "MX") => CellStatus::MajorOutage,
            ("voice", "CA") | ("sms", "CA") => CellStatus::NoData,
            ("sms", "MX") => CellStatus::UnderMaintenance,
            _ => CellStatus::Operational,
        };
        Self {
            groups: vec![
                GridGroup {
                    name: "Western Europe".into(),
                    href: paths::portfolio("western-europe"),
                    span: 6,
                },
                GridGroup { name: "North America".into(), href: paths::portfolio("north-america"), span: 3 },
            ],
            countries: countries
                .iter()
                .map(|(code, name)| GridCountry {
                    code: (*code).into(),
                    name: (*name).into(),
                    href: paths::country(code),
                })
                .collect(),
            rows: DEFAULTS
                .iter()
                .map(|(slug, name, _)| GridRow {
                    name: (*name).into(),
                    href: paths::component(slug),
                    cells: countries
                        .iter()
                        .map(|(code, _)| {
                            Some(GridCell { href: paths::cell(code, slug), status: status(slug, code) })
                        })
                        .collect(),
                })
                .collect(),
        }
    }
}
