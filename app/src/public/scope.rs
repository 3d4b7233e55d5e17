//! The fields that say what a subscription is about.

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
pub(super) fn fields(form: &ScopeForm, error_of: &dyn Fn(&str) -> Option<String>) -> AnyView {
    let wrong = |field: &str| error(field, error_of(field).as_deref());
    let incident = form.incident.clone().map(|(id, title)| {
        view! { {what(form, "incident", format!("Only this incident: {title}"))}<input type="hidden" name="incident" value=id /> }
    });
    let places: Vec<_> = form.portfolios.iter().map(portfolio).collect();
    let services: Vec<_> = form.components.iter().map(|c| pick("components", c)).collect();
    view! {
        <fieldset>
            <legend>"About what?"</legend>
            {incident}
            {what(form, "chosen", "Only what I tick below".into())}
            {what(form, "everything", "Everything on this page".into())}
            {wrong("what")}{wrong("incident")}
        </fieldset>
        <fieldset>
            <legend>"Where?"</legend>
            {places}
            {wrong("countries")}{wrong("portfolios")}
        </fieldset>
        <fieldset>
            <legend>"Which services?"</legend>
            <p class="note">"Tick none for all of them."</p>
            <div class="picks">{services}</div>
            {wrong("components")}
        </fieldset>
        {more(form, error_of)}
    }
    .into_any()
}

fn portfolio(portfolio: &PortfolioChoice) -> impl IntoView + use<> {
    let countries: Vec<_> = portfolio.countries.iter().map(|c| pick("countries", c)).collect();
    let whole = Choice::new(&portfolio.slug, &format!("All of {}", portfolio.name), portfolio.is_chosen);
    view! {
        <div class="picks" role="group" aria-label=portfolio.name.clone()>
            <b>{portfolio.name.clone()}</b>{pick("portfolios", &whole)}{countries}
        </div>
    }
}

fn more(form: &ScopeForm, error_of: &dyn Fn(&str) -> Option<String>) -> AnyView {
    let wrong = |field: &str| error(field, error_of(field).as_deref());
    let is_open = form.has_more()
        || ["trip", "min_severity", "time_zone", "language"].iter().any(|f| error_of(f).is_some());
    let least = [(4, "All of them"), (3, "Sev 1 to 3"), (2, "Sev 1 and 2"), (1, "Sev 1 only")];
    let least = least.map(|(n, label)| {
        let selected = form.min_severity == n;
        view! { <option value=n selected=selected>{label}</option> }
    });
    let zones: Vec<_> = form.zones.iter().map(|z| view! { <option value=z.clone()></option> }).collect();
    let languages = (form.languages.len() > 1).then(|| languages(form));
    view! {
        <details open=is_open>
            <summary>"Travelling, severity, time zone"</summary>
            <p class="field">
                <label for="trip_from">"Only during a trip: first day "<small>"it ends by itself"</small></label>
                <input id="trip_from" name="trip_from" type="date" value=form.trip_from.clone() />
            </p>
            <p class="field">
                <label for="trip_until">"Last day"</label>
                <input id="trip_until" name="trip_until" type="date" value=form.trip_until.clone() />
            </p>
            {wrong("trip")}
            <p class="field">
                <label for="min_severity">"How severe?"</label>
                <select id="min_severity" name="min_severity">{least}</select>
            </p>
            {wrong("min_severity")}
            <p><label class="pick"><input type="checkbox" name="maintenance_only" value="yes" checked=form.is_maintenance_only />"Planned maintenance only"</label></p>
            <p class="field">
                <label for="time_zone">"Your time zone "<small>"times are told in UTC and in yours"</small></label>
                <input id="time_zone" name="time_zone" list="zones" maxlength="64" value=form.time_zone.clone() autocomplete="off" spellcheck="false" />
                <datalist id="zones">{zones}</datalist>
            </p>
            {wrong("time_zone")}
            {languages}{wrong("language")}
        </details>
    }
    .into_any()
}

fn languages(form: &ScopeForm) -> AnyView {
    let options: Vec<_> = form
        .languages
        .iter()
        .map(|(code, name)| {
            let selected = *code == form.language;
            view! { <option value=code.clone() selected=selected>{name.clone()}</option> }
        })
        .collect();
    view! {
        <p class="field">
            <label for="language">"Language of the words around a notice"</label>
            <select id="language" name="language">{options}</select>
        </p>
    }
    .into_any()
}
