//! What anybody may read: the page, its feed, its JSON; from memory, with validators.

use http::{Method, StatusCode};

use crate::harness::Ask;

const PAGES: [&str; 7] = [
    "/",
    "/history",
    "/regions/fr",
    "/regions/western-europe",
    "/regions/fr/voice",
    "/components/voice",
    "/api",
];
const DOCUMENTS: [&str; 8] = [
    "status.json",
    "summary.json",
    "components.json",
    "incidents.json",
    "incidents/unresolved.json",
    "scheduled-maintenances.json",
    "scheduled-maintenances/upcoming.json",
    "scheduled-maintenances/active.json",
];

api_tests! {
    async fn pages_have_validators_and_no_script_and_no_cookie(app) {
        app.lay_grid().await;
        app.app.snapshot.refresh().await;
        for path in PAGES {
            let page = app.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.text().starts_with("<!doctype html>") || page.text().starts_with("<!DOCTYPE html>"), "{path}");
            assert!(!page.text().contains("<script"), "{path}");
            assert_eq!(page.header("set-cookie"), "", "{path}");
            assert!(page.header("content-security-policy").contains("default-src 'none'"), "{path}");
            assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
            assert!(!page.header("etag").is_empty(), "{path}");

            let again = Ask::get(path).header("if-none-match", page.header("etag")).send(app.address).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
            let head = Ask::of(Method::HEAD, path).send(app.address).await;
            assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0), "{path}");
            let packed = Ask::get(path).header("accept-encoding", "gzip;q=0, br").send(app.address).await;
            assert_eq!(packed.header("content-encoding"), "br", "{path}");
            assert!(packed.header("vary").contains("Accept-Encoding"), "{path}");
        }
    }

    async fn the_statuspage_documents_have_exactly_their_keys(app) {
        app.lay_grid().await;
        app.app.snapshot.refresh().await;
        for name in DOCUMENTS {
            let answer = app.get(&format!("/api/v2/{name}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{name}");
            assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{name}");
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{name}");
            let body = answer.json();
            let page = &body["page"];
            for key in ["id", "name", "url", "time_zone", "updated_at"] {
                assert!(page[key].is_string(), "{name} page.{key}");
            }
        }
        let summary = app.get("/api/v2/summary.json").await.json();
        let cells: Vec<_> = summary["components"].as_array().expect("components").iter().filter(|c| c["group"] == false).collect();
        assert_eq!(cells.len(), 63);
        for cell in &cells {
            assert_eq!((&cell["status"], &cell["x_waypost"]["status"]), (&"operational".into(), &"no_data".into()));
            assert_eq!(cell["x_waypost"]["basis"], "none");
            assert!(cell.get("description").is_some() && cell.get("start_date").is_some(), "keys are always there");
        }
        assert_eq!(summary["components"].as_array().map(Vec::len), Some(63 + 9), "a group per country");
    }

    async fn the_pages_of_a_statuspage_are_found_under_their_old_names(app) {
        let names = [
            ("/subscriptions", "/subscribe"),
            ("/subscriptions/0ab1c2", "/subscribe"),
            ("/uptime", "/history"),
            ("/uptime/k7p2m9q4x1zd", "/history"),
        ];
        for (old, new) in names {
            let answer = app.get(old).await;
            assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{old}");
            assert_eq!(answer.header("location"), new, "{old}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{old}");
        }
    }

    async fn what_is_not_there_is_said_in_the_askers_language(app) {
        let page = app.get("/nothing/here").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(page.header("content-type").starts_with("text/html"));
        let document = app.get("/api/v2/nothing.json").await;
        assert_eq!(document.status, StatusCode::NOT_FOUND);
        assert!(document.json()["error"].is_array());
        let get = app.get("/api/v2/subscribers.json?subscriber[email]=a@example.com").await;
        assert_eq!((get.status, get.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
        assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
    }

    async fn a_foreign_host_name_gets_nothing(app) {
        let answer = Ask::get("/").header("host", "evil.example").send(app.address).await;
        assert!(answer.status.is_client_error(), "{}", answer.status);
    }
}
