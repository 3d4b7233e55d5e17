//! Reviews of the demo's incidents: written the next day, read and published by somebody else, with corrective actions of
//! which one is overdue; and summaries of the weeks with minor incidents.

use domain::{
    clock::{DAY, HOUR, Timestamp},
    review::{Part, Section},
    week::Week,
};

use super::history::Play;
use crate::{
    commands::{
        Refusal,
        rca::{
            self, Typed,
            actions::{self, Typed as Action},
            weeks,
        },
    },
    http::console::now::Names,
};

/// Reviews of incidents that are newer than this wait for their reader.
const IN_REVIEW_DAYS: i64 = 10;
/// The incident, by its age in days, of which an action is overdue.
const OVERDUE_DAYS: i64 = 22;

/// What a review is about.
pub(super) struct Story {
    pub(super) title: &'static str,
    pub(super) cause: &'static str,
    pub(super) days_ago: i64,
    /// When the demo is.
    pub(super) end: Timestamp,
}

impl Story {
    fn text(&self, section: Section) -> String {
        let Self { title, cause, .. } = self;
        match section {
            Section::Summary => {
                format!("For travellers in the affected countries {title}. The cause was {cause}. Nobody was charged twice.")
            }
            Section::Impact => "Only the services named above were touched; eSIMs that were already active kept working.".into(),
            Section::Timeline | Section::Actions => String::new(),
            Section::Trigger => "A change on the supplier’s side during normal operation.".into(),
            Section::RootCause => {
                format!("It was {cause}. Nothing on our side or on the supplier’s noticed it before travellers did, since both watched averages over an hour.")
            }
            Section::Detection => {
                "Telemetry turned the cell within minutes. The supplier’s own alarm stayed silent: it looks at hosts, not at journeys.".into()
            }
            Section::Mitigation => "The supplier moved the traffic to a healthy path; then we watched twice the usual evidence before we called it usable.".into(),
            Section::Prevention => "The supplier now alarms on failed journeys per country, and tests the switch every month.".into(),
            Section::Communications => "Partners and travellers heard of it through page, mail and feeds; we kept to our cadence as shown below.".into(),
            Section::Credits => "None: the agreed thresholds were not reached.".into(),
            Section::Earlier => "An alarm on the share of successful journeys per country, rather than on averages.".into(),
        }
    }

    fn sections(&self) -> Vec<Typed> {
        let typed = |section: Section| {
            let blank = Part { text: String::new(), is_public: section.is_public_by_default() };
            let was = rca::mark(&blank);
            Typed { section, part: Part { text: self.text(section), ..blank }, was }
        };
        Section::ALL.into_iter().map(typed).collect()
    }

    fn day(at: Timestamp) -> String {
        at.utc().format("%Y-%m-%d").to_string()
    }
}

impl Play<'_> {
    /// Writes, hands in, publishes.
    pub(super) async fn review(&mut self, id: &str, story: &Story) -> Result<(), Refusal> {
        self.go_to(self.at.plus(20 * HOUR)).await?;
        let writer = self.ctx(1);
        let due = |at: Timestamp| Story::day(at);
        let later =
            if story.days_ago == OVERDUE_DAYS { self.at.plus(9 * DAY) } else { self.at.plus(24 * DAY) };
        let action = |what: &str, due_on: String| Action {
            what: what.into(),
            owner_id: writer.actor.clone(),
            due_on,
            id: String::new(),
        };
        let planned = [
            action("Ask the supplier for alarms per country", due(self.at.plus(14 * DAY))),
            action("Rehearse the switch with the supplier", due(later)),
        ];
        let mut tx = self.app.store.write().await?;
        rca::write(&mut tx, &writer, id, &story.sections()).await?;
        actions::save(&mut tx, &writer, id, &planned, &actions::mark_of(&[])).await?;
        tx.commit().await?;
        self.go_to(self.at.plus(HOUR)).await?;
        let mut tx = self.app.store.write().await?;
        rca::hand_in(&mut tx, &self.ctx(1), id).await?;
        tx.commit().await?;
        if story.days_ago < IN_REVIEW_DAYS {
            return Ok(());
        }
        self.go_to(self.at.plus(5 * HOUR)).await?;
        let mut tx = self.app.store.write().await?;
        rca::publish(&mut tx, &self.ctx(0), id).await?;
        for (n, action) in tx.actions(id).await?.into_iter().enumerate() {
            let is_old = later < story.end && story.days_ago != OVERDUE_DAYS;
            if n == 0 || is_old {
                actions::set_done(&mut tx, &self.ctx(1), &action.id, true, "Agreed in writing.").await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// The summary of this week, on the Monday after it.
    pub(super) async fn week(&mut self, end: Timestamp) -> Result<(), Refusal> {
        let week = Week::of(self.at);
        let monday = week.end().plus(9 * HOUR);
        // Later incidents are played in order: a summary must not be ahead of them.
        if monday > self.at.plus(2 * DAY) || monday > end {
            return Ok(());
        }
        self.go_to(monday).await?;
        let ctx = self.ctx(1);
        let mut tx = self.app.store.write().await?;
        let names = Names::load(&mut tx).await?;
        let opening = "One small thing this week; it is over, and what was late has arrived.";
        let none = weeks::Items::new();
        weeks::write(&mut tx, &ctx, week, opening, &none, &weeks::mark_of("", &none)).await?;
        weeks::publish(&mut tx, &self.ctx(0), week, |i, held| names.scoped_title_of(i, held)).await?;
        Ok(tx.commit().await?)
    }
}
