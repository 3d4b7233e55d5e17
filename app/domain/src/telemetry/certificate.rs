//! Certificates that suppliers' services rest on, and when somebody is warned that one ends.

use crate::{
    clock::{DAY, Timestamp},
    clock_local::{duration_words, utc_date},
    status::UnknownWord,
};

/// Warnings go out when so many days are left; at 0 it has expired without having been renewed: a miss.
pub const THRESHOLDS: [i64; 4] = [30, 14, 7, 0];

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateKind {
    /// Of an SM-DP+, towards eUICCs.
    SmDpPlus,
    /// Of a server, towards its clients.
    Tls,
    /// Signs what is handed on.
    Signing,
}

impl CertificateKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::SmDpPlus, Self::Tls, Self::Signing];

    /// The word stored.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::SmDpPlus => "sm_dp_plus",
            Self::Tls => "tls",
            Self::Signing => "signing",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::SmDpPlus => "SM-DP+",
            Self::Tls => "TLS",
            Self::Signing => "Signing",
        }
    }
}

impl TryFrom<&str> for CertificateKind {
    type Error = UnknownWord;

    fn try_from(s: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|k| k.slug() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// The warning that is due at `now`, in days: the tightest threshold that is reached, unless it was given. `given`: the
/// tightest that was given for this expiry. What was passed while nobody looked is not made up for.
#[must_use]
pub fn warning_due(expires_at: Timestamp, now: Timestamp, given: Option<i64>) -> Option<i64> {
    let left = expires_at.since(now);
    let reached = THRESHOLDS.into_iter().filter(|days| left <= days * DAY).min()?;
    given.is_none_or(|tightest| reached < tightest).then_some(reached)
}

/// `expires in 12 days, on 14 Mar 2026`, `expired 3 days ago, on 1 Mar 2026`.
#[must_use]
pub fn expiry_words(expires_at: Timestamp, now: Timestamp) -> String {
    let left = expires_at.since(now);
    let day = utc_date(expires_at);
    if left > 0 {
        format!("expires in {}, on {day}", duration_words(left))
    } else {
        format!("expired {} ago, on {day}", duration_words(-left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_threshold_warns_once_and_the_tightest_alone() {
        let end = Timestamp::from_millis(100 * DAY);
        let mut given = None;
        let mut told = Vec::new();
        for day in 60..=110 {
            if let Some(due) = warning_due(end, Timestamp::from_millis(day * DAY), given) {
                given = Some(due);
                told.push((day, due));
            }
        }
        assert_eq!(told, [(70, 30), (86, 14), (93, 7), (100, 0)]);
        assert_eq!(warning_due(end, Timestamp::from_millis(88 * DAY), None), Some(14), "not 30 as well");
        assert_eq!(warning_due(end, Timestamp::from_millis(101 * DAY), Some(30)), Some(0));
    }
}
