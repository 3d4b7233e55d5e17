//! Policies of the judge, watch periods, and changes that wait for a person.

use app::console::{
    self,
    degradation::{Policies, PolicyForm, RuleLine, WatchLine},
    model::FormError,
};
use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
};
use domain::{
    clock::{HOUR, Timestamp},
    clock_local::utc_time,
    telemetry::{
        degradation::Policy,
        rule::{PolicyScope, Rule, Watch, rule_of},
    },
};
use store::Tx;

use super::{
    desk::{Answer, Desk, see},
    forms,
    now::Names,
};
use crate::{
    auth::role::Permission,
    commands::{Refusal, degradation},
    http::fields::Fields,
};

mod tried;

pub use tried::attempt;

const PAGE: &str = "/console/degradation";
/// Versions that the page lists.
const VERSIONS: i64 = 20;

/// Every policy, every cell with its own, and watch periods.
pub async fn list(desk: Desk) -> Answer {
    page(&desk, Policies::default()).await
}

async fn page(desk: &Desk, given: Policies) -> Answer {
    let status = if given.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut tx = desk.read().await?;
    let names = Names::load(&mut tx).await?;
    let mut rules = degradation::rules(&mut tx).await?;
    rules.sort_by(|a, b| a.scope.cmp(&b.scope));
    let components = tx.components().await?;
    let rows = tx.cells().await?;
    let mut model = Policies { may_maintain: desk.may(Permission::Maintain), ..given };
    for id in &names.order {
        let Some(cell) = rows.iter().find(|c| c.id == *id) else { continue };
        let slug = components.iter().find(|c| c.id == cell.component_id).map_or("", |c| c.slug.as_str());
        let Some(rule) = rule_of(&rules, slug, &cell.country_code) else { continue };
        model.cells.push((names.cell(id), id.clone(), words(&mut tx, &rule.scope).await?, rule.scope.slug()));
    }
    for rule in &rules {
        model.rules.push(rule_line(&mut tx, rule, &model.cells).await?);
    }
    let now = desk.now();
    model.watches = tx.open_watches(now).await?.into_iter().map(|w| watch_line(w, now)).collect();
    model.components = components.into_iter().map(|c| (c.slug, c.name)).collect();
    model.countries = tx.countries().await?.into_iter().map(|c| (c.code, c.name)).collect();
    Ok(desk
        .page(status, "Degradation policies", "/console/telemetry", |frame| console::policies(frame, &model)))
}

async fn rule_line(
    tx: &mut Tx,
    rule: &Rule,
    cells: &[(String, String, String, String)],
) -> Result<RuleLine, Refusal> {
    let slug = rule.scope.slug();
    Ok(RuleLine {
        words: words(tx, &rule.scope).await?,
        version: rule.version,
        says: says(&rule.policy),
        cells: cells.iter().filter(|(.., s)| *s == slug).count(),
        slug,
    })
}

/// What a policy is for: `eUICC download · France`.
pub(super) async fn words(tx: &mut Tx, scope: &PolicyScope) -> Result<String, Refusal> {
    let components = tx.components().await?;
    let countries = tx.countries().await?;
    let component = |slug: &String| {
        components.iter().find(|c| c.slug == *slug).map_or_else(|| slug.clone(), |c| c.name.clone())
    };
    let country = |code: &String| {
        countries.iter().find(|c| c.code == *code).map_or_else(|| code.clone(), |c| c.name.clone())
    };
    Ok(match scope {
        PolicyScope::Default => "Every cell (default)".into(),
        PolicyScope::Country(code) => country(code),
        PolicyScope::Component(slug) => component(slug),
        PolicyScope::Cell(slug, code) => format!("{} · {}", component(slug), country(code)),
    })
}

/// A policy in one line.
fn says(policy: &Policy) -> String {
    let mut words = format!(
        "degraded below {} %, partial below {} %, major proposed below {} %, from {} samples, {} % sure, {} to go down, {} and {} newer samples to come back",
        policy.degraded_below,
        policy.partial_below,
        policy.major_below,
        policy.minimum_samples,
        policy.certainty,
        policy.worsen_evaluations,
        policy.recover_evaluations,
        policy.recover_samples,
    );
    if policy.quorum_sources > 1 {
        words.push_str(&format!(", {} sources", policy.quorum_sources));
    }
    if let Some(secs) = policy.auto_confirm_secs {
        words.push_str(&format!(", declared by itself after {} min", secs / 60));
    }
    words
}

fn watch_line(row: store::WatchRow, now: Timestamp) -> WatchLine {
    let watch: Watch = serde_json::from_str(&row.thresholds).unwrap_or_default();
    let mut says = Vec::new();
    let shares = [
        ("degraded below", watch.degraded_below),
        ("partial below", watch.partial_below),
        ("by a second way above", watch.fallback_above),
    ];
    says.extend(shares.into_iter().filter_map(|(what, share)| Some(format!("{what} {} %", share?))));
    says.extend(watch.worsen_evaluations.map(|n| format!("{n} to go down")));
    WatchLine {
        place: row.place,
        when: format!("{} – {}", utc_time(row.from_at, now), utc_time(row.until_at, now)),
        says: says.join(", "),
        reason: row.reason,
        goes_on: row.from_at <= now,
        id: row.id,
    }
}

/// The form of a scope that was chosen.
pub async fn new(RawQuery(query): RawQuery) -> Answer {
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let scope = crate::commands::canary::scope_of(&asked);
    Ok(see(&format!("{PAGE}/policies/{}", scope.slug())))
}

fn scope_at(slug: &str) -> Result<PolicyScope, Refusal> {
    PolicyScope::find(slug).ok_or(Refusal::NotFound("policy"))
}

/// One policy.
pub async fn show(desk: Desk, Path(slug): Path<String>) -> Answer {
    let scope = scope_at(&slug)?;
    let model = form(&desk, &scope).await?;
    Ok(render(&desk, StatusCode::OK, &model))
}

fn render(desk: &Desk, status: StatusCode, model: &PolicyForm) -> axum::response::Response {
    desk.page(status, "Degradation policy", "/console/telemetry", |f| console::degradation_policy(f, model))
}

/// The form with the figures in force.
async fn form(desk: &Desk, scope: &PolicyScope) -> Result<PolicyForm, Refusal> {
    let mut tx = desk.read().await?;
    degradation::check_scope(&mut tx, scope).await.map_err(|_| Refusal::NotFound("policy"))?;
    let rules = degradation::rules(&mut tx).await?;
    let own = rules.iter().find(|r| r.scope == *scope);
    let is_default = *scope == PolicyScope::Default;
    let (shown, from) = match (own, less_specific(&rules, scope)) {
        (Some(own), _) => (own.policy.clone(), None),
        (None, Some(rule)) => (rule.policy.clone(), Some(words(&mut tx, &rule.scope).await?)),
        (None, None) => (Policy::default(), None),
    };
    let now = desk.now();
    let versions = tx.policy_versions(&degradation::kind(scope), VERSIONS).await?;
    let mut lines = Vec::new();
    for version in versions {
        let by = tx.user_name(&version.created_by).await?.unwrap_or_else(|| "somebody".into());
        let said = serde_json::from_str::<Option<Policy>>(&version.body).ok().flatten();
        let said = said.map_or_else(|| "withdrawn".to_owned(), |p| says(&p));
        lines.push((version.version, format!("{} by {by}", utc_time(version.created_at, now)), said));
    }
    Ok(PolicyForm {
        slug: scope.slug(),
        words: words(&mut tx, scope).await?,
        version: degradation::version_of(&mut tx, scope).await?,
        from,
        fields: degradation::texts(&shown, is_default),
        period: (forms::input_time(now.plus(-6 * HOUR)), forms::input_time(now)),
        tried: None,
        versions: lines,
        may_withdraw: own.is_some() && !is_default,
        may_maintain: desk.may(Permission::Maintain),
        error: None,
    })
}

/// The rule that counts where a scope has none of its own.
fn less_specific<'a>(rules: &'a [Rule], scope: &PolicyScope) -> Option<&'a Rule> {
    let (component, country) = match scope {
        PolicyScope::Default => ("", ""),
        PolicyScope::Country(code) => ("", code.as_str()),
        PolicyScope::Component(slug) => (slug.as_str(), ""),
        PolicyScope::Cell(slug, code) => (slug.as_str(), code.as_str()),
    };
    rule_of(rules, component, country)
}

/// The form as it was typed.
async fn typed(desk: &Desk, scope: &PolicyScope) -> Result<PolicyForm, Refusal> {
    let mut model = form(desk, scope).await?;
    for (name, _, value) in &mut model.fields {
        desk.fields.one(name).clone_into(value);
    }
    model.version = desk.fields.one("version").parse().unwrap_or(model.version);
    model.period = (desk.fields.one("from").to_owned(), desk.fields.one("until").to_owned());
    Ok(model)
}

/// Saves a new version.
pub async fn save(desk: Desk, Path(slug): Path<String>) -> Answer {
    forms::only(&desk.fields, &degradation::FIELDS)?;
    let scope = scope_at(&slug)?;
    let mut work = desk.begin().await?;
    match degradation::save(&mut work.tx, &work.ctx, &scope, &desk.fields).await? {
        Ok(_) => {
            work.commit().await?;
            Ok(see(&format!("{PAGE}/policies/{}", scope.slug())))
        }
        Err((field, message)) => {
            drop(work);
            let model =
                PolicyForm { error: Some(FormError { field, message }), ..typed(&desk, &scope).await? };
            Ok(render(&desk, StatusCode::UNPROCESSABLE_ENTITY, &model))
        }
    }
}

/// Withdraws a policy.
pub async fn withdraw(desk: Desk, Path(slug): Path<String>) -> Answer {
    let scope = scope_at(&slug)?;
    let mut work = desk.begin().await?;
    degradation::withdraw(&mut work.tx, &work.ctx, &scope).await?;
    work.commit().await?;
    Ok(see(PAGE))
}

/// Opens a watch period.
pub async fn watch(desk: Desk) -> Answer {
    forms::only(&desk.fields, &degradation::WATCH_FIELDS)?;
    let done = async {
        let mut work = desk.begin().await?;
        let new = degradation::watch_from(&mut work.tx, &desk.fields, work.ctx.now).await?;
        degradation::open_watch(&mut work.tx, &work.ctx, new).await?;
        work.commit().await
    };
    match done.await {
        Ok(()) => Ok(see("/console/degradation#watch")),
        Err(Refusal::Field { field, message }) => {
            let typed = desk.fields.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            let error = Some(FormError { field: field.into(), message });
            page(&desk, Policies { typed, error, ..Policies::default() }).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// Ends a watch period.
pub async fn end_watch(desk: Desk, Path(id): Path<String>) -> Answer {
    let mut work = desk.begin().await?;
    degradation::end_watch(&mut work.tx, &work.ctx, &id).await?;
    work.commit().await?;
    Ok(see("/console/degradation#watch"))
}

/// Lets the changes of a key through.
pub async fn pass(desk: Desk, Path(id): Path<String>) -> Answer {
    decide(&desk, &id, true).await
}

/// Dismisses the changes of a key.
pub async fn dismiss(desk: Desk, Path(id): Path<String>) -> Answer {
    decide(&desk, &id, false).await
}

async fn decide(desk: &Desk, id: &str, passes: bool) -> Answer {
    let mut work = desk.begin().await?;
    degradation::decide(&mut work.tx, &work.ctx, id, passes).await?;
    work.commit().await?;
    Ok(see("/console"))
}
