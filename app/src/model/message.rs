//! Pages that say one thing: confirmations, errors, a page that is not set up yet.

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
        Self {
            site,
            title: title.into(),
            paragraphs: paragraphs.iter().map(|p| (*p).into()).collect(),
            button: None,
            links: vec![("Current status".into(), paths::HOME.into())],
        }
    }

    fn with_button(self, action: String, label: &str) -> Self {
        Self { button: Some(Button { action, label: label.into() }), ..self }
    }

    fn with_link(mut self, label: &str, href: &str) -> Self {
        self.links.push((label.into(), href.into()));
        self
    }

    /// After the form was sent. The same for new and known addresses: it tells nobody who subscribes.
    #[must_use]
    pub fn check_your_mail(site: Site) -> Self {
        Self::new(
            site,
            "Check your mail.",
            &[
                "We have sent you a message with a link. Open it and press the button there: only then do notices start.",
                "Nothing arrived after a few minutes? Look into the spam folder, or subscribe again.",
            ],
        )
        .with_link("Subscribe again", paths::SUBSCRIBE)
    }

    /// After a webhook was entered; `secret` is shown this once.
    #[must_use]
    pub fn webhook_added(site: Site, secret: &str, manage_token: &str) -> Self {
        let mut page = Self::new(
            site,
            "Your endpoint is being asked.",
            &[
                "We send it one signed challenge now. Notices start once it answers with the challenge and a 2xx status.",
                "Its signing secret, shown this once. Keep it where your receiver finds it:",
            ],
        );
        page.paragraphs.push(secret.to_owned());
        page.with_link("Change or end it (keep this link)", &paths::manage(manage_token))
            .with_link("How to verify signatures", paths::API)
    }

    /// After a chat was entered.
    #[must_use]
    pub fn chat_added(site: Site, chat: &str, manage_token: &str) -> Self {
        let next = format!("A first message goes to {chat} now. It says what follows and how to end it.");
        Self::new(
            site,
            "Your channel is being asked.",
            &[&next, "Nothing arrives? Then the address is not right any more: make a new one there."],
        )
        .with_link("Change or end it (keep this link)", &paths::manage(manage_token))
    }

    /// The page behind the link of a confirmation mail: nothing happens before the button is pressed.
    #[must_use]
    pub fn confirm(site: Site, token: &str, scope: &str) -> Self {
        let about = format!("You will get updates about {scope}.");
        Self::new(site, "Start these notices?", &[&about]).with_button(paths::confirm(token), "Start notices")
    }

    /// Confirmed.
    #[must_use]
    pub fn confirmed(site: Site, manage_token: &str) -> Self {
        Self::new(
            site,
            "You are subscribed.",
            &[
                "The next notice reaches you as soon as it is published. Every notice has a link that ends them.",
            ],
        )
        .with_link("Change what you get", &paths::manage(manage_token))
    }

    /// A link that is unknown, used, or too old.
    #[must_use]
    pub fn link_expired(site: Site) -> Self {
        Self::new(
            site,
            "This link no longer works.",
            &["It was used already, or it is too old. Subscribing again sends you a new one."],
        )
        .with_link("Subscribe", paths::SUBSCRIBE)
    }

    /// The page behind the unsubscribe link: nothing happens before the button is pressed.
    #[must_use]
    pub fn unsubscribe(site: Site, token: &str) -> Self {
        Self::new(site, "Stop these notices?", &["You can subscribe again at any time."])
            .with_button(paths::unsubscribe(token), "Stop notices")
    }

    /// Unsubscribed.
    #[must_use]
    pub fn unsubscribed(site: Site) -> Self {
        Self::new(
            site,
            "No more notices.",
            &["Your subscription has ended. Anything still on its way was stopped."],
        )
        .with_link("Subscribe again", paths::SUBSCRIBE)
    }

    /// Erased.
    #[must_use]
    pub fn erased(site: Site) -> Self {
        Self::new(
            site,
            "We have forgotten you.",
            &["Address, choices and everything that waited for you are gone. Backups forget you within 30 days."],
        )
        .with_link("Subscribe again", paths::SUBSCRIBE)
    }

    /// 404.
    #[must_use]
    pub fn not_found(site: Site) -> Self {
        Self::new(
            site,
            "There is no such page.",
            &["The address may be mistyped, or the incident it belonged to is not public."],
        )
        .with_link("Past incidents", paths::HISTORY)
    }

    /// 500.
    #[must_use]
    pub fn failed(site: Site, correlation_id: &str) -> Self {
        let reference = format!("If you tell us about it, please name this reference: {correlation_id}");
        Self::new(
            site,
            "Something went wrong on our side.",
            &[
                "The status of our services is not affected by this. Please try again in a minute.",
                &reference,
            ],
        )
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
            Self::unsubscribe(site(), "t0ken"),
            Self::unsubscribed(site()),
            Self::not_found(site()),
            Self::failed(site(), "k7p2m9q4x1zd"),
            Self::refused(site(), "Too many requests.", "Please wait a minute."),
            Self::not_set_up(site()),
        ]
    }
}
