//! Who answers when: on-call shifts, and the hours of contacts.

use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use crate::{
    clock::Timestamp,
    sla::hours::{Calendar, Hours},
};

/// Somebody of a tier is on call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// 1 to 3.
    pub tier: i64,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when; that moment belongs to the next shift.
    pub ends_at: Timestamp,
}

impl Shift {
    /// Whether it covers this moment.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.starts_at <= at && at < self.ends_at
    }
}

/// The stretches between `from` and `to` in which nobody of the tier is on call, in order.
#[must_use]
pub fn gaps(shifts: &[Shift], tier: i64, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut mine: Vec<&Shift> = shifts.iter().filter(|s| s.tier == tier && s.ends_at > from).collect();
    mine.sort_by_key(|s| s.starts_at);
    let (mut gaps, mut covered_until) = (Vec::new(), from);
    for shift in mine {
        let starts_at = shift.starts_at.min(to);
        if starts_at > covered_until {
            gaps.push((covered_until, starts_at));
        }
        covered_until = covered_until.max(shift.ends_at);
    }
    if covered_until < to {
        gaps.push((covered_until, to));
    }
    gaps
}

/// Why a local time cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTime {
    /// Not a zone.
    #[error("Give a time zone of the IANA list, like Europe/Madrid.")]
    Zone,
    /// Not a date and time.
    #[error("Give a date and time, like 2026-03-02T08:10.")]
    Form,
    /// Skipped when clocks go forward.
    #[error("This hour does not exist there: the clocks go forward. Give the hour before or after.")]
    Skipped,
}

/// Whether this is a zone of the IANA list.
#[must_use]
pub fn is_zone(name: &str) -> bool {
    name.parse::<Tz>().is_ok()
}

/// A date and time in a zone; an hour that comes twice is the first of the two.
///
/// # Errors
/// [`BadTime`] says what is wrong.
pub fn local_time(text: &str, zone: &str) -> Result<Timestamp, BadTime> {
    let tz: Tz = zone.parse().map_err(|_| BadTime::Zone)?;
    let wall = naive(text)?;
    let at = tz.from_local_datetime(&wall).earliest().ok_or(BadTime::Skipped)?;
    Ok(at.with_timezone(&chrono::Utc).into())
}

/// The same wall time in the zone, so many weeks later.
///
/// # Errors
/// [`BadTime`] says what is wrong.
pub fn weeks_later(text: &str, zone: &str, weeks: i64) -> Result<Timestamp, BadTime> {
    let wall = naive(text)? + chrono::Duration::days(7 * weeks);
    local_time(&wall.format("%Y-%m-%dT%H:%M").to_string(), zone)
}

fn naive(text: &str) -> Result<NaiveDateTime, BadTime> {
    let text = text.trim();
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .ok_or(BadTime::Form)
}

/// When a contact answers, in the contact's own zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Round the clock.
    Always,
    /// Monday to Sunday.
    Weekly([Option<Hours>; 7]),
}

/// The text does not say when somebody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Write 24x7, or days and hours like Mon-Fri 09:00-17:00, Sat 10:00-14:00.")]
pub struct BadHours;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Answers {
    /// Reads `24x7` or `Mon-Fri 09:00-17:00, Sat 10:00-14:00`.
    ///
    /// # Errors
    /// When it says neither, a day comes twice, or hours end before they begin.
    pub fn parse(text: &str) -> Result<Self, BadHours> {
        let text = text.trim().replace(['–', '—'], "-");
        if matches!(text.to_lowercase().as_str(), "24x7" | "24×7" | "24/7") {
            return Ok(Self::Always);
        }
        let mut week = [None; 7];
        for part in text.split([',', ';']) {
            let (days, hours) = part.trim().split_once(' ').ok_or(BadHours)?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (opens, closes) = hours.trim().split_once('-').ok_or(BadHours)?;
            let hours = Hours { opens_minute: minute(opens)?, closes_minute: minute(closes)? };
            if hours.closes_minute <= hours.opens_minute {
                return Err(BadHours);
            }
            for slot in week.get_mut(day(first)?..=day(last)?).ok_or(BadHours)? {
                if slot.replace(hours).is_some() {
                    return Err(BadHours);
                }
            }
        }
        Ok(Self::Weekly(week))
    }

    /// As [`Answers::parse`] reads it; neighbouring days with the same hours together.
    #[must_use]
    pub fn text(&self) -> String {
        let week = match self {
            Self::Always => return "24x7".into(),
            Self::Weekly(week) => week,
        };
        let mut parts: Vec<(usize, usize, Hours)> = Vec::new();
        for (day, hours) in week.iter().enumerate() {
            let Some(hours) = hours else { continue };
            match parts.last_mut() {
                Some((_, last, same)) if *last + 1 == day && same == hours => *last = day,
                _ => parts.push((day, day, *hours)),
            }
        }
        let name = |day: usize| DAYS.get(day).copied().unwrap_or_default();
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let words = parts.into_iter().map(|(first, last, h)| {
            let days =
                if first == last { name(first).into() } else { format!("{}-{}", name(first), name(last)) };
            format!("{days} {}-{}", clock(h.opens_minute), clock(h.closes_minute))
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// Whether they answer at this moment.
    #[must_use]
    pub fn is_reachable(&self, at: Timestamp, zone: &str) -> bool {
        match self {
            Self::Always => true,
            Self::Weekly(week) => {
                Calendar { zone: zone.into(), week: *week, holidays: Vec::new() }.is_open(at)
            }
        }
    }
}

fn day(name: &str) -> Result<usize, BadHours> {
    DAYS.iter().position(|d| d.eq_ignore_ascii_case(name.trim())).ok_or(BadHours)
}

fn minute(text: &str) -> Result<u32, BadHours> {
    let (hour, minute) = text.trim().split_once(':').ok_or(BadHours)?;
    let (hour, minute): (u32, u32) =
        (hour.parse().map_err(|_| BadHours)?, minute.parse().map_err(|_| BadHours)?);
    let of_day = hour.checked_mul(60).and_then(|m| m.checked_add(minute)).ok_or(BadHours)?;
    if minute < 60 && of_day <= 24 * 60 { Ok(of_day) } else { Err(BadHours) }
}
