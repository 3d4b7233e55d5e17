//! What comes back: hard and soft bounces, complaints, forgeries.

use axum::http::{StatusCode, header};
use delivery::email::MailAddress;
use domain::clock::DAY;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    commands::subscribe::bounces::return_path,
    http::router,
    worker::outbox::tests::bench::{Bench, on_both},
};

async fn hook(bench: &Bench, token: &str, body: &Value) -> (StatusCode, Value) {
    post(bench, "/hooks/mail", token, "application/json", body.to_string().into_bytes()).await
}

pub(super) async fn post(
    bench: &Bench,
    path: &str,
    token: &str,
    kind: &str,
    body: Vec<u8>,
) -> (StatusCode, Value) {
    let (_keep, stop) = tokio::sync::watch::channel(false);
    let request = axum::http::Request::post(path)
        .header(header::HOST, "status.example.com")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, kind)
        .body(axum::body::Body::from(body))
        .unwrap();
    let response = router(&bench.app, stop).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

pub(super) fn path(bench: &Bench, id: &str) -> String {
    let bounces = MailAddress::parse("bounces@example.com").unwrap();
    return_path(&bench.app.keys, &bounces, id).unwrap().to_string()
}

pub(super) const TOKEN: &str = "a-token-for-tests";

on_both! {
    async fn what_comes_back_counts_only_under_our_own_return_path(bench) {
        let row = bench.subscriber("ada@example.org", &[]).await;
        let mine = path(bench, &row.id);
        let bounce = |path: &str, status: &str| json!({ "events": [{ "type": "bounce", "return_path": path, "status": status, "diagnostic": "x", "more": 1 }] });
        for (token, status) in [("", StatusCode::UNAUTHORIZED), ("wrong", StatusCode::UNAUTHORIZED)] {
            assert_eq!(hook(bench, token, &bounce(&mine, "5.1.1")).await.0, status);
        }
        for bad in [json!({}), json!({ "events": [{ "type": "dance", "return_path": mine }] }), json!([])] {
            assert_eq!(hook(bench, TOKEN, &bad).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        }
        let forged = mine.replace('+', "+x");
        for path in ["", "ada@example.org", "bounces@example.com", "bounces+@example.com", &forged, &format!("bounces+{}@example.com", row.id)] {
            let (status, body) = hook(bench, TOKEN, &bounce(path, "5.1.1")).await;
            assert_eq!((status, &body["ignored"]), (StatusCode::ACCEPTED, &json!(1)), "{path}");
        }
        for status in ["5.7.1", "5.2.2", "4.2.2", ""] {
            hook(bench, TOKEN, &bounce(&mine, status)).await;
        }
        assert_eq!(bench.state(&row.id).await, "confirmed", "policy, a full mailbox, and once");
        hook(bench, TOKEN, &bounce(&mine.to_uppercase(), "5.1.1")).await;
        assert_eq!(bench.state(&row.id).await, "suppressed");
        bench.pass(DAY);
        bench.sign_up("ada@example.org", &[]).await;
        bench.drain().await;
        assert!(bench.mails().is_empty(), "never written to again");
    }

    async fn five_days_of_soft_bounces_or_one_complaint_suppress(bench) {
        let row = bench.subscriber("soft@example.org", &[]).await;
        let soft = json!({ "events": [{ "type": "bounce", "return_path": path(bench, &row.id), "status": "4.4.1" }] });
        for day in 0..5 {
            assert_eq!(bench.state(&row.id).await, "confirmed", "day {day}");
            hook(bench, TOKEN, &soft).await;
            hook(bench, TOKEN, &soft).await;
            bench.pass(DAY);
        }
        assert_eq!(bench.state(&row.id).await, "suppressed");
        let row = bench.subscriber("angry@example.org", &[]).await;
        let complaint = json!({ "events": [{ "type": "complaint", "return_path": path(bench, &row.id) }] });
        assert_eq!(hook(bench, TOKEN, &complaint).await.1["accepted"], 1);
        assert_eq!(bench.state(&row.id).await, "suppressed");
    }
}
