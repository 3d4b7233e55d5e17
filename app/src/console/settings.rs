//! Settings: the grid.

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::Settings};

/// Settings.
#[must_use]
pub fn settings(frame: &Frame, model: &Settings) -> String {
    frame.page(|| {
        view! {
            <h1>"Settings"</h1>
            <p><a href="/console/settings/promises">"Promises: severity matrix, business hours, reminders"</a></p>
            <p><a href="/console/settings/availability">"Availability targets and credits"</a></p>
            {grid(frame, model)}
            {charts(frame, model)}
            <p><a href="/console/sources#keys">"Keys for telemetry, and what they may speak of"</a></p>
        }
        .into_any()
    })
}

fn charts(frame: &Frame, model: &Settings) -> Option<AnyView> {
    if model.charts.is_empty() || !model.may_maintain {
        return None;
    }
    let boxes = model
        .charts
        .iter()
        .map(|(id, name, is_public)| {
            view! { <label class="pick"><input type="checkbox" name="chart" value=id.clone() checked=*is_public />{name.clone()}</label> }
        })
        .collect_view();
    Some(
        view! {
            <h2 id="charts">"Public charts"</h2>
            <p class="d">"Everybody sees how many activations succeeded and how long half of them took, over 24 hours and 90 days, on the pages of the services that you tick. No supplier is named. Charts are drawn anew every five minutes."</p>
            <form method="post" action="/console/settings/charts">
                {frame.token()}
                <div class="picks">{boxes}</div>
                {remark(model.error.as_ref(), "chart")}
                <div class="act"><button>"Save"</button></div>
            </form>
        }
        .into_any(),
    )
}

fn grid(frame: &Frame, model: &Settings) -> AnyView {
    let error = model.error.as_ref();
    let portfolios = model
        .portfolios
        .iter()
        .map(|(_, name, countries)| view! { <tr><td>{name.clone()}</td><td>{countries.clone()}</td></tr> })
        .collect_view();
    let components = model
        .components
        .iter()
        .map(|(name, slug, step)| view! { <tr><td>{name.clone()}</td><td><code>{slug.clone()}</code></td><td>{step.clone()}</td></tr> })
        .collect_view();
    let options = model
        .portfolios
        .iter()
        .map(|(id, name, _)| view! { <option value=id.clone()>{name.clone()}</option> })
        .collect_view();
    let forms = model.may_maintain.then(|| {
        view! {
            <form method="post" action="/console/settings/portfolios" class="inline">
                {frame.token()}<label for="portfolio">"New portfolio"</label><input id="portfolio" name="portfolio" maxlength="80" required /><button>"Add portfolio"</button>
            </form>
            {remark(error, "portfolio")}
            <form method="post" action="/console/settings/countries" class="inline">
                {frame.token()}<label for="code">"New country " <small>"ISO code"</small></label><input id="code" name="code" maxlength="2" size="3" required />
                <label class="v" for="in">"in"</label><select id="in" name="portfolio_id">{options}</select><button>"Add country"</button>
            </form>
            {remark(error, "countries")}
            <form method="post" action="/console/settings/components" class="inline">
                {frame.token()}<label for="component">"New service"</label><input id="component" name="component" maxlength="80" required />
                <label for="step">"measured by"</label>
                <select id="step" name="step">
                    <option value="">"heartbeats or people"</option><option value="issue">"issue"</option><option value="download">"download"</option>
                    <option value="enable">"enable"</option><option value="journey">"the whole journey"</option>
                </select><button>"Add service"</button>
            </form>
            {remark(error, "component")}
        }
    });
    view! {
        <h2>"Where you sell"</h2>
        <table class="now"><thead><tr><th>"Portfolio"</th><th>"Countries"</th></tr></thead><tbody>{portfolios}</tbody></table>
        <h2>"Services"</h2>
        <table class="now"><thead><tr><th>"Name"</th><th>"Slug"</th><th>"Measured by"</th></tr></thead><tbody>{components}</tbody></table>
        {forms}
    }
    .into_any()
}
