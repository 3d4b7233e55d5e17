//! The outbox: notices become deliveries, and deliveries leave. Claims commit before the network; results carry the
//! fence of their claim, so that a late worker changes nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use delivery::{
    email::{
        MailAddress, Outgoing, Security, Smtp, SmtpSettings,
        message::{build, opaque},
        template::{ConfirmSubscription, IncidentUpdate, Reader, Rendered},
    },
    outcome::Outcome,
    schedule::{MAIL_SECS, next_delay},
    webhook::{Client, Secret, Target, body, challenge, client::Delivery},
};
use domain::{
    clock::{DAY, SECOND, Timestamp},
    clock_local::listed,
    notice::IncidentNotice,
};
use store::{ClaimedRow, OutboxRow, SubscriberRow};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    clock::{new_id, random},
    commands::{Refusal, subscribe},
    config::Config,
    http::serve::stopped,
    keys::Purpose,
    reads::{World, notice},
    state::App,
};

/// A claim holds this long; a delivery takes less.
const LEASE: i64 = 60 * SECOND;
/// Recipients queued in one transaction.
const CHUNK: i64 = 1_000;
/// Webhooks on their way at once.
const WEBHOOKS: usize = 64;
/// While the relay is out of reach, mail waits this long before the next try.
const RELAY_PAUSE: i64 = 10 * SECOND;

/// What goes out, and through what.
pub struct Senders {
    smtp: Option<Smtp>,
    from: Option<MailAddress>,
    client: Client,
}

/// What the console shows of deliveries.
#[derive(Debug, Default)]
pub struct Health(Mutex<Option<String>>);

impl Health {
    /// Why no mail leaves; none while it does.
    #[must_use]
    pub fn mail_trouble(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, trouble: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

impl Senders {
    /// From the configuration.
    ///
    /// # Errors
    /// One sentence when the sender's address is none.
    pub fn new(app: &App) -> Result<Self, String> {
        let config: &Config = &app.config;
        let from = MailAddress::parse(&config.smtp.from).map_err(|e| format!("smtp.from: {e}"));
        let (smtp, from) =
            if config.smtp.host.is_empty() { (None, from.ok()) } else { (Some(relay(config)), Some(from?)) };
        let agent = format!("Waypost/{} (+{}/api)", env!("CARGO_PKG_VERSION"), config.origin());
        Ok(Self { smtp, from, client: Client::new((*app.guard).clone(), agent) })
    }
}

fn relay(config: &Config) -> Smtp {
    let smtp = &config.smtp;
    Smtp::new(SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port,
        security: match smtp.security.as_str() {
            "tls" => Security::Tls,
            "starttls" => Security::StartTls,
            _ => Security::None,
        },
        credentials: (!smtp.username.is_empty())
            .then(|| (smtp.username.clone(), smtp.password.expose().to_owned())),
        hello: smtp.from.split_once('@').map_or("localhost", |(_, d)| d).to_owned(),
    })
}

/// Expands and sends until the stop; what is on its way then ends, or its lease does.
pub async fn run(app: App, senders: Arc<Senders>, mut stop: watch::Receiver<bool>) {
    loop {
        match drain(&app, &senders).await {
            Ok(0) => {
                tokio::select! {
                    () = stopped(&mut stop) => break,
                    () = app.wake.outbox.notified() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
            Ok(_) if *stop.borrow() => break,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "outbox: a round failed; trying again");
                tokio::select! {
                    () = stopped(&mut stop) => break,
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
        }
    }
    if let Some(smtp) = &senders.smtp {
        smtp.rest(true).await;
    }
}

/// One round: queues the recipients of new notices, then sends what is due on both channels. The number of steps.
pub async fn drain(app: &App, senders: &Arc<Senders>) -> Result<usize, Refusal> {
    let mut steps = 0;
    loop {
        let now = app.clock.now();
        let mut tx = app.store.write().await?;
        let Some(notice) = tx.unexpanded().await? else { break };
        tx.expand(&notice, CHUNK, now).await?;
        tx.commit().await?;
        steps += 1;
    }
    let mail = if senders.smtp.is_some() { app.config.smtp.connections } else { 0 };
    let (mails, hooks) =
        tokio::join!(channel(app, senders, "email", mail), channel(app, senders, "webhook", WEBHOOKS));
    Ok(steps + mails? + hooks?)
}

/// What is told, read once per round.
type Told = Arc<HashMap<String, (OutboxRow, Option<IncidentNotice>, i64)>>;

async fn channel(
    app: &App,
    senders: &Arc<Senders>,
    channel: &'static str,
    limit: usize,
) -> Result<usize, Refusal> {
    if limit == 0 {
        return Ok(0);
    }
    let fence = new_id();
    let mut tx = app.store.write().await?;
    let limit = i64::try_from(limit).unwrap_or(1);
    let claimed = tx.claim_deliveries(channel, limit, &fence, app.clock.now(), LEASE).await?;
    tx.commit().await?;
    if claimed.is_empty() {
        return Ok(0);
    }
    let told = told(app, &claimed).await?;
    let count = claimed.len();
    let mut sending = JoinSet::new();
    for row in claimed {
        let (app, senders, told, fence) = (app.clone(), senders.clone(), told.clone(), fence.clone());
        sending.spawn(async move {
            if let Err(error) = one(&app, &senders, &told, channel, &row, &fence).await {
                tracing::error!(%error, delivery = row.id, "outbox: a result could not be kept; its lease will end");
            }
        });
    }
    while sending.join_next().await.is_some() {}
    Ok(count)
}

async fn told(app: &App, claimed: &[ClaimedRow]) -> Result<Told, Refusal> {
    let mut told = HashMap::new();
    let mut world = None;
    for row in claimed {
        if told.contains_key(&row.event_id) {
            continue;
        }
        let mut tx = app.store.read().await?;
        let Some(outbox) = tx.outbox(&row.event_id).await? else { continue };
        let mut newest = outbox.sequence;
        let mut about = None;
        if let (Some(incident), Some(update)) = (&outbox.incident_id, &outbox.update_id) {
            newest = tx.newest_sequence(incident).await?;
            drop(tx);
            if world.is_none() {
                world = Some(World::load(&app.store, app.clock.now()).await?);
            }
            about = world.as_ref().and_then(|w| notice::notice(w, app.config.origin(), incident, update));
        }
        told.insert(row.event_id.clone(), (outbox, about, newest));
    }
    Ok(Arc::new(told))
}

async fn one(
    app: &App,
    senders: &Senders,
    told: &Told,
    channel: &str,
    row: &ClaimedRow,
    fence: &str,
) -> Result<(), Refusal> {
    let now = app.clock.now();
    let subscriber = app.store.read().await?.subscriber(&row.subscriber_id).await?;
    let finish = async |state: &str, answer: &str| -> Result<(), Refusal> {
        let mut tx = app.store.write().await?;
        tx.finish_delivery(row.id, fence, state, answer, app.clock.now()).await?;
        Ok(tx.commit().await?)
    };
    let (Some((outbox, about, newest)), Some(subscriber)) = (told.get(&row.event_id), subscriber) else {
        return finish("skipped", "nothing to tell any more").await;
    };
    let is_handshake = outbox.kind != "incident_update";
    let may = if is_handshake { subscriber.state == "pending" } else { subscriber.state == "confirmed" };
    if !may {
        return finish("skipped", &format!("the subscriber is {}", subscriber.state)).await;
    }
    let is_retry = row.attempts > 1;
    if channel == "email"
        && !is_handshake
        && ((is_retry && *newest > outbox.sequence) || now.since(row.created_at) > DAY)
    {
        return finish("superseded", "a newer update has been published").await;
    }
    let outcome = if channel == "email" {
        mail(app, senders, outbox, about.as_ref(), &subscriber, row).await
    } else {
        webhook(app, senders, outbox, about.as_ref(), &subscriber, now).await
    };
    keep(app, channel, row, fence, &subscriber, outbox, outcome).await
}

async fn keep(
    app: &App,
    channel: &str,
    row: &ClaimedRow,
    fence: &str,
    subscriber: &SubscriberRow,
    outbox: &OutboxRow,
    outcome: Outcome,
) -> Result<(), Refusal> {
    let now = app.clock.now();
    let mut tx = app.store.write().await?;
    if channel == "email" {
        app.delivery.set(match &outcome {
            Outcome::Unreachable(why) => Some(why.clone()),
            _ => None,
        });
    }
    match outcome {
        Outcome::Delivered(answer) => {
            let is_mine = tx.finish_delivery(row.id, fence, "delivered", &answer, now).await?;
            if is_mine && outbox.kind == "challenge" {
                tx.set_subscriber_state(&subscriber.id, "confirmed", now).await?;
            }
        }
        Outcome::Unreachable(answer) => {
            tx.retry_delivery(row.id, fence, &answer, now.plus(RELAY_PAUSE), true).await?;
        }
        Outcome::Retry { answer, after_ms } => {
            let schedule =
                if channel == "email" { &MAIL_SECS[..] } else { &app.config.webhook.schedule_secs };
            let roll = u32::from_be_bytes(random());
            // An endpoint is asked once: silence is a no.
            match next_delay(schedule, row.attempts, roll, after_ms).filter(|_| outbox.kind != "challenge") {
                Some(delay) => tx.retry_delivery(row.id, fence, &answer, now.plus(delay), false).await?,
                None => tx.finish_delivery(row.id, fence, "dead", &answer, now).await?,
            };
        }
        Outcome::Gone(answer) => {
            tx.finish_delivery(row.id, fence, "dead", &answer, now).await?;
            tx.set_subscriber_state(&subscriber.id, "disabled", now).await?;
            tx.skip_deliveries(&subscriber.id, now).await?;
        }
        Outcome::Dead(answer) => {
            tx.finish_delivery(row.id, fence, "dead", &answer, now).await?;
        }
    }
    Ok(tx.commit().await?)
}

fn scope(app: &App, subscriber: &SubscriberRow) -> String {
    app.snapshot.with_world(|w| match subscriber.chosen_countries() {
        None => "the whole page".to_owned(),
        Some(codes) => {
            let names: Vec<&str> =
                codes.iter().filter_map(|c| w.country(c)).map(|c| c.name.as_str()).collect();
            listed(&names)
        }
    })
}

fn content(
    app: &App,
    outbox: &OutboxRow,
    about: Option<&IncidentNotice>,
    subscriber: &SubscriberRow,
    unsubscribe_url: &str,
) -> Result<Rendered, String> {
    let now = outbox.created_at;
    let rendered = match about {
        Some(notice) => {
            let reader = Reader {
                unsubscribe_url: unsubscribe_url.to_owned(),
                time_zone: subscriber.time_zone.clone(),
            };
            IncidentUpdate::new(notice, &reader, now).render()
        }
        None => ConfirmSubscription {
            page_name: app.snapshot.with_world(|w| w.page_name.clone()),
            scope: scope(app, subscriber),
            confirm_url: format!(
                "{}/confirm/{}",
                app.config.origin(),
                subscribe::confirm_token(&app.keys, subscriber)
            ),
            valid_until: ConfirmSubscription::until(
                Timestamp::from_millis(subscriber.confirm_expires_at.unwrap_or(0)),
                now,
            ),
            unsubscribe_url: unsubscribe_url.to_owned(),
        }
        .render(),
    };
    rendered.map_err(|e| e.to_string())
}

async fn mail(
    app: &App,
    senders: &Senders,
    outbox: &OutboxRow,
    about: Option<&IncidentNotice>,
    subscriber: &SubscriberRow,
    row: &ClaimedRow,
) -> Outcome {
    let (Some(smtp), Some(from)) = (&senders.smtp, &senders.from) else {
        return Outcome::Unreachable("no mail relay is configured".into());
    };
    if outbox.kind == "incident_update" && about.is_none() {
        return Outcome::Dead("the update is not there any more".into());
    }
    let Ok(to) = MailAddress::parse(&subscriber.address) else {
        return Outcome::Dead("the address is not valid".into());
    };
    let token = subscribe::unsubscribe_token(&app.keys, &subscriber.id);
    let unsubscribe_url = format!("{}/u/{token}", app.config.origin());
    let content = match content(app, outbox, about, subscriber, &unsubscribe_url) {
        Ok(content) => content,
        Err(error) => return Outcome::Dead(error),
    };
    let message_id = opaque(&app.keys.mac(Purpose::MessageId, &[&outbox.event_id, &subscriber.id]));
    let thread_id =
        outbox.incident_id.as_ref().map(|id| opaque(&app.keys.mac(Purpose::MessageId, &["incident", id])));
    let page_name = app.snapshot.with_world(|w| w.page_name.clone());
    let outgoing = Outgoing {
        from_name: &page_name,
        from,
        to: &to,
        content: &content,
        message_id: &message_id,
        thread_id: thread_id.as_deref(),
        unsubscribe_url: &unsubscribe_url,
        date: row.created_at,
    };
    match build(&outgoing) {
        Ok(message) => smtp.send(from, &to, &message).await,
        Err(poison) => Outcome::Dead(poison.to_string()),
    }
}

async fn webhook(
    app: &App,
    senders: &Senders,
    outbox: &OutboxRow,
    about: Option<&IncidentNotice>,
    subscriber: &SubscriberRow,
    now: Timestamp,
) -> Outcome {
    let target = match Target::parse(&subscriber.address, senders.client.guard()) {
        Ok(target) => target,
        Err(error) => return Outcome::retry(error.to_string()),
    };
    let sealed = subscriber.secret_sealed.as_deref().unwrap_or("");
    let secret = app
        .keys
        .open(&subscribe::secret_context(&subscriber.id), sealed)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| Secret::parse(&text).ok());
    let Some(secret) = secret else { return Outcome::Dead("the signing secret cannot be opened".into()) };
    let id = format!("msg_{}", outbox.event_id);
    if outbox.kind == "challenge" {
        let expected = app.keys.token(Purpose::MailLink, &["challenge", &outbox.event_id]);
        let body = challenge::body(&expected);
        let answer =
            senders.client.post(&target, Delivery { id: &id, at: now, secret: &secret, body: &body }).await;
        return match answer.outcome {
            Outcome::Delivered(said) if challenge::passes(&expected, &answer.body) => {
                Outcome::Delivered(said)
            }
            Outcome::Delivered(_) => Outcome::retry("the answer does not hold the challenge"),
            other => other,
        };
    }
    let Some(notice) = about else { return Outcome::Dead("the update is not there any more".into()) };
    let token = subscribe::unsubscribe_token(&app.keys, &subscriber.id);
    let body = body::incident(notice, &format!("{}/u/{token}", app.config.origin()), now);
    senders.client.post(&target, Delivery { id: &id, at: now, secret: &secret, body: &body }).await.outcome
}
