//! Asking for a subscription. The request is written down and answered at once; what is done about it, by whether we
//! know the address, is done afterwards: neither the answer nor its time tells who subscribes.

pub mod bounces;
pub mod endpoints;
pub mod export;
pub mod import;
pub mod mail_pause;
mod manage;
mod settle;

use delivery::{
    chat::Chat,
    email::MailAddress,
    webhook::{
        guard::Guard,
        sign::{KeyPair, Secret},
        target::Target,
    },
};
use domain::{clock_local::is_zone, language::Language, scope::Scope};
use store::{SubscriberRow, SubscriptionRequestRow, Tx};
use subtle::ConstantTimeEq as _;

pub use self::{
    manage::{
        approve, change, confirm, end_dated, erase, pause, resume, rotate_secret, sign_with_key,
        signing_secrets, unsubscribe,
    },
    settle::{Pace, settle},
};
use super::{Ctx, Refusal, audiences};
use crate::{
    clock::{new_id, random},
    keys::{Keys, Purpose},
};

/// What is consented to; kept with the subscription.
pub const WORDING: &str = "2026-11 notices about incidents until unsubscribed";

/// What somebody wants to hear, and how.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What it is about.
    pub scope: Scope,
    /// IANA zone; empty: UTC.
    pub time_zone: String,
    /// Code of a [`Language`]; empty: English.
    pub language: String,
    /// Whom to tell by mail when an endpoint fails; may be empty.
    pub contact: String,
    /// The partner on whose page it is asked for; none: the public page.
    pub partner_id: Option<String>,
}

impl Wish {
    /// Everything in this scope, by UTC.
    #[must_use]
    pub const fn of(scope: Scope) -> Self {
        Self {
            scope,
            time_zone: String::new(),
            language: String::new(),
            contact: String::new(),
            partner_id: None,
        }
    }

    /// Checks it against the page, and fills what was left empty.
    ///
    /// # Errors
    /// The field and what is wrong with it.
    pub async fn checked(mut self, tx: &mut Tx) -> Result<Self, Refusal> {
        known(tx, &self.scope, self.partner_id.as_deref()).await?;
        self.time_zone = or(self.time_zone.trim(), "UTC");
        self.language = or(self.language.trim(), "en");
        if self.time_zone.len() > 64 || !is_zone(&self.time_zone) {
            return Err(Refusal::field(
                "time_zone",
                "This is not a time zone. Examples: Europe/Paris, America/Toronto, UTC.",
            ));
        }
        if Language::find(&self.language).is_none() {
            return Err(Refusal::field("language", "Choose one of the languages."));
        }
        if !self.contact.trim().is_empty() {
            let contact = MailAddress::parse(self.contact.trim());
            self.contact = contact.map_err(|e| Refusal::field("contact", e.to_string()))?.normalised();
        }
        Ok(self)
    }

    fn contact(&self) -> Option<String> {
        Some(self.contact.clone()).filter(|c| !c.is_empty())
    }
}

fn or(text: &str, otherwise: &str) -> String {
    if text.is_empty() { otherwise.into() } else { text.into() }
}

/// Everything that a scope names is on the page.
async fn known(tx: &mut Tx, scope: &Scope, partner_id: Option<&str>) -> Result<(), Refusal> {
    let codes: Vec<String> = tx.countries().await?.into_iter().map(|c| c.code).collect();
    let portfolios: Vec<String> = tx.portfolios().await?.into_iter().map(|p| p.slug).collect();
    let components: Vec<String> = tx.components().await?.into_iter().map(|c| c.slug).collect();
    for (field, chosen, known) in [
        ("countries", &scope.countries, &codes),
        ("portfolios", &scope.portfolios, &portfolios),
        ("components", &scope.components, &components),
    ] {
        if let Some(unknown) = chosen.iter().find(|c| !known.contains(c)) {
            return Err(Refusal::field(field, format!("{unknown:?} is not on this page.")));
        }
    }
    if let Some(id) = &scope.incident
        && !audiences::sees(tx, partner_id, id).await?
    {
        return Err(Refusal::field("incident", "There is no such incident."));
    }
    Ok(())
}

/// The token in a confirmation link; only its hash is stored.
#[must_use]
pub fn confirm_token(keys: &Keys, subscriber: &SubscriberRow) -> String {
    keys.token(Purpose::MailLink, &["confirm", &subscriber.id, &subscriber.token_nonce])
}

/// The token in an unsubscribe link: it works as long as the subscription is the same.
#[must_use]
pub fn unsubscribe_token(keys: &Keys, subscriber_id: &str) -> String {
    format!("{subscriber_id}{}", keys.token(Purpose::MailLink, &["unsubscribe", subscriber_id]))
}

/// A mail to this address unsubscribes like the link with the same token.
#[must_use]
pub fn unsubscribe_address(token: &str, domain: &str) -> String {
    format!("unsub+{token}@{domain}")
}

/// The subscriber that an unsubscribe address names, if its token is ours. Mail systems may have changed its case.
#[must_use]
pub fn subscriber_by_address(keys: &Keys, address: &str) -> Option<String> {
    let local = address.trim().trim_matches(['<', '>']).rsplit_once('@')?.0.to_ascii_lowercase();
    let token = local.strip_prefix("unsub+")?;
    named_by(token, |id| unsubscribe_token(keys, id).to_ascii_lowercase())
}

/// The token in a manage link: it shows and changes the subscription, which an unsubscribe token cannot.
#[must_use]
pub fn manage_token(keys: &Keys, subscriber_id: &str) -> String {
    format!("{subscriber_id}{}", keys.token(Purpose::MailLink, &["manage", subscriber_id]))
}

/// The subscriber that an unsubscribe token names, if the token is ours.
#[must_use]
pub fn subscriber_of(keys: &Keys, token: &str) -> Option<String> {
    named_by(token, |id| unsubscribe_token(keys, id))
}

/// The subscriber that a manage token names, if the token is ours.
#[must_use]
pub fn managed_by(keys: &Keys, token: &str) -> Option<String> {
    named_by(token, |id| manage_token(keys, id))
}

fn named_by(token: &str, ours: impl Fn(&str) -> String) -> Option<String> {
    let id = token.get(..domain::id::LEN).filter(|id| domain::id::is_public_id(id))?;
    bool::from(ours(id).as_bytes().ct_eq(token.as_bytes())).then(|| id.to_owned())
}

/// What seals a webhook's signing secret.
#[must_use]
pub fn secret_context(subscriber_id: &str) -> String {
    format!("subscribers.secret_sealed/{subscriber_id}")
}

/// The key pair that signs messages to an endpoint, for as long as the instance keeps its key.
#[must_use]
pub fn key_pair(keys: &Keys, subscriber_id: &str) -> Option<KeyPair> {
    KeyPair::new(keys.mac(Purpose::WebhookKey, &[subscriber_id])).ok()
}

/// What the person behind an endpoint needs: shown once.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `whsec_…`
    pub secret: String,
    /// Opens the page where it is changed.
    pub manage_token: String,
}

/// Asks for notices by mail. A confirmation follows, at most once in ten minutes and three times a day.
pub async fn by_email(tx: &mut Tx, ctx: &Ctx, address: &str, wish: Wish) -> Result<(), Refusal> {
    let address = MailAddress::parse(address.trim()).map_err(|e| Refusal::field("address", e.to_string()))?;
    let wish = wish.checked(tx).await?;
    let row = request(ctx, "email", address.normalised(), address.domain(), &wish);
    Ok(tx.insert_subscription_request(&row).await?)
}

/// Asks for notices by webhook. Notices start when the challenge is passed.
pub async fn by_webhook(
    tx: &mut Tx,
    ctx: &Ctx,
    keys: &Keys,
    guard: &Guard,
    url: &str,
    wish: Wish,
) -> Result<Endpoint, Refusal> {
    let target = Target::parse(url.trim(), guard).map_err(|e| Refusal::field("address", e.to_string()))?;
    let wish = wish.checked(tx).await?;
    let secret = Secret::new(random());
    let mut row = request(ctx, "webhook", target.as_str().to_owned(), target.host(), &wish);
    row.secret_sealed = Some(keys.seal(&secret_context(&row.id), secret.reveal().as_bytes()));
    tx.insert_subscription_request(&row).await?;
    Ok(Endpoint { secret: secret.reveal(), manage_token: manage_token(keys, &row.id) })
}

/// Asks for messages into a chat. The address is the secret, and is kept like one; a first message says what follows.
pub async fn by_chat(
    tx: &mut Tx,
    ctx: &Ctx,
    keys: &Keys,
    guard: &Guard,
    (chat, url): (Chat, &str),
    wish: Wish,
) -> Result<String, Refusal> {
    let target = Target::parse(url.trim(), guard).map_err(|e| Refusal::field("address", e.to_string()))?;
    if !chat.owns(&target) {
        let message = format!(
            "This is not an incoming webhook of {}. Make one there, and copy its address.",
            chat.name()
        );
        return Err(Refusal::field("address", message));
    }
    let wish = wish.checked(tx).await?;
    let mut row = request(ctx, chat.slug(), target.host().to_owned(), target.host(), &wish);
    row.secret_sealed = Some(keys.seal(&secret_context(&row.id), target.as_str().as_bytes()));
    tx.insert_subscription_request(&row).await?;
    Ok(manage_token(keys, &row.id))
}

fn request(ctx: &Ctx, channel: &str, address: String, host: &str, wish: &Wish) -> SubscriptionRequestRow {
    SubscriptionRequestRow {
        id: new_id(),
        channel: channel.into(),
        address,
        host: host.to_owned(),
        scope: wish.scope.to_json(),
        time_zone: wish.time_zone.clone(),
        language: wish.language.clone(),
        contact: wish.contact(),
        secret_sealed: None,
        partner_id: wish.partner_id.clone(),
        created_at: ctx.now,
    }
}
