//! The page's row: made once, set up once, its revision only grows.

use domain::clock::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

store::on_both_engines! {
    async fn there_is_no_page_before_one_is_made(db) {
        let mut tx = db.store.read().await.expect("a transaction");
        assert!(tx.page().await.expect("an answer").is_none());
        assert_eq!(tx.revision().await.expect("an answer"), 0);
    }

    async fn the_setup_door_closes_for_good(db) {
        let mut tx = db.store.write().await.expect("a transaction");
        tx.insert_page("aaaaaaaaaaaa", "Status", NOW).await.expect("a page");
        tx.set_setup_token("hash-1", NOW).await.expect("a token");
        let page = tx.page().await.expect("an answer").expect("a page");
        assert_eq!((page.is_set_up, page.setup_token_hash.as_deref()), (false, Some("hash-1")));

        assert!(tx.finish_setup("Meridian eSIM", NOW).await.expect("an answer"));
        assert!(!tx.finish_setup("Somebody else", NOW).await.expect("an answer"), "it closed already");
        tx.set_setup_token("hash-2", NOW).await.expect("an answer");
        tx.commit().await.expect("a commit");

        let mut tx = db.store.read().await.expect("a transaction");
        let page = tx.page().await.expect("an answer").expect("a page");
        assert!(page.is_set_up);
        assert_eq!((page.name.as_str(), page.setup_token_hash), ("Meridian eSIM", None));
    }

    async fn the_revision_moves_with_each_change_and_not_without_commit(db) {
        let mut tx = db.store.write().await.expect("a transaction");
        tx.insert_page("aaaaaaaaaaaa", "Status", NOW).await.expect("a page");
        tx.bump_revision(NOW).await.expect("an answer");
        tx.bump_revision(NOW).await.expect("an answer");
        tx.commit().await.expect("a commit");

        let mut abandoned = db.store.write().await.expect("a transaction");
        abandoned.bump_revision(NOW).await.expect("an answer");
        drop(abandoned);

        let mut tx = db.store.read().await.expect("a transaction");
        assert_eq!(tx.revision().await.expect("an answer"), 2);
    }
}
