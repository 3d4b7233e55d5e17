//! What every public page shows around its content.

/// The frame of a public page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// Name of the page: `Meridian eSIM`.
    pub name: String,
    /// The database is out of reach: `08:31 UTC`, when the data shown was read. None while all is well.
    pub stale_since: Option<String>,
    /// A narrower feed than the whole page's: title and address.
    pub feed: Option<(String, String)>,
}

impl Site {
    /// A page without anything special.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), stale_since: None, feed: None }
    }

    /// A sample.
    #[must_use]
    pub fn sample() -> Self {
        Self::new("Meridian eSIM")
    }
}
