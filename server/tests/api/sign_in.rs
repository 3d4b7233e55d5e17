//! Signing in and out: what a session survives, what it does not, and what strangers learn.

use domain::clock::{HOUR, MINUTE};
use http::{Method, StatusCode};
use server::{
    auth::{password, role::Role, session::COOKIE},
    commands::{
        setup,
        users::{self, NewUser},
    },
};

use crate::harness::{Answer, Ask, TestApp};

const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "correct horse battery staple";
const SECRET: [u8; 20] = [9; 20];

/// Adds a commander who has used the second factor before; the id.
async fn enrolled(app: &TestApp) -> String {
    let Ok(password_hash) = password::hash(&app.app.keys, PASSWORD.into()).await else { panic!("no hash") };
    let new = NewUser {
        email: EMAIL.into(),
        name: "Ana".into(),
        role: Role::Commander,
        password_hash,
        totp_secret: SECRET.to_vec(),
        is_enrolled: true,
    };
    let mut tx = app.app.store.write().await.expect("a transaction");
    let id = users::create_user(&mut tx, &app.ctx(), &app.app.keys, new).await.expect("a person");
    tx.commit().await.expect("a commit");
    id
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

fn form(app: &TestApp, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Ask {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Ask::post(path)
        .header("cookie", cookie)
        .header("origin", app.app.config.origin())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

async fn password_step(app: &TestApp, cookie: &str, password: &str) -> Answer {
    let fields = [("email", EMAIL), ("password", password)];
    form(app, "/console/sign-in", cookie, &fields).send(app.address).await
}

/// The cookie that an answer sets, as the browser sends it back.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

fn csrf(page: &str) -> String {
    let rest = page.split("name=\"csrf\" value=\"").nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}

async fn code_step(app: &TestApp, cookie: &str, code: &str) -> Answer {
    let page = Ask::get("/console/sign-in/code").header("cookie", cookie).send(app.address).await;
    let token = csrf(page.text());
    form(app, "/console/sign-in/code", cookie, &[("csrf", &token), ("code", code)]).send(app.address).await
}

async fn signed_in(app: &TestApp) -> String {
    let first = cookie(&password_step(app, "", PASSWORD).await);
    let done = code_step(app, &first, &code(app)).await;
    assert!(done.status == StatusCode::SEE_OTHER || done.status == StatusCode::OK, "{}", done.text());
    cookie(&done)
}

async fn gets_in(app: &TestApp, cookie: &str) -> bool {
    Ask::get("/console").header("cookie", cookie).send(app.address).await.status == StatusCode::OK
}

api_tests! {
    async fn a_session_gets_a_new_id_at_every_step(app) {
        enrolled(app).await;
        let planted = format!("{COOKIE}={}", "A".repeat(43));
        let first = cookie(&password_step(app, &planted, PASSWORD).await);
        assert!(first.starts_with(COOKIE) && first != planted, "a cookie from elsewhere never becomes a session");
        assert!(!gets_in(app, &planted).await && !gets_in(app, &first).await, "the second factor is still due");
        let second = cookie(&code_step(app, &first, &code(app)).await);
        assert!(second != first && gets_in(app, &second).await);
        assert!(!gets_in(app, &first).await, "the id of the first step is dead");
    }

    async fn signing_out_ends_it_on_the_server(app) {
        enrolled(app).await;
        let cookie = signed_in(app).await;
        let page = Ask::get("/console").header("cookie", &cookie).send(app.address).await;
        let token = csrf(page.text());
        let out = form(app, "/console/sign-out", &cookie, &[("csrf", &token)]).send(app.address).await;
        assert_eq!(out.status, StatusCode::SEE_OTHER);
        assert!(out.header("clear-site-data").contains("cache"));
        assert!(!gets_in(app, &cookie).await, "the old cookie is worth nothing");
    }

    async fn a_changed_role_or_a_closed_door_ends_every_session(app) {
        let id = enrolled(app).await;
        for (role, is_disabled) in [(Role::Viewer, false), (Role::Viewer, true)] {
            let cookie = signed_in(app).await;
            assert!(gets_in(app, &cookie).await);
            let mut tx = app.app.store.write().await.expect("a transaction");
            users::set_access(&mut tx, &app.ctx(), &id, role, is_disabled).await.expect("a change");
            tx.commit().await.expect("a commit");
            assert!(!gets_in(app, &cookie).await, "{role:?} {is_disabled}");
            app.pass(MINUTE);
        }
        let answer = password_step(app, "", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "a disabled person does not get in");
    }

    async fn a_session_ends_by_itself(app) {
        enrolled(app).await;
        let idle = signed_in(app).await;
        app.pass(61 * MINUTE);
        assert!(!gets_in(app, &idle).await, "after an hour without a click");
        let busy = signed_in(app).await;
        for _ in 0..12 {
            app.pass(59 * MINUTE);
            assert!(gets_in(app, &busy).await);
        }
        app.pass(HOUR / 2);
        assert!(!gets_in(app, &busy).await, "after twelve hours in any case");
    }

    async fn a_code_works_once(app) {
        enrolled(app).await;
        let code = code(app);
        let first = cookie(&password_step(app, "", PASSWORD).await);
        let done = code_step(app, &first, &code).await;
        assert!(done.header("set-cookie").starts_with(COOKIE), "{}", done.text());
        let second = cookie(&password_step(app, "", PASSWORD).await);
        let again = code_step(app, &second, &code).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "the same code a second time");
    }

    async fn a_recovery_code_works_once(app) {
        let id = enrolled(app).await;
        let mut tx = app.app.store.write().await.expect("a transaction");
        let codes = users::issue_recovery_codes(&mut tx, &app.ctx(), &id).await.expect("codes");
        tx.commit().await.expect("a commit");
        assert_eq!(codes.len(), 10);
        let first = cookie(&password_step(app, "", PASSWORD).await);
        let done = code_step(app, &first, &codes[0].to_lowercase()).await;
        assert!(done.header("set-cookie").starts_with(COOKIE), "{}", done.text());
        let second = cookie(&password_step(app, "", PASSWORD).await);
        assert_eq!(code_step(app, &second, &codes[0]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn five_wrong_codes_ask_for_the_password_again(app) {
        enrolled(app).await;
        let first = cookie(&password_step(app, "", PASSWORD).await);
        for _ in 0..5 {
            assert_eq!(code_step(app, &first, "000000").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        let sixth = code_step(app, &first, &code(app)).await;
        assert_eq!(sixth.status, StatusCode::TOO_MANY_REQUESTS, "even with the right code");
        assert!(!gets_in(app, &first).await);
    }

    async fn strangers_do_not_learn_who_is_here(app) {
        enrolled(app).await;
        let known = password_step(app, "", "not the password").await;
        let fields = [("email", "nobody@example.com"), ("password", "not the password")];
        let unknown = form(app, "/console/sign-in", "", &fields).send(app.address).await;
        assert_eq!((known.status, unknown.status), (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY));
        let same = |answer: &Answer, email: &str| {
            let text = answer.text().replace(email, "");
            // The nonce differs with every answer.
            let nonce = text.split("nonce=\"").nth(1).and_then(|t| t.split('"').next()).unwrap_or_default().to_owned();
            text.replace(&nonce, "")
        };
        assert_eq!(same(&known, EMAIL), same(&unknown, "nobody@example.com"));
    }

    async fn guessing_is_slowed_down_with_one_answer(app) {
        enrolled(app).await;
        for _ in 0..5 {
            password_step(app, "", "wrong").await;
        }
        let refused = password_step(app, "", PASSWORD).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "even with the right password");
        assert_eq!(refused.header("retry-after"), "20");
        let from_a_proxy = form(app, "/console/sign-in", "", &[("email", EMAIL), ("password", PASSWORD)])
            .header("x-forwarded-for", "203.0.113.9")
            .send(app.address)
            .await;
        assert_eq!(from_a_proxy.status, StatusCode::TOO_MANY_REQUESTS, "a header from anybody is not believed");
    }

    async fn setup_never_opens_again(app) {
        let mut tx = app.app.store.write().await.expect("a transaction");
        // Nobody can sign in yet: that alone must not open the door.
        assert!(tx.users().await.expect("people").is_empty());
        assert_eq!(setup::issue_token(&mut tx, &app.ctx()).await.expect("an answer"), None);
        tx.commit().await.expect("a commit");
        let path = format!("/setup/{}", "t".repeat(43));
        assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
        let fields = [("page_name", "Mine now"), ("name", "Eve"), ("email", "eve@example.com"),
            ("password", PASSWORD), ("countries", "Europe: FR")];
        assert_eq!(form(app, &path, "", &fields).send(app.address).await.status, StatusCode::NOT_FOUND);
        assert!(app.app.store.read().await.expect("a transaction").users().await.expect("people").is_empty());
    }

    async fn requests_that_are_not_what_they_seem_change_nothing(app) {
        enrolled(app).await;
        let host = Ask::get("/").header("host", "evil.example").send(app.address).await;
        assert_eq!(host.status, StatusCode::MISDIRECTED_REQUEST);
        let big = form(app, "/console/sign-in", "", &[("email", EMAIL), ("password", &"x".repeat(70_000))]);
        assert_eq!(big.send(app.address).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        let kind = Ask::post("/console/sign-in")
            .header("origin", app.app.config.origin())
            .header("content-type", "text/plain")
            .body("email=a");
        assert_eq!(kind.send(app.address).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        for origin in [None, Some("https://evil.example"), Some("null")] {
            let mut ask = Ask::post("/console/sign-in").header("content-type", "application/x-www-form-urlencoded");
            if let Some(origin) = origin {
                ask = ask.header("origin", origin);
            }
            let answer = ask.body(format!("email={EMAIL}&password=x")).send(app.address).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "sign-in from {origin:?}");
        }
        for method in [Method::TRACE, Method::DELETE, Method::from_bytes(b"BREW").expect("a method")] {
            let answer = Ask::of(method.clone(), "/subscribe").send(app.address).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        }
        let cookie = signed_in(app).await;
        let overridden = Ask::get("/console/sign-out").header("cookie", &cookie).header("x-http-method-override", "POST");
        assert_eq!(overridden.send(app.address).await.status, StatusCode::FORBIDDEN);
        assert!(gets_in(app, &cookie).await);
        let feed = Ask::get("/history.rss").header("x-forwarded-host", "evil.example").send(app.address).await;
        assert!(!feed.text().contains("evil.example"));
    }
}
