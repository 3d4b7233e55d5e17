//! The matrix of trials: device and carrier by what was looked at, with the last result and its age.

use leptos::prelude::*;

use super::{super::chrome::Frame, TRIALS, tabs};

/// The last result of one aspect.
#[derive(Debug, Clone, Default)]
pub struct TrialCell {
    /// Whether it went as it should.
    pub is_passed: bool,
    /// Too old to say much.
    pub is_stale: bool,
    /// `passed in 2.1 s`.
    pub words: String,
    /// `3 days ago`; `stale: 40 days ago`.
    pub age: String,
    /// `4 of the last 5 passed`; empty: all did.
    pub run: String,
}

/// A device with a carrier and a flow.
#[derive(Debug, Clone, Default)]
pub struct TrialRow {
    /// Model.
    pub device: String,
    /// Carrier.
    pub carrier: String,
    /// `over the air`, `QR code`, `alternate`.
    pub flow: &'static str,
    /// By aspect; none: never tried.
    pub cells: [Option<TrialCell>; 4],
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct Trials {
    /// `11 of 14 passed lately, 2 failed, 1 stale`.
    pub standing: String,
    /// By device, carrier and flow.
    pub rows: Vec<TrialRow>,
    /// Whether there are more than are shown.
    pub is_cut: bool,
}

fn cell(cell: Option<&TrialCell>) -> AnyView {
    let Some(c) = cell else { return view! { <td class="d">"not tried"</td> }.into_any() };
    let mark = match (c.is_passed, c.is_stale) {
        (true, false) => "✓",
        (true, true) => "?",
        (false, _) => "✗",
    };
    let class = if c.is_passed && !c.is_stale { "" } else { "due" };
    let run = (!c.run.is_empty()).then(|| view! { <small class="l">{c.run.clone()}</small> });
    view! { <td><span class=class><span aria-hidden="true">{mark}</span>" "{c.words.clone()}</span><small class="l">{c.age.clone()}</small>{run}</td> }
        .into_any()
}

/// Renders it.
#[must_use]
pub fn trials(frame: &Frame, model: &Trials) -> String {
    let rows = model
        .rows
        .iter()
        .map(|r| {
            let cells = r.cells.iter().map(|c| cell(c.as_ref())).collect_view();
            view! { <tr><td><b>{r.device.clone()}</b><small class="l">{r.carrier.clone()}</small></td><td>{r.flow}</td>{cells}</tr> }
        })
        .collect_view();
    let body = if model.rows.is_empty() {
        view! { <p class="empty">"No trial has been told yet. Send esim.trial.result events with device, carrier, flow, check and passed to the door of CloudEvents (see "<a href="/console/sources">"Sources"</a>"). They count as no activation."</p> }.into_any()
    } else {
        view! {
            <table class="now">
                <thead><tr><th>"Device and carrier"</th><th>"Flow"</th><th>"Activation"</th><th>"Certificate"</th><th>"OTA latency"</th><th>"QR code"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    let cut =
        model.is_cut.then(|| view! { <p class="d">"There are more combinations than are shown here."</p> });
    frame.page(|| {
        view! {
            <h1>"Trials"</h1>
            {tabs(TRIALS)}
            <p class="d">{model.standing.clone()}</p>
            {body}
            {cut}
        }
        .into_any()
    })
}
