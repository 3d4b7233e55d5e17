//! When a failed delivery is tried again: a pure function of the attempts so far and a roll of the dice.

/// Delays before each attempt at a mail, in seconds: the first at once, the last after 7 h 49 min.
pub const MAIL_SECS: [u64; 9] = [0, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400];

/// Longest wait that a peer may ask for: 24 h, in milliseconds.
pub const RETRY_AFTER_MAX: i64 = 86_400_000;

/// Milliseconds to wait after `attempts` failed attempts, or `None` when the schedule is exhausted.
///
/// `roll` spreads the delay evenly over ±20 %; `asked` is what the peer wants, honoured in full up to 24 h.
#[must_use]
pub fn next_delay(schedule_secs: &[u64], attempts: i64, roll: u32, asked: Option<i64>) -> Option<i64> {
    let secs = *schedule_secs.get(usize::try_from(attempts).ok()?)?;
    let base = i64::try_from(secs).unwrap_or(i64::MAX / 2_000).saturating_mul(1_000);
    let spread = base / 5;
    let jitter = i64::try_from(i128::from(2 * spread) * i128::from(roll) / i128::from(u32::MAX)).unwrap_or(0);
    let asked = asked.unwrap_or(0).clamp(0, RETRY_AFTER_MAX);
    Some((base - spread + jitter).max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_follow_the_table_with_a_fifth_of_jitter() {
        let table = [0, 5, 30];
        assert_eq!(next_delay(&table, 1, 0, None), Some(4_000));
        assert_eq!(next_delay(&table, 1, u32::MAX, None), Some(6_000));
        assert_eq!(next_delay(&table, 2, u32::MAX / 2, None), Some(29_999));
        assert_eq!(next_delay(&table, 3, 0, None), None);
        assert_eq!(next_delay(&table, -1, 0, None), None);
    }

    #[test]
    fn what_the_peer_asks_is_honoured_up_to_a_day() {
        let table = [0, 5, 30];
        assert_eq!(next_delay(&table, 1, 0, Some(60_000)), Some(60_000));
        assert_eq!(next_delay(&table, 1, 0, Some(i64::MAX)), Some(RETRY_AFTER_MAX));
        assert_eq!(next_delay(&table, 1, 0, Some(-9)), Some(4_000));
        assert_eq!(next_delay(&table, 3, 0, Some(60_000)), None);
    }

    #[test]
    fn mail_gives_up_within_a_day() {
        assert!(MAIL_SECS.iter().sum::<u64>() * 6 / 5 < 24 * 3_600);
    }
}
