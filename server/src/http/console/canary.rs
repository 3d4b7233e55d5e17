//! Canaries: policies, comparisons, and who hears of verdicts.

use app::console::{
    self,
    canary::{Canaries, CanaryLine, EndpointLine},
    model::FormError,
};
use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
};
use domain::{
    clock::Timestamp,
    clock_local::utc_time,
    telemetry::{
        canary::{Arm, CanaryPolicy, CanaryVerdict, Comparison},
        kpi::thousands,
        rule::PolicyScope,
    },
};
use store::{CanaryVerdictRow, Tx};

use super::{
    degradation::words,
    desk::{Answer, Desk, see},
    forms,
};
use crate::{
    auth::role::Permission,
    commands::{Refusal, canary},
    http::fields::Fields,
};

const PAGE: &str = "/console/canary";
/// Published verdicts that the page lists.
const CHANGES: i64 = 30;
/// Webhooks that may be chosen.
const ENDPOINTS: i64 = 200;

/// Canaries; a query fills the form.
pub async fn show(desk: Desk, RawQuery(query): RawQuery) -> Answer {
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let mut typed: Vec<(String, String)> =
        canary::FIELDS.map(|n| (n.to_owned(), asked.one(n).chars().take(60).collect())).into();
    if asked.some("window").is_none() {
        let default = CanaryPolicy { is_enabled: true, ..CanaryPolicy::default() };
        typed = fields(&PolicyScope::Default, None, &default);
    }
    page(&desk, Canaries { typed, ..Canaries::default() }).await
}

/// The form's fields for a policy.
fn fields(scope: &PolicyScope, version: Option<i64>, policy: &CanaryPolicy) -> Vec<(String, String)> {
    let (component, country) = match scope {
        PolicyScope::Default => ("", ""),
        PolicyScope::Country(code) => ("", code.as_str()),
        PolicyScope::Component(slug) => (slug.as_str(), ""),
        PolicyScope::Cell(slug, code) => (slug.as_str(), code.as_str()),
    };
    let values = [
        version.map(|v| v.to_string()).unwrap_or_default(),
        component.to_owned(),
        country.to_owned(),
        if policy.is_enabled { "yes".to_owned() } else { String::new() },
        canary::window_text(policy.window_secs),
        policy.minimum_samples.to_string(),
        policy.largest_difference.to_string(),
        policy.confidence.to_string(),
        policy.least_share.to_string(),
    ];
    canary::FIELDS.into_iter().map(str::to_owned).zip(values).collect()
}

async fn page(desk: &Desk, given: Canaries) -> Answer {
    let status = if given.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let now = desk.now();
    let mut tx = desk.read().await?;
    let verdicts = tx.canary_verdicts().await?;
    let mut lines = Vec::new();
    for (scope, version, policy) in canary::policies(&mut tx).await? {
        let row = verdicts.iter().find(|v| v.scope == scope.slug() && policy.is_enabled);
        lines.push(line(&mut tx, &scope, (version, &policy), row, now).await?);
    }
    let chosen = tx.canary_endpoints().await?;
    let endpoints = tx.endpoints(ENDPOINTS).await?.into_iter().map(|s| EndpointLine {
        is_chosen: chosen.contains(&s.id),
        host: s.host,
        id: s.id,
    });
    let model = Canaries {
        lines,
        changes: changes(&mut tx, now).await?,
        endpoints: endpoints.collect(),
        components: tx
            .components()
            .await?
            .into_iter()
            .filter(|c| c.step().is_some())
            .map(|c| (c.slug, c.name))
            .collect(),
        countries: tx.countries().await?.into_iter().map(|c| (c.code, c.name)).collect(),
        may_maintain: desk.may(Permission::Maintain),
        may_own: desk.may(Permission::Own),
        ..given
    };
    Ok(desk.page(status, "Canaries", "/console/telemetry", |frame| console::canaries(frame, &model)))
}

async fn line(
    tx: &mut Tx,
    scope: &PolicyScope,
    (version, policy): (i64, &CanaryPolicy),
    row: Option<&CanaryVerdictRow>,
    now: Timestamp,
) -> Result<CanaryLine, Refusal> {
    let what = match scope {
        PolicyScope::Default => "The whole journey, everywhere".into(),
        PolicyScope::Country(_) => format!("The whole journey · {}", words(tx, scope).await?),
        _ => words(tx, scope).await?,
    };
    let named = fields(scope, Some(version), policy);
    let fields = canary::FIELDS
        .into_iter()
        .filter_map(|n| named.iter().find(|(name, _)| name == n).map(|(_, value)| (n, value.clone())));
    let mut line = CanaryLine {
        words: what,
        verdict: if policy.is_enabled { "not compared yet".into() } else { "not compared".into() },
        policy: format!(
            "Version {version}: {} window, from {} samples each, {} points tolerated, {} % sure, expanded from {} % success",
            canary::window_text(policy.window_secs),
            policy.minimum_samples,
            policy.largest_difference,
            policy.confidence,
            policy.least_share,
        ),
        fields: fields.collect(),
        ..CanaryLine::default()
    };
    let Some(row) = row else { return Ok(line) };
    line.verdict = verdict_words(&row.verdict).into();
    line.since = format!("since {}, compared {}", utc_time(row.since_at, now), utc_time(row.judged_at, now));
    if let Ok(c) = serde_json::from_str::<Comparison>(&row.comparison) {
        let arm = |a: Arm| {
            if a.samples == 0 {
                return "no samples".to_owned();
            }
            format!("{:.1} % of {}", a.share() * 100.0, thousands(a.samples))
        };
        (line.canary, line.baseline) = (arm(c.canary), arm(c.baseline));
        let p = c.p_value.map_or_else(String::new, |p| format!(", p = {p:.3}"));
        line.difference = format!("{:+.1} points ({:+.1} to {:+.1}){p}", c.difference, c.low, c.high);
    }
    Ok(line)
}

fn verdict_words(slug: &str) -> &'static str {
    let all = [CanaryVerdict::Expand, CanaryVerdict::Hold, CanaryVerdict::RollBack];
    all.into_iter().find(|v| v.slug() == slug).map_or("hold", CanaryVerdict::words)
}

async fn changes(tx: &mut Tx, now: Timestamp) -> Result<Vec<String>, Refusal> {
    let mut lines = Vec::new();
    for change in tx.canary_changes(CHANGES).await? {
        let body: serde_json::Value = serde_json::from_str(&change.body).unwrap_or_default();
        let said = |member: &str| verdict_words(body["canary_verdict"][member].as_str().unwrap_or_default());
        let what = match PolicyScope::find(&change.scope) {
            Some(scope) => words(tx, &scope).await?,
            None => change.scope,
        };
        lines.push(format!("{}: {what}: {} → {}", utc_time(change.at, now), said("before"), said("verdict")));
    }
    Ok(lines)
}

/// Saves a new version of a policy.
pub async fn save(desk: Desk) -> Answer {
    forms::only(&desk.fields, &canary::FIELDS)?;
    let mut work = desk.begin().await?;
    match canary::save(&mut work.tx, &work.ctx, &desk.fields).await? {
        Ok(_) => {
            work.commit().await?;
            Ok(see(PAGE))
        }
        Err((field, message)) => {
            drop(work);
            let typed = desk.fields.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            page(&desk, Canaries { typed, error: Some(FormError { field, message }), ..Canaries::default() })
                .await
        }
    }
}

/// Chooses an endpoint.
pub async fn mark(desk: Desk, Path(id): Path<String>) -> Answer {
    choose(&desk, &id, true).await
}

/// Chooses an endpoint no more.
pub async fn unmark(desk: Desk, Path(id): Path<String>) -> Answer {
    choose(&desk, &id, false).await
}

async fn choose(desk: &Desk, id: &str, is_marked: bool) -> Answer {
    let mut work = desk.begin().await?;
    canary::mark(&mut work.tx, &work.ctx, id, is_marked).await?;
    work.commit().await?;
    Ok(see(PAGE))
}
