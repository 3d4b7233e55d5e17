//! A supplier's review of a month or quarter: on screen and on paper.

use domain::telemetry::scorecard::{Line, Verdict};
use leptos::prelude::*;

use super::{super::chrome::Frame, PATH};
use crate::ui::{Trend, trend};

/// The review.
#[derive(Debug, Clone, Default)]
pub struct Review {
    /// Public id of the supplier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `October 2026`.
    pub words: String,
    /// `2026-10`.
    pub period: String,
    /// Whether the period goes on, and until when it was read.
    pub standing: String,
    /// The period before, and the one after unless it is still to come.
    pub around: (String, Option<String>),
    /// The month or quarter that holds the same time: period and label.
    pub other: (String, &'static str),
    /// Figures.
    pub lines: Vec<Line>,
    /// Without data, in words.
    pub no_data: String,
    /// Shares by day.
    pub trends: Vec<Trend>,
    /// Failovers: when, from and to, lasted, cause.
    pub failovers: Vec<[String; 4]>,
    /// Calls: when, came after, promised, restored after.
    pub calls: Vec<[String; 4]>,
    /// How the figures are made.
    pub notes: Vec<&'static str>,
}

const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Missed => "overdue",
        Verdict::Met | Verdict::Unknown | Verdict::NoTarget => "d",
    }
}

/// Renders it.
#[must_use]
pub fn review(frame: &Frame, model: &Review) -> String {
    let at = |period: &str| format!("{PATH}/{}/review?period={period}", model.id);
    let file = |ending: &str| format!("{PATH}/{}/review.{ending}?period={}", model.id, model.period);
    let after =
        model.around.1.as_ref().map(|p| view! { <a class="button" href=at(p) rel="next">"Later"</a> });
    let rows = model
        .lines
        .iter()
        .map(|l| {
            view! {
                <tr>
                    <td>{l.name}<small class="l">{l.basis.clone()}</small></td><td><b>{l.value.clone()}</b></td><td>{l.target.clone()}</td>
                    <td class=class(l.verdict)>{l.verdict.words()}</td>
                </tr>
            }
        })
        .collect_view();
    let trends = model.trends.iter().map(trend).collect_view();
    let notes = model.notes.iter().map(|n| view! { <li>{*n}</li> }).collect_view();
    frame.page(|| {
        view! {
            <p class="crumb d"><a href=PATH>"Suppliers"</a>" › "<a href=format!("{PATH}/{}", model.id)>{model.name.clone()}</a></p>
            <div class="bar"><h1>{format!("{}: {}", model.name, model.words)}</h1></div>
            <p class="d">{model.standing.clone()}" "{model.no_data.clone()}</p>
            <div class="act">
                <a class="button" href=at(&model.around.0) rel="prev">"Earlier"</a>{after}
                <a class="button" href=at(&model.other.0)>{model.other.1}</a>
                <a class="button" href=file("csv") download="">"As CSV"</a><a class="button" href=file("json") download="">"As JSON"</a>
            </div>
            <table class="now"><thead><tr><th>"Figure"</th><th>"Value"</th><th>"Owed"</th><th>"Kept"</th></tr></thead><tbody>{rows}</tbody></table>
            {trends}
            <h2>"Failovers"</h2>
            {table(&model.failovers, ["Began", "From → to", "Lasted", "Cause"], "None on record in this time.")}
            <h2>"When we called"</h2>
            {table(&model.calls, ["Called", "Came", "Promised", "Usable again"], "It was called in on no incident that began in this time.")}
            <h2>"How this is counted"</h2>
            <ul class="lines">{notes}</ul>
        }
        .into_any()
    })
}

fn table(rows: &[[String; 4]], heads: [&'static str; 4], none: &'static str) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="empty">{none}</p> }.into_any();
    }
    let heads = heads.map(|h| view! { <th>{h}</th> }).collect_view();
    let rows = rows
        .iter()
        .map(|row| view! { <tr>{row.iter().map(|c| view! { <td>{c.clone()}</td> }).collect_view()}</tr> })
        .collect_view();
    view! { <table class="now"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table> }.into_any()
}
