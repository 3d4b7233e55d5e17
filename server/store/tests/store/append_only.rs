//! The audit record cannot be rewritten, not even with the application's own connection.

use domain::clock::Timestamp;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use store::{AuditEntry, Engine, testing::TestDatabase};

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
}
