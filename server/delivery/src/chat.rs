//! Chat: Slack, Microsoft Teams and Discord by their incoming webhooks, each in its own format. The address is the
//! secret: whoever holds it may post, and nothing is signed.

mod discord;
mod slack;
mod teams;

use domain::{
    clock::Timestamp,
    language::{self, Language, alarm, mail},
    notice::IncidentNotice,
    severity::Severity,
};

use crate::{outcome::is_hidden, webhook::Target};

/// A chat that we post to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chat {
    /// Block Kit.
    Slack,
    /// Adaptive Cards.
    Teams,
    /// Embeds.
    Discord,
}

/// One message, before it takes a chat's form. All text is plain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The language of our own words.
    pub language: Language,
    /// First line.
    pub title: String,
    /// Where the title leads.
    pub link: String,
    /// How bad it is; none: the message is about the subscription.
    pub severity: Option<Severity>,
    /// It is over.
    pub is_over: bool,
    /// Label and short value.
    pub facts: Vec<(String, String)>,
    /// Label and text; the label may be empty.
    pub parts: Vec<(String, String)>,
    /// Where the subscription is changed.
    pub manage_url: String,
}

impl Chat {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Slack, Self::Teams, Self::Discord];

    /// `slack`
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Discord => "discord",
        }
    }

    /// `Microsoft Teams`
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slack => "Slack",
            Self::Teams => "Microsoft Teams",
            Self::Discord => "Discord",
        }
    }

    /// The chat with this slug.
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.slug() == slug)
    }

    /// Whether an address is one of this chat's incoming webhooks. An address inside the operator's own ranges passes:
    /// there stands something that speaks like it.
    #[must_use]
    pub fn owns(self, target: &Target) -> bool {
        if !target.is_https() || target.ip().is_some() {
            return true; // only the operator's own ranges get this far
        }
        let (host, path) = (target.host(), target.path());
        match self {
            Self::Slack => {
                matches!(host, "hooks.slack.com" | "hooks.slack-gov.com") && path.starts_with("/services/")
            }
            Self::Teams => [".webhook.office.com", ".logic.azure.com", ".api.powerplatform.com"]
                .iter()
                .any(|end| host.ends_with(end)),
            Self::Discord => {
                matches!(host, "discord.com" | "discordapp.com" | "canary.discord.com" | "ptb.discord.com")
                    && path.starts_with("/api/webhooks/")
            }
        }
    }

    /// A message in this chat's format.
    #[must_use]
    pub fn body(self, card: &Card) -> Vec<u8> {
        let body = match self {
            Self::Slack => slack::message(card),
            Self::Teams => teams::message(card),
            Self::Discord => discord::message(card),
        };
        body.to_string().into_bytes()
    }

    /// Whether a 2xx answer takes the message: Teams says in the body of a 200 that it did not.
    #[must_use]
    pub fn took(self, body: &[u8]) -> bool {
        self != Self::Teams || !String::from_utf8_lossy(body).contains("delivery failed")
    }
}

impl Card {
    /// What the newest update of a notice says.
    #[must_use]
    pub fn new(notice: &IncidentNotice, language: Language, manage_url: &str, now: Timestamp) -> Self {
        let when = |at| language.utc_and_local(at, now, &notice.places);
        let say = |word| language.say(word).to_owned();
        let update = notice.updates.first();
        let is_over = notice.phase == domain::incident::Phase::Resolved;
        let mut facts = vec![
            (say(alarm::STATE), say(language::phase(notice.phase))),
            (say(alarm::SEVERITY), language.severity(notice.severity)),
            (say(alarm::WHERE), notice.scope_in(language)),
        ];
        if let Some(due) = notice.next_update_due_at.filter(|_| !is_over) {
            facts.push((say(mail::NEXT_UPDATE_LABEL), language.fill(mail::OR_EARLIER, &[&when(due)])));
        }
        let fields = update.map(|u| u.message.labelled_in(language)).unwrap_or_default();
        let fields = fields.into_iter().map(|(l, t)| (l.to_owned(), t.to_owned()));
        let helps = notice.workarounds.iter();
        let helps =
            helps.map(|(_, country, text)| (language.fill(mail::WHAT_HELPS, &[country]), text.clone()));
        // Chats have no marks for a language: one sentence says it.
        let written = language.is_foreign_to_updates().then(|| (String::new(), say(mail::WRITTEN_IN)));
        Self {
            language,
            title: notice.full_title_in(language),
            link: notice.link(),
            severity: Some(notice.severity),
            is_over,
            facts,
            parts: fields.chain(helps).chain(written).collect(),
            manage_url: manage_url.to_owned(),
        }
    }

    /// A few words about the subscription itself.
    #[must_use]
    pub fn notice(language: Language, title: &str, text: &str, link: &str, manage_url: &str) -> Self {
        Self {
            language,
            title: title.to_owned(),
            link: link.to_owned(),
            severity: None,
            is_over: false,
            facts: Vec::new(),
            parts: vec![(String::new(), text.to_owned())],
            manage_url: manage_url.to_owned(),
        }
    }

    /// `Live status`
    const fn to_status(&self) -> &'static str {
        self.language.say(mail::LIVE_STATUS)
    }

    /// `Change or end these messages`
    const fn to_manage(&self) -> &'static str {
        self.language.say(alarm::END_THESE)
    }

    /// Red, orange, yellow, blue; green once it is over; grey for what is no incident.
    const fn colour(&self) -> u32 {
        match (self.is_over, self.severity) {
            (true, _) => 0x1a_7f_37,
            (_, Some(Severity::Sev1)) => 0xb4_23_18,
            (_, Some(Severity::Sev2)) => 0xb9_40_00,
            (_, Some(Severity::Sev3)) => 0x8a_6d_00,
            (_, Some(Severity::Sev4)) => 0x0a_53_be,
            (_, None) => 0x5b_64_70,
        }
    }
}

/// Text without control characters, cut to so many characters with a sign that something is missing.
fn fit(text: &str, max: usize) -> String {
    let mut kept: String = text.chars().filter(|c| *c == '\n' || !is_hidden(*c)).take(max + 1).collect();
    if kept.chars().count() > max {
        kept = kept.chars().take(max - 1).collect();
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests;
