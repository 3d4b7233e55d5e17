//! What is promised and what was measured: targets beside the figures, and signed packs for partners.

use std::process::Command;

use app::paths;
use domain::{
    clock::{DAY, HOUR, MINUTE},
    evidence::Pack,
    month::Month,
    status::CellStatus,
};
use http::StatusCode;
use server::{
    auth::role::Role,
    commands::{
        cells,
        desk_book::partners::{self, Partner},
        evidence::issue_due,
        partner_pages,
    },
    evidence,
};

use crate::harness::{START, TestApp};

async fn partner(app: &TestApp, name: &str, sold: &[(&str, &str)]) -> String {
    let mut ids = Vec::new();
    for (component, country) in sold {
        ids.push(app.cell(component, country).await.id);
    }
    let given = Partner { name: name.into(), label: String::new(), zone: "UTC".into(), cells: ids };
    let mut tx = app.app.store.write().await.expect("a transaction");
    let id = partners::save(&mut tx, &app.ctx(), None, given).await.expect("a partner");
    tx.set_partner_live(&id, Some(app.now()), app.now()).await.expect("live");
    tx.commit().await.expect("a commit");
    id
}

async fn page_of(app: &TestApp, partner: &str) -> String {
    let row =
        app.app.store.read().await.expect("a read").partner(partner).await.expect("a read").expect("one");
    paths::partner_page(&partner_pages::token(&app.app.keys, &row))
}

async fn turns(app: &TestApp, (component, country): (&str, &str), to: CellStatus) {
    let cell = app.cell(component, country).await;
    let mut tx = app.app.store.write().await.expect("a transaction");
    let on =
        store::ChangeEvidenceRow { policy_scope: "default".into(), ..store::ChangeEvidenceRow::default() };
    cells::apply_verdict(&mut tx, &app.ctx(), cell, to, "A test says so", &on).await.expect("a change");
    tx.commit().await.expect("a commit");
}

/// March 2026 from the 2nd on: SMS in France was down for three hours, SMS in Italy never, and of voice nothing is known.
async fn march(app: &TestApp) {
    for country in ["FR", "IT"] {
        turns(app, ("sms", country), CellStatus::Operational).await;
    }
    app.pass(10 * DAY);
    turns(app, ("sms", "FR"), CellStatus::MajorOutage).await;
    app.pass(3 * HOUR);
    turns(app, ("sms", "FR"), CellStatus::Operational).await;
    app.pass(Month::of(START).end().since(app.now()));
}

api_tests! {
    async fn targets_are_lines_and_every_wrong_line_is_named(app) {
        app.lay_grid().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let commander = app.signed_in(Role::Commander).await;
        let path = "/console/settings/availability";
        assert_eq!(commander.send(path, &[("version", "0")]).await.status, StatusCode::FORBIDDEN);
        assert!(commander.get(path).await.text().contains("Nothing is promised yet"));
        for (targets, credits, said) in [
            ("sms FR", "", "Line 1: write service, country and percent"),
            ("* * 99.9\n\nfax FR 99", "", "Line 3: \"fax\" is not the slug"),
            ("sms XX 99", "", "is not the ISO code"),
            ("sms FR 99.9999", "", "is not a percentage"),
            ("sms FR NaN", "", "is not a percentage"),
            ("sms FR 99\nsms fr 98", "", "Line 2: there is a target"),
            ("sms FR 99 night", "", "Line 1: write service"),
            ("", "99", "Line 1: write two percentages"),
            ("", "99 0", "whole number from 1 to 100"),
            ("", "99 5\n99 6", "Line 2: there is a credit"),
        ] {
            let answer = maintainer.send(path, &[("version", "0"), ("targets", targets), ("credits", credits)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{targets:?} {credits:?}");
            assert!(answer.text().contains(said), "{said}: {}", answer.text());
        }
        let typed = maintainer.send(path, &[("version", "0"), ("targets", "<b> FR 1"), ("credits", "")]).await;
        assert!(typed.text().contains("&lt;b&gt; FR 1") && !typed.text().contains("<b> FR"), "kept, as text");
        let saved = maintainer.send(path, &[("version", "0"), ("targets", "* * 99.5\nsms fr 99.9 office"), ("credits", "95 25\n99.9 5")]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        let page = maintainer.get(path).await;
        for part in ["Version 1 is in force", "sms FR 99.9 office", "99.9 5\n95 25"] {
            assert!(page.text().contains(part), "{part}: {}", page.text());
        }
        let late = maintainer.send(path, &[("version", "0"), ("targets", "* * 1"), ("credits", "")]).await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(late.text().contains("Somebody saved another version"));
        let text = app.get(&paths::cell("FR", "sms")).await;
        assert!(text.text().contains("Target: 99.9 % in business hours"), "{}", text.text());
    }

    async fn the_pack_of_a_month_is_made_by_itself_and_stands_up_offline(app) {
        app.lay_grid().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let targets = [("version", "0"), ("targets", "sms * 99.9"), ("credits", "99.9 5\n99.5 10")];
        assert_eq!(maintainer.send("/console/settings/availability", &targets).await.status, StatusCode::SEE_OTHER);
        let globex = partner(app, "Globex <b>", &[("sms", "FR"), ("sms", "IT"), ("voice", "FR")]).await;
        march(app).await;
        let acme = partner(app, "Acme", &[("sms", "FR")]).await;
        assert_eq!(issue_due(&app.app).await.expect("a round"), 0, "what comes late is still to come in");
        app.pass(2 * HOUR + MINUTE);
        assert_eq!(issue_due(&app.app).await.expect("a round"), 1, "Acme was not aboard in March");
        assert_eq!(issue_due(&app.app).await.expect("a round"), 0, "once");

        let page = page_of(app, &globex).await;
        let list = app.get(&format!("{page}/evidence")).await;
        assert!(list.text().contains("March 2026"), "{}", list.text());
        let shown = app.get(&format!("{page}/evidence/2026-03")).await;
        assert_eq!(shown.status, StatusCode::OK);
        for part in ["1 of 2 availability targets were missed", "5 % of the fee", "no data", "Globex &lt;b&gt;"] {
            assert!(shown.text().contains(part), "{part}: {}", shown.text());
        }
        assert!(!shown.text().contains("<b>\"") && shown.header("cache-control").contains("no-store"));
        let file = app.get(&format!("{page}/evidence/2026-03.json")).await;
        let key = evidence::public_key(&app.app.keys);
        let (pack, _) = evidence::verify(file.text(), Some(&key)).expect("it is whole");
        let france = pack.cells.iter().find(|c| c.component == "sms" && c.country == "FR").expect("a line");
        // From 2 March, 08:00 on: 712 hours, three of them down.
        assert_eq!((france.counted_secs, france.down_secs), (712 * 3_600, 3 * 3_600));
        assert_eq!(france.availability_percent.as_deref(), Some("99.578"));
        assert_eq!((france.is_met, france.credit_percent, france.no_data_secs), (Some(false), 5, 32 * 3_600));
        let voice = pack.cells.iter().find(|c| c.component == "voice").expect("a line");
        assert_eq!((voice.target_percent.clone(), voice.is_met, voice.availability_percent.clone()), (None, None, None));
        let csv = app.get(&format!("{page}/evidence/2026-03.csv")).await;
        assert!(csv.text().contains("cell,sms,FR,round the clock,99.9,99.578,false"), "{}", csv.text());

        for path in ["evidence/2026-02", "evidence/2026-03.exe", "evidence/2026-3", "evidence/x", "evidence/%00"] {
            assert_eq!(app.get(&format!("{page}/{path}")).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let other = page_of(app, &acme).await;
        assert_eq!(app.get(&format!("{other}/evidence/2026-03")).await.status, StatusCode::NOT_FOUND, "not theirs");
        assert!(!app.get(&format!("{other}/evidence")).await.text().contains("March 2026"));
        assert_eq!(app.get("/evidence").await.status, StatusCode::NOT_FOUND, "the public has none");
        offline(file.text(), &key);
    }

    async fn a_text_that_cannot_be_kept_is_the_senders_fault_and_no_outage(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        for path in ["/console/suppliers/%00", "/console/suppliers/%00/review", "/console/partners/%00", "/console/partners/%00/evidence/2026-03"] {
            let status = owner.get(path).await.status;
            assert!(matches!(status, StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY), "{path}: {status}");
        }
        let key = app.ingest_key().await;
        let certificate = serde_json::json!({ "certificates": [{
            "supplier": "smdp\u{0}a", "kind": "tls", "name": "x", "expires_at": "2027-01-01T00:00:00Z",
        }] });
        let told = crate::harness::Ask::post("/ingest/v1/certificates")
            .header("authorization", &format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(certificate.to_string())
            .send(app.address)
            .await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", told.text());
    }

    async fn a_pack_that_is_made_again_is_a_new_version_beside_the_old_one(app) {
        app.lay_grid().await;
        let globex = partner(app, "Globex", &[("sms", "FR"), ("sms", "IT")]).await;
        march(app).await;
        let (maintainer, viewer) = (app.signed_in(Role::Maintainer).await, app.signed_in(Role::Viewer).await);
        let path = format!("/console/partners/{globex}/evidence");
        assert_eq!(viewer.send(&path, &[("month", "2026-03")]).await.status, StatusCode::FORBIDDEN);
        for (month, said) in [("2026-05", "has not begun"), ("2025-12", "the two before"), ("March", "like 2026-10")] {
            let answer = maintainer.send(&path, &[("month", month)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{month}");
            assert!(answer.text().contains(said), "{said}: {}", answer.text());
        }
        for _ in 0..2 {
            let made = maintainer.send(&path, &[("month", "2026-03")]).await;
            assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text());
            app.pass(MINUTE);
        }
        let newest = viewer.get(&format!("{path}/2026-03")).await;
        assert!(newest.text().contains("Version 2, made"), "{}", newest.text());
        assert!(newest.text().contains("No availability was promised"));
        let first = viewer.get(&format!("{path}/2026-03.json?version=1")).await;
        let second = viewer.get(&format!("{path}/2026-03.json")).await;
        let read = |text: &str| -> Pack { evidence::verify(text, None).expect("whole").0 };
        assert!(read(first.text()).made_at < read(second.text()).made_at);
        assert!(viewer.get(&format!("/console/partners/{globex}")).await.text().contains("version 1"));
        assert_eq!(viewer.get(&format!("{path}/2026-03?version=9")).await.status, StatusCode::NOT_FOUND);
    }
}

/// By the program, as whoever holds the file would.
fn offline(file: &str, key: &str) {
    let dir = store::testing::TestDir::new();
    let path = dir.path().join("pack.json");
    let run = |text: &str, key: Option<&str>| {
        std::fs::write(&path, text).expect("a file");
        let mut waypost = Command::new(env!("CARGO_BIN_EXE_waypost"));
        waypost.env_clear().args(["evidence", "verify"]).arg(&path);
        let out = waypost.args(key.iter().flat_map(|k| ["--key", k])).output().expect("it runs");
        (
            out.status.success(),
            format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)),
        )
    };
    let (is_good, said) = run(file, Some(key));
    assert!(is_good && said.contains("The pack is whole: Meridian eSIM for Globex"), "{said}");
    assert!(run(file, None).1.contains(key), "the key to compare");
    let (is_good, said) = run(&file.replace("99.578", "99.978"), Some(key));
    assert!(!is_good && said.contains("the signature does not fit"), "{said}");
    let (is_good, said) = run(file, Some("AAAA"));
    assert!(!is_good && said.contains("another key"), "{said}");
    let twice = file.replacen("\"is_met\":", "\"is_met\": true, \"is_met\":", 1);
    let (is_good, said) = run(&twice, Some(key));
    assert!(!is_good && said.contains("a member \"is_met\" is there more than once"), "{said}");
    let (is_good, said) = run(&file.replacen('{', "{\"note\": 1,", 1), Some(key));
    assert!(!is_good && said.contains("its member \"note\" is not signed"), "{said}");
    assert!(!run("", None).0);
}
