//! Pages that say one thing: confirmations, errors, a page that is not set up yet.

use domain::language::{Word, manage, page};

use super::Site;
use crate::paths;

/// A button that posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// Where it posts to.
    pub action: String,
    /// What it does, as a verb.
    pub label: String,
}

/// One thing said, and what can be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Frame.
    pub site: Site,
    /// One sentence.
    pub title: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// A button that changes something.
    pub button: Option<Button>,
    /// Links: label and address.
    pub links: Vec<(String, String)>,
}

impl Message {
    fn new(site: Site, title: &str, paragraphs: &[&str]) -> Self {
        let language = site.language;
        Self {
            site,
            title: title.into(),
            paragraphs: paragraphs.iter().map(|p| (*p).into()).collect(),
            button: None,
            links: vec![(language.say(page::CURRENT_STATUS).into(), paths::HOME.into())],
        }
    }

    /// In the language of the site.
    fn said(site: Site, title: Word, paragraphs: &[Word]) -> Self {
        let language = site.language;
        let paragraphs: Vec<&str> = paragraphs.iter().map(|p| language.say(*p)).collect();
        Self::new(site, language.say(title), &paragraphs)
    }

    fn with_button(self, action: String, label: Word) -> Self {
        let label = self.site.language.say(label).into();
        Self { button: Some(Button { action, label }), ..self }
    }

    fn with_link(mut self, label: Word, href: &str) -> Self {
        self.links.push((self.site.language.say(label).into(), href.into()));
        self
    }

    /// The form, in the language of this page.
    fn with_form(self, label: Word) -> Self {
        let form = paths::subscribe_in(self.site.language);
        self.with_link(label, &form)
    }

    /// After the form was sent. The same for new and known addresses: it tells nobody who subscribes.
    #[must_use]
    pub fn check_your_mail(site: Site) -> Self {
        Self::said(site, page::CHECK_MAIL, &[page::LINK_SENT, page::NOTHING_ARRIVED])
            .with_form(page::SUBSCRIBE_AGAIN)
    }

    /// After a webhook was entered; `secret` is shown this once.
    #[must_use]
    pub fn webhook_added(site: Site, secret: &str, manage_token: &str) -> Self {
        let mut page = Self::said(site, page::ENDPOINT_ASKED, &[page::CHALLENGE, page::SECRET_ONCE]);
        page.paragraphs.push(secret.to_owned());
        page.with_link(page::KEEP_LINK, &paths::manage(manage_token))
            .with_link(page::HOW_TO_VERIFY, paths::API)
    }

    /// After a chat was entered.
    #[must_use]
    pub fn chat_added(site: Site, chat: &str, manage_token: &str) -> Self {
        let mut page = Self::said(site, page::CHANNEL_ASKED, &[page::CHAT_NOTHING]);
        page.paragraphs.insert(0, page.site.language.fill(page::CHAT_NEXT, &[chat]));
        page.with_link(page::KEEP_LINK, &paths::manage(manage_token))
    }

    /// The page behind the link of a confirmation mail: nothing happens before the button is pressed.
    #[must_use]
    pub fn confirm(site: Site, token: &str, scope: &str) -> Self {
        let mut page = Self::said(site, page::START_THESE, &[]);
        page.paragraphs.push(page.site.language.fill(page::WILL_GET, &[scope]));
        page.with_button(paths::confirm(token), page::START)
    }

    /// Confirmed.
    #[must_use]
    pub fn confirmed(site: Site, manage_token: &str) -> Self {
        Self::said(site, page::SUBSCRIBED, &[page::REACHES_YOU])
            .with_link(domain::language::mail::CHANGE_WHAT, &paths::manage(manage_token))
    }

    /// A link that is unknown, used, or too old.
    #[must_use]
    pub fn link_expired(site: Site) -> Self {
        Self::said(site, page::LINK_EXPIRED, &[page::LINK_USED]).with_form(page::SUBSCRIBE)
    }

    /// The page behind the unsubscribe link: nothing happens before the button is pressed.
    #[must_use]
    pub fn unsubscribe(site: Site, token: &str) -> Self {
        Self::said(site, page::STOP_THESE, &[page::ANY_TIME])
            .with_button(paths::unsubscribe(token), page::STOP)
    }

    /// Unsubscribed.
    #[must_use]
    pub fn unsubscribed(site: Site) -> Self {
        Self::said(site, page::NO_MORE, &[page::ENDED]).with_form(page::SUBSCRIBE_AGAIN)
    }

    /// Erased.
    #[must_use]
    pub fn erased(site: Site) -> Self {
        Self::said(site, page::FORGOTTEN, &[page::ERASED]).with_form(page::SUBSCRIBE_AGAIN)
    }

    /// Too many sign-ups from one network.
    #[must_use]
    pub fn too_many(site: Site) -> Self {
        Self::said(site, page::TOO_MANY, &[page::IN_AN_HOUR])
    }

    /// A change by a manage link that cannot be made; `why` in the reader's language.
    #[must_use]
    pub fn not_changed(site: Site, why: &str, manage_token: &str) -> Self {
        let mut page = Self::said(site, manage::NOT_CHANGED, &[]);
        page.paragraphs.push(why.to_owned());
        page.with_link(manage::TITLE, &paths::manage(manage_token))
    }

    /// 404.
    #[must_use]
    pub fn not_found(site: Site) -> Self {
        Self::new(
            site,
            "There is no such page.",
            &["The address may be mistyped, or the incident it belonged to is not public."],
        )
        .past()
    }

    fn past(mut self) -> Self {
        self.links.push(("Past incidents".into(), paths::HISTORY.into()));
        self
    }

    /// 500.
    #[must_use]
    pub fn failed(site: Site, correlation_id: &str) -> Self {
        let mut page = Self::said(site, page::WENT_WRONG, &[page::NOT_AFFECTED]);
        page.paragraphs.push(page.site.language.fill(page::REFERENCE, &[correlation_id]));
        page
    }

    /// Anything else that did not work: a title and what to do.
    #[must_use]
    pub fn refused(site: Site, title: &str, what_to_do: &str) -> Self {
        Self::new(site, title, &[what_to_do])
    }

    /// Before the first-run setup.
    #[must_use]
    pub fn not_set_up(site: Site) -> Self {
        Self {
            links: vec![],
            ..Self::new(
                site,
                "This status page is not set up yet.",
                &[
                    "Whoever started Waypost finds a one-time setup link in its output. Lost it? Starting Waypost again \
                     prints a new one.",
                ],
            )
        }
    }

    /// Every one of them.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        let site = Site::sample;
        vec![
            Self::check_your_mail(site()),
            Self::webhook_added(site(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "t0ken"),
            Self::chat_added(site(), "Slack", "t0ken"),
            Self::confirm(site(), "t0ken", "France and Italy"),
            Self::confirmed(site(), "t0ken"),
            Self::erased(site()),
            Self::link_expired(site()),
            Self::too_many(site()),
            Self::not_changed(site(), "Only webhooks have a signing secret.", "t0ken"),
            Self::unsubscribe(site(), "t0ken"),
            Self::unsubscribed(site()),
            Self::not_found(site()),
            Self::failed(site(), "k7p2m9q4x1zd"),
            Self::refused(site(), "Too many requests.", "Please wait a minute."),
            Self::not_set_up(site()),
        ]
    }
}
