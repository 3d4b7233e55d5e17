//! What every public page shows around its content.

use domain::language::Language;

/// The frame of a public page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// Name of the page: `Meridian eSIM`.
    pub name: String,
    /// The database is out of reach: `08:31 UTC`, when the data shown was read. None while all is well.
    pub stale_since: Option<String>,
    /// Whether there are evidence packs: on a partner's page.
    pub has_evidence: bool,
    /// A narrower feed than the whole page's: title and address.
    pub feed: Option<(String, String)>,
    /// The language of the frame and of our own words; English wherever no subscriber has chosen.
    pub language: Language,
    /// Where the same page is in other languages: what follows `lang=` is added. None: it comes in one language.
    pub in_other_languages: Option<String>,
}

impl Site {
    /// A page without anything special.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same in another language.
    #[must_use]
    pub fn speaking(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// A sample.
    #[must_use]
    pub fn sample() -> Self {
        Self::new("Meridian eSIM")
    }
}
