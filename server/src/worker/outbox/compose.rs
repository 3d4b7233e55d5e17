//! What a mail says to one subscriber.

use app::paths;
use delivery::email::{
    Rendered,
    template::{ConfirmSubscription, IncidentUpdate, KnownSubscription, Reader},
};
use domain::clock::Timestamp;
use store::SubscriberRow;

use super::lane::Told;
use crate::{commands::subscribe, state::App};

/// Subject and bodies, or why there are none. Retries of a mail say the same as its first try.
pub(super) fn content(
    app: &App,
    told: &Told,
    subscriber: &SubscriberRow,
    unsubscribe_url: &str,
) -> Result<Rendered, String> {
    let now = told.outbox.created_at;
    let rendered = match (&told.about, told.outbox.kind.as_str()) {
        (Some(notice), _) => {
            let reader = Reader {
                unsubscribe_url: unsubscribe_url.to_owned(),
                manage_url: manage_url(app, subscriber),
                time_zone: subscriber.time_zone.clone(),
            };
            IncidentUpdate::new(notice, &reader, now).render()
        }
        (None, "confirmation") => confirmation(app, subscriber, unsubscribe_url, now).render(),
        (None, "known") => known(app, subscriber, unsubscribe_url).render(),
        (None, _) => return Err("the update is not there any more".into()),
    };
    rendered.map_err(|e| e.to_string())
}

fn confirmation(
    app: &App,
    subscriber: &SubscriberRow,
    unsubscribe_url: &str,
    now: Timestamp,
) -> ConfirmSubscription {
    let token = subscribe::confirm_token(&app.keys, subscriber);
    let until = Timestamp::from_millis(subscriber.confirm_expires_at.unwrap_or(0));
    ConfirmSubscription {
        page_name: app.snapshot.with_world(|w| w.page_name.clone()),
        scope: scope(app, subscriber),
        confirm_url: format!("{}/confirm/{token}", app.config.origin()),
        valid_until: ConfirmSubscription::until(until, now),
        unsubscribe_url: unsubscribe_url.to_owned(),
    }
}

fn known(app: &App, subscriber: &SubscriberRow, unsubscribe_url: &str) -> KnownSubscription {
    KnownSubscription {
        page_name: app.snapshot.with_world(|w| w.page_name.clone()),
        scope: scope(app, subscriber),
        manage_url: manage_url(app, subscriber),
        unsubscribe_url: unsubscribe_url.to_owned(),
    }
}

fn manage_url(app: &App, subscriber: &SubscriberRow) -> String {
    format!("{}{}", app.config.origin(), paths::manage(&subscribe::manage_token(&app.keys, &subscriber.id)))
}

fn scope(app: &App, subscriber: &SubscriberRow) -> String {
    let scope = subscriber.scope().unwrap_or_default();
    app.snapshot.with_world(|w| scope.words(w))
}
