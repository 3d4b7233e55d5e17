//! Suppliers: the list, one of them, and its forms.

mod list;
mod one;
mod review;

pub use list::list;
pub(super) use list::watch;
pub use one::show;
pub use review::{as_csv, as_json, show as show_review};

use axum::extract::Path;

use super::{
    desk::{Answer, Desk, Work, see},
    forms,
};
use crate::{
    commands::{
        Refusal,
        certificates::{self, Given},
        kept::time,
        suppliers::{self, Upstream},
    },
    http::fields::Fields,
};

const PATH: &str = app::console::suppliers::PATH;

/// Done; look at the part of the page that it is about.
fn done(id: &str, part: &str) -> Answer {
    Ok(see(&format!("{PATH}/{id}#{part}")))
}

/// Adds a node, or changes one.
pub async fn save_node(desk: Desk, Path(id): Path<String>) -> Answer {
    let act = async {
        forms::only(&desk.fields, &suppliers::NODE_FIELDS)?;
        let mut work = desk.begin().await?;
        suppliers::save_node(&mut work.tx, &work.ctx, &id, &desk.fields).await?;
        work.commit().await
    };
    let outcome = act.await;
    after(&desk, &id, "nodes", outcome, "nodes").await
}

/// Removes a node.
pub async fn remove_node(desk: Desk, Path((id, node)): Path<(String, String)>) -> Answer {
    let mut work = desk.begin().await?;
    suppliers::remove_node(&mut work.tx, &work.ctx, &id, &node).await?;
    work.commit().await?;
    done(&id, "nodes")
}

/// Traffic moved.
pub async fn record_move(desk: Desk, Path(id): Path<String>) -> Answer {
    let act = async {
        forms::only(&desk.fields, &suppliers::MOVE_FIELDS)?;
        let mut work = desk.begin().await?;
        suppliers::record_move(&mut work.tx, &work.ctx, &id, &desk.fields).await?;
        work.commit().await
    };
    let outcome = act.await;
    after(&desk, &id, "moves", outcome, "failovers").await
}

/// A move was a mistake.
pub async fn strike_move(desk: Desk, Path((id, step)): Path<(String, String)>) -> Answer {
    let mut work = desk.begin().await?;
    suppliers::strike_move(&mut work.tx, &work.ctx, &id, &step).await?;
    work.commit().await?;
    done(&id, "failovers")
}

fn certificate(fields: &Fields, now: domain::clock::Timestamp) -> Result<Given, Refusal> {
    let missing = || Refusal::field("expires_at", "Say when it ends.");
    let expires_at = time(fields, "expires_at")?.ok_or_else(missing)?;
    if expires_at <= now {
        return Err(Refusal::field("expires_at", "This time is past: enter the one that is in use now."));
    }
    let text = |name: &str| fields.one(name).to_owned();
    let (node, kind, name) = (text("node"), text("kind"), text("name"));
    Ok(Given { node, kind, name, expires_at, origin: "person", ..Given::default() })
}

/// Enters or renews a certificate.
pub async fn save_certificate(desk: Desk, Path(id): Path<String>) -> Answer {
    let act = async {
        forms::only(&desk.fields, &["node", "kind", "name", "expires_at"])?;
        let mut work = desk.begin().await?;
        let given = certificate(&desk.fields, work.ctx.now)?;
        certificates::save(&mut work.tx, &work.ctx, &id, given).await?;
        work.commit().await
    };
    let outcome = act.await;
    desk.app.wake.suppliers.notify_one();
    after(&desk, &id, "certificates", outcome, "certificates").await
}

/// Removes a certificate.
pub async fn remove_certificate(desk: Desk, Path((id, certificate)): Path<(String, String)>) -> Answer {
    let mut work = desk.begin().await?;
    certificates::remove(&mut work.tx, &work.ctx, &id, &certificate).await?;
    work.commit().await?;
    done(&id, "certificates")
}

/// Lists a host.
pub async fn add_host(desk: Desk, Path(id): Path<String>) -> Answer {
    let act = async {
        forms::only(&desk.fields, &suppliers::HOST_FIELDS)?;
        let mut work = desk.begin().await?;
        let guard = &desk.app.reader_guard;
        suppliers::add_host(&mut work.tx, &work.ctx, guard, &id, &desk.fields).await?;
        work.commit().await
    };
    let outcome = act.await;
    desk.app.wake.suppliers.notify_one();
    after(&desk, &id, "hosts", outcome, "certificates").await
}

/// Removes a host.
pub async fn remove_host(desk: Desk, Path((id, host)): Path<(String, String)>) -> Answer {
    let mut work = desk.begin().await?;
    suppliers::remove_host(&mut work.tx, &work.ctx, &id, &host).await?;
    work.commit().await?;
    done(&id, "certificates")
}

/// Reads hosts and status pages at once.
pub async fn read_now(desk: Desk, Path(id): Path<String>) -> Answer {
    let mut work = desk.begin().await?;
    suppliers::hurry(&mut work.tx, &work.ctx, &id).await?;
    work.commit().await?;
    desk.app.wake.suppliers.notify_one();
    done(&id, "upstreams")
}

/// Lists a status page.
pub async fn add_upstream(desk: Desk, Path(id): Path<String>) -> Answer {
    let act = async {
        forms::only(&desk.fields, &suppliers::UPSTREAM_FIELDS)?;
        let mut work = desk.begin().await?;
        let guard = &desk.app.reader_guard;
        suppliers::add_upstream(&mut work.tx, &work.ctx, guard, &id, &desk.fields).await?;
        desk.publish(work).await
    };
    let outcome = act.await;
    desk.app.wake.suppliers.notify_one();
    after(&desk, &id, "upstreams", outcome, "upstreams").await
}

/// Shows, hides or removes a status page.
pub async fn change_upstream(
    desk: Desk,
    Path((id, upstream, verb)): Path<(String, String, String)>,
) -> Answer {
    let verb = match verb.as_str() {
        "show" => Upstream::Show,
        "hide" => Upstream::Hide,
        "remove" => Upstream::Remove,
        _ => return Err(Refusal::NotFound("button")),
    };
    let mut work = desk.begin().await?;
    suppliers::change_upstream(&mut work.tx, &work.ctx, &id, &upstream, verb).await?;
    desk.publish(work).await?;
    done(&id, "upstreams")
}

/// Saves what it owes us.
pub async fn save_targets(desk: Desk, Path(id): Path<String>) -> Answer {
    let act = async {
        forms::only(&desk.fields, &suppliers::TARGET_FIELDS)?;
        let mut work: Work = desk.begin().await?;
        suppliers::save_targets(&mut work.tx, &work.ctx, &id, &desk.fields).await?;
        work.commit().await
    };
    let outcome = act.await;
    after(&desk, &id, "targets", outcome, "targets").await
}

/// Back to the page; with what was typed, if a field was wrong.
async fn after(
    desk: &Desk,
    id: &str,
    form: &'static str,
    outcome: Result<(), Refusal>,
    part: &str,
) -> Answer {
    match outcome {
        Ok(()) => done(id, part),
        Err(Refusal::Field { field, message }) => one::refused(desk, id, form, field, message).await,
        Err(refusal) => Err(refusal),
    }
}
