//! The other doors of telemetry: SM-DP+ notifications and alerts; and what a key may speak of, from where, until when.

use domain::{
    clock::{DAY, SECOND},
    component::Step,
    status::CellStatus,
};
use http::StatusCode;
use serde_json::{Value, json};
use server::auth::role::Role;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{Answer, Ask, Journey, METRICS_TOKEN, TestApp, batch};

const ES2PLUS: &str = "/gsma/rsp2/es2plus/handleDownloadProgressInfo";
const ALERTS: &str = "/ingest/v1/alertmanager";
const ICCID: &str = "8933150319000000012F";
const EID: &str = "89001012012341234012345678901224";

async fn post(app: &TestApp, key: &str, path: &str, body: &Value) -> Answer {
    raw(app, key, path, body.to_string()).await
}

async fn raw(app: &TestApp, key: &str, path: &str, body: impl Into<bytes::Bytes>) -> Answer {
    Ask::post(path)
        .header("authorization", &format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(body)
        .send(app.address)
        .await
}

fn progress(app: &TestApp, call: &str, point: i64, status: &str) -> Value {
    json!({
        "header": { "functionRequesterIdentifier": "smdp.example.com", "functionCallIdentifier": call },
        "eid": EID, "iccid": ICCID, "profileType": "travel-eu-5gb", "timestamp": app.now().rfc3339(),
        "notificationPointId": point,
        "notificationPointStatus": { "status": status, "statusCodeData": { "subjectCode": "8.1", "reasonCode": "4.8" } },
        "resultData": "c2VjcmV0",
    })
}

/// One profile after the other, each downloaded or failed.
async fn downloads(app: &TestApp, key: &str, count: usize, every_nth_fails: usize) {
    for n in 0..count {
        let fails = every_nth_fails > 0 && n % every_nth_fails == 0;
        for (point, status) in
            [(3, "Executed-Success"), (4, if fails { "Failed" } else { "Executed-Success" })]
        {
            let mut told = progress(app, &format!("TX-{n}-{point}"), point, status);
            told["iccid"] = json!(format!("89331503190{n:08}"));
            let answer = post(app, key, ES2PLUS, &told).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        }
    }
}

fn alert(status: &str, labels: Value) -> Value {
    json!({
        "version": "4", "groupKey": "{}", "truncatedAlerts": 0, "status": status, "receiver": "status",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am:9093",
        "alerts": [{
            "status": status, "labels": labels, "annotations": { "summary": "ASR 91.2 % over 10 min" },
            "startsAt": "2026-02-20T08:15:00Z", "endsAt": if status == "firing" { "0001-01-01T00:00:00Z" } else { "2026-03-02T08:00:00Z" },
            "generatorURL": "http://prom/", "fingerprint": "c4a6",
        }],
    })
}

/// The count of a step in a country over ten minutes: samples and successes.
async fn counted(app: &TestApp, step: Step, country: &str) -> (i64, i64) {
    app.fold().await;
    let mut tx = app.app.store.read().await.expect("a transaction");
    let window = tx.window(600, 10, app.now()).await.expect("a window");
    window.get(&(step, country.to_owned())).map_or((0, 0), |c| (c.samples, c.succeeded))
}

async fn key_with(app: &TestApp, fields: &[(&str, &str)]) -> Result<String, String> {
    let owner = app.signed_in_as(Role::Owner, &format!("owner{}", app.now().millis())).await;
    app.pass(1);
    let mut all = vec![("name", "limited")];
    all.extend_from_slice(fields);
    let page = owner.send("/console/sources/keys", &all).await;
    let text = page.text();
    match text.split("id=\"new-key\">").nth(1).and_then(|t| t.split('<').next()) {
        Some(key) => Ok(key.to_owned()),
        None => Err(text.to_owned()),
    }
}

api_tests! {
    async fn an_smdp_says_how_downloads_go_and_nothing_else(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let first = post(app, &key, ES2PLUS, &progress(app, "TX-0", 4, "Executed-Success")).await;
        assert_eq!(first.status, StatusCode::NO_CONTENT, "{}", first.text());
        assert!(first.body.is_empty());
        assert!(first.headers.contains_key("x-admin-protocol"));
        assert_eq!(counted(app, Step::Download, "FR").await, (0, 0), "nobody has said where it is sold");
        let page = maintainer.get("/console/sources").await;
        assert!(page.text().contains("profile_type=travel-eu-5gb"), "{}", page.text());
        assert!(!page.text().contains("8933150319000000012"), "of a profile only its issuer is shown");

        let fields = [("door", "es2plus"), ("labels", "requester=smdp.example.com issuer=8933*"), ("place", "fr"), ("supplier", "smdp-a/1")];
        let mapped = maintainer.send("/console/sources/mappings", &fields).await;
        assert_eq!(mapped.status, StatusCode::SEE_OTHER, "{}", mapped.text());
        assert!(!maintainer.get("/console/sources").await.text().contains("Unmapped"), "what is mapped leaves the list");
        app.pass(3 * SECOND);
        downloads(app, &key, 40, 4).await;
        assert_eq!(counted(app, Step::Download, "FR").await, (40, 30));
        for step in [Step::Issue, Step::Enable, Step::Journey] {
            assert_eq!(counted(app, step, "FR").await, (0, 0), "{step:?}");
        }
        app.pass(90 * SECOND);
        assert_eq!(counted(app, Step::Enable, "FR").await, (0, 0), "nobody waits for what ES2+ never tells");
        app.judge(5).await;
        assert_eq!(app.cell("euicc-download", "FR").await.status, CellStatus::PartialOutage);
    }

    async fn a_call_is_counted_once_and_a_second_try_succeeds(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let fields = [("door", "es2plus"), ("labels", "profile_type=travel-eu-5gb"), ("place", "FR"), ("supplier", "smdp-a")];
        maintainer.send("/console/sources/mappings", &fields).await;
        let failed = progress(app, "TX-1", 3, "Failed");
        for _ in 0..3 {
            assert_eq!(post(app, &key, ES2PLUS, &failed).await.status, StatusCode::NO_CONTENT);
        }
        assert_eq!(counted(app, Step::Download, "FR").await, (1, 0));
        let mut other = failed.clone();
        other["header"]["functionCallIdentifier"] = json!("TX-2");
        assert_eq!(post(app, &key, ES2PLUS, &other).await.status, StatusCode::NO_CONTENT);
        assert_eq!(counted(app, Step::Download, "FR").await, (1, 0), "the same profile, point and time");
        let mut bare = other.clone();
        bare["header"]["functionCallIdentifier"] = json!("TX-2b");
        bare["iccid"] = json!(ICCID.trim_end_matches('F'));
        assert_eq!(post(app, &key, ES2PLUS, &bare).await.status, StatusCode::NO_CONTENT);
        assert_eq!(counted(app, Step::Download, "FR").await, (1, 0), "padding makes no other profile");
        other["notificationPointStatus"]["status"] = json!("Expired");
        let conflict = post(app, &key, ES2PLUS, &other).await;
        assert_eq!(conflict.status, StatusCode::CONFLICT, "{}", conflict.text());
        app.pass(20 * SECOND);
        assert_eq!(post(app, &key, ES2PLUS, &progress(app, "TX-3", 4, "Executed-Success")).await.status, StatusCode::NO_CONTENT);
        assert_eq!(counted(app, Step::Download, "FR").await, (1, 1), "the failure is corrected");
    }

    async fn a_bad_notification_is_refused_and_names_its_field(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let good = progress(app, "TX-1", 4, "Executed-Success");
        let cases: [(&str, Value, &str); 9] = [
            ("/iccid", json!("not digits"), "/iccid"),
            ("/iccid", json!("123"), "/iccid"),
            ("/eid", json!("123"), "/eid"),
            ("/timestamp", json!("yesterday"), "/timestamp"),
            ("/notificationPointStatus/status", json!("Perhaps"), "/notificationPointStatus/status"),
            ("/header/functionCallIdentifier", json!(""), "/header/functionCallIdentifier"),
            ("/header/functionCallIdentifier", json!("a\u{0}b"), "/header/functionCallIdentifier"),
            ("/profileType", json!("LPA:1$smdp.example.com$CODE"), "/profileType"),
            ("/profileType", json!("x".repeat(201)), "/profileType"),
        ];
        for (member, value, pointer) in cases {
            let mut bad = good.clone();
            *bad.pointer_mut(member).expect("such a member") = value;
            let answer = post(app, &key, ES2PLUS, &bad).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{member}: {}", answer.text());
            assert_eq!(answer.json()["pointer"], pointer, "{}", answer.text());
        }
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for body in ["", "{", "[]", "{\"header\":1e400}", "null", &deep] {
            let status = raw(app, &key, ES2PLUS, body.to_owned()).await.status;
            assert!(matches!(status.as_u16(), 400 | 422), "{status} for {:?}", body.get(..20));
        }
        assert_eq!(raw(app, "tk_nobody", ES2PLUS, good.to_string()).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(post(app, &key, ES2PLUS, &good).await.status, StatusCode::NO_CONTENT, "and the next good one is taken");
    }

    async fn an_alert_holds_its_cells_until_it_is_resolved(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let labels = json!({ "alertname": "SmsLow", "component": "sms", "region": "north-america", "severity": "warning" });
        let told = post(app, &key, ALERTS, &alert("firing", labels.clone())).await;
        assert_eq!(told.status, StatusCode::ACCEPTED, "{}", told.text());
        assert_eq!(told.json()["accepted"], 1);
        app.judge(1).await;
        for country in ["US", "CA", "MX"] {
            assert_eq!(app.cell("sms", country).await.status, CellStatus::Degraded, "{country}");
        }
        assert_eq!(app.cell("sms", "FR").await.status, CellStatus::NoData);
        app.app.snapshot.refresh().await;
        for page in ["/regions/us/sms", "/api/v2/summary.json", "/api/v2/components.json", "/"] {
            let told = app.get(page).await;
            assert_eq!(told.status, StatusCode::OK, "{page}");
            assert!(!told.text().contains("ASR 91.2"), "what an alert says stays inside: {page}");
        }
        let cell = app.get("/regions/us/sms").await;
        assert!(cell.text().contains("An alert of our monitoring"), "{}", cell.text());
        let labels_critical = json!({ "alertname": "SmsDown", "component": "sms", "country": "us", "severity": "critical" });
        let mut worse = alert("firing", labels_critical);
        worse["alerts"][0]["fingerprint"] = json!("d5b7");
        post(app, &key, ALERTS, &worse).await;
        app.judge(1).await;
        assert_eq!(app.cell("sms", "US").await.status, CellStatus::PartialOutage);
        let commander = app.signed_in(Role::Commander).await;
        let board = commander.get("/console").await;
        assert!(board.text().contains("ASR 91.2 % over 10 min"), "the proposal says why: {}", board.text());

        let over = alert("resolved", labels.clone());
        assert_eq!(post(app, &key, ALERTS, &over).await.status, StatusCode::ACCEPTED);
        // Alertmanager sends again what it is not sure of: what has ended does not begin again.
        assert_eq!(post(app, &key, ALERTS, &alert("firing", labels)).await.status, StatusCode::ACCEPTED);
        app.judge(2).await;
        assert_eq!(app.cell("sms", "CA").await.status, CellStatus::NoData, "silence is not health");
        assert_eq!(app.cell("sms", "US").await.status, CellStatus::PartialOutage);
        let ended = commander.send("/console/sources/alerts/end", &[("fingerprint", "d5b7")]).await;
        assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.text());
        app.judge(1).await;
        assert_eq!(app.cell("sms", "US").await.status, CellStatus::NoData);
        assert!(!commander.get("/console").await.text().contains("Proposed by telemetry"), "the proposal lapsed");
    }

    async fn an_end_and_a_repeat_in_one_message_are_an_end(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let labels = json!({ "component": "voice", "country": "FR" });
        let mut both = alert("resolved", labels.clone());
        let again = alert("firing", labels)["alerts"][0].clone();
        both["alerts"].as_array_mut().expect("alerts").push(again);
        assert_eq!(post(app, &key, ALERTS, &both).await.status, StatusCode::ACCEPTED);
        let mut tx = app.app.store.read().await.expect("a transaction");
        assert_eq!(tx.firing_alerts().await.expect("alerts"), []);
        drop(tx);
        app.pass(31 * DAY);
        server::worker::housekeeping::tick(&app.app).await.expect("a round");
        assert_eq!(post(app, &key, ALERTS, &alert("firing", json!({ "component": "voice", "country": "FR" }))).await.status, StatusCode::ACCEPTED);
        let mut tx = app.app.store.read().await.expect("a transaction");
        assert_eq!(tx.firing_alerts().await.expect("alerts").len(), 1, "what ended long ago is forgotten");
    }

    async fn huge_and_half_sent_bodies_change_nothing(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        for path in [ES2PLUS, ALERTS, "/ingest/v1/heartbeat"] {
            let huge = raw(app, &key, path, vec![b' '; 1024 * 1024 + 1]).await;
            assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}: {}", huge.text());
            let other = Ask::post(path).header("authorization", &format!("Bearer {key}")).header("content-type", "text/plain").body("x");
            assert_eq!(other.send(app.address).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
        }
        let whole = alert("firing", json!({ "component": "voice", "country": "FR" })).to_string();
        let head = format!(
            "POST {ALERTS} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            app.address,
            whole.len()
        );
        let mut stream = TcpStream::connect(app.address).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("a head");
        stream.write_all(&whole.as_bytes()[..whole.len() - 10]).await.expect("half a body");
        stream.shutdown().await.expect("an end");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        app.judge(2).await;
        assert_eq!(app.cell("voice", "FR").await.status, CellStatus::NoData);
        assert_eq!(raw(app, &key, ALERTS, whole).await.status, StatusCode::ACCEPTED);
        app.judge(1).await;
        assert_eq!(app.cell("voice", "FR").await.status, CellStatus::Degraded);
    }

    async fn a_key_may_be_bound_to_sources_that_begin_alike(app) {
        app.lay_grid().await;
        let long = "x".repeat(500);
        assert!(key_with(app, &[("source_prefix", &long)]).await.is_err());
        let key = key_with(app, &[("source_prefix", "/smdp/eu")]).await.expect("a key");
        for (source, status) in [("/smdp/eu-a", StatusCode::ACCEPTED), ("/smdp/us", StatusCode::UNPROCESSABLE_ENTITY)] {
            let answer = post(app, &key, "/ingest/v1/heartbeat", &json!({ "source": source })).await;
            assert_eq!(answer.status, status, "{source}: {}", answer.text());
        }
        let owner = app.signed_in(Role::Owner).await;
        assert!(owner.get("/console/sources").await.text().contains("sources /smdp/eu…"));
    }

    async fn a_revoked_key_opens_nothing_from_that_moment(app) {
        app.lay_grid().await;
        let key = key_with(app, &[]).await.expect("a key");
        let beat = json!({ "source": "/probe" });
        for _ in 0..3 {
            assert_eq!(post(app, &key, "/ingest/v1/heartbeat", &beat).await.status, StatusCode::ACCEPTED);
        }
        let owner = app.signed_in(Role::Owner).await;
        let revoke = format!("/console/sources/keys/{}/revoke", &key[3..11]);
        assert_eq!(owner.send(&revoke, &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(post(app, &key, "/ingest/v1/heartbeat", &beat).await.status, StatusCode::UNAUTHORIZED);
    }

    async fn what_says_nothing_to_us_is_listed_until_somebody_maps_it(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let labels = json!({ "alertname": "Latency <b>", "site": "paris-7" });
        let told = post(app, &key, ALERTS, &alert("firing", labels.clone())).await;
        assert_eq!((told.status, told.json()["unmapped"].clone()), (StatusCode::ACCEPTED, json!(1)));
        let page = maintainer.get("/console/sources").await;
        assert!(page.text().contains("site=paris-7") && !page.text().contains("Latency <b>"), "{}", page.text());
        let bad: [&[(&str, &str)]; 5] = [
            &[("door", "alertmanager"), ("labels", "site"), ("component", "voice"), ("place", "FR")],
            &[("door", "alertmanager"), ("labels", "site=a"), ("component", "nothing"), ("place", "FR")],
            &[("door", "alertmanager"), ("labels", "site=a"), ("component", "voice"), ("place", "ZZ")],
            &[("door", "es2plus"), ("labels", "requester=site"), ("place", "western-europe"), ("supplier", "x")],
            &[("door", "es2plus"), ("labels", "requester=site"), ("place", "FR"), ("supplier", "")],
        ];
        for fields in bad {
            let answer = maintainer.send("/console/sources/mappings", fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
            assert!(answer.text().contains("site"), "what was typed is still there");
        }
        let never = [("door", "es2plus"), ("labels", "profile=travel-* requester=a"), ("place", "FR"), ("supplier", "smdp-a")];
        let answer = maintainer.send("/console/sources/mappings", &never).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let says = "SM-DP+ notifications have no label profile: they have requester, profile_type, issuer alone.";
        assert!(answer.text().contains(says), "{}", answer.text());
        let good = [("door", "alertmanager"), ("labels", "site=paris-*"), ("component", "voice"), ("place", "FR")];
        assert_eq!(maintainer.send("/console/sources/mappings", &good).await.status, StatusCode::SEE_OTHER);
        app.pass(3 * SECOND);
        post(app, &key, ALERTS, &alert("firing", labels)).await;
        app.judge(1).await;
        assert_eq!(app.cell("voice", "FR").await.status, CellStatus::Degraded);
        assert_eq!(app.signed_in(Role::Viewer).await.send("/console/sources/mappings", &good).await.status, StatusCode::FORBIDDEN);
    }

    async fn a_bad_alert_loses_no_neighbour(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        let good = alert("firing", json!({ "component": "voice", "country": "FR" }));
        let mut all = good.clone();
        let one = good["alerts"][0].clone();
        let spoilt = |member: &str, value: Value| { let mut a = one.clone(); a[member] = value; a };
        all["alerts"] = json!([
            spoilt("startsAt", json!("soon")), spoilt("status", json!("maybe")), spoilt("labels", json!({})),
            spoilt("labels", json!({ "component": "voice", "x": "y".repeat(201) })), spoilt("labels", json!("none")), "nothing", one,
        ]);
        let answer = post(app, &key, ALERTS, &all).await;
        assert_eq!(answer.status, StatusCode::MULTI_STATUS, "{}", answer.text());
        assert_eq!((&answer.json()["accepted"], &answer.json()["rejected"]), (&json!(1), &json!(6)));
        assert_eq!(answer.json()["items"][0]["error"]["pointer"], "/alerts/0");
        all["alerts"] = json!(["nothing"]);
        assert_eq!(post(app, &key, ALERTS, &all).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let mut old = good.clone();
        old["version"] = json!("3");
        assert_eq!(post(app, &key, ALERTS, &old).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn a_key_speaks_only_of_what_it_is_for(app) {
        app.lay_grid().await;
        let key = key_with(app, &[("countries", "fr, it"), ("suppliers", "smdp-a"), ("components", "voice euicc-download")]).await.expect("a key");
        let event = |country: &'static str, supplier: &str| {
            Journey { subject: format!("ord-{country}-{supplier}"), country, at: app.now(), fails: false }
                .event("requested", 0, json!({ "supplier": supplier }))
        };
        let answer = app.ingest(&key, &json!([event("FR", "smdp-a/1"), event("ES", "smdp-a/1"), event("IT", "smdp-b")])).await;
        assert_eq!(answer.status, StatusCode::MULTI_STATUS, "{}", answer.text());
        let told = answer.json();
        assert!(told["items"][0]["error"]["type"].as_str().expect("a type").ends_with("/foreign-country"));
        assert!(told["items"][1]["error"]["type"].as_str().expect("a type").ends_with("/foreign-supplier"));
        let beat = |component: &str, country: &str| json!({ "source": "/probe", "cells": [{ "component": component, "country": country }] });
        assert_eq!(post(app, &key, "/ingest/v1/heartbeat", &beat("voice", "FR")).await.status, StatusCode::ACCEPTED);
        assert_eq!(post(app, &key, "/ingest/v1/heartbeat", &beat("sms", "FR")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(post(app, &key, "/ingest/v1/heartbeat", &beat("voice", "ES")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let foreign = post(app, &key, ALERTS, &alert("firing", json!({ "component": "voice", "region": "western-europe" }))).await;
        assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY, "a portfolio is more than its countries: {}", foreign.text());
        let voice = key_with(app, &[("components", "voice")]).await.expect("a key");
        let told = app.ingest(&voice, &json!([event("FR", "smdp-a/1")])).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "voice is not measured by activations");
        for bad in [("components", "nothing"), ("countries", "ZZ"), ("networks", "here"), ("days", "0"), ("days", "soon")] {
            assert!(key_with(app, &[bad]).await.is_err(), "{bad:?}");
        }
    }

    async fn a_key_is_used_from_its_networks_until_its_end_and_is_renewed(app) {
        app.lay_grid().await;
        let beat = json!({ "source": "/probe" });
        let path = "/ingest/v1/heartbeat";
        let elsewhere = key_with(app, &[("networks", "192.0.2.0/24 2001:db8::/32")]).await.expect("a key");
        let answer = post(app, &elsewhere, path, &beat).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
        assert!(answer.text().contains("127.0.0.1"));
        let here = key_with(app, &[("networks", "127.0.0.1"), ("days", "2")]).await.expect("a key");
        assert_eq!(post(app, &here, path, &beat).await.status, StatusCode::ACCEPTED);

        let owner = app.signed_in(Role::Owner).await;
        let renew = format!("/console/sources/keys/{}/renew", &here[3..11]);
        let page = owner.send(&renew, &[]).await;
        let new = page.text().split("id=\"new-key\">").nth(1).and_then(|t| t.split('<').next()).expect("a new key").to_owned();
        for key in [&here, &new] {
            assert_eq!(post(app, key, path, &beat).await.status, StatusCode::ACCEPTED, "two are live meanwhile");
        }
        let third = owner.send(&renew, &[]).await;
        assert_eq!(third.status, StatusCode::CONFLICT, "{}", third.text());
        app.pass(DAY + SECOND);
        assert_eq!(post(app, &here, path, &beat).await.status, StatusCode::UNAUTHORIZED, "the old one ended after a day");
        assert_eq!(post(app, &new, path, &beat).await.status, StatusCode::ACCEPTED);
        app.pass(2 * DAY);
        assert_eq!(post(app, &new, path, &beat).await.status, StatusCode::UNAUTHORIZED, "the new one lives as long as the old one was to");
        for path in ["/console", "/console/incidents/new", "/api/v2/subscribers.json"] {
            let answer = Ask::get(path).header("authorization", &format!("Bearer {here}")).send(app.address).await;
            assert_ne!(answer.status, StatusCode::OK, "no key opens {path}");
        }
    }

    async fn a_source_that_falls_silent_is_shown(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        post(app, &key, "/ingest/v1/heartbeat", &json!({ "source": "/probe/lisbon", "interval_secs": 60 })).await;
        let viewer = app.signed_in(Role::Viewer).await;
        assert!(!viewer.get("/console").await.text().contains("/probe/lisbon"));
        app.pass(181 * SECOND);
        let board = viewer.get("/console").await;
        assert!(board.text().contains("/probe/lisbon"), "{}", board.text());
    }

    async fn prometheus_reads_what_cells_and_the_pipeline_say(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        for events in batch("m", "FR", 40, 4, app.now()) {
            app.ingest(&key, &events).await;
        }
        app.judge(5).await;
        let ask = |token: &str| Ask::get("/metrics").header("authorization", &format!("Bearer {token}")).send(app.address);
        assert_eq!(app.get("/metrics").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(ask(&key).await.status, StatusCode::UNAUTHORIZED, "a key of telemetry opens nothing else");
        let told = ask(METRICS_TOKEN).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text());
        for line in [
            "waypost_step_success_ratio{step=\"download\",country=\"FR\",window=\"10m\"} 0.75",
            "waypost_step_samples{step=\"download\",country=\"FR\",window=\"24h\"} 40",
            "waypost_cell_status{component=\"euicc-download\",country=\"FR\",status=\"partial_outage\"} 1",
            "waypost_cell_status{component=\"voice\",country=\"FR\",status=\"no_data\"} 1",
            "waypost_ingest_requests_waiting 0",
            "waypost_proposals_open 1",
            "# EOF",
        ] {
            assert!(told.text().contains(line), "{line} is not in {}", told.text());
        }
        assert!(told.text().contains("waypost_ingest_events_accepted_total 150"), "{}", told.text());
    }
}
