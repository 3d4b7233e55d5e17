//! Telemetry: every cell with its evidence, and one cell with its pin.

use domain::status::CellStatus;
use leptos::prelude::*;

use super::{
    access::remark,
    chrome::Frame,
    model::{Cell, CellLine},
};
use crate::ui::spark;

/// Status by shape and word.
fn status(status: CellStatus) -> AnyView {
    let (class, path) = match status {
        CellStatus::Operational => ("s-ok", "M8 4.8a3.2 3.2 0 1 1 0 6.4a3.2 3.2 0 0 1 0-6.4z"),
        CellStatus::Degraded => ("s-degraded", "M8 2l6.5 11.5h-13z"),
        CellStatus::PartialOutage => ("s-partial", "M8 1l7 7-7 7-7-7z"),
        CellStatus::MajorOutage => ("s-major", "M2 2h12v12H2z"),
        CellStatus::UnderMaintenance => ("s-maint", "M1 6h14v4H1z"),
        CellStatus::NoData => {
            ("s-nodata", "M8 3a5 5 0 1 1 0 10a5 5 0 0 1 0-10zm0 1.6a3.4 3.4 0 1 0 0 6.8a3.4 3.4 0 0 0 0-6.8z")
        }
    };
    view! {
        <span class=format!("status {class}")>
            <svg viewBox="0 0 16 16" aria-hidden="true"><path d=path /></svg>{status.words()}
        </span>
    }
    .into_any()
}

/// Every cell, those in trouble first.
#[must_use]
pub fn telemetry(frame: &Frame, cells: &[CellLine]) -> String {
    let rows = cells
        .iter()
        .map(|c| {
            view! {
                <tr>
                    <td>{status(c.status)}</td>
                    <td><a href=format!("/console/cells/{}", c.id)>{format!("{} · {}", c.component, c.country)}</a></td>
                    <td>{c.basis}</td>
                    <td>{c.evidence.clone()}</td>
                    <td>{c.since.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    frame.page(|| {
        view! {
            <h1>"Telemetry"</h1>
            <p class="d">"What every cell shows and why. A person’s pin wins over an open incident, and both win over telemetry. Silence is never green. "<a href="/console/sources">"Sources, keys and mappings"</a>" · "<a href="/console/degradation">"Policies and watch periods"</a>" · "<a href="/console/canary">"Canaries"</a></p>
            <table class="now">
                <thead><tr><th>"Shows"</th><th>"Cell"</th><th>"Basis"</th><th>"Evidence"</th><th>"For"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    })
}

/// One cell.
#[must_use]
pub fn cell(frame: &Frame, model: &Cell) -> String {
    let line = &model.line;
    let figures = model
        .figures
        .iter()
        .map(|(label, value)| view! { <div><dt>{*label}</dt><dd>{value.clone()}</dd></div> })
        .collect_view();
    let changes = model
        .changes
        .iter()
        .map(|c| {
            let rests_on =
                (!c.rests_on.is_empty()).then(|| view! { <br /><small>{c.rests_on.clone()}</small> });
            view! { <li>{c.words.clone()}{rests_on}{c.chart.as_ref().map(spark)}</li> }
        })
        .collect_view();
    frame.page(|| {
        view! {
            <h1>{format!("{} · {}", line.component, line.country)}</h1>
            <p>{status(line.status)}{format!(" for {}, by {}", line.since, line.basis)}</p>
            {model.frozen.as_ref().map(|until| view! { <p class="lint">{format!("Flapping: it went down and up too often in an hour. Held at the worse state until {until}.")}</p> })}
            {model.withheld.as_ref().map(|why| view! { <p class="lint">{why.clone()}</p> })}
            <h2>"Evidence"</h2>
            <p>{line.evidence.clone()}</p>
            <dl class="facts">{figures}</dl>
            <p class="d">{format!("Telemetry’s own opinion: {}.", model.telemetry.words())}" Judged by "<a href=model.policy.1.clone()>{model.policy.0.clone()}</a>"."</p>
            {pin_form(frame, model)}
            <h2>"Changes"</h2>
            <ul class="changes">{changes}</ul>
        }
        .into_any()
    })
}

fn pin_form(frame: &Frame, model: &Cell) -> AnyView {
    let pinned = model.pin.as_ref().map(|(to, by, why)| {
        let unpin = model.may_pin.then(|| {
            view! { <form method="post" action=format!("/console/cells/{}/unpin", model.line.id)>{frame.token()}<button>"Unpin"</button></form> }
        });
        view! { <div class="card note"><p>{format!("Pinned at {} by {by}: {why}", to.words())}</p>{unpin}</div> }
    });
    let form = model.may_pin.then(|| {
        let options = CellStatus::ALL
            .into_iter()
            .filter(|s| *s != CellStatus::NoData)
            .map(|s| view! { <option value=s.slug()>{s.words()}</option> })
            .collect_view();
        view! {
            <form method="post" class="narrow" action=format!("/console/cells/{}/pin", model.line.id)>
                {frame.token()}
                <div class="f"><label for="status">"Set it by hand to"</label><select id="status" name="status">{options}</select></div>
                <div class="f">
                    <label for="reason">"Reason " <small>"kept in the record"</small></label>
                    <input id="reason" name="reason" maxlength="200" required value=model.reason.clone() />
                    {remark(model.error.as_ref(), "reason")}
                </div>
                <div class="act"><button class="go">"Pin this cell"</button><span class="d">"It stays until somebody unpins it."</span></div>
            </form>
        }
    });
    view! { <h2>"Pin"</h2>{pinned}{form} }.into_any()
}
