//! The mark of a form: when it was served, under a keyed hash. Programs that fill forms are faster than people, and
//! send what they never opened. No script is needed, and nothing is asked of anybody.

use domain::clock::{DAY, SECOND, Timestamp};
use subtle::ConstantTimeEq as _;

use crate::keys::{Keys, Purpose};

/// Nobody reads and fills the form faster than this.
const FASTEST: i64 = 2 * SECOND;
/// A form that was open longer is shown once more.
const LONGEST: i64 = DAY;

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// In a person's time.
    InTime,
    /// Faster than a person.
    TooFast,
    /// Too long ago, or it is not ours.
    Stale,
}

/// A mark for a form that is served now: `<milliseconds>.<keyed hash>`.
pub(super) fn new(keys: &Keys, now: Timestamp) -> String {
    let at = now.millis().to_string();
    format!("{at}.{}", token(keys, &at))
}

/// What a mark says at `now`.
pub(super) fn read(keys: &Keys, mark: &str, now: Timestamp) -> Filled {
    let Some((at, hash)) = mark.split_once('.') else { return Filled::Stale };
    if !bool::from(token(keys, at).as_bytes().ct_eq(hash.as_bytes())) {
        return Filled::Stale;
    }
    let Ok(at) = at.parse() else { return Filled::Stale };
    match now.since(Timestamp::from_millis(at)) {
        age if age < FASTEST => Filled::TooFast,
        age if age <= LONGEST => Filled::InTime,
        _ => Filled::Stale,
    }
}

fn token(keys: &Keys, at: &str) -> String {
    keys.token(Purpose::Form, &["subscribe", at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_the_time_of_its_form_and_cannot_be_made_up() {
        let (keys, then) = (Keys::new([7; 32]), Timestamp::from_millis(1_772_438_400_000));
        let mark = new(&keys, then);
        for (after, filled) in [
            (0, Filled::TooFast),
            (1_999, Filled::TooFast),
            (2_000, Filled::InTime),
            (DAY, Filled::InTime),
            (DAY + 1, Filled::Stale),
        ] {
            assert_eq!(read(&keys, &mark, then.plus(after)), filled, "{after}");
        }
        let later = then.plus(5 * SECOND);
        let moved = mark.replacen("1772438400000", "1772438399000", 1);
        for forged in ["", ".", "1772438400000.", &moved, &mark[1..], &new(&Keys::new([8; 32]), then)] {
            assert_eq!(read(&keys, forged, later), Filled::Stale, "{forged}");
        }
    }
}
