//! One subscriber, for the operator.

use app::console::{
    self,
    model::{FormError, SubscriberMessage, SubscriberPage},
};
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use domain::{
    clock::Timestamp,
    clock_local::{utc_date, utc_time},
};
use store::{SubscriberRow, Tx};

use super::masked;
use crate::{
    auth::{role::Permission, session::Session, sure},
    commands::{
        Refusal,
        subscribe::{self, bounces, endpoints},
    },
    http::{
        console::{ctx, frame, page},
        errors::refusal_page,
        fields::Fields,
        subscriptions::repeats,
    },
    reads::deliveries,
    state::App,
};

/// Messages and attempts that are shown.
const SHOWN: i64 = 50;
/// More messages than this are sent again only by somebody who has given both factors once more.
const REPLAYED_FREELY: u64 = 100;

/// The page.
pub async fn show(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Response {
    answer(&app, &session, &id, StatusCode::OK, None, None).await
}

async fn answer(
    app: &App,
    session: &Session,
    id: &str,
    status: StatusCode,
    done: Option<String>,
    error: Option<FormError>,
) -> Response {
    let loaded = async {
        let mut tx = app.store.read().await?;
        let row = tx.subscriber(id).await?.ok_or(Refusal::NotFound("subscriber"))?;
        load(&mut tx, app, session, &row).await
    };
    match loaded.await {
        Ok(model) => {
            let frame = frame(app, Some(session), "Subscriber", "/console/subscribers");
            let model = SubscriberPage { done, error, ..model };
            page(status, &frame.nonce.clone(), console::subscriber(&frame, &model))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

async fn load(
    tx: &mut Tx,
    app: &App,
    session: &Session,
    row: &SubscriberRow,
) -> Result<SubscriberPage, Refusal> {
    let now = app.clock.now();
    let scope = row.scope().unwrap_or_default();
    let words = app.snapshot.with_world(|w| scope.words(w));
    let on = |ms: i64| utc_date(Timestamp::from_millis(ms));
    let mut facts = vec![
        ("Gets".to_owned(), format!("updates about {words}")),
        ("Time zone".into(), row.time_zone.clone()),
        ("Asked".into(), utc_date(row.created_at)),
        ("Agreed to".into(), row.consent_wording.clone()),
    ];
    facts.extend(row.confirmed_at.map(|at| ("Confirmed".to_owned(), on(at))));
    facts.extend(row.failing_since_at.map(|at| ("Fails since".to_owned(), on(at))));
    let message = |d: store::DeliveryRow| SubscriberMessage {
        at: format!("{}, {}", utc_date(d.created_at), utc_time(d.created_at, d.created_at)),
        what: deliveries::about(&d.kind).to_owned(),
        again: (row.channel != "email" && deliveries::is_repeatable(&d)).then(|| d.event_id.clone()),
        state: d.state,
        attempts: d.attempts,
        answer: d.answer.unwrap_or_default(),
    };
    let attempt = |a: store::DeliveryAttemptRow| {
        let result = if a.is_delivered { "taken" } else { "failed" };
        (utc_time(a.at, now), format!("{} ms", a.took_ms), result, a.answer)
    };
    Ok(SubscriberPage {
        id: row.id.clone(),
        address: masked(row),
        channel: row.channel.clone(),
        state: if row.is_paused(now) { format!("{}, paused", row.state) } else { row.state.clone() },
        facts,
        verbs: if session.role.may(Permission::Own) { verbs(row, now) } else { Vec::new() },
        messages: tx.deliveries_of(&row.id, SHOWN).await?.into_iter().map(message).collect(),
        attempts: tx.delivery_attempts(&row.id, SHOWN).await?.into_iter().map(attempt).collect(),
        ..SubscriberPage::default()
    })
}

/// What can be done now.
fn verbs(row: &SubscriberRow, now: Timestamp) -> Vec<(String, String)> {
    let verbs: &[(&str, &str)] = match (row.state.as_str(), row.is_paused(now)) {
        ("confirmed", false) => &[
            ("test", "Send a test"),
            ("replay", "Send again what was given up"),
            ("pause", "Pause"),
            ("end", "End it"),
        ],
        ("confirmed", true) => &[("resume", "Go on"), ("end", "End it")],
        ("pending", _) if row.channel != "email" => {
            &[("approve", "Approve without challenge"), ("end", "End it")]
        }
        ("disabled", _) => &[("enable", "Try it again")],
        ("suppressed", _) => &[("release", "Let it subscribe again")],
        _ => &[],
    };
    verbs.iter().map(|(verb, label)| ((*verb).to_owned(), (*label).to_owned())).collect()
}

/// Does one of them.
pub async fn act(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    Extension(fields): Extension<Fields>,
) -> Response {
    match run(&app, &session, &id, &fields).await {
        Ok(None) => {
            let path = format!("/console/subscribers/{id}");
            let why = format!("More than {REPLAYED_FREELY} messages would be sent again");
            sure::ask(&app, &session, &path, &fields, &why)
        }
        Ok(Some(words)) => answer(&app, &session, &id, StatusCode::OK, Some(words), None).await,
        Err(Refusal::Field { message, .. }) => {
            let error = Some(FormError { field: String::new(), message });
            answer(&app, &session, &id, StatusCode::UNPROCESSABLE_ENTITY, None, error).await
        }
        Err(Refusal::Conflict(message)) => {
            let error = Some(FormError { field: String::new(), message });
            answer(&app, &session, &id, StatusCode::CONFLICT, None, error).await
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

/// None: both factors are asked for first.
async fn run(app: &App, session: &Session, id: &str, fields: &Fields) -> Result<Option<String>, Refusal> {
    let ctx = ctx(app, session);
    let mut tx = app.store.write().await?;
    let words = match fields.one("verb") {
        "approve" => {
            subscribe::approve(&mut tx, &ctx, id).await?;
            "Approved.".to_owned()
        }
        "test" => {
            endpoints::test(&mut tx, &ctx, id).await?;
            "A test is on its way.".into()
        }
        "replay" => match endpoints::replay(&mut tx, &ctx, id, repeats(fields)?).await? {
            0 => "Nothing was given up.".into(),
            n if n > REPLAYED_FREELY && !session.is_sure(ctx.now) => return Ok(None),
            1 => "1 message is sent again, after everything that is new.".into(),
            n => format!("{n} messages are sent again, after everything that is new."),
        },
        "enable" => {
            endpoints::enable(&mut tx, &ctx, id).await?;
            "It is being asked; messages start once it answers.".into()
        }
        "pause" => {
            subscribe::pause(&mut tx, &ctx, id, 0).await?;
            "Paused until somebody says so.".into()
        }
        "resume" => {
            subscribe::resume(&mut tx, &ctx, id).await?;
            "It goes on.".into()
        }
        "end" => {
            subscribe::unsubscribe(&mut tx, &ctx, id).await?;
            "Ended.".into()
        }
        "release" => {
            bounces::release(&mut tx, &ctx, id).await?;
            "This address may subscribe again; it is asked to confirm then.".into()
        }
        other => return Err(Refusal::field("verb", format!("{other:?} is nothing that can be done here."))),
    };
    tx.commit().await?;
    app.wake.outbox.notify_one();
    Ok(Some(words))
}
