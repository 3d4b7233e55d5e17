//! Templates, previews, workarounds, edits and markup: what becomes of the words that somebody writes.

use http::StatusCode;
use server::auth::role::Role;

use crate::{
    harness::{Answer, Person, TestApp},
    writing::{GOOD, ICCID, declare, incident},
};

const SLOT: &str = "/console/writing/templates/sev3-initial";

/// Proposes a version of the Sev 3 first report.
async fn propose(person: &Person<'_>, version: &str, changed: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("version", version),
        ("title", "{{components}} in {{countries}} is slow"),
        ("known", "Since {{started_utc}} {{components}} in {{countries}} is slower than usual."),
        ("unknown", "Why."),
        ("next_steps", "We look into it; the next update comes {{cadence}}."),
        ("customer_action", "{{workaround}}"),
    ];
    for (name, value) in changed {
        fields.retain(|(n, _)| n != name);
        fields.push((name, value));
    }
    person.send(SLOT, &fields).await
}

/// The fields of a declaration that leaves the words to the template.
async fn bare(app: &TestApp) -> Vec<(String, String)> {
    let cell = app.cell("euicc-download", "FR").await.id;
    vec![
        ("severity".into(), "3".into()),
        ("started_at".into(), "2026-03-02T07:40".into()),
        (format!("cell.{cell}"), "partial_outage".into()),
        ("workaround.FR".into(), "Download over **Wi-Fi**.".into()),
    ]
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()
}

/// Public id of the newest update, from its edit link on the incident's page.
async fn newest_update(person: &Person<'_>, page: &str) -> String {
    let text = person.get(page).await.text().to_owned();
    let link = format!("{page}/updates/");
    let at = text.find(&link).expect("an edit link") + link.len();
    text[at..].split('"').next().expect("an id").to_owned()
}

api_tests! {
    async fn a_template_is_used_once_somebody_else_approved_it(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Communicator).await;
        let ben = app.signed_in(Role::Commander).await;
        for (field, value) in [("known", "Since {{start}} it is slow."), ("known", " "), ("title", "card 8933150000000000001"), ("unknown", "a\u{7}b")] {
            let answer = propose(&ana, "0", &[(field, value)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {value}");
            assert!(answer.text().contains(&format!("error-{field}")), "{field}: {}", answer.text());
        }
        assert_eq!(app.signed_in(Role::Responder).await.send(SLOT, &[]).await.status, StatusCode::FORBIDDEN);
        let done = propose(&ana, "0", &[]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let own = ana.send(&format!("{SLOT}/approve"), &[("version", "1")]).await;
        assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY, "nobody approves what they wrote");
        let fields = bare(app).await;
        let before = ana.send("/console/drafts/declare/new/fill", &pairs(&fields)).await.text().to_owned();
        assert!(!before.contains("is slower than usual"), "not before it is approved");
        assert_eq!(ben.send(&format!("{SLOT}/approve"), &[("version", "1")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(ben.send(&format!("{SLOT}/withdraw"), &[("version", "1")]).await.status, StatusCode::CONFLICT, "it is in use");
        let filled = ana.send("/console/drafts/declare/new/fill", &pairs(&fields)).await.text().to_owned();
        assert!(filled.contains("Since 07:40 UTC eUICC download in France is slower than usual."), "{filled}");
        assert!(filled.contains("Download over **Wi-Fi**."), "what helps is filled in");
        let late = propose(&ben, "0", &[("unknown", "When it ends.")]).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "somebody was first");
        assert!(late.text().contains("When it ends."), "the text is kept");
        assert_eq!(propose(&ben, "1", &[("unknown", "When it ends.")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(ana.send(&format!("{SLOT}/withdraw"), &[("version", "2")]).await.status, StatusCode::SEE_OTHER);
    }

    async fn filling_leaves_what_was_typed(app) {
        app.lay_grid().await;
        let ana = app.signed_in(Role::Responder).await;
        let mut fields = bare(app).await;
        fields.push(("known".into(), "My own words.".into()));
        let filled = ana.send("/console/drafts/declare/new/fill", &pairs(&fields)).await;
        assert_eq!(filled.status, StatusCode::OK, "{}", filled.text());
        assert!(filled.text().contains(">My own words.</textarea>"), "{}", filled.text());
        assert!(!filled.text().contains("{{"), "no placeholder is left: {}", filled.text());
    }

    async fn a_preview_is_what_readers_will_get(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let mut fields: Vec<(String, String)> = bare(app).await;
        fields.push(("title".into(), "one in four downloads fails".into()));
        fields.extend(GOOD.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let shown = commander.send("/console/drafts/declare/new/preview", &pairs(&fields)).await.text().to_owned();
        assert!(shown.contains("/console/drafts/declare/new/as/page") && shown.contains("x_waypost"), "{shown}");
        let page = commander.get("/console/drafts/declare/new/as/page").await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.contains("sandbox") && policy.contains("frame-ancestors 'self'"), "{policy}");
        let page = page.text().to_owned();
        assert!(page.contains("About one in four eSIM downloads in France fails."), "{page}");
        assert!(page.contains("Download over <strong>Wi-Fi</strong>."), "{page}");
        let mail = commander.get("/console/drafts/declare/new/as/mail").await.text().to_owned();
        assert!(mail.contains("What helps in France") && mail.contains("one in four downloads fails"), "{mail}");
        assert!(app.get("/api/v2/incidents.json").await.json()["incidents"].as_array().expect("a list").is_empty(), "nothing was published");
        let nobody = app.signed_in(Role::Responder).await.get("/console/drafts/declare/new/as/page").await;
        assert_eq!(nobody.status, StatusCode::NOT_FOUND, "it is mine alone");
    }

    async fn what_helps_stands_until_it_is_over(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        for (field, text, word) in [
            ("workaround.FR", "Card 8933**1500**00000000001 works.", "rule identifier"),
            ("workaround.FR", "a\u{7}b", "France"),
            ("workaround.ZZ", "Wi-Fi.", "no country"),
        ] {
            let answer = declare(app, &commander, &[(field, text)]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {text}");
            assert!(answer.text().contains("error-workaround") && answer.text().contains(word), "{}", answer.text());
        }
        let done = declare(app, &commander, &[("workaround.FR", "Use **Wi-Fi**.")]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let page = done.header("location").to_owned();
        let public = page.replace("/console", "");
        assert!(app.get(&public).await.text().contains("Use <strong>Wi-Fi</strong>."), "{}", app.get(&public).await.text());
        assert!(app.get("/regions/fr").await.text().contains("Use Wi-Fi."), "{}", app.get("/regions/fr").await.text());
        assert!(!app.get("/regions/it").await.text().contains("Use Wi-Fi."));
        let api = app.get("/api/v2/incidents.json").await.json();
        assert_eq!(api["incidents"][0]["x_waypost"]["workarounds"][0]["country"], "FR");
        let form = commander.get(&page).await.text().to_owned();
        assert!(form.contains(">Use **Wi-Fi**.</textarea>"), "the form begins with what stands: {form}");
        let good = GOOD.to_vec();
        let update = |version: &'static str, helps: Option<&'static str>| {
            let mut fields = good.clone();
            fields.extend([("version", version), ("phase", "identified"), ("idempotency_key", "once")]);
            fields.extend(helps.map(|h| ("workaround.FR", h)));
            fields
        };
        assert_eq!(commander.send(&format!("{page}/updates"), &update("1", Some("Use a café’s Wi-Fi."))).await.status, StatusCode::SEE_OTHER);
        assert_eq!(commander.send(&format!("{page}/updates"), &update("1", Some("Use the first text."))).await.status, StatusCode::SEE_OTHER, "the same form once more");
        assert!(app.get("/regions/fr").await.text().contains("Use a café’s Wi-Fi."), "a repeated form changes nothing");
        let mut end = good.clone();
        end.push(("version", "2"));
        assert_eq!(commander.send(&format!("{page}/resolve"), &end).await.status, StatusCode::SEE_OTHER);
        assert!(!app.get(&public).await.text().contains("café"), "it is over");
    }

    async fn an_edit_is_shown_and_can_be_compared(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let page = incident(app, &commander).await;
        let public = page.replace("/console", "");
        assert_eq!(app.get(&format!("{public}/edits")).await.status, StatusCode::NOT_FOUND, "nothing was edited");
        let update = newest_update(&commander, &page).await;
        let path = format!("{page}/updates/{update}");
        let mut fields = vec![("version", "1"), ("reason", "It was one in five.")];
        fields.extend(GOOD);
        let with = |changed: &[(&'static str, &'static str)]| {
            let mut fields = fields.clone();
            for (name, value) in changed {
                fields.retain(|(n, _)| n != name);
                fields.push((name, value));
            }
            fields
        };
        let five = ("known", "About one in five eSIM downloads in France fails.");
        for (changed, field) in [
            (vec![five, ("reason", " ")], "reason"),
            (vec![five, ("reason", "card 8933150000000000001")], "reason"),
            (vec![("known", "Card 8933150000000000001 fails.")], "known"),
            (vec![], "known"),
            (vec![five, ("known", "a\u{7}b")], "known"),
        ] {
            let answer = commander.send(&path, &with(&changed)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{changed:?}");
            assert!(answer.text().contains(&format!("error-{field}")), "{field}: {}", answer.text());
        }
        assert_eq!(app.signed_in(Role::Responder).await.send(&path, &with(&[five])).await.status, StatusCode::FORBIDDEN);
        app.pass(20 * 60_000);
        let done = commander.send(&path, &with(&[five])).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let shown = app.get(&public).await.text().to_owned();
        assert!(shown.contains("one in five eSIM") && shown.contains("edited 08:20 UTC"), "{shown}");
        let edits = app.get(&format!("{public}/edits")).await.text().to_owned();
        assert!(edits.contains("<del>four</del>") && edits.contains("<ins>five</ins>") && edits.contains("It was one in five."), "{edits}");
        let api = app.get("/api/v2/incidents.json").await.json();
        let told = &api["incidents"][0]["incident_updates"][0];
        assert_eq!(told["created_at"], "2026-03-02T08:00:00.000Z");
        assert_eq!(told["updated_at"], "2026-03-02T08:20:00.000Z");
        assert!(app.get("/history.atom").await.text().contains("<updated>2026-03-02T08:20:00Z</updated>"));
        let late = commander.send(&path, &with(&[("known", "About one in six eSIM downloads in France fails.")])).await;
        assert_eq!(late.status, StatusCode::CONFLICT, "somebody was first");
        assert!(late.text().contains("<ins>six</ins>") && late.text().contains("one in six eSIM"), "{}", late.text());
        let mut tx = app.app.store.read().await.expect("a transaction");
        let id = page.rsplit('/').next().expect("an id");
        assert_eq!(tx.update_versions(id).await.expect("versions").len(), 2, "both are kept");
    }

    async fn an_edit_of_a_sev_2_needs_two_people_or_broken_glass(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let done = declare(app, &commander, &[("severity", "2"), ("how", "alone"), ("break_glass", "Night shift.")]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let page = done.header("location").to_owned();
        let path = format!("{page}/updates/{}", newest_update(&commander, &page).await);
        let mut fields = vec![("version", "1"), ("reason", "A better figure.")];
        fields.extend(GOOD);
        fields.retain(|(n, _)| *n != "known");
        fields.push(("known", "About one in five eSIM downloads in France fails."));
        let alone = commander.send(&path, &fields).await;
        assert_eq!(alone.status, StatusCode::UNPROCESSABLE_ENTITY, "the author alone");
        assert!(alone.text().contains("error-approval"), "{}", alone.text());
        let second = app.signed_in(Role::Communicator).await;
        assert_eq!(second.send(&path, &fields).await.status, StatusCode::SEE_OTHER, "two people stand behind it");
    }

    async fn hostile_words_stay_words(app) {
        app.lay_grid().await;
        let commander = app.signed_in(Role::Commander).await;
        let hostile = "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) </dd></dl></textarea><svg/onload=alert(1)>";
        let done = declare(app, &commander, &[("known", hostile), ("unknown", hostile), ("workaround.FR", hostile), ("title", "<script>alert(1)</script>")]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        let page = done.header("location").to_owned();
        let public = page.replace("/console", "");
        for path in ["/", public.as_str(), "/regions/fr", "/regions/fr/euicc-download", "/history", "/history.rss", "/history.atom"] {
            let text = app.get(path).await.text().to_owned();
            for sign in ["<script>alert", "<img src", "<svg/onload", "href=\"javascript", "</dl><svg"] {
                assert!(!text.contains(sign), "{sign} on {path}: {text}");
            }
        }
        let console = commander.get(&page).await.text().to_owned();
        for sign in ["<script>alert", "<img src", "<svg/onload"] {
            let at = console.find(sign);
            assert!(at.is_none(), "{sign}: {:?}", at.map(|at| &console[at.saturating_sub(80)..]));
        }
        assert_eq!(declare(app, &commander, &[("known", &format!("Card {} fails.", ICCID.chars().map(|c| format!("{c}**")).collect::<String>()))]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
