//! Ninety days of a cell or of several together.

use domain::{
    clock::{DAY, Timestamp},
    clock_local::{day_month, zone},
    status::CellStatus,
    uptime::{DAYS, History, percent_words},
};

/// One bar line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bars {
    /// The worst status of each UTC day, oldest first.
    pub days: Vec<CellStatus>,
    /// `99.97 %`; none without any data.
    pub uptime: Option<String>,
    /// The same in words, for those who do not see it.
    pub summary: String,
}

impl Bars {
    /// From a history that ends today.
    #[must_use]
    pub fn of(history: &History, now: Timestamp) -> Self {
        Self {
            days: history.days.clone(),
            uptime: history.uptime_percent.map(percent_words),
            summary: summary(&history.days, now),
        }
    }

    /// A quiet line with a bad day, a partial one, and a week without data at its start.
    #[must_use]
    pub fn sample() -> Self {
        let mut days = vec![CellStatus::Operational; DAYS];
        days[..7].fill(CellStatus::NoData);
        days[41] = CellStatus::MajorOutage;
        days[60] = CellStatus::Degraded;
        days[DAYS - 1] = CellStatus::PartialOutage;
        let summary = summary(&days, Timestamp::from_millis(1_772_440_260_000));
        Self { days, uptime: Some("99.91 %".into()), summary }
    }
}

/// `Last 90 days: 1 day major outage, 20 Jan; 7 days no data; the rest operational`. Days are named up to three.
fn summary(days: &[CellStatus], now: Timestamp) -> String {
    use CellStatus::{Degraded, MajorOutage, NoData, Operational, PartialOutage, UnderMaintenance};
    let name = |index: usize| {
        let back = i64::try_from(days.len() - 1 - index).unwrap_or(0);
        day_month(now.plus(-back * DAY), zone("UTC"))
    };
    let mut parts = Vec::new();
    for status in [MajorOutage, PartialOutage, Degraded, UnderMaintenance, NoData] {
        let hit: Vec<usize> = (0..days.len()).filter(|i| days[*i] == status).collect();
        let named = if status == NoData || hit.len() > 3 {
            String::new()
        } else {
            format!(" ({})", hit.iter().map(|i| name(*i)).collect::<Vec<_>>().join(", "))
        };
        match hit.len() {
            0 => {}
            1 => parts.push(format!("1 day {}{named}", status.words())),
            n => parts.push(format!("{n} days {}{named}", status.words())),
        }
    }
    match (parts.is_empty(), days.contains(&Operational)) {
        (true, _) => "Last 90 days: operational".into(),
        (false, true) => format!("Last 90 days: {}, otherwise operational", parts.join(", ")),
        (false, false) => format!("Last 90 days: {}", parts.join(", ")),
    }
}
