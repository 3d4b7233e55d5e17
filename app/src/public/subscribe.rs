//! Subscribing by mail or webhook.

use domain::language::{Language, Word, page as frame, subscribe as words};
use leptos::prelude::*;

use super::scope::{error, fields};
use crate::{model::SubscribePage, paths, shell::public::document, ui};

/// Renders it.
#[must_use]
pub fn subscribe_page(page: &SubscribePage) -> String {
    let language = page.site.language;
    let say = |word| language.say(word);
    let summary = (!page.errors.is_empty()).then(|| {
        view! { <p class="error" role="alert"><b>{say(words::NOT_SENT)}</b>" "{say(words::LOOK_BELOW)}</p> }
    });
    let error_of = |field: &str| page.error(field).map(str::to_owned);
    let main = view! {
        {ui::breadcrumb(&[(say(frame::ALL_SERVICES).into(), paths::HOME.into())])}
        {languages(page)}
        <h1>{say(frame::GET_UPDATES)}</h1>
        <p>{say(words::INTRO)}</p>
        {summary}
        {error("mark", page.error("mark"))}
        <form method="post" action=paths::SUBSCRIBE>
            <input type="hidden" name="mark" value=page.mark.clone() />
            <fieldset>
                <legend>{say(words::HOW)}</legend>
                {channel(page, "email", say(words::EMAIL))}
                {channel(page, "slack", "Slack")}
                {channel(page, "teams", "Microsoft Teams")}
                {channel(page, "discord", "Discord")}
                {channel(page, "webhook", say(words::WEBHOOK))}
                {error("channel", page.error("channel"))}
            </fieldset>
            {address(page)}
            {fields(language, &page.scope, &error_of)}
            <p class="v" aria-hidden="true">
                <label>{say(words::LEAVE_EMPTY)}<input name="website" tabindex="-1" autocomplete="off" /></label>
            </p>
            <p class="note">{say(words::CONSENT)}</p>
            <button type="submit">{say(frame::SUBSCRIBE)}</button>
        </form>
        {feeds(&say)}
    };
    document(&page.site, say(frame::GET_UPDATES), main)
}

/// The same form in other languages.
fn languages(page: &SubscribePage) -> Option<AnyView> {
    let here = page.site.in_other_languages.clone()?;
    let links: Vec<_> = Language::ALL
        .into_iter()
        .map(|l| {
            let current = (l == page.site.language).then_some("true");
            let href = format!("{here}lang={}", l.code());
            view! { <a href=href lang=l.code() hreflang=l.code() aria-current=current>{l.name()}</a> }
        })
        .collect();
    Some(
        view! { <nav class="langs" aria-label=page.site.language.say(words::LANGUAGES)>{links}</nav> }
            .into_any(),
    )
}

fn feeds(say: &dyn Fn(Word) -> &'static str) -> AnyView {
    view! {
        <section>
            <h2>{say(words::WITHOUT)}</h2>
            <p>
                {say(words::FEEDS)}" "<a href=paths::RSS>"RSS"</a>" "{say(words::AND)}" "<a href=paths::ATOM>"Atom"</a>", "{say(words::PER_INCIDENT)}" "
                <a href=paths::UPDATES_RSS>"RSS"</a>" "{say(words::AND)}" "<a href=paths::UPDATES_ATOM>"Atom"</a>" "{say(words::PER_UPDATE)}" "{say(words::NARROWER)}" "
                <code>"?region=fr"</code>", "<code>"?region=western-europe&component=sms"</code>". "{say(words::PROGRAMS_READ)}" "
                <a href=paths::API>{say(words::JSON_API)}</a>"."
            </p>
        </section>
    }
    .into_any()
}

fn channel(page: &SubscribePage, value: &'static str, label: &'static str) -> impl IntoView + use<> {
    let checked = page.channel == value;
    view! {
        <label class="pick"><input type="radio" name="channel" value=value checked=checked />{label}</label>
    }
}

fn address(page: &SubscribePage) -> impl IntoView + use<> {
    let say = |word| page.site.language.say(word);
    let is_wrong = page.error("address").is_some();
    view! {
        <p class="field">
            <label for="address">{say(words::ADDRESS)}</label>
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
            <label for="contact">{say(words::CONTACT)}" "<small>{say(words::IF_YOU_LIKE)}</small></label>
            <input id="contact" name="contact" value=page.contact.clone() maxlength="254" autocapitalize="none" spellcheck="false" />
        </p>
        {error("contact", page.error("contact"))}
        <p class="hook own"><label class="pick"><input type="checkbox" name="written_only" value="yes" checked=page.is_written_only />{say(words::WRITTEN_ONLY)}</label></p>
    }
}
