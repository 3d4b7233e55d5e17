//! What each mail says: one letter for all who read it in the same words, addressed to each.

use std::{collections::HashMap, sync::Arc};

use delivery::email::{
    Envelope, Letter, MailAddress, Outgoing, Rendered,
    dkim::Signer,
    message::{build, opaque},
};
use domain::clock::Timestamp;
use store::{ClaimedMail, SubscriberRow};

use crate::{
    commands::{
        Refusal,
        subscribe::{bounces::return_path, manage_token, unsubscribe_address, unsubscribe_token},
    },
    keys::{Keys, Purpose},
    state::App,
    worker::outbox::{compose, told::Told},
};

/// Letters that are kept at most.
const KEPT: usize = 512;

/// A mail before it is written out.
#[derive(Debug)]
pub(super) struct Text {
    envelope: Envelope,
    letter: Arc<Letter>,
    message_id: String,
    unsubscribe: String,
    manage: String,
    /// Who signs it, and as of when.
    signer: Option<(Arc<Signer>, Timestamp)>,
}

impl Text {
    /// Envelope and bytes.
    pub(super) fn wire(&self) -> Result<(Envelope, String), String> {
        let values = [self.message_id.as_str(), &self.unsubscribe, &self.manage];
        let mut wire = self.letter.address(&self.envelope.to, values).map_err(|e| e.to_string())?;
        if let Some((signer, at)) = &self.signer {
            wire = signer.sign(&wire, *at).map_err(|e| e.to_string())?;
        }
        Ok((self.envelope.clone(), wire))
    }
}

/// Letters by notice and by what makes their words differ.
pub(super) struct Letters {
    app: App,
    /// By notice and partner.
    told: HashMap<(String, Option<String>), Arc<Told>>,
    cast: HashMap<(String, String), Result<Arc<Letter>, String>>,
    from: Option<MailAddress>,
    /// Takes what comes back.
    bounces: Option<MailAddress>,
    signer: Option<Arc<Signer>>,
}

impl Letters {
    pub(super) fn new(app: App, signer: Option<Arc<Signer>>) -> Self {
        let from = MailAddress::parse(&app.config.smtp.from).ok();
        let bounces = MailAddress::parse(&app.config.smtp.bounces).ok();
        Self { app, told: HashMap::new(), cast: HashMap::new(), from, bounces, signer }
    }

    /// What a notice tells, read once a minute at most.
    pub(super) async fn told(&mut self, claim: &ClaimedMail) -> Result<Option<Arc<Told>>, Refusal> {
        let now = self.app.clock.now();
        let key = (claim.event_id.clone(), claim.partner_id.clone());
        if let Some(told) = self.told.get(&key)
            && !told.is_old(now)
        {
            return Ok(Some(Arc::clone(told)));
        }
        let told = Told::read(&self.app, &claim.event_id, claim.partner_id.as_deref()).await?;
        let Some(told) = told else { return Ok(None) };
        self.told.retain(|_, t| !t.is_old(now));
        self.told.insert(key, Arc::clone(&told));
        Ok(Some(told))
    }

    /// The mail to one subscriber, or why there is none.
    pub(super) async fn write(&mut self, claim: &ClaimedMail, told: &Arc<Told>) -> Result<Text, String> {
        let from = self.from.clone().ok_or("the sender's address (smtp.from) is not valid")?;
        let to = MailAddress::parse(&claim.address).map_err(|_| "the address is not valid")?;
        let letter = self.letter(claim, told, &from).await?;
        let keys = &self.app.keys;
        let back = self.bounces.as_ref().and_then(|b| return_path(keys, b, &claim.subscriber_id));
        Ok(Text {
            envelope: Envelope { from: back.unwrap_or(from), to },
            letter,
            message_id: message_id(keys, &told.outbox.event_id, &claim.subscriber_id),
            unsubscribe: unsubscribe_token(keys, &claim.subscriber_id),
            manage: manage_token(keys, &claim.subscriber_id),
            signer: self.signer.clone().map(|signer| (signer, self.app.clock.now())),
        })
    }

    async fn letter(
        &mut self,
        claim: &ClaimedMail,
        told: &Arc<Told>,
        from: &MailAddress,
    ) -> Result<Arc<Letter>, String> {
        // What goes to one person alone is its own letter.
        let words = match &told.outbox.subscriber_id {
            Some(id) => id.clone(),
            None => {
                let partner = claim.partner_id.as_deref().unwrap_or_default();
                format!("{} {} {partner}", claim.time_zone, claim.language)
            }
        };
        let key = (told.outbox.event_id.clone(), words);
        if let Some(letter) = self.cast.get(&key) {
            return letter.clone();
        }
        if self.cast.len() >= KEPT {
            self.cast.clear();
        }
        let (app, claim, told, from) = (self.app.clone(), claim.clone(), Arc::clone(told), from.clone());
        // A text that breaks its builder breaks this task, and nothing else.
        let cast = tokio::spawn(async move { cast(&app, &claim, &told, &from) }).await;
        let letter = cast.unwrap_or_else(|_| Err("it could not be prepared".into())).map(Arc::new);
        self.cast.insert(key, letter.clone());
        letter
    }
}

fn message_id(keys: &Keys, event_id: &str, subscriber_id: &str) -> String {
    opaque(&keys.mac(Purpose::MessageId, &[event_id, subscriber_id]))
}

/// Builds the letter for everybody who reads it as this recipient does.
fn cast(app: &App, claim: &ClaimedMail, told: &Told, from: &MailAddress) -> Result<Letter, String> {
    let keys = &app.keys;
    let id = &claim.subscriber_id;
    let lengths = [
        message_id(keys, &told.outbox.event_id, id).len(),
        unsubscribe_token(keys, id).len(),
        manage_token(keys, id).len(),
    ];
    let subscriber = SubscriberRow {
        id: id.clone(),
        host: claim.endpoint.clone(),
        time_zone: claim.time_zone.clone(),
        language: claim.language.clone(),
        scope: claim.scope.clone(),
        token_nonce: claim.token_nonce.clone(),
        confirm_expires_at: claim.confirm_expires_at,
        ..SubscriberRow::default()
    };
    let thread =
        told.outbox.incident_id.as_ref().map(|id| opaque(&keys.mac(Purpose::MessageId, &["incident", id])));
    let origin = app.config.origin();
    let domain = app.config.smtp.unsubscribe_domain();
    Letter::cast(lengths, |to, [message_id, unsubscribe, manage]| {
        let links = compose::Links {
            unsubscribe_url: format!("{origin}{}", ::app::paths::unsubscribe(unsubscribe)),
            manage_url: format!("{origin}{}", ::app::paths::manage(manage)),
        };
        let content: Rendered =
            compose::content(app, told, &subscriber, &links).map_err(|e| delivery::email::Poison::new(&e))?;
        let by_mail = domain.as_ref().map(|domain| unsubscribe_address(unsubscribe, domain));
        build(&Outgoing {
            from_name: &told.page_name,
            from,
            to,
            content: &content,
            message_id,
            thread_id: thread.as_deref(),
            unsubscribe_url: Some(&links.unsubscribe_url),
            unsubscribe_mail: by_mail.as_deref(),
            date: told.outbox.created_at,
        })
    })
    .map_err(|e| e.to_string())
}
