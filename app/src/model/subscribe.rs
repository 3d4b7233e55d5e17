//! The subscription form, with what was typed kept; the page where a subscription is changed.

use super::{Site, scope::ScopeForm};

/// The page with the form. Field names: `channel` (email | webhook), `address`, `contact`, those of
/// [`ScopeForm`], `mark`, and `website`, which people never see and robots fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribePage {
    /// Frame.
    pub site: Site,
    /// `email` or `webhook`.
    pub channel: String,
    /// What was typed.
    pub address: String,
    /// Whom to tell when an endpoint fails, as typed.
    pub contact: String,
    /// An endpoint is to hear of nothing that measurements alone changed.
    pub is_written_only: bool,
    /// What it is about.
    pub scope: ScopeForm,
    /// Field name and what is wrong with it.
    pub errors: Vec<(String, String)>,
    /// Says when the form was served, by a keyed hash.
    pub mark: String,
}

impl SubscribePage {
    /// The error of a field.
    #[must_use]
    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(f, _)| f == field).map(|(_, message)| message.as_str())
    }

    /// An empty form.
    #[must_use]
    pub fn empty(site: Site, scope: ScopeForm) -> Self {
        Self {
            site,
            channel: "email".into(),
            address: String::new(),
            contact: String::new(),
            is_written_only: false,
            scope,
            errors: Vec::new(),
            mark: String::new(),
        }
    }

    /// A form that came back with errors.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            address: "me@\"><script>".into(),
            errors: vec![(
                "address".into(),
                "This is not an e-mail address. An example: you@example.com".into(),
            )],
            ..Self::empty(Site::sample(), ScopeForm::sample())
        }
    }
}

/// The page where whoever has the link changes, pauses, exports or erases a subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManagePage {
    /// Frame.
    pub site: Site,
    /// The token of the link.
    pub token: String,
    /// `email` or `webhook`.
    pub channel: String,
    /// `a***@e***`, or the endpoint's host.
    pub address: String,
    /// `You get updates about France.`, or why nothing comes.
    pub state: String,
    /// Whether it can be changed.
    pub is_live: bool,
    /// Whether the endpoint was given up, and can be tried again.
    pub may_be_asked: bool,
    /// Whether it is paused.
    pub is_paused: bool,
    /// What it is about.
    pub scope: ScopeForm,
    /// Whom to tell when the endpoint fails.
    pub contact: String,
    /// A new signing secret, shown this once.
    pub secret: Option<String>,
    /// The public key that proves its messages, if they are signed with a key pair too.
    pub public_key: Option<String>,
    /// What was just done, in a sentence.
    pub done: Option<String>,
    /// Last messages.
    pub deliveries: Vec<ManagedMessage>,
    /// Last attempts at the endpoint: when, how long, what became of it, and its answer.
    pub attempts: Vec<(String, String, String, String)>,
    /// Field name and what is wrong with it.
    pub errors: Vec<(String, String)>,
}

/// One message on the page where a subscription is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManagedMessage {
    /// When.
    pub at: String,
    /// What it was about.
    pub what: String,
    /// What became of it.
    pub state: String,
    /// The endpoint's last words.
    pub answer: String,
    /// What its `webhook-id` holds, if it can be sent again.
    pub again: Option<String>,
}

impl ManagePage {
    /// The error of a field.
    #[must_use]
    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(f, _)| f == field).map(|(_, message)| message.as_str())
    }

    /// With every part filled.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            site: Site::sample(),
            token: "t0ken".into(),
            channel: "webhook".into(),
            address: "hooks.example.com".into(),
            state: "You get updates about France.".into(),
            is_live: true,
            scope: ScopeForm::sample(),
            secret: Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()),
            public_key: Some("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=".into()),
            done: Some("Saved.".into()),
            attempts: vec![("08:21 UTC".into(), "112 ms".into(), "delivered".into(), "200 OK".into())],
            deliveries: vec![ManagedMessage {
                at: "13:50 UTC".into(),
                what: "update of an incident".into(),
                state: "delivered".into(),
                answer: "200 OK".into(),
                again: Some("p31zjtct2jer".into()),
            }],
            errors: vec![("time_zone".into(), "This is not a time zone.".into())],
            ..Self::default()
        }
    }
}
