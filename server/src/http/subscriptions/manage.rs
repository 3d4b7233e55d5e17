//! The manage link: whoever holds it sees and changes one subscription, without an account. GET changes nothing.

use app::{
    model::{ManagePage, ManagedMessage, Message},
    paths,
    public::{manage_page, message_page},
};
use axum::{
    extract::{Path, Query, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use delivery::email::MailAddress;
use domain::{
    clock::{HOUR, SECOND, Timestamp},
    clock_local::utc_time,
    language::{Language, Word, manage as words, refusal},
};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{DeliveryAttemptRow, DeliveryRow, SubscriberRow, Tx};

use super::{failed, public_page, read, site, wish};
use crate::{
    commands::{
        Ctx, Refusal,
        subscribe::{self, endpoints},
    },
    http::{door::Door, fields::Fields},
    reads::deliveries,
    state::App,
};

/// What a replay says that found nothing to send.
const NOTHING: &str = "nothing";
/// Deliveries that are shown.
const SHOWN: i64 = 20;

/// What was just done: `?done=saved`.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    #[serde(default)]
    done: String,
}

impl Done {
    fn word(&self) -> Option<Word> {
        Some(match self.done.as_str() {
            "saved" => words::SAVED,
            "paused" => words::PAUSED,
            "resumed" => words::RESUMED,
            "tested" => words::TESTED,
            "replayed" => words::REPLAYED,
            "replayed-none" => words::NOTHING_REPLAYED,
            "replayed-one" => words::REPLAYED_ONE,
            "asked" => words::ASKED,
            _ => return None,
        })
    }
}

fn gone(app: &App) -> Response {
    public_page(StatusCode::NOT_FOUND, message_page(&Message::link_expired(site(app))))
}

/// What a request left to say on the page.
#[derive(Default)]
struct Said {
    done: Option<Word>,
    secret: Option<String>,
    /// The fields as typed, with what is wrong: field and sentence.
    wrong: Option<(Fields, &'static str, String)>,
}

async fn found(tx: &mut Tx, app: &App, token: &str) -> Result<Option<SubscriberRow>, Refusal> {
    let Some(id) = subscribe::managed_by(&app.keys, token) else { return Ok(None) };
    Ok(tx.subscriber(&id).await?.filter(|s| !matches!(s.state.as_str(), "erased" | "suppressed")))
}

/// The page.
pub async fn show(State(app): State<App>, Path(token): Path<String>, Query(done): Query<Done>) -> Response {
    let said = Said { done: done.word(), ..Said::default() };
    answer(&app, &token, StatusCode::OK, said).await
}

/// Renders the page over what a request left in `said`.
async fn answer(app: &App, token: &str, status: StatusCode, said: Said) -> Response {
    let ctx = Ctx::system(app.clock.now());
    let loaded = async {
        let mut tx = app.store.read().await?;
        let Some(row) = found(&mut tx, app, token).await? else { return Ok(None) };
        let door = Door::of(app, row.partner_id.as_deref()).await;
        let model = page(&mut tx, (app, &door), token, &row, said, ctx.now).await?;
        Ok::<_, Refusal>(Some(door.dressed(manage_page(&model))))
    };
    match loaded.await {
        Ok(Some(page)) => public_page(status, page),
        Ok(None) => gone(app),
        Err(refusal) => failed(app, &refusal, &ctx),
    }
}

async fn page(
    tx: &mut Tx,
    (app, door): (&App, &Door),
    token: &str,
    row: &SubscriberRow,
    said: Said,
    now: Timestamp,
) -> Result<ManagePage, Refusal> {
    let language = Language::of(&row.language);
    let scope = row.scope().unwrap_or_default();
    let messages = tx.deliveries_of(&row.id, SHOWN).await?.into_iter();
    let (mut form, about) = door.with_world(app, |w| {
        (wish::form(w, &scope, &row.time_zone, &row.language), scope.words_in(language, w))
    });
    let mut contact = row.contact.clone().unwrap_or_default();
    let mut errors = Vec::new();
    if let Some((fields, field, message)) = said.wrong {
        form = door.with_world(app, |w| wish::typed(w, &fields));
        contact = fields.one("contact").to_owned();
        errors.push((field.to_owned(), refusal::in_words(language, field, &message)));
    }
    let message = |d: DeliveryRow| {
        let state = deliveries::state_in(&d.state).map(|word| language.say(word).to_owned());
        ManagedMessage {
            at: language.utc_time(d.created_at, now),
            what: language.say(deliveries::about_in(&d.kind)).to_owned(),
            again: deliveries::is_repeatable(&d).then_some(d.event_id),
            state: state.unwrap_or(d.state),
            answer: d.answer.unwrap_or_default(),
        }
    };
    let attempt = |a: DeliveryAttemptRow| {
        let result = if a.is_delivered { words::IS_DELIVERED } else { words::HAS_FAILED };
        let took = format!("{} ms", a.took_ms);
        (language.utc_time(a.at, now), took, language.say(result).to_owned(), a.answer)
    };
    Ok(ManagePage {
        attempts: tx.delivery_attempts(&row.id, SHOWN).await?.into_iter().map(attempt).collect(),
        site: door.site(app).speaking(language),
        token: token.to_owned(),
        channel: row.channel.clone(),
        address: match row.channel.as_str() {
            "email" => MailAddress::parse(&row.address).map_or_else(|_| String::new(), |a| a.masked()),
            _ => row.host.clone(),
        },
        state: state(row, language, &about, now),
        is_live: row.state == "confirmed",
        may_be_asked: row.may_be_asked(),
        is_paused: row.is_paused(now),
        scope: form,
        contact,
        secret: said.secret,
        public_key: row
            .is_key_signed
            .then(|| subscribe::key_pair(&app.keys, &row.id).map(|pair| pair.public()))
            .flatten(),
        done: said.done.map(|word| language.say(word).to_owned()),
        deliveries: messages.map(message).collect(),
        errors,
    })
}

fn state(row: &SubscriberRow, language: Language, about: &str, now: Timestamp) -> String {
    let word = match (row.state.as_str(), row.paused_until_at) {
        ("confirmed", Some(i64::MAX)) => words::PAUSED_OPEN,
        ("confirmed", Some(until)) if until > now.millis() => {
            let until = Timestamp::from_millis(until);
            let day = language.date(until.utc().date_naive());
            return language.fill(words::PAUSED_UNTIL, &[&utc_time(until, until), &day]);
        }
        ("confirmed", _) => return language.fill(words::YOU_GET, &[about]),
        ("pending", _) if row.channel == "email" => words::NOT_CONFIRMED,
        ("pending", _) => words::NOT_ANSWERED,
        ("disabled", _) => words::GIVEN_UP,
        _ => words::OVER,
    };
    language.say(word).to_owned()
}

/// Runs a change and shows what came of it.
async fn act(app: &App, token: &str, fields: Fields, verb: Verb) -> Response {
    let ctx = Ctx::system(app.clock.now());
    let (mut language, mut partner) = (Language::English, None);
    let is_one = fields.some("message").is_some();
    let done = async {
        let mut tx = app.store.write().await?;
        let Some(row) = found(&mut tx, app, token).await? else {
            return Err(Refusal::NotFound("subscription"));
        };
        language = Language::of(&row.language);
        partner.clone_from(&row.partner_id);
        let secret = verb.run(&mut tx, &ctx, app, &row.id, &fields).await?;
        tx.commit().await?;
        app.wake.outbox.notify_one();
        Ok(secret)
    };
    let done = done.await;
    let door = Door::of(app, partner.as_deref()).await;
    let site = door.site(app).speaking(language);
    let message_page = |message: &Message| door.dressed(message_page(message));
    match (done, verb) {
        (Ok(_), Verb::Erase) => public_page(StatusCode::OK, message_page(&Message::erased(site))),
        (Ok(_), Verb::Leave) => public_page(StatusCode::OK, message_page(&Message::unsubscribed(site))),
        (Ok(secret), Verb::Rotate) => {
            answer(app, token, StatusCode::OK, Said { secret, ..Said::default() }).await
        }
        (Ok(secret), verb) => {
            let done = match (verb, secret.as_deref()) {
                (Verb::Replay, _) if is_one => "replayed-one",
                (Verb::Replay, Some(NOTHING)) => "replayed-none",
                _ => verb.done(),
            };
            Redirect::to(&format!("{}?done={done}", paths::manage(token))).into_response()
        }
        (Err(Refusal::NotFound(_)), _) => gone(app),
        (Err(Refusal::Field { field, message }), _) => {
            let said = Said { wrong: Some((fields, field, message)), ..Said::default() };
            answer(app, token, StatusCode::UNPROCESSABLE_ENTITY, said).await
        }
        (Err(Refusal::Conflict(why)), _) => {
            let page = Message::not_changed(site, &refusal::in_words(language, "", &why), token);
            public_page(StatusCode::CONFLICT, message_page(&page))
        }
        (Err(refusal), _) => failed(app, &refusal, &ctx),
    }
}

/// What can be done by a manage link.
#[derive(Debug, Clone, Copy)]
enum Verb {
    Change,
    Pause,
    Resume,
    Rotate,
    SignWithKey,
    Test,
    Replay,
    Enable,
    Leave,
    Erase,
}

impl Verb {
    const fn done(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Test => "tested",
            Self::Replay => "replayed",
            Self::Enable => "asked",
            _ => "saved",
        }
    }

    async fn run(
        self,
        tx: &mut Tx,
        ctx: &Ctx,
        app: &App,
        id: &str,
        fields: &Fields,
    ) -> Result<Option<String>, Refusal> {
        match self {
            Self::Change => {
                let mut wish = wish::read(fields, ctx.now)?;
                let row = tx.subscriber(id).await?;
                wish.partner_id = row.as_ref().and_then(|s| s.partner_id.clone());
                let before = row.and_then(|s| s.scope());
                // An incident that is long over is on the page no more; keeping it is no mistake.
                if wish.scope.incident.as_deref() == Some("") {
                    wish.scope.incident = before.and_then(|s| s.incident);
                }
                subscribe::change(tx, ctx, id, wish).await?;
            }
            Self::Pause => {
                let days = fields.one("days").parse();
                let days = days.map_err(|_| Refusal::field("days", "Choose how long."))?;
                subscribe::pause(tx, ctx, id, days).await?;
            }
            Self::Resume => subscribe::resume(tx, ctx, id).await?,
            Self::Rotate => return subscribe::rotate_secret(tx, ctx, &app.keys, id).await.map(Some),
            Self::SignWithKey => {
                subscribe::sign_with_key(tx, ctx, id, fields.some("off").is_none()).await?;
            }
            Self::Test => {
                // An endpoint is tested as often as its owner likes to wait.
                let (sent, last) = tx.tests_since(id, ctx.now.plus(-HOUR)).await?;
                if sent >= 10 || ctx.now.since(last) < 5 * SECOND {
                    return Err(Refusal::Conflict(
                        "Wait a few seconds between tests; ten an hour at most.".into(),
                    ));
                }
                endpoints::test(tx, ctx, id).await?;
            }
            Self::Replay => {
                let count = endpoints::replay(tx, ctx, id, wish::repeats(fields)?).await?;
                return Ok((count == 0).then(|| NOTHING.to_owned()));
            }
            Self::Enable => endpoints::enable(tx, ctx, id).await?,
            Self::Leave => subscribe::unsubscribe(tx, ctx, id).await?,
            Self::Erase if fields.some("sure").is_none() => {
                return Err(Refusal::field(
                    "sure",
                    "Tick that you are sure: what is erased does not come back.",
                ));
            }
            Self::Erase => subscribe::erase(tx, ctx, id).await?,
        }
        Ok(None)
    }
}

macro_rules! doors {
    ($($(#[$doc:meta])* $name:ident => $verb:ident;)*) => {
        $($(#[$doc])*
        pub async fn $name(State(app): State<App>, Path(token): Path<String>, request: Request) -> Response {
            match read(request.into_body()).await {
                Ok(bytes) => act(&app, &token, Fields::parse(&bytes), Verb::$verb).await,
                Err(response) => response,
            }
        })*
    };
}

doors! {
    /// Changes what it is about.
    change => Change;
    /// Sends nothing for a while.
    pause => Pause;
    /// Ends a pause.
    resume => Resume;
    /// A new signing secret.
    rotate => Rotate;
    /// Signs with a key pair too, or no longer.
    sign_with_key => SignWithKey;
    /// Sends a test.
    test => Test;
    /// Sends again what was given up.
    replay => Replay;
    /// Tries a given-up endpoint again.
    enable => Enable;
    /// Ends it.
    leave => Leave;
    /// Forgets everything.
    erase => Erase;
}

/// Everything that is kept about a subscriber, for the subscriber.
pub async fn export(State(app): State<App>, Path(token): Path<String>) -> Response {
    let ctx = Ctx::system(app.clock.now());
    let loaded = async {
        let mut tx = app.store.read().await?;
        let Some(row) = found(&mut tx, &app, &token).await? else { return Ok(None) };
        let deliveries = tx.deliveries_of(&row.id, 1_000).await?;
        Ok::<_, Refusal>(Some(exported(&row, &deliveries)))
    };
    match loaded.await {
        Ok(Some(body)) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
                (
                    header::CONTENT_DISPOSITION,
                    HeaderValue::from_static("attachment; filename=\"subscription.json\""),
                ),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (headers, format!("{body:#}\n")).into_response()
        }
        Ok(None) => gone(&app),
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}

fn exported(row: &SubscriberRow, deliveries: &[store::DeliveryRow]) -> Value {
    let at = |ms: Option<i64>| ms.map(|ms| Timestamp::from_millis(ms).rfc3339());
    let message = |d: &store::DeliveryRow| json!({ "created_at": d.created_at.rfc3339(), "about": d.kind, "state": d.state, "attempts": d.attempts, "answer": d.answer, "finished_at": at(d.finished_at) });
    json!({
        "id": row.id,
        "channel": row.channel,
        "address": row.address,
        "state": row.state,
        "scope": row.scope(),
        "time_zone": row.time_zone,
        "language": row.language,
        "contact": row.contact,
        "consent": { "wording": row.consent_wording, "asked_at": row.created_at.rfc3339(), "confirmed_at": at(row.confirmed_at) },
        "paused_until_at": at(row.paused_until_at.filter(|ms| *ms != i64::MAX)),
        "messages": deliveries.iter().map(message).collect::<Vec<_>>(),
    })
}
