//! Suppliers: which node carries their traffic, what ends when, what their own pages say. Ladders stand in the desk book.

mod forms;
mod model;
mod review;

use leptos::prelude::*;

use super::{chrome::Frame, model::FormError};

pub use model::{
    CertificateLine, FailoverLine, Fallback, HostLine, NodeLine, SupplierLine, SupplierPage, UpstreamLine,
};
pub use review::{Review, review};

/// Address of the suppliers.
pub const PATH: &str = "/console/suppliers";

/// Suppliers.
#[must_use]
pub fn suppliers(frame: &Frame, lines: &[SupplierLine]) -> String {
    let rows = lines
        .iter()
        .map(|s| {
            let upstream = s.upstream.iter().map(|u| view! { <small class="l">{u.clone()}</small> }).collect_view();
            let carries = if s.is_fallback {
                view! { <b class="due">{s.carries.clone()}</b> }.into_any()
            } else {
                view! { <span>{s.carries.clone()}</span> }.into_any()
            };
            let ends = if s.is_ending {
                view! { <b class="due">{s.certificate.clone()}</b> }.into_any()
            } else {
                view! { <span>{s.certificate.clone()}</span> }.into_any()
            };
            view! {
                <tr>
                    <td><a href=format!("{PATH}/{}", s.id)><b>{s.name.clone()}</b></a><small class="l">{s.what.clone()}</small></td>
                    <td>{carries}</td><td>{ends}</td><td>{upstream}</td>
                    <td><a class="button" href=format!("{PATH}/{}/review", s.id)>"Review"<span class="v">{format!(" of {}", s.name)}</span></a></td>
                </tr>
            }
        })
        .collect_view();
    let body = if lines.is_empty() {
        view! { <p class="empty">"No supplier yet. Add carriers, download hosts and SMS hubs in the "<a href="/console/desk-book/suppliers">"desk book"</a>"; what they run on and owe you is kept here."</p> }.into_any()
    } else {
        view! {
            <table class="now">
                <thead><tr><th>"Supplier"</th><th>"Traffic"</th><th>"Next certificate"</th><th>"Their own page"</th><th><span class="v">"Action"</span></th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    frame.page(|| {
        view! {
            <div class="bar"><h1>"Suppliers"</h1><a class="button" href="/console/desk-book/suppliers">"Whom to call there"</a></div>
            <p class="d">"Where their traffic runs, which certificates end, what their own pages say, and how they did."</p>
            {body}
        }
        .into_any()
    })
}

/// One supplier.
#[must_use]
pub fn supplier(frame: &Frame, model: &SupplierPage) -> String {
    let edit = model.may_maintain.then(|| view! { <a class="button" href=format!("/console/desk-book/suppliers/{}", model.id)>"Change in the desk book"</a> });
    frame.page(|| {
        view! {
            <p class="crumb d"><a href=PATH>"Suppliers"</a></p>
            <div class="bar"><h1>{model.name.clone()}</h1>{edit}<a class="button go" href=format!("{PATH}/{}/review", model.id)>"Review"</a></div>
            <p class="d">{model.lead.clone()}" · "<a href="/console/desk-book/suppliers">"Whom to call there"</a></p>
            {fallbacks(frame, model)}
            {nodes(frame, model)}
            {failovers(frame, model)}
            {certificates(frame, model)}
            {upstreams(frame, model)}
            {model.may_maintain.then(|| forms::targets(frame, model))}
        }
        .into_any()
    })
}

fn lines(all: &[String]) -> AnyView {
    let items = all.iter().map(|l| view! { <li>{l.clone()}</li> }).collect_view();
    view! { <ul class="lines">{items}</ul> }.into_any()
}

/// A button that posts to an address below the supplier.
fn button(frame: &Frame, model: &SupplierPage, path: &str, label: &'static str) -> AnyView {
    view! { <form method="post" action=format!("{PATH}/{}/{path}", model.id)>{frame.token()}<button>{label}</button></form> }
        .into_any()
}

fn fallbacks(frame: &Frame, model: &SupplierPage) -> AnyView {
    let cards = model
        .fallbacks
        .iter()
        .map(|f| {
            let (home, carrier) = f.nodes.clone();
            let back = model.may_respond.then(|| {
                view! {
                    <form method="post" action=format!("{PATH}/{}/moves", model.id) class="act">
                        {frame.token()}
                        <input type="hidden" name="from" value=carrier.clone() /><input type="hidden" name="to" value=home.clone() />
                        <input type="hidden" name="reason" value="Traffic is back" />
                        <button>{format!("Traffic is back on {home}")}</button>
                    </form>
                }
            });
            view! {
                <section class="card sev2">
                    <h2>{format!("Fallback in use: node {carrier} carries what is at home on {home}")}</h2>
                    <p>{f.words.clone()}</p>
                    {lines(&f.cells)}
                    {back}
                </section>
            }
        })
        .collect_view();
    view! { {cards} }.into_any()
}

fn nodes(frame: &Frame, model: &SupplierPage) -> AnyView {
    let rows = model
        .nodes
        .iter()
        .map(|n| {
            let now = if n.is_carrying { "active" } else { "standby" };
            let now = if n.is_unusual { view! { <b class="due">{now}</b> }.into_any() } else { view! { <span>{now}</span> }.into_any() };
            let remove = model.may_maintain.then(|| button(frame, model, &format!("nodes/{}/remove", n.id), "Remove"));
            view! { <tr><td><b>{n.slug.clone()}</b><small class="l">{n.role.clone()}</small></td><td>{now}</td><td>{lines(&n.cells)}</td><td>{remove}</td></tr> }
        })
        .collect_view();
    let table = if model.nodes.is_empty() {
        view! { <p class="empty">"No node is known. Add them, or let failover events name them."</p> }
            .into_any()
    } else {
        view! { <table class="now"><thead><tr><th>"Node"</th><th>"Now"</th><th>"What depends on it"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{rows}</tbody></table> }.into_any()
    };
    view! { <h2 id="nodes">"Nodes"</h2>{table}{model.may_maintain.then(|| forms::node(frame, model))} }
        .into_any()
}

fn failovers(frame: &Frame, model: &SupplierPage) -> AnyView {
    let rows = model
        .failovers
        .iter()
        .map(|f| {
            let strike = model.may_maintain.then(|| button(frame, model, &format!("moves/{}/strike", f.id), "It was a mistake"));
            view! { <tr><td>{f.at.clone()}</td><td>{f.nodes.clone()}</td><td>{f.lasted.clone()}</td><td>{f.reason.clone()}<small class="l">{f.by.clone()}</small></td><td>{strike}</td></tr> }
        })
        .collect_view();
    let table = if model.failovers.is_empty() {
        view! { <p class="empty">"No failover on record. They come as esim.supplier.failover events, or are entered here."</p> }.into_any()
    } else {
        view! { <table class="now"><thead><tr><th>"Began"</th><th>"From → to"</th><th>"Lasted"</th><th>"Cause"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{rows}</tbody></table> }.into_any()
    };
    let form = (model.may_respond && model.nodes.len() > 1).then(|| forms::failover(frame, model));
    view! { <h2 id="failovers">"Failovers"</h2>{table}{form} }.into_any()
}

fn certificates(frame: &Frame, model: &SupplierPage) -> AnyView {
    let rows = model
        .certificates
        .iter()
        .map(|c| {
            let ends = if c.is_ending { view! { <b class="due">{c.ends.clone()}</b> }.into_any() } else { view! { <span>{c.ends.clone()}</span> }.into_any() };
            let remove = model.may_maintain.then(|| button(frame, model, &format!("certificates/{}/remove", c.id), "Remove"));
            view! { <tr><td><b>{c.name.clone()}</b><small class="l">{c.what.clone()}</small></td><td>{ends}<small class="l">{c.origin.clone()}</small></td><td>{lines(&c.fails)}</td><td>{remove}</td></tr> }
        })
        .collect_view();
    let table = if model.certificates.is_empty() {
        view! { <p class="empty">"No certificate is known. Enter them, tell them by the API (see Sources), or list hosts below whose handshake shows theirs."</p> }.into_any()
    } else {
        view! { <table class="now"><thead><tr><th>"Certificate"</th><th>"Ends"</th><th>"What would fail"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{rows}</tbody></table> }.into_any()
    };
    let hosts = model
        .hosts
        .iter()
        .map(|h| {
            let remove = model.may_maintain.then(|| button(frame, model, &format!("hosts/{}/remove", h.id), "Remove"));
            view! { <tr class=h.is_failing.then_some("late")><td>{h.host.clone()}</td><td>{h.state.clone()}</td><td>{remove}</td></tr> }
        })
        .collect_view();
    let hosts = (!model.hosts.is_empty()).then(|| {
        view! {
            <h3>"Read from a handshake, once a day"</h3>
            <table class="now"><thead><tr><th>"Host"</th><th>"Last reading"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{hosts}</tbody></table>
        }
    });
    view! {
        <h2 id="certificates">"Certificates"</h2>
        <p class="d">"Maintainers are warned 30, 14 and 7 days before one ends, here, on the board and by mail."</p>
        {table}
        {model.may_maintain.then(|| forms::certificate(frame, model))}
        {hosts}
        {model.may_maintain.then(|| forms::host(frame, model))}
    }
    .into_any()
}

fn upstreams(frame: &Frame, model: &SupplierPage) -> AnyView {
    let rows = model
        .upstreams
        .iter()
        .map(|u| {
            let says = if u.is_unknown { view! { <b class="due">{u.says.clone()}</b> }.into_any() } else { view! { <span>{u.says.clone()}</span> }.into_any() };
            let remark = (!u.remark.is_empty()).then(|| view! { <small class="l">{format!("“{}”", u.remark)}</small> });
            let act = model.may_maintain.then(|| {
                let (verb, label) = if u.is_public { ("hide", "Hide from visitors") } else { ("show", "Show to visitors") };
                view! { <div class="act">{button(frame, model, &format!("upstreams/{}/{verb}", u.id), label)}{button(frame, model, &format!("upstreams/{}/remove", u.id), "Remove")}</div> }
            });
            view! { <tr><td><b>{u.name.clone()}</b><small class="l">{u.url.clone()}</small></td><td>{says}{remark}</td><td>{u.read.clone()}</td><td>{u.audience.clone()}</td><td>{act}</td></tr> }
        })
        .collect_view();
    let table = if model.upstreams.is_empty() {
        view! { <p class="empty">"None of their status pages is listed. What one says is a note beside the cells; it never turns one."</p> }.into_any()
    } else {
        view! { <table class="now"><thead><tr><th>"Page"</th><th>"Says"</th><th>"Read"</th><th>"Visitors"</th><th><span class="v">"Action"</span></th></tr></thead><tbody>{rows}</tbody></table> }.into_any()
    };
    let again = (model.may_maintain && !(model.upstreams.is_empty() && model.hosts.is_empty()))
        .then(|| button(frame, model, "read", "Read all now"));
    view! { <h2 id="upstreams">"Their status pages"</h2>{table}{again}{model.may_maintain.then(|| forms::upstream(frame, model))} }.into_any()
}
