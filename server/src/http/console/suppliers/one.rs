//! One supplier.

use app::console::{
    self,
    desk_book::{Country, Kind},
    model::FormError,
    suppliers::{CertificateLine, FailoverLine, Fallback, HostLine, NodeLine, SupplierPage, UpstreamLine},
};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock::Timestamp,
    clock_local::{duration_words, utc_date, utc_time},
    telemetry::{
        certificate::{CertificateKind, expiry_words},
        scorecard::Targets,
        supplier::{Ending, Failover},
        upstream::{Standing, UpstreamKind, standing},
    },
};
use store::{CertificateRow, NodeRow, TlsHostRow, Tx, UpstreamRow};

use super::{PATH, list};
use crate::{
    auth::role::Permission,
    commands::{Refusal, certificates, suppliers::targets_of},
    http::{
        console::{
            desk::{Answer, Desk},
            desk_book::{cell_boxes, cell_lines},
            now::Names,
        },
        fields::Fields,
    },
    reads::supplier_book::{SupplierBook, since_words},
};

/// Failovers that the page lists, the newest.
const FAILOVERS: usize = 50;

/// The page.
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    page(&desk, &id, SupplierPage::default()).await
}

/// The page again with what was typed into a form that was refused.
pub(super) async fn refused(
    desk: &Desk,
    id: &str,
    form: &'static str,
    field: &'static str,
    message: String,
) -> Answer {
    let typed = desk.fields.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let error = Some(FormError { field: field.into(), message });
    page(desk, id, SupplierPage { form, typed, error, ..SupplierPage::default() }).await
}

async fn page(desk: &Desk, id: &str, given: SupplierPage) -> Answer {
    let status = if given.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let now = desk.now();
    let mut tx = desk.read().await?;
    let row = tx.supplier(id).await?.ok_or(Refusal::NotFound("supplier"))?;
    let scene = Scene { names: Names::load(&mut tx).await?, book: SupplierBook::load(&mut tx).await?, now };
    let failovers = scene.book.failovers(id);
    let ending = certificates::ending(&mut tx, now).await?;
    let mine: Vec<CertificateRow> =
        tx.certificates().await?.into_iter().filter(|c| c.supplier_id == id).collect();
    let is_ending = |c: &CertificateRow| ending.iter().any(|e| e.id == c.id);
    let (_, targets): (i64, Targets) = tx.policy(&targets_of(id)).await?;
    let owes =
        if row.interconnect_sla.is_empty() { String::new() } else { format!(" · {}", row.interconnect_sla) };
    let model = SupplierPage {
        id: id.to_owned(),
        lead: format!("{}{owes}", list::what(&row)),
        fallbacks: failovers.iter().filter(|f| f.ended.is_none()).map(|f| scene.fallback(id, f)).collect(),
        nodes: scene.nodes(id, &failovers),
        failovers: failovers.iter().rev().take(FAILOVERS).map(|f| scene.failover(f)).collect(),
        certificates: mine.iter().map(|c| scene.certificate(c, is_ending(c))).collect(),
        hosts: tx.tls_hosts(id).await?.into_iter().map(|h| host(h, now)).collect(),
        upstreams: tx
            .upstreams()
            .await?
            .iter()
            .filter(|u| u.supplier_id == id)
            .map(|u| upstream(u, now))
            .collect(),
        targets: target_fields(&targets),
        shapes: UpstreamKind::ALL.map(|k| (k.slug(), k.words())).to_vec(),
        cells: boxes(&mut tx, &scene.book, id, &given).await?,
        may_maintain: desk.may(Permission::Maintain),
        may_respond: desk.may(Permission::Respond),
        name: row.name,
        ..given
    };
    Ok(desk.page(status, &model.name, PATH, |frame| console::supplier(frame, &model)))
}

/// Boxes for the supplier's own cells.
async fn boxes(
    tx: &mut Tx,
    book: &SupplierBook,
    id: &str,
    given: &SupplierPage,
) -> Result<Vec<Country>, Refusal> {
    let typed: Fields = given.typed.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
    let Kind::Cells(mut countries) = cell_boxes(tx, &typed).await? else { return Ok(Vec::new()) };
    let mine = book.cells_of(id);
    for (_, cells) in &mut countries {
        cells.retain(|(cell, _, _)| mine.contains(&cell.as_str()));
    }
    countries.retain(|(_, cells)| !cells.is_empty());
    Ok(countries)
}

/// What every line of the page needs.
struct Scene {
    names: Names,
    book: SupplierBook,
    now: Timestamp,
}

impl Scene {
    fn lines(&self, cells: &[&str], none: &str) -> Vec<String> {
        let lines = cell_lines(&self.names, cells);
        if lines.is_empty() { vec![none.to_owned()] } else { lines }
    }

    fn fallback(&self, id: &str, f: &Failover) -> Fallback {
        Fallback {
            nodes: (f.home.clone(), f.carrier.clone()),
            words: format!(
                "It has been so {}. Cause: {}. What runs on it:",
                since_words(f.began_at, self.now),
                f.reason
            ),
            cells: self.lines(&self.book.depend_on(id, &f.home), "nothing that is known"),
        }
    }

    fn nodes(&self, id: &str, failovers: &[Failover]) -> Vec<NodeLine> {
        let carrying = self.book.carrying(id, failovers);
        let line = |n: &NodeRow| {
            let role = if n.is_home { "carries traffic when nothing is wrong" } else { "stands by" };
            let heard = if n.is_entered { "" } else { "; only heard of in an event" };
            let is_carrying = carrying.contains(&n.slug);
            NodeLine {
                id: n.id.clone(),
                slug: n.slug.clone(),
                role: format!("{role}{heard}"),
                is_carrying,
                is_unusual: is_carrying != n.is_home,
                cells: self.lines(&self.book.depend_on(id, &n.slug), "nothing depends on the supplier yet"),
            }
        };
        self.book.nodes_of(id).map(line).collect()
    }

    fn failover(&self, f: &Failover) -> FailoverLine {
        let lasted = |to: Timestamp| duration_words(to.since(f.began_at));
        FailoverLine {
            id: f.id.clone(),
            at: utc_time(f.began_at, self.now),
            nodes: format!("{} → {}", f.home, f.carrier),
            lasted: match f.ended {
                None => format!("{} so far", lasted(self.now)),
                Some((at, Ending::Back)) => lasted(at),
                Some((at, Ending::MovedOn)) => format!("{}, then moved on", lasted(at)),
            },
            reason: f.reason.clone(),
            by: self.book.step(&f.id).map_or_else(String::new, |m| format!("told by {}", m.recorded_by)),
        }
    }

    fn certificate(&self, c: &CertificateRow, is_ending: bool) -> CertificateLine {
        let kind = CertificateKind::try_from(c.kind.as_str()).map_or("", CertificateKind::words);
        let node = if c.node.is_empty() { "all nodes".to_owned() } else { format!("node {}", c.node) };
        let origin = match c.origin.as_str() {
            "handshake" => "read from a handshake",
            "api" => "told by the API",
            _ => "entered by hand",
        };
        let remark = if c.remark.is_empty() { String::new() } else { format!("; {}", c.remark) };
        CertificateLine {
            id: c.id.clone(),
            name: c.name.clone(),
            what: format!("{kind} · {node}"),
            ends: expiry_words(c.expires_at, self.now),
            is_ending,
            origin: format!("{origin} on {}{remark}", utc_date(c.seen_at)),
            fails: self.lines(&self.book.would_fail(c), "nothing now: this node stands by"),
        }
    }
}

fn host(row: TlsHostRow, now: Timestamp) -> HostLine {
    let time = |ms: i64| utc_time(Timestamp::from_millis(ms), now);
    let node = if row.node.is_empty() { String::new() } else { format!(" · node {}", row.node) };
    let read =
        row.read_at.map_or_else(|| "never read so far".to_owned(), |at| format!("last read {}", time(at)));
    let state = match (row.tried_at, row.failure.as_str()) {
        (None, _) => "about to be read".to_owned(),
        (Some(_), "") => format!("read {}", row.read_at.map(time).unwrap_or_default()),
        (Some(at), why) => format!("failed {}: {why}; {read}", time(at)),
    };
    HostLine {
        id: row.id,
        host: format!("{}:{}{node}", row.host, row.port),
        state,
        is_failing: !row.failure.is_empty(),
    }
}

fn upstream(row: &UpstreamRow, now: Timestamp) -> UpstreamLine {
    let time = |ms: i64| utc_time(Timestamp::from_millis(ms), now);
    let standing = standing(&row.state, row.read_at.map(Timestamp::from_millis), now);
    let says = match (standing, row.state_since_at) {
        (Standing::Says(state), Some(at)) => format!("{} since {}", state.words(), time(at)),
        (Standing::Says(state), None) => state.words().to_owned(),
        (Standing::Unknown, _) => "unknown".to_owned(),
    };
    let read = match (row.failing_since_at, row.read_at) {
        (Some(at), _) => format!("unreachable since {}: {}", time(at), row.failure),
        (None, Some(at)) => format!("{}, {} ago", time(at), duration_words(now.millis() - at)),
        (None, None) => "about to be read".to_owned(),
    };
    UpstreamLine {
        id: row.id.clone(),
        name: row.name.clone(),
        url: row.url.clone(),
        says,
        remark: row.remark.clone(),
        read,
        is_unknown: standing == Standing::Unknown,
        audience: if row.is_public { format!("read of it as {}", row.public_name) } else { "do not".into() },
        is_public: row.is_public,
    }
}

/// What is owed, as the form shows it.
fn target_fields(t: &Targets) -> Vec<(&'static str, &'static str, &'static str, String)> {
    let plain = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
    let tenths = |n: Option<i64>| n.map_or_else(String::new, |n| format!("{}.{}", n / 10, n % 10));
    let seconds = |ms: Option<i64>| {
        let text = ms.map_or_else(String::new, |ms| format!("{}.{:03}", ms / 1_000, ms % 1_000));
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let minutes = |s: Option<i64>| plain(s.map(|s| s / 60));
    vec![
        ("asr", "Activation success rate", "% at least", tenths(t.asr_permille)),
        ("median", "Median latency", "seconds at most", seconds(t.median_ms)),
        ("p95", "Latency of 95 %", "seconds at most", seconds(t.p95_ms)),
        ("fallback", "Fallback rate", "% at most", tenths(t.fallback_permille)),
        ("mttr", "Mean time to restore", "minutes at most", minutes(t.mttr_secs)),
        ("engage", "Mean time to engage", "minutes at most", minutes(t.engage_secs)),
        ("failovers", "Failovers", "a month at most", plain(t.failovers)),
        ("certificate_misses", "Certificates expired", "a month at most", plain(t.certificate_misses)),
    ]
}
