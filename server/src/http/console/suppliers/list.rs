//! All suppliers, and what of them belongs on the board.

use app::console::{self, suppliers::SupplierLine};
use axum::http::StatusCode;
use domain::{
    clock::Timestamp,
    clock_local::listed,
    engagement::SupplierKind,
    telemetry::{
        certificate::expiry_words,
        upstream::{Standing, UpstreamState, standing},
    },
};
use store::{CertificateRow, SupplierRow, Tx, UpstreamRow};

use super::PATH;
use crate::{
    commands::{Refusal, certificates},
    http::console::desk::{Answer, Desk},
    reads::supplier_book::{SupplierBook, since_words},
};

/// Lines of suppliers that the board shows at most.
const ON_BOARD: usize = 10;

/// The list.
pub async fn list(desk: Desk) -> Answer {
    let now = desk.now();
    let mut tx = desk.read().await?;
    let book = SupplierBook::load(&mut tx).await?;
    let (certificates, upstreams) = (tx.certificates().await?, tx.upstreams().await?);
    let ending = certificates::ending(&mut tx, now).await?;
    let line = |s: &SupplierRow| {
        let next = certificates.iter().find(|c| c.supplier_id == s.id);
        let (carries, is_fallback) = carries(&book, &s.id);
        SupplierLine {
            id: s.id.clone(),
            name: s.name.clone(),
            what: what(s),
            carries,
            is_fallback,
            certificate: next
                .map_or_else(String::new, |c| format!("{} {}", c.name, expiry_words(c.expires_at, now))),
            is_ending: next.is_some_and(|c| ending.iter().any(|e| e.id == c.id)),
            upstream: upstreams.iter().filter(|u| u.supplier_id == s.id).map(|u| says(u, now)).collect(),
        }
    };
    let lines: Vec<SupplierLine> = book.suppliers.iter().map(line).collect();
    Ok(desk.page(StatusCode::OK, "Suppliers", PATH, |frame| console::suppliers(frame, &lines)))
}

/// `Download host · smdp-a`.
pub(super) fn what(row: &SupplierRow) -> String {
    let kind = SupplierKind::try_from(row.kind.as_str()).map_or("Supplier", SupplierKind::words);
    format!("{kind} · {}", row.slug)
}

/// Which nodes carry its traffic, and whether that is a fallback.
fn carries(book: &SupplierBook, id: &str) -> (String, bool) {
    let failovers = book.failovers(id);
    let nodes: Vec<String> = book.carrying(id, &failovers).into_iter().collect();
    let is_fallback = failovers.iter().any(|f| f.ended.is_none());
    let words = match nodes.as_slice() {
        [] => "no node is known".to_owned(),
        [one] => format!("runs on node {one}"),
        many => format!("runs on nodes {}", listed(many)),
    };
    (if is_fallback { format!("Fallback in use: {words}") } else { words }, is_fallback)
}

/// `Textline status reports no problems`.
pub(super) fn says(row: &UpstreamRow, now: Timestamp) -> String {
    match standing(&row.state, row.read_at.map(Timestamp::from_millis), now) {
        Standing::Says(state) => format!("{} reports {}", row.name, state.words()),
        Standing::Unknown => format!("{}: unknown", row.name),
    }
}

/// What the board says of suppliers: a sentence, and where to look.
pub(in crate::http::console) async fn watch(
    tx: &mut Tx,
    now: Timestamp,
) -> Result<Vec<(String, String)>, Refusal> {
    let book = SupplierBook::load(tx).await?;
    let mut words = Vec::new();
    for s in &book.suppliers {
        for f in book.failovers(&s.id).iter().filter(|f| f.ended.is_none()) {
            let since = since_words(f.began_at, now);
            let sentence = format!(
                "{}: fallback in use, node {} carries what is at home on {}, {since}",
                s.name, f.carrier, f.home
            );
            words.push((sentence, format!("{PATH}/{}", s.id)));
        }
    }
    for c in certificates::ending(tx, now).await? {
        words.push((ending_words(&book, &c, now), format!("{PATH}/{}#certificates", c.supplier_id)));
    }
    for u in tx.upstreams().await? {
        let read_at = u.read_at.map(Timestamp::from_millis);
        if let Standing::Says(state) = standing(&u.state, read_at, now)
            && state != UpstreamState::Ok
        {
            words.push((says(&u, now), format!("{PATH}/{}#upstreams", u.supplier_id)));
        }
    }
    if words.len() > ON_BOARD {
        let more = words.len() - ON_BOARD;
        words.truncate(ON_BOARD);
        words.push((format!("{more} more of suppliers"), PATH.into()));
    }
    Ok(words)
}

fn ending_words(book: &SupplierBook, row: &CertificateRow, now: Timestamp) -> String {
    let name = book.suppliers.iter().find(|s| s.id == row.supplier_id).map_or("", |s| s.name.as_str());
    let sentence = certificates::sentence(row, now);
    let fails = match book.would_fail(row).len() {
        0 => "nothing runs on it now".to_owned(),
        1 => "1 cell depends on it".to_owned(),
        n => format!("{n} cells depend on it"),
    };
    format!("{name}: {sentence}; {fails}")
}
