//! Launches under watch, and what markets need.

use app::console::{
    self,
    launches::{CheckLine, LaunchLine, Launches, Market},
    model::FormError,
};
use axum::{extract::Path, http::StatusCode};
use domain::{
    clock::Timestamp,
    clock_local::utc_time,
    telemetry::{kpi::thousands, scorecard::percent},
};
use store::{CheckRow, LaunchRow, Tx};

use super::{
    desk::{Answer, Desk, see},
    forms,
    now::Names,
};
use crate::{
    auth::role::Permission,
    commands::{
        Refusal,
        launches::{self, Standing, state_words},
    },
};

const PATH: &str = console::launches::PATH;
/// Launches that the page lists at most.
const LAUNCHES_MAX: i64 = 50;

/// The page.
pub async fn show(desk: Desk) -> Answer {
    page(&desk, Launches::default()).await
}

async fn page(desk: &Desk, given: Launches) -> Answer {
    let status = if given.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let now = desk.now();
    let mut tx = desk.read().await?;
    let names = Names::load(&mut tx).await?;
    let countries: Vec<(String, String)> =
        tx.countries().await?.into_iter().map(|c| (c.code, c.name)).collect();
    let mut keys: Vec<(String, String)> = Vec::new();
    for key in tx.api_keys().await?.iter().filter(|k| k.is_live(now)) {
        if !keys.iter().any(|(family, _)| family == key.family()) {
            keys.push((key.family().to_owned(), key.name.clone()));
        }
    }
    let markets = markets(&mut tx, &countries, now).await?;
    let line = |l: &LaunchRow| launch_line(l, &names, &keys, now);
    let model = Launches {
        launches: tx.launches(LAUNCHES_MAX).await?.iter().map(line).collect(),
        others: countries
            .iter()
            .filter(|(code, _)| !markets.iter().any(|m| m.code == *code))
            .cloned()
            .collect(),
        markets,
        countries,
        partners: tx.partners().await?.into_iter().map(|p| (p.id, p.name)).collect(),
        may_maintain: desk.may(Permission::Maintain),
        may_respond: desk.may(Permission::Respond),
        keys,
        ..given
    };
    Ok(desk.page(status, "Launches", PATH, |frame| console::launches(frame, &model)))
}

fn launch_line(l: &LaunchRow, names: &Names, keys: &[(String, String)], now: Timestamp) -> LaunchLine {
    let standing = Standing::of(l);
    let n = &standing.numbers;
    let place =
        if l.country_code.is_empty() { "any country".to_owned() } else { names.country(&l.country_code) };
    let key = keys
        .iter()
        .find(|(family, _)| *family == l.key_family)
        .map(|(_, name)| format!("sent with “{name}”"));
    let key = key.or_else(|| (!l.key_family.is_empty()).then(|| "sent with a key that has ended".to_owned()));
    let about: Vec<String> =
        [Some(place), key, Some(l.partner.clone())].into_iter().flatten().filter(|w| !w.is_empty()).collect();
    let share = n.asr().map_or_else(String::new, |asr| format!(", {} succeeded", percent(asr)));
    let time = |at: Timestamp| utc_time(at, now);
    let end = match l.ended_at {
        Some(at) => format!("ended {}", time(Timestamp::from_millis(at))),
        None => format!("ends {} at the latest", time(l.ends_at)),
    };
    LaunchLine {
        id: l.id.clone(),
        name: l.name.clone(),
        about: about.join(" · "),
        state_words: state_words(&l.state),
        state: l.state.clone(),
        figures: format!("{} of {} activations{share}", thousands(n.settled), thousands(l.activations)),
        percent: (n.settled * 100 / l.activations.max(1)).min(100),
        reasons: standing.reasons,
        alert: l.alert.clone(),
        when: format!("began {} by {}; {end}", time(l.starts_at), l.created_by),
    }
}

async fn markets(
    tx: &mut Tx,
    countries: &[(String, String)],
    now: Timestamp,
) -> Result<Vec<Market>, Refusal> {
    let checks = tx.checks().await?;
    let market = |(code, name): &(String, String)| {
        let mine: Vec<&CheckRow> = checks.iter().filter(|c| c.country_code == *code).collect();
        let open = mine.iter().filter(|c| c.state == "open").count();
        (!mine.is_empty()).then(|| Market {
            code: code.clone(),
            name: name.clone(),
            standing: match open {
                0 => format!("all {} seen to", mine.len()),
                n => format!("{} of {} seen to", mine.len() - n, mine.len()),
            },
            is_open: open > 0,
            lines: mine.into_iter().map(|c| check_line(c, now)).collect(),
        })
    };
    Ok(countries.iter().filter_map(market).collect())
}

fn check_line(c: &CheckRow, now: Timestamp) -> CheckLine {
    CheckLine {
        id: c.id.clone(),
        item: c.item.clone(),
        owner: c.owner.clone(),
        state: c.state.clone(),
        note: c.note.clone(),
        changed: format!("{}, {}", utc_time(c.updated_at, now), c.updated_by),
    }
}

/// Launches that go wrong, and those that wait for a decision, for the board.
pub(super) async fn watch(tx: &mut Tx) -> Result<Vec<(String, String)>, Refusal> {
    let running = tx.open_launch_watches().await?;
    let told = running.iter().filter(|l| !l.alert.is_empty());
    Ok(told.map(|l| (format!("Launch {}: {}", l.name, l.alert), PATH.to_owned())).collect())
}

/// Back to the page; with what was typed, if a field was wrong.
async fn after(desk: &Desk, form: &str, part: &str, outcome: Result<(), Refusal>) -> Answer {
    match outcome {
        Ok(()) => Ok(see(&format!("{PATH}{part}"))),
        Err(Refusal::Field { field, message }) => {
            let typed = desk.fields.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            let error = Some(FormError { field: field.into(), message });
            page(desk, Launches { form: form.to_owned(), typed, error, ..Launches::default() }).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// Begins to watch a launch.
pub async fn begin(desk: Desk) -> Answer {
    let act = async {
        forms::only(&desk.fields, &launches::FIELDS)?;
        let mut work = desk.begin().await?;
        launches::begin(&mut work.tx, &work.ctx, &desk.fields).await?;
        work.commit().await
    };
    let outcome = act.await;
    after(&desk, "launch", "", outcome).await
}

/// Stops to watch a launch.
pub async fn stop(desk: Desk, Path(id): Path<String>) -> Answer {
    let act = async {
        forms::only(&desk.fields, &["reason"])?;
        let mut work = desk.begin().await?;
        launches::stop(&mut work.tx, &work.ctx, &id, desk.fields.one("reason")).await?;
        work.commit().await
    };
    let outcome = act.await;
    after(&desk, &id, "", outcome).await
}

/// Begins the list of a market.
pub async fn begin_list(desk: Desk) -> Answer {
    let act = async {
        forms::only(&desk.fields, &["country"])?;
        let mut work = desk.begin().await?;
        launches::begin_list(&mut work.tx, &work.ctx, desk.fields.one("country")).await?;
        work.commit().await
    };
    let outcome = act.await;
    after(&desk, "market", "#markets", outcome).await
}

/// Adds a line to the list of a market.
pub async fn add_check(desk: Desk, Path(country): Path<String>) -> Answer {
    let act = async {
        forms::only(&desk.fields, &["item"])?;
        let mut work = desk.begin().await?;
        launches::add_check(&mut work.tx, &work.ctx, &country, desk.fields.one("item")).await?;
        work.commit().await
    };
    let outcome = act.await;
    after(&desk, &country, "#markets", outcome).await
}

/// Changes a line of a list.
pub async fn change_check(desk: Desk, Path(id): Path<String>) -> Answer {
    let act = async {
        forms::only(&desk.fields, &["state", "owner", "note"])?;
        let mut work = desk.begin().await?;
        launches::change_check(&mut work.tx, &work.ctx, &id, &desk.fields).await?;
        work.commit().await
    };
    let outcome = act.await;
    after(&desk, &id, "#markets", outcome).await
}
