//! Subscribing on a partner's page.

use super::*;
use crate::commands::{
    desk_book::partners::{self, Partner},
    partner_pages,
};

async fn page_of(bench: &Bench, name: &str) -> (String, String) {
    let mut tx = bench.app.store.write().await.unwrap();
    let cells = tx.cells().await.unwrap().into_iter().filter(|c| c.country_code == "FR").map(|c| c.id);
    let given =
        Partner { name: name.into(), label: String::new(), zone: "UTC".into(), cells: cells.collect() };
    let id = partners::save(&mut tx, &bench.ctx(), None, given).await.unwrap();
    let row = tx.partner(&id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    (id, ::app::paths::partner_page(&partner_pages::token(&bench.app.keys, &row)))
}

on_both! {
    async fn whoever_subscribes_on_a_partners_page_is_theirs(bench) {
        let (globex, base) = page_of(bench, "Globex").await;
        let at = format!("{base}/subscribe");
        let form = ask(bench, "GET", &at, FORM, "").await;
        assert_eq!(form.status, StatusCode::OK);
        assert!(form.text.contains(&format!("action=\"{at}\"")) && form.text.contains("Globex"), "{}", form.text);
        assert!(form.text.contains("France") && !form.text.contains("Italy"), "only what they sell: {}", form.text);
        for body in [
            "channel=email&address=gus%40globex.example&what=everything",
            "channel=webhook&address=https%3A%2F%2Fhooks.example.com%2Fa&what=everything",
        ] {
            let page = ask(bench, "POST", &at, FORM, &filled(bench, body)).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            bench.expand().await;
            assert_eq!(bench.newest().await.partner_id.as_deref(), Some(globex.as_str()), "{body}");
            bench.pass(1);
        }
        sign_up(bench, "channel=email&address=gus%40globex.example&what=everything").await;
        bench.expand().await;
        assert_eq!(bench.newest().await.partner_id, None, "the same mailbox on the public page");
        let nowhere = ask(bench, "POST", "/p/zzzzzzzzzzzz/subscribe", FORM, &filled(bench, "channel=email")).await;
        assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
        let wrong = ask(bench, "POST", &at, FORM, &filled(bench, "channel=email&address=x&what=everything")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text.contains(&format!("action=\"{at}\"")), "{}", wrong.text);
    }
}
