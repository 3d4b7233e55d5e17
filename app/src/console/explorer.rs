//! The explorer: what activations measured, over time and side by side.

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::FormError};
use crate::{
    model::{ChartTable, Charts},
    ui,
};

/// Something to choose.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Name of the field.
    pub name: &'static str,
    /// Words beside it.
    pub label: &'static str,
    /// Value and words of each option.
    pub options: Vec<(String, String)>,
    /// The value that is chosen.
    pub chosen: String,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct Explorer {
    /// What to choose from.
    pub choices: Vec<Choice>,
    /// What is shown, in a sentence.
    pub about: String,
    /// Figures over all of it; empty: nothing was measured.
    pub facts: Vec<(&'static str, String)>,
    /// Over time.
    pub charts: Charts,
    /// Side by side: by supplier, country, flow, cohort. With what each is called.
    pub splits: Vec<(&'static str, ChartTable)>,
    /// Failures by error class.
    pub errors: ChartTable,
    /// What was counted otherwise at first, a sentence each.
    pub corrections: Vec<String>,
    /// Where an incident is declared from this.
    pub declare: Option<String>,
    /// What was wrong with what was asked.
    pub error: Option<FormError>,
}

/// The explorer.
#[must_use]
pub fn explorer(frame: &Frame, model: &Explorer) -> String {
    frame.page(|| {
        view! {
            <h1>"Explorer"</h1>
            <p class="d">"What activations measured. "<a href="/console/telemetry">"What every cell shows now"</a></p>
            {form(model)}
            {findings(model)}
        }
        .into_any()
    })
}

fn form(model: &Explorer) -> AnyView {
    let fields = model
        .choices
        .iter()
        .map(|c| {
            let options = c
                .options
                .iter()
                .map(|(value, words)| view! { <option value=value.clone() selected=*value == c.chosen>{words.clone()}</option> })
                .collect_view();
            let id = format!("x-{}", c.name);
            view! {
                <div class="f">
                    <label for=id.clone()>{c.label}</label>
                    <select id=id name=c.name>{options}</select>
                    {remark(model.error.as_ref(), c.name)}
                </div>
            }
        })
        .collect_view();
    view! {
        <form method="get" action="/console/explorer">
            <div class="grid3">{fields}</div>
            {remark(model.error.as_ref(), "until")}
            <div class="act"><button class="go">"Show"</button></div>
        </form>
    }
    .into_any()
}

fn findings(model: &Explorer) -> AnyView {
    if model.error.is_some() {
        return ().into_any();
    }
    if model.facts.is_empty() {
        return view! {
            <h2>{model.about.clone()}</h2>
            <p class="empty">"Nothing was measured here in this time. Choose a longer time or fewer conditions, or see under Sources whether events arrive."</p>
        }
        .into_any();
    }
    let facts = model
        .facts
        .iter()
        .map(|(label, value)| view! { <div><dt>{*label}</dt><dd>{value.clone()}</dd></div> })
        .collect_view();
    let declare = model.declare.clone().map(|href| {
        view! { <div class="act"><a class="button" href=href>"Declare an incident from this"</a><span class="d">"The form opens with cells, severity and text filled in; these figures are kept with it."</span></div> }
    });
    let splits = model
        .splits
        .iter()
        .filter(|(_, table)| !table.rows.is_empty())
        .map(|(name, table)| view! { <h2>{*name}</h2>{ui::chart_table(table)} })
        .collect_view();
    view! {
        <h2>{model.about.clone()}</h2>
        <dl class="facts">{facts}</dl>
        {declare}
        {ui::charts(&model.charts)}
        {errors(model)}
        {splits}
        {corrections(model)}
    }
    .into_any()
}

fn errors(model: &Explorer) -> AnyView {
    if model.errors.rows.is_empty() {
        return view! { <h2>"Failures by error class"</h2><p class="d">"None failed for good."</p> }
            .into_any();
    }
    view! { <h2>"Failures by error class"</h2>{ui::chart_table(&model.errors)} }.into_any()
}

/// Corrections that are shown at once.
const OPEN: usize = 6;

fn corrections(model: &Explorer) -> AnyView {
    if model.corrections.is_empty() {
        return view! { <h2>"Corrections"</h2><p class="d">"Nothing that had counted as failed was told of as a success afterwards."</p> }
            .into_any();
    }
    let line = |c: &String| view! { <li>{c.clone()}</li> };
    let (newest, older) = model.corrections.split_at(model.corrections.len().min(OPEN));
    let lines = newest.iter().map(line).collect_view();
    let older = (!older.is_empty()).then(|| {
        let lines = older.iter().map(line).collect_view();
        view! { <details><summary>{format!("{} more", older.len())}</summary><ul class="changes">{lines}</ul></details> }
    });
    view! {
        <h2>"Corrections"</h2>
        <p class="d">"These had counted as failed when their time ran out; the figures above hold what was told of them later. Flows and cohorts are not told apart here."</p>
        <ul class="changes">{lines}</ul>
        {older}
    }
    .into_any()
}
