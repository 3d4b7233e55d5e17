//! A share over time: one line, the impact behind it, and the same as a table. Words stand outside the drawing, so that
//! they keep their size on a telephone.

use std::fmt::Write as _;

use domain::{
    clock::{DAY, Timestamp},
    clock_local::{day_month, hour_minute, zone},
    review::{Graph, Record},
    telemetry::kpi::thousands,
};
use leptos::prelude::*;

/// Rows of the table at most.
const ROWS: i64 = 24;
/// Width of the drawing, in its own units; its height is 100: a unit is a percent.
const WIDTH: i64 = 600;

/// Where a time stands, in tenths of a unit.
fn x(graph: &Graph, at: Timestamp) -> i64 {
    let span = graph.to.since(graph.from).max(1);
    (at.since(graph.from).clamp(0, span)) * WIDTH * 10 / span
}

/// `123.4`.
fn tenths(n: i64) -> String {
    format!("{}.{}", n / 10, n % 10)
}

/// The line, broken where there were no samples.
fn line(graph: &Graph) -> String {
    let mut d = String::new();
    let mut next = None;
    for point in &graph.points {
        let middle = point.at.plus(graph.width_ms / 2);
        let pen = if next == Some(point.at) { 'L' } else { 'M' };
        let y = 1_000 - point.permille();
        let _ = write!(d, "{pen}{} {}", tenths(x(graph, middle)), tenths(y));
        if pen == 'M' {
            d.push_str("h.1"); // a point alone is still seen
        }
        next = Some(point.at.plus(graph.width_ms));
    }
    d
}

fn time(graph: &Graph, at: Timestamp) -> String {
    let clock = hour_minute(at, zone("UTC"));
    if graph.to.since(graph.from) > DAY { format!("{} {clock}", day_month(at, zone("UTC"))) } else { clock }
}

/// One graph with its table.
fn graph(graph: &Graph, record: &Record) -> AnyView {
    let (start, end) = (x(graph, record.started_at), x(graph, record.restored_at.unwrap_or(graph.to)));
    let lowest = graph.lowest_words();
    let title = lowest.clone().map_or_else(|| graph.name.clone(), |low| format!("{}: {low}", graph.name));
    let table = graph.condensed(ROWS);
    let rows: Vec<_> = table
        .points
        .iter()
        .map(|p| view! { <tr><td>{time(graph, p.at)}</td><td>{p.percent()}</td><td>{thousands(p.samples)}</td></tr> })
        .collect();
    let minutes = table.width_ms / 60_000;
    view! {
        <figure class="graph">
            <figcaption><b>{graph.name.clone()}</b>{lowest.map(|low| view! { " "<small>{low}</small> })}</figcaption>
            <div>
                <span>"100 %"</span>
                <svg viewBox=format!("0 0 {WIDTH} 100") preserveAspectRatio="none" role="img" aria-label=title>
                    <path class="during" d=format!("M{} 0V100H{}V0Z", tenths(start), tenths(end.max(start + 10)))></path>
                    <path class="rule" d=format!("M0 0H{WIDTH}M0 50H{WIDTH}M0 100H{WIDTH}")></path>
                    <path class="line" d=line(graph)></path>
                </svg>
                <span>"0 %"</span>
            </div>
            <p><span>{format!("{} UTC", time(graph, graph.from))}</span><span>"shaded: the impact"</span><span>{format!("{} UTC", time(graph, graph.to))}</span></p>
            <details>
                <summary>"The same as a table"</summary>
                <div class="scroll"><table>
                    <caption class="v">{format!("{}, each line {minutes} minutes", graph.name)}</caption>
                    <thead><tr><th scope="col">"From, UTC"</th><th scope="col">"Succeeded"</th><th scope="col">"Of"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table></div>
            </details>
        </figure>
    }
    .into_any()
}

/// What telemetry measured around an incident.
#[must_use]
pub fn graphs(record: &Record) -> AnyView {
    let all: Vec<_> = record.graphs.iter().map(|g| graph(g, record)).collect();
    view! { {all} }.into_any()
}

#[cfg(test)]
mod tests {
    use domain::review::Point;

    use super::*;

    #[test]
    fn the_line_breaks_where_nothing_was_measured() {
        let at = |n: i64| Timestamp::from_millis(n * 300_000);
        let point = |n, succeeded| Point { at: at(n), samples: 100, succeeded };
        let graph = Graph {
            name: String::new(),
            from: at(0),
            to: at(10),
            width_ms: 300_000,
            points: vec![point(0, 100), point(1, 50), point(4, 0)],
        };
        assert_eq!(line(&graph), "M30.0 0.0h.1L90.0 50.0M270.0 100.0h.1");
        assert_eq!((x(&graph, at(5)), x(&graph, at(99)), x(&graph, at(-9))), (3_000, 6_000, 0));
    }
}
