use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use domain::clock::SECOND;
use serde_json::Value;
use std::net::SocketAddr;
use tower::ServiceExt as _;

use super::mark;
use crate::{
    commands::subscribe,
    http::router,
    worker::outbox::tests::bench::{Bench, Receiver, on_both, willing},
};

const FORM: &str = "application/x-www-form-urlencoded";

struct Page {
    status: StatusCode,
    text: String,
    has_cookie: bool,
    /// Everything but what names the one request.
    headers: Vec<(String, String)>,
}

async fn ask(bench: &Bench, method: &str, path: &str, kind: &str, body: &str) -> Page {
    ask_from(bench, 7, method, path, kind, body).await
}

/// From the network of a visitor: limits are held by it.
async fn ask_from(bench: &Bench, visitor: u8, method: &str, path: &str, kind: &str, body: &str) -> Page {
    let (_keep, stop) = tokio::sync::watch::channel(false);
    let doors: Router = router(&bench.app, stop);
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "status.example.com")
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body.to_owned()))
        .unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, visitor], 999))));
    let response = doors.oneshot(request).await.unwrap();
    let (status, has_cookie) = (response.status(), response.headers().contains_key(header::SET_COOKIE));
    let headers = response.headers().iter().filter(|(name, _)| *name != "x-request-id" && *name != "date");
    let headers =
        headers.map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect();
    let text = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
    Page { status, text, has_cookie, headers }
}

mod bounces;
mod endpoints;
mod forms;
mod languages;
mod manage;
mod partners;
mod raw_mail;

/// A form that was served three seconds ago.
fn filled(bench: &Bench, body: &str) -> String {
    format!("mark={}&{body}", mark::new(&bench.app.keys, bench.app.clock.now().plus(-3 * SECOND)))
}

async fn sign_up(bench: &Bench, body: &str) -> Page {
    ask(bench, "POST", "/subscribe", FORM, &filled(bench, body)).await
}

on_both! {
    async fn only_a_button_confirms_or_unsubscribes(bench) {
        assert_eq!(sign_up(bench, "channel=email&address=ada%40example.org&what=everything").await.status, StatusCode::OK);
        bench.expand().await;
        let row = bench.newest().await;
        let confirm = format!("/confirm/{}", subscribe::confirm_token(&bench.app.keys, &row));
        let leave = format!("/u/{}", subscribe::unsubscribe_token(&bench.app.keys, &row.id));
        for method in ["GET", "HEAD", "GET"] {
            for path in [&confirm, &leave] {
                let page = ask(bench, method, path, FORM, "").await;
                assert_eq!((page.status, page.has_cookie), (StatusCode::OK, false), "{method} {path}");
                assert!(method == "HEAD" || page.text.contains("<button"), "{}", page.text);
            }
        }
        assert_eq!(bench.state(&row.id).await, "pending", "scanners change nothing");
        assert_eq!(ask(bench, "POST", &confirm, FORM, "").await.status, StatusCode::OK);
        assert_eq!(bench.state(&row.id).await, "confirmed");
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        for (kind, body) in [
            (FORM, "List-Unsubscribe=One-Click"),
            ("multipart/form-data; boundary=x", multipart),
            (FORM, "List-Unsubscribe=One-Click"),
        ] {
            let page = ask(bench, "POST", &leave, kind, body).await;
            assert_eq!((page.status, page.has_cookie), (StatusCode::OK, false));
            assert_eq!(bench.state(&row.id).await, "unsubscribed");
        }
        let forged = format!("{}x", &leave[..leave.len() - 1]);
        for path in [forged.as_str(), "/u/x", "/confirm/x", &confirm] {
            assert_eq!(ask(bench, "GET", path, FORM, "").await.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(ask(bench, "POST", path, FORM, "").await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    async fn the_answer_tells_nothing_about_the_address(bench) {
        let body = "channel=email&address=ada%40example.org&what=chosen&countries=FR";
        let new = sign_up(bench, body).await;
        let pending = sign_up(bench, body).await;
        bench.expand().await;
        let row = bench.newest().await;
        let mut answers = vec![new.text, pending.text];
        for state in ["confirmed", "suppressed", "unsubscribed"] {
            let mut tx = bench.app.store.write().await.unwrap();
            tx.set_subscriber_state(&row.id, state, bench.app.clock.now()).await.unwrap();
            tx.commit().await.unwrap();
            answers.push(sign_up(bench, body).await.text);
        }
        assert!(answers.iter().all(|a| *a == answers[0]), "{answers:?}");
    }

    async fn a_wrong_address_comes_back_with_the_form_and_robots_are_ignored(bench) {
        let page = sign_up(bench, "channel=email&address=a%40b%0d%0aBcc%3a+x&what=chosen&countries=FR").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text.contains("does not look like an e-mail address"), "{}", page.text);
        let page = sign_up(bench, "channel=webhook&address=http%3a%2f%2f10.0.0.1%2f&what=everything").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = sign_up(bench, "channel=email&address=ada%40example.org&what=everything&website=spam").await;
        assert_eq!(page.status, StatusCode::OK);
        bench.expand().await;
        assert!(bench.app.store.read().await.unwrap().newest_subscribers(1).await.unwrap().is_empty());
        let mut last = StatusCode::OK;
        for n in 0..20 {
            last = sign_up(bench, &format!("channel=email&address=a{n}%40example.org&what=everything")).await.status;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    }

    async fn statuspage_clients_subscribe_by_post_only(bench) {
        let path = "/api/v2/subscribers.json";
        assert_eq!(ask(bench, "GET", path, FORM, "").await.status, StatusCode::METHOD_NOT_ALLOWED);
        let form = "subscriber%5Bemail%5D=ada%40example.org";
        let (first, again) = (ask(bench, "POST", path, FORM, form).await, ask(bench, "POST", path, FORM, form).await);
        assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
        let body: Value = serde_json::from_str(&first.text).unwrap();
        assert_eq!((&body["mode"], &body["subscriber"]["email"]), (&"email_sms".into(), &"ada@example.org".into()));
        assert_eq!(first.text.len(), again.text.len());
        bench.expand().await;
        assert_ne!(bench.newest().await.id, body["subscriber"]["id"], "the id means nothing");

        bench.pass(1);
        let receiver = Receiver::start(willing).await;
        let json = format!("{{\"subscriber\":{{\"email\":\"ops@example.org\",\"endpoint\":\"{}\"}}}}", receiver.url);
        let page = ask(bench, "POST", path, "application/json", &json).await;
        assert_eq!(page.status, StatusCode::CREATED, "{}", page.text);
        let body: Value = serde_json::from_str(&page.text).unwrap();
        assert!(body["subscriber"]["x_waypost"]["signing_secret"].as_str().unwrap().starts_with("whsec_"));
        bench.drain().await;
        assert_eq!(bench.state(&bench.newest().await.id).await, "confirmed");
        for (kind, wrong) in [
            ("application/json", "{"),
            ("application/json", "{}"),
            (FORM, "subscriber[email]=nobody"),
            (FORM, "subscriber[phone_number]=1"),
            (FORM, "subscriber[email]=a@example.org&subscriber[component_id]=zzzzzzzzzzzz"),
        ] {
            let page = ask(bench, "POST", path, kind, wrong).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
            assert!(page.text.starts_with("{\"error\":["), "{}", page.text);
        }
    }
}
