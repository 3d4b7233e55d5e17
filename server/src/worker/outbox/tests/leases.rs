//! What becomes of the leases of a process that is gone, and of those of one that is not.

use std::time::Duration;

use domain::clock::SECOND;
use store::{Engine, OwnerSession};

use super::bench::{Bench, on_both};
use crate::{
    boot::boot,
    clock::{Clock, new_id},
    worker::presence::{Others, take_over},
};

/// Another process, as the database sees it.
struct Other {
    owner: String,
    session: OwnerSession,
}

impl Other {
    async fn start(bench: &Bench) -> Self {
        let owner = new_id();
        let session = bench.app.store.hold_owner(&owner, bench.app.clock.now()).await.unwrap();
        Self { owner, session: session.unwrap() }
    }

    /// Claims every mail that is due; how many.
    async fn claim(&self, bench: &Bench) -> usize {
        let fence = format!("{}.{}", self.owner, new_id());
        let mut tx = bench.app.store.write().await.unwrap();
        let claimed = tx.claim_mails(100, &fence, bench.app.clock.now(), 60 * SECOND, &[]).await.unwrap();
        tx.commit().await.unwrap();
        claimed.len()
    }

    /// Ends without a word, and another takes its place; how many leases that frees.
    async fn crash(self, bench: &Bench) -> u64 {
        drop(self.session);
        if bench.app.store.engine() == Engine::Sqlite {
            return take_over(&bench.app).await.unwrap();
        }
        // The server takes a moment to see that the connection has ended.
        for _ in 0..3_000 {
            let freed = Others::default().look(&bench.app).await.unwrap();
            if freed > 0 {
                return freed;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        0
    }
}

async fn attempts(bench: &Bench, subscriber_id: &str) -> i64 {
    let mut tx = bench.app.store.read().await.unwrap();
    tx.deliveries_of(subscriber_id, 1).await.unwrap().remove(0).attempts
}

on_both! {
    async fn what_a_dead_process_had_claimed_leaves_at_once_and_crashes_cost_no_attempt(bench) {
        let row = bench.subscriber("ada@example.org", &[]).await;
        bench.declare("FR").await;
        bench.expand().await;
        for _ in 0..20 {
            let other = Other::start(bench).await;
            assert_eq!(other.claim(bench).await, 1, "due at once");
            assert_eq!(attempts(bench, &row.id).await, 1);
            assert_eq!(bench.drain().await, 0, "leased");
            assert_eq!(other.crash(bench).await, 1);
            assert_eq!(attempts(bench, &row.id).await, 0);
        }
        assert_eq!(bench.drain().await, 1);
        assert_eq!(bench.mails().len(), 1);
        assert_eq!(attempts(bench, &row.id).await, 1);
        assert_eq!(bench.queue("email").await, [("delivered".to_owned(), 2)], "a confirmation, and news");
    }

    async fn a_result_of_a_process_that_was_taken_for_dead_changes_nothing(bench) {
        let row = bench.subscriber("ada@example.org", &[]).await;
        bench.declare("FR").await;
        bench.expand().await;
        let now = bench.app.clock.now();
        let other = Other::start(bench).await;
        let fence = format!("{}.late", other.owner);
        let mut tx = bench.app.store.write().await.unwrap();
        let id = tx.claim_mails(1, &fence, now, 60 * SECOND, &[]).await.unwrap()[0].id;
        tx.commit().await.unwrap();
        assert_eq!(other.crash(bench).await, 1);
        let late = store::Taken { id, fence, answer: "250 ok".into(), at: now.millis(), took_ms: None };
        assert_eq!(bench.app.store.finish_delivered(&[late]).await.unwrap(), 0);
        assert_eq!(bench.drain().await, 1);
        assert_eq!(attempts(bench, &row.id).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_process_keeps_its_leases_on_postgres() {
    let bench = Bench::start(Engine::Postgres).await;
    let row = bench.subscriber("ada@example.org", &[]).await;
    bench.declare("FR").await;
    bench.expand().await;
    let mut live = Other::start(&bench).await;
    assert_eq!(live.claim(&bench).await, 1);
    let mut others = Others::default();
    for _ in 0..4 {
        assert_eq!(others.look(&bench.app).await.unwrap(), 0);
    }
    let dead = Other::start(&bench).await;
    assert_eq!(dead.claim(&bench).await, 0);
    drop(dead.session);
    assert_eq!(bench.drain().await, 0, "another's end does not free it either");
    assert_eq!(attempts(&bench, &row.id).await, 1);
    assert!(live.session.look().await.unwrap());
    assert_eq!(live.crash(&bench).await, 1);
    assert_eq!(bench.drain().await, 1);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_sqlite_file_does_not_get_as_far_as_freeing() {
    let bench = Bench::start(Engine::Sqlite).await;
    let dir = bench.app.config.data.join("shared");
    let mut config = (*bench.app.config).clone();
    config.database_url = format!("sqlite:{}", dir.join("waypost.db").display()).into();
    config.secret_key = "07".repeat(32).into();
    let first = boot(config.clone(), Clock::Wall).await.unwrap();
    config.data = dir.join("elsewhere");
    let refused = boot(config, Clock::Wall).await.err().unwrap();
    assert!(refused.contains("another Waypost is using"), "{refused}");
    first.app.store.close().await;
    bench.end().await;
}
