//! A public page below another address: the page of a partner stands under a link of its own.

/// What stands once for everybody, and what a token of its own opens.
const SHARED: [&str; 7] = ["/favicon", "/promises", "/api", "/console", "/confirm/", "/manage/", "/u/"];

/// The same document with its own links below `base` (`/p/…`, without a closing slash). Only attributes of tags are
/// looked at: `<` in text is always escaped.
#[must_use]
pub fn within(html: &str, base: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (text, from_tag) = rest.split_at(start);
        let (tag, after) = from_tag.split_at(end_of_tag(from_tag));
        out.push_str(text);
        push_tag(&mut out, tag, base);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Where a tag ends: after its `>`, which may stand in quotes before.
fn end_of_tag(from_tag: &str) -> usize {
    let mut quote = None;
    for (at, c) in from_tag.char_indices() {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    from_tag.len()
}

fn push_tag(out: &mut String, tag: &str, base: &str) {
    let mut rest = tag;
    while let Some((at, name)) =
        [" href=\"/", " action=\"/"].into_iter().filter_map(|n| Some((rest.find(n)?, n))).min()
    {
        let (before, target) = rest.split_at(at + name.len() - 1);
        out.push_str(before);
        let is_ours = !target.starts_with("//") && !SHARED.iter().any(|s| target.starts_with(s));
        rest = target;
        if is_ours {
            out.push_str(base);
            // The front page is the link itself.
            if target[1..].starts_with(['"', '#', '?']) {
                rest = &target[1..];
            }
        }
        // What was looked at is not looked at again.
        let (done, after) = rest.split_at(rest.find('"').unwrap_or(rest.len()));
        out.push_str(done);
        rest = after;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn links_of_the_page_lead_below_the_base_and_others_where_they_led() {
        let html = r##"<a class="x" href="/">Home</a><a href="/#now">Now</a><a href="/history?page=2">H</a>
            <link rel="icon" href="/favicon.svg" /><a href="/promises">P</a><a href="/console">In</a>
            <a href="https://example.com/x">Out</a><a href="//example.com">Out</a><form method="post" action="/subscribe">"##;
        let expected = r##"<a class="x" href="/p/t">Home</a><a href="/p/t#now">Now</a><a href="/p/t/history?page=2">H</a>
            <link rel="icon" href="/favicon.svg" /><a href="/promises">P</a><a href="/console">In</a>
            <a href="https://example.com/x">Out</a><a href="//example.com">Out</a><form method="post" action="/p/t/subscribe">"##;
        assert_eq!(within(html, "/p/t"), expected);
    }

    #[test]
    fn text_that_looks_like_a_link_stays_as_it_was_typed() {
        for typed in [
            r#"<p>href="/x" &lt;a href="/y"></p>"#,
            r#"<p title="a > b href='/z'">t</p>"#,
            r#"<p data-x=' href="/z"'>t"#,
            "a < b",
            "",
        ] {
            let within = within(typed, "/p/t");
            assert!(!within.contains("/p/t/x") && !within.contains("/p/t/y"), "{within}");
        }
    }
}
