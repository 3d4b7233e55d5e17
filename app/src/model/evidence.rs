//! Evidence packs as a partner reads them.

use domain::evidence::{CellLine, ClockLine, FORMULAS, Pack, UpdatesLine};

use super::Site;

/// The list of a partner's packs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceList {
    /// Frame.
    pub site: Site,
    /// Month in words, month as in its address, and when it was made.
    pub packs: Vec<(String, String, String)>,
    /// The public key that proves them, in base64.
    pub key: String,
}

/// One pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidencePage {
    /// Frame.
    pub site: Site,
    /// `October 2026`.
    pub month: String,
    /// `1 Nov 2026, 02:00 UTC`.
    pub made: String,
    /// What was signed.
    pub pack: Pack,
    /// The public key that proves it, in base64.
    pub key: String,
}

impl EvidencePage {
    /// A month with a miss, a cell without data and a name that would be markup.
    #[must_use]
    pub fn sample() -> Self {
        let cell = |component: &str, availability: Option<&str>, is_met, credit_percent| CellLine {
            component: component.into(),
            component_name: "eUICC <download>".into(),
            country: "FR".into(),
            country_name: "France".into(),
            target_percent: Some("99.9".into()),
            hours: "round the clock".into(),
            availability_percent: availability.map(str::to_owned),
            is_met,
            counted_secs: 2_678_400,
            down_secs: 13_392,
            no_data_secs: 600,
            maintenance_secs: 0,
            credit_percent,
        };
        Self {
            site: Site::sample(),
            month: "October 2026".into(),
            made: "1 Nov 2026, 02:00 UTC".into(),
            key: "1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=".into(),
            pack: Pack {
                format: 1,
                operator: "Meridian eSIM".into(),
                partner: "Globex".into(),
                month: "2026-10".into(),
                from: "2026-10-01T00:00:00.000Z".into(),
                until: "2026-11-01T00:00:00.000Z".into(),
                made_at: "2026-11-01T02:00:00.000Z".into(),
                targets_version: 3,
                cells: vec![
                    cell("euicc-download", Some("99.5"), Some(false), 5),
                    cell("sms", Some("99.95"), Some(true), 0),
                    cell("voice", None, None, 0),
                ],
                clocks: vec![ClockLine {
                    incident: "p31zjtct2jer".into(),
                    title: "[Sev 2] France/SMS – late".into(),
                    severity: 2,
                    promise: "workaround".into(),
                    due_at: "2026-10-03T10:00:00.000Z".into(),
                    kept_at: Some("2026-10-03T10:20:00.000Z".into()),
                    late_secs: 1_200,
                }],
                updates: vec![UpdatesLine { severity: 2, made: 12, kept: 11, worst_late_secs: 240 }],
                formulas: FORMULAS.map(str::to_owned).to_vec(),
            },
        }
    }
}
