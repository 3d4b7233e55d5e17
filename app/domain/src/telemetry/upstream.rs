//! Status pages of suppliers: five shapes of JSON, read into one state. What a page says is a note about a dependency:
//! it turns no cell.

use serde_json::Value;

use crate::{
    clock::{MINUTE, Timestamp},
    status::UnknownWord,
};

/// A page is read this often, in milliseconds.
pub const POLL_EVERY: i64 = 5 * MINUTE;
/// What was read longer ago says nothing any more: unknown.
pub const STALE_AFTER: i64 = 3 * POLL_EVERY + MINUTE;

/// Whose shape it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamKind {
    /// Statuspage, version 2, and incident.io, which has the same shape.
    Statuspage,
    /// Instatus.
    Instatus,
    /// Better Stack.
    BetterStack,
    /// Status.io.
    StatusIo,
}

impl UpstreamKind {
    /// Every kind, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::Statuspage, Self::Instatus, Self::BetterStack, Self::StatusIo];

    /// The word stored.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Statuspage => "statuspage",
            Self::Instatus => "instatus",
            Self::BetterStack => "better_stack",
            Self::StatusIo => "status_io",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Statuspage => "Statuspage or incident.io",
            Self::Instatus => "Instatus",
            Self::BetterStack => "Better Stack",
            Self::StatusIo => "Status.io (its API address)",
        }
    }

    /// Where its JSON stands below the address of the page; none: the address is the JSON's own.
    #[must_use]
    pub const fn path(self) -> Option<&'static str> {
        match self {
            Self::Statuspage => Some("/api/v2/summary.json"),
            Self::Instatus => Some("/summary.json"),
            Self::BetterStack => Some("/index.json"),
            Self::StatusIo => None,
        }
    }
}

impl TryFrom<&str> for UpstreamKind {
    type Error = UnknownWord;

    fn try_from(s: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|k| k.slug() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// What a page says of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamState {
    /// No problems.
    Ok,
    /// Something is slow or failing in part.
    Degraded,
    /// Part of it is down.
    Partial,
    /// It is down.
    Major,
    /// Issues of a weight that it does not tell.
    Issues,
    /// Planned work.
    Maintenance,
}

impl UpstreamState {
    const ALL: [Self; 6] =
        [Self::Ok, Self::Degraded, Self::Partial, Self::Major, Self::Issues, Self::Maintenance];

    /// The word stored.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Partial => "partial",
            Self::Major => "major",
            Self::Issues => "issues",
            Self::Maintenance => "maintenance",
        }
    }

    /// After `… reports`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ok => "no problems",
            Self::Degraded => "degraded performance",
            Self::Partial => "a partial outage",
            Self::Major => "a major outage",
            Self::Issues => "issues",
            Self::Maintenance => "maintenance",
        }
    }
}

impl TryFrom<&str> for UpstreamState {
    type Error = UnknownWord;

    fn try_from(s: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|k| k.slug() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// What was read from a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whose shape it has.
    pub kind: UpstreamKind,
    /// What it says.
    pub state: UpstreamState,
    /// Its own words, untamed; may be empty.
    pub words: String,
}

/// Reads a page's JSON by its shape; none: it has none that is known.
#[must_use]
pub fn read(body: &Value) -> Option<Reading> {
    statuspage(body).or_else(|| better_stack(body)).or_else(|| status_io(body)).or_else(|| instatus(body))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn statuspage(body: &Value) -> Option<Reading> {
    let status = &body["status"];
    let is_working = body["scheduled_maintenances"]
        .as_array()
        .is_some_and(|all| all.iter().any(|m| m["status"] == "in_progress" || m["status"] == "verifying"));
    let state = match status["indicator"].as_str()? {
        "none" if is_working => UpstreamState::Maintenance,
        "none" => UpstreamState::Ok,
        "minor" => UpstreamState::Degraded,
        "major" => UpstreamState::Partial,
        "critical" => UpstreamState::Major,
        "maintenance" => UpstreamState::Maintenance,
        _ => return None,
    };
    Some(Reading { kind: UpstreamKind::Statuspage, state, words: text(&status["description"]) })
}

fn instatus(body: &Value) -> Option<Reading> {
    let state = match body["page"]["status"].as_str()? {
        "UP" => UpstreamState::Ok,
        "HASISSUES" => UpstreamState::Issues,
        "UNDERMAINTENANCE" | "ALLUNDERMAINTENANCE" | "ONEUNDERMAINTENANCE" => UpstreamState::Maintenance,
        "ALLDEGRADEDPERFORMANCE" | "ONEDEGRADEDPERFORMANCE" | "SOMEDEGRADEDPERFORMANCE" => {
            UpstreamState::Degraded
        }
        "ALLPARTIALOUTAGE" | "ONEPARTIALOUTAGE" | "SOMEPARTIALOUTAGE" | "ONEMAJOROUTAGE"
        | "SOMEMAJOROUTAGE" => UpstreamState::Partial,
        "ALLMAJOROUTAGE" => UpstreamState::Major,
        _ => return None,
    };
    Some(Reading { kind: UpstreamKind::Instatus, state, words: text(&body["activeIncidents"][0]["name"]) })
}

fn better_stack(body: &Value) -> Option<Reading> {
    let state = match body["data"]["attributes"]["aggregate_state"].as_str()? {
        "operational" => UpstreamState::Ok,
        "degraded" => UpstreamState::Degraded,
        "downtime" => UpstreamState::Major,
        "maintenance" => UpstreamState::Maintenance,
        _ => return None,
    };
    Some(Reading { kind: UpstreamKind::BetterStack, state, words: String::new() })
}

fn status_io(body: &Value) -> Option<Reading> {
    let overall = &body["result"]["status_overall"];
    let state = match overall["status_code"].as_i64()? {
        100 => UpstreamState::Ok,
        200 => UpstreamState::Maintenance,
        300 => UpstreamState::Degraded,
        400 => UpstreamState::Partial,
        500 => UpstreamState::Major,
        600 => UpstreamState::Issues,
        _ => return None,
    };
    Some(Reading { kind: UpstreamKind::StatusIo, state, words: text(&overall["status"]) })
}

/// What is known of a page at `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It says so, and was read lately.
    Says(UpstreamState),
    /// It cannot be read, or was not for too long: nothing is known, and nothing is green.
    Unknown,
}

/// What is known: `state` as stored, and when it was read.
#[must_use]
pub fn standing(state: &str, read_at: Option<Timestamp>, now: Timestamp) -> Standing {
    match (UpstreamState::try_from(state), read_at) {
        (Ok(state), Some(at)) if now.since(at) <= STALE_AFTER => Standing::Says(state),
        _ => Standing::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_shape_is_known_by_itself() {
        use UpstreamKind::{BetterStack, Instatus, StatusIo, Statuspage};
        use UpstreamState::{Degraded, Issues, Maintenance, Major, Ok, Partial};
        let page = |indicator: &str| json!({ "page": { "id": "x" }, "status": { "indicator": indicator, "description": "Words" } });
        let mut working = page("none");
        working["scheduled_maintenances"] = json!([{ "status": "scheduled" }, { "status": "in_progress" }]);
        let better = |s: &str| json!({ "data": { "id": "1", "type": "status_page", "attributes": { "aggregate_state": s } } });
        let io =
            |code: i64| json!({ "result": { "status_overall": { "status": "x", "status_code": code } } });
        for (body, kind, state) in [
            (page("none"), Statuspage, Ok),
            (page("minor"), Statuspage, Degraded),
            (page("major"), Statuspage, Partial),
            (page("critical"), Statuspage, Major),
            (page("maintenance"), Statuspage, Maintenance),
            (working, Statuspage, Maintenance),
            (json!({ "page": { "name": "n", "url": "u", "status": "UP" } }), Instatus, Ok),
            (
                json!({ "page": { "status": "HASISSUES" }, "activeIncidents": [{ "name": "n" }] }),
                Instatus,
                Issues,
            ),
            (json!({ "page": { "status": "UNDERMAINTENANCE" } }), Instatus, Maintenance),
            (better("operational"), BetterStack, Ok),
            (better("downtime"), BetterStack, Major),
            (io(100), StatusIo, Ok),
            (io(300), StatusIo, Degraded),
            (io(600), StatusIo, Issues),
        ] {
            let reading = read(&body).unwrap_or_else(|| panic!("{body}"));
            assert_eq!((reading.kind, reading.state), (kind, state), "{body}");
        }
    }

    #[test]
    fn what_has_no_known_shape_says_nothing() {
        for body in [
            json!(null),
            json!([]),
            json!("ok"),
            json!({}),
            json!({ "status": "ok" }),
            json!({ "status": { "indicator": "green" } }),
            json!({ "page": { "status": ["UP"] } }),
            json!({ "result": { "status_overall": { "status_code": "100" } } }),
        ] {
            assert_eq!(read(&body), None, "{body}");
        }
    }

    #[test]
    fn silence_is_never_green() {
        let at = Timestamp::from_millis(0);
        assert_eq!(standing("ok", Some(at), at.plus(STALE_AFTER)), Standing::Says(UpstreamState::Ok));
        assert_eq!(standing("ok", Some(at), at.plus(STALE_AFTER + 1)), Standing::Unknown);
        assert_eq!(standing("ok", None, at), Standing::Unknown);
        assert_eq!(standing("", Some(at), at), Standing::Unknown);
    }
}
