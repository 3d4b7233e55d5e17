//! What programs send, what people send late, and what the answer tells of an address.

use axum::http::StatusCode;
use domain::clock::{DAY, HOUR, SECOND};

use super::{FORM, ask, ask_from, filled, mark, sign_up};
use crate::worker::outbox::tests::bench::{Bench, on_both};

const BODY: &str = "channel=email&address=ada%40example.org&what=chosen&countries=FR";

fn mark_of(page: &str) -> String {
    page.split("name=\"mark\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

async fn send(bench: &Bench, visitor: u8, body: &str) -> super::Page {
    ask_from(bench, visitor, "POST", "/subscribe", FORM, body).await
}

async fn requests(bench: &Bench) -> usize {
    bench.expand().await;
    bench.app.store.read().await.unwrap().newest_subscribers(10).await.unwrap().len()
}

on_both! {
    async fn who_is_faster_than_a_person_gets_the_same_page_and_nothing_happens(bench) {
        let mark = mark_of(&ask(bench, "GET", "/subscribe", FORM, "").await.text);
        let early = send(bench, 1, &format!("mark={mark}&{BODY}")).await;
        bench.pass(1_999);
        let still = send(bench, 1, &format!("mark={mark}&{BODY}")).await;
        assert_eq!(requests(bench).await, 0);
        bench.pass(1);
        let filled_in = send(bench, 1, &format!("mark={mark}&{BODY}&website=x")).await;
        assert_eq!(requests(bench).await, 0);
        let person = send(bench, 1, &format!("mark={mark}&{BODY}")).await;
        assert_eq!(requests(bench).await, 1);
        for page in [&early, &still, &filled_in] {
            assert_eq!((page.status, &page.text), (StatusCode::OK, &person.text));
        }
        // Endpoints get a page of their kind, with a link that opens nothing.
        let hook = format!("mark={mark}&channel=webhook&address=https%3a%2f%2fhooks.example.com%2f&what=everything&website=x");
        let page = send(bench, 2, &hook).await.text;
        assert!(page.contains("whsec_") && page.contains("/manage/"), "{page}");
        let link = page.split("href=\"/manage/").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(ask(bench, "GET", &format!("/manage/{link}"), FORM, "").await.status, StatusCode::NOT_FOUND);
        assert_eq!(requests(bench).await, 1);
    }

    async fn a_form_without_its_mark_or_a_day_old_comes_back_as_it_was(bench) {
        let old = mark::new(&bench.app.keys, bench.app.clock.now());
        bench.pass(DAY + SECOND);
        for mark in ["", "1.x", &old] {
            let page = send(bench, 1, &format!("mark={mark}&{BODY}&trip_from=2026-03-09")).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(page.text.contains("open for more than a day") && page.text.contains("mark-error"), "{}", page.text);
            for kept in ["value=\"ada@example.org\"", "value=\"FR\" checked", "value=\"2026-03-09\""] {
                assert!(page.text.contains(kept), "{kept}: {}", page.text);
            }
            let fresh = mark_of(&page.text);
            assert_ne!(fresh, mark);
            bench.pass(HOUR);
            assert_eq!(send(bench, 1, &format!("mark={fresh}&{BODY}")).await.status, StatusCode::OK);
        }
        // Whoever mends one letter need not wait: the form keeps its mark.
        let mark = mark::new(&bench.app.keys, bench.app.clock.now().plus(-3 * SECOND));
        let page = send(bench, 2, &format!("mark={mark}&channel=email&address=ada&what=everything")).await;
        assert_eq!((page.status, mark_of(&page.text)), (StatusCode::UNPROCESSABLE_ENTITY, mark));
    }

    async fn new_pending_confirmed_and_suppressed_get_the_same_bytes_and_headers(bench) {
        let body = filled(bench, BODY);
        let mut answers = vec![send(bench, 1, &body).await, send(bench, 2, &body).await];
        bench.expand().await;
        let row = bench.newest().await;
        for (visitor, state) in (3..).zip(["confirmed", "suppressed", "unsubscribed", "disabled", "erased"]) {
            let mut tx = bench.app.store.write().await.unwrap();
            tx.set_subscriber_state(&row.id, state, bench.app.clock.now()).await.unwrap();
            tx.commit().await.unwrap();
            answers.push(send(bench, visitor, &body).await);
        }
        for answer in &answers {
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!((&answer.text, &answer.headers), (&answers[0].text, &answers[0].headers));
        }
    }

    async fn an_api_needs_no_mark(bench) {
        let form = "subscriber%5Bemail%5D=ada%40example.org";
        assert_eq!(ask(bench, "POST", "/api/v2/subscribers.json", FORM, form).await.status, StatusCode::CREATED);
        assert_eq!(sign_up(bench, BODY).await.status, StatusCode::OK);
    }
}
