//! Subscribing by mail or webhook, to the whole page or to some countries.

use leptos::prelude::*;

use crate::{
    model::{PortfolioChoice, SubscribePage},
    paths,
    shell::public::document,
    ui,
};

/// Renders it.
#[must_use]
pub fn subscribe_page(page: &SubscribePage) -> String {
    let summary = (!page.errors.is_empty()).then(|| {
        view! { <p class="error" role="alert"><b>"Nothing was sent yet."</b>" Please look at what is marked below."</p> }
    });
    let portfolios: Vec<_> = page.portfolios.iter().map(countries).collect();
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into())])}
        <h1>"Get updates"</h1>
        <p>"A message at every update of an incident: what we know, what we do, what you can do."</p>
        {summary}
        <form method="post" action=paths::SUBSCRIBE>
            <fieldset>
                <legend>"How?"</legend>
                {channel(page, "email", "E-mail")}
                {channel(page, "webhook", "Webhook (signed JSON to your server)")}
                {error(page, "channel")}
            </fieldset>
            {address(page)}
            <fieldset>
                <legend>"Which countries?"</legend>
                <p class="note">"Tick none for all of them."</p>
                {portfolios}
                {error(page, "countries")}
            </fieldset>
            <p class="v" aria-hidden="true">
                <label>"Leave this empty"<input name="website" tabindex="-1" autocomplete="off" /></label>
            </p>
            <p class="note">{page.consent.clone()}</p>
            <button type="submit">"Subscribe"</button>
        </form>
        <section>
            <h2>"Without an address"</h2>
            <p>
                <a href=paths::RSS>"RSS feed of everything"</a>", also per country, such as "
                <code>"/history.rss?region=fr"</code>". Programs read the "<a href=paths::API>"JSON API"</a>"."
            </p>
        </section>
    };
    document(&page.site, "Get updates", main)
}

fn error(page: &SubscribePage, field: &str) -> Option<impl IntoView + use<>> {
    let id = format!("{field}-error");
    page.error(field).map(|message| view! { <p class="error" id=id>{message.to_owned()}</p> })
}

fn channel(page: &SubscribePage, value: &'static str, label: &'static str) -> impl IntoView + use<> {
    let checked = page.channel == value;
    view! {
        <label class="pick"><input type="radio" name="channel" value=value checked=checked />{label}</label>
    }
}

fn address(page: &SubscribePage) -> impl IntoView + use<> {
    let is_wrong = page.error("address").is_some();
    view! {
        <p class="field">
            <label for="address">"E-mail address, or https:// address of your webhook"</label>
            <input
                id="address"
                name="address"
                value=page.address.clone()
                required=true
                maxlength="254"
                autocomplete="email"
                autocapitalize="none"
                spellcheck="false"
                aria-invalid=is_wrong.then_some("true")
                aria-describedby=is_wrong.then_some("address-error")
            />
        </p>
        {error(page, "address")}
    }
}

fn countries(portfolio: &PortfolioChoice) -> impl IntoView + use<> {
    let boxes: Vec<_> = portfolio
        .countries
        .iter()
        .map(|c| {
            let (code, checked) = (c.code.clone(), c.is_chosen);
            view! {
                <label class="pick">
                    <input type="checkbox" name="countries" value=code checked=checked />{c.name.clone()}
                </label>
            }
        })
        .collect();
    view! { <div class="picks" role="group" aria-label=portfolio.name.clone()><b>{portfolio.name.clone()}</b>{boxes}</div> }
}
