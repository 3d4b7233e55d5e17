//! The frame of every console page: head, rail, and the loader of the islands.

use leptos::prelude::*;

use super::stacked::labelled;

const CSS: &str = include_str!("../../../style/console.css");

/// Loads the browser code and wakes the islands on the page. `JS` and `WASM` stand for the hashed file names.
pub const ISLAND_LOADER: &str = "import(\"JS\").then(async m=>{await m.default({module_or_path:\"WASM\"});m.hydrate();\
document.querySelectorAll('leptos-island').forEach(e=>m[e.dataset.component]?.(e))})";

/// Saves a form on the server while it is typed, so that a lost session or a closed lid loses nothing. Without it there
/// is a button.
const AUTOSAVE: &str = "document.addEventListener('input',e=>{const f=e.target.form;if(!f||!f.dataset.keep)return;\
clearTimeout(f.later);f.later=setTimeout(async()=>{const s=f.querySelector('[data-saved]');try{const r=await fetch(\
f.dataset.keep+'/save',{method:'POST',body:new URLSearchParams(new FormData(f)),redirect:'manual'});\
s.textContent=r.type=='opaqueredirect'||r.ok?'Draft saved':'Not saved: '+(r.status==401?'you are signed out. Sign in again in another tab, then go on here.':'the server refused it.')}\
catch{s.textContent='Not saved: no connection. It is tried again with the next key.'}},1500)})";

/// Loads a page that only shows again, unless somebody is at work on it.
const REFRESH: &str =
    "setInterval(()=>{document.hidden||document.activeElement!==document.body||location.reload()},SECS000)";

/// A heading of the rail and what stands under it: address and label.
type Group<'a> = (&'a str, &'a [(&'static str, &'static str)]);

const GROUPS: [Group<'static>; 3] = [
    (
        "Incidents",
        &[
            ("/console/incidents", "Incidents"),
            ("/console/writing", "Writing"),
            ("/console/reviews", "Reviews"),
            ("/console/record", "Record"),
            ("/console/rehearsals", "Rehearsals"),
        ],
    ),
    ("Measured", &[("/console/telemetry", "Telemetry"), ("/console/explorer", "Explorer")]),
    (
        "Partners and suppliers",
        &[
            ("/console/suppliers", "Suppliers"),
            ("/console/launches", "Launches"),
            ("/console/desk-book", "Desk book"),
        ],
    ),
];

/// What the frame needs to know.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Of the Content-Security-Policy.
    pub nonce: String,
    /// Title of the window.
    pub title: String,
    /// Which entry of the rail is current: its path.
    pub current: &'static str,
    /// Name and role of the person; none: nobody is signed in, no rail.
    pub who: Option<(String, &'static str)>,
    /// Token for the forms.
    pub csrf: String,
    /// Whether the demo's mail spool is there.
    pub has_spool: bool,
    /// Whether this person may manage people.
    pub is_owner: bool,
    /// Addresses of the browser code: script and WASM; none: the console works without.
    pub browser: Option<(String, String)>,
    /// The server's time, in milliseconds since 1970.
    pub now_ms: i64,
    /// Reload by itself after so many seconds, on pages that only show.
    pub refresh_secs: Option<u32>,
}

impl Frame {
    /// The whole page around a body.
    pub fn page(&self, body: impl FnOnce() -> AnyView) -> String {
        let owner =
            Owner::new_root(Some(std::sync::Arc::new(hydration_context::SsrSharedContext::new_islands())));
        let html = owner.with(|| self.document(body()).to_html());
        format!("<!doctype html>{}", labelled(&html))
    }

    fn document(&self, body: AnyView) -> AnyView {
        let nonce = self.nonce.clone();
        let loader = self.browser.as_ref().map(|(js, wasm)| {
            let script = ISLAND_LOADER.replace("JS", js).replace("WASM", wasm);
            view! { <script type="module" nonce=self.nonce.clone() inner_html=script></script> }
        });
        let autosave = self.who.is_some().then(|| {
            view! { <script nonce=self.nonce.clone() inner_html=AUTOSAVE></script> }
        });
        let refresh = self.refresh_secs.map(|s| {
            let script = REFRESH.replace("SECS", &s.to_string());
            view! { <script nonce=self.nonce.clone() inner_html=script></script> }
        });
        view! {
            <html lang="en">
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width,initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <meta name="robots" content="noindex" />
                    <link rel="icon" href="/favicon.svg" />
                    <title>{format!("{} – Waypost", self.title)}</title>
                    <style nonce=nonce inner_html=CSS></style>
                </head>
                <body class=self.who.is_none().then_some("bare")>
                    {self.who.is_some().then(|| view! { <a class="skip" href="#main">"Skip to the page"</a> })}
                    {self.rail()}
                    <main id="main" tabindex="-1">{body}</main>
                    {loader}
                    {autosave}
                    {refresh}
                </body>
            </html>
        }
        .into_any()
    }

    fn rail(&self) -> Option<AnyView> {
        let (name, role) = self.who.clone()?;
        let mut setup = vec![("/console/subscribers", "Subscribers"), ("/console/settings", "Settings")];
        if self.is_owner {
            setup.push(("/console/people", "People"));
        }
        if self.has_spool {
            setup.push(("/console/mail-spool", "Mail spool"));
        }
        let groups = GROUPS.into_iter().chain([("Operate", setup.as_slice())]);
        let entries: Vec<_> = groups
            .map(|(name, entries)| {
                let links = entries.iter().map(|&(href, label)| {
                    view! { <a href=href aria-current=(href == self.current).then_some("page")>{label}</a> }
                });
                view! { <small aria-hidden="true">{name}</small>{links.collect_view()} }
            })
            .collect();
        Some(
            view! {
                <nav class="rail" aria-label="Console">
                    <b>Waypost</b>
                    <a href="/console" aria-current=(self.current == "/console").then_some("page")>"Now"</a>
                    {entries}
                    <a href="/">"Public page"</a>
                    <form method="post" action="/console/sign-out" class="me">
                        <input type="hidden" name="csrf" value=self.csrf.clone() />
                        <span>{name}<br />{role}</span>
                        <button>"Sign out"</button>
                    </form>
                </nav>
            }
            .into_any(),
        )
    }

    /// The hidden field that every form carries.
    pub fn token(&self) -> impl IntoView + use<> {
        view! { <input type="hidden" name="csrf" value=self.csrf.clone() /> }
    }
}
