//! Calling people in, the desk book, the on-call pack and the blast radius, through the console.

use domain::{clock::MINUTE, sla::clock::ClockState};
use http::StatusCode;
use server::auth::role::Role;
use store::SubscriberRow;

use crate::harness::{Answer, Person, TestApp};

const BOOK: &str = "/console/desk-book";

/// Declares an incident on downloads in France; its page.
async fn declare(app: &TestApp, commander: &Person<'_>, severity: &str) -> String {
    let cell = format!("cell.{}", app.cell("euicc-download", "FR").await.id);
    let fields = [
        ("title", "one in four downloads fails"),
        ("severity", severity),
        ("started_at", "2026-03-02T08:00"),
        (cell.as_str(), "partial_outage"),
        ("known", "About one in four eSIM downloads in France fails."),
        ("unknown", "Why the first node is slow."),
        ("next_steps", "Traffic moves to the second node; 20 to 40 minutes."),
        ("customer_action", "Scan the same QR code again in five minutes."),
        ("how", "alone"),
        ("break_glass", "Nobody else is on shift."),
    ];
    let answer = commander.send("/console/incidents", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer.header("location").to_owned()
}

/// Adds an entry to a shelf; its id.
async fn shelve(person: &Person<'_>, shelf: &str, fields: &[(&str, &str)]) -> String {
    let answer = person.send(&format!("{BOOK}/{shelf}"), fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{shelf}: {}", answer.text());
    let page = person.get(&format!("{BOOK}/{shelf}")).await.text().to_owned();
    let name = fields[0].1;
    let row = page.split("<tr>").skip(2).find(|row| row.contains(name)).expect("the entry is listed");
    let link = format!("href=\"{BOOK}/{shelf}/");
    row.split(&link).nth(1).and_then(|rest| rest.split('"').next()).expect("a link to its form").to_owned()
}

async fn add_host(app: &TestApp, maintainer: &Person<'_>) -> String {
    let cell = app.cell("euicc-download", "FR").await.id;
    let fields = [
        ("name", "Download host A"),
        ("slug", "smdp-a"),
        ("kind", "smdp_host"),
        ("interconnect_sla", "Answers Sev 1 in 15 minutes"),
        ("cell", &cell),
    ];
    shelve(maintainer, "suppliers", &fields).await
}

async fn engage(person: &Person<'_>, page: &str, subject: &str, step: &str, at: &str) -> Answer {
    let fields = [("subject", subject), ("step", step), ("at", at)];
    person.send(&format!("{page}/engagements"), &fields).await
}

/// Clocks of an incident that are about somebody: subject, state, minutes promised.
async fn clocks(app: &TestApp, page: &str) -> Vec<(String, &'static str, i64)> {
    let id = page.rsplit('/').next().expect("an id");
    let mut tx = app.app.store.read().await.expect("a transaction");
    let clocks = tx.clocks(id).await.expect("clocks").into_iter().filter(|c| !c.subject.is_empty());
    let mut all: Vec<_> =
        clocks.map(|c| (c.subject, c.state.slug(), c.due_at.since(c.started_at) / MINUTE)).collect();
    all.sort();
    all
}

fn clock(subject: &str, state: &'static str, minutes: i64) -> (String, &'static str, i64) {
    (subject.to_owned(), state, minutes)
}

/// What holds at every moment; the misses on record, which never grow fewer.
async fn consistent(app: &TestApp, page: &str, missed: usize) -> usize {
    let id = page.rsplit('/').next().expect("an id");
    let mut tx = app.app.store.read().await.expect("a transaction");
    let clocks = tx.clocks(id).await.expect("clocks");
    let engagements = tx.engagements(id).await.expect("engagements");
    for subject in clocks.iter().map(|c| &c.subject).filter(|s| !s.is_empty()) {
        let running =
            clocks.iter().filter(|c| c.subject == *subject && c.state == ClockState::Running).count();
        let came = engagements.iter().any(|e| e.subject == *subject && e.engaged_at.is_some());
        assert!(running <= usize::from(!came), "{subject}: {running} running, came: {came}");
    }
    for c in clocks.iter().filter(|c| c.state == ClockState::Met) {
        assert!(c.stopped_at.is_some_and(|at| at <= c.due_at) && c.breached_at.is_none(), "{c:?}");
    }
    for e in &engagements {
        assert!(e.engaged_at.is_none() || e.contacted_at <= e.engaged_at, "{e:?}");
    }
    let on_record = clocks.iter().filter(|c| c.breached_at.is_some()).count();
    assert!(on_record >= missed, "a miss is never erased: {missed} before, {on_record} now");
    on_record
}

async fn subscribe(app: &TestApp, n: usize, channel: &str, countries: Option<&str>) {
    let mut tx = app.app.store.write().await.expect("a transaction");
    let id = format!("subscriber{n:02}");
    let row = SubscriberRow {
        id: id.clone(),
        channel: channel.into(),
        address: format!("{n}@example.com"),
        address_hash: id.clone(),
        state: "pending".into(),
        scope: countries.map_or_else(|| "{}".into(), |codes| format!("{{\"countries\":{codes}}}")),
        time_zone: "UTC".into(),
        created_at: app.now(),
        ..SubscriberRow::default()
    };
    tx.insert_subscriber(&row).await.expect("a subscriber");
    tx.set_subscriber_state(&id, "confirmed", app.now()).await.expect("confirmed");
    tx.commit().await.expect("a commit");
}

api_tests! {
    async fn the_ladder_runs_from_tier_to_tier_to_the_supplier(app) {
        app.lay_grid().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let host = format!("supplier:{}", add_host(app, &maintainer).await);
        let commander = app.signed_in(Role::Commander).await;
        let page = declare(app, &commander, "1").await;
        assert_eq!(clocks(app, &page).await, [clock("tier:2", "running", 15)]);

        let responder = app.signed_in(Role::Responder).await;
        app.pass(12 * MINUTE);
        assert_eq!(engage(&responder, &page, "tier:2", "engaged", "").await.status, StatusCode::SEE_OTHER);
        assert_eq!(clocks(app, &page).await, [clock("tier:2", "met", 15), clock("tier:3", "running", 15)]);

        app.pass(5 * MINUTE);
        assert_eq!(engage(&responder, &page, &host, "contacted", "").await.status, StatusCode::SEE_OTHER);
        let promised =
            [clock(&host, "running", 30), clock("tier:2", "met", 15), clock("tier:3", "met", 15)];
        assert_eq!(clocks(app, &page).await, promised, "a contacted supplier keeps tier 2’s promise");
        let shown = responder.get(&page).await;
        assert!(shown.text().contains("Download host A engaged"), "the clock says who is waited for");
        assert!(responder.get("/console").await.text().contains("Download host A engaged"), "on the board too");
        assert!(shown.text().contains("Answers Sev 1 in 15 minutes") && shown.text().contains("Contacted 08:17 UTC"));

        app.pass(21 * MINUTE);
        assert_eq!(engage(&responder, &page, &host, "engaged", "").await.status, StatusCode::SEE_OTHER);
        assert_eq!(engage(&responder, &page, &host, "engaged", "").await.status, StatusCode::SEE_OTHER, "twice is once");
        assert_eq!(clocks(app, &page).await[0], clock(&host, "met", 30));
        assert!(responder.get(&page).await.text().contains("after 21 min (target 30 min)"));
        assert_eq!(app.tick().await, 1, "the update of 08:30 is late; nobody else is");
    }

    async fn a_supplier_who_came_is_told_to_the_public_without_a_name(app) {
        app.lay_grid().await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let host = format!("supplier:{}", add_host(app, &maintainer).await);
        let commander = app.signed_in(Role::Commander).await;
        let page = declare(app, &commander, "1").await;
        let public = page.replace("/console", "");
        let contacted = engage(&commander, &page, &host, "contacted", "").await;
        assert_eq!(contacted.status, StatusCode::SEE_OTHER, "{}", contacted.text());
        app.pass(21 * MINUTE);
        engage(&commander, &page, &host, "engaged", "").await;
        assert!(!app.get(&public).await.text().contains("Download host engaged"), "not before somebody says so");

        let details = [
            ("subject", host.as_str()),
            ("version", "3"),
            ("contact", "Mira at the night desk"),
            ("ticket", "INC-4711"),
            ("stated_timeline", "30 to 60 minutes"),
            ("stated_constraints", "No restart before midnight"),
            ("is_public", "yes"),
        ];
        let responder = app.signed_in(Role::Responder).await;
        let refused = responder.send(&format!("{page}/engagements/details"), &details).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("INC-4711"), "what was typed is kept");
        let done = commander.send(&format!("{page}/engagements/details"), &details).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let stale = commander.send(&format!("{page}/engagements/details"), &details).await;
        assert_eq!(stale.status, StatusCode::CONFLICT, "the second sees that somebody was first");

        let told = app.get(&public).await;
        for words in ["Download host engaged", "after 21 min", "target 30 min"] {
            assert!(told.text().contains(words), "{words}");
        }
        for secret in ["Download host A", "Mira", "INC-4711", "midnight"] {
            assert!(!told.text().contains(secret), "{secret} is nobody’s business");
        }
        assert!(commander.get(&page).await.text().contains("INC-4711"));
    }

    async fn what_is_told_later_stops_the_clock_then_but_a_miss_stays_one(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let page = declare(app, &commander, "2").await;
        app.pass(25 * MINUTE);
        for wrong in ["2026-03-02T07:59", "2026-03-02T08:26", "soon"] {
            let answer = engage(&commander, &page, "tier:2", "engaged", wrong).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        engage(&commander, &page, "tier:2", "engaged", "2026-03-02T08:10").await;
        let promised = [clock("tier:2", "met", 30), clock("tier:3", "running", 60)];
        assert_eq!(clocks(app, &page).await, promised);
        let mut tx = app.app.store.read().await.expect("a transaction");
        let id = page.rsplit('/').next().expect("an id");
        let tier3 = tx.clocks(id).await.expect("clocks").into_iter().find(|c| c.subject == "tier:3");
        assert_eq!(tier3.expect("a clock").started_at, app.now().plus(-15 * MINUTE), "counted from when they came");
        drop(tx);

        app.pass(46 * MINUTE);
        app.tick().await;
        engage(&commander, &page, "tier:3", "engaged", "2026-03-02T08:50").await;
        assert_eq!(clocks(app, &page).await[1], clock("tier:3", "breached", 60));
    }

    async fn another_severity_counts_anew_and_a_resolved_incident_waits_for_nobody(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let page = declare(app, &commander, "3").await;
        assert_eq!(clocks(app, &page).await, [], "Sev 3 promises nobody");
        app.pass(3 * MINUTE);
        let alone = [("how", "alone"), ("break_glass", "Nobody else is on shift.")];
        let to = |version, severity| {
            [&[("version", version), ("severity", severity), ("reason", "It is wider than we thought.")], &alone[..]].concat()
        };
        let answer = commander.send(&format!("{page}/reclassify"), &to("1", "2")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert_eq!(clocks(app, &page).await, [clock("tier:2", "running", 30)]);
        commander.send(&format!("{page}/reclassify"), &to("2", "1")).await;
        let promised = [clock("tier:2", "cancelled", 30), clock("tier:2", "running", 15)];
        assert_eq!(clocks(app, &page).await, promised);

        let resolve = [&[("version", "3"), ("known", "It is fixed for good.")], &alone[..]].concat();
        let answer = commander.send(&format!("{page}/resolve"), &resolve).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert!(clocks(app, &page).await.iter().all(|(_, state, _)| *state == "cancelled"));
        assert_eq!(engage(&commander, &page, "tier:2", "engaged", "").await.status, StatusCode::CONFLICT);
    }

    async fn clocks_stay_consistent_whatever_happens_in_which_order(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        let host = format!("supplier:{}", add_host(app, &owner).await);
        let subjects = ["tier:2", "tier:3", host.as_str()];
        let mut dice = 0x2545_f491_4f6c_dd1d_u64;
        let mut roll = move |sides: u64| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice % sides
        };
        for round in 0..8 {
            let owner = app.signed_in_as(Role::Owner, &format!("owner-{round}")).await;
            let page = declare(app, &owner, "2").await;
            let (mut severity, mut version, mut missed) = (2, 1, 0);
            for _ in 0..14 {
                app.pass(i64::try_from(roll(6)).expect("a die") * MINUTE);
                match roll(4) {
                    0 => {
                        severity = 1 + severity % 3;
                        let (to, seen) = (severity.to_string(), version.to_string());
                        let fields =
                            [("severity", to.as_str()), ("version", &seen), ("reason", "It changed."), ("how", "alone"), ("break_glass", "Alone.")];
                        let done = owner.send(&format!("{page}/reclassify"), &fields).await;
                        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
                        version += 1;
                    }
                    1 => drop(app.tick().await),
                    _ => {
                        let subject = subjects[usize::try_from(roll(3)).expect("a die")];
                        let step = if roll(2) == 0 { "contacted" } else { "engaged" };
                        assert_eq!(engage(&owner, &page, subject, step, "").await.status, StatusCode::SEE_OTHER);
                    }
                }
                missed = consistent(app, &page, missed).await;
            }
        }
    }

    async fn whoever_is_on_call_hears_that_tier_2_is_due(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let maintainer = app.signed_in(Role::Maintainer).await;
        let responder = app.signed_in(Role::Responder).await;
        for (tier, person) in [("1", &responder), ("2", &maintainer)] {
            let shift = [
                ("tier", tier),
                ("user_id", person.id.as_str()),
                ("starts", "2026-03-02T08:00"),
                ("ends", "2026-03-02T20:00"),
                ("zone", "UTC"),
                ("weeks", ""),
            ];
            let added = maintainer.send(&format!("{BOOK}/rotas"), &shift).await;
            assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());
        }
        declare(app, &commander, "2").await;
        app.pass(26 * MINUTE);
        app.tick().await;
        let mut told = Vec::new();
        let mut tx = app.app.store.read().await.expect("a transaction");
        for person in [&commander, &maintainer, &responder] {
            told.extend(tx.reminders(&person.id).await.expect("reminders").into_iter().map(|r| (r.user_id, r.words)));
        }
        let people: Vec<_> = told.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(people, [&commander.id, &responder.id], "who leads, and tier 1, who does the calling");
        assert!(told[0].1.starts_with("Tier 2 engaged is due in 4 minutes"), "{}", told[0].1);
    }

    async fn only_who_may_respond_calls_in_and_only_maintainers_write_the_book(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let page = declare(app, &commander, "2").await;
        let viewer = app.signed_in(Role::Viewer).await;
        assert_eq!(engage(&viewer, &page, "tier:2", "engaged", "").await.status, StatusCode::FORBIDDEN);
        assert_eq!(viewer.get(BOOK).await.status, StatusCode::OK);
        assert_eq!(viewer.get(&format!("{BOOK}/contacts/new")).await.status, StatusCode::FORBIDDEN);
        let runbook = [("title", "Move traffic"), ("steps", "One")];
        assert_eq!(commander.send(&format!("{BOOK}/runbooks"), &runbook).await.status, StatusCode::FORBIDDEN);
        assert_eq!(commander.get(&format!("{BOOK}/nonsense")).await.status, StatusCode::NOT_FOUND);
        let nobody = engage(&commander, &page, "supplier:nobody", "contacted", "").await;
        assert_eq!(nobody.status, StatusCode::NOT_FOUND);
        assert_eq!(engage(&commander, &page, "tier:9", "contacted", "").await.status, StatusCode::NOT_FOUND);
    }

    async fn every_shelf_takes_changes_and_gives_up_an_entry(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        let host = add_host(app, &owner).await;
        let cell = app.cell("sms", "MX").await.id;
        let sms = app.cell("sms", "MX").await.component_id;
        let side = format!("supplier:{host}");
        let contact = [
            ("name", "Night desk"),
            ("side", side.as_str()),
            ("role", "First line"),
            ("channel", "phone"),
            ("address", "+34 910 000 000"),
            ("hours", "Mon–Fri 09:00-18:00"),
            ("zone", "Asia/Kolkata"),
            ("ladder_step", "1"),
        ];
        let shift = [
            ("tier", "2"),
            ("user_id", owner.id.as_str()),
            ("starts", "2026-03-02T08:00"),
            ("ends", "2026-03-02T20:00"),
            ("zone", "Europe/Madrid"),
            ("weeks", "3"),
        ];
        let account = [("name", "Nordlys Reiser"), ("label", "Nordlys SIM"), ("zone", "Europe/Oslo"), ("cell", &cell)];
        let runbook = [("title", "Late texts"), ("component_id", &sms), ("error_class", ""), ("steps", "Look\nCall")];
        let contact_id = shelve(&owner, "contacts", &contact).await;
        let account_id = shelve(&owner, "partners", &account).await;
        let runbook_id = shelve(&owner, "runbooks", &runbook).await;
        let added = owner.send(&format!("{BOOK}/rotas"), &shift).await;
        assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());

        let empty = owner.get(&format!("{BOOK}/suppliers/new")).await;
        assert!(!empty.text().contains("<details open"), "nothing is ticked, so every country is shut");
        let contacts = owner.get(BOOK).await;
        assert!(contacts.text().contains("href=\"tel:+34910000000\""), "one tap calls");
        assert!(contacts.text().contains("13:30 there, answers now"), "{}", contacts.text());
        assert!(contacts.text().contains("Tier 2 – network operations") && contacts.text().contains("nobody on call"));
        let rotas = owner.get(&format!("{BOOK}/rotas")).await;
        assert_eq!(rotas.text().matches("<b>Somebody (owner)</b>").count(), 4, "one and three weeks more");
        assert!(rotas.text().contains("on call now") && rotas.text().contains("nobody is on call from now"));
        let suppliers = owner.get(&format!("{BOOK}/suppliers")).await;
        assert!(suppliers.text().contains("no contact who answers round the clock"), "a ladder for Sev 1 is missing");

        for (shelf, id, keeps) in
            [("contacts", &contact_id, "Asia/Kolkata"), ("partners", &account_id, "Nordlys SIM"), ("runbooks", &runbook_id, "Late texts")]
        {
            let form = owner.get(&format!("{BOOK}/{shelf}/{id}")).await;
            assert!(form.text().contains(keeps), "{shelf}: {}", form.text());
            let removed = owner.send(&format!("{BOOK}/{shelf}/{id}/remove"), &[]).await;
            assert_eq!(removed.status, StatusCode::SEE_OTHER, "{shelf}");
            assert_eq!(owner.get(&format!("{BOOK}/{shelf}/{id}")).await.status, StatusCode::NOT_FOUND, "{shelf}");
        }
        let removed = owner.send(&format!("{BOOK}/suppliers/{host}/remove"), &[]).await;
        assert_eq!(removed.status, StatusCode::SEE_OTHER);
    }

    async fn what_is_wrong_in_the_book_is_named_beside_its_field(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        add_host(app, &owner).await;
        let contact = [
            ("side", ""),
            ("name", "Night <b>desk"),
            ("role", "First line"),
            ("channel", "phone"),
            ("address", "1"),
            ("hours", "24x7"),
            ("zone", "UTC"),
            ("ladder_step", "1"),
        ];
        let shift = [
            ("tier", "2"),
            ("user_id", owner.id.as_str()),
            ("starts", "2026-03-29T01:00"),
            ("ends", "2026-03-29T09:00"),
            ("zone", "Europe/Madrid"),
            ("weeks", "0"),
        ];
        let supplier = [("name", "Another host"), ("slug", "smdp-b"), ("kind", "smdp_host"), ("cell", "")];
        let wrong: [(&str, &[_], &str, &str); 9] = [
            ("contacts", &contact, "hours", "whenever"),
            ("contacts", &contact, "zone", "Mars/Olympus"),
            ("contacts", &contact, "side", "supplier:nobody"),
            ("contacts", &contact, "ladder_step", "10"),
            ("contacts", &contact, "address", "a\u{0}b"),
            ("rotas", &shift, "starts", "2026-03-29T02:30"),
            ("rotas", &shift, "ends", "2026-03-29T00:30"),
            ("rotas", &shift, "weeks", "1000"),
            ("suppliers", &supplier, "slug", "smdp-a"),
        ];
        for (shelf, fields, name, value) in wrong {
            let spoilt: Vec<(&str, &str)> =
                fields.iter().map(|(n, v)| if *n == name { (*n, value) } else { (*n, *v) }).collect();
            let answer = owner.send(&format!("{BOOK}/{shelf}"), &spoilt).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{shelf} {name}");
            assert!(answer.text().contains(&format!("id=\"error-{name}\"")), "{shelf} {name}: {}", answer.text());
            if shelf == "contacts" && name != "name" {
                assert!(answer.text().contains("Night &lt;b&gt;desk"), "kept, and escaped");
            }
        }
        let more = [&contact[..], &[("surprise", "1")]].concat();
        assert_eq!(owner.send(&format!("{BOOK}/contacts"), &more).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn who_will_be_told_is_known_before(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        add_host(app, &owner).await;
        let cell = app.cell("euicc-download", "FR").await.id;
        let account = [("name", "Nordlys Reiser"), ("label", ""), ("zone", "Europe/Oslo"), ("cell", &cell)];
        shelve(&owner, "partners", &account).await;
        subscribe(app, 1, "email", None).await;
        subscribe(app, 2, "email", Some("[\"FR\",\"ES\"]")).await;
        subscribe(app, 3, "email", Some("[\"ES\"]")).await;
        subscribe(app, 4, "webhook", Some("[\"FR\"]")).await;

        let told = owner.get(&format!("/console/blast?cell={cell}")).await.json();
        assert_eq!((told["subscribers"].as_i64(), told["channels"]["email"].as_i64()), (Some(3), Some(2)));
        assert_eq!(told["partners"][0]["local_time"], "09:00");
        assert_eq!(owner.get("/console/blast?cell=nonsense").await.json()["subscribers"], 0);
        assert_eq!(app.get("/console/blast").await.status, StatusCode::SEE_OTHER, "for the signed in");

        let form = owner.get("/console/incidents/new?supplier=smdp-a&component=").await;
        assert!(form.text().contains("Publishing tells 2 by e-mail and 1 by webhook."), "{}", form.text());
        assert!(form.text().contains("Nordlys Reiser (09:00 there)"));
        let ticked = form.text().split(&format!("id=\"cell-{cell}\"")).nth(1).expect("its select");
        let ticked = ticked.split("</select>").next().expect("its options");
        assert!(ticked.contains("value=\"partial_outage\" selected"), "{ticked}");
        let neither = owner.get("/console/incidents/new?supplier=smdp-a&component=sms").await;
        assert!(!neither.text().contains("value=\"partial_outage\" selected"), "no cell is both");

        let page = declare(app, &owner, "2").await;
        assert!(owner.get(&page).await.text().contains("Publishing tells 2 by e-mail and 1 by webhook."), "by those who update it too");
    }

    async fn the_pack_holds_what_fits_the_incident(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        let side = format!("supplier:{}", add_host(app, &owner).await);
        let download = app.cell("euicc-download", "FR").await;
        let sms = app.cell("sms", "MX").await;
        let account = [("name", "Nordlys Reiser"), ("label", ""), ("zone", "Europe/Oslo"), ("cell", &download.id)];
        shelve(&owner, "partners", &account).await;
        let other = [("name", "Elsewhere"), ("label", ""), ("zone", "UTC"), ("cell", &sms.id)];
        shelve(&owner, "partners", &other).await;
        for (title, component) in [("Move downloads", &download.component_id), ("Late texts", &sms.component_id)] {
            let runbook = [("title", title), ("component_id", component), ("error_class", ""), ("steps", "Look first")];
            shelve(&owner, "runbooks", &runbook).await;
        }
        let contact = [
            ("name", "Night desk"),
            ("side", side.as_str()),
            ("role", "First line"),
            ("channel", "phone"),
            ("address", "+34 910 000 000"),
            ("hours", "24x7"),
            ("zone", "Europe/Madrid"),
            ("ladder_step", "1"),
        ];
        shelve(&owner, "contacts", &contact).await;
        let shift = [
            ("tier", "2"),
            ("user_id", owner.id.as_str()),
            ("starts", "2026-03-02T08:00"),
            ("ends", "2026-03-02T20:00"),
            ("zone", "UTC"),
            ("weeks", "0"),
        ];
        owner.send(&format!("{BOOK}/rotas"), &shift).await;
        let page = declare(app, &owner, "1").await;
        assert!(owner.get(&page).await.text().contains(">Move downloads</a>"), "at hand on the page as well");
        let pack = owner.get(&format!("{page}/pack")).await;
        for words in [
            "Download host A",
            "Night desk (First line) · +34 910 000 000 · 24×7 · 09:00 there, answers now",
            "Somebody (owner)",
            "Nordlys Reiser, 09:00 there",
            "Move downloads",
        ] {
            assert!(pack.text().contains(words), "{words}: {}", pack.text());
        }
        assert!(!pack.text().contains("Late texts") && !pack.text().contains("Elsewhere"));
    }
}
