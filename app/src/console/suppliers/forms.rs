//! The forms of a supplier's page. Each stays folded until it is needed, or was refused.

use leptos::prelude::*;

use super::{
    super::{access::remark, chrome::Frame, desk_book::cells},
    PATH, SupplierPage,
};

/// What was typed into a field of a form that was refused.
fn was(model: &SupplierPage, form: &str, name: &str) -> String {
    if model.form != form {
        return String::new();
    }
    model.typed.iter().find(|(n, _)| n == name).map_or_else(String::new, |(_, v)| v.clone())
}

/// What was wrong, if it was with this form.
fn wrong<'a>(model: &'a SupplierPage, form: &str) -> Option<&'a super::FormError> {
    model.error.as_ref().filter(|_| model.form == form)
}

/// One line of a form: name, label, hint and kind of input.
fn field(
    model: &SupplierPage,
    form: &'static str,
    name: &'static str,
    (label, hint): (&'static str, &'static str),
    kind: &'static str,
) -> AnyView {
    let id = format!("{form}-{name}");
    let error = wrong(model, form);
    let invalid = error.is_some_and(|e| e.field == name).then_some("true");
    view! {
        <div class="f">
            <label for=id.clone()>{label}" "<small>{hint}</small></label>
            <input id=id name=name type=kind maxlength="2048" value=was(model, form, name) aria-invalid=invalid />
            {remark(error, name)}
        </div>
    }
    .into_any()
}

/// A choice of a form.
fn pick(
    model: &SupplierPage,
    form: &'static str,
    name: &'static str,
    label: &'static str,
    options: Vec<(String, String)>,
) -> AnyView {
    let id = format!("{form}-{name}");
    let chosen = was(model, form, name);
    let options = options
        .into_iter()
        .map(|(value, words)| view! { <option value=value.clone() selected=value == chosen>{words}</option> })
        .collect_view();
    view! {
        <div class="f"><label for=id.clone()>{label}</label><select id=id name=name>{options}</select>{remark(wrong(model, form), name)}</div>
    }
    .into_any()
}

/// The form itself, folded.
fn fold(
    frame: &Frame,
    model: &SupplierPage,
    form: &'static str,
    title: &'static str,
    go: &'static str,
    body: AnyView,
) -> AnyView {
    let error = wrong(model, form);
    let is_open = error.is_some();
    view! {
        <details open=is_open>
            <summary>{title}</summary>
            <form method="post" action=format!("{PATH}/{}/{form}", model.id)>
                {frame.token()}
                {remark(error, "")}
                {body}
                <div class="act"><button class="go">{go}</button></div>
            </form>
        </details>
    }
    .into_any()
}

fn owned(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned())).collect()
}

fn slugs(model: &SupplierPage, none: Option<&str>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        none.into_iter().map(|words| (String::new(), words.to_owned())).collect();
    all.extend(model.nodes.iter().map(|n| (n.slug.clone(), n.slug.clone())));
    all
}

pub(super) fn node(frame: &Frame, model: &SupplierPage) -> AnyView {
    let body = view! {
        <div class="grid3">
            {field(model, "nodes", "slug", ("Node", "as events name it after the slash"), "text")}
            {pick(model, "nodes", "role", "When nothing is wrong it", owned(&[("home", "carries traffic"), ("standby", "stands by")]))}
        </div>
        {cells("What depends on it", "nothing chosen: all that depends on the supplier", &model.cells, wrong(model, "nodes"))}
    };
    fold(frame, model, "nodes", "Add or change a node", "Save node", body.into_any())
}

pub(super) fn failover(frame: &Frame, model: &SupplierPage) -> AnyView {
    let body = view! {
        <div class="grid3">
            {pick(model, "moves", "from", "Traffic left", slugs(model, None))}
            {pick(model, "moves", "to", "and runs on", slugs(model, None))}
            {field(model, "moves", "at", ("When, UTC", "now if empty"), "datetime-local")}
        </div>
        {field(model, "moves", "reason", ("Cause", "what made it move"), "text")}
    };
    fold(frame, model, "moves", "Put a failover on record", "Record", body.into_any())
}

pub(super) fn certificate(frame: &Frame, model: &SupplierPage) -> AnyView {
    let kinds = owned(&[("sm_dp_plus", "SM-DP+"), ("tls", "TLS"), ("signing", "Signing")]);
    let body = view! {
        <div class="grid3">
            {pick(model, "certificates", "kind", "It is for", kinds)}
            {field(model, "certificates", "name", ("Name", "like CERT.DPauth.ECDSA"), "text")}
            {pick(model, "certificates", "node", "Of node", slugs(model, Some("all of them")))}
            {field(model, "certificates", "expires_at", ("Ends, UTC", ""), "datetime-local")}
        </div>
        <p class="d">"The same name again renews it."</p>
    };
    fold(frame, model, "certificates", "Enter or renew a certificate", "Save certificate", body.into_any())
}

pub(super) fn host(frame: &Frame, model: &SupplierPage) -> AnyView {
    let body = view! {
        <div class="grid3">
            {field(model, "hosts", "host", ("Host", "like dp.example.com"), "text")}
            {pick(model, "hosts", "node", "Of node", slugs(model, Some("all of them")))}
        </div>
    };
    fold(frame, model, "hosts", "Read a host’s certificate from its handshake", "List host", body.into_any())
}

pub(super) fn upstream(frame: &Frame, model: &SupplierPage) -> AnyView {
    let mut shapes = vec![(String::new(), "find out".to_owned())];
    shapes.extend(owned(&model.shapes));
    let is_shown = was(model, "upstreams", "is_public") == "yes";
    let body = view! {
        <div class="grid3">
            {field(model, "upstreams", "name", ("Name", "here"), "text")}
            {field(model, "upstreams", "url", ("Address", "like https://status.example.com"), "url")}
            {pick(model, "upstreams", "kind", "Made with", shapes)}
            {field(model, "upstreams", "public_name", ("Name for visitors", "if they are to read of it"), "text")}
        </div>
        <label class="radio"><input type="checkbox" name="is_public" value="yes" checked=is_shown /><span>"Visitors of the cells that it is about read what it says, in our words"</span></label>
        {cells("What it is about", "nothing chosen: all that depends on the supplier", &model.cells, wrong(model, "upstreams"))}
    };
    fold(frame, model, "upstreams", "List a status page", "List page", body.into_any())
}

pub(super) fn targets(frame: &Frame, model: &SupplierPage) -> AnyView {
    let error = wrong(model, "targets");
    let fields = model
        .targets
        .iter()
        .map(|(name, label, unit, value)| {
            let id = format!("targets-{name}");
            let value = if model.form == "targets" { was(model, "targets", name) } else { value.clone() };
            let invalid = error.is_some_and(|e| e.field == *name).then_some("true");
            view! {
                <div class="f">
                    <label for=id.clone()>{*label}" "<small>{*unit}</small></label>
                    <input id=id name=*name inputmode="decimal" maxlength="12" value=value aria-invalid=invalid />
                    {remark(error, name)}
                </div>
            }
        })
        .collect_view();
    let body = view! {
        <p class="d">"Its review is held against this. What stays empty was not agreed. Each saving is a version on record."</p>
        <div class="grid3">{fields}</div>
    };
    view! { <h2 id="targets">"What it owes us"</h2>{fold(frame, model, "targets", "Service levels", "Save", body.into_any())} }.into_any()
}
