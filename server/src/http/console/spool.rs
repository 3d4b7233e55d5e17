//! The demo's mail spool, shown as plain text.

use app::console;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{frame, page};
use crate::{auth::session::Session, commands::Refusal, http::errors::refusal_page, state::App};

/// Longest mail that is shown, in bytes.
const SHOWN: usize = 256 * 1024;

fn header(source: &str, name: &str) -> String {
    let head = source.split("\r\n\r\n").next().unwrap_or("").replace("\r\n ", " ");
    let found = head.lines().find_map(|l| {
        l.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned())
    });
    found.unwrap_or_default()
}

/// Mails, newest first.
pub async fn list(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    let Some(dir) = app.config.spool() else { return refusal_page(&Refusal::NotFound("mail spool")) };
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .map(|entries| {
            entries
                .filter_map(|e| e.ok()?.file_name().into_string().ok())
                .filter(|n| n.ends_with(".eml"))
                .collect()
        })
        .unwrap_or_default();
    names.sort_by(|a, b| b.cmp(a));
    let mails: Vec<(String, String, String)> = names
        .into_iter()
        .take(200)
        .map(|name| {
            let source = std::fs::read_to_string(dir.join(&name)).unwrap_or_default();
            (name, header(&source, "to"), header(&source, "subject"))
        })
        .collect();
    let frame = frame(&app, Some(&session), "Mail spool", "/console/mail-spool");
    page(StatusCode::OK, &frame.nonce.clone(), console::mail_spool(&frame, &mails))
}

/// One mail.
pub async fn show(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
) -> Response {
    let is_plain =
        name.ends_with(".eml") && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let source = app
        .config
        .spool()
        .filter(|_| is_plain && !name.contains(".."))
        .and_then(|d| std::fs::read(d.join(&name)).ok());
    let Some(source) = source else { return refusal_page(&Refusal::NotFound("mail")) };
    let text = String::from_utf8_lossy(&source[..source.len().min(SHOWN)]).into_owned();
    let frame = frame(&app, Some(&session), &name, "/console/mail-spool");
    page(StatusCode::OK, &frame.nonce.clone(), console::mail(&frame, &name, &text))
}
