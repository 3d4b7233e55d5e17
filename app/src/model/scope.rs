//! The part of a form that says what a subscription is about.

/// What to hear of, as it stands in a form. Field names: `what` (everything | chosen | incident), `portfolios` and
/// `countries` and `components` (repeated), `incident`, `min_severity` (1 to 4), `maintenance_only`, `measured`, `trip_from`,
/// `trip_until` (dates), `time_zone`, `language`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeForm {
    /// `everything`, `chosen`, `incident`, or empty: nothing is chosen for anybody by default.
    pub what: String,
    /// The incident that is offered: id and title.
    pub incident: Option<(String, String)>,
    /// Countries by portfolio, the chosen ones ticked.
    pub portfolios: Vec<PortfolioChoice>,
    /// Components.
    pub components: Vec<Choice>,
    /// 1 to 4; 4: all.
    pub min_severity: i64,
    /// Planned work only.
    pub is_maintenance_only: bool,
    /// Also what telemetry changes.
    pub tells_measured: bool,
    /// First day, `2026-03-03`.
    pub trip_from: String,
    /// Last day.
    pub trip_until: String,
    /// IANA zone.
    pub time_zone: String,
    /// Zones that are suggested.
    pub zones: Vec<String>,
    /// Chosen language.
    pub language: String,
    /// Code and name.
    pub languages: Vec<(String, String)>,
}

/// A portfolio in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortfolioChoice {
    /// Slug.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Ticked as a whole.
    pub is_chosen: bool,
    /// Its countries.
    pub countries: Vec<Choice>,
}

/// Something to tick.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// `FR`, `sms`.
    pub value: String,
    /// `France`, `SMS`.
    pub name: String,
    /// Ticked.
    pub is_chosen: bool,
}

impl Choice {
    /// One of a list.
    #[must_use]
    pub fn new(value: &str, name: &str, is_chosen: bool) -> Self {
        Self { value: value.into(), name: name.into(), is_chosen }
    }
}

impl ScopeForm {
    /// Whether anything beyond place and service is set.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.min_severity < 4
            || self.is_maintenance_only
            || self.tells_measured
            || !self.trip_from.is_empty()
            || !self.trip_until.is_empty()
    }

    /// A filled one.
    #[must_use]
    pub fn sample() -> Self {
        let portfolio = |slug: &str, name: &str, is_chosen, countries| PortfolioChoice {
            slug: slug.into(),
            name: name.into(),
            is_chosen,
            countries,
        };
        Self {
            what: "chosen".into(),
            incident: Some(("p31zjtct2jer".into(), "[Sev 2] France/eUICC download – downloads fail".into())),
            portfolios: vec![
                portfolio(
                    "western-europe",
                    "Western Europe",
                    false,
                    vec![Choice::new("FR", "France", true), Choice::new("IT", "Italy", false)],
                ),
                portfolio(
                    "north-america",
                    "North America",
                    true,
                    vec![Choice::new("US", "United States", false)],
                ),
            ],
            components: vec![Choice::new("sms", "SMS", true), Choice::new("voice", "Voice", false)],
            min_severity: 2,
            trip_from: "2026-03-03".into(),
            trip_until: "2026-03-12".into(),
            time_zone: "Europe/Paris".into(),
            zones: vec!["Europe/Paris".into(), "UTC".into()],
            language: "en".into(),
            languages: vec![("en".into(), "English".into())],
            ..Self::default()
        }
    }
}
