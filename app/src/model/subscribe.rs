//! The subscription form, with what was typed kept.

use super::Site;

/// The page with the form. Field names: `channel` (email | webhook), `address`, `countries` (codes, repeated; none: the
/// whole page), and `website`, which people never see and robots fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribePage {
    /// Frame.
    pub site: Site,
    /// `email` or `webhook`.
    pub channel: String,
    /// What was typed.
    pub address: String,
    /// Countries by portfolio, the chosen ones ticked.
    pub portfolios: Vec<PortfolioChoice>,
    /// Field name and what is wrong with it.
    pub errors: Vec<(String, String)>,
    /// The wording that the subscriber agrees to.
    pub consent: String,
}

/// A portfolio in the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioChoice {
    /// Name.
    pub name: String,
    /// Its countries.
    pub countries: Vec<CountryChoice>,
}

/// A country in the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountryChoice {
    /// `FR`.
    pub code: String,
    /// `France`.
    pub name: String,
    /// Ticked.
    pub is_chosen: bool,
}

/// What a subscriber agrees to; stored with the subscription.
pub const CONSENT: &str = "We use your address only to send you these notices. You confirm it first, and every notice \
                           has a link that ends them at once.";

impl SubscribePage {
    /// The error of a field.
    #[must_use]
    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(f, _)| f == field).map(|(_, message)| message.as_str())
    }

    /// An empty form over these countries.
    #[must_use]
    pub fn empty(site: Site, portfolios: Vec<PortfolioChoice>) -> Self {
        Self {
            site,
            channel: "email".into(),
            address: String::new(),
            portfolios,
            errors: Vec::new(),
            consent: CONSENT.into(),
        }
    }

    /// A form that came back with errors.
    #[must_use]
    pub fn sample() -> Self {
        let choice = |code: &str, name: &str, is_chosen| CountryChoice {
            code: code.into(),
            name: name.into(),
            is_chosen,
        };
        let portfolios = vec![
            PortfolioChoice {
                name: "Western Europe".into(),
                countries: vec![
                    choice("FR", "France", true),
                    choice("IT", "Italy", false),
                    choice("ES", "Spain", false),
                    choice("GB", "United Kingdom", false),
                ],
            },
            PortfolioChoice {
                name: "North America".into(),
                countries: vec![choice("US", "United States", false)],
            },
        ];
        Self {
            address: "me@\"><script>".into(),
            errors: vec![(
                "address".into(),
                "This is not an e-mail address. An example: you@example.com".into(),
            )],
            ..Self::empty(Site::sample(), portfolios)
        }
    }
}
