//! Figures over time: lines with gaps where nothing was measured, and the same as a table. Words stand outside the drawing,
//! so that they keep their size on a telephone.

use std::fmt::Write as _;

use leptos::prelude::*;

use crate::model::{Chart, ChartTable, Charts};

/// Width of the drawing, in its own units; its height is 100.
const WIDTH: usize = 600;

/// A line through the middles of its slots, broken where there is nothing.
fn line(heights: &[Option<i64>]) -> String {
    let mut d = String::new();
    let mut is_down = false;
    for (i, height) in heights.iter().enumerate() {
        let Some(height) = height else {
            is_down = false;
            continue;
        };
        let x = (2 * i + 1) * WIDTH * 5 / heights.len().max(1);
        let y = 1_000 - height.clamp(&0, &1_000);
        let pen = if is_down { 'L' } else { 'M' };
        let _ = write!(d, "{pen}{}.{} {}.{}", x / 10, x % 10, y / 10, y % 10);
        if !is_down {
            d.push_str("h.1"); // a slot alone is still seen
        }
        is_down = true;
    }
    d
}

/// One chart.
fn chart(chart: &Chart) -> AnyView {
    let title = match chart.remark.as_str() {
        "" => chart.name.clone(),
        remark => format!("{}: {remark}", chart.name),
    };
    let lines = chart
        .lines
        .iter()
        .enumerate()
        .map(|(i, heights)| {
            let class = if i == 0 { "line" } else { "line second" };
            view! { <path class=class d=line(heights)></path> }
        })
        .collect_view();
    let remark = (!chart.remark.is_empty()).then(|| view! { " "<small>{chart.remark.clone()}</small> });
    view! {
        <figure class="graph">
            <figcaption><b>{chart.name.clone()}</b>{remark}</figcaption>
            <div>
                <span>{chart.scale.0.clone()}</span>
                <svg viewBox=format!("0 0 {WIDTH} 100") preserveAspectRatio="none" role="img" aria-label=title>
                    <path class="rule" d=format!("M0 0H{WIDTH}M0 50H{WIDTH}M0 100H{WIDTH}")></path>
                    {lines}
                </svg>
                <span>{chart.scale.1.clone()}</span>
            </div>
            <p><span>{chart.span.0.clone()}</span><span>{chart.span.1.clone()}</span></p>
        </figure>
    }
    .into_any()
}

/// A table of figures.
pub fn chart_table(table: &ChartTable) -> AnyView {
    let head = table.head.iter().map(|h| view! { <th scope="col">{h.clone()}</th> }).collect_view();
    let rows = table
        .rows
        .iter()
        .map(|row| {
            let cells = row.iter().map(|c| view! { <td>{c.clone()}</td> }).collect_view();
            view! { <tr>{cells}</tr> }
        })
        .collect_view();
    view! {
        <div class="scroll graph"><table>
            <caption class="v">{table.caption.clone()}</caption>
            <thead><tr>{head}</tr></thead>
            <tbody>{rows}</tbody>
        </table></div>
    }
    .into_any()
}

/// Charts that belong together, and the same as a table.
pub fn charts(model: &Charts) -> AnyView {
    let all = model.charts.iter().map(chart).collect_view();
    view! {
        {all}
        <details>
            <summary>"The same as a table"</summary>
            {chart_table(&model.table)}
        </details>
    }
    .into_any()
}

/// The same as a section of a public page.
pub fn measured(model: &Charts) -> AnyView {
    view! { <section><h2>"Measured"<small>{model.title.to_lowercase()}</small></h2>{charts(model)}</section> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_breaks_where_nothing_was_measured() {
        assert_eq!(line(&[Some(1_000), Some(500), None, Some(0)]), "M75.0 0.0h.1L225.0 50.0M525.0 100.0h.1");
        assert_eq!(line(&[None, None]), "");
        assert_eq!(line(&[]), "");
    }
}
