//! Settings: the grid and the keys of the ingest door.

use leptos::prelude::*;

use super::{access::remark, chrome::Frame, model::Settings};

/// Settings.
#[must_use]
pub fn settings(frame: &Frame, model: &Settings) -> String {
    frame.page(|| {
        view! {
            <h1>"Settings"</h1>
            <p><a href="/console/settings/promises">"Promises: severity matrix, business hours, reminders"</a></p>
            {grid(frame, model)}
            {keys(frame, model)}
        }
        .into_any()
    })
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

fn keys(frame: &Frame, model: &Settings) -> AnyView {
    let new_key = model.new_key.as_ref().map(|key| {
        view! {
            <div class="card note" role="status">
                <p>"This is the new key. It is not shown again: put it where your activation platform sends its events from."</p>
                <p class="key"><code id="new-key">{key.clone()}</code></p>
            </div>
        }
    });
    let rows = model
        .keys
        .iter()
        .map(|(id, name, used, is_live)| {
            let revoke = (*is_live && model.may_own).then(|| {
                view! { <form method="post" action=format!("/console/settings/keys/{id}/revoke")>{frame.token()}<button>"Revoke"</button></form> }
            });
            view! { <tr><td>{name.clone()}</td><td><code>{format!("tk_{id}_…")}</code></td><td>{used.clone()}</td><td>{revoke}</td></tr> }
        })
        .collect_view();
    let form = model.may_own.then(|| {
        view! {
            <form method="post" action="/console/settings/keys" class="inline">
                {frame.token()}<label for="key-name">"New key for"</label><input id="key-name" name="name" maxlength="80" required /><button>"Create key"</button>
            </form>
            {remark(model.error.as_ref(), "name")}
        }
    });
    view! {
        <h2>"Keys for telemetry"</h2>
        <p class="d">"Activation platforms post CloudEvents to " <code>{model.ingest_url.clone()}</code> " with such a key."</p>
        {new_key}
        <table class="now"><thead><tr><th>"Name"</th><th>"Key"</th><th>"Last used"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{rows}</tbody></table>
        {form}
    }
    .into_any()
}
