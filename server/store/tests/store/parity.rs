//! The two schemas say the same: tables, columns, types by mapping, keys, indexes.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Connection as _, PgConnection, SqliteConnection};
use store::{Engine, testing::TestDatabase};

/// What a column is, in words common to both engines.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    kind: &'static str,
    is_nullable: bool,
    has_default: bool,
}

/// Everything that must be alike. Sets of readable lines make a difference readable.
#[derive(Debug, Default, PartialEq, Eq)]
struct Schema {
    columns: BTreeMap<String, Column>,
    primary_keys: BTreeMap<String, String>,
    unique_keys: BTreeSet<String>,
    indexes: BTreeSet<String>,
    foreign_keys: BTreeSet<String>,
}

type ColumnRow = (String, String, String, bool, bool, i64);

const SQLITE_COLUMNS: &str = "SELECT m.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0, \
     c.dflt_value IS NOT NULL, c.pk FROM sqlite_master m, pragma_table_xinfo(m.name) c \
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY 1, c.pk";
const SQLITE_INDEXES: &str = "SELECT m.name, i.name, i.origin, i.\"unique\" = 1, i.partial = 1, \
     (SELECT group_concat(x.name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) x) \
     FROM sqlite_master m, pragma_index_list(m.name) i \
     WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND i.origin <> 'pk'";
const SQLITE_FOREIGN: &str = "SELECT m.name, f.\"from\", f.\"table\", f.\"to\" FROM sqlite_master m, \
     pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";

const POSTGRES_COLUMNS: &str = "SELECT c.table_name::text, c.column_name::text, c.data_type::text, \
     c.is_nullable = 'YES', c.column_default IS NOT NULL, \
     COALESCE((SELECT array_position(i.indkey::int2[], a.attnum)::bigint + 1 FROM pg_index i \
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = c.column_name \
       WHERE i.indrelid = c.table_name::regclass AND i.indisprimary), 0) \
     FROM information_schema.columns c \
     WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_sqlx%' ORDER BY 1, 6";
const POSTGRES_INDEXES: &str = "SELECT t.relname::text, x.relname::text, \
     CASE WHEN EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.oid AND k.contype = 'u') THEN 'u' ELSE 'c' END, \
     i.indisunique, i.indpred IS NOT NULL, \
     (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (att, n) \
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.att) \
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid \
     WHERE t.relnamespace = 'public'::regnamespace AND NOT i.indisprimary AND t.relname NOT LIKE '\\_sqlx%'";
const POSTGRES_FOREIGN: &str = "SELECT t.relname::text, a.attname::text, f.relname::text, b.attname::text \
     FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid \
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1] \
     JOIN pg_attribute b ON b.attrelid = f.oid AND b.attnum = k.confkey[1] WHERE k.contype = 'f'";

/// SQLite has no booleans: the name of the column decides what its INTEGER must be elsewhere.
fn kind(engine: Engine, name: &str, declared: &str) -> &'static str {
    match (engine, declared.to_lowercase().as_str()) {
        (Engine::Sqlite, "integer") if name.starts_with("is_") => "truth",
        (Engine::Postgres, "boolean") => "truth",
        (Engine::Sqlite, "integer") | (Engine::Postgres, "bigint") => "whole number",
        (_, "text") => "text",
        (Engine::Sqlite, "blob") | (Engine::Postgres, "bytea") => "bytes",
        (Engine::Sqlite, "real") | (Engine::Postgres, "double precision") => "number",
        (engine, other) => panic!("{name} is {other} on {engine:?}: choose a type that both engines have"),
    }
}

fn assemble(
    engine: Engine,
    columns: Vec<ColumnRow>,
    indexes: Vec<(String, String, String, bool, bool, String)>,
    foreign: Vec<(String, String, String, String)>,
) -> Schema {
    let mut schema = Schema::default();
    for (table, name, declared, is_nullable, has_default, key_place) in columns {
        if key_place > 0 {
            let key = schema.primary_keys.entry(table.clone()).or_default();
            key.push_str(&format!("{name} "));
        }
        let column = Column { kind: kind(engine, &name, &declared), is_nullable, has_default };
        schema.columns.insert(format!("{table}.{name}"), column);
    }
    for (table, name, origin, is_unique, is_partial, on) in indexes {
        if origin == "u" {
            schema.unique_keys.insert(format!("{table} ({on})"));
        } else {
            schema
                .indexes
                .insert(format!("{name} on {table} ({on}) unique={is_unique} partial={is_partial}"));
        }
    }
    schema.foreign_keys = foreign.into_iter().map(|(t, c, ft, fc)| format!("{t}.{c} -> {ft}.{fc}")).collect();
    schema
}

async fn sqlite() -> Schema {
    let db = TestDatabase::create(Engine::Sqlite).await;
    let mut c = SqliteConnection::connect(&db.url).await.expect("a connection");
    let columns = sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut c).await.expect("columns");
    let indexes = sqlx::query_as(SQLITE_INDEXES).fetch_all(&mut c).await.expect("indexes");
    let foreign = sqlx::query_as(SQLITE_FOREIGN).fetch_all(&mut c).await.expect("foreign keys");
    db.discard().await;
    assemble(Engine::Sqlite, columns, indexes, foreign)
}

async fn postgres() -> Schema {
    let db = TestDatabase::create(Engine::Postgres).await;
    let mut c = PgConnection::connect(&db.url).await.expect("a connection");
    let columns = sqlx::query_as(POSTGRES_COLUMNS).fetch_all(&mut c).await.expect("columns");
    let indexes = sqlx::query_as(POSTGRES_INDEXES).fetch_all(&mut c).await.expect("indexes");
    let foreign = sqlx::query_as(POSTGRES_FOREIGN).fetch_all(&mut c).await.expect("foreign keys");
    db.discard().await;
    assemble(Engine::Postgres, columns, indexes, foreign)
}

#[tokio::test]
async fn both_schemas_say_the_same() {
    let (sqlite, postgres) = (sqlite().await, postgres().await);
    assert!(sqlite.columns.len() > 150, "only {} columns were seen", sqlite.columns.len());
    let differs = |(name, column): &(&String, &Column)| postgres.columns.get(*name) != Some(column);
    let differing: Vec<_> = sqlite.columns.iter().filter(differs).collect();
    assert!(differing.is_empty(), "PostgreSQL has others than: {differing:?}");
    assert_eq!(sqlite.columns.len(), postgres.columns.len());
    assert_eq!(sqlite.primary_keys, postgres.primary_keys);
    assert_eq!(sqlite.unique_keys, postgres.unique_keys);
    assert_eq!(sqlite.indexes, postgres.indexes);
    assert_eq!(sqlite.foreign_keys, postgres.foreign_keys);
}

#[test]
fn both_folders_hold_the_same_migrations() {
    let names = |engine: &str| -> BTreeSet<String> {
        let dir = format!("{}/../../migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_dir(dir)
            .expect("migrations")
            .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect()
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
}
