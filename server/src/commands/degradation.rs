//! The policies of the judge, for the whole grid and parts of it, and the times in which somebody watches closer.

use domain::{
    clock::Timestamp,
    telemetry::{
        degradation::Policy,
        rule::{PolicyScope, Rule, Watch, rule_of},
    },
};
use serde_json::json;
use store::{Tx, policies::DEGRADATION};

use super::{Ctx, Refusal, cells::audit, policies::Wrong};
use crate::http::fields::Fields;

mod dry_run;
mod form;
mod holds;
mod watches;

pub use self::{
    dry_run::{DryRun, dry_run},
    form::{FIELDS, read, texts},
    holds::decide,
    watches::{NewWatch, WATCH_FIELDS, end_watch, open_watch, watch_from},
};

/// Most policies for parts of the grid.
const SCOPES_MAX: usize = 500;

/// The kind under which the policy of a scope is stored.
#[must_use]
pub fn kind(scope: &PolicyScope) -> String {
    match scope {
        PolicyScope::Default => DEGRADATION.to_owned(),
        other => format!("{DEGRADATION}:{}", other.slug()),
    }
}

/// Every policy in force; the default is always there. Windows and the limit of a key are the default's everywhere.
pub async fn rules(tx: &mut Tx) -> Result<Vec<Rule>, Refusal> {
    let mut rules = Vec::new();
    for (kind, version, policy) in tx.policies_under::<Policy>(DEGRADATION).await? {
        let slug = kind.strip_prefix(DEGRADATION).unwrap_or_default().strip_prefix(':').unwrap_or("default");
        if let (Some(scope), Some(policy)) = (PolicyScope::find(slug), policy) {
            rules.push(Rule { scope, version, policy });
        }
    }
    if !rules.iter().any(|r| r.scope == PolicyScope::Default) {
        rules.push(Rule { scope: PolicyScope::Default, version: 0, policy: Policy::default() });
    }
    let default = rules.iter().find(|r| r.scope == PolicyScope::Default).map(|r| r.policy.clone());
    if let Some(default) = default {
        rules.iter_mut().for_each(|rule| like_default(&mut rule.policy, &default));
    }
    Ok(rules)
}

/// What holds for the whole grid alone.
fn like_default(policy: &mut Policy, default: &Policy) {
    policy.windows_secs = default.windows_secs;
    (policy.key_share, policy.key_window_secs) = (default.key_share, default.key_window_secs);
}

/// A watch period that goes on.
#[derive(Debug, Clone)]
pub struct Watching {
    /// Public id.
    pub id: String,
    /// Its cells.
    pub cells: Vec<String>,
    /// What it makes stricter.
    pub watch: Watch,
}

/// Watch periods that go on now.
pub async fn watching(tx: &mut Tx, now: Timestamp) -> Result<Vec<Watching>, Refusal> {
    let open = tx.open_watches(now).await?.into_iter().filter(|w| w.from_at <= now);
    let read = |row: store::WatchRow| Watching {
        cells: serde_json::from_str(&row.cells).unwrap_or_default(),
        watch: serde_json::from_str(&row.thresholds).unwrap_or_default(),
        id: row.id,
    };
    Ok(open.map(read).collect())
}

/// The policy of one cell at this moment.
#[derive(Debug, Clone)]
pub struct Ruled {
    /// What it says, made stricter where somebody watches.
    pub policy: Policy,
    /// For what it was written.
    pub scope: PolicyScope,
    /// Its version.
    pub version: i64,
    /// The watch period that made it stricter; of several the first.
    pub watch_id: Option<String>,
}

/// The policy of a cell: id, slug of its component, country.
#[must_use]
pub fn ruled(rules: &[Rule], watching: &[Watching], (id, component, country): (&str, &str, &str)) -> Ruled {
    let rule = rule_of(rules, component, country);
    let mut ruled = Ruled {
        policy: rule.map(|r| r.policy.clone()).unwrap_or_default(),
        scope: rule.map_or(PolicyScope::Default, |r| r.scope.clone()),
        version: rule.map_or(0, |r| r.version),
        watch_id: None,
    };
    for watch in watching.iter().filter(|w| w.cells.iter().any(|c| c == id)) {
        ruled.policy = watch.watch.over(&ruled.policy);
        ruled.watch_id.get_or_insert_with(|| watch.id.clone());
    }
    ruled
}

/// Whether a scope names parts of the grid that are there.
pub async fn check_scope(tx: &mut Tx, scope: &PolicyScope) -> Result<(), Refusal> {
    let (component, country) = match scope {
        PolicyScope::Default => (None, None),
        PolicyScope::Country(code) => (None, Some(code)),
        PolicyScope::Component(slug) => (Some(slug), None),
        PolicyScope::Cell(slug, code) => (Some(slug), Some(code)),
    };
    if let Some(slug) = component
        && !tx.components().await?.iter().any(|c| c.slug == *slug)
    {
        return Err(Refusal::field("component", "Choose a service that is on the page."));
    }
    if let Some(code) = country
        && !tx.countries().await?.iter().any(|c| c.code == *code)
    {
        return Err(Refusal::field("country", "Choose a country that is on the page."));
    }
    Ok(())
}

/// The version of a scope's own policy; 0: it has none. A withdrawn one counts on.
pub async fn version_of(tx: &mut Tx, scope: &PolicyScope) -> Result<i64, Refusal> {
    Ok(tx.policy_versions(&kind(scope), 1).await?.first().map_or(0, |v| v.version))
}

/// Saves a new version for a scope; the inner error names the field.
pub async fn save(
    tx: &mut Tx,
    ctx: &Ctx,
    scope: &PolicyScope,
    fields: &Fields,
) -> Result<Result<i64, Wrong>, Refusal> {
    check_scope(tx, scope).await?;
    if fields.one("version") != version_of(tx, scope).await?.to_string() {
        let message =
            "Somebody saved another version after you opened this form. Open it again; yours is kept below.";
        return Ok(Err((String::new(), message.into())));
    }
    let all = rules(tx).await?;
    if all.len() >= SCOPES_MAX && !all.iter().any(|r| r.scope == *scope) {
        let message = format!("There are {SCOPES_MAX} policies; withdraw some first.");
        return Ok(Err((String::new(), message)));
    }
    let before = all.iter().find(|r| r.scope == *scope).map(|r| r.policy.clone());
    let base = all.iter().find(|r| r.scope == PolicyScope::Default).map(|r| r.policy.clone());
    let after = match read(fields, *scope == PolicyScope::Default, &base.unwrap_or_default()) {
        Ok(policy) => policy,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let kind = kind(scope);
    let version = tx.insert_policy(&kind, &after, ctx.now, &ctx.actor).await?;
    let detail = json!({ "version": version, "before": before, "after": after });
    audit(tx, ctx, "save_policy", &format!("policy:{kind}"), detail).await?;
    Ok(Ok(version))
}

/// Withdraws the policy of a part of the grid: from the next version on the less specific one counts.
pub async fn withdraw(tx: &mut Tx, ctx: &Ctx, scope: &PolicyScope) -> Result<(), Refusal> {
    let all = rules(tx).await?;
    let Some(before) = all.iter().find(|r| r.scope == *scope && *scope != PolicyScope::Default) else {
        return Err(Refusal::NotFound("policy of its own"));
    };
    let kind = kind(scope);
    let version = tx.insert_policy(&kind, &None::<Policy>, ctx.now, &ctx.actor).await?;
    let detail = json!({ "version": version, "before": before.policy, "after": null });
    audit(tx, ctx, "withdraw_policy", &format!("policy:{kind}"), detail).await
}
