//! Getting in: setup, signing in, recovery codes, people, and plain messages.

use leptos::prelude::*;

use super::{
    chrome::Frame,
    model::{FormError, People, Setup},
};
use crate::ui::area_text;

/// The message of an error beside its field; `""` shows those of the whole form.
pub(super) fn remark(error: Option<&FormError>, field: &str) -> Option<AnyView> {
    let error = error.filter(|e| e.field == field)?;
    let id = format!("error-{field}");
    Some(view! { <p class="lint" role="alert" id=id>{error.message.clone()}</p> }.into_any())
}

/// A page with one message.
#[must_use]
pub fn message(nonce: &str, title: &str, text: &str) -> String {
    let frame = Frame { nonce: nonce.into(), title: title.into(), ..Frame::default() };
    let (title, text) = (title.to_owned(), text.to_owned());
    frame.page(|| {
        view! {
            <div class="door">
                <h1>{title}</h1>
                <p>{text}</p>
                <p><a href="/">"To the status page"</a>" · "<a href="/console">"To the console"</a></p>
            </div>
        }
        .into_any()
    })
}

/// The first factor.
#[must_use]
pub fn sign_in(nonce: &str, page_name: &str, email: &str, next: &str, error: Option<&FormError>) -> String {
    let frame = Frame { nonce: nonce.into(), title: "Sign in".into(), ..Frame::default() };
    let (page_name, email, next) = (page_name.to_owned(), email.to_owned(), next.to_owned());
    frame.page(|| {
        view! {
            <form class="door" method="post" action="/console/sign-in">
                <p class="d">{page_name}</p>
                <h1>"Sign in to the console"</h1>
                {remark(error, "")}
                <input type="hidden" name="next" value=next />
                <div class="f">
                    <label for="email">"E-mail"</label>
                    <input id="email" name="email" type="email" autocomplete="username" required value=email />
                </div>
                <div class="f">
                    <label for="password">"Password"</label>
                    <input id="password" name="password" type="password" autocomplete="current-password" required />
                </div>
                <div class="act"><button class="go">"Continue"</button></div>
            </form>
        }
        .into_any()
    })
}

/// The second factor; the first time it shows the secret to enrol: base32 and a QR code in SVG.
#[must_use]
pub fn code(frame: &Frame, next: &str, enrol: Option<(String, String)>, error: Option<&FormError>) -> String {
    let next = next.to_owned();
    let token = frame.token();
    let enrol = enrol.map(|(secret, qr)| {
        let groups: Vec<String> =
            secret.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
        view! {
            <p>"Scan this with an authenticator app, or type the key into it. You will need it at every sign-in."</p>
            <div class="qr" role="img" aria-label="QR code with the key below" inner_html=qr></div>
            <p class="key"><code>{groups.join(" ")}</code></p>
        }
    });
    frame.page(|| {
        view! {
            <form class="door" method="post" action="/console/sign-in/code">
                <h1>{if enrol.is_some() { "Set up your second factor" } else { "Enter your code" }}</h1>
                {enrol}
                {remark(error, "")}
                {token}
                <input type="hidden" name="next" value=next />
                <div class="f">
                    <label for="code">"Code from your authenticator app " <small>"or a recovery code"</small></label>
                    <input id="code" name="code" autocomplete="one-time-code" required autofocus maxlength="20" />
                </div>
                <div class="act"><button class="go">"Sign in"</button></div>
            </form>
        }
        .into_any()
    })
}

/// Asks for both factors once more before something grave. `kept` are the fields of the form that waits: they are sent
/// again with the answer.
#[must_use]
pub fn once_more(
    frame: &Frame,
    action: &str,
    what: &str,
    kept: &[(String, String)],
    error: Option<&FormError>,
) -> String {
    let (action, what, token) = (action.to_owned(), what.to_owned(), frame.token());
    let kept: Vec<_> = kept
        .iter()
        .map(|(name, value)| view! { <input type="hidden" name=name.clone() value=value.clone() /> })
        .collect();
    frame.page(|| {
        view! {
            <form class="door" method="post" action=action>
                <h1>"Is it you?"</h1>
                <p>{what}</p>
                {remark(error, "")}
                {token}
                {kept}
                <div class="f">
                    <label for="sure_password">"Password"</label>
                    <input id="sure_password" name="sure_password" type="password" autocomplete="current-password" required autofocus />
                </div>
                <div class="f">
                    <label for="sure_code">"Code from your authenticator app " <small>"a new one: each works once"</small></label>
                    <input id="sure_code" name="sure_code" autocomplete="one-time-code" required maxlength="20" />
                </div>
                <div class="act"><button class="go">"Go on"</button></div>
            </form>
        }
        .into_any()
    })
}

/// Ten recovery codes, shown once.
#[must_use]
pub fn recovery_codes(frame: &Frame, codes: Vec<String>) -> String {
    let codes: Vec<_> = codes.into_iter().map(|c| view! { <li><code>{c}</code></li> }).collect();
    frame.page(|| {
        view! {
            <div class="door">
                <h1>"Keep these recovery codes"</h1>
                <p>"Each works once, when your authenticator is out of reach. They are not shown again: print them or put them into your password manager now."</p>
                <ul class="codes">{codes}</ul>
                <p class="act"><a class="button go" href="/console">"I have kept them"</a></p>
            </div>
        }
        .into_any()
    })
}

fn text_field(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    kind: &'static str,
    value: String,
    error: Option<&FormError>,
) -> AnyView {
    let complete = match name {
        "password" => "new-password",
        "email" => "username",
        "name" => "name",
        _ => "off",
    };
    let wrong = error.is_some_and(|e| e.field == name);
    view! {
        <div class="f">
            <label for=name>{label}" "<small>{hint}</small></label>
            <input id=name name=name type=kind autocomplete=complete value=value required
                aria-invalid=wrong.then_some("true") aria-describedby=wrong.then(|| format!("error-{name}")) />
            {remark(error, name)}
        </div>
    }
    .into_any()
}

/// The first run.
#[must_use]
pub fn setup(nonce: &str, token: &str, model: &Setup) -> String {
    let frame = Frame { nonce: nonce.into(), title: "Set up".into(), ..Frame::default() };
    let error = model.error.as_ref();
    let action = format!("/setup/{token}");
    frame.page(|| {
        view! {
            <form class="door wide" method="post" action=action>
                <h1>"Set up your status page"</h1>
                <p>"This link works once. Afterwards you sign in with your e-mail, your password and a code from an authenticator app."</p>
                {remark(error, "")}
                {text_field("page_name", "Name of the page", "travellers read it first", "text", model.page_name.clone(), error)}
                {text_field("name", "Your name", "colleagues see it", "text", model.name.clone(), error)}
                {text_field("email", "Your e-mail", "to sign in with", "email", model.email.clone(), error)}
                {text_field("password", "Password", "12 to 128 characters; a few random words are good", "password", String::new(), error)}
                <div class="f">
                    <label for="countries">"Where you sell " <small>"one portfolio a line, country codes behind the colon"</small></label>
                    <textarea id="countries" name="countries" rows="4" required>{area_text(&model.countries)}</textarea>
                    {remark(error, "countries")}
                </div>
                <p class="d">"The page starts with seven services: Activation API, eUICC download, Mobile data, Voice, SMS, Top-up and Partner portal. You can add more under Settings."</p>
                <div class="act"><button class="go">"Create the page"</button></div>
            </form>
        }
        .into_any()
    })
}

const ROLES: [(&str, &str); 6] = [
    ("viewer", "reads"),
    ("responder", "drafts and engages"),
    ("communicator", "publishes updates"),
    ("commander", "declares, reclassifies, restores, resolves"),
    ("maintainer", "changes the grid and policies"),
    ("owner", "everything, with people and keys"),
];

fn role_options(selected: &str) -> Vec<AnyView> {
    ROLES
        .iter()
        .map(|(slug, what)| {
            view! { <option value=*slug selected=*slug == selected>{format!("{slug} – {what}")}</option> }
                .into_any()
        })
        .collect()
}

/// People who may sign in.
#[must_use]
pub fn people(frame: &Frame, model: &People) -> String {
    let error = model.error.as_ref();
    let added = model.added.as_ref().map(|(name, password)| {
        view! {
            <div class="card note" role="status">
                <p>{format!("Give {name} this one-time password. It is not shown again; at the first sign-in the second factor is set up.")}</p>
                <p class="key"><code>{password.clone()}</code></p>
            </div>
        }
    });
    let lines: Vec<_> = model
        .people
        .iter()
        .map(|(id, name, email, role, disabled, is_self)| {
            let action = format!("/console/people/{id}/access");
            let form = (!is_self).then(|| {
                view! {
                    <form method="post" action=action class="inline">
                        {frame.token()}
                        <label class="v" for=format!("role-{id}")>"Role"</label>
                        <select id=format!("role-{id}") name="role">{role_options(role)}</select>
                        <label><input type="checkbox" name="is_disabled" value="yes" checked=*disabled /> " may not sign in"</label>
                        <button>"Save"</button>
                    </form>
                }
            });
            view! { <tr><td>{name.clone()}<br /><small>{email.clone()}</small></td><td>{*role}</td><td>{form}</td></tr> }
        })
        .collect();
    frame.page(|| {
        view! {
            <h1>"People"</h1>
            {added}
            <table class="now"><thead><tr><th>"Name"</th><th>"Role"</th><th>"Access"</th></tr></thead><tbody>{lines}</tbody></table>
            <h2>"Add a person"</h2>
            <form method="post" action="/console/people" class="narrow">
                {frame.token()}
                {remark(error, "")}
                {text_field("name", "Name", "", "text", String::new(), error)}
                {text_field("email", "E-mail", "", "email", String::new(), error)}
                <div class="f"><label for="role">"Role"</label><select id="role" name="role">{role_options("responder")}</select></div>
                <div class="act"><button class="go">"Add this person"</button></div>
            </form>
        }
        .into_any()
    })
}
