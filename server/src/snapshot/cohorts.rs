//! The pages of partners: rendered when somebody asks, and kept while nothing that the partner sees has changed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use app::shell::within::within;
use domain::{audience::Viewer, clock::Timestamp};
use store::{PartnerRow, Store, Tx};

use super::{
    RENEW, Since,
    address::Address,
    page::{self, Facts, Kind, Page},
};
use crate::reads::World;

/// Partners whose pages are kept at most, and pages of each.
const SEATS_MAX: usize = 200;
const PAGES_MAX: usize = 200;

/// What one partner sees, and what has been rendered of it.
#[derive(Debug)]
pub struct Seat {
    partner: PartnerRow,
    world: World,
    /// Of the page and of the partner.
    revisions: (i64, i64),
    pages: Mutex<HashMap<(String, Address), Arc<Page>>>,
}

/// The seats of all partners that were asked for lately.
#[derive(Debug, Default)]
pub struct Cohorts(Mutex<HashMap<String, Arc<Seat>>>);

impl Cohorts {
    /// What a partner sees at `now`, read again when anything changed or words that depend on the time are old.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seat(
        &self,
        store: &Store,
        partner: &PartnerRow,
        now: Timestamp,
    ) -> store::Result<Arc<Seat>> {
        let mut tx: Tx = store.read().await?;
        let revisions = (tx.revision().await?, partner.revision);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&partner.id).cloned();
        if let Some(seat) = known
            && seat.revisions == revisions
            && now.since(seat.world.now).abs() < RENEW
        {
            return Ok(seat);
        }
        let viewer = tx.cohort(&partner.id).await?.map_or(Viewer::Public, Viewer::Partner);
        let world = World::read(&mut tx, now, &viewer, None).await?;
        let seat = Arc::new(Seat { partner: partner.clone(), world, revisions, pages: Mutex::default() });
        let mut seats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.len() >= SEATS_MAX {
            seats.clear();
        }
        seats.insert(partner.id.clone(), Arc::clone(&seat));
        Ok(seat)
    }

    /// What a partner saw last.
    #[must_use]
    pub fn last(&self, partner_id: &str) -> Option<Arc<Seat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(partner_id).cloned()
    }
}

impl Seat {
    /// Whose it is.
    #[must_use]
    pub const fn partner(&self) -> &PartnerRow {
        &self.partner
    }

    /// What the partner sees.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The bytes at an address below `base` (`/p/…`), if it is one of ours.
    #[must_use]
    pub fn get(&self, origin: &str, base: &str, path: &str, query: Option<&str>) -> Option<Arc<Page>> {
        let address = Address::parse(path, query).filter(Address::is_everybodys_own)?;
        let key = (base.to_owned(), address);
        if let Some(page) = self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Some(Arc::clone(page));
        }
        let kind = key.1.kind();
        let text = key.1.render(&self.world, &format!("{origin}{base}"))?;
        let text = if kind == Kind::Html { within(&text, base) } else { text };
        let tag = page::tag(&text);
        let since = Since { at: self.world.now, is_alone: false };
        let facts = Facts { since, is_https: origin.starts_with("https:"), is_private: true };
        let page = Arc::new(Page::new(kind, text, tag, facts));
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() < PAGES_MAX {
            pages.insert(key, Arc::clone(&page));
        }
        Some(page)
    }
}
