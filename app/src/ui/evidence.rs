//! A partner's month as tables: what it sells, what was promised, what was measured, and what a miss is worth.

use domain::{
    clock::SECOND,
    clock_local::duration_words,
    evidence::{CellLine, ClockLine, Pack, UpdatesLine},
    severity::Severity,
};
use leptos::prelude::*;

/// The verdict of a month in one sentence.
#[must_use]
pub fn evidence_verdict(pack: &Pack) -> String {
    let promised = pack.cells.iter().filter(|c| c.target_percent.is_some()).count();
    let missed = pack.cells.iter().filter(|c| c.is_met == Some(false)).count();
    let unknown = pack.cells.iter().filter(|c| c.target_percent.is_some() && c.is_met.is_none()).count();
    let rest = match unknown {
        0 => String::new(),
        n => format!(" Of {n} nothing can be said: there was no data."),
    };
    match (promised, missed) {
        (0, _) => "No availability was promised in this month; what was measured stands below.".into(),
        (n, 0) => format!("{} of {n} availability targets were met.{rest}", n - unknown),
        (n, missed) => format!("{missed} of {n} availability targets were missed.{rest}"),
    }
}

/// The tables.
#[must_use]
pub fn evidence_tables(pack: &Pack) -> AnyView {
    let formulas = pack.formulas.iter().map(|f| view! { <li>{f.clone()}</li> }).collect_view();
    view! {
        <section>
            <h2>"Availability"</h2>
            {cells(&pack.cells)}
        </section>
        <section>
            <h2>"Restored and fixed"</h2>
            {clocks(&pack.clocks)}
        </section>
        <section>
            <h2>"Updates"</h2>
            {updates(&pack.updates)}
        </section>
        <section>
            <h2>"How the figures are made"</h2>
            <ul>{formulas}</ul>
        </section>
    }
    .into_any()
}

fn percent(text: Option<&String>) -> String {
    text.map_or_else(|| "–".to_owned(), |p| format!("{p} %"))
}

fn secs(secs: i64) -> String {
    if secs == 0 { "–".into() } else { duration_words(secs * SECOND) }
}

fn table(label: &'static str, heads: &[&'static str], rows: Vec<AnyView>) -> AnyView {
    let heads = heads.iter().map(|head| view! { <th scope="col">{*head}</th> }).collect_view();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=label>
            <table class="times"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>
        </div>
    }
    .into_any()
}

fn cells(lines: &[CellLine]) -> AnyView {
    if lines.is_empty() {
        return view! { <p>"Nothing is sold here."</p> }.into_any();
    }
    let row = |c: &CellLine| {
        let target = match &c.target_percent {
            Some(target) => format!("{target} % {}", c.hours),
            None => "none".into(),
        };
        let verdict = match c.is_met {
            Some(true) => "met",
            Some(false) => "missed",
            None if c.availability_percent.is_none() => "no data",
            None => "–",
        };
        let credit =
            if c.credit_percent > 0 { format!("{} % of the fee", c.credit_percent) } else { "–".into() };
        view! {
            <tr>
                <td>{c.country_name.clone()}", "{c.component_name.clone()}</td><td>{percent(c.availability_percent.as_ref())}</td><td>{target}</td>
                <td><b>{verdict}</b></td><td>{secs(c.down_secs)}</td><td>{secs(c.no_data_secs)}</td><td>{secs(c.maintenance_secs)}</td><td>{credit}</td>
            </tr>
        }
        .into_any()
    };
    let heads = [
        "Service",
        "Measured",
        "Target",
        "Verdict",
        "Down, weighted",
        "Without data",
        "Maintenance",
        "Credit",
    ];
    table("Availability", &heads, lines.iter().map(row).collect())
}

fn clocks(lines: &[ClockLine]) -> AnyView {
    if lines.is_empty() {
        return view! { <p>"No promise to restore or to fix fell due in this month."</p> }.into_any();
    }
    let row = |c: &ClockLine| {
        let promise = if c.promise == "fix" { "Fixed for good" } else { "Usable again" };
        let due = c.due_at.get(..16).unwrap_or_default().replace('T', " ");
        let verdict = match (&c.kept_at, c.late_secs) {
            (_, 0) => "in time".to_owned(),
            (Some(_), late) => format!("{} late", duration_words(late * SECOND)),
            (None, late) => format!("open, {} late", duration_words(late * SECOND)),
        };
        view! {
            <tr><td>{format!("{due} UTC")}</td><td>{promise}</td><td><b>{verdict}</b></td><td><a href=crate::paths::incident(&c.incident)>{c.title.clone()}</a></td></tr>
        }
        .into_any()
    };
    table("Restored and fixed", &["Due", "Promise", "Kept", "Incident"], lines.iter().map(row).collect())
}

fn updates(lines: &[UpdatesLine]) -> AnyView {
    if lines.is_empty() {
        return view! { <p>"No update was due in this month."</p> }.into_any();
    }
    let row = |l: &UpdatesLine| {
        let severity = Severity::try_from(l.severity).map_or("", Severity::label);
        let worst =
            if l.worst_late_secs == 0 { "–".into() } else { format!("{} late", secs(l.worst_late_secs)) };
        view! { <tr><td>{severity}</td><td>{format!("{} of {}", l.kept, l.made)}</td><td>{worst}</td></tr> }
            .into_any()
    };
    table("Updates", &["Severity", "On time", "Worst"], lines.iter().map(row).collect())
}
