//! The languages in which Waypost speaks to subscribers: every word of ours, six times side by side.
//!
//! A word is a constant that has all six texts, or it does not compile. What an operator writes is never translated.

pub mod about;
pub mod alarm;
pub mod mail;
pub mod manage;
pub mod page;
pub mod refusal;
pub mod speech;
pub mod subscribe;
pub mod times;

pub use speech::{phase, severity, status};

/// A language that a subscriber may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, in which operators write too.
    #[default]
    English,
    /// German, formal.
    German,
    /// French, formal.
    French,
    /// Spanish, formal.
    Spanish,
    /// Italian, formal.
    Italian,
    /// European Portuguese, without a form of address where the language does without.
    Portuguese,
}

/// What operators write in.
pub const WRITTEN_IN: Language = Language::English;

impl Language {
    /// Every one, English first; a [`Word`] holds its texts in this order.
    pub const ALL: [Self; 6] =
        [Self::English, Self::German, Self::French, Self::Spanish, Self::Italian, Self::Portuguese];

    /// The code that is kept, and that stands in `lang` attributes: `de`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Italian => "it",
            Self::Portuguese => "pt",
        }
    }

    /// Its own name: `Deutsch`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
            Self::Spanish => "Español",
            Self::Italian => "Italiano",
            Self::Portuguese => "Português",
        }
    }

    /// The language with this code.
    #[must_use]
    pub fn find(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.code() == code)
    }

    /// The language that is kept under this code; English where it is unknown.
    #[must_use]
    pub fn of(code: &str) -> Self {
        Self::find(code).unwrap_or_default()
    }

    /// What a browser likes best of those that we have (RFC 9110, 12.5.4); none if it likes none of them.
    #[must_use]
    pub fn preferred(accept_language: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for part in accept_language.split(',').take(20) {
            let mut pieces = part.split(';');
            let range = pieces.next().unwrap_or_default().trim();
            let code = range.split('-').next().unwrap_or_default().to_ascii_lowercase();
            let weight = pieces.find_map(|p| p.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            if let Some(language) = Self::find(&code)
                && weight > 0.0
                && best.is_none_or(|(most, _)| weight > most)
            {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// A word in this language.
    #[must_use]
    pub const fn say(self, word: Word) -> &'static str {
        word.0[self as usize]
    }

    /// A word with its places filled: `{0}`, `{1}`. What is filled in is not looked at again.
    #[must_use]
    pub fn fill(self, word: Word, values: &[&str]) -> String {
        let text = self.say(word);
        let mut out = String::with_capacity(text.len() + values.iter().map(|v| v.len()).sum::<usize>());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            let n = rest[at + 1..].split('}').next().and_then(|n| n.parse::<usize>().ok());
            let value = n.and_then(|n| values.get(n)).copied().unwrap_or_default();
            out.push_str(value);
            rest = rest[at..].split_once('}').map_or("", |(_, after)| after);
        }
        out.push_str(rest);
        out
    }

    /// What stands before and after the one place of a word: for markup around what is filled in.
    #[must_use]
    pub fn around(self, word: Word) -> (&'static str, &'static str) {
        self.say(word).split_once("{0}").unwrap_or((self.say(word), ""))
    }

    /// Whether what operators write is in another language than this one.
    #[must_use]
    pub fn is_foreign_to_updates(self) -> bool {
        self != WRITTEN_IN
    }
}

/// One text in every language, in the order of [`Language::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word([&'static str; 6]);

impl Word {
    pub(crate) const fn new(texts: [&'static str; 6]) -> Self {
        Self(texts)
    }

    /// Its texts, English first.
    #[must_use]
    pub const fn texts(&self) -> &[&'static str; 6] {
        &self.0
    }
}

/// Words as constants, and all of them as `ALL`. Six texts each, in the order of [`Language::ALL`].
macro_rules! words {
    ($($name:ident = $en:literal, $de:literal, $fr:literal, $es:literal, $it:literal, $pt:literal;)*) => {
        $(#[doc = concat!("“", $en, "”")] pub const $name: $crate::language::Word =
            $crate::language::Word::new([$en, $de, $fr, $es, $it, $pt]);)*
        /// Every word of this file.
        pub const ALL: &[(&str, $crate::language::Word)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use words;

/// Every word, by file.
pub const EVERY: [(&str, &[(&str, Word)]); 9] = [
    ("about", about::ALL),
    ("alarm", alarm::ALL),
    ("mail", mail::ALL),
    ("manage", manage::ALL),
    ("page", page::ALL),
    ("refusal", refusal::ALL),
    ("speech", speech::ALL),
    ("subscribe", subscribe::ALL),
    ("times", times::ALL),
];

#[cfg(test)]
mod tests;
