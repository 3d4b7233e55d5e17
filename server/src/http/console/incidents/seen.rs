//! A form as its readers would get it: the page, the mail and the webhook. The form is done for real in a transaction
//! that is rolled back, and what is shown is rendered by the code that renders what is published.

use app::{console::command::Seen, public};
use axum::{
    extract::Path,
    http::{HeaderName, HeaderValue, header},
    response::{Html, IntoResponse as _, Response},
};
use delivery::{
    email::template::{IncidentUpdate, Reader},
    webhook::body::IncidentBody,
};
use domain::{
    audience::{Audience, Viewer},
    lead::SignOff,
    notice::IncidentNotice,
};

use crate::{
    commands::{
        Refusal,
        kept::{Form, perform},
    },
    http::{
        console::desk::{Answer, Desk},
        fields::Fields,
    },
    reads::{World, notice::notice, pages},
};

/// The three of them.
struct Readings {
    page: String,
    notice: IncidentNotice,
}

/// Where a preview's link to unsubscribe leads: nowhere, on purpose.
const NO_LINK: &str = "#";

async fn read(desk: &Desk, form: Form, incident_id: &str, fields: &Fields) -> Result<Readings, Refusal> {
    let mut work = desk.begin().await?;
    let (tx, ctx) = (&mut work.tx, &work.ctx);
    let done = perform(tx, ctx, form, incident_id, fields, SignOff::Approved(String::new())).await?;
    // What is for some partners is shown as the first of them reads it.
    let viewer = match tx.audience(&done.incident_id).await? {
        Some(Audience::Partners(partners)) => match partners.first() {
            Some(partner) => tx.cohort(partner).await?.map_or(Viewer::Staff, Viewer::Partner),
            None => Viewer::Staff,
        },
        _ => Viewer::Public,
    };
    let world = World::read(tx, ctx.now, &viewer, Some(&done.incident_id)).await?;
    drop(work);
    let page = pages::incident(&world, &done.incident_id).ok_or(Refusal::NotFound("incident"))?;
    let notice = notice(&world, desk.app.config.origin(), &done.incident_id, &done.update_id)
        .ok_or(Refusal::NotFound("update"))?;
    Ok(Readings { page: public::incident_page(&page), notice })
}

fn mail(desk: &Desk, notice: &IncidentNotice) -> Result<delivery::email::Rendered, Refusal> {
    let reader = Reader {
        unsubscribe_url: NO_LINK.into(),
        manage_url: NO_LINK.into(),
        time_zone: "Etc/UTC".into(),
        language: domain::language::Language::English,
    };
    let rendered = IncidentUpdate::new(notice, &reader, desk.now()).render();
    rendered.map_err(|e| Refusal::Conflict(format!("The mail cannot be rendered: {e}.")))
}

/// What the form would look like to its readers, or why it cannot be published as it is.
pub(crate) async fn seen(desk: &Desk, form: Form, incident_id: &str) -> Result<Seen, Refusal> {
    let place = if form == Form::Declare { "new" } else { incident_id };
    let base = format!("/console/drafts/{}/{place}/as", form.slug());
    match read(desk, form, incident_id, &desk.fields).await {
        Ok(readings) => {
            let mail = mail(desk, &readings.notice)?;
            let webhook = IncidentBody::new(&readings.notice).to(NO_LINK, desk.now());
            let webhook: serde_json::Value = serde_json::from_slice(&webhook).unwrap_or_default();
            Ok(Seen {
                base,
                subject: mail.subject,
                text: mail.text,
                webhook: serde_json::to_string_pretty(&webhook).unwrap_or_default(),
                not_yet: String::new(),
            })
        }
        Err(Refusal::Field { message, .. }) | Err(Refusal::Conflict(message)) => {
            Ok(Seen { base, not_yet: message, ..Seen::default() })
        }
        Err(refusal) => Err(refusal),
    }
}

/// What this person saved of a form, as the page or the mail that it would become.
pub async fn as_read(desk: Desk, Path((form, place, what)): Path<(String, String, String)>) -> Answer {
    let form = Form::find(&form).ok_or(Refusal::NotFound("form"))?;
    let incident_id = if form == Form::Declare { String::new() } else { place };
    let draft = desk.read().await?.saved_draft(&desk.session.user_id, &incident_id, form.slug()).await?;
    let draft = draft.ok_or(Refusal::NotFound("draft"))?;
    let readings = read(&desk, form, &incident_id, &Fields::from_json(&draft.fields)).await?;
    match what.as_str() {
        "page" => Ok(framed(readings.page)),
        "mail" => Ok(framed(mail(&desk, &readings.notice)?.html)),
        _ => Err(Refusal::NotFound("preview")),
    }
}

/// A document that only our own console may frame, and that can do nothing there.
fn framed(html: String) -> Response {
    let mut response = Html(html).into_response();
    let mut put = |name: HeaderName, value: &'static str| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    put(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'self'; base-uri 'none'; sandbox",
    );
    put(header::X_FRAME_OPTIONS, "SAMEORIGIN");
    put(header::CACHE_CONTROL, "no-store");
    put(HeaderName::from_static("cross-origin-embedder-policy"), "require-corp");
    response
}
