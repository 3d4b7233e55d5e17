//! The public document: one request, no script, the style inline.

use std::sync::LazyLock;

use domain::language::{Language, page};
use leptos::prelude::*;

use crate::{model::Site, paths};

static STYLE: LazyLock<String> = LazyLock::new(|| {
    minify(concat!(include_str!("../../../style/tokens.css"), include_str!("../../../style/public.css")))
});

/// The inline style, exactly as it stands in every public page: its hash is in the Content-Security-Policy.
#[must_use]
pub fn style() -> &'static str {
    &STYLE
}

/// Takes comments and needless white space out of plain CSS. Selectors must not need a space before a colon.
#[must_use]
pub fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(start) = rest.find("/*") {
        push_squeezed(&mut out, &rest[..start]);
        rest = rest[start..].find("*/").map_or("", |end| &rest[start + end + 2..]);
    }
    push_squeezed(&mut out, rest);
    out
}

fn push_squeezed(out: &mut String, css: &str) {
    const TIGHT: &str = "{};,:>";
    for c in css.chars() {
        let last = out.chars().last();
        match c {
            c if c.is_whitespace() => {
                if last.is_some_and(|l| l != ' ' && !TIGHT.contains(l)) {
                    out.push(' ');
                }
            }
            c => {
                if TIGHT.contains(c) && last == Some(' ') {
                    out.pop();
                }
                if c == '}' && out.ends_with(';') {
                    out.pop();
                }
                out.push(c);
            }
        }
    }
}

/// A public document around `main`.
#[must_use]
pub fn document(site: &Site, title: &str, main: impl IntoView) -> String {
    let say = |word| site.language.say(word);
    let (feed_title, feed) =
        site.feed.clone().unwrap_or_else(|| (say(page::ALL_INCIDENTS).to_owned(), paths::RSS.to_owned()));
    let stale = site.stale_since.as_ref().map(|at| {
        view! {
            <p class="stale" role="status">
                <b>{site.language.fill(page::DATA_AS_OF, &[at])}</b>
                " "{say(page::STALE)}
            </p>
        }
    });
    let html = view! {
        <html lang=site.language.code()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width,initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <title>{site.language.fill(page::TITLE, &[title, &site.name])}</title>
                <link rel="icon" href=paths::ICON />
                <link rel="alternate" type="application/rss+xml" href=feed.clone() title=feed_title.clone() />
                <link rel="alternate" type="application/atom+xml" href=feed.replacen(paths::RSS, paths::ATOM, 1) title=feed_title />
                {alternates(site)}
                <style inner_html=style()></style>
            </head>
            <body>
                <header>
                    <a class="brand" href=paths::HOME>{site.name.clone()}" "<span>{say(page::STATUS)}</span></a>
                    <nav aria-label=say(page::MAIN)>
                        <a href=paths::HISTORY>{say(page::HISTORY)}</a>
                        <a class="cta" href=paths::SUBSCRIBE>{say(page::GET_UPDATES)}</a>
                    </nav>
                </header>
                <main>{stale}{main}</main>
                {footer(site)}
            </body>
        </html>
    }
    .to_html();
    format!("<!DOCTYPE html>{}", without_markers(&html))
}

/// Says to machines where this page is in other languages.
fn alternates(site: &Site) -> Vec<AnyView> {
    let Some(here) = &site.in_other_languages else { return Vec::new() };
    let link = |l: Language| view! { <link rel="alternate" hreflang=l.code() href=format!("{here}lang={}", l.code()) /> };
    Language::ALL.into_iter().map(|l| link(l).into_any()).collect()
}

fn footer(site: &Site) -> impl IntoView + use<> {
    let say = |word| site.language.say(word);
    view! {
        <footer>
            <span>{say(page::TIMES)}</span>
            <nav aria-label=say(page::MORE)>
                <a href=paths::HISTORY>{say(page::HISTORY)}</a>
                <a href=paths::PROMISES>{say(page::PROMISES)}</a>
                {site.has_evidence.then(|| view! { <a href=paths::EVIDENCE>"Evidence"</a> })}
                <a href=paths::RSS>"RSS"</a>
                <a href=paths::API>"API"</a>
                <a href=paths::CONSOLE>{say(page::SIGN_IN)}</a>
            </nav>
        </footer>
    }
}

/// Leptos separates text nodes by `<!>` for hydration, which public pages never do. A `<` inside text or attributes is
/// always escaped, so nothing else can look like it.
fn without_markers(html: &str) -> String {
    html.replace("<!>", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minified_css_keeps_its_meaning() {
        assert_eq!(
            minify(
                "/* x */ a > b , c {\n  margin : 0 auto ;\n  width: calc(1px + 2em);\n}\n@media (a) and (b) { i { } }"
            ),
            "a>b,c{margin:0 auto;width:calc(1px + 2em)}@media (a) and (b){i{}}"
        );
    }

    #[test]
    fn text_cannot_become_markup() {
        let mut site = Site::sample();
        site.name = "<!><script>\"&'".into();
        let html = document(&site, "</title><script>", view! { <p title="\"<!>">"<!>"</p> });
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&lt;!&gt;"), "{html}");
    }
}
