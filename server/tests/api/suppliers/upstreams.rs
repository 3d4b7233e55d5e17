//! Status pages of suppliers: notes beside cells, whatever they hold.

use domain::{
    clock::{MINUTE, SECOND},
    status::CellStatus,
};
use http::StatusCode;
use serde_json::json;
use server::{auth::role::Role, commands::suppliers, http::fields::Fields, state::App};
use store::UpstreamRow;

use super::{
    host_a,
    peer::{Peer, may_dial_here, ok, status, tick},
};
use crate::harness::TestApp;

fn page(indicator: &str, words: &str) -> String {
    json!({ "page": { "id": "x" }, "status": { "indicator": indicator, "description": words } }).to_string()
}

/// Lists the peer's page for the supplier, shown to visitors.
async fn list(app: &TestApp, here: &App, id: &str, peer: &Peer) {
    let url = format!("http://{}", peer.address);
    let fields: Fields =
        [("name", "Host A status"), ("url", &url), ("public_name", "Our host"), ("is_public", "yes")]
            .into_iter()
            .map(|(n, v)| (n, v.to_owned()))
            .collect();
    let mut tx = here.store.write().await.expect("a transaction");
    suppliers::add_upstream(&mut tx, &app.ctx(), &here.reader_guard, id, &fields).await.expect("a page");
    tx.commit().await.expect("a commit");
}

async fn row(app: &TestApp) -> UpstreamRow {
    let mut tx = app.app.store.read().await.expect("a transaction");
    tx.upstreams().await.expect("pages").remove(0)
}

/// What visitors of downloads in a country read.
async fn read(app: &TestApp, country: &str) -> String {
    app.app.snapshot.refresh().await;
    app.get(&format!("/regions/{country}/euicc-download")).await.text().to_owned()
}

api_tests! {
    async fn a_status_page_is_a_note_and_turns_no_cell(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let here = may_dial_here(&app.app);
        let mut times = 0;
        let peer = Peer::start(move |head| {
            if !head.starts_with("GET /api/v2/summary.json ") {
                return status("404 Not Found");
            }
            times += 1;
            match times {
                1 => ok("etag: \"v1\"\r\n", &page("minor", "<b>Slow</b> in EU")),
                _ if head.contains("if-none-match: \"v1\"") => status("304 Not Modified"),
                _ => status("500 Internal Server Error"),
            }
        })
        .await;
        list(app, &here, &id, &peer).await;
        assert!(read(app, "fr").await.contains("Upstream: what Our host reports is not known."));
        assert_eq!(tick(&here).await, 1);
        let said = read(app, "fr").await;
        assert!(said.contains("Upstream: Our host reports degraded performance, as of 08:00 UTC."), "{said}");
        assert!(!said.contains("Slow") && !said.contains("Host A"), "its own words and our names stay inside: {said}");
        assert!(!read(app, "es").await.contains("Upstream"), "nothing of it there");
        assert_eq!(app.cell("euicc-download", "FR").await.status, CellStatus::NoData, "it turns no cell");
        assert_eq!(tick(&here).await, 0, "not before its time");

        app.pass(7 * MINUTE);
        assert_eq!(tick(&here).await, 1);
        assert!(read(app, "fr").await.contains("degraded performance, as of 08:07 UTC"), "{:?}", row(app).await);
        let maintainer = app.signed_in(Role::Maintainer).await;
        let console = maintainer.get(&format!("/console/suppliers/{id}")).await.text().to_owned();
        assert!(console.contains("degraded performance since 08:00 UTC"), "{console}");
        assert!(console.contains("&lt;b&gt;Slow&lt;/b&gt; in EU") && !console.contains("<b>Slow"), "{console}");
        assert!(maintainer.get("/console").await.text().contains("Host A status reports degraded performance"));

        // Silence is unknown, never green.
        app.pass(17 * MINUTE);
        let silent = read(app, "fr").await;
        assert!(silent.contains("Upstream: what Our host reports has been unknown since 08:07 UTC."), "{silent}");
        let hide = format!("/console/suppliers/{id}/upstreams/{}/hide", row(app).await.id);
        assert_eq!(maintainer.send(&hide, &[]).await.status, StatusCode::SEE_OTHER);
        assert!(!read(app, "fr").await.contains("Upstream"));
    }

    async fn hostile_pages_are_failures_with_their_age(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let here = may_dial_here(&app.app);
        let peer = Peer::start(|_| ok("", &page("none", "All good"))).await;
        list(app, &here, &id, &peer).await;
        assert_eq!(tick(&here).await, 1);
        assert_eq!((row(app).await.state.as_str(), row(app).await.failure.as_str()), ("ok", ""));
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let large = "x".repeat(3 * 1024 * 1024);
        for (answer, why) in [
            (status("301 Moved Permanently\r\nlocation: http://169.254.169.254/"), "it has moved"),
            (ok("", "<html>All systems operational</html>"), "no JSON"),
            (ok("", &deep), "no JSON"),
            (ok("", &large), "larger than 2 MiB"),
            (ok("", r#"{"status":{"indicator":"purple"}}"#), "no JSON"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{".into(), "ends in the middle"),
            ("SSH-2.0-x\r\n".into(), "HTTP failed"),
        ] {
            let told = answer.clone();
            peer.answer(move |_| told.clone());
            app.pass(6 * MINUTE + SECOND);
            assert_eq!(tick(&here).await, 1);
            let row = row(app).await;
            assert!(row.failure.contains(why), "{why}: {}", row.failure);
            assert!(row.failing_since_at.is_some() && row.state == "ok", "what it said stays, with its age: {row:?}");
        }
        assert!(read(app, "fr").await.contains("has been unknown since 08:00 UTC"));
        let before = peer.count();
        peer.answer(|_| ok("", &page("none", "")));
        app.pass(6 * MINUTE + SECOND);
        assert_eq!(tick(&here).await, 1);
        assert!(peer.count() > before && row(app).await.failing_since_at.is_none());
        assert!(read(app, "fr").await.contains("reports no problems"));
    }

    async fn what_may_not_be_dialled_may_not_be_listed(app) {
        app.lay_grid().await;
        let id = host_a(app).await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let to = |what: &str| format!("/console/suppliers/{id}/{what}");
        for url in ["http://127.0.0.1:8080/", "https://10.0.0.1/", "https://user:pass@example.com/", "file:///etc/passwd", ""] {
            let answer = maintainer.send(&to("upstreams"), &[("name", "A"), ("url", url)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        }
        for host in ["127.0.0.1", "localhost", "10.0.0.1:443", "dp.example.com:8443", "dp.example.com/x", "a b"] {
            let answer = maintainer.send(&to("hosts"), &[("host", host)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{host}");
            assert!(answer.text().contains(host) || host.contains('<'), "{host} comes back as it was");
        }
        let shown = [("name", "A"), ("url", "https://status.example.com"), ("is_public", "yes")];
        let answer = maintainer.send(&to("upstreams"), &shown).await;
        assert!(answer.text().contains("under which name visitors read of it"), "{}", answer.text());
        // A name that leads inside is listed, and not dialled.
        let here = may_dial_here(&app.app);
        let peer = Peer::start(|_| ok("", &page("none", ""))).await;
        list(app, &here, &id, &peer).await;
        assert_eq!(tick(&app.app).await, 1);
        assert!(row(app).await.failure.contains("may not be dialled"), "{:?}", row(app).await);
        assert_eq!(peer.count(), 0);
    }
}
