//! What people may type: single-line and multi-line texts without control characters, and the scanner that keeps
//! identifiers of customers and profiles out of published words.

/// Longest title of an incident, in characters.
pub const TITLE_MAX: usize = 120;
/// Longest of each of the four fields of an update, in characters.
pub const FIELD_MAX: usize = 4_000;
/// Longest name of a thing or person, in characters.
pub const NAME_MAX: usize = 80;

/// Why a text is refused; reads after the field's label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing was typed.
    #[error("Please fill this in.")]
    Empty,
    /// Too long.
    #[error("This is {0} characters long; {1} is the most.")]
    TooLong(usize, usize),
    /// A character that does not belong in a text.
    #[error("This holds a control character (U+{0:04X}). Please remove it; pasting as plain text helps.")]
    Control(u32),
    /// A customer's or a profile's identifier.
    #[error("This looks like {0} ({1}). Published text must not identify a customer or a profile.")]
    Identifier(&'static str, String),
}

/// One line: trimmed, 1 to `max` characters, no control characters or line breaks of any kind.
///
/// # Errors
/// The first reason against it.
pub fn single_line(text: &str, max: usize) -> Result<String, BadText> {
    let text = text.trim();
    check(text, max, is_control)?;
    Ok(text.to_owned())
}

/// Several lines: trimmed, line ends made `\n`, 1 to `max` characters, no other control characters.
///
/// # Errors
/// The first reason against it.
pub fn multi_line(text: &str, max: usize) -> Result<String, BadText> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    check(text, max, |c| c != '\n' && c != '\t' && is_control(c))?;
    Ok(text.to_owned())
}

fn check(text: &str, max: usize, refused: impl Fn(char) -> bool) -> Result<(), BadText> {
    if text.is_empty() {
        return Err(BadText::Empty);
    }
    let length = text.chars().count();
    if length > max {
        return Err(BadText::TooLong(length, max));
    }
    match text.chars().find(|c| refused(*c)) {
        Some(c) => Err(BadText::Control(c.into())),
        None => Ok(()),
    }
}

/// C0, C1, the Unicode line breaks, bidirectional overrides, and non-characters: none has a place in one line.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Refuses ICCIDs and EIDs (18 or more digits), phone and subscriber numbers, activation codes and mail addresses; also
/// where spaces group their digits.
///
/// # Errors
/// [`BadText::Identifier`] with the first one found.
pub fn no_identifiers(text: &str) -> Result<(), BadText> {
    for word in
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '<' | '>' | '"'))
    {
        let word = word.trim_matches(|c: char| matches!(c, '.' | ':' | '!' | '?' | '\''));
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let only_digits = word.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | 'F' | 'f'));
        if only_digits && digits >= 18 {
            return Err(BadText::Identifier("an ICCID or EID", mask(word)));
        }
        if word.starts_with('+')
            && (8..=15).contains(&digits)
            && word.chars().skip(1).all(|c| c.is_ascii_digit() || c == '-')
        {
            return Err(BadText::Identifier("a phone number", mask(word)));
        }
        if only_digits && (10..=17).contains(&digits) && !word.contains('-') {
            return Err(BadText::Identifier("a phone or subscriber number", mask(word)));
        }
        if word.get(..6).is_some_and(|w| w.eq_ignore_ascii_case("LPA:1$")) {
            return Err(BadText::Identifier("an activation code", mask(word)));
        }
        if let Some((local, domain)) = word.split_once('@')
            && !local.is_empty()
            && domain.contains('.')
        {
            return Err(BadText::Identifier("an e-mail address", mask(word)));
        }
    }
    grouped_digits(text)
}

/// `+33 6 12 34 56 78`, `8944 1100 0000 0000 001`: digits in groups of two and more, a space or dash apart.
fn grouped_digits(text: &str) -> Result<(), BadText> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')');
    for run in text.split(|c: char| !is_part(c)) {
        let run = run.trim();
        let digits = run.chars().filter(char::is_ascii_digit).count();
        let shortest = run.split([' ', '-']).filter(|g| !g.is_empty()).map(str::len).min().unwrap_or(0);
        if digits >= 18 && shortest >= 2 {
            return Err(BadText::Identifier("an ICCID or EID", mask(run)));
        }
        if run.starts_with('+') && (8..=15).contains(&digits) {
            return Err(BadText::Identifier("a phone number", mask(run)));
        }
    }
    Ok(())
}

fn mask(word: &str) -> String {
    word.chars().take(4).chain("…".chars()).collect()
}
