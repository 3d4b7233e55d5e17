//! Activation events as they came, under their source and id.

use domain::clock::Timestamp;

use crate::{Result, Tx, tx::On};

statements! {
    LOCK_INGEST {
        sqlite = "SELECT 1",
        postgres = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(727001)) AS l"
    };
    INSERT_EVENTS {
        sqlite = "INSERT INTO activation_events (source, event_id, type, subject, occurred_at, received_at, digest, key_id, flags, data)
            SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
            value ->> 9 FROM json_each($1) WHERE TRUE ON CONFLICT (source, event_id) DO NOTHING",
        postgres = "INSERT INTO activation_events (source, event_id, type, subject, occurred_at, received_at, digest, key_id, flags, data)
            SELECT * FROM UNNEST($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[], $6::BIGINT[], $7::TEXT[], $8::TEXT[],
            $9::TEXT[], $10::TEXT[]) ON CONFLICT (source, event_id) DO NOTHING"
    };
    SELECT_DIGESTS {
        sqlite = "SELECT e.source, e.event_id, e.digest FROM json_each($1) j JOIN activation_events e
            ON e.source = j.value ->> 0 AND e.event_id = j.value ->> 1",
        postgres = "SELECT v ->> 0, v ->> 1, e.digest FROM jsonb_array_elements(CAST($1 AS JSONB)) AS t(v) CROSS JOIN LATERAL
            (SELECT digest FROM activation_events WHERE source = v ->> 0 AND event_id = v ->> 1 LIMIT 1) e"
    };
    FLAG_EVENT = "UPDATE activation_events SET flags = $1 WHERE source = $2 AND event_id = $3";
    COUNT_EVENTS = "SELECT COUNT(*) FROM activation_events";
}

/// An event ready to be kept.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// CloudEvents source.
    pub source: String,
    /// CloudEvents id.
    pub event_id: String,
    /// CloudEvents type.
    pub kind: String,
    /// The activation, or empty.
    pub subject: String,
    /// The event's own time.
    pub occurred_at: Timestamp,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Of the canonical event.
    pub digest: String,
    /// The key it came with.
    pub key_id: String,
    /// `future`, `late`, `illegal_transition`; comma-separated.
    pub flags: String,
    /// Its data, profiles hashed.
    pub data: String,
}

/// The insert with a column an array: PostgreSQL reads that faster than JSON.
fn columns<'q>(
    events: &[&'q EventRow],
) -> sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments> {
    let texts = |of: fn(&EventRow) -> &str| events.iter().map(|e| of(e)).collect::<Vec<&str>>();
    let times = |of: fn(&EventRow) -> Timestamp| events.iter().map(|e| of(e).millis()).collect::<Vec<_>>();
    sqlx::query(INSERT_EVENTS.postgres.unwrap_or_default())
        .bind(texts(|e| &e.source))
        .bind(texts(|e| &e.event_id))
        .bind(texts(|e| &e.kind))
        .bind(texts(|e| &e.subject))
        .bind(times(|e| e.occurred_at))
        .bind(times(|e| e.received_at))
        .bind(texts(|e| &e.digest))
        .bind(texts(|e| &e.key_id))
        .bind(texts(|e| &e.flags))
        .bind(texts(|e| &e.data))
}

fn rows(events: &[&EventRow]) -> String {
    let rows: Vec<_> = events
        .iter()
        .map(|e| {
            let (at, received) = (e.occurred_at.millis(), e.received_at.millis());
            let about = (&e.source, &e.event_id, &e.kind, &e.subject);
            let (source, id, kind, subject) = about;
            (source, id, kind, subject, at, received, &e.digest, &e.key_id, &e.flags, &e.data)
        })
        .collect();
    serde_json::to_string(&rows).unwrap_or_default()
}

impl Tx {
    /// Lets one worker at a time, over all nodes, bring journeys up to date until the transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lock_ingest(&mut self) -> Result<()> {
        execute!(self, LOCK_INGEST).map(drop)
    }

    /// Keeps those events of which none with the same source and id is kept; how many they were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert_events(&mut self, events: &[&EventRow]) -> Result<u64> {
        Ok(match &mut self.on {
            On::Sqlite(t) => {
                let query = sqlx::query(INSERT_EVENTS.sqlite.unwrap_or_default());
                query.bind(rows(events)).execute(&mut **t).await?.rows_affected()
            }
            On::Postgres(t) => columns(events).execute(&mut **t).await?.rows_affected(),
        })
    }

    /// (source, id, digest) of those of the given (source, id) that are kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event_digests(&mut self, ids: &[(&str, &str)]) -> Result<Vec<(String, String, String)>> {
        let ids = serde_json::to_string(ids).unwrap_or_default();
        fetch_all!(self, (String, String, String), SELECT_DIGESTS, ids)
    }

    /// Flags a kept event.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flag_event(&mut self, source: &str, event_id: &str, flags: &str) -> Result<()> {
        execute!(self, FLAG_EVENT, flags, source, event_id).map(drop)
    }

    /// Kept events in all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_events(&mut self) -> Result<i64> {
        Ok(fetch_one!(self, (i64,), COUNT_EVENTS)?.0)
    }
}
