//! Dates, times and lists as each language writes them. Clocks have 24 hours everywhere.

use chrono::{Datelike, NaiveDate};

use super::{Language, words};
use crate::{
    clock::Timestamp,
    clock_local::{self, Place, hour_minute, zone},
};

words! {
    YOUR_TIME = "{0}, {1} your time", "{0}; bei Ihnen {1}", "{0} ; chez vous {1}", "{0}; en su zona {1}", "{0}; da Lei {1}", "{0}; na sua hora local {1}";
    JANUARY = "January", "Januar", "janvier", "enero", "gennaio", "janeiro";
    FEBRUARY = "February", "Februar", "février", "febrero", "febbraio", "fevereiro";
    MARCH = "March", "März", "mars", "marzo", "marzo", "março";
    APRIL = "April", "April", "avril", "abril", "aprile", "abril";
    MAY = "May", "Mai", "mai", "mayo", "maggio", "maio";
    JUNE = "June", "Juni", "juin", "junio", "giugno", "junho";
    JULY = "July", "Juli", "juillet", "julio", "luglio", "julho";
    AUGUST = "August", "August", "août", "agosto", "agosto", "agosto";
    SEPTEMBER = "September", "September", "septembre", "septiembre", "settembre", "setembro";
    OCTOBER = "October", "Oktober", "octobre", "octubre", "ottobre", "outubro";
    NOVEMBER = "November", "November", "novembre", "noviembre", "novembre", "novembro";
    DECEMBER = "December", "Dezember", "décembre", "diciembre", "dicembre", "dezembro";
}

const MONTHS: [super::Word; 12] =
    [JANUARY, FEBRUARY, MARCH, APRIL, MAY, JUNE, JULY, AUGUST, SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER];

impl Language {
    fn month(self, date: NaiveDate) -> &'static str {
        MONTHS.get(date.month0() as usize).map_or("", |m| self.say(*m))
    }

    /// `2 Mar`, `2. März`, `1er mars`, `2 de marzo`.
    #[must_use]
    pub fn day_month(self, date: NaiveDate) -> String {
        let (day, month) = (date.day(), self.month(date));
        match (self, day) {
            // Short names: the way English mails have always told it.
            (Self::English, _) => format!("{day} {}", &month[..3]),
            (Self::German, _) => format!("{day}. {month}"),
            (Self::French, 1) => format!("1er {month}"),
            (Self::Italian, 1) => format!("1º {month}"),
            (Self::French | Self::Italian, _) => format!("{day} {month}"),
            (Self::Spanish | Self::Portuguese, _) => format!("{day} de {month}"),
        }
    }

    /// `3 March 2026`, `3. März 2026`, `3 de marzo de 2026`.
    #[must_use]
    pub fn date(self, date: NaiveDate) -> String {
        match self {
            Self::English => format!("{} {} {}", date.day(), self.month(date), date.year()),
            Self::Spanish | Self::Portuguese => format!("{} de {}", self.day_month(date), date.year()),
            _ => format!("{} {}", self.day_month(date), date.year()),
        }
    }

    /// `14:50 UTC`, with the date before it unless it is the day of `now`.
    #[must_use]
    pub fn utc_time(self, at: Timestamp, now: Timestamp) -> String {
        if at.utc_day_start() == now.utc_day_start() {
            return clock_local::utc_time(at, now);
        }
        format!("{}, {} UTC", self.day_month(at.utc().date_naive()), hour_minute(at, zone("UTC")))
    }

    /// `14:50 UTC (15:50 in France)`; in other languages `14:50 UTC (France: 15:50)`, which needs no preposition that
    /// fits the name. Without places just UTC.
    #[must_use]
    pub fn utc_and_local(self, at: Timestamp, now: Timestamp, places: &[Place]) -> String {
        if self == Self::English {
            return clock_local::utc_and_local(at, now, places);
        }
        let utc = self.utc_time(at, now);
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for place in places {
            let clock = self.on_clock_of(at, &place.zone);
            match groups.iter_mut().find(|(c, _)| *c == clock) {
                Some((_, names)) => names.push(&place.name),
                None => groups.push((clock, vec![&place.name])),
            }
        }
        if groups.is_empty() {
            return utc;
        }
        let local =
            groups.iter().map(|(clock, names)| format!("{}{} {clock}", self.listed(names), self.colon()));
        format!("{utc} ({})", local.collect::<Vec<_>>().join("; "))
    }

    /// `15:50`, with the date before it where it is another day than in UTC.
    fn on_clock_of(self, at: Timestamp, place: &str) -> String {
        let tz = zone(place);
        let local = at.utc().with_timezone(&tz).date_naive();
        let clock = hour_minute(at, tz);
        if local == at.utc().date_naive() { clock } else { format!("{} {clock}", self.day_month(local)) }
    }

    /// Adds the reader's own clock where it differs from UTC.
    #[must_use]
    pub fn with_reader(self, text: String, at: Timestamp, time_zone: &str) -> String {
        let own = self.on_clock_of(at, time_zone);
        if own == hour_minute(at, zone("UTC")) { text } else { self.fill(YOUR_TIME, &[&text, &own]) }
    }

    /// `France, Italy and Spain`.
    #[must_use]
    pub fn listed<S: AsRef<str>>(self, names: &[S]) -> String {
        let [start @ .., last] = names else { return String::new() };
        if start.is_empty() {
            return last.as_ref().to_owned();
        }
        let start = start.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
        format!("{start} {} {}", self.and(last.as_ref()), last.as_ref())
    }

    /// The word before the last of a list.
    fn and(self, next: &str) -> &'static str {
        match self {
            Self::English => "and",
            Self::German => "und",
            Self::French => "et",
            // Before the sound “i” it is “e”: Francia e Italia.
            Self::Spanish => {
                let next = next.to_lowercase();
                let is_i = next.starts_with(['i', 'í']) || next.starts_with("hi") && !next.starts_with("hie");
                if is_i { "e" } else { "y" }
            }
            Self::Italian | Self::Portuguese => "e",
        }
    }

    /// The colon after a label; French sets a space before it that does not break.
    #[must_use]
    pub const fn colon(self) -> &'static str {
        match self {
            Self::French => "\u{a0}:",
            _ => ":",
        }
    }
}
