//! Changing a subscription by its link.

use domain::language::{Language, mail, manage as words, page as frame, subscribe};
use leptos::prelude::*;

use super::scope::{error, fields};
use crate::{model::ManagePage, paths, shell::public::document, ui};

/// Renders it.
#[must_use]
pub fn manage_page(page: &ManagePage) -> String {
    let base = paths::manage(&page.token);
    let language = page.site.language;
    let say = |word| language.say(word);
    let summary = (!page.errors.is_empty()).then(|| {
        view! { <p class="error" role="alert"><b>{say(words::NOT_CHANGED)}</b>" "{say(subscribe::LOOK_BELOW)}</p> }
    });
    let secret = page.secret.clone().map(|secret| {
        view! {
            <section role="status">
                <h2>{say(words::NEW_SECRET)}</h2>
                <p>{say(words::SHOWN_ONCE)}</p>
                <p><code>{secret}</code></p>
            </section>
        }
    });
    let main = view! {
        {ui::breadcrumb(&[(say(frame::ALL_SERVICES).into(), paths::HOME.into())])}
        <h1>{say(words::TITLE)}</h1>
        <p>{page.address.clone()}" · "{page.state.clone()}</p>
        {page.done.clone().map(|done| view! { <p class="note" role="status"><b>{done}</b></p> })}
        {summary}
        {secret}
        {page.is_live.then(|| change(page, &base))}
        {page.is_live.then(|| pause(page, &base))}
        {(page.is_live && page.channel != "email").then(|| endpoint(page, &base))}
        {page.may_be_asked.then(|| again(language, &base))}
        {deliveries(page, &base)}
        {attempts(page)}
        {leave(page, &base)}
    };
    document(&page.site, say(words::TITLE), main)
}

fn change(page: &ManagePage, base: &str) -> AnyView {
    let language = page.site.language;
    let say = |word| language.say(word);
    let error_of = |field: &str| page.error(field).map(str::to_owned);
    let contact = (page.channel != "email").then(|| {
        view! {
            <p class="field">
                <label for="contact">{say(words::CONTACT)}" "<small>{say(subscribe::IF_YOU_LIKE)}</small></label>
                <input id="contact" name="contact" value=page.contact.clone() maxlength="254" autocapitalize="none" spellcheck="false" />
            </p>
            {error("contact", page.error("contact"))}
        }
    });
    view! {
        <form method="post" action=base.to_owned()>
            {fields(language, &page.scope, &error_of)}
            {contact}
            <button type="submit">{say(words::SAVE)}</button>
        </form>
    }
    .into_any()
}

fn pause(page: &ManagePage, base: &str) -> AnyView {
    let say = |word| page.site.language.say(word);
    let body = if page.is_paused {
        view! { <form method="post" action=format!("{base}/resume")><button type="submit">{say(words::GO_ON)}</button></form> }.into_any()
    } else {
        view! {
            <form method="post" action=format!("{base}/pause")>
                <p class="field">
                    <label for="days">{say(words::HOW_LONG)}</label>
                    <select id="days" name="days">
                        <option value="1">{say(words::ONE_DAY)}</option>
                        <option value="7">{say(words::ONE_WEEK)}</option>
                        <option value="28">{say(words::FOUR_WEEKS)}</option>
                        <option value="0">{say(words::UNTIL_I_SAY)}</option>
                    </select>
                </p>
                {error("days", page.error("days"))}
                <button type="submit">{say(words::PAUSE)}</button>
            </form>
        }
        .into_any()
    };
    view! { <section><h2>{say(words::PAUSE)}</h2><p>{say(words::NOT_AFTERWARDS)}</p>{body}</section> }
        .into_any()
}

fn endpoint(page: &ManagePage, base: &str) -> AnyView {
    let say = |word| page.site.language.say(word);
    let secret = (page.channel == "webhook").then(|| {
        view! {
            <p>{say(words::SECRET_OVERLAP)}</p>
            <form method="post" action=format!("{base}/secret")><button type="submit">{say(words::MAKE_SECRET)}</button></form>
        }
    });
    view! {
        <section>
            <h2>{say(words::ENDPOINT)}</h2>
            <form method="post" action=format!("{base}/test")><button type="submit">{say(words::SEND_TEST)}</button></form>
            {replay(page, base)}
            {secret}
            {(page.channel == "webhook").then(|| key_pair(page, base))}
        </section>
    }
    .into_any()
}

/// Signatures that a public key proves (v1a).
fn key_pair(page: &ManagePage, base: &str) -> AnyView {
    let say = |word| page.site.language.say(word);
    let action = format!("{base}/key");
    match page.public_key.clone() {
        Some(key) => view! {
            <p>{say(words::KEY_SIGNED)}" "<code>{key}</code></p>
            <form method="post" action=action><input type="hidden" name="off" value="yes" /><button type="submit">{say(words::NO_KEY)}</button></form>
        }
        .into_any(),
        None => view! {
            <p>{say(words::KEY_ALSO)}</p>
            <form method="post" action=action><button type="submit">{say(words::WITH_KEY)}</button></form>
        }
        .into_any(),
    }
}

/// What was given up: all of it, or that of some days.
fn replay(page: &ManagePage, base: &str) -> AnyView {
    let say = |word| page.site.language.say(word);
    view! {
        <form method="post" action=format!("{base}/replay")>
            <p class="field"><label for="from">{say(words::FIRST_DAY)}" "<small>{say(words::OPTIONAL)}</small></label><input id="from" name="from" type="date" /></p>
            <p class="field"><label for="until">{say(words::LAST_DAY)}" "<small>{say(words::OPTIONAL)}</small></label><input id="until" name="until" type="date" /></p>
            {error("from", page.error("from"))}
            <button type="submit">{say(words::SEND_AGAIN)}</button>
        </form>
    }
    .into_any()
}

fn again(language: Language, base: &str) -> AnyView {
    let say = |word| language.say(word);
    view! {
        <section>
            <h2>{say(words::TRY_AGAIN)}</h2>
            <p>{say(words::ASKED_ONCE)}</p>
            <form method="post" action=format!("{base}/enable")><button type="submit">{say(words::TRY_AGAIN)}</button></form>
        </section>
    }
    .into_any()
}

fn deliveries(page: &ManagePage, base: &str) -> Option<AnyView> {
    let say = |word| page.site.language.say(word);
    let rows: Vec<_> = page
        .deliveries
        .iter()
        .map(|m| {
            let again = m.again.as_ref().filter(|_| page.is_live && page.channel != "email").map(|id| {
                view! {
                    <form method="post" action=format!("{base}/replay")>
                        <input type="hidden" name="message" value=id.clone() />
                        <button type="submit" aria-label=format!("{}: {}, {}", say(words::SEND_ONE_AGAIN), m.what, m.at)>{say(words::SEND_ONE_AGAIN)}</button>
                    </form>
                }
            });
            view! { <tr><td>{m.at.clone()}</td><td>{m.what.clone()}</td><td>{m.state.clone()}</td><td>{m.answer.clone()}" "{again}</td></tr> }
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section>
                <h2>{say(words::LAST_MESSAGES)}</h2>
                <div class="scroll" tabindex="0" role="region" aria-label=say(words::LAST_MESSAGES)>
                    <table class="times"><thead><tr><th>{say(words::WHEN)}</th><th>{say(words::WHAT)}</th><th>{say(words::STATE)}</th><th>{say(words::ANSWER)}</th></tr></thead><tbody>{rows}</tbody></table>
                </div>
            </section>
        }
        .into_any()
    })
}

fn attempts(page: &ManagePage) -> Option<AnyView> {
    let say = |word| page.site.language.say(word);
    let rows: Vec<_> = page
        .attempts
        .iter()
        .map(|(at, took, result, answer)| {
            view! { <tr><td>{at.clone()}</td><td>{took.clone()}</td><td>{result.clone()}</td><td>{answer.clone()}</td></tr> }
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <details>
                <summary>{say(words::EVERY_ATTEMPT)}</summary>
                <div class="scroll" tabindex="0" role="region" aria-label=say(words::EVERY_ATTEMPT)>
                    <table class="times"><thead><tr><th>{say(words::WHEN)}</th><th>{say(words::TOOK)}</th><th>{say(words::STATE)}</th><th>{say(words::ANSWER)}</th></tr></thead><tbody>{rows}</tbody></table>
                </div>
            </details>
        }
        .into_any()
    })
}

fn leave(page: &ManagePage, base: &str) -> AnyView {
    let say = |word| page.site.language.say(word);
    let unsubscribe = page.is_live.then(|| {
        view! { <form method="post" action=format!("{base}/unsubscribe")><button type="submit">{say(mail::UNSUBSCRIBE)}</button></form> }
    });
    view! {
        <section>
            <h2>{say(words::YOUR_DATA)}</h2>
            <p><a href=format!("{base}/export.json")>{say(words::DOWNLOAD)}</a>" (JSON)."</p>
            {unsubscribe}
            <form method="post" action=format!("{base}/erase")>
                <p><label class="pick"><input type="checkbox" name="sure" value="yes" required=true />{say(words::ERASE_ALL)}</label></p>
                {error("sure", page.error("sure"))}
                <button class="mo" type="submit">{say(words::ERASE)}</button>
            </form>
        </section>
    }
    .into_any()
}
