//! Subscribers and the state of deliveries.

mod export;
mod found;
pub mod one;

pub use self::export::export;
use self::found::Wanted;

use app::console::{
    self,
    model::{ChannelLine, FormError, Subscribers},
};
use axum::{
    Extension, Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use delivery::email::MailAddress;
use domain::clock_local::{utc_date, utc_time};
use serde::Deserialize;
use store::{SubscriberRow, Tx};

use super::{ctx, frame, page};
use crate::{
    auth::{role::Permission, session::Session},
    commands::{Refusal, measured, subscribe},
    http::{errors::refusal_page, fields::Fields},
    reads::deliveries::{self, ChannelHealth},
    state::App,
};

/// One sentence for the clock board.
pub(super) async fn delivery_sentence(app: &App, tx: &mut Tx) -> Result<String, Refusal> {
    if let Some(trouble) = app.delivery.mail_trouble() {
        return Ok(format!("Mail is not leaving: {trouble}. It is kept and tried again."));
    }
    if tx.mail_pause().await?.is_some() {
        return Ok(
            "Too much mail came back: what is no news of an incident is held up. See Subscribers.".into()
        );
    }
    if tx.measured_told().await?.held_at.is_some() {
        return Ok(
            "Too many digests of measured changes: they are held until somebody looks. See Subscribers."
                .into(),
        );
    }
    let waiting: i64 = tx.queue_depth().await?.iter().map(|q| q.count).sum();
    Ok(match waiting {
        0 => "Everything published has been handed over.".into(),
        n => format!("{n} notices are on their way."),
    })
}

/// What a form said, and what came of it.
#[derive(Debug, Default)]
struct Said {
    csv: String,
    consent: String,
    done: Option<String>,
    error: Option<FormError>,
    wanted: Wanted,
}

/// The page.
pub async fn show(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Query(wanted): Query<Wanted>,
) -> Response {
    answer(&app, &session, StatusCode::OK, Said { wanted, ..Said::default() }).await
}

async fn answer(app: &App, session: &Session, status: StatusCode, said: Said) -> Response {
    match load(app, session, said).await {
        Ok(model) => {
            let frame = frame(app, Some(session), "Subscribers", "/console/subscribers");
            page(status, &frame.nonce.clone(), console::subscribers(&frame, &model))
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

/// `?only=waiting`: what ended is not looked at.
#[derive(Debug, Default, Deserialize)]
pub struct Only {
    #[serde(default)]
    only: String,
}

/// How deliveries go, for machines.
pub async fn health(State(app): State<App>, Query(asked): Query<Only>) -> Response {
    let read = async {
        let mut tx = app.store.read().await?;
        let now = app.clock.now();
        let notices = tx.unexpanded_notices().await?;
        let channels = match asked.only.as_str() {
            "waiting" => deliveries::waiting(&mut tx, now).await?,
            _ => deliveries::health(&mut tx, now).await?,
        };
        Ok::<_, Refusal>(deliveries::json(&channels, notices))
    };
    match read.await {
        Ok(body) => Json(body).into_response(),
        Err(refusal) => refusal_page(&refusal),
    }
}

/// Ends the pause of mail that is no news of an incident.
pub async fn resume_mail(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    let done = async {
        let mut tx = app.store.write().await?;
        subscribe::mail_pause::resume(&mut tx, &ctx(&app, &session)).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(())
    };
    match done.await {
        Ok(()) => {
            let done = Some("Mail goes on; what was held up leaves within ten minutes.".into());
            answer(&app, &session, StatusCode::OK, Said { done, ..Said::default() }).await
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

/// Lets digests of measured changes leave again.
pub async fn resume_digests(State(app): State<App>, Extension(session): Extension<Session>) -> Response {
    let done = async {
        let mut tx = app.store.write().await?;
        measured::resume(&mut tx, &ctx(&app, &session)).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(())
    };
    match done.await {
        Ok(()) => {
            let done = Some("Digests leave again; the next one tells what was held.".into());
            answer(&app, &session, StatusCode::OK, Said { done, ..Said::default() }).await
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

/// Takes subscribers from a file.
pub async fn import(
    State(app): State<App>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Response {
    let (csv, consent) = (fields.one("csv").to_owned(), fields.one("consent").to_owned());
    let done = async {
        let mut tx = app.store.write().await?;
        let done =
            subscribe::import::import(&mut tx, &ctx(&app, &session), &app.keys, &csv, &consent).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(done)
    };
    match done.await {
        Ok(done) => {
            let words =
                format!("{} added, {} left as they were. Nobody was notified.", done.added, done.left);
            answer(&app, &session, StatusCode::OK, Said { done: Some(words), ..Said::default() }).await
        }
        Err(Refusal::Field { field, message }) => {
            let error = Some(FormError { field: field.into(), message });
            let said = Said { csv, consent, error, ..Said::default() };
            answer(&app, &session, StatusCode::UNPROCESSABLE_ENTITY, said).await
        }
        Err(refusal) => refusal_page(&refusal),
    }
}

pub(super) fn masked(row: &SubscriberRow) -> String {
    if row.channel == "email" {
        return MailAddress::parse(&row.address).map_or_else(|_| "(erased)".into(), |a| a.masked());
    }
    format!("{}/…", row.host)
}

async fn load(app: &App, session: &Session, said: Said) -> Result<Subscribers, Refusal> {
    let now = app.clock.now();
    let mut tx = app.store.read().await?;
    let mail = match app.delivery.mail_trouble() {
        Some(trouble) => trouble,
        None if app.config.smtp.host.is_empty() => {
            "no relay is configured (smtp.host): no mail leaves".into()
        }
        None => "reachable, as far as tried".into(),
    };
    let channels = deliveries::health(&mut tx, now).await?.iter().map(channel).collect();
    let held_up = tx.mail_pause().await?.map(|pause| {
        format!(
            "{} (Since {} on {}.)",
            pause.why,
            utc_time(pause.paused_at, pause.paused_at),
            utc_date(pause.paused_at)
        )
    });
    let measured = tx.measured_told().await?;
    let held_digests = measured.held_at.map(|at| {
        format!(
            "{} (Since {} on {}.)",
            measured.held_why,
            utc_time(at.into(), at.into()),
            utc_date(at.into())
        )
    });
    Ok(Subscribers {
        found: found::find(&mut tx, &said.wanted, now).await?,
        counts: tx.count_subscribers().await?,
        mail,
        held_up,
        held_digests,
        may_command: session.role.may(Permission::Command),
        channels,
        may_own: session.role.may(Permission::Own),
        csv: said.csv,
        consent: said.consent,
        done: said.done,
        error: said.error,
    })
}

fn channel(health: &ChannelHealth) -> ChannelLine {
    let class = |(priority, n): &(i64, i64)| {
        let name = match priority {
            0 => "Sev 1",
            1 => "Sev 2",
            2 if *n == 1 => "question",
            2 => "questions",
            _ if *n == 1 => "other",
            _ => "others",
        };
        format!("{n} {name}")
    };
    let share = health.failure_share().map(|share| format!("{:.1} %", share * 100.0));
    ChannelLine {
        name: health.channel.clone(),
        waiting: match health.classes.as_slice() {
            [] => "nothing".into(),
            classes => classes.iter().map(class).collect::<Vec<_>>().join(", "),
        },
        oldest: health.oldest_words().unwrap_or_default(),
        delivered: health.count("delivered"),
        rate: match health.per_minute() {
            0.0 => String::new(),
            rate => format!("{rate:.1} a minute just now"),
        },
        took: health.took_words().unwrap_or_default(),
        failed: share.unwrap_or_else(|| "–".into()),
        is_no_go: health.is_no_go(),
    }
}
