//! Ninety days as one SVG path per state: a run of days is one stroke, and its dashes are the days.

use std::fmt::Write as _;

use domain::status::CellStatus;
use leptos::prelude::*;

use super::shape::{class, shape};
use crate::model::{Bars, ServiceLine};

/// Worse is taller, so that the days can be read without colour. Tenths of the height.
const fn height(status: CellStatus) -> u8 {
    match status {
        CellStatus::Operational => 5,
        CellStatus::Degraded => 7,
        CellStatus::PartialOutage => 9,
        CellStatus::MajorOutage => 10,
        CellStatus::UnderMaintenance => 6,
        CellStatus::NoData => 1,
    }
}

/// The bars of some days.
pub fn bars(bars: &Bars) -> impl IntoView + use<> {
    let paths: Vec<_> = CellStatus::ALL
        .into_iter()
        .filter_map(|status| {
            let d = strokes(&bars.days, status);
            (!d.is_empty()).then(|| view! { <path class=class(status) d=d></path> })
        })
        .collect();
    let view_box = format!("0 0 {} 10", bars.days.len());
    view! {
        <svg class="bars" viewBox=view_box preserveAspectRatio="none" role="img" aria-label=bars.summary.clone()>
            {paths}
        </svg>
    }
}

/// The runs of one status: `M0 7.5h54M61 7.5h29`. The stroke's width is the bar's height, set by the style.
fn strokes(days: &[CellStatus], status: CellStatus) -> String {
    let half = height(status);
    let y = format!("{}", f32::from(20 - half) / 2.0);
    let mut d = String::new();
    let mut day = 0;
    while day < days.len() {
        let run = days[day..].iter().take_while(|s| **s == status).count();
        if run > 0 {
            let _ = write!(d, "M{day} {y}h{run}");
        }
        day += run.max(1);
    }
    d
}

/// Lines of services, each with its ninety days.
pub fn service_lines(lines: &[ServiceLine]) -> impl IntoView + use<> {
    let lines: Vec<_> = lines
        .iter()
        .map(|line| {
            let uptime = line.bars.uptime.clone().unwrap_or_else(|| "no data".into());
            view! {
                <li class="component-inner-container" data-component-status=line.status.slug()>
                    <a href=line.href.clone()>{shape(line.status)}{line.name.clone()}</a>
                    <span>{uptime}</span>
                    {bars(&line.bars)}
                </li>
            }
        })
        .collect();
    view! { <ul class="days">{lines}</ul> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_one_stroke() {
        use CellStatus::{NoData, Operational};
        let days = [NoData, Operational, Operational, NoData, Operational];
        assert_eq!(strokes(&days, Operational), "M1 7.5h2M4 7.5h1");
        assert_eq!(strokes(&days, NoData), "M0 9.5h1M3 9.5h1");
        assert_eq!(strokes(&days, CellStatus::MajorOutage), "");
    }
}
