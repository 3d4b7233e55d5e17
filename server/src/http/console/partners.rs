//! A partner as an audience: its page, its people, and how far it has come aboard.

use app::{
    console::{self, model::FormError, partners::PartnerPage},
    paths,
};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock::Timestamp,
    clock_local::{utc_date, utc_time},
};
use store::{PartnerRow, SubscriberRow, Tx};

use super::{
    desk::{Answer, Desk},
    forms,
    subscribers::masked,
};
use crate::{
    auth::role::Permission,
    commands::{Refusal, partner_pages},
};

/// People and incidents that are shown at most.
const PEOPLE: i64 = 200;
const INCIDENTS: i64 = 20;

/// The page.
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    answer(&desk, &id, StatusCode::OK, None, None).await
}

async fn answer(
    desk: &Desk,
    id: &str,
    status: StatusCode,
    done: Option<String>,
    error: Option<FormError>,
) -> Answer {
    let mut tx = desk.read().await?;
    let row = tx.partner(id).await?.ok_or(Refusal::NotFound("partner"))?;
    let model = PartnerPage { done, error, ..load(desk, &mut tx, row).await? };
    Ok(desk.page(status, &model.name, "/console/desk-book", |frame| console::partner(frame, &model)))
}

async fn load(desk: &Desk, tx: &mut Tx, row: PartnerRow) -> Result<PartnerPage, Refusal> {
    let now = desk.now();
    let people = tx.partner_subscribers(&row.id, PEOPLE).await?;
    let person = |s: &SubscriberRow| {
        (s.id.clone(), masked(s), s.channel.clone(), s.state.clone(), utc_date(s.created_at))
    };
    let link = paths::partner_page(&partner_pages::token(&desk.app.keys, &row));
    let mut incidents = Vec::new();
    for incident in tx.incidents_only_for(&row.id, INCIDENTS).await? {
        incidents.push((incident.id, format!("{} · {}", incident.severity.label(), incident.title)));
    }
    Ok(PartnerPage {
        state: match row.live_at {
            Some(at) => format!("Live since {}.", utc_date(at.into())),
            None => "In the sandbox: told only what is written for it.".into(),
        },
        is_live: row.live_at.is_some(),
        link: if desk.may(Permission::Respond) {
            format!("{}{link}", desk.app.config.origin())
        } else {
            String::new()
        },
        steps: steps(tx, &row, &people, now).await?,
        people: people.iter().map(person).collect(),
        incidents,
        evidence: super::evidence::shelf(desk, tx, &row.id).await?,
        may_change: desk.may(Permission::Maintain),
        may_export: desk.may(Permission::Own),
        id: row.id,
        name: row.name,
        ..PartnerPage::default()
    })
}

/// What shows that a partner is aboard, each with its evidence as it stands.
async fn steps(
    tx: &mut Tx,
    row: &PartnerRow,
    people: &[SubscriberRow],
    now: Timestamp,
) -> Result<Vec<(bool, &'static str, String)>, Refusal> {
    let mut contacts = tx.contacts().await?;
    contacts.retain(|c| c.partner_id.as_deref() == Some(row.id.as_str()));
    let names: Vec<&str> = contacts.iter().map(|c| c.name.as_str()).collect();
    let sold = tx.cohort(&row.id).await?.map_or(0, |c| c.cells.len());
    let is_confirmed = |s: &&SubscriberRow| s.state == "confirmed";
    let endpoints: Vec<&SubscriberRow> =
        people.iter().filter(|s| s.channel == "webhook").filter(is_confirmed).collect();
    let mails = people.iter().filter(|s| s.channel == "email").filter(is_confirmed).count();
    let tested = tx.last_partner_test(&row.id).await?;
    let at = |ms: Option<i64>| ms.map(|ms| format!("{} {}", utc_date(ms.into()), utc_time(ms.into(), now)));
    let step = |what, evidence: Option<String>, missing: &str| match evidence {
        Some(evidence) => (true, what, evidence),
        None => (false, what, missing.to_owned()),
    };
    let (mut asked, mut vouched) = (Vec::new(), Vec::new());
    for endpoint in endpoints {
        match vouched_by(tx, &endpoint.id).await? {
            Some(who) => vouched.push(format!("{}: approved without challenge by {who}", endpoint.host)),
            None => asked.push(endpoint.host.as_str()),
        }
    }
    let hint = "they add a webhook on their page, if they want one".to_owned();
    let not_asked = if vouched.is_empty() { hint } else { vouched.join("; ") };
    Ok(vec![
        step("Contacts", (!names.is_empty()).then(|| names.join(", ")), "add whom to call to the desk book"),
        step(
            "Regions chosen",
            (sold > 0).then(|| counted(sold, "service in a country", "services in countries")),
            "say what they sell",
        ),
        step(
            "Mail confirmed",
            (mails > 0).then(|| counted(mails, "address", "addresses")),
            "somebody of theirs subscribes on their page",
        ),
        step("Endpoint challenge passed", (!asked.is_empty()).then(|| asked.join(", ")), &not_asked),
        step("Test notice received", at(tested), "send one below"),
        step("Page read", at(row.page_read_at), "send them the link"),
        step("Feed read", at(row.feed_read_at), "their reader asks for it, if they want one"),
    ])
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Who let an endpoint in that did not pass its challenge; none: it passed.
async fn vouched_by(tx: &mut Tx, subscriber_id: &str) -> Result<Option<String>, Refusal> {
    let mut by = None;
    for line in tx.audit_of(&format!("subscriber:{subscriber_id}")).await? {
        match line.action.as_str() {
            "approve_webhook" => by = Some(tx.user_name(&line.actor).await?.unwrap_or(line.actor)),
            "enable_endpoint" => by = None,
            _ => {}
        }
    }
    Ok(by)
}

/// Does what a button says.
pub async fn act(desk: Desk, Path(id): Path<String>) -> Answer {
    let done = async {
        forms::only(&desk.fields, &["verb"])?;
        let mut work = desk.begin().await?;
        let (tx, ctx) = (&mut work.tx, &work.ctx);
        let words = match desk.fields.one("verb") {
            "live" => {
                partner_pages::go_live(tx, ctx, &id, true).await?;
                "Live: from now on they are told of what is public where they sell.".to_owned()
            }
            "sandbox" => {
                partner_pages::go_live(tx, ctx, &id, false).await?;
                "Back in the sandbox: they are told only what is written for them.".into()
            }
            "link" => {
                partner_pages::new_link(tx, ctx, &id).await?;
                "The links before this one lead nowhere now. Send them the new one.".into()
            }
            "test" => {
                let n = partner_pages::test(tx, ctx, &id).await?;
                format!("A test notice is on its way to {n}.")
            }
            other => {
                return Err(Refusal::field("verb", format!("{other:?} is nothing that can be done here.")));
            }
        };
        desk.publish(work).await?;
        Ok(words)
    };
    match done.await {
        Ok(words) => answer(&desk, &id, StatusCode::OK, Some(words), None).await,
        Err(Refusal::Field { message, .. }) => {
            let error = Some(FormError { field: String::new(), message });
            answer(&desk, &id, StatusCode::UNPROCESSABLE_ENTITY, None, error).await
        }
        Err(Refusal::Conflict(message)) => {
            let error = Some(FormError { field: String::new(), message });
            answer(&desk, &id, StatusCode::CONFLICT, None, error).await
        }
        Err(refusal) => Err(refusal),
    }
}
