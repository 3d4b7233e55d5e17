use domain::language::{Language, alarm, mail};
use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::webhook::guard::Guard;

fn card() -> Card {
    Card::new(
        &crate::sample::notice(),
        Language::English,
        "https://status.example.com/manage/token",
        crate::sample::SAMPLE_AT,
    )
}

fn body(chat: Chat, card: &Card) -> Value {
    serde_json::from_slice(&chat.body(card)).unwrap()
}

#[test]
fn each_says_region_severity_next_update_and_link() {
    for chat in Chat::ALL {
        let text = body(chat, &card()).to_string();
        for part in [
            "France",
            "Sev 2",
            "14:50 UTC (15:50 in France)",
            "/incidents/p31zjtct2jer",
            "/manage/token",
            "one in four",
        ] {
            assert!(text.replace("\\\\", "").contains(part), "{chat:?} {part}: {text}");
        }
    }
    let slack = body(Chat::Slack, &card());
    assert_eq!(slack["blocks"][0]["type"], "header");
    assert!(slack["text"].as_str().unwrap().starts_with("[Sev 2] France/eUICC download"));
    let teams = body(Chat::Teams, &card());
    assert_eq!(teams["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(teams["attachments"][0]["content"]["body"][0]["color"], "Attention");
    assert_eq!(body(Chat::Discord, &card())["embeds"][0]["color"], 0xb9_40_00);
}

#[test]
fn our_words_come_in_the_readers_language() {
    for language in Language::ALL.into_iter().filter(|l| l.is_foreign_to_updates()) {
        let notice = crate::sample::notice();
        let card =
            Card::new(&notice, language, "https://status.example.com/manage/token", crate::sample::SAMPLE_AT);
        for chat in Chat::ALL {
            let text = body(chat, &card).to_string();
            for word in [
                alarm::STATE,
                alarm::SEVERITY,
                alarm::WHERE,
                alarm::END_THESE,
                mail::NEXT_UPDATE_LABEL,
                mail::KNOWN,
                mail::WRITTEN_IN,
            ] {
                let english = Language::English.say(word);
                assert!(text.contains(language.say(word)), "{chat:?}: no {:?} in {text}", language.say(word));
                assert!(
                    !text.contains(english) || language.say(word).contains(english),
                    "{english} in {text}"
                );
            }
            assert!(!text.contains("Identified") && text.contains("one in four downloads"), "{text}");
        }
    }
}

#[test]
fn typed_text_can_neither_mention_nor_link_nor_grow_without_end() {
    let mut hostile = card();
    let text = "<!channel> <@U1> @everyone [x](https://evil.example) **b** \u{202e}\u{0}&lt;".to_owned()
        + &"long ".repeat(4_000);
    hostile.title.clone_from(&text);
    hostile.parts = vec![("What we know".into(), text.clone()); 30];
    hostile.facts = vec![("Where".into(), text); 15];
    let slack = body(Chat::Slack, &hostile);
    let words = slack.to_string();
    assert!(
        !words.contains("<!channel>") && !words.contains("<@U1>") && words.contains("&lt;!channel&gt;"),
        "{words}"
    );
    assert!(slack["blocks"].as_array().unwrap().len() <= 50);
    assert!(slack["blocks"][0]["text"]["text"].as_str().unwrap().chars().count() <= 150);
    assert!(slack["blocks"][1]["fields"].as_array().unwrap().len() <= 10);
    assert!(slack["blocks"][2]["text"]["text"].as_str().unwrap().chars().count() <= 3_000);
    let teams = body(Chat::Teams, &hostile).to_string();
    assert!(!teams.contains("[x](https"), "{teams}");
    let discord = body(Chat::Discord, &hostile);
    assert_eq!(discord["allowed_mentions"]["parse"], serde_json::json!([]));
    let embed = &discord["embeds"][0];
    let fields = embed["fields"].as_array().unwrap();
    assert!(
        fields.len() <= 25 && fields.iter().all(|f| f["value"].as_str().unwrap().chars().count() <= 1_024)
    );
    assert!(embed.to_string().chars().count() <= 6_000);
    for chat in Chat::ALL {
        assert!(!body(chat, &hostile).to_string().contains('\u{202e}'));
    }
}

#[test]
fn only_its_own_addresses_are_a_chats() {
    let guard = Arc::new(Guard::default());
    let owns = |chat: Chat, url: &str| Target::parse(url, &guard).is_ok_and(|t| chat.owns(&t));
    for (chat, url) in [
        (Chat::Slack, "https://hooks.slack.com/services/T0/B0/x"),
        (Chat::Teams, "https://acme.webhook.office.com/webhookb2/x"),
        (Chat::Teams, "https://prod-07.westeurope.logic.azure.com/workflows/x"),
        (Chat::Discord, "https://discord.com/api/webhooks/1/x"),
    ] {
        assert!(owns(chat, url), "{url}");
    }
    for (chat, url) in [
        (Chat::Slack, "https://hooks.slack.com.evil.example/services/x"),
        (Chat::Slack, "https://hooks.slack.com/other"),
        (Chat::Slack, "https://discord.com/api/webhooks/1/x"),
        (Chat::Teams, "https://webhook.office.com.evil.example/x"),
        (Chat::Discord, "https://discord.com/invite/x"),
    ] {
        assert!(!owns(chat, url), "{url}");
    }
    assert!(Chat::Teams.took(b"1") && !Chat::Teams.took(b"Webhook message delivery failed with error: 429"));
}
