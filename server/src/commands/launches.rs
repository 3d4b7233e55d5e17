//! Launches under watch, and the lists of what markets need.

use domain::{
    clock::{DAY, Timestamp},
    telemetry::launch::{ACTIVATIONS, CHECKLIST, Numbers, QUIET, Verdict, alert, judge},
    text,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{CheckRow, LaunchRow, Tx};

use super::{Ctx, Refusal, cells::audit};
use crate::{
    auth::role::{Permission, Role},
    clock::new_id,
    config::Config,
    http::fields::Fields,
};

/// Launches that run at the same time at most: each is judged every few seconds.
const RUNNING_MAX: usize = 20;
/// Activations that decide: fewest, and most.
const ACTIVATIONS_RANGE: std::ops::RangeInclusive<i64> = 20..=5_000;
/// Days that a launch runs, unless somebody says otherwise, and at most.
const DAYS: i64 = 14;
const DAYS_MAX: i64 = 90;
/// Lines of one market's list at most.
const CHECKS_MAX: usize = 100;

/// What a launch's state rests on, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// The figures.
    pub numbers: Numbers,
    /// Why it stands so.
    pub reasons: Vec<String>,
}

impl Standing {
    /// As it was kept.
    #[must_use]
    pub fn of(row: &LaunchRow) -> Self {
        serde_json::from_str(&row.numbers).unwrap_or_default()
    }
}

/// Fields of the form of a launch.
pub const FIELDS: [&str; 6] = ["name", "country", "key", "partner", "activations", "days"];

/// Begins to watch a launch.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn begin(tx: &mut Tx, ctx: &Ctx, fields: &Fields) -> Result<String, Refusal> {
    let name = text::single_line(fields.one("name"), text::NAME_MAX)
        .map_err(|e| Refusal::field("name", e.to_string()))?;
    let country = fields.one("country").to_owned();
    if !country.is_empty() && !tx.countries().await?.iter().any(|c| c.code == country) {
        return Err(Refusal::field("country", "Choose a country of the page."));
    }
    let family = fields.one("key").to_owned();
    if !family.is_empty() && !tx.api_keys().await?.iter().any(|k| k.family() == family) {
        return Err(Refusal::field("key", "Choose a key of Sources."));
    }
    if country.is_empty() && family.is_empty() {
        let words = "Choose a country, or the key that the partner’s platform sends with: its activations are counted.";
        return Err(Refusal::field("country", words));
    }
    let partner = match fields.some("partner") {
        None => String::new(),
        Some(id) => {
            let known = tx.partners().await?.into_iter().find(|p| p.id == id);
            known.ok_or_else(|| Refusal::field("partner", "Choose one of the key accounts."))?.name
        }
    };
    let activations = number(fields, "activations", ACTIVATIONS, ACTIVATIONS_RANGE)?;
    let days = number(fields, "days", DAYS, 1..=DAYS_MAX)?;
    if tx.open_launch_watches().await?.len() >= RUNNING_MAX {
        return Err(Refusal::field("name", format!("{RUNNING_MAX} launches run; stop one first.")));
    }
    let row = LaunchRow {
        id: new_id(),
        name,
        country_code: country,
        key_family: family,
        partner,
        activations,
        starts_at: ctx.now,
        ends_at: ctx.now.plus(days * DAY),
        state: "running".into(),
        numbers: "{}".into(),
        alert: String::new(),
        judged_at: None,
        ended_at: None,
        created_by: ctx.actor_name.clone(),
    };
    tx.insert_launch(&row, ctx.now).await?;
    let detail = json!({ "name": row.name, "country": row.country_code, "key_family": row.key_family,
        "partner": row.partner, "activations": activations, "days": days });
    audit(tx, ctx, "begin_launch", &format!("launch:{}", row.id), detail).await?;
    Ok(row.id)
}

fn number(
    fields: &Fields,
    name: &'static str,
    default: i64,
    range: std::ops::RangeInclusive<i64>,
) -> Result<i64, Refusal> {
    let Some(typed) = fields.some(name) else { return Ok(default) };
    typed.parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
        Refusal::field(name, format!("Give a whole number from {} to {}.", range.start(), range.end()))
    })
}

/// Stops to watch a launch; what was counted stays.
///
/// # Errors
/// When it does not run, or no reason is given.
pub async fn stop(tx: &mut Tx, ctx: &Ctx, id: &str, reason: &str) -> Result<(), Refusal> {
    let row = tx.launch(id).await?.ok_or(Refusal::NotFound("launch"))?;
    let reason = text::single_line(reason, 200).map_err(|e| Refusal::field("reason", e.to_string()))?;
    let mut standing = Standing::of(&row);
    standing.reasons = vec![format!("Stopped by {}: {reason}", ctx.actor_name)];
    let stopped = ended(&row, "stopped", &standing, ctx.now);
    if !tx.keep_launch(&stopped, &row.alert).await? {
        return Err(Refusal::Conflict("This launch has ended already.".into()));
    }
    audit(tx, ctx, "stop_launch", &format!("launch:{id}"), json!({ "reason": reason })).await
}

fn ended(row: &LaunchRow, state: &str, standing: &Standing, now: Timestamp) -> LaunchRow {
    LaunchRow {
        state: state.into(),
        numbers: serde_json::to_string(standing).unwrap_or_default(),
        alert: String::new(),
        judged_at: Some(now.millis()),
        ended_at: Some(now.millis()),
        ..row.clone()
    }
}

/// How a launch stands now.
///
/// # Errors
/// When the database fails.
pub async fn look(tx: &mut Tx, row: &LaunchRow, now: Timestamp) -> Result<LaunchRow, Refusal> {
    let before = Standing::of(row).numbers;
    let mut numbers = Numbers { wanted: row.activations, ..before };
    if !numbers.is_complete() {
        // Once all of them have an outcome, that is what counts.
        numbers.count(&tx.launch_firsts(row).await?, now);
    }
    (numbers.webhooks, numbers.webhooks_failed) = tx.count_webhooks_since(row.starts_at).await?;
    (numbers.open_incidents, numbers.last_incident_at) = tx.grave_incidents(now.plus(-QUIET)).await?;
    let warning = alert(&numbers).unwrap_or_default();
    let (verdict, reasons) = judge(&numbers, now);
    let standing = Standing { numbers, reasons };
    Ok(match verdict {
        Verdict::Go => ended(row, "go", &standing, now),
        Verdict::NoGo => ended(row, "no_go", &standing, now),
        Verdict::Undecided if now >= row.ends_at => ended(row, "undecided", &standing, now),
        Verdict::Undecided => LaunchRow {
            numbers: serde_json::to_string(&standing).unwrap_or_default(),
            alert: warning,
            judged_at: Some(now.millis()),
            ..row.clone()
        },
    })
}

/// `Go`, `No-go`.
#[must_use]
pub fn state_words(state: &str) -> &'static str {
    match state {
        "running" => "Running",
        "go" => "Go",
        "no_go" => "No-go",
        "stopped" => "Stopped",
        _ => "Ended undecided",
    }
}

/// Keeps how a launch stands, and tells people in charge when something new is wrong, or it has ended; false: somebody
/// else did meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn keep(
    tx: &mut Tx,
    ctx: &Ctx,
    config: &Config,
    before: &LaunchRow,
    after: &LaunchRow,
) -> Result<bool, Refusal> {
    if !tx.keep_launch(after, &before.alert).await? {
        return Ok(false);
    }
    let begins = before.alert.is_empty() && !after.alert.is_empty();
    let words = match (after.ended_at.is_some(), begins) {
        (true, _) => {
            let reasons = Standing::of(after).reasons;
            let detail = json!({ "state": after.state, "standing": Standing::of(after) });
            audit(tx, ctx, "end_launch", &format!("launch:{}", after.id), detail).await?;
            format!("Launch {}: {}. {}", after.name, state_words(&after.state), reasons.join(" "))
        }
        (false, true) => {
            let detail = json!({ "alert": after.alert });
            audit(tx, ctx, "alert_launch", &format!("launch:{}", after.id), detail).await?;
            format!("Launch {}: {}", after.name, after.alert)
        }
        _ => return Ok(true),
    };
    let mail_state = if config.smtp.host.is_empty() { "none" } else { "queued" };
    tx.tell_roles(
        &Role::who_may(Permission::Maintain),
        &new_id(),
        (&words, "/console/launches"),
        ctx.now,
        mail_state,
    )
    .await?;
    Ok(true)
}

/// Begins the list of a market with what every market is asked.
///
/// # Errors
/// When there is no such country.
pub async fn begin_list(tx: &mut Tx, ctx: &Ctx, country: &str) -> Result<(), Refusal> {
    known(tx, country).await?;
    for item in CHECKLIST {
        add(tx, ctx, country, item).await?;
    }
    audit(tx, ctx, "begin_checklist", &format!("country:{country}"), json!({ "items": CHECKLIST.len() }))
        .await
}

async fn known(tx: &mut Tx, country: &str) -> Result<(), Refusal> {
    let is_known = tx.countries().await?.iter().any(|c| c.code == country);
    if is_known { Ok(()) } else { Err(Refusal::field("country", "Choose a country of the page.")) }
}

async fn add(tx: &mut Tx, ctx: &Ctx, country: &str, item: &str) -> Result<bool, Refusal> {
    let mine = tx.checks().await?.into_iter().filter(|c| c.country_code == country).count();
    if mine >= CHECKS_MAX {
        return Err(Refusal::field("item", format!("The list has {CHECKS_MAX} lines; remove some first.")));
    }
    let row = CheckRow {
        id: new_id(),
        country_code: country.to_owned(),
        item: item.to_owned(),
        owner: String::new(),
        state: "open".into(),
        note: String::new(),
        position: i64::try_from(mine).unwrap_or(0),
        updated_at: ctx.now,
        updated_by: ctx.actor_name.clone(),
    };
    Ok(tx.insert_check(&row).await?)
}

/// Adds a line to the list of a market.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn add_check(tx: &mut Tx, ctx: &Ctx, country: &str, item: &str) -> Result<(), Refusal> {
    known(tx, country).await?;
    let item = text::single_line(item, 200).map_err(|e| Refusal::field("item", e.to_string()))?;
    if !add(tx, ctx, country, &item).await? {
        return Err(Refusal::field("item", "This stands on the list already."));
    }
    audit(tx, ctx, "add_check", &format!("country:{country}"), json!({ "item": item })).await
}

/// Changes a line of a list: who sees to it, and how it stands.
///
/// # Errors
/// The field that is wrong, and what would be right.
pub async fn change_check(tx: &mut Tx, ctx: &Ctx, id: &str, fields: &Fields) -> Result<(), Refusal> {
    let before = tx.check(id).await?.ok_or(Refusal::NotFound("line of a checklist"))?;
    let state = fields.one("state");
    if !["open", "done", "not_needed"].contains(&state) {
        return Err(Refusal::field("state", "Choose how it stands."));
    }
    let line = |name: &'static str, most| match fields.some(name) {
        None => Ok(String::new()),
        Some(typed) => text::single_line(typed, most).map_err(|e| Refusal::field(name, e.to_string())),
    };
    let (owner, note) = (line("owner", text::NAME_MAX)?, line("note", 300)?);
    if state == "done" && owner.is_empty() {
        return Err(Refusal::field("owner", "Say who saw to it."));
    }
    if state == "not_needed" && note.is_empty() {
        return Err(Refusal::field("note", "Say why this market does not need it."));
    }
    let row = CheckRow {
        owner,
        state: state.to_owned(),
        note,
        updated_at: ctx.now,
        updated_by: ctx.actor_name.clone(),
        ..before.clone()
    };
    tx.save_check(&row).await?;
    let told = |r: &CheckRow| json!({ "owner": r.owner, "state": r.state, "note": r.note });
    let detail = json!({ "item": row.item, "before": told(&before), "after": told(&row) });
    audit(tx, ctx, "change_check", &format!("country:{}", row.country_code), detail).await
}
