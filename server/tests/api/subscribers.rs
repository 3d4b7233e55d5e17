//! Subscribers in the console: import, health, one of them.

use http::StatusCode;
use server::auth::role::Role;

use crate::harness::{Person, TestApp};

async fn import(person: &Person<'_>, csv: &str) -> crate::harness::Answer {
    person.send("/console/subscribers/import", &[("csv", csv), ("consent", "contract of 2026")]).await
}

async fn newest(app: &TestApp) -> store::SubscriberRow {
    app.app.store.read().await.expect("a read").newest_subscribers(1).await.expect("rows").remove(0)
}

api_tests! {
    async fn an_import_is_whole_or_nothing_and_tells_nobody(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        for (csv, why) in [
            ("", "one of them is address"),
            ("name\nx", "no column"),
            ("address\n", "no line with an address"),
            ("address\nada@example.org\nnobody", "Line 3"),
            ("address\n=cmd|' /C calc'!A0", "Line 2"),
            ("address,countries\nada@example.org,ZZ", "not on this page"),
            ("address,min_severity\nada@example.org,9", "min_severity"),
            ("address,time_zone\nada@example.org,Mars", "time zone"),
        ] {
            let answer = import(&owner, csv).await;
            let text = answer.text();
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{csv:?}: {text}");
            assert!(text.contains("error-csv") && text.contains(why), "{csv:?}: {text}");
            assert!(text.contains("contract of 2026"), "what was typed is kept");
        }
        let good = "address,countries,min_severity,time_zone\nAda@Example.org,fr it,2,Europe/Paris\nbob@example.org,,,\n";
        assert!(import(&owner, good).await.text().contains("2 added, 0 left"));
        assert!(import(&owner, good).await.text().contains("0 added, 2 left"));
        let health = owner.get("/console/deliveries.json").await.json();
        assert_eq!((health["notices"].as_i64(), health["channels"].as_object().map(|c| c.len())), (Some(0), Some(0)));
        let page = owner.get("/console/subscribers").await.text().to_owned();
        assert!(page.contains("confirmed") && !page.contains("ada@example.org"), "{page}");
    }

    async fn a_spreadsheet_with_semicolons_and_a_mark_in_front_is_read(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        let csv = "\u{feff}address;countries\r\nada@example.org;fr it\r\n";
        assert!(import(&owner, csv).await.text().contains("1 added, 0 left"));
        assert_eq!(newest(app).await.scope().expect("a scope").countries.len(), 2);
    }

    async fn anybody_can_be_looked_up_by_address_state_and_page(app) {
        app.lay_grid().await;
        let owner = app.signed_in(Role::Owner).await;
        let many: Vec<String> = (0..60).map(|n| format!("r{n:02}@example.org")).collect();
        import(&owner, &format!("address\n{}\n", many.join("\n"))).await;
        let rows = |text: &str| text.matches("href=\"/console/subscribers/").count();
        let first = owner.get("/console/subscribers").await.text().to_owned();
        assert_eq!(rows(&first), 25, "{first}");
        assert!(first.contains("rel=\"next\"") && !first.contains("rel=\"prev\""));
        let last = owner.get("/console/subscribers?q=example.org&page=3").await.text().to_owned();
        assert!(rows(&last) == 10 && last.contains("rel=\"prev\"") && !last.contains("rel=\"next\""), "{last}");
        let one = owner.get("/console/subscribers?q=R07%40example.org").await.text().to_owned();
        assert!(rows(&one) == 1 && one.contains("r***@e***"), "{one}");
        for (query, found) in [("q=r07", 0), ("q=example.org&state=confirmed", 25), ("state=failing", 0), ("state=%27%3B--", 25), ("page=-1", 25)] {
            let page = owner.get(&format!("/console/subscribers?{query}")).await;
            assert_eq!((page.status, rows(page.text())), (StatusCode::OK, found), "{query}");
        }
    }

    async fn one_of_them_is_looked_at_paused_and_ended(app) {
        app.lay_grid().await;
        app.app.snapshot.refresh().await;
        let owner = app.signed_in(Role::Owner).await;
        let viewer = app.signed_in(Role::Viewer).await;
        import(&owner, "address,countries\nada@example.org,FR\n").await;
        let row = newest(app).await;
        let path = format!("/console/subscribers/{}", row.id);
        let seen = viewer.get(&path).await.text().to_owned();
        assert!(seen.contains("updates about France") && seen.contains("a***@e***"), "{seen}");
        assert!(seen.contains("imported: contract of 2026") && !seen.contains("name=\"verb\""), "{seen}");
        assert_eq!(viewer.send(&path, &[("verb", "end")]).await.status, StatusCode::FORBIDDEN);
        for (fields, status, words) in [
            ([("message", "nothing00000"), ("from", "")], StatusCode::CONFLICT, "cannot be sent again"),
            ([("from", "soon"), ("until", "")], StatusCode::UNPROCESSABLE_ENTITY, "days like 2026-03-02"),
            ([("from", "2026-03-03"), ("until", "2026-03-02")], StatusCode::UNPROCESSABLE_ENTITY, "days like"),
            ([("from", "2026-03-01"), ("until", "2026-03-02")], StatusCode::OK, "Nothing was given up"),
        ] {
            let answer = owner.send(&path, &[&[("verb", "replay")][..], &fields[..]].concat()).await;
            assert_eq!(answer.status, status, "{fields:?}: {}", answer.text());
            assert!(answer.text().contains(words), "{fields:?}: {}", answer.text());
        }
        for (verb, words) in [
            ("test", "on its way"),
            ("replay", "Nothing was given up"),
            ("pause", "Paused"),
            ("resume", "goes on"),
            ("end", "Ended"),
        ] {
            let answer = owner.send(&path, &[("verb", verb)]).await;
            assert_eq!(answer.status, StatusCode::OK, "{verb}: {}", answer.text());
            assert!(answer.text().contains(words), "{verb}: {}", answer.text());
        }
        for (verb, status) in [
            ("test", StatusCode::CONFLICT),
            ("release", StatusCode::CONFLICT),
            ("approve", StatusCode::CONFLICT),
            ("dance", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            assert_eq!(owner.send(&path, &[("verb", verb)]).await.status, status, "{verb}");
        }
        assert_eq!(owner.get("/console/subscribers/nothing00000").await.status, StatusCode::NOT_FOUND);
    }
}
