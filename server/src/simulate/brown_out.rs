//! A time when something is wrong: where, at which step, how badly, from when until when.

use std::str::FromStr;

/// What is wrong for a while. Written `FR download 60% 100s 300s`: the country or supplier (`*`: all), the step, the share
/// that fails (or `3x`: so many times slower), and when it begins and ends, in seconds from the start.
#[derive(Debug, Clone, PartialEq)]
pub struct BrownOut {
    /// ISO code, supplier or node; none: everywhere.
    pub place: Option<String>,
    /// `issue`, `download` or `enable`.
    pub step: String,
    /// Share that fails.
    pub failing: f64,
    /// How many times slower it is.
    pub slower: f64,
    /// Seconds from the start.
    pub from_secs: i64,
    /// As above.
    pub until_secs: i64,
}

impl BrownOut {
    /// Whether it holds for a step of an activation, so many seconds from the start.
    #[must_use]
    pub fn holds(&self, country: &str, supplier: &str, step: &str, since_secs: i64) -> bool {
        let here = self
            .place
            .as_deref()
            .is_none_or(|p| p == country || p == supplier || supplier.split('/').next() == Some(p));
        here && self.step == step && (self.from_secs..self.until_secs).contains(&since_secs)
    }
}

impl FromStr for BrownOut {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [place, step, how, from, until] = words.as_slice() else {
            return Err(format!("{text:?} is not like \"FR download 60% 100s 300s\""));
        };
        if !["issue", "download", "enable"].contains(step) {
            return Err(format!("{step:?} is not issue, download or enable"));
        }
        let number = |word: &str, unit: &str| word.strip_suffix(unit).and_then(|n| n.parse::<f64>().ok());
        let (failing, slower) = match (number(how, "%"), number(how, "x")) {
            (Some(percent), _) if (0.0..=100.0).contains(&percent) => (percent / 100.0, 1.0),
            (_, Some(times)) if (1.0..=1_000.0).contains(&times) => (0.0, times),
            _ => return Err(format!("{how:?} is neither a share like 60% nor a factor like 3x")),
        };
        let secs = |word: &str| {
            let secs = word.strip_suffix('s').and_then(|n| n.parse::<i64>().ok()).filter(|n| *n >= 0);
            secs.ok_or_else(|| format!("{word:?} is no number of seconds like 300s"))
        };
        let (from_secs, until_secs) = (secs(from)?, secs(until)?);
        if until_secs <= from_secs {
            return Err(format!("{until} is not after {from}"));
        }
        let place = (*place != "*").then(|| (*place).to_owned());
        Ok(Self { place, step: (*step).to_owned(), failing, slower, from_secs, until_secs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written() {
        let brown: BrownOut = "smdp-a download 60% 100s 300s".parse().expect("a brown-out");
        assert!(brown.holds("FR", "smdp-a/1", "download", 100));
        assert!(!brown.holds("FR", "smdp-a/1", "download", 300));
        assert!(!brown.holds("FR", "smdp-b/1", "download", 200));
        assert!(!brown.holds("FR", "smdp-a/1", "enable", 200));
        let slow: BrownOut = "* enable 3x 0s 10s".parse().expect("a brown-out");
        assert!(slow.holds("MX", "smdp-b/2", "enable", 9) && slow.slower > 2.9);
        for wrong in [
            "",
            "FR",
            "FR fly 60% 1s 2s",
            "FR issue 101% 1s 2s",
            "FR issue 0.5x 1s 2s",
            "FR issue 5% 2s 1s",
            "FR issue 5% 1 2",
        ] {
            assert!(wrong.parse::<BrownOut>().is_err(), "{wrong}");
        }
    }
}
