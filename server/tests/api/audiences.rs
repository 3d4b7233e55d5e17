//! Nothing of one audience shows to another: every address, as everybody and as each partner, byte for byte, before and
//! after things happen that are not theirs.

use std::collections::BTreeMap;

use app::paths;
use domain::{lead::SignOff, notice::Message, status::CellStatus};
use http::StatusCode;
use server::{
    auth::role::Role,
    commands::{
        audiences::{self, Facts},
        desk_book::partners::{self, Partner},
        incidents::{self, Declare, Published, Step, Verb},
        partner_pages,
    },
};

use crate::harness::{Ask, TestApp};

/// Words that stand in what is for Globex alone.
const SECRET: [&str; 3] = ["Zanzibar", "Quagga", "Globex"];

async fn partner(app: &TestApp, name: &str, cells: &[(&str, &str)]) -> String {
    let mut ids = Vec::new();
    for (component, country) in cells {
        ids.push(app.cell(component, country).await.id);
    }
    let given = Partner { name: name.into(), label: format!("{name} Go"), zone: "UTC".into(), cells: ids };
    let mut tx = app.app.store.write().await.expect("a transaction");
    let id = partners::save(&mut tx, &app.ctx(), None, given).await.expect("a partner");
    tx.commit().await.expect("a commit");
    id
}

async fn base(app: &TestApp, partner: &str) -> String {
    let row =
        app.app.store.read().await.expect("a read").partner(partner).await.expect("a read").expect("one");
    paths::partner_page(&partner_pages::token(&app.app.keys, &row))
}

fn words(known: &str) -> Message {
    Message {
        known: known.into(),
        unknown: "When it ends.".into(),
        next_steps: "We move traffic; an update follows at 09:00 UTC.".into(),
        customer_action: "Scan the same QR code again in five minutes.".into(),
    }
}

async fn declare(app: &TestApp, title: &str, cells: &[(&str, &str)], partners: &[&str]) -> Published {
    let mut held = Vec::new();
    for (component, country) in cells {
        held.push((app.cell(component, country).await.id, CellStatus::PartialOutage));
    }
    let declare = Declare {
        title: title.into(),
        severity: 3,
        started_at: app.now(),
        cells: held,
        message: words(&format!("About one in four downloads fails: {title}.")),
        partners: partners.iter().map(|p| (*p).to_owned()).collect(),
        sign_off: SignOff::Approved("bbbbbbbbbbbb".into()),
        ..Declare::default()
    };
    let mut tx = app.app.store.write().await.expect("a transaction");
    let done = incidents::declare(&mut tx, &app.ctx(), declare).await.expect("an incident");
    tx.commit().await.expect("a commit");
    app.app.published().await;
    done
}

async fn act(app: &TestApp, incident: &str, known: &str, verb: Verb) {
    let mut tx = app.app.store.write().await.expect("a transaction");
    let version = tx.incident(incident).await.expect("a read").expect("an incident").version;
    let step = Step {
        incident_id: incident.into(),
        version,
        message: words(known),
        sign_off: SignOff::Approved("bbbbbbbbbbbb".into()),
        ..Step::default()
    };
    incidents::act(&mut tx, &app.ctx(), step, verb).await.expect("an update");
    tx.commit().await.expect("a commit");
    app.app.published().await;
}

async fn facts(app: &TestApp, incident: &str, partner: &str, text: &str) -> Result<String, String> {
    let given = Facts {
        incident_id: incident.into(),
        partner_id: partner.into(),
        text: text.into(),
        idempotency_key: None,
    };
    let mut tx = app.app.store.write().await.expect("a transaction");
    let done = audiences::write_facts(&mut tx, &app.ctx(), given).await.map_err(|e| e.to_string())?;
    tx.commit().await.expect("a commit");
    app.app.published().await;
    Ok(done)
}

/// Every address that a reader can ask for, below the root of an audience.
async fn addresses(app: &TestApp, incidents: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = [
        "/",
        "/history",
        "/history?page=2",
        "/promises",
        "/promises.json",
        "/api",
        "/subscribe",
        "/robots.txt",
    ]
    .map(str::to_owned)
    .into();
    all.extend(paths::ApiV2::ALL.map(|d| d.path().to_owned()));
    for feed in [paths::RSS, paths::ATOM, paths::UPDATES_RSS, paths::UPDATES_ATOM] {
        for query in ["", "?region=fr", "?region=western-europe&component=euicc-download", "?component=sms"] {
            all.push(format!("{feed}{query}"));
        }
    }
    let mut tx = app.app.store.read().await.expect("a read");
    let components = tx.components().await.expect("components");
    all.extend(tx.portfolios().await.expect("portfolios").iter().map(|p| paths::portfolio(&p.slug)));
    for country in tx.countries().await.expect("countries") {
        all.push(paths::country(&country.code));
        all.extend(components.iter().map(|c| paths::cell(&country.code, &c.slug)));
    }
    all.extend(components.iter().map(|c| paths::component(&c.slug)));
    for id in incidents.iter().chain(&["zzzzzzzzzzzz"]) {
        all.extend([paths::incident(id), paths::edits(id), paths::rca(id)]);
        all.push(format!("/subscribe?incident={id}"));
    }
    all
}

type Seen = BTreeMap<String, (StatusCode, Vec<(String, String)>, Vec<u8>)>;

/// All of them as they are answered, in each coding.
async fn look(app: &TestApp, base: &str, addresses: &[String]) -> Seen {
    let mut seen = Seen::new();
    for address in addresses {
        for coding in ["identity", "gzip", "br"] {
            let path = format!("{base}{address}");
            let answer = Ask::get(&path).header("accept-encoding", coding).send(app.address).await;
            let own = ["x-request-id", "date"];
            let headers = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
            let headers =
                headers.map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
            seen.insert(format!("{coding} {path}"), (answer.status, headers.collect(), answer.body.to_vec()));
        }
    }
    seen
}

fn same(before: &Seen, after: &Seen) {
    for (path, was) in before {
        let is = &after[path];
        let text = |seen: &(StatusCode, Vec<(String, String)>, Vec<u8>)| {
            format!("{} {:#?}\n{}", seen.0, seen.1, String::from_utf8_lossy(&seen.2))
        };
        assert!(was == is, "{path} changed.\nbefore: {}\nafter: {}", text(was), text(is));
        for word in SECRET {
            assert!(!String::from_utf8_lossy(&is.2).contains(word), "{path} tells of {word}");
        }
    }
}

/// Everything that can happen to Globex alone.
async fn globex_has_a_bad_day(app: &TestApp, globex: &str, public: &str) -> String {
    let own =
        declare(app, "Zanzibar downloads hang", &[("euicc-download", "FR"), ("sms", "ES")], &[globex]).await;
    facts(app, public, globex, "The Quagga node of yours is affected too.").await.expect("facts");
    let phase = domain::incident::Phase::Identified;
    let update = Verb::PostUpdate { phase, is_no_change: false, cells: Vec::new() };
    act(app, &own.incident_id, "The Zanzibar node is slow.", update).await;
    facts(app, &own.incident_id, globex, "Quagga again.").await.expect("facts");
    let mut tx = app.app.store.write().await.expect("a transaction");
    for n in 0..3 {
        let row = store::SubscriberRow {
            id: format!("globexpeop{n:02}"),
            channel: "email".into(),
            address: format!("p{n}@globex.example"),
            address_hash: format!("globex{n}"),
            state: "confirmed".into(),
            scope: "{}".into(),
            time_zone: "UTC".into(),
            language: "en".into(),
            partner_id: Some(globex.into()),
            created_at: app.now(),
            ..store::SubscriberRow::default()
        };
        tx.insert_subscriber(&row).await.expect("a subscriber");
    }
    tx.set_partner_live(globex, Some(app.now()), app.now()).await.expect("live");
    tx.commit().await.expect("a commit");
    own.incident_id
}

api_tests! {
    async fn nothing_of_one_audience_shows_to_another(app) {
        app.lay_grid().await;
        app.app.snapshot.refresh().await;
        let acme = partner(app, "Acme", &[("euicc-download", "FR"), ("sms", "FR"), ("sms", "IT")]).await;
        let globex = partner(app, "Globex", &[("euicc-download", "FR"), ("sms", "ES")]).await;
        let public = declare(app, "downloads time out", &[("euicc-download", "FR")], &[]).await.incident_id;
        let only_acme = declare(app, "texts of ours hang", &[("sms", "IT")], &[&acme]).await.incident_id;
        let (at_acme, at_globex) = (base(app, &acme).await, base(app, &globex).await);
        let known = addresses(app, &[&public, &only_acme]).await;
        let (everybody, acmes) = (look(app, "", &known).await, look(app, &at_acme, &known).await);

        let own = globex_has_a_bad_day(app, &globex, &public).await;
        // Both are rendered anew, as they are after every change of their own.
        app.app.snapshot.refresh().await;
        let mut tx = app.app.store.write().await.expect("a transaction");
        tx.bump_partner(&acme, app.now()).await.expect("a bump");
        tx.commit().await.expect("a commit");
        same(&everybody, &look(app, "", &known).await);
        same(&acmes, &look(app, &at_acme, &known).await);

        // What is not theirs is not there: the same answer as for what never was.
        for base in ["", at_acme.as_str()] {
            for path in [paths::incident(&own), paths::edits(&own), paths::rca(&own), format!("/subscribe?incident={own}")] {
                let absent = path.replace(&own, "zzzzzzzzzzzz");
                let is = look(app, base, std::slice::from_ref(&path)).await;
                let was = look(app, base, &[absent]).await;
                // A form says the id that it was asked for.
                let bodies = |seen: Seen, id: &str| {
                    let body = |b: Vec<u8>| String::from_utf8_lossy(&b).replace(id, "…");
                    seen.into_iter()
                        .filter(|(path, _)| path.starts_with("identity"))
                        .map(|(_, (s, h, b))| (s, h, body(b)))
                        .collect::<Vec<_>>()
                };
                assert_eq!(bodies(is, &own), bodies(was, "zzzzzzzzzzzz"), "{base}{path}");
            }
        }

        // And the one whose day it was sees all of it, and nothing of Acme.
        let globexes = look(app, &at_globex, &addresses(app, &[&public, &own, &only_acme]).await).await;
        let body = |path: &str| {
            let (status, _, bytes) = &globexes[&format!("identity {at_globex}{path}")];
            (*status, String::from_utf8_lossy(bytes).into_owned())
        };
        for path in ["/", "/history", "/history.rss", "/updates.atom", "/api/v2/incidents.json", "/regions/fr", "/regions/es/sms"] {
            let (status, text) = body(path);
            assert!(status == StatusCode::OK && text.contains("Zanzibar"), "{path}: {text}");
        }
        assert!(body(&paths::incident(&public)).1.contains("For Globex Go only: The Quagga node"), "{:?}", body(&paths::incident(&public)));
        assert!(body("/regions/es/sms").1.contains("artial outage"), "{}", body("/regions/es/sms").1);
        assert_eq!(body("/regions/it").0, StatusCode::NOT_FOUND, "they do not sell there");
        assert_eq!(body(&paths::incident(&only_acme)).0, StatusCode::NOT_FOUND);
        for (path, (_, _, bytes)) in &globexes {
            assert!(!String::from_utf8_lossy(bytes).contains("texts of ours"), "{path}");
        }
    }

    async fn an_endpoint_that_was_let_in_by_hand_has_passed_no_challenge(app) {
        app.lay_grid().await;
        let globex = partner(app, "Globex", &[("euicc-download", "FR")]).await;
        let endpoint = |id: &str, host: &str, state: &str| store::SubscriberRow {
            id: id.into(),
            channel: "webhook".into(),
            address: format!("https://{host}/"),
            address_hash: host.into(),
            host: host.into(),
            state: state.into(),
            scope: "{}".into(),
            partner_id: Some(globex.clone()),
            ..store::SubscriberRow::default()
        };
        let mut tx = app.app.store.write().await.expect("a transaction");
        tx.insert_subscriber(&endpoint("vouched00001", "vouched.example", "pending")).await.expect("a row");
        tx.commit().await.expect("a commit");
        let owner = app.signed_in(Role::Owner).await;
        let step = async || {
            let page = owner.get(&format!("/console/partners/{globex}")).await.text().to_owned();
            page.split("Endpoint challenge passed").nth(1).and_then(|t| t.split("</li>").next()).expect("a step").to_owned()
        };
        assert!(step().await.contains("missing: they add a webhook"), "{}", step().await);
        owner.send("/console/subscribers/vouched00001", &[("verb", "approve")]).await;
        let vouched = step().await;
        assert!(vouched.contains("missing: vouched.example: approved without challenge by "), "{vouched}");
        let mut tx = app.app.store.write().await.expect("a transaction");
        tx.insert_subscriber(&endpoint("passed000001", "passed.example", "confirmed")).await.expect("a row");
        tx.commit().await.expect("a commit");
        let passed = step().await;
        assert!(passed.contains("done: passed.example") && !passed.contains("vouched.example"), "{passed}");
    }

    async fn a_partners_page_is_opened_by_its_newest_link_alone(app) {
        app.lay_grid().await;
        app.app.snapshot.refresh().await;
        let globex = partner(app, "Globex", &[("euicc-download", "FR")]).await;
        let old = base(app, &globex).await;
        let page = app.get(&old).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.header("cache-control"), "private, no-store");
        assert_eq!((page.header("x-robots-tag"), page.header("access-control-allow-origin")), ("noindex, nofollow", ""));
        assert!(page.text().contains(&format!("href=\"{old}/history\"")), "{}", page.text());
        assert_eq!(app.get(&format!("{old}/api/v2/summary.json")).await.header("access-control-allow-origin"), "");
        let tag = page.header("etag").to_owned();
        let known = Ask::get(&old).header("if-none-match", &tag).send(app.address).await;
        assert_eq!(known.status, StatusCode::NOT_MODIFIED);
        let maintainer = app.signed_in(Role::Maintainer).await;
        let console = format!("/console/partners/{globex}");
        let answer = maintainer.send(&console, &[("verb", "link")]).await;
        assert!(answer.status == StatusCode::OK && answer.text().contains("lead nowhere"), "{}", answer.text());
        let absent = app.get("/p/zzzzzzzzzzzz").await;
        let changed = format!("{}x", base(app, &globex).await);
        for path in [old.as_str(), &format!("{old}/history.rss"), &format!("{old}/subscribe"), "/p/x", "/p/", &changed] {
            let answer = app.get(path).await;
            assert_eq!((answer.status, answer.body), (StatusCode::NOT_FOUND, absent.body.clone()), "{path}");
        }
        assert_eq!(app.get(&base(app, &globex).await).await.status, StatusCode::OK);
        // How far it has come aboard, with evidence.
        let text = maintainer.get(&console).await.text().to_owned();
        assert!(text.contains("Page read") && text.contains("done: 2 Mar 2026"), "{text}");
        let refused = maintainer.send(&console, &[("verb", "live")]).await;
        assert!(refused.status == StatusCode::CONFLICT && refused.text().contains("test notice"), "{}", refused.text());
        assert_eq!(maintainer.send(&console, &[("verb", "dance")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let viewer = app.signed_in(Role::Viewer).await;
        assert!(!viewer.get(&console).await.text().contains("/p/"), "the link is not for everybody");
        assert_eq!(viewer.send(&console, &[("verb", "link")]).await.status, StatusCode::FORBIDDEN);
    }

    async fn the_console_writes_for_partners_and_says_so(app) {
        app.lay_grid().await;
        app.app.snapshot.refresh().await;
        let globex = partner(app, "Globex", &[("euicc-download", "FR")]).await;
        let acme = partner(app, "Acme", &[("sms", "IT")]).await;
        let commander = app.signed_in(Role::Commander).await;
        let cell = format!("cell.{}", app.cell("euicc-download", "FR").await.id);
        let mut fields = vec![
            ("title", "one in four downloads fails"),
            ("severity", "3"),
            ("started_at", "2026-03-02T08:00"),
            (cell.as_str(), "partial_outage"),
            ("known", "About one in four eSIM downloads in France fails."),
            ("unknown", "Why the first node is slow."),
            ("next_steps", "Traffic moves to the second node; 20 to 40 minutes."),
            ("customer_action", "Scan the same QR code again in five minutes."),
            ("partner", acme.as_str()),
        ];
        let refused = commander.send("/console/incidents", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("Acme sells nothing of what is affected"), "{}", refused.text());
        assert!(refused.text().contains(&format!("value=\"{acme}\" checked")), "what was ticked stays ticked");
        fields.pop();
        fields.push(("partner", globex.as_str()));
        let done = commander.send("/console/incidents", &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let page = done.header("location").to_owned();
        let text = commander.get(&page).await.text().to_owned();
        assert!(text.contains("Only for <b>Globex</b>") && text.contains("Partner’s page"), "{text}");
        let id = page.rsplit('/').next().expect("an id");
        assert_eq!(app.get(&paths::incident(id)).await.status, StatusCode::NOT_FOUND);
        let refusals = [
            (globex.as_str(), "", "facts"),
            (globex.as_str(), "The ICCID 8988247000102030405 is affected.", "facts"),
            (acme.as_str(), "Yours too.", "partner"),
            ("", "Yours too.", "partner"),
        ];
        for (partner, facts, field) in refusals {
            let answer = commander.send(&format!("{page}/facts"), &[("partner", partner), ("facts", facts)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{partner} {facts}");
            assert!(answer.text().contains(&format!("error-{field}")), "{field}: {}", answer.text());
            assert!(facts.is_empty() || answer.text().contains(facts), "what was typed is kept");
        }
        for _ in 0..2 {
            let sent = [("partner", globex.as_str()), ("facts", "Your node is back first."), ("idempotency_key", "once")];
            assert_eq!(commander.send(&format!("{page}/facts"), &sent).await.status, StatusCode::SEE_OTHER);
        }
        let shown = app.get(&format!("{}/incidents/{id}", base(app, &globex).await)).await.text().to_owned();
        assert_eq!(shown.matches("Your node is back first").count(), 1, "{shown}");
        assert!(shown.contains("For Globex Go"), "{shown}");
        let gone = app.signed_in(Role::Maintainer).await.send(&format!("/console/desk-book/partners/{globex}/remove"), &[]).await;
        assert!(gone.text().contains("stay on record"), "{} {}", gone.status, gone.text());
    }
}
