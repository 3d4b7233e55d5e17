//! Commits of outcomes that the database refuses, while others are on their way.

use store::Engine;
use tokio::sync::watch;

use super::{
    bench::{Bench, until},
    faults::{addresses, ids_are_stable, many},
    peer::{Do, Peer},
};
use crate::worker::outbox::run;

/// Of the outcomes, in the order in which they reach the database, these end the commit that they are in.
const FAULTS: &str = "CREATE SEQUENCE outcomes;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('outcomes') IN (3, 30, 31, 75) THEN RAISE EXCEPTION 'a fault of the test'; END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER refuse AFTER UPDATE ON deliveries FOR EACH ROW WHEN (NEW.state = 'delivered')
        EXECUTE FUNCTION refuse();";
/// Fails unless outcomes came again after the last of those.
const CAME_AGAIN: &str = "DO $$ BEGIN
        IF (SELECT last_value FROM outcomes) <= 103 THEN RAISE EXCEPTION 'no commit failed'; END IF;
    END $$;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_failed_commit_held_is_committed_later_and_sent_once() {
    let bench = Bench::start(Engine::Postgres).await;
    let to = addresses(100, "example.org");
    many(&bench, &to).await;
    let peer = Peer::start(&bench, true, |_, _| Do::Go).await;
    bench.database.on_itself(FAULTS).await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(run(bench.app.clone(), bench.senders.clone(), stopped));
    bench.declare("FR").await;
    bench.app.wake.outbox.notify_one();
    until("all mails", || peer.kept_to().len() >= to.len()).await;
    let confirmations = 1;
    let all = [("delivered".to_owned(), 100 + confirmations)];
    for _ in 0..200 {
        if bench.queue("email").await == all {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(bench.queue("email").await, all);
    assert_eq!(peer.kept_to(), to, "each once");
    ids_are_stable(&peer);
    bench.database.on_itself(CAME_AGAIN).await;
    stop.send(true).unwrap();
    running.await.unwrap();
    bench.end().await;
}
