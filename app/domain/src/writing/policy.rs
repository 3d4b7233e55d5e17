//! The linter's rules as data: versioned by the store; these are the defaults.

use serde::{Deserialize, Serialize};

/// A rule of the linter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleName {
    /// One of the minimum fields is empty, or a gap of a template is still open.
    MissingContent,
    /// A time to expect that is a point, not a range.
    SinglePointEta,
    /// An identifier of a customer or a profile.
    Identifier,
    /// Words of the trade.
    Jargon,
    /// Words of marketing.
    Marketing,
    /// A guess at the cause that does not say that it is one.
    UnlabelledHypothesis,
    /// Hope, blame, wild guesses.
    Speculation,
}

impl RuleName {
    /// Every rule.
    pub const ALL: [Self; 7] = [
        Self::MissingContent,
        Self::SinglePointEta,
        Self::Identifier,
        Self::Jargon,
        Self::Marketing,
        Self::UnlabelledHypothesis,
        Self::Speculation,
    ];

    /// The word stored and sent.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::MissingContent => "missing_content",
            Self::SinglePointEta => "single_point_eta",
            Self::Identifier => "identifier",
            Self::Jargon => "jargon",
            Self::Marketing => "marketing",
            Self::UnlabelledHypothesis => "unlabelled_hypothesis",
            Self::Speculation => "speculation",
        }
    }

    /// The rule by its word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.slug() == word)
    }

    /// What the words of the rule are; none: it needs no words.
    #[must_use]
    pub const fn words_are(self) -> Option<&'static str> {
        match self {
            Self::MissingContent | Self::Identifier => None,
            Self::SinglePointEta => Some("Words that announce a time to expect"),
            Self::Jargon | Self::Marketing | Self::Speculation => Some("Words that it looks for"),
            Self::UnlabelledHypothesis => Some("Words of a guess; “hypothesis” or “not confirmed” labels it"),
        }
    }
}

/// Whether a finding stops a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It does, unless somebody gives a reason.
    Block,
    /// It is shown.
    Warn,
}

/// One rule as the operator wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which.
    pub name: RuleName,
    /// What it tells the author.
    pub says: String,
    /// What it does.
    pub level: Level,
    /// Whether it looks at all.
    pub is_enabled: bool,
    /// What it looks for, lower case.
    pub words: Vec<String>,
}

/// All rules, each once, in the order of [`RuleName::ALL`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinterPolicy {
    /// The rules.
    pub rules: Vec<Rule>,
}

const ETA: &str = "eta|fixed by|fixed at|fixed in|fixed within|restored by|restored at|restored in|restored within|back by|\
    back at|back in|back within|resolved by|resolved at|resolved in|resolved within|solved by|working again by|work again by|\
    works again by|done by|done in|complete by|completed by|ready by|ready in|will take|should take|takes|we expect|expected|\
    should be|will be";
const JARGON: &str = "hlr|hss|imsi|apn|pdp|pgw|sgw|mme|msc|vlr|ss7|s6a|gtp|diameter|sm-dp+|sm-sr|gtt|iccid|5xx|http 500|\
    http 503|packet core|attach procedure|bgp|mtu|kpi|asr";
const MARKETING: &str = "world-class|best-in-class|industry-leading|cutting-edge|state-of-the-art|seamless|seamlessly|premium|\
    delighted|exciting|we pride ourselves|valued customers|thank you for choosing|unparalleled|game-changing|award-winning";
const GUESS: &str = "we think|we believe|we suspect|we assume|likely|probably|presumably|perhaps|seems|appears to|may be caused|\
    might be caused|could be caused|points to";
const SPECULATION: &str = "hopefully|we hope|fingers crossed|no idea|our guess|must be|should be fine|fault of|to blame|\
    somebody broke|human error|never happen again";

impl Default for LinterPolicy {
    fn default() -> Self {
        use Level::{Block, Warn};
        let rule = |name, level, says: &str, words: &str| Rule {
            name,
            says: says.into(),
            level,
            is_enabled: true,
            words: words.split('|').map(|w| w.trim().to_owned()).filter(|w| !w.is_empty()).collect(),
        };
        Self {
            rules: vec![
                rule(
                    RuleName::MissingContent,
                    Block,
                    "Say what we know, what we don’t know, what we do next, and what customers should do.",
                    "",
                ),
                rule(
                    RuleName::SinglePointEta,
                    Block,
                    "A time to expect is a range, like 20 to 40 minutes.",
                    ETA,
                ),
                rule(
                    RuleName::Identifier,
                    Block,
                    "Published text must not identify a customer or a profile.",
                    "",
                ),
                rule(RuleName::Jargon, Warn, "Use plain words that a traveller understands.", JARGON),
                rule(RuleName::Marketing, Warn, "No marketing in health messages.", MARKETING),
                rule(
                    RuleName::UnlabelledHypothesis,
                    Warn,
                    "Label a guess: “Working hypothesis, not confirmed: …”.",
                    GUESS,
                ),
                rule(
                    RuleName::Speculation,
                    Warn,
                    "Say what is known; leave out hopes and blame.",
                    SPECULATION,
                ),
            ],
        }
    }
}

impl LinterPolicy {
    /// A rule that looks; none: it is switched off.
    #[must_use]
    pub fn rule(&self, name: RuleName) -> Option<&Rule> {
        self.rules.iter().find(|r| r.name == name && r.is_enabled)
    }
}
