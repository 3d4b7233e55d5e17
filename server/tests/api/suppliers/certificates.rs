//! Certificates: entered, told, read from a handshake; warnings, each once; and what would fail.

use std::{net::SocketAddr, sync::Arc};

use domain::clock::{DAY, HOUR, MINUTE, Timestamp};
use http::StatusCode;
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use serde_json::json;
use server::{auth::role::Role, commands::suppliers, http::fields::Fields, state::App};
use store::CertificateRow;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{
    host_a,
    peer::{may_dial_here, tick},
    post_certificates,
};
use crate::harness::TestApp;

async fn certificates(app: &TestApp) -> Vec<CertificateRow> {
    let mut tx = app.app.store.read().await.expect("a transaction");
    tx.certificates().await.expect("certificates")
}

/// New notices to people in charge: who gets them, and their words.
async fn notices(app: &TestApp) -> Vec<(String, String)> {
    let mut tx = app.app.store.write().await.expect("a transaction");
    let mut all = Vec::new();
    while let Some(row) =
        tx.claim_owner_notice("test", app.now(), app.now().plus(900 * DAY)).await.expect("a notice")
    {
        all.push((row.user_id, row.words));
    }
    tx.commit().await.expect("a commit"); // they are taken
    all
}

/// Mail is configured, so that notices are queued.
fn with_mail(app: &App) -> App {
    let mut config = (*app.config).clone();
    config.smtp.host = "127.0.0.1".into();
    App { config: Arc::new(config), ..app.clone() }
}

/// A server that shows a certificate which ends at `end`.
async fn tls_server(end: Timestamp) -> SocketAddr {
    let mut params = CertificateParams::new(vec!["dp.example.com".to_owned()]).expect("parameters");
    let utc = end.utc();
    let (year, month, day) = (utc.format("%Y"), utc.format("%m"), utc.format("%d"));
    let number = |text: String| text.parse::<u8>().expect("a number");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(
        year.to_string().parse().expect("a year"),
        number(month.to_string()),
        number(day.to_string()),
    );
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let der = CertificateDer::from(certificate.der().to_vec());
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![der], key)
        .expect("a server");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move { drop(acceptor.accept(stream).await) });
        }
    });
    address
}

async fn list_host(app: &TestApp, here: &App, id: &str, address: SocketAddr) {
    let host = address.to_string();
    let fields: Fields = [("host", host)].into_iter().collect();
    let mut tx = here.store.write().await.expect("a transaction");
    suppliers::add_host(&mut tx, &app.ctx(), &here.reader_guard, id, &fields).await.expect("a host");
    tx.commit().await.expect("a commit");
}

api_tests! {
    async fn each_threshold_warns_maintainers_once_whatever_restarts(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let (maintainer, owner) = (app.signed_in(Role::Maintainer).await, app.signed_in(Role::Owner).await);
        app.signed_in(Role::Commander).await;
        let people = [maintainer.id.clone(), owner.id.clone()];
        let mailing = with_mail(&app.app);
        let save = format!("/console/suppliers/{id}/certificates");
        let past = [("kind", "sm_dp_plus"), ("name", "DPauth"), ("expires_at", "2026-03-01T00:00")];
        assert!(maintainer.send(&save, &past).await.text().contains("This time is past"));
        let end = "2026-04-11T08:00"; // 40 days from the start
        let given = [("kind", "sm_dp_plus"), ("name", "DPauth"), ("expires_at", end)];
        assert_eq!(maintainer.send(&save, &given).await.status, StatusCode::SEE_OTHER);
        let (mut told, mut all) = (Vec::new(), Vec::new());
        for day in 0..=42 {
            for _ in 0..2 {
                tick(&mailing).await; // the second finds it done, as after a restart
            }
            all.extend(notices(app).await);
            told.push((day, all.len()));
            app.pass(DAY);
        }
        told.dedup_by_key(|(_, n)| *n);
        // Two people each time: on the 30th, 14th and 7th day before, and when it has ended.
        assert_eq!(told, [(0, 0), (10, 2), (26, 4), (33, 6), (40, 8)]);
        for person in &people {
            assert_eq!(all.iter().filter(|(who, _)| who == person).count(), 4);
        }
        assert!(all.iter().any(|(_, w)| w.contains("The SM-DP+ certificate “DPauth” expires in 14 days")), "{all:?}");
        let maintainer = app.signed_in_as(Role::Viewer, "late").await;
        let board = maintainer.get("/console").await.text().to_owned();
        assert!(board.contains("expired 3 days ago") && board.contains("3 cells depend on it"), "{board}");
        let review = maintainer.get(&format!("/console/suppliers/{id}/review.json?period=2026-04")).await.json();
        let misses = review["figures"].as_array().expect("figures").iter().find(|f| f["figure"] == "certificate_misses");
        assert_eq!(misses.expect("a line")["number"], 1);

        // Renewed, it is quiet; the miss stays.
        let maintainer = app.signed_in_as(Role::Commander, "not_told").await;
        let refused = maintainer.send(&save, &given).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "a commander enters none");
        let maintainer = app.signed_in_as(Role::Maintainer, "later").await;
        let renewed = [("kind", "sm_dp_plus"), ("name", "DPauth"), ("expires_at", "2027-04-11T08:00")];
        assert_eq!(maintainer.send(&save, &renewed).await.status, StatusCode::SEE_OTHER);
        tick(&mailing).await;
        assert!(notices(app).await.is_empty());
        assert!(!maintainer.get("/console").await.text().contains("DPauth"));
        let again = maintainer.get(&format!("/console/suppliers/{id}/review.json?period=2026-04")).await.json();
        assert_eq!(again["figures"], review["figures"]);
    }

    async fn an_inventory_tells_certificates_all_or_none(app) {
        app.lay_grid().await;
        host_a(app).await;
        let key = app.ingest_key().await;
        let one = |name: &str, kind: &str, end: &str| json!({ "supplier": "smdp-a", "node": "1", "kind": kind, "name": name, "expires_at": end });
        let body = json!({ "certificates": [one("DPpb", "signing", "2027-01-01T00:00:00Z"), one("dp", "tls", "2026-08-01T00:00:00+02:00")] });
        for _ in 0..2 {
            let answer = post_certificates(app, &key, &body).await;
            assert_eq!((answer.status, answer.json()), (StatusCode::ACCEPTED, json!({ "accepted": 2 })));
        }
        assert_eq!(certificates(app).await.len(), 2);
        for (bad, pointer) in [
            (one("x", "pgp", "2027-01-01T00:00:00Z"), "/certificates/1/kind"),
            (one("", "tls", "2027-01-01T00:00:00Z"), "/certificates/1/name"),
            (one("x", "tls", "soon"), "/certificates/1/expires_at"),
            (json!({ "supplier": "smdp-z", "kind": "tls", "name": "x", "expires_at": "2027-01-01T00:00:00Z" }), "/certificates/1/supplier"),
            (json!({ "supplier": "smdp-a", "node": "b/1", "kind": "tls", "name": "x", "expires_at": "2027-01-01T00:00:00Z" }), "/certificates/1/node"),
        ] {
            let body = json!({ "certificates": [one("new", "tls", "2027-01-01T00:00:00Z"), bad] });
            let answer = post_certificates(app, &key, &body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
            assert_eq!(answer.json()["pointer"], pointer, "{}", answer.text());
        }
        assert_eq!(certificates(app).await.len(), 2, "all or none");
        assert_eq!(post_certificates(app, "tk_nobody", &body).await.status, StatusCode::UNAUTHORIZED);
        let unknown = json!({ "certificates": [], "more": 1 });
        assert_eq!(post_certificates(app, &key, &unknown).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn a_handshake_shows_when_a_certificate_ends_even_if_nobody_trusts_it(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let here = may_dial_here(&app.app);
        let maintainer = app.signed_in(Role::Maintainer).await;
        let soon = app.now().utc_day_start().plus(5 * DAY);
        let address = tls_server(soon).await;
        list_host(app, &here, &id, address).await;
        assert_eq!(tick(&here).await, 1);
        let found = certificates(app).await.remove(0);
        assert_eq!((found.expires_at, found.kind.as_str(), found.origin.as_str()), (soon, "tls", "handshake"));
        assert_eq!(found.name, address.to_string());
        assert_eq!(found.fingerprint.len(), 64);
        // By the clock on the wall it may have ended; by which words depends.
        let words = ["is self-signed", "has expired"].map(|w| format!("it does not verify: its certificate {w}"));
        assert!(words.iter().any(|w| found.remark.starts_with(w)), "{}", found.remark);
        assert_eq!(certificates(app).await[0].warned, Some(7), "and warned of at once");
        let page = maintainer.get(&format!("/console/suppliers/{id}")).await.text().to_owned();
        assert!(page.contains("read from a handshake") && page.contains("it does not verify"), "{page}");
        assert_eq!(tick(&here).await, 0, "once a day");
        let hurry = maintainer.send(&format!("/console/suppliers/{id}/read"), &[]).await;
        assert_eq!(hurry.status, StatusCode::SEE_OTHER);
        assert_eq!(tick(&here).await, 1, "or on demand");

        // One that has ended, and a host that shows none.
        let ended = tls_server(app.now().utc_day_start().plus(-3 * DAY)).await;
        list_host(app, &here, &id, ended).await;
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
        list_host(app, &here, &id, silent).await;
        assert_eq!(tick(&here).await, 2);
        assert_eq!(certificates(app).await.len(), 2);
        let page = maintainer.get(&format!("/console/suppliers/{id}")).await.text().to_owned();
        assert!(page.contains("expired 3 days ago") && page.contains("could not connect"), "{page}");
        app.pass(2 * HOUR);
        assert_eq!(tick(&here).await, 1, "what failed is tried again sooner");
    }

    async fn what_would_fail_follows_the_traffic(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let page = format!("/console/suppliers/{id}");
        let cell = app.cell("euicc-download", "IT").await.id;
        for fields in [&[("slug", "1"), ("role", "home"), ("cell", cell.as_str())][..], &[("slug", "2"), ("role", "standby")]] {
            assert_eq!(maintainer.send(&format!("{page}/nodes"), fields).await.status, StatusCode::SEE_OTHER);
        }
        for (name, node) in [("one", "1"), ("two", "2")] {
            let fields = [("kind", "tls"), ("name", name), ("node", node), ("expires_at", "2026-03-10T00:00")];
            assert_eq!(maintainer.send(&format!("{page}/certificates"), &fields).await.status, StatusCode::SEE_OTHER);
        }
        let fails = async |name: &str| {
            let text = maintainer.get(&page).await.text().to_owned();
            let row = text.split("<tr>").find(|r| r.starts_with(&format!("<td><b>{name}</b>"))).expect("a row").to_owned();
            (row.contains("eUICC download: Italy"), row.contains("this node stands by"))
        };
        assert_eq!((fails("one").await, fails("two").await), ((true, false), (false, true)));
        app.pass(MINUTE);
        let moved = [("from", "1"), ("to", "2"), ("reason", "a test")];
        assert_eq!(maintainer.send(&format!("{page}/moves"), &moved).await.status, StatusCode::SEE_OTHER);
        assert_eq!((fails("one").await, fails("two").await), ((false, true), (true, false)));
    }
}
