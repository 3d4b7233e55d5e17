//! Changing a subscription by its link.

use leptos::prelude::*;

use super::scope::{error, fields};
use crate::{model::ManagePage, paths, shell::public::document, ui};

/// Renders it.
#[must_use]
pub fn manage_page(page: &ManagePage) -> String {
    let base = paths::manage(&page.token);
    let summary = (!page.errors.is_empty()).then(|| {
        view! { <p class="error" role="alert"><b>"Nothing was changed."</b>" Please look at what is marked below."</p> }
    });
    let secret = page.secret.clone().map(|secret| {
        view! {
            <section role="status">
                <h2>"Your new signing secret"</h2>
                <p>"Shown this once. For 24 hours messages are signed with this one and with the one before."</p>
                <p><code>{secret}</code></p>
            </section>
        }
    });
    let main = view! {
        {ui::breadcrumb(&[("All services".into(), paths::HOME.into())])}
        <h1>"Your subscription"</h1>
        <p>{page.address.clone()}" · "{page.state.clone()}</p>
        {page.done.clone().map(|done| view! { <p class="note" role="status"><b>{done}</b></p> })}
        {summary}
        {secret}
        {page.is_live.then(|| change(page, &base))}
        {page.is_live.then(|| pause(page, &base))}
        {(page.is_live && page.channel != "email").then(|| endpoint(page, &base))}
        {page.is_disabled.then(|| again(&base))}
        {deliveries(page)}
        {leave(page, &base)}
    };
    document(&page.site, "Your subscription", main)
}

fn change(page: &ManagePage, base: &str) -> AnyView {
    let error_of = |field: &str| page.error(field).map(str::to_owned);
    let contact = (page.channel != "email").then(|| {
        view! {
            <p class="field">
                <label for="contact">"Whom to write to when the endpoint fails "<small>"e-mail, if you like"</small></label>
                <input id="contact" name="contact" value=page.contact.clone() maxlength="254" autocapitalize="none" spellcheck="false" />
            </p>
            {error("contact", page.error("contact"))}
        }
    });
    view! {
        <form method="post" action=base.to_owned()>
            {fields(&page.scope, &error_of)}
            {contact}
            <button type="submit">"Save"</button>
        </form>
    }
    .into_any()
}

fn pause(page: &ManagePage, base: &str) -> AnyView {
    let body = if page.is_paused {
        view! { <form method="post" action=format!("{base}/resume")><button type="submit">"Go on now"</button></form> }.into_any()
    } else {
        view! {
            <form method="post" action=format!("{base}/pause")>
                <p class="field">
                    <label for="days">"How long?"</label>
                    <select id="days" name="days">
                        <option value="1">"1 day"</option>
                        <option value="7">"1 week"</option>
                        <option value="28">"4 weeks"</option>
                        <option value="0">"Until I say so"</option>
                    </select>
                </p>
                {error("days", page.error("days"))}
                <button type="submit">"Pause"</button>
            </form>
        }
        .into_any()
    };
    view! { <section><h2>"Pause"</h2><p>"What is published meanwhile is not sent afterwards."</p>{body}</section> }.into_any()
}

fn endpoint(page: &ManagePage, base: &str) -> AnyView {
    let secret = (page.channel == "webhook").then(|| {
        view! {
            <p>"A new signing secret is shown once. For 24 hours messages carry two signatures, so that your receiver can change over."</p>
            <form method="post" action=format!("{base}/secret")><button type="submit">"Make a new secret"</button></form>
        }
    });
    view! {
        <section>
            <h2>"Your endpoint"</h2>
            <form method="post" action=format!("{base}/test")><button type="submit">"Send a test"</button></form>
            <form method="post" action=format!("{base}/replay")><button type="submit">"Send again what was given up"</button></form>
            {secret}
        </section>
    }
    .into_any()
}

fn again(base: &str) -> AnyView {
    view! {
        <section>
            <h2>"Try it again"</h2>
            <p>"It is asked once; messages start when it answers. What was given up meanwhile can be sent again then."</p>
            <form method="post" action=format!("{base}/enable")><button type="submit">"Try it again"</button></form>
        </section>
    }
    .into_any()
}

fn deliveries(page: &ManagePage) -> Option<AnyView> {
    let rows: Vec<_> = page
        .deliveries
        .iter()
        .map(|(at, what, state, answer)| {
            view! { <tr><td>{at.clone()}</td><td>{what.clone()}</td><td>{state.clone()}</td><td>{answer.clone()}</td></tr> }
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section>
                <h2>"Last messages"</h2>
                <div class="scroll" tabindex="0" role="region" aria-label="Last messages">
                    <table class="times"><thead><tr><th>"When"</th><th>"What"</th><th>"State"</th><th>"Answer"</th></tr></thead><tbody>{rows}</tbody></table>
                </div>
            </section>
        }
        .into_any()
    })
}

fn leave(page: &ManagePage, base: &str) -> AnyView {
    let unsubscribe = page.is_live.then(|| {
        view! { <form method="post" action=format!("{base}/unsubscribe")><button type="submit">"Unsubscribe"</button></form> }
    });
    view! {
        <section>
            <h2>"Your data"</h2>
            <p><a href=format!("{base}/export.json")>"Download what we keep about you"</a>" (JSON)."</p>
            {unsubscribe}
            <form method="post" action=format!("{base}/erase")>
                <p><label class="pick"><input type="checkbox" name="sure" value="yes" required=true />"Erase everything that you keep about me, at once"</label></p>
                {error("sure", page.error("sure"))}
                <button type="submit">"Erase"</button>
            </form>
        </section>
    }
    .into_any()
}
