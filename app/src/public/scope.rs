//! The fields that say what a subscription is about.

use domain::language::{Language, subscribe as words};
use leptos::prelude::*;

use crate::model::{Choice, PortfolioChoice, ScopeForm};

/// A message under a field.
pub(super) fn error(field: &str, message: Option<&str>) -> Option<impl IntoView + use<>> {
    let id = format!("{field}-error");
    message.map(|message| view! { <p class="error" id=id>{message.to_owned()}</p> })
}

fn pick(name: &'static str, choice: &Choice) -> impl IntoView + use<> {
    view! {
        <label class="pick">
            <input type="checkbox" name=name value=choice.value.clone() checked=choice.is_chosen />{choice.name.clone()}
        </label>
    }
}

fn what(form: &ScopeForm, value: &'static str, label: String) -> impl IntoView + use<> {
    let checked = form.what == value;
    view! { <label class="pick"><input type="radio" name="what" value=value checked=checked required=true />{label}</label> }
}

/// The fields; `error_of` gives the message of a field.
pub(super) fn fields(
    language: Language,
    form: &ScopeForm,
    error_of: &dyn Fn(&str) -> Option<String>,
) -> AnyView {
    let say = |word| language.say(word);
    let wrong = |field: &str| error(field, error_of(field).as_deref());
    let incident = form.incident.clone().map(|(id, title)| {
        view! { {what(form, "incident", language.fill(words::ONLY_THIS, &[&title]))}<input type="hidden" name="incident" value=id /> }
    });
    let places: Vec<_> = form.portfolios.iter().map(|p| portfolio(language, p)).collect();
    let services: Vec<_> = form.components.iter().map(|c| pick("components", c)).collect();
    view! {
        <fieldset>
            <legend>{say(words::ABOUT_WHAT)}</legend>
            {incident}
            {what(form, "chosen", say(words::ONLY_TICKED).into())}
            {what(form, "everything", say(words::ALL_OF_PAGE).into())}
            {wrong("what")}{wrong("incident")}
        </fieldset>
        <fieldset>
            <legend>{say(words::WHERE)}</legend>
            {places}
            {wrong("countries")}{wrong("portfolios")}
        </fieldset>
        <fieldset>
            <legend>{say(words::WHICH_SERVICES)}</legend>
            <p class="note">{say(words::NONE_FOR_ALL)}</p>
            <div class="picks">{services}</div>
            {wrong("components")}
        </fieldset>
        {more(language, form, error_of)}
    }
    .into_any()
}

fn portfolio(language: Language, portfolio: &PortfolioChoice) -> impl IntoView + use<> {
    let countries: Vec<_> = portfolio.countries.iter().map(|c| pick("countries", c)).collect();
    let whole =
        Choice::new(&portfolio.slug, &language.fill(words::ALL_OF, &[&portfolio.name]), portfolio.is_chosen);
    view! {
        <div class="picks" role="group" aria-label=portfolio.name.clone()>
            <b>{portfolio.name.clone()}</b>{pick("portfolios", &whole)}{countries}
        </div>
    }
}

fn more(language: Language, form: &ScopeForm, error_of: &dyn Fn(&str) -> Option<String>) -> AnyView {
    let say = |word| language.say(word);
    let wrong = |field: &str| error(field, error_of(field).as_deref());
    let is_open =
        form.has_more() || ["trip", "min_severity", "time_zone"].iter().any(|f| error_of(f).is_some());
    let least =
        [(4, words::ALL_SEVERITIES), (3, words::SEV_1_TO_3), (2, words::SEV_1_AND_2), (1, words::SEV_1_ONLY)];
    let least = least.map(|(n, label)| {
        let selected = form.min_severity == n;
        view! { <option value=n selected=selected>{say(label)}</option> }
    });
    let zones: Vec<_> = form.zones.iter().map(|z| view! { <option value=z.clone()></option> }).collect();
    let languages = (form.languages.len() > 1).then(|| languages(language, form));
    view! {
        {languages}{wrong("language")}
        <details open=is_open>
            <summary>{say(words::MORE)}</summary>
            <p class="field">
                <label for="trip_from">{say(words::TRIP_FROM)}" "<small>{say(words::ENDS_ITSELF)}</small></label>
                <input id="trip_from" name="trip_from" type="date" value=form.trip_from.clone() />
            </p>
            <p class="field">
                <label for="trip_until">{say(words::TRIP_UNTIL)}</label>
                <input id="trip_until" name="trip_until" type="date" value=form.trip_until.clone() />
            </p>
            {wrong("trip")}
            <p class="field">
                <label for="min_severity">{say(words::HOW_SEVERE)}</label>
                <select id="min_severity" name="min_severity">{least}</select>
            </p>
            {wrong("min_severity")}
            <p><label class="pick"><input type="checkbox" name="maintenance_only" value="yes" checked=form.is_maintenance_only />{say(words::MAINTENANCE_ONLY)}</label></p>
            <p><label class="pick"><input type="checkbox" name="measured" value="yes" checked=form.tells_measured />{say(words::MEASURED_TOO)}</label></p>
            <p class="field">
                <label for="time_zone">{say(words::TIME_ZONE)}" "<small>{say(words::BOTH_TIMES)}</small></label>
                <input id="time_zone" name="time_zone" list="zones" maxlength="64" value=form.time_zone.clone() autocomplete="off" spellcheck="false" />
                <datalist id="zones">{zones}</datalist>
            </p>
            {wrong("time_zone")}
        </details>
    }
    .into_any()
}

fn languages(language: Language, form: &ScopeForm) -> AnyView {
    let options: Vec<_> = form
        .languages
        .iter()
        .map(|(code, name)| {
            let selected = *code == form.language;
            view! { <option value=code.clone() lang=code.clone() selected=selected>{name.clone()}</option> }
        })
        .collect();
    view! {
        <p class="field">
            <label for="language">{language.say(words::LANGUAGE)}</label>
            <select id="language" name="language">{options}</select>
        </p>
    }
    .into_any()
}
