//! Every statement of the crate is understood by both engines, against the real schema.

use std::collections::HashSet;

use sqlx::{Connection as _, Executor as _, PgConnection, SqlSafeStr as _, SqliteConnection};
use store::{Engine, statement, testing::TestDatabase};

async fn refusals(db: &TestDatabase) -> Vec<String> {
    let mut refused = Vec::new();
    for s in statement::all() {
        let Some(text) = s.text(db.store.engine()) else { continue };
        let text = text.into_sql_str();
        let prepared = match db.store.engine() {
            Engine::Sqlite => {
                let mut c = SqliteConnection::connect(&db.url).await.expect("a connection");
                c.prepare(text).await.map(drop)
            }
            Engine::Postgres => {
                let mut c = PgConnection::connect(&db.url).await.expect("a connection");
                c.prepare(text).await.map(drop)
            }
        };
        refused.extend(prepared.err().map(|e| format!("{}: {e}", s.name)));
    }
    refused
}

store::on_both_engines! {
    async fn every_statement_prepares(db) {
        let refused = refusals(db).await;
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    }
}

#[test]
fn every_statement_keeps_to_the_common_dialect() {
    const FORBIDDEN: [&str; 5] = ["now()", "ilike", "any($", "?1", "current_timestamp"];
    for s in statement::all() {
        let (Some(sqlite), Some(postgres)) = (s.sqlite, s.postgres) else { continue };
        if sqlite == postgres {
            let text = sqlite.to_lowercase();
            for word in FORBIDDEN {
                assert!(!text.contains(word), "{} says {word}", s.name);
            }
        }
    }
}

#[test]
fn every_file_with_statements_is_listed() {
    let listed: HashSet<_> = statement::all().iter().map(|s| s.name).collect();
    for (file, text) in super::source::files() {
        let Some(block) = text.split("\nstatements! {").nth(1).and_then(|rest| rest.split("\n}").next())
        else {
            continue;
        };
        let first = block.split_whitespace().find(|w| w.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
        let first = first.expect("a statement in the block");
        assert!(listed.contains(first), "{file}: its STATEMENTS are missing in statement::all()");
    }
}
