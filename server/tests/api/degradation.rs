//! Cells turn by themselves, on evidence, and come back only on more of it.

use domain::{clock::SECOND, status::CellStatus};

use crate::harness::{TestApp, batch};

async fn send(
    app: &TestApp,
    key: &str,
    name: &str,
    country: &'static str,
    count: usize,
    every_nth_fails: usize,
) {
    for events in batch(name, country, count, every_nth_fails, app.now()) {
        let answer = app.ingest(key, &events).await;
        assert_eq!(answer.status, http::StatusCode::ACCEPTED, "{}", answer.text());
    }
}

async fn status(app: &TestApp, country: &str) -> CellStatus {
    app.cell("euicc-download", country).await.status
}

api_tests! {
    async fn silence_is_never_green(app) {
        app.lay_grid().await;
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::NoData);
    }

    async fn the_cell_turns_within_five_evaluations_and_says_why(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        send(app, &key, "fr", "FR", 1_000, 0).await;
        send(app, &key, "it", "IT", 1_000, 0).await;
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::Operational);
        assert_eq!(status(app, "IT").await, CellStatus::Operational);

        send(app, &key, "bad", "FR", 600, 4).await;
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::PartialOutage);
        assert_eq!(status(app, "IT").await, CellStatus::Operational, "Italy stays green");
        let evidence = app.cell("euicc-download", "FR").await.evidence.expect("evidence");
        let evidence: serde_json::Value = serde_json::from_str(&evidence).expect("JSON");
        assert_eq!(evidence["samples"], 1_600);
        assert_eq!(evidence["share"], 90.625);
        assert_eq!(evidence["window_secs"], 600);

        let mut tx = app.app.store.read().await.expect("a transaction");
        let proposals = tx.open_proposals().await.expect("proposals");
        assert_eq!(proposals.len(), 1, "one outage, one proposal");
    }

    async fn a_cell_comes_back_only_on_new_samples(app) {
        app.lay_grid().await;
        let key = app.ingest_key().await;
        send(app, &key, "bad", "FR", 400, 4).await;
        app.judge(5).await;
        assert_eq!(status(app, "FR").await, CellStatus::PartialOutage);
        // The bad samples leave the window, and nothing new arrives: no reason to believe that it is well.
        app.pass(700 * SECOND);
        app.judge(10).await;
        assert_ne!(status(app, "FR").await, CellStatus::Operational);
        send(app, &key, "good", "FR", 1_000, 0).await;
        app.judge(3).await;
        assert_ne!(status(app, "FR").await, CellStatus::Operational, "four evaluations are needed");
        app.judge(3).await;
        assert_eq!(status(app, "FR").await, CellStatus::Operational);
    }
}
