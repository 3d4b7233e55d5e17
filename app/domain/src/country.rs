//! Countries: ISO 3166-1 codes, English names, IANA time zones (from the public-domain tz database, zone.tab).

use std::sync::LazyLock;

/// One country of the tz database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2, upper case.
    pub code: &'static str,
    /// English short name.
    pub name: &'static str,
    /// IANA zones, the most populous first.
    pub zones: Vec<&'static str>,
}

static COUNTRIES: LazyLock<Vec<Country>> = LazyLock::new(|| {
    include_str!("countries.tsv")
        .lines()
        .filter_map(|line| {
            let mut columns = line.split('\t');
            Some(Country {
                code: columns.next()?,
                name: columns.next()?,
                zones: columns.next()?.split(' ').collect(),
            })
        })
        .collect()
});

/// Every known country, by code.
#[must_use]
pub fn all() -> &'static [Country] {
    &COUNTRIES
}

/// The country with this code (upper case).
#[must_use]
pub fn find(code: &str) -> Option<&'static Country> {
    COUNTRIES.iter().find(|c| c.code == code)
}
