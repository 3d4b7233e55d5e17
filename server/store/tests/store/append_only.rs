//! The audit record cannot be rewritten, not even with the application's own connection.

use domain::clock::Timestamp;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use store::{AuditEntry, Chain, Engine, testing::TestDatabase};

/// What somebody with the database's own tools does first, on SQLite; PostgreSQL's superuser disables triggers.
const OPEN_SQLITE: [&str; 2] = ["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"];

/// Changes the record behind the program's back.
async fn tamper(db: &TestDatabase, change: &'static str) {
    match db.store.engine() {
        Engine::Sqlite => {
            let mut c = SqliteConnection::connect(&db.url).await.expect("a second connection");
            for sql in OPEN_SQLITE.into_iter().chain([change]) {
                sqlx::query(sql).execute(&mut c).await.expect("tampering");
            }
        }
        Engine::Postgres => {
            let mut c = PgConnection::connect(&db.url).await.expect("a second connection");
            for sql in ["ALTER TABLE audit DISABLE TRIGGER ALL", change] {
                sqlx::query(sql).execute(&mut c).await.expect("tampering");
            }
        }
    }
}

/// One transaction with a line for each action.
async fn write(db: &TestDatabase, actions: &[&str]) {
    let mut tx = db.store.write().await.expect("a transaction");
    for action in actions {
        tx.append_audit(AuditEntry {
            at: Timestamp::from_millis(1_000),
            actor: "u1",
            action,
            subject: "incident:abc",
            detail: r#"{"before":1,"after":2}"#,
            correlation_id: "c1",
        })
        .await
        .expect("a line");
    }
    tx.commit().await.expect("a commit");
}

async fn chain(db: &TestDatabase) -> Chain {
    db.store.read().await.expect("a transaction").verify_audit().await.expect("an answer")
}

async fn broken_at(db: &TestDatabase) -> Option<i64> {
    match chain(db).await {
        Chain::Broken { id, .. } => Some(id),
        Chain::Whole { .. } => None,
    }
}

async fn refused(db: &TestDatabase, sql: &'static str) {
    let done = match db.store.engine() {
        Engine::Sqlite => {
            let mut c = SqliteConnection::connect(&db.url).await.expect("a second connection");
            sqlx::query(sql).execute(&mut c).await.map(drop)
        }
        Engine::Postgres => {
            let mut c = PgConnection::connect(&db.url).await.expect("a second connection");
            sqlx::query(sql).execute(&mut c).await.map(drop)
        }
    };
    let error = done.expect_err("the record must refuse");
    assert!(error.to_string().contains("append-only"), "{sql}: {error}");
}

store::on_both_engines! {
    async fn audit_lines_stay_as_they_were_written(db) {
        let mut tx = db.store.write().await.expect("a transaction");
        tx.append_audit(AuditEntry {
            at: Timestamp::from_millis(1_000),
            actor: "system",
            action: "pin_cell",
            subject: "cell:abc",
            detail: "{}",
            correlation_id: "c1",
        })
        .await
        .expect("a line");
        tx.commit().await.expect("a commit");

        refused(db, "UPDATE audit SET actor = 'nobody'").await;
        refused(db, "DELETE FROM audit").await;
        if db.store.engine() == Engine::Postgres {
            refused(db, "TRUNCATE audit").await;
        }
    }
    async fn a_changed_line_breaks_the_chain(db) {
        write(db, &["declare", "post_update"]).await;
        write(db, &["resolve"]).await;
        assert!(matches!(chain(db).await, Chain::Whole { lines: 3, .. }));
        tamper(db, "UPDATE audit SET detail = '{\"before\":1,\"after\":3}' WHERE action = 'post_update'").await;
        assert_eq!(broken_at(db).await, Some(2));
    }

    async fn a_line_taken_out_breaks_the_chain(db) {
        write(db, &["declare", "post_update", "resolve"]).await;
        tamper(db, "DELETE FROM audit WHERE action = 'post_update'").await;
        assert_eq!(broken_at(db).await, Some(3));
    }

    async fn the_newest_line_cannot_be_cut_off(db) {
        write(db, &["declare", "post_update", "resolve"]).await;
        tamper(db, "DELETE FROM audit WHERE action = 'resolve'").await;
        assert_eq!(broken_at(db).await, Some(2));
    }

    async fn a_line_of_a_transaction_that_was_dropped_is_not_in_the_record(db) {
        write(db, &["declare"]).await;
        let mut tx = db.store.write().await.expect("a transaction");
        let entry = AuditEntry {
            at: Timestamp::from_millis(1_000), actor: "u1", action: "never", subject: "", detail: "{}", correlation_id: "c",
        };
        tx.append_audit(entry).await.expect("a line");
        drop(tx);
        write(db, &["resolve"]).await;
        assert!(matches!(chain(db).await, Chain::Whole { lines: 2, .. }));
    }
}
