//! Ninety days of incidents, played through the real commands: kept promises and missed ones, and one that is open.

use domain::{
    clock::{HOUR, MINUTE, Timestamp},
    incident::Phase,
    lead::{Lead, SignOff},
    notice::Message,
    status::CellStatus::{self, Degraded, MajorOutage, PartialOutage},
};

use super::{
    desk::{Called, call},
    reviews::Story,
};
use crate::{
    commands::{
        Ctx, Refusal, cells,
        incidents::{Declare, Step, Verb, act, declare},
        roles,
    },
    state::App,
    worker::timers,
};

/// One incident of the past: days ago, hour of the day, severity, status, component, countries, minutes it lasted, title, cause.
type Past = (i64, i64, i64, CellStatus, &'static str, &'static str, i64, &'static str, &'static str);

const PAST: &[Past] = &[
    (
        88,
        9,
        2,
        PartialOutage,
        "euicc-download",
        "DE",
        95,
        "one in six eSIM downloads times out",
        "a full certificate queue at the download host",
    ),
    (84, 14, 3, Degraded, "sms", "GB", 240, "one-time codes by SMS arrive late", "a slow SMS hub"),
    (
        80,
        7,
        2,
        PartialOutage,
        "mobile-data",
        "ES",
        150,
        "new eSIMs do not attach at first try",
        "a routing change at the carrier",
    ),
    (
        76,
        20,
        1,
        MajorOutage,
        "activation-api",
        "US CA",
        48,
        "activations fail",
        "an expired token between our systems",
    ),
    (71, 11, 3, Degraded, "top-up", "IT", 300, "top-ups show with a delay", "a backlog of usage records"),
    (67, 16, 2, PartialOutage, "voice", "MX", 130, "calls drop after a few seconds", "a faulty interconnect"),
    (
        62,
        5,
        2,
        PartialOutage,
        "euicc-download",
        "FR",
        75,
        "some eSIM downloads stop half way",
        "a node that ran out of memory",
    ),
    (58, 13, 3, Degraded, "partner-portal", "DE", 200, "reports load slowly", "a missing database index"),
    (53, 18, 2, PartialOutage, "mobile-data", "PT", 110, "data is slow in the evening", "a congested link"),
    (
        49,
        8,
        1,
        MajorOutage,
        "euicc-download",
        "IT ES",
        62,
        "eSIM downloads fail",
        "a failed switch to the standby host",
    ),
    (44, 10, 3, Degraded, "sms", "CA", 180, "SMS from short codes are missing", "a filter at the carrier"),
    (
        40,
        15,
        2,
        PartialOutage,
        "activation-api",
        "GB",
        90,
        "some activations are refused",
        "a wrong limit after a release",
    ),
    (
        36,
        22,
        2,
        PartialOutage,
        "voice",
        "FR",
        140,
        "incoming calls do not ring",
        "a registration fault at the carrier",
    ),
    (
        31,
        12,
        3,
        Degraded,
        "top-up",
        "US",
        260,
        "receipts arrive late",
        "a slow mail relay of our payment provider",
    ),
    (27, 6, 2, PartialOutage, "mobile-data", "MX", 170, "no data near Cancún", "a fibre cut"),
    (
        22,
        17,
        2,
        PartialOutage,
        "euicc-download",
        "GB",
        85,
        "downloads by QR code fail",
        "a wrong address in new QR codes",
    ),
    (
        18,
        9,
        3,
        Degraded,
        "partner-portal",
        "US",
        150,
        "sign-in to the portal is slow",
        "an overloaded sign-in service",
    ),
    (
        13,
        19,
        1,
        MajorOutage,
        "mobile-data",
        "US",
        55,
        "eSIMs do not attach",
        "a faulty policy update at the carrier",
    ),
    (
        8,
        14,
        2,
        PartialOutage,
        "sms",
        "DE",
        120,
        "text messages are not delivered",
        "a broken link to the SMS hub",
    ),
    (4, 10, 3, Degraded, "voice", "CA", 210, "voicemail notices arrive late", "a stuck queue"),
];

/// The demo under way.
pub(super) struct Play<'a> {
    pub(super) app: &'a App,
    pub(super) people: &'a [(String, &'static str)],
    pub(super) at: Timestamp,
}

/// Plays from `begin` to `end`.
pub(super) async fn play(
    app: &App,
    people: &[(String, &'static str)],
    begin: Timestamp,
    end: Timestamp,
) -> Result<(), Refusal> {
    let mut play = Play { app, people, at: begin };
    play.all_cells(CellStatus::Operational, "The demo's telemetry begins").await?;
    for (index, past) in PAST.iter().enumerate() {
        play.incident(past, index, end).await?;
    }
    play.open_incident(end).await?;
    play.at = end;
    play.all_cells(CellStatus::NoData, "No samples or heartbeats yet").await
}

fn words(known: &str, unknown: &str, next_steps: &str, customer_action: &str) -> Message {
    Message {
        known: known.into(),
        unknown: unknown.into(),
        next_steps: next_steps.into(),
        customer_action: customer_action.into(),
    }
}

impl Play<'_> {
    /// Whoever did not write approves.
    fn approved_beside(&self, person: usize) -> SignOff {
        SignOff::Approved(self.people[(person + 1) % self.people.len()].0.clone())
    }

    pub(super) fn ctx(&self, person: usize) -> Ctx {
        let (id, name) = &self.people[person % self.people.len()];
        Ctx { actor: id.clone(), actor_name: (*name).to_owned(), ..Ctx::system(self.at) }
    }

    /// Moves the clock; promises that fall due on the way go on record.
    pub(super) async fn go_to(&mut self, at: Timestamp) -> Result<(), Refusal> {
        self.at = at.max(self.at);
        self.app.clock.set(self.at);
        timers::tick(self.app).await.map(drop)
    }

    async fn all_cells(&mut self, status: CellStatus, cause: &str) -> Result<(), Refusal> {
        self.go_to(self.at).await?;
        let played = store::ChangeEvidenceRow {
            policy_scope: "default".into(),
            ..store::ChangeEvidenceRow::default()
        };
        let mut tx = self.app.store.write().await?;
        for cell in tx.cells().await? {
            cells::apply_verdict(&mut tx, &Ctx::system(self.at), cell, status, cause, &played).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn cells_of(
        &self,
        component: &str,
        countries: &str,
        status: CellStatus,
    ) -> Result<Vec<(String, CellStatus)>, Refusal> {
        let mut tx = self.app.store.read().await?;
        let id = tx
            .components()
            .await?
            .into_iter()
            .find(|c| c.slug == component)
            .map(|c| c.id)
            .unwrap_or_default();
        let mine = tx
            .cells()
            .await?
            .into_iter()
            .filter(|c| c.component_id == id && countries.split(' ').any(|k| k == c.country_code));
        Ok(mine.map(|c| (c.id, status)).collect())
    }

    async fn declare(&self, past: &Past, started_at: Timestamp, message: Message) -> Result<String, Refusal> {
        let (_, _, severity, status, component, countries, _, title, _) = *past;
        let cmd = Declare {
            title: title.into(),
            severity,
            started_at,
            cells: self.cells_of(component, countries, status).await?,
            message,
            sign_off: self.approved_beside(0),
            ..Declare::default()
        };
        let mut tx = self.app.store.write().await?;
        let done = declare(&mut tx, &self.ctx(0), cmd).await?;
        tx.commit().await?;
        Ok(done.incident_id)
    }

    async fn act(
        &self,
        incident_id: &str,
        person: usize,
        message: Message,
        verb: Verb,
    ) -> Result<(), Refusal> {
        let mut tx = self.app.store.write().await?;
        let version = tx.incident(incident_id).await?.map_or(0, |i| i.version);
        let sign_off = self.approved_beside(person);
        let step = Step { incident_id: incident_id.into(), version, message, sign_off, ..Step::default() };
        act(&mut tx, &self.ctx(person), step, verb).await?;
        Ok(tx.commit().await?)
    }

    /// Tier 2 comes after eight minutes and calls the supplier three minutes later, who comes after `minutes` more.
    async fn call_in(&mut self, id: &str, minutes: i64) -> Result<(), Refusal> {
        for (after, called) in [(8, Called::TierTwo), (3, Called::Contacted), (minutes, Called::Came)] {
            self.go_to(self.at.plus(after * MINUTE)).await?;
            let mut tx = self.app.store.write().await?;
            call(&mut tx, &self.ctx(1), id, called).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn incident(&mut self, past: &Past, index: usize, end: Timestamp) -> Result<(), Refusal> {
        let (days, hour, severity, _, _, _, minutes, title, cause) = *past;
        let start = end.plus(-days * 24 * HOUR).utc_day_start().plus(hour * HOUR + 7 * MINUTE);
        self.go_to(start.plus(if severity == 3 { 40 } else { 9 } * MINUTE)).await?;
        let known =
            format!("Since {} UTC {title}. Other services are not affected.", start.utc().format("%H:%M"));
        let first = words(
            &known,
            "What causes it.",
            "We are looking into it with our supplier.",
            "Please try again in 30 minutes; nothing is charged twice.",
        );
        let id = self.declare(past, start, first).await?;
        let declared = self.at;
        if severity < 3 {
            self.call_in(&id, 5 + i64::try_from(index % 4).unwrap_or(0) * 3).await?;
        }
        // Every sixth promise is missed by some minutes, as happens.
        let late = if index % 6 == 3 { 8 } else { -6 };
        let cadence = if severity == 1 { 30 } else { 60 };
        if severity < 3 {
            self.go_to(
                declared
                    .plus((cadence + late) * MINUTE)
                    .min(start.plus((minutes - 5) * MINUTE).max(declared.plus(12 * MINUTE))),
            )
            .await?;
            let message = words(
                &format!("We found {cause}. About the same share of travellers is affected."),
                "When exactly it will be over.",
                "Our supplier is working on it; we expect 20 to 60 minutes more.",
                "Please wait; no need to contact us.",
            );
            let verb = Verb::PostUpdate { phase: Phase::Identified, is_no_change: false, cells: Vec::new() };
            self.act(&id, 1, message, verb).await?;
        }
        self.go_to(start.plus(minutes * MINUTE).max(self.at.plus(10 * MINUTE))).await?;
        let message = words(
            "The service works again.",
            "",
            "We keep watching it.",
            "Please restart your device if it does not connect by itself.",
        );
        self.act(&id, 1, message, Verb::Restore).await?;
        self.go_to(self.at.plus(25 * MINUTE)).await?;
        let message = words(&format!("It is fixed for good. The cause was {cause}."), "", "", "");
        self.act(&id, 0, message, Verb::Resolve).await?;
        if severity < 3 {
            return self.review(&id, &Story { title, cause, days_ago: days, end }).await;
        }
        self.week(end).await
    }

    /// Open, with its next update due: text messages in Mexico.
    async fn open_incident(&mut self, end: Timestamp) -> Result<(), Refusal> {
        let past: Past =
            (0, 0, 2, PartialOutage, "sms", "MX", 0, "about one in four text messages arrives late", "");
        let start = end.plus(-75 * MINUTE);
        self.go_to(start.plus(12 * MINUTE)).await?;
        let first = words(
            "About one in four text messages to and from Mexico arrives 5 to 20 minutes late. Data and calls work.",
            "Why the hub in Mexico is slow.",
            "The hub’s operator is looking into it. We tell more within the hour.",
            "Use an app over mobile data for urgent messages. Codes by SMS may need a second try.",
        );
        let id = self.declare(&past, start, first).await?;
        let mut tx = self.app.store.write().await?;
        roles::give(&mut tx, &self.ctx(0), &id, Lead::CommsLead, &self.people[1].0, "").await?;
        tx.commit().await?;
        self.call_in(&id, 19).await?;
        self.go_to(end.plus(-14 * MINUTE)).await?;
        let message = words(
            "Text messages in Mexico are still late for about one in four. The hub’s operator found one of two links overloaded.",
            "How long moving the traffic takes.",
            "Traffic moves to the second link; we expect 30 to 90 minutes.",
            "Use an app over mobile data for urgent messages.",
        );
        self.act(
            &id,
            1,
            message,
            Verb::PostUpdate { phase: Phase::Identified, is_no_change: false, cells: Vec::new() },
        )
        .await
    }
}
