//! Evidence packs on a partner's page: the list, a pack, and its files.

use app::{
    model::{EvidenceList, EvidencePage},
    public::{evidence_list_page, evidence_page},
};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use domain::{
    clock::Timestamp,
    clock_local::{utc_date, utc_time},
    month::Month,
};
use store::EvidencePackRow;

use super::{door::Door, errors::refusal_page, not_found, public::csp};
use crate::{commands::Refusal, evidence, state::App};

/// Packs that are listed.
const SHOWN: i64 = 60;

/// `1 Nov 2026, 02:00 UTC`.
pub(super) fn made(at: Timestamp, now: Timestamp) -> String {
    let time = utc_time(at, now);
    let date = utc_date(at);
    if time.contains(&date) { time } else { format!("{date}, {time}") }
}

/// The list.
pub async fn list(State(app): State<App>, Path(token): Path<String>) -> Response {
    let shown = async {
        let Some(door) = Door::open(&app, &token).await? else { return Ok(None) };
        let Some(partner) = door.partner_id() else { return Ok(None) };
        let rows = app.store.read().await?.evidence_packs(partner, SHOWN).await?;
        let mut packs: Vec<(String, String, String)> = Vec::new();
        for row in rows {
            // The newest version of each month comes first.
            if packs.last().is_none_or(|(_, month, _)| *month != row.month) {
                let words = Month::parse(&row.month).map(Month::words).unwrap_or_default();
                packs.push((words, row.month, made(row.made_at, app.clock.now())));
            }
        }
        let page = EvidenceList { site: door.site(&app), packs, key: evidence::public_key(&app.keys) };
        Ok::<_, Refusal>(Some(private(door.dressed(evidence_list_page(&page)))))
    };
    answer(&app, shown.await)
}

/// A pack: `2026-10`, `2026-10.json` or `2026-10.csv`.
pub async fn show(State(app): State<App>, Path((token, file)): Path<(String, String)>) -> Response {
    let shown = async {
        let Some(door) = Door::open(&app, &token).await? else { return Ok(None) };
        let Some(partner) = door.partner_id() else { return Ok(None) };
        let (month, kind) = file.split_once('.').unwrap_or((&file, ""));
        let Some(month) = Month::parse(month) else { return Ok(None) };
        let row = app.store.read().await?.evidence_pack(partner, &month.to_string(), 0).await?;
        let Some(row) = row else { return Ok(None) };
        if !kind.is_empty() {
            return Ok(as_file(&row, kind));
        }
        let pack = evidence::read(&row.body).map_err(|e| Refusal::Conflict(e.to_string()))?;
        let page = EvidencePage {
            site: door.site(&app),
            month: month.words(),
            made: made(row.made_at, app.clock.now()),
            pack,
            key: evidence::public_key(&app.keys),
        };
        Ok::<_, Refusal>(Some(private(door.dressed(evidence_page(&page)))))
    };
    answer(&app, shown.await)
}

fn answer(app: &App, shown: Result<Option<Response>, Refusal>) -> Response {
    match shown {
        Ok(Some(response)) => response,
        Ok(None) => not_found(app, ""),
        Err(refusal) => refusal_page(&refusal),
    }
}

fn closed(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
}

fn private(html: String) -> Response {
    let mut response = (StatusCode::OK, Html(html)).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, csp());
    closed(response.headers_mut());
    response
}

/// A pack as a file; none: there is no such kind.
pub(super) fn as_file(row: &EvidencePackRow, kind: &str) -> Option<Response> {
    let (content, body) = match kind {
        "json" => ("application/json; charset=utf-8", row.body.clone().into_bytes()),
        "csv" => ("text/csv; charset=utf-8; header=present", evidence::csv(&evidence::read(&row.body).ok()?)),
        _ => return None,
    };
    let mut response = ([(header::CONTENT_TYPE, content)], body).into_response();
    let name = format!("attachment; filename=\"evidence-{}.{kind}\"", row.month);
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    closed(response.headers_mut());
    Some(response)
}
