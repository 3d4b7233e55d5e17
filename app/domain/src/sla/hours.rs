//! Business calendars: a zone, weekly hours, holidays.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeZone};
use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, clock_local::zone};

/// Open hours of one weekday, local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Opens at this minute of the day.
    pub opens_minute: u32,
    /// Closes at this minute of the day; 1440 is midnight.
    pub closes_minute: u32,
}

/// When a business works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// IANA zone.
    pub zone: String,
    /// Monday to Sunday; none: closed.
    pub week: [Option<Hours>; 7],
    /// Holidays, local dates.
    pub holidays: Vec<NaiveDate>,
}

/// Days looked ahead before a calendar that never opens is given up.
const DAYS_MAX: u32 = 3_660;

impl Default for Calendar {
    /// Monday to Friday, 09:00–17:00 UTC, no holidays.
    fn default() -> Self {
        let day = Some(Hours { opens_minute: 9 * 60, closes_minute: 17 * 60 });
        Self { zone: "UTC".into(), week: [day, day, day, day, day, None, None], holidays: Vec::new() }
    }
}

impl Calendar {
    /// Whether the date is a working day.
    #[must_use]
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        self.hours(date).is_some()
    }

    fn hours(&self, date: NaiveDate) -> Option<Hours> {
        let day = usize::try_from(date.weekday().num_days_from_monday()).unwrap_or(0);
        let hours = self.week.get(day).copied().flatten();
        hours.filter(|h| h.closes_minute > h.opens_minute && !self.holidays.contains(&date))
    }

    /// Whether the business works at `at`.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let date = self.local_date(at);
        self.hours(date)
            .is_some_and(|h| self.at(date, h.opens_minute) <= at && at < self.at(date, h.closes_minute))
    }

    /// `from`, or the next time when the business opens.
    #[must_use]
    pub fn next_open(&self, from: Timestamp) -> Timestamp {
        if self.is_open(from) {
            return from;
        }
        let mut date = self.local_date(from);
        for _ in 0..DAYS_MAX {
            if let Some(opens) =
                self.hours(date).map(|h| self.at(date, h.opens_minute)).filter(|o| *o >= from)
            {
                return opens;
            }
            date = date.succ_opt().unwrap_or(date);
        }
        from
    }

    /// The same local hour of the next business day; an hour that a clock change skips moves to the first after it.
    #[must_use]
    pub fn same_hour_next_business_day(&self, from: Timestamp) -> Timestamp {
        self.same_hour_after(from, 1)
    }

    /// `days` business days after `from`: the same local hour; what begins outside the hours begins when they do.
    #[must_use]
    pub fn after_business_days(&self, from: Timestamp, days: u32) -> Timestamp {
        self.same_hour_after(self.next_open(from), days)
    }

    fn same_hour_after(&self, from: Timestamp, days: u32) -> Timestamp {
        let tz = zone(&self.zone);
        let local = from.utc().with_timezone(&tz);
        let (mut date, mut left) = (local.date_naive(), days);
        for _ in 0..DAYS_MAX {
            if left == 0 {
                break;
            }
            date = date.succ_opt().unwrap_or(date);
            left -= u32::from(self.is_business_day(date));
        }
        let same_hour = |hours| {
            let wall = date.and_time(local.time()) + chrono::Duration::hours(hours);
            tz.from_local_datetime(&wall).earliest()
        };
        (0..4).find_map(same_hour).map_or_else(
            || from.plus(i64::from(days) * crate::clock::DAY),
            |t| t.with_timezone(&chrono::Utc).into(),
        )
    }

    /// `millis` of open time after `from`: time outside the hours does not count.
    #[must_use]
    pub fn after_open_millis(&self, from: Timestamp, millis: i64) -> Timestamp {
        let mut left = millis.max(0);
        let mut date = self.local_date(from);
        for _ in 0..DAYS_MAX {
            if let Some(hours) = self.hours(date) {
                let (opens, closes) = (self.at(date, hours.opens_minute), self.at(date, hours.closes_minute));
                let start = opens.max(from);
                let open = closes.since(start).max(0);
                if open > 0 && left <= open {
                    return start.plus(left);
                }
                left -= open;
            }
            date = date.succ_opt().unwrap_or(date);
        }
        from.plus(millis)
    }

    /// The open spans within `[from, until)`, in their order.
    #[must_use]
    pub fn open_spans(&self, from: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let mut spans = Vec::new();
        let mut date = self.local_date(from);
        for _ in 0..DAYS_MAX {
            if self.at(date, 0) >= until {
                break;
            }
            if let Some(hours) = self.hours(date) {
                let opens = self.at(date, hours.opens_minute).max(from);
                let closes = self.at(date, hours.closes_minute).min(until);
                if opens < closes {
                    spans.push((opens, closes));
                }
            }
            date = date.succ_opt().unwrap_or(date);
        }
        spans
    }

    fn local_date(&self, at: Timestamp) -> NaiveDate {
        at.utc().with_timezone(&zone(&self.zone)).date_naive()
    }

    fn at(&self, date: NaiveDate, minute: u32) -> Timestamp {
        let tz = zone(&self.zone);
        let time = NaiveTime::from_hms_opt(minute / 60 % 24, minute % 60, 0).unwrap_or(NaiveTime::MIN);
        let date = if minute >= 24 * 60 { date.succ_opt().unwrap_or(date) } else { date };
        (0..4)
            .find_map(|h| {
                tz.from_local_datetime(&(date.and_time(time) + chrono::Duration::hours(h))).earliest()
            })
            .map_or_else(Timestamp::default, |t| t.with_timezone(&chrono::Utc).into())
    }
}
