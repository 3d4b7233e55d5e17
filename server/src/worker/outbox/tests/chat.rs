use delivery::chat::Chat;
use domain::clock::MINUTE;
use domain::scope::Scope;
use serde_json::Value;

use super::bench::{Bench, Receiver, on_both, reply};
use crate::commands::subscribe::{self, Wish};

async fn channel(bench: &Bench, chat: Chat, url: &str) -> store::SubscriberRow {
    let scope = Scope { countries: vec!["FR".into()], ..Scope::default() };
    let mut tx = bench.app.store.write().await.unwrap();
    let (keys, guard) = (&bench.app.keys, &bench.app.guard);
    subscribe::by_chat(&mut tx, &bench.ctx(), keys, guard, (chat, url), Wish::of(scope)).await.unwrap();
    tx.commit().await.unwrap();
    bench.drain().await;
    bench.newest().await
}

on_both! {
    async fn a_chat_is_greeted_once_and_then_hears_in_its_own_format(bench) {
        for chat in Chat::ALL {
            let receiver = Receiver::start(|_| Some(reply("200 OK", "ok"))).await;
            let row = channel(bench, chat, &receiver.url).await;
            assert_eq!((row.state.as_str(), row.channel.as_str()), ("confirmed", chat.slug()));
            assert!(!row.address.contains("/hook"), "the address is a secret: {}", row.address);
            bench.pass(MINUTE);
            bench.declare("FR").await;
            bench.declare("IT").await;
            bench.drain().await;
            let seen = receiver.seen();
            assert_eq!(seen.len(), 2, "the greeting and France");
            assert!(seen[0].body.contains("updates about France") && seen[0].body.contains("/manage/"), "{}", seen[0].body);
            let body: Value = serde_json::from_str(&seen[1].body).unwrap();
            let mark = match chat {
                Chat::Slack => &body["blocks"][0]["type"],
                Chat::Teams => &body["attachments"][0]["content"]["type"],
                Chat::Discord => &body["embeds"][0]["url"],
            };
            assert!(mark.is_string(), "{body}");
            assert!(!seen[1].head.contains("webhook-signature"), "{}", seen[1].head);
        }
    }

    async fn a_chat_that_takes_nothing_never_starts_and_a_removed_one_ends(bench) {
        let wrong = Receiver::start(|_| Some(reply("403 Forbidden", "invalid_token"))).await;
        let row = channel(bench, Chat::Slack, &wrong.url).await;
        assert_eq!(row.state, "pending");
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(wrong.seen().len(), 1);
        let removed = Receiver::start(|seen| {
            let is_greeting = seen.body.contains("updates about");
            Some(if is_greeting { reply("204 No Content", "") } else { reply("404 Not Found", "no_team") })
        }).await;
        let row = channel(bench, Chat::Discord, &removed.url).await;
        assert_eq!(row.state, "confirmed");
        bench.pass(MINUTE);
        bench.declare("FR").await;
        bench.drain().await;
        assert_eq!(bench.state(&row.id).await, "disabled");
    }
}
