//! Subscribing by mail or webhook.

use leptos::prelude::*;

use super::scope::{error, fields};
use crate::{model::SubscribePage, paths, shell::public::document, ui};

/// Renders it.
#[must_use]
pub fn subscribe_page(page: &SubscribePage) -> String {
    let summary = (!page.errors.is_empty()).then(|| {
        view! { <p class="error" role="alert"><b>"Nothing was sent yet."</b>" Please look at what is marked below."</p> }
    });
    let error_of = |field: &str| page.error(field).map(str::to_owned);
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into())])}
        <h1>"Get updates"</h1>
        <p>"A message at every update of an incident: what we know, what we do, what you can do."</p>
        {summary}
        <form method="post" action=paths::SUBSCRIBE>
            <fieldset>
                <legend>"How?"</legend>
                {channel(page, "email", "E-mail")}
                {channel(page, "slack", "Slack")}
                {channel(page, "teams", "Microsoft Teams")}
                {channel(page, "discord", "Discord")}
                {channel(page, "webhook", "Webhook (signed JSON to your server)")}
                {error("channel", page.error("channel"))}
            </fieldset>
            {address(page)}
            {fields(&page.scope, &error_of)}
            <p class="v" aria-hidden="true">
                <label>"Leave this empty"<input name="website" tabindex="-1" autocomplete="off" /></label>
            </p>
            <p class="note">{page.consent.clone()}</p>
            <button type="submit">"Subscribe"</button>
        </form>
        <section>
            <h2>"Without an address"</h2>
            <p>
                "Feeds of everything: "<a href=paths::RSS>"RSS"</a>" and "<a href=paths::ATOM>"Atom"</a>", with an entry per incident; "
                <a href=paths::UPDATES_RSS>"RSS"</a>" and "<a href=paths::UPDATES_ATOM>"Atom"</a>" with an entry per update, for chat. Narrower: "
                <code>"?region=fr"</code>", "<code>"?region=western-europe&component=sms"</code>". Programs read the "
                <a href=paths::API>"JSON API"</a>"."
            </p>
        </section>
    };
    document(&page.site, "Get updates", main)
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
            <label for="address">"E-mail address, or https:// address of the incoming webhook"</label>
            <input
                id="address"
                name="address"
                value=page.address.clone()
                required=true
                maxlength="2048"
                autocomplete="email"
                autocapitalize="none"
                spellcheck="false"
                aria-invalid=is_wrong.then_some("true")
                aria-describedby=is_wrong.then_some("address-error")
            />
        </p>
        {error("address", page.error("address"))}
        <p class="field hook">
            <label for="contact">"Whom to write to when it fails "<small>"e-mail, if you like"</small></label>
            <input id="contact" name="contact" value=page.contact.clone() maxlength="254" autocapitalize="none" spellcheck="false" />
        </p>
        {error("contact", page.error("contact"))}
    }
}
