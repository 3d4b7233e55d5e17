//! The policies that compare canaries, and the endpoints that hear of verdicts.

use domain::{
    clock::SECOND,
    sla::{
        policy::Target,
        words::{target, target_text},
    },
    telemetry::{canary::CanaryPolicy, rule::PolicyScope},
};
use serde_json::json;
use store::{Tx, policies::CANARY};

use super::{Ctx, Refusal, cells::audit, degradation::check_scope, policies::Wrong};
use crate::http::fields::Fields;

/// The kind of its outbox rows.
pub const KIND: &str = "canary_verdict";
/// Fields of the form.
pub const FIELDS: [&str; 9] = [
    "version",
    "component",
    "country",
    "enabled",
    "window",
    "minimum_samples",
    "largest_difference",
    "confidence",
    "least_share",
];
/// Most policies.
const SCOPES_MAX: usize = 200;
/// Most endpoints that hear of verdicts.
const ENDPOINTS_MAX: usize = 20;

fn kind(scope: &PolicyScope) -> String {
    format!("{CANARY}:{}", scope.slug())
}

/// Every policy in force: what it is for, its version, and what it says.
pub async fn policies(tx: &mut Tx) -> Result<Vec<(PolicyScope, i64, CanaryPolicy)>, Refusal> {
    let read = |(kind, version, policy): (String, i64, Option<CanaryPolicy>)| {
        let slug = kind.strip_prefix(CANARY)?.strip_prefix(':')?;
        Some((PolicyScope::find(slug)?, version, policy?))
    };
    Ok(tx.policies_under::<CanaryPolicy>(CANARY).await?.into_iter().filter_map(read).collect())
}

/// What a form is about: a service or all, a country or all.
#[must_use]
pub fn scope_of(fields: &Fields) -> PolicyScope {
    let country = fields.one("country").trim().to_uppercase();
    match (fields.some("component"), country.is_empty()) {
        (None, true) => PolicyScope::Default,
        (None, false) => PolicyScope::Country(country),
        (Some(slug), true) => PolicyScope::Component(slug.to_owned()),
        (Some(slug), false) => PolicyScope::Cell(slug.to_owned(), country),
    }
}

/// Saves a new version; the inner error names the field.
pub async fn save(tx: &mut Tx, ctx: &Ctx, fields: &Fields) -> Result<Result<i64, Wrong>, Refusal> {
    let scope = scope_of(fields);
    match check_scope(tx, &scope).await {
        Err(Refusal::Field { field, message }) => return Ok(Err((field.into(), message))),
        other => other?,
    }
    if let PolicyScope::Component(slug) | PolicyScope::Cell(slug, _) = &scope
        && !tx.components().await?.iter().any(|c| c.slug == *slug && c.step().is_some())
    {
        let message = "This service is bound to no step of an activation: there is nothing to compare.";
        return Ok(Err(("component".into(), message.into())));
    }
    let kind = kind(&scope);
    let newest = tx.policy_versions(&kind, 1).await?.first().map_or(0, |v| v.version);
    // A form for a new scope knows no version.
    if fields.some("version").is_some_and(|v| v != newest.to_string()) {
        let message =
            "Somebody saved another version after you opened this form. Open it again; yours is kept below.";
        return Ok(Err((String::new(), message.into())));
    }
    let all = policies(tx).await?;
    if all.len() >= SCOPES_MAX && !all.iter().any(|(s, ..)| *s == scope) {
        return Ok(Err((String::new(), format!("There are {SCOPES_MAX} of them already."))));
    }
    let after = match read(fields) {
        Ok(policy) => policy,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let before = all.into_iter().find(|(s, ..)| *s == scope).map(|(.., policy)| policy);
    let version = tx.insert_policy(&kind, &after, ctx.now, &ctx.actor).await?;
    let detail = json!({ "version": version, "before": before, "after": after });
    audit(tx, ctx, "save_policy", &format!("policy:{kind}"), detail).await?;
    Ok(Ok(version))
}

fn read(fields: &Fields) -> Result<CanaryPolicy, Wrong> {
    let number = |name: &str| {
        let typed = fields.one(name).trim().trim_end_matches('%').trim();
        typed.parse::<f64>().map_err(|_| (name.to_owned(), format!("{typed:?} is not a number.")))
    };
    let window_secs = match target(fields.one("window")) {
        Ok(Some(Target::Around(ms))) => ms / SECOND,
        _ => return Err(("window".into(), "Give a time round the clock, like 1 h.".into())),
    };
    let minimum = fields.one("minimum_samples").trim().replace(',', "");
    let policy = CanaryPolicy {
        is_enabled: fields.some("enabled").is_some(),
        window_secs,
        minimum_samples: minimum
            .parse()
            .map_err(|_| ("minimum_samples".to_owned(), format!("{minimum:?} is not a number.")))?,
        largest_difference: number("largest_difference")?,
        least_share: number("least_share")?,
        confidence: number("confidence")?,
    };
    policy.check().map_err(|(field, why)| (field.to_owned(), why.to_owned()))?;
    Ok(policy)
}

/// `1 h` of a window in seconds.
#[must_use]
pub fn window_text(secs: i64) -> String {
    target_text(Some(Target::Around(secs * SECOND)))
}

/// Chooses an endpoint for verdicts, or chooses it no more.
pub async fn mark(tx: &mut Tx, ctx: &Ctx, id: &str, is_marked: bool) -> Result<(), Refusal> {
    let endpoint = tx.subscriber(id).await?.filter(|s| s.channel == "webhook" && s.partner_id.is_none());
    let endpoint = endpoint.ok_or(Refusal::NotFound("webhook"))?;
    if is_marked && endpoint.state != "confirmed" {
        return Err(Refusal::Conflict("This webhook has not proved itself yet, or has ended.".into()));
    }
    if is_marked && tx.canary_endpoints().await?.len() >= ENDPOINTS_MAX {
        return Err(Refusal::Conflict(format!(
            "{ENDPOINTS_MAX} endpoints hear of verdicts; take one out first."
        )));
    }
    tx.mark_canary_endpoint(id, (ctx.now, &ctx.actor), is_marked).await?;
    let action = if is_marked { "mark_canary_endpoint" } else { "unmark_canary_endpoint" };
    audit(tx, ctx, action, &format!("subscriber:{id}"), json!({ "host": endpoint.host })).await
}
