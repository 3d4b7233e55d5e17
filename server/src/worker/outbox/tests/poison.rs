//! Texts that would break out of a header, end a message, or read as something else: each is refused with the name of
//! its field, or arrives harmless; and the next mail goes out.

use domain::{lead::SignOff, notice::Message, status::CellStatus};
use mail_parser::MessageParser;

use super::bench::{Bench, on_both};
use crate::commands::{Refusal, incidents, subscribe::Wish};

/// What stands in a header and nowhere else.
const HEADERS: [&str; 17] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "precedence",
    "auto-submitted",
    "x-auto-response-suppress",
    "mime-version",
    "content-type",
    "return-path",
    "delivered-to",
];

fn injections() -> Vec<String> {
    let mut all: Vec<String> = [
        "\r\n", "\n", "\r", "\0", "\u{85}", "\u{2028}", "\u{2029}", "\u{1b}", "\u{202e}", "\u{2066}",
        "\u{7f}",
    ]
    .iter()
    .map(|c| format!("times out{c}Bcc: victim@example.net{c}{c}.{c}QUIT{c}body"))
    .collect();
    all.push("x".repeat(10_000));
    all
}

/// Odd, and allowed.
fn oddities() -> Vec<String> {
    [
        "=?utf-8?q?Bcc:_victim=40example.net?=",
        "🛰️👩‍🚀 eSIM 故障 в сети \u{200f}\u{200e}\u{feff}\u{ad}",
        ". .. ... <script>alert(1)</script> {{ 7*7 }} %0d%0aBcc: x",
        "\"quoted\" \\ back <angle>, comma; (comment)",
        "a\u{301}\u{301}\u{301}\u{301} \u{1f1eb}\u{1f1f7}",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn words(known: &str) -> Message {
    Message {
        known: known.into(),
        unknown: "When it ends.".into(),
        next_steps: "We move traffic.".into(),
        customer_action: "Try again.".into(),
    }
}

async fn declare(bench: &Bench, title: &str, message: Message) -> Result<(), Refusal> {
    let mut tx = bench.app.store.write().await.unwrap();
    let cell = tx.cells().await.unwrap().into_iter().find(|c| c.country_code == "FR").unwrap();
    let declare = incidents::Declare {
        title: title.into(),
        severity: 2,
        started_at: bench.app.clock.now(),
        cells: vec![(cell.id, CellStatus::PartialOutage)],
        message,
        sign_off: SignOff::Approved("bbbbbbbbbbbb".into()),
        ..Default::default()
    };
    incidents::declare(&mut tx, &bench.ctx(), declare).await?;
    tx.commit().await.unwrap();
    Ok(())
}

/// Sends what waits, looks at all of it, and forgets it; the subjects and the plain texts.
async fn harmless(bench: &Bench) -> Vec<(String, String)> {
    bench.pass(1_000);
    bench.drain().await;
    let queue = bench.queue("email").await;
    assert!(queue.iter().all(|(state, _)| state == "delivered"), "{queue:?}");
    let mut seen = Vec::new();
    for mail in bench.raw_mails() {
        let parsed = MessageParser::default().parse(&mail).unwrap();
        for (name, _) in parsed.headers_raw() {
            assert!(HEADERS.contains(&name.to_ascii_lowercase().as_str()), "{name}\n{mail}");
        }
        assert_eq!(parsed.to().unwrap().iter().count(), 1);
        assert_eq!(parsed.from().unwrap().iter().count(), 1);
        assert_eq!(parsed.from().unwrap().first().unwrap().address(), Some("status@example.com"));
        assert_eq!(
            (parsed.text_body.len(), parsed.html_body.len(), parsed.attachments.len()),
            (1, 1, 0),
            "{mail}"
        );
        assert!(mail.lines().all(|l| l.len() <= 998) && mail.is_ascii());
        let subject = parsed.subject().unwrap();
        assert!(
            !subject.chars().any(|c| c.is_control() || "\u{2028}\u{2029}\u{202e}\u{2066}".contains(c)),
            "{subject:?}"
        );
        let html = parsed.body_html(0).unwrap();
        assert!(!html.contains("<script"), "{html}");
        seen.push((subject.to_owned(), parsed.body_text(0).unwrap().into_owned()));
    }
    bench.forget_mails();
    seen
}

on_both! {
    async fn a_title_is_refused_by_name_or_harmless(bench) {
        bench.subscriber("ada@example.org", &[]).await;
        for title in injections() {
            match declare(bench, &title, words("One in four downloads fails.")).await {
                Err(Refusal::Field { field, message }) => assert_eq!(field, "title", "{message}"),
                other => panic!("{title:?}: {other:?}"),
            }
        }
        for title in oddities() {
            declare(bench, &title, words("One in four downloads fails.")).await.unwrap();
            let seen = harmless(bench).await;
            assert_eq!(seen.len(), 1, "{title}");
            let visible: String = title.chars().filter(|c| !"\u{200e}\u{200f}\u{feff}".contains(*c)).collect();
            // Read as typed, not as what an encoded word says.
            let visible = visible.replace("=?", "= ?");
            assert!(seen[0].0.contains(visible.trim()), "{:?} in {:?}", title, seen[0].0);
        }
        declare(bench, "downloads time out", words("One in four downloads fails.")).await.unwrap();
        assert_eq!(harmless(bench).await.len(), 1, "the next one");
    }

    async fn a_body_arrives_as_it_was_typed_or_is_refused_by_name(bench) {
        bench.subscriber("ada@example.org", &[]).await;
        for hostile in ["\0", "\u{85}", "\u{2028}", "\u{2029}", "\u{1b}", "\u{202e}"] {
            let text = format!("One in four downloads fails.{hostile}.{hostile}QUIT");
            match declare(bench, "downloads time out", words(&text)).await {
                Err(Refusal::Field { field, .. }) => assert_eq!(field, "known", "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
        for text in [
            "One in four downloads fails.\n.\n..\n.\nQUIT\nMAIL FROM:<>".to_owned(),
            "One in four downloads fails.\r\n.\r\n\r\nBcc: victim at example".into(),
            format!("One in four {} fails.", "downloads".repeat(300)),
            "One in four downloads fails. 🛰️ 故障 =3D=0D=0A. --=_waypost_alternative--".into(),
            "One in four downloads fails.\n--=_waypost_alternative\nContent-Type: text/html\n\n<script>x</script>".into(),
        ] {
            declare(bench, "downloads time out", words(&text)).await.unwrap();
            let seen = harmless(bench).await;
            assert_eq!(seen.len(), 1, "{text}");
            let plain: String = seen[0].1.split_whitespace().collect();
            let typed: String = text.split_whitespace().collect();
            assert!(plain.contains(&typed), "{typed}\nin\n{plain}");
        }
    }

    async fn addresses_that_carry_commands_are_refused_by_name(bench) {
        for hostile in [
            "ada@example.org\r\nRCPT TO:<victim@example.net>", "ada@example.org\0", "<ada@example.org>",
            "ada\u{85}@example.org", "ada@exa\u{2028}mple.org", "\"ada\r\n\"@example.org", "ada@[127.0.0.1]", "a,b@example.org",
        ] {
            let mut tx = bench.app.store.write().await.unwrap();
            let asked = crate::commands::subscribe::by_email(&mut tx, &bench.ctx(), hostile, Wish::of(domain::scope::Scope::default())).await;
            assert!(matches!(asked, Err(Refusal::Field { field: "address" | "email", .. })), "{hostile:?}: {asked:?}");
        }
        bench.sign_up("ada@example.org", &[]).await;
        assert_eq!(harmless(bench).await.len(), 1, "the next one");
    }

    async fn a_name_of_the_page_that_no_form_let_in_is_harmless_all_the_same(bench) {
        bench.subscriber("ada@example.org", &[]).await;
        // PostgreSQL takes no NUL at all.
        let name = [injections(), oddities()].concat().concat().replace('\0', "\u{1}");
        bench.rename_page(&name).await;
        declare(bench, "downloads time out", words("One in four downloads fails.")).await.unwrap();
        bench.sign_up("new@example.org", &[]).await;
        assert_eq!(harmless(bench).await.len(), 2, "an update and a confirmation");
    }
}
