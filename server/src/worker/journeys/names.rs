//! Free words of events – suppliers with their nodes, error classes – of which a key may tell only so many apart on a day.
//! The rest counts as `other`, so that no key can make the rollups grow; the kept event keeps its word.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use domain::{
    clock::{DAY, Timestamp},
    telemetry::{
        event::{ActivationEvent, Happening},
        rollup::{ERROR_CLASSES_MAX, OTHER, SUPPLIERS_MAX},
    },
};
use store::{NameKind, Tx};

/// What is remembered of today.
#[derive(Debug, Default)]
pub(super) struct Names {
    day: i64,
    seen: HashMap<(NameKind, String), HashSet<String>>,
}

const fn most(kind: NameKind) -> usize {
    match kind {
        NameKind::Supplier => SUPPLIERS_MAX,
        NameKind::ErrorClass => ERROR_CLASSES_MAX,
    }
}

impl Names {
    /// The event with words that are told apart; under [`Tx::lock_ingest`].
    pub(super) async fn tidy<'a>(
        &mut self,
        tx: &mut Tx,
        key_id: &str,
        event: &'a ActivationEvent,
        now: Timestamp,
    ) -> store::Result<Cow<'a, ActivationEvent>> {
        let mut tidy = Cow::Borrowed(event);
        if !self.knows(tx, NameKind::Supplier, key_id, &event.supplier, now).await? {
            tidy.to_mut().supplier = OTHER.to_owned();
        }
        if let Happening::Failed { step, error_class } = &event.happening
            && !self.knows(tx, NameKind::ErrorClass, key_id, error_class, now).await?
        {
            tidy.to_mut().happening = Happening::Failed { step: *step, error_class: OTHER.to_owned() };
        }
        Ok(tidy)
    }

    /// Whether the word is one of the day's, or becomes one.
    async fn knows(
        &mut self,
        tx: &mut Tx,
        kind: NameKind,
        key_id: &str,
        name: &str,
        now: Timestamp,
    ) -> store::Result<bool> {
        let today = now.millis().div_euclid(DAY);
        if self.day != today {
            *self = Self { day: today, seen: HashMap::new() };
        }
        let key = (kind, key_id.to_owned());
        if let Some(seen) = self.seen.get(&key) {
            if seen.contains(name) {
                return Ok(true);
            }
            if seen.len() >= most(kind) {
                return Ok(false);
            }
        }
        // Another node may have taken some.
        let mut seen: HashSet<String> = tx.kpi_names(kind, key_id, now).await?.into_iter().collect();
        let is_known = seen.contains(name) || seen.len() < most(kind);
        if is_known && seen.insert(name.to_owned()) {
            tx.insert_kpi_name(kind, key_id, name, now).await?;
        }
        self.seen.insert(key, seen);
        Ok(is_known)
    }

    /// After a commit that failed: nothing is remembered that is not kept.
    pub(super) fn forget(&mut self) {
        self.seen.clear();
    }
}
