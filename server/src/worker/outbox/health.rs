//! What the console shows of deliveries.

use std::sync::{Mutex, PoisonError};

use domain::{clock::Timestamp, clock_local::utc_date, clock_local::utc_time};

/// Whether mail leaves.
#[derive(Debug, Default)]
pub struct Health(Mutex<Option<Trouble>>);

#[derive(Debug, Clone)]
struct Trouble {
    why: String,
    since: Timestamp,
}

impl Health {
    /// Why no mail leaves and since when; none while it does.
    #[must_use]
    pub fn mail_trouble(&self) -> Option<String> {
        let trouble = self.lock().clone()?;
        let since = utc_time(trouble.since, trouble.since);
        Some(format!("{} (since {since} on {})", trouble.why, utc_date(trouble.since)))
    }

    /// Whether the relay was out of reach at the last try.
    pub(super) fn is_in_trouble(&self) -> bool {
        self.lock().is_some()
    }

    /// The relay is out of reach; the first moment of it is kept.
    pub(super) fn trouble(&self, why: &str, now: Timestamp) {
        let mut trouble = self.lock();
        let since = trouble.as_ref().map_or(now, |t| t.since);
        if trouble.is_none() {
            tracing::warn!(why, "outbox: the mail relay is out of reach; mail is kept and tried again");
        }
        *trouble = Some(Trouble { why: why.to_owned(), since });
    }

    /// The relay answered.
    pub(super) fn fine(&self) {
        if self.lock().take().is_some() {
            tracing::info!("outbox: the mail relay is back");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
