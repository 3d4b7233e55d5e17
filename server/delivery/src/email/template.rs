//! Bodies of mails: askama templates, checked when we compile, each with a sample that a test renders.

use askama::Template;
use domain::{
    clock::Timestamp,
    incident::Phase,
    language::{self, Language, mail},
    notice::IncidentNotice,
};

use crate::markdown::{self, Html};

/// A mail as text and HTML, with its subject; not yet addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML with inline styles; no images, no scripts, nothing that phones home.
    pub html: String,
}

/// Links that a mail to one subscriber carries, and how its words and times are told.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Page with the unsubscribe button.
    pub unsubscribe_url: String,
    /// Page where the subscription is changed.
    pub manage_url: String,
    /// IANA zone of the reader; `Etc/UTC` adds nothing.
    pub time_zone: String,
    /// The language of our own words.
    pub language: Language,
}

/// A labelled text.
#[derive(Debug, Clone)]
struct Part {
    label: String,
    /// As typed, for the plain part.
    lines: Vec<String>,
    html: Html,
}

/// A published update.
#[derive(Debug, Clone)]
pub struct IncidentUpdate {
    language: Language,
    page_name: String,
    title: String,
    state: &'static str,
    severity: String,
    published: String,
    parts: Vec<Part>,
    changes: Vec<String>,
    next_update: Option<String>,
    link: String,
    unsubscribe_url: String,
    manage_url: String,
}

#[derive(Template)]
#[template(path = "email/incident_update/subject.txt")]
struct IncidentUpdateSubject<'a>(&'a IncidentUpdate);

#[derive(Template)]
#[template(path = "email/incident_update/body.txt")]
struct IncidentUpdateText<'a>(&'a IncidentUpdate);

#[derive(Template)]
#[template(path = "email/incident_update/body.html")]
struct IncidentUpdateHtml<'a>(&'a IncidentUpdate);

impl IncidentUpdate {
    /// What `reader` reads about the newest update of `notice` at `now`.
    #[must_use]
    pub fn new(notice: &IncidentNotice, reader: &Reader, now: Timestamp) -> Self {
        let language = reader.language;
        let update = notice.updates.first();
        let told = update.map(|u| (u.phase, u.published_at)).unwrap_or((notice.phase, notice.created_at));
        let when =
            |at| language.with_reader(language.utc_and_local(at, now, &notice.places), at, &reader.time_zone);
        Self {
            language,
            page_name: notice.page_name.clone(),
            title: notice.full_title_in(language),
            state: language.say(language::phase(told.0)),
            severity: language.severity(notice.severity),
            published: when(told.1),
            parts: parts(notice, language),
            changes: update
                .map(|u| u.changed.iter().map(|c| change(c, language)).collect())
                .unwrap_or_default(),
            next_update: notice.next_update_due_at.filter(|_| told.0 != Phase::Resolved).map(when),
            link: notice.link(),
            unsubscribe_url: reader.unsubscribe_url.clone(),
            manage_url: reader.manage_url.clone(),
        }
    }

    /// The `lang` of what the operator wrote, where it is not ours: readers that speak take the right voice.
    fn written_in(&self) -> Option<&'static str> {
        self.language.is_foreign_to_updates().then(|| language::WRITTEN_IN.code())
    }

    /// Renders it.
    ///
    /// # Errors
    /// When a template fails, which no data of ours can make it do.
    pub fn render(&self) -> askama::Result<Rendered> {
        render(&IncidentUpdateSubject(self), &IncidentUpdateText(self), &IncidentUpdateHtml(self))
    }

    /// An example with every part filled.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            language: Language::English,
            page_name: "Meridian eSIM".into(),
            title: "[Sev 2] France/eUICC download – about one in four downloads fails".into(),
            state: "Identified",
            severity: "Sev 2 · Major".into(),
            published: "13:50 UTC (14:50 in France)".into(),
            parts: parts(&crate::sample::notice(), Language::English),
            changes: vec!["eUICC download, France: operational → partial outage".into()],
            next_update: Some("14:50 UTC (15:50 in France)".into()),
            link: "https://status.example.com/incidents/p31zjtct2jer".into(),
            unsubscribe_url: "https://status.example.com/u/token".into(),
            manage_url: "https://status.example.com/manage/token".into(),
        }
    }
}

/// Asks whether a subscription is really wanted. Carries nothing that a stranger typed.
#[derive(Debug, Clone)]
pub struct ConfirmSubscription {
    /// The language of its words.
    pub language: Language,
    /// Name of the page.
    pub page_name: String,
    /// `everything` or what was chosen.
    pub scope: String,
    /// Page with the confirm button.
    pub confirm_url: String,
    /// Until when the link works.
    pub valid_until: String,
    /// Page with the unsubscribe button.
    pub unsubscribe_url: String,
}

#[derive(Template)]
#[template(path = "email/confirm_subscription/subject.txt")]
struct ConfirmSubject<'a>(&'a ConfirmSubscription);

#[derive(Template)]
#[template(path = "email/confirm_subscription/body.txt")]
struct ConfirmText<'a>(&'a ConfirmSubscription);

#[derive(Template)]
#[template(path = "email/confirm_subscription/body.html")]
struct ConfirmHtml<'a>(&'a ConfirmSubscription);

impl ConfirmSubscription {
    /// `4 Mar, 08:15 UTC`: the way these mails tell until when their link works.
    #[must_use]
    pub fn until(language: Language, at: Timestamp, now: Timestamp) -> String {
        language.utc_time(at, now)
    }

    /// Renders it.
    ///
    /// # Errors
    /// When a template fails, which no data of ours can make it do.
    pub fn render(&self) -> askama::Result<Rendered> {
        render(&ConfirmSubject(self), &ConfirmText(self), &ConfirmHtml(self))
    }

    /// An example with every part filled.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            language: Language::English,
            page_name: "Meridian eSIM".into(),
            scope: "France and Italy".into(),
            confirm_url: "https://status.example.com/confirm/token".into(),
            valid_until: "4 Mar, 08:15 UTC".into(),
            unsubscribe_url: "https://status.example.com/u/token".into(),
        }
    }
}

/// Tells a subscriber who asked once more how to change what comes. Carries nothing that a stranger typed.
#[derive(Debug, Clone)]
pub struct KnownSubscription {
    /// The language of its words.
    pub language: Language,
    /// Name of the page.
    pub page_name: String,
    /// `everything` or what was chosen.
    pub scope: String,
    /// Page where the subscription is changed.
    pub manage_url: String,
    /// Page with the unsubscribe button.
    pub unsubscribe_url: String,
}

#[derive(Template)]
#[template(path = "email/known_subscription/subject.txt")]
struct KnownSubject<'a>(&'a KnownSubscription);

#[derive(Template)]
#[template(path = "email/known_subscription/body.txt")]
struct KnownText<'a>(&'a KnownSubscription);

#[derive(Template)]
#[template(path = "email/known_subscription/body.html")]
struct KnownHtml<'a>(&'a KnownSubscription);

impl KnownSubscription {
    /// Renders it.
    ///
    /// # Errors
    /// When a template fails, which no data of ours can make it do.
    pub fn render(&self) -> askama::Result<Rendered> {
        render(&KnownSubject(self), &KnownText(self), &KnownHtml(self))
    }

    /// An example with every part filled.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            language: Language::English,
            page_name: "Meridian eSIM".into(),
            scope: "France and Italy".into(),
            manage_url: "https://status.example.com/manage/token".into(),
            unsubscribe_url: "https://status.example.com/u/token".into(),
        }
    }
}

/// Says a few sentences about a subscription: a test, an endpoint that fails.
#[derive(Debug, Clone)]
pub struct SubscriberNotice {
    /// The language of its words.
    pub language: Language,
    /// Name of the page.
    pub page_name: String,
    /// One line.
    pub subject: String,
    /// Paragraphs.
    pub lines: Vec<String>,
    /// Page where the subscription is changed.
    pub manage_url: String,
    /// Page with the unsubscribe button.
    pub unsubscribe_url: String,
}

#[derive(Template)]
#[template(path = "email/subscriber_notice/subject.txt")]
struct NoticeSubject<'a>(&'a SubscriberNotice);

#[derive(Template)]
#[template(path = "email/subscriber_notice/body.txt")]
struct NoticeText<'a>(&'a SubscriberNotice);

#[derive(Template)]
#[template(path = "email/subscriber_notice/body.html")]
struct NoticeHtml<'a>(&'a SubscriberNotice);

impl SubscriberNotice {
    /// Renders it.
    ///
    /// # Errors
    /// When a template fails, which no data of ours can make it do.
    pub fn render(&self) -> askama::Result<Rendered> {
        render(&NoticeSubject(self), &NoticeText(self), &NoticeHtml(self))
    }

    /// An example with every part filled.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            language: Language::English,
            page_name: "Meridian eSIM".into(),
            subject: "Your endpoint at hooks.example.com fails".into(),
            lines: vec![
                "A message was given up after 17 attempts.".into(),
                "Later ones are still tried.".into(),
            ],
            manage_url: "https://status.example.com/manage/token".into(),
            unsubscribe_url: "https://status.example.com/u/token".into(),
        }
    }
}

/// Tells the operator's own people what a clock says.
#[derive(Debug, Clone)]
pub struct StaffReminder {
    /// Name of the page.
    pub page_name: String,
    /// What is due, on one line.
    pub words: String,
    /// The incident in the console.
    pub link: String,
}

#[derive(Template)]
#[template(path = "email/staff_reminder/subject.txt")]
struct ReminderSubject<'a>(&'a StaffReminder);

#[derive(Template)]
#[template(path = "email/staff_reminder/body.txt")]
struct ReminderText<'a>(&'a StaffReminder);

#[derive(Template)]
#[template(path = "email/staff_reminder/body.html")]
struct ReminderHtml<'a>(&'a StaffReminder);

impl StaffReminder {
    /// Renders it.
    ///
    /// # Errors
    /// When a template fails, which no data of ours can make it do.
    pub fn render(&self) -> askama::Result<Rendered> {
        render(&ReminderSubject(self), &ReminderText(self), &ReminderHtml(self))
    }

    /// An example with every part filled.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            page_name: "Meridian eSIM".into(),
            words: "Next update is due in 5 minutes, at 08:45 UTC – [Sev 1] activations fail".into(),
            link: "https://status.example.com/console/incidents/p31zjtct2jer".into(),
        }
    }
}

/// Tells an owner what somebody did.
#[derive(Debug, Clone)]
pub struct OwnerNotice {
    /// Name of the page.
    pub page_name: String,
    /// What was done, on one line.
    pub words: String,
    /// Where it can be looked at in the console.
    pub link: String,
}

#[derive(Template)]
#[template(path = "email/owner_notice/subject.txt")]
struct OwnerSubject<'a>(&'a OwnerNotice);

#[derive(Template)]
#[template(path = "email/owner_notice/body.txt")]
struct OwnerText<'a>(&'a OwnerNotice);

#[derive(Template)]
#[template(path = "email/owner_notice/body.html")]
struct OwnerHtml<'a>(&'a OwnerNotice);

impl OwnerNotice {
    /// Renders it.
    ///
    /// # Errors
    /// When a template fails, which no data of ours can make it do.
    pub fn render(&self) -> askama::Result<Rendered> {
        render(&OwnerSubject(self), &OwnerText(self), &OwnerHtml(self))
    }

    /// An example with every part filled.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            page_name: "Meridian eSIM".into(),
            words: "Ada exported 1200 subscribers on 2 Mar 2026 at 08:45 UTC".into(),
            link: "https://status.example.com/console/subscribers".into(),
        }
    }
}

fn render(subject: &impl Template, text: &impl Template, html: &impl Template) -> askama::Result<Rendered> {
    Ok(Rendered { subject: subject.render()?.trim().to_owned(), text: text.render()?, html: html.render()? })
}

impl Part {
    fn new(label: &str, text: &str) -> Self {
        let lines = text.lines().filter(|l| !l.trim().is_empty()).map(str::to_owned);
        Self { label: label.to_owned(), lines: lines.collect(), html: markdown::blocks(text) }
    }
}

/// The filled fields, then what helps in each country.
fn parts(notice: &IncidentNotice, language: Language) -> Vec<Part> {
    let fields = notice.updates.first().map(|u| u.message.labelled_in(language)).unwrap_or_default();
    let fields = fields.into_iter().map(|(label, text)| Part::new(label, text));
    let helps = notice.workarounds.iter();
    let helps = helps.map(|(_, country, text)| Part::new(&language.fill(mail::WHAT_HELPS, &[country]), text));
    fields.chain(helps).collect()
}

fn change(cell: &domain::notice::NoticeCell, language: Language) -> String {
    let words = |status| language.say(language::status(status));
    format!(
        "{}, {}{} {} → {}",
        cell.component_name,
        cell.country_name,
        language.colon(),
        words(cell.old_status),
        words(cell.new_status)
    )
}

#[cfg(test)]
mod languages;

#[cfg(test)]
mod tests {
    use super::*;

    fn calm(mail: &Rendered) {
        assert!(!mail.subject.is_empty() && !mail.subject.contains('\n'), "{:?}", mail.subject);
        for part in [&mail.text, &mail.html] {
            assert!(part.contains("https://status.example.com/"), "{part}");
            assert!(part.contains("/u/token"), "{part}");
            assert!(!part.contains("{{") && !part.contains("{%"), "{part}");
        }
        for banned in ["<img", "<script", "<link", "@import", "url("] {
            assert!(!mail.html.contains(banned), "{banned}");
        }
    }

    #[test]
    fn every_template_renders_its_sample() {
        let update = IncidentUpdate::sample().render().unwrap();
        calm(&update);
        assert!(update.subject.starts_with("[Sev 2] France/eUICC download"), "{}", update.subject);
        assert!(update.text.contains("supplier <node 2>"), "{}", update.text);
        assert!(update.html.contains("supplier &lt;node 2&gt;"), "{}", update.html);
        assert!(update.text.contains("14:50 UTC (15:50 in France)"));
        let reminder = StaffReminder::sample().render().unwrap();
        assert_eq!(reminder.subject, StaffReminder::sample().words);
        assert!(reminder.text.contains("/console/incidents/p31zjtct2jer") && !reminder.html.contains("/u/"));
        let owner = OwnerNotice::sample().render().unwrap();
        assert_eq!(owner.subject, OwnerNotice::sample().words);
        assert!(owner.text.contains("/console/subscribers") && owner.html.contains("/console/subscribers"));
        calm(&SubscriberNotice::sample().render().unwrap());
        let known = KnownSubscription::sample().render().unwrap();
        calm(&known);
        assert!(known.text.contains("/manage/token") && update.text.contains("/manage/token"));
        let confirm = ConfirmSubscription::sample().render().unwrap();
        calm(&confirm);
        assert!(confirm.text.contains("/confirm/token"));
    }

    #[test]
    fn a_notice_becomes_a_mail_with_utc_and_local_times() {
        let reader = Reader {
            unsubscribe_url: "https://status.example.com/u/token".into(),
            manage_url: "https://status.example.com/manage/token".into(),
            time_zone: "UTC".into(),
            language: Language::English,
        };
        let notice = crate::sample::notice();
        let mail = IncidentUpdate::new(&notice, &reader, crate::sample::SAMPLE_AT).render().unwrap();
        calm(&mail);
        assert_eq!(
            mail.subject,
            "[Sev 2] France/eUICC download – about one in four downloads fails – Identified"
        );
        for line in [
            "Identified · Sev 2 · Major · 13:50 UTC (14:50 in France)",
            "About one in four downloads in France fails.",
            "Next update: 14:50 UTC (15:50 in France), or earlier.",
            "Live status: https://status.example.com/incidents/p31zjtct2jer",
        ] {
            assert!(mail.text.lines().any(|l| l == line), "{line}\n---\n{}", mail.text);
        }
        assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
    }
}
