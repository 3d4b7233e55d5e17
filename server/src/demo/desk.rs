//! The demo's desk book: suppliers with ladders, key accounts, a rota that covers today, runbooks.

use domain::{
    clock::{DAY, MINUTE, Timestamp},
    roster::Answers,
};
use store::Tx;

use crate::commands::{
    Ctx, Refusal,
    desk_book::{
        contacts::{self, Contact},
        partners::{self, Partner},
        rotas::{self, Shift},
        runbooks::{self, Runbook},
        suppliers::{self, Supplier},
    },
    engagement::{self, Details, Step},
};

/// Slug, name, kind, agreement, zone; services and countries that depend on it.
type Depends =
    (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const EUROPE: &str = "FR IT ES DE PT GB";
const AMERICA: &str = "US CA MX";

const SUPPLIERS: [Depends; 5] = [
    (
        "smdp-a",
        "Profile Host A",
        "smdp_host",
        "99.95 % a month; engaged within 15 min on Sev 1",
        "Europe/Berlin",
        "activation-api euicc-download",
        EUROPE,
    ),
    (
        "smdp-b",
        "Profile Host B",
        "smdp_host",
        "99.9 % a month; engaged within 30 min on Sev 1",
        "America/Toronto",
        "activation-api euicc-download",
        AMERICA,
    ),
    (
        "atlantica",
        "Atlantica Carrier Services",
        "carrier",
        "Engaged within 30 min on Sev 1 and 2, hourly word until it is fixed",
        "Europe/Lisbon",
        "mobile-data voice",
        EUROPE,
    ),
    (
        "northway",
        "Northway Wireless",
        "carrier",
        "Engaged within 30 min on Sev 1, next business day otherwise",
        "America/Chicago",
        "mobile-data voice",
        AMERICA,
    ),
    (
        "textline",
        "Textline Hub",
        "sms_hub",
        "99.5 % of messages within 60 s",
        "Europe/Dublin",
        "sms",
        "FR IT ES DE PT GB US CA MX",
    ),
];

/// Name, label, zone; services and countries that they sell; their contact.
const PARTNERS: [(&str, &str, &str, &str, &str, &str); 2] = [
    (
        "Nordlys Reiser",
        "Nordlys SIM",
        "Europe/Oslo",
        "activation-api euicc-download mobile-data",
        EUROPE,
        "Ingrid Moen",
    ),
    (
        "Maple Trips",
        "MapleGo",
        "America/Toronto",
        "activation-api euicc-download mobile-data sms",
        AMERICA,
        "Dan Roy",
    ),
];

const RUNBOOKS: [(&str, &str, &str, &str); 4] = [
    (
        "Move downloads to the standby host",
        "euicc-download",
        "",
        "Look at the success share of both hosts in Telemetry.\nAsk the host’s desk whether the standby is healthy.\n\
         Move a tenth of the traffic, wait five minutes, read the share again.\nMove the rest; tell the host’s desk.\n\
         Put it on record, and post an update.",
    ),
    (
        "Downloads time out",
        "euicc-download",
        "timeout",
        "See whether one node or all nodes time out.\nOne node: have it taken out of rotation.\nAll nodes: move to the standby host.",
    ),
    (
        "Text messages arrive late",
        "sms",
        "",
        "Send a test message each way and note how long it takes.\nAsk the hub whether a link is overloaded or down.\n\
         Have the traffic moved to the second link.\nTell who sends one-time codes to offer another way.",
    ),
    (
        "New eSIMs do not attach",
        "mobile-data",
        "",
        "Try the test eSIM of the country.\nAsk the carrier for its routing changes of the last 24 hours.\n\
         Have the change rolled back; watch the attach share for fifteen minutes.",
    ),
];

/// Writes the book; the rota covers the weeks around `today`.
pub(super) async fn fill(
    tx: &mut Tx,
    ctx: &Ctx,
    people: &[(String, &'static str)],
    today: Timestamp,
) -> Result<(), Refusal> {
    for (place, (slug, name, kind, sla, zone, services, countries)) in SUPPLIERS.into_iter().enumerate() {
        let given = Supplier {
            name: name.into(),
            slug: slug.into(),
            kind: kind.into(),
            interconnect_sla: sla.into(),
            cells: cells(tx, services, countries).await?,
        };
        let side = format!("supplier:{}", suppliers::save(tx, ctx, None, given).await?);
        for (step, name, role, hours) in [
            (1, "Operations desk", "First line, opens the ticket", "24x7"),
            (2, "Duty manager", "Escalation after 15 min", "24x7"),
            (3, "Account manager", "Agreements and credits", "Mon-Fri 09:00-17:30"),
        ] {
            let channel = if step == 3 { "email" } else { "phone" };
            let address = match channel {
                "email" => format!("account@{slug}.example"),
                _ => format!("+1 555 01{:02}", 10 * step + place),
            };
            add_contact(tx, ctx, &side, (name, role), (channel, &address), (hours, zone), step).await?;
        }
    }
    for (name, label, zone, services, countries, person) in PARTNERS {
        let cells = cells(tx, services, countries).await?;
        let given = Partner { name: name.into(), label: label.into(), zone: zone.into(), cells };
        let id = partners::save(tx, ctx, None, given).await?;
        if zone == "Europe/Oslo" {
            tx.set_partner_live(&id, Some(ctx.now), ctx.now).await?; // the other one is coming aboard
        }
        let side = format!("partner:{id}");
        let address = format!("desk@{}.example", label.to_lowercase().replace(' ', ""));
        let who = (person, "Operations, tells their travellers");
        add_contact(tx, ctx, &side, who, ("email", &address), ("Mon-Sun 08:00-20:00", zone), 1).await?;
    }
    let ours = ("Legal and data protection", "Asked before anything about customers is published");
    let reach = ("email", "legal@meridian.example");
    add_contact(tx, ctx, "", ours, reach, ("Mon-Fri 09:00-17:00", "Europe/Lisbon"), 0).await?;
    for (title, service, error_class, steps) in RUNBOOKS {
        let component = tx.components().await?.into_iter().find(|c| c.slug == service);
        let given = Runbook {
            title: title.into(),
            component_id: component.map(|c| c.id).unwrap_or_default(),
            error_class: error_class.into(),
            steps: steps.into(),
        };
        runbooks::save(tx, ctx, None, given).await?;
    }
    shifts(tx, ctx, people, today).await
}

async fn cells(tx: &mut Tx, services: &str, countries: &str) -> Result<Vec<String>, Refusal> {
    let components = tx.components().await?;
    let is_named =
        |id: &str| components.iter().any(|c| c.id == id && services.split(' ').any(|s| s == c.slug));
    let mine = tx
        .cells()
        .await?
        .into_iter()
        .filter(|c| is_named(&c.component_id) && countries.split(' ').any(|code| code == c.country_code));
    Ok(mine.map(|c| c.id).collect())
}

async fn add_contact(
    tx: &mut Tx,
    ctx: &Ctx,
    side: &str,
    (name, role): (&str, &str),
    (channel, address): (&str, &str),
    (hours, zone): (&str, &str),
    step: usize,
) -> Result<(), Refusal> {
    let hours = Answers::parse(hours).map(|h| h.text()).unwrap_or_default();
    let given = Contact {
        side: side.into(),
        name: name.into(),
        role: role.into(),
        channel: channel.into(),
        address: address.into(),
        hours,
        zone: zone.into(),
        ladder_step: i64::try_from(step).ok(),
    };
    contacts::save(tx, ctx, None, given).await.map(drop)
}

/// Each tier has somebody, from last week's Monday on, for eight weeks.
async fn shifts(
    tx: &mut Tx,
    ctx: &Ctx,
    people: &[(String, &'static str)],
    today: Timestamp,
) -> Result<(), Refusal> {
    let weekday = today.utc().format("%u").to_string().parse().unwrap_or(1);
    let monday = today.plus(-(6 + weekday) * DAY);
    let day = |at: Timestamp| at.utc().format("%Y-%m-%dT08:00").to_string();
    for tier in 1..=3 {
        let index = usize::try_from(tier).unwrap_or_default();
        let Some((user_id, _)) = people.get(index % people.len().max(1)) else { continue };
        let given = Shift {
            tier,
            user_id: user_id.clone(),
            starts: day(monday),
            ends: day(monday.plus(7 * DAY)),
            zone: "Europe/Lisbon".into(),
            weeks: Some(8),
        };
        rotas::save(tx, ctx, None, given).await?;
    }
    Ok(())
}

/// Who is called in on an incident of the past: `after` minutes from now, the supplier of its cells, or tier 3.
#[derive(Debug, Clone, Copy)]
pub(super) enum Called {
    /// Tier 2 came.
    TierTwo,
    /// The supplier was contacted.
    Contacted,
    /// The supplier came, and that is published.
    Came,
}

/// Puts it on record.
pub(super) async fn call(tx: &mut Tx, ctx: &Ctx, incident_id: &str, called: Called) -> Result<(), Refusal> {
    let subject = beyond(tx, incident_id).await?;
    match called {
        Called::TierTwo => engagement::record(tx, ctx, incident_id, "tier:2", Step::Engaged, None).await,
        Called::Contacted => engagement::record(tx, ctx, incident_id, &subject, Step::Contacted, None).await,
        Called::Came => {
            engagement::record(tx, ctx, incident_id, &subject, Step::Engaged, None).await?;
            let row = tx.engagements(incident_id).await?.into_iter().find(|e| e.subject == subject);
            let details = Details {
                version: row.map_or(0, |e| e.version),
                contact: "the operations desk".into(),
                ticket: format!("INC-{}", ctx.now.millis() / MINUTE % 100_000),
                stated_timeline: "20 to 60 minutes".into(),
                stated_constraints: String::new(),
                is_public: true,
            };
            engagement::describe(tx, ctx, incident_id, &subject, details, true).await
        }
    }
}

/// The supplier of the incident's cells; without one, tier 3.
async fn beyond(tx: &mut Tx, incident_id: &str) -> Result<String, Refusal> {
    let held: Vec<String> = tx.incident_cells(incident_id).await?.into_iter().map(|c| c.cell_id).collect();
    let supplier = tx.supplier_cells().await?.into_iter().find(|(_, cell)| held.contains(cell));
    Ok(supplier.map_or_else(|| "tier:3".to_owned(), |(id, _)| format!("supplier:{id}")))
}
