//! Finds a time to expect that is a single point: `fixed by 15:00`, `takes 30 minutes`. Ranges are what we want.

const UNITS: [&str; 12] =
    ["min", "mins", "minute", "minutes", "h", "hr", "hrs", "hour", "hours", "day", "days", "utc"];
const NUMBERS: [&str; 15] = [
    "an", "one", "two", "three", "four", "five", "six", "seven", "eight", "ten", "fifteen", "twenty",
    "thirty", "forty", "sixty",
];

/// The sentences of a text.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.char_indices().find(|(i, c)| {
            let after = rest[i + c.len_utf8()..].chars().next();
            *c == '\n' || (matches!(c, '.' | ';' | '!' | '?') && after.is_none_or(char::is_whitespace))
        });
        let cut = end.map_or(rest.len(), |(i, c)| i + c.len_utf8());
        let (sentence, tail) = rest.split_at(cut);
        rest = tail;
        Some(sentence.trim())
    })
    .filter(|s| !s.is_empty())
}

fn is_clock(word: &str) -> bool {
    let Some((hour, minute)) = word.split_once(':') else { return false };
    let is_number = |s: &str| (1..=2).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
    is_number(hour) && is_number(minute)
}

fn is_number(word: &str) -> bool {
    NUMBERS.contains(&word) || (!word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()))
}

/// `30min`, `2h`.
fn is_length(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && UNITS.contains(&&word[digits..])
}

/// `20–40`, `14:00-15:00`, `2-4h`.
fn is_range(word: &str) -> bool {
    word.split_once(['–', '-', '—']).is_some_and(|(a, b)| {
        (is_clock(a) || is_number(a) || is_length(a)) && (is_clock(b) || is_number(b) || is_length(b))
    })
}

/// Whether a sentence names one point in time or one length of time, and no range.
pub(super) fn names_a_point(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let is_edge = |c: char| !c.is_alphanumeric();
    let words: Vec<&str> = lower.split_whitespace().map(|w| w.trim_matches(is_edge)).collect();
    let is_time = |w: &str| is_clock(w) || is_number(w) || is_length(w);
    let joins = |w: &str| matches!(w, "to" | "and" | "or" | "until" | "");
    let is_joined = |triple: &[&str]| is_time(triple[0]) && joins(triple[1]) && is_time(triple[2]);
    let is_long = |five: &[&str]| {
        is_time(five[0])
            && UNITS.contains(&five[1])
            && joins(five[2])
            && is_time(five[3])
            && !five[4].is_empty()
    };
    if words.iter().any(|w| is_range(w)) || words.windows(3).any(is_joined) || words.windows(5).any(is_long) {
        return false;
    }
    let since = |i: usize| i > 0 && matches!(words[i - 1], "since" | "from" | "until");
    words.iter().enumerate().any(|(i, w)| {
        let is_point = is_clock(w) || is_length(w);
        let is_amount = is_number(w) && words.get(i + 1).is_some_and(|unit| UNITS.contains(unit));
        (is_point || is_amount) && !since(i)
    })
}
