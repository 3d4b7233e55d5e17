//! Business calendars: a zone, weekly hours, holidays.

use chrono::{Datelike, NaiveDate, NaiveTime, TimeZone, Weekday};
use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, clock_local::zone};

/// When a business works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// IANA zone.
    pub zone: String,
    /// Opens at this minute of the day, local time.
    pub opens_minute: u32,
    /// Closes at this minute of the day, local time.
    pub closes_minute: u32,
    /// Holidays, local dates.
    pub holidays: Vec<NaiveDate>,
}

impl Default for Calendar {
    /// Monday to Friday, 09:00–17:00 UTC, no holidays.
    fn default() -> Self {
        Self { zone: "UTC".into(), opens_minute: 9 * 60, closes_minute: 17 * 60, holidays: Vec::new() }
    }
}

impl Calendar {
    /// Whether the date is a working day.
    #[must_use]
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && !self.holidays.contains(&date)
    }

    /// The same local hour of the next business day; an hour that a clock change skips moves to the first after it.
    #[must_use]
    pub fn same_hour_next_business_day(&self, from: Timestamp) -> Timestamp {
        let tz = zone(&self.zone);
        let local = from.utc().with_timezone(&tz);
        let mut date = local.date_naive();
        for _ in 0..366 {
            date = date.succ_opt().unwrap_or(date);
            if self.is_business_day(date) {
                break;
            }
        }
        (0..4)
            .find_map(|hours| {
                let wall = date.and_time(local.time()) + chrono::Duration::hours(hours);
                tz.from_local_datetime(&wall).earliest()
            })
            .map_or_else(|| from.plus(crate::clock::DAY), |t| t.with_timezone(&chrono::Utc).into())
    }

    /// `millis` of open time after `from`: time outside the hours does not count.
    #[must_use]
    pub fn after_open_millis(&self, from: Timestamp, millis: i64) -> Timestamp {
        let tz = zone(&self.zone);
        let mut left = millis.max(0);
        let mut date = from.utc().with_timezone(&tz).date_naive();
        for _ in 0..3_660 {
            if self.is_business_day(date) {
                let (opens, closes) = (self.at(date, self.opens_minute), self.at(date, self.closes_minute));
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
