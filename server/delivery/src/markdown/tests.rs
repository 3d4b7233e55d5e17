use super::*;

#[test]
fn what_people_type_looks_like_what_they_typed() {
    for (typed, shown) in [
        ("Plain words.", "<p>Plain words.</p>"),
        ("One line.\nAnother.", "<p>One line.<br>\nAnother.</p>"),
        ("One.\n\nTwo.", "<p>One.</p>\n<p>Two.</p>"),
        (
            "**Data** works, *calls* do not: `APN`.",
            "<p><strong>Data</strong> works, <em>calls</em> do not: <code>APN</code>.</p>",
        ),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. c\n4. d", "<ol start=\"3\">\n<li>c</li>\n<li>d</li>\n</ol>"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("# Big", "<h3>Big</h3>"),
        ("##### Small", "<h4>Small</h4>"),
        (
            "5 * 3 * 2 and snake_case_name & <node 2>",
            "<p>5 * 3 * 2 and snake_case_name &amp; &lt;node 2&gt;</p>",
        ),
        (
            "[help](https://help.example.com)",
            "<p><a href=\"https://help.example.com\" rel=\"nofollow noopener noreferrer\">help</a></p>",
        ),
        (
            "[write](mailto:noc@example.com)",
            "<p><a href=\"mailto:noc@example.com\" rel=\"nofollow noopener noreferrer\">write</a></p>",
        ),
    ] {
        assert_eq!(blocks(typed).as_str(), shown, "{typed}");
    }
}

#[test]
fn within_a_paragraph_there_are_no_blocks() {
    for (typed, shown) in [
        ("One.\n\nTwo.", "One.<br>\n<br>\nTwo."),
        ("Do:\n\n- a\n- **b**", "Do:<br>\n<br>\n• a<br>\n• <strong>b</strong>"),
        ("# Big", "Big"),
    ] {
        assert_eq!(inline(typed).as_str(), shown, "{typed}");
    }
}

#[test]
fn marks_are_left_out_of_plain_text() {
    for (typed, shown) in [
        ("**Data** works, *calls* do not: `APN`.", "Data works, calls do not: APN."),
        ("Do:\n\n- a\n- b", "Do:\n• a\n• b"),
        ("![a map](https://x.example/a.png) [help](https://x.example)", "a map help"),
        ("8933**1500**00000000001", "8933150000000000001"),
    ] {
        assert_eq!(plain(typed), shown, "{typed}");
    }
}

/// What attackers type. None of it may become an element, an attribute or an address beyond the allow-list.
const HOSTILE: [&str; 24] = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><animatetransform onbegin=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math><annotation-xml encoding=\"text/html\"><script>alert(1)</script></annotation-xml></math>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<style>*{background:url(https://evil.example)}</style>",
    "<form action=https://evil.example><input name=csrf>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<object data=\"data:text/html,<script>alert(1)</script>\">",
    "</dd></dl><script>alert(1)</script>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<p id=\"csrf\" class=\"go\" onclick=\"alert(1)\">x</p>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1)) ![y](javascript:alert(1)) <javascript:alert(1)>",
    "[x](//evil.example) [y](/console/sign-out)",
    "[a]: javascript:alert(1)\n\n[a] `` ` `` \u{0}<scr\u{0}ipt>alert(1)</scr\u{0}ipt>",
];

/// Names of elements, and of attributes with their values, in a piece of HTML.
fn elements(html: &str) -> Vec<(String, Vec<String>)> {
    let mut out = Vec::new();
    for part in html.split('<').skip(1) {
        let inside = part.split('>').next().unwrap_or_default();
        let mut words = inside.trim_start_matches('/').split_whitespace();
        let name = words.next().unwrap_or_default().to_owned();
        out.push((name, words.map(str::to_owned).collect()));
    }
    out
}

#[test]
fn nothing_hostile_becomes_markup() {
    for typed in HOSTILE {
        for wrapped in [
            typed.to_owned(),
            format!("**{typed}**"),
            format!("- {typed}"),
            format!("> {typed}"),
            format!("a `b` {typed}\n{typed}"),
        ] {
            for html in [blocks(&wrapped), inline(&wrapped)] {
                for (name, attributes) in elements(html.as_str()) {
                    assert!(TAGS.contains(&name.as_str()), "{name} from {wrapped}: {html}");
                    for attribute in attributes.iter().filter(|a| a.contains('=')) {
                        let is_known = [
                            "href=\"https://",
                            "href=\"http://",
                            "href=\"mailto:",
                            "rel=\"nofollow",
                            "start=\"",
                        ]
                        .iter()
                        .any(|known| attribute.starts_with(known));
                        assert!(is_known, "{attribute} from {wrapped}: {html}");
                    }
                }
            }
        }
    }
}

#[test]
fn deep_nesting_ends_soon() {
    for unit in ["> ", "- ", "[", "**", "*_", "![", "`", "<a>"] {
        let typed = unit.repeat(4_000 / unit.len());
        assert!(blocks(&typed).as_str().len() < 200_000, "{unit}");
        assert!(inline(&typed).as_str().len() < 200_000, "{unit}");
        assert!(plain(&typed).len() <= 20_000, "{unit}");
    }
}
