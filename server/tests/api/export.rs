//! Subscribers out: only an owner, only with both factors once more, on record, told to every owner, and whole.

use domain::clock::MINUTE;
use http::{Method, StatusCode};
use server::{
    auth::{password, role::Role, session},
    commands::{
        desk_book::partners::{self, Partner},
        users::{self, NewUser},
    },
    keys::{Purpose, token_hash},
};

use crate::harness::{Answer, Ask, TestApp};

const PASSWORD: &str = "correct horse battery staple";
const SECRET: [u8; 20] = [9; 20];
const PATH: &str = "/console/subscribers/export";

/// An owner at a desk, as the browser knows them.
struct Owner<'a> {
    app: &'a TestApp,
    cookie: String,
}

async fn owner(app: &TestApp) -> Owner<'_> {
    let Ok(password_hash) = password::hash(&app.app.keys, PASSWORD.into()).await else { panic!("no hash") };
    let mut tx = app.app.store.write().await.expect("a transaction");
    let new = NewUser {
        email: "ana@example.com".into(),
        name: "Ana".into(),
        role: Role::Owner,
        password_hash,
        totp_secret: SECRET.to_vec(),
        is_enrolled: true,
    };
    let id = users::create_user(&mut tx, &app.ctx(), &app.app.keys, new).await.expect("a person");
    let cookie = session::begin(&mut tx, &id, true, "test", app.now(), None).await.expect("a session");
    tx.commit().await.expect("a commit");
    Owner { app, cookie: first(cookie.to_str().expect("text")) }
}

fn first(cookie: &str) -> String {
    cookie.split(';').next().unwrap_or_default().to_owned()
}

impl Owner<'_> {
    /// Sends a form; the browser keeps the cookie that comes back.
    async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let id = self.cookie.split_once('=').expect("a cookie").1;
        let csrf = self.app.app.keys.token(Purpose::Form, &[&token_hash(id)]);
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        let body = body.append_pair("csrf", &csrf).extend_pairs(fields).finish();
        let ask = Ask::of(Method::POST, path)
            .header("cookie", &self.cookie)
            .header("origin", self.app.app.config.origin())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = ask.send(self.app.address).await;
        if !answer.header("set-cookie").is_empty() {
            self.cookie = first(answer.header("set-cookie"));
        }
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        Ask::get(path).header("cookie", &self.cookie).send(self.app.address).await
    }

    async fn sure(&mut self, password: &str, code: &str) -> Answer {
        self.send(PATH, &[("kept", "<b>"), ("sure_password", password), ("sure_code", code)]).await
    }
}

fn code(app: &TestApp) -> String {
    let totp = totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(SECRET)
        .build()
        .expect("a generator");
    totp.generate(u64::try_from(app.now().secs()).expect("after 1970")).to_string()
}

fn is_file(answer: &Answer) -> bool {
    answer.status == StatusCode::OK && answer.header("content-type").starts_with("text/csv")
}

async fn audited(app: &TestApp, action: &str) -> usize {
    let rows = app.app.store.read().await.expect("a read").audit_of("page").await.expect("rows");
    rows.iter().filter(|r| r.action == action).count()
}

async fn import(owner: &mut Owner<'_>, csv: &str) -> Answer {
    owner.send("/console/subscribers/import", &[("csv", csv), ("consent", "contract of 2026")]).await
}

api_tests! {
    async fn an_export_needs_an_owner_and_both_factors_once_more(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        assert_eq!(commander.send(PATH, &[]).await.status, StatusCode::FORBIDDEN);
        let mut owner = owner(app).await;
        import(&mut owner, "address\nada@example.org\n").await;
        let asked = owner.send(PATH, &[("kept", "<b>\"x")]).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN);
        for part in ["Is it you?", "name=\"kept\" value=\"&lt;b&gt;&quot;x\"", "action=\"/console/subscribers/export\"", "sure_code"] {
            assert!(asked.text().contains(part), "{part}: {}", asked.text());
        }
        let good = code(app);
        for (password, code) in [("wrong horse battery", good.as_str()), (PASSWORD, "000000"), (PASSWORD, ""), ("", &good)] {
            let answer = owner.sure(password, code).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{password} {code}");
            assert!(answer.text().contains("name=\"kept\""), "{}", answer.text());
            assert!(!answer.text().contains(PASSWORD), "a password is never sent back");
        }
        assert_eq!(audited(app, "export_subscribers").await, 0);
        let before = owner.cookie.clone();
        let file = owner.sure(PASSWORD, &good).await;
        assert!(is_file(&file), "{}", file.text());
        assert!(file.text().contains("ada@example.org"));
        assert_ne!(owner.cookie, before, "the session has a new id");
        let old = Ask::get("/console").header("cookie", &before).send(app.address).await;
        assert_eq!(old.status, StatusCode::SEE_OTHER, "the old id opens nothing");
        assert_eq!(audited(app, "export_subscribers").await, 1);

        app.pass(10 * MINUTE - 1);
        assert!(is_file(&owner.send(PATH, &[]).await), "ten minutes long");
        app.pass(1);
        assert_eq!(owner.send(PATH, &[]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(audited(app, "export_subscribers").await, 2);
    }

    async fn a_partners_people_are_in_its_own_file_and_in_no_other(app) {
        app.lay_grid().await;
        let mut owner = owner(app).await;
        import(&mut owner, "address\nada@example.org\n").await;
        let cells = vec![app.cell("sms", "FR").await.id];
        let given = Partner { name: "Globex".into(), label: String::new(), zone: "UTC".into(), cells };
        let mut tx = app.app.store.write().await.expect("a transaction");
        let globex = partners::save(&mut tx, &app.ctx(), None, given).await.expect("a partner");
        let row = store::SubscriberRow {
            id: "globexpeop01".into(),
            channel: "email".into(),
            address: "p1@globex.example".into(),
            address_hash: "p1".into(),
            state: "pending".into(),
            scope: "{}".into(),
            time_zone: "UTC".into(),
            language: "en".into(),
            partner_id: Some(globex.clone()),
            created_at: app.now(),
            ..store::SubscriberRow::default()
        };
        tx.insert_subscriber(&row).await.expect("a subscriber");
        tx.set_subscriber_state(&row.id, "confirmed", app.now()).await.expect("confirmed");
        tx.commit().await.expect("a commit");
        app.pass(1);
        let good = code(app);
        let everybody = owner.sure(PASSWORD, &good).await;
        assert!(is_file(&everybody) && everybody.text().contains("ada@example.org"));
        assert!(!everybody.text().contains("globex"), "{}", everybody.text());
        let theirs = owner.send(PATH, &[("partner", &globex)]).await;
        assert!(is_file(&theirs) && theirs.text().contains("p1@globex.example"));
        assert!(!theirs.text().contains("ada@"), "{}", theirs.text());
        assert_eq!(owner.send(PATH, &[("partner", "nobodyofours")]).await.status, StatusCode::NOT_FOUND);
        let page = owner.get(&format!("/console/partners/{globex}")).await;
        assert!(page.text().contains("Export their mail subscribers"), "{}", page.text());
    }

    async fn a_code_works_once_and_wrong_ones_are_few(app) {
        let mut owner = owner(app).await;
        let good = code(app);
        assert!(is_file(&owner.sure(PASSWORD, &good).await));
        assert_eq!(owner.sure(PASSWORD, &good).await.status, StatusCode::UNPROCESSABLE_ENTITY, "it works once");
        let mut tx = app.app.store.write().await.expect("a transaction");
        let id = tx.user_by_email("ana@example.com").await.expect("a read").expect("Ana").id;
        for _ in 1..5 {
            tx.count_second_factor_try(&token_hash(owner.cookie.split_once('=').expect("a cookie").1)).await.expect("counted");
        }
        tx.commit().await.expect("a commit");
        app.pass(MINUTE);
        let (cookie, right) = (owner.cookie.clone(), code(app));
        let ended = owner.sure(PASSWORD, &right).await;
        assert_eq!(ended.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(ended.text().contains("Sign in again"), "{}", ended.text());
        let gone = Ask::get("/console").header("cookie", &cookie).send(app.address).await;
        assert_eq!(gone.status, StatusCode::SEE_OTHER, "five wrong ones end the session");
        let rows = app.app.store.read().await.expect("a read").audit_of(&format!("user:{id}")).await.expect("rows");
        let count = |action: &str| rows.iter().filter(|r| r.action == action).count();
        assert_eq!((count("identity_confirmed"), count("identity_not_confirmed")), (1, 1));

        // From one network come as few as at the sign-in.
        let other = app.signed_in(Role::Owner).await;
        let mut last = StatusCode::OK;
        for _ in 0..3 {
            let fields = [("kept", "x"), ("sure_password", "wrong"), ("sure_code", "000000")];
            let answer = other.send(PATH, &fields).await;
            assert!(answer.text().contains("name=\"kept\""), "{}", answer.text());
            last = answer.status;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    }

    async fn many_messages_are_sent_again_only_with_both_factors(app) {
        app.lay_grid().await;
        let mut owner = owner(app).await;
        import(&mut owner, "address\nada@example.org\n").await;
        let mut tx = app.app.store.write().await.expect("a transaction");
        let id = tx.newest_subscribers(1).await.expect("rows").remove(0).id;
        for n in 0..101 {
            let event = store::OutboxRow {
                event_id: format!("e{n:011}"),
                kind: "test".into(),
                priority: 2,
                incident_id: None,
                update_id: None,
                subscriber_id: Some(id.clone()),
                sequence: 0,
        partner_id: None,
                created_at: app.now(),
                ..store::OutboxRow::default()
            };
            tx.insert_outbox(&event).await.expect("an event");
            tx.queue_deliveries(&event, &[id.as_str()], app.now()).await.expect("a delivery");
        }
        let claimed = tx.claim_mails(200, "fence", app.now(), MINUTE, &[]).await.expect("rows");
        assert_eq!(claimed.len(), 101);
        for row in claimed {
            tx.finish_delivery(row.id, "fence", "dead", "gave up", app.now()).await.expect("kept");
        }
        tx.commit().await.expect("a commit");
        let path = format!("/console/subscribers/{id}");
        let asked = owner.send(&path, &[("verb", "replay")]).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN);
        assert!(asked.text().contains("More than 100 messages") && asked.text().contains("name=\"verb\" value=\"replay\""), "{}", asked.text());
        let depth = app.app.store.read().await.expect("a read").queue_depth().await.expect("rows");
        assert!(depth.is_empty(), "nothing happened yet");
        let good = code(app);
        let fields = [("verb", "replay"), ("sure_password", PASSWORD), ("sure_code", good.as_str())];
        let done = owner.send(&path, &fields).await;
        assert!(done.text().contains("101 messages are sent again"), "{}", done.text());
    }

    async fn a_file_of_thousands_is_whole(app) {
        let mut owner = owner(app).await;
        let mut tx = app.app.store.write().await.expect("a transaction");
        for n in 0..2_300 {
            let id = format!("s{n:011}");
            let row = store::SubscriberRow {
                id: id.clone(),
                channel: "email".into(),
                address: format!("r{n}@example.org"),
                address_hash: id.clone(),
                state: "pending".into(),
                scope: "{}".into(),
                time_zone: "UTC".into(),
                language: "en".into(),
                created_at: app.now(),
                ..store::SubscriberRow::default()
            };
            tx.insert_subscriber(&row).await.expect("a row");
            tx.set_subscriber_state(&id, "confirmed", app.now()).await.expect("confirmed");
        }
        tx.set_subscriber_state("s00000000007", "unsubscribed", app.now()).await.expect("ended");
        tx.commit().await.expect("a commit");
        let good = code(app);
        let answer = owner.sure(PASSWORD, &good).await;
        let mut addresses: Vec<_> = answer.text().lines().skip(1).filter_map(|l| l.split(',').next()).collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), 2_299, "{}", answer.text().lines().count());
        assert!(!addresses.contains(&"r7@example.org"));
    }

    async fn what_goes_out_comes_in_again_and_no_field_is_a_formula(app) {
        app.lay_grid().await;
        let mut owner = owner(app).await;
        let csv = "address,countries,min_severity,time_zone,language,maintenance_only,trip_from,trip_until,paused_until\n\
                   +cmd@example.org,fr it,2,Europe/Paris,de,,2026-03-03,2026-03-12,open\n\
                   ada@example.org,,,,pt,yes,,,\n";
        assert!(import(&mut owner, csv).await.text().contains("2 added"));
        let now = code(app);
        let out = owner.sure(PASSWORD, &now).await.text().to_owned();
        assert!(out.contains("\r\n'+cmd@example.org,FR IT,"), "{out}");
        assert!(out.lines().all(|l| !l.starts_with(['=', '+', '-', '@'])) && out.matches("\r\n").count() == 3, "{out}");
        let before = app.app.store.read().await.expect("a read").newest_subscribers(10).await.expect("rows");
        let answer = import(&mut owner, &out.replace("@example.org", "@example.net")).await;
        assert!(answer.text().contains("2 added, 0 left"), "{}", answer.text());
        let after = app.app.store.read().await.expect("a read").newest_subscribers(10).await.expect("rows");
        for was in before {
            let address = was.address.replace("@example.org", "@example.net");
            let is = after.iter().find(|r| r.address == address).expect("there again");
            assert_eq!((&is.scope, &is.time_zone, &is.language), (&was.scope, &was.time_zone, &was.language));
            assert_eq!((is.paused_until_at, is.state.as_str()), (was.paused_until_at, "confirmed"));
        }
        let health = app.app.store.read().await.expect("a read").queue_depth().await.expect("rows");
        assert!(health.is_empty(), "nobody is notified");
        for (line, why) in [
            ("ada2@example.org,tlh,,", "not a language"),
            ("ada2@example.org,en,maybe,", "maintenance_only"),
            ("ada2@example.org,en,,soon", "paused_until"),
        ] {
            let csv = format!("address,language,maintenance_only,paused_until\n{line}\n");
            let answer = import(&mut owner, &csv).await;
            assert!(answer.text().contains("Line 2") && answer.text().contains(why), "{}", answer.text());
        }
    }
}
