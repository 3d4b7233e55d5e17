//! Availability targets and credits: written as lines, kept as versions.

use domain::{
    country,
    sla::availability::{Availability, Coverage, Credit, Target, plain, read_percent},
};
use serde_json::json;
use store::{Tx, policies::AVAILABILITY};

use super::{Ctx, Refusal, cells::audit};

/// Lines of each kind at most.
const LINES_MAX: usize = 500;

/// The targets as lines, like `euicc-download FR 99.9 office`; `*` stands for all.
#[must_use]
pub fn target_lines(policy: &Availability) -> String {
    let any = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".into());
    let line = |t: &Target| {
        let hours = if t.hours == Coverage::Office { " office" } else { "" };
        format!("{} {} {}{hours}", any(&t.component), any(&t.country), plain(t.millipercent))
    };
    policy.targets.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The credits as lines, like `99 10`: below 99 % availability, 10 % of the fee.
#[must_use]
pub fn credit_lines(policy: &Availability) -> String {
    let line = |c: &Credit| format!("{} {}", plain(c.below_millipercent), c.percent);
    policy.credits.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Saves a new version; `version`: the one that the form was opened at.
///
/// # Errors
/// The field and the line that is wrong; when somebody else saved meanwhile; when the database fails.
pub async fn save(
    tx: &mut Tx,
    ctx: &Ctx,
    version: &str,
    (targets, credits): (&str, &str),
) -> Result<(), Refusal> {
    let (newest, before): (i64, Availability) = tx.policy(AVAILABILITY).await?;
    if version != newest.to_string() {
        let message =
            "Somebody saved another version after you opened this form. Open it again; yours is kept below.";
        return Err(Refusal::field("", message));
    }
    let components: Vec<String> = tx.components().await?.into_iter().map(|c| c.slug).collect();
    let after =
        Availability { targets: read_targets(targets, &components)?, credits: read_credits(credits)? };
    let saved = tx.insert_policy(AVAILABILITY, &after, ctx.now, &ctx.actor).await?;
    tx.bump_revision(ctx.now).await?;
    let detail = json!({ "version": saved, "before": before, "after": after });
    audit(tx, ctx, "save_policy", "policy:availability", detail).await
}

fn lines<'a>(field: &'static str, text: &'a str) -> Result<Vec<(usize, Vec<&'a str>)>, Refusal> {
    let lines =
        text.lines().enumerate().map(|(n, line)| (n + 1, line.split_whitespace().collect::<Vec<_>>()));
    let lines: Vec<_> = lines.filter(|(_, words)| !words.is_empty()).collect();
    if lines.len() > LINES_MAX {
        return Err(Refusal::field(field, format!("These are more than {LINES_MAX} lines.")));
    }
    Ok(lines)
}

fn read_targets(text: &str, components: &[String]) -> Result<Vec<Target>, Refusal> {
    let mut targets: Vec<Target> = Vec::new();
    for (n, words) in lines("targets", text)? {
        let wrong = |what: String| Refusal::field("targets", format!("Line {n}: {what}"));
        let (component, country, percent, hours) = match words.as_slice() {
            [component, country, percent] => (*component, *country, *percent, Coverage::Always),
            [component, country, percent, "office"] => (*component, *country, *percent, Coverage::Office),
            _ => return Err(wrong("write service, country and percent, like euicc-download FR 99.9; then office, if it counts in business hours alone.".into())),
        };
        if component != "*" && !components.iter().any(|c| c == component) {
            return Err(wrong(format!("{component:?} is not the slug of a service here; * stands for all.")));
        }
        let code = country.to_ascii_uppercase();
        if code != "*" && country::find(&code).is_none() {
            return Err(wrong(format!("{code:?} is not the ISO code of a country; * stands for all.")));
        }
        let millipercent = read_percent(percent).ok_or_else(|| {
            wrong(format!("{percent:?} is not a percentage like 99.9, up to three digits after the point."))
        })?;
        let named = |text: &str| Some(text.to_owned()).filter(|t| t != "*");
        let target = Target { component: named(component), country: named(&code), millipercent, hours };
        if targets.iter().any(|t| t.component == target.component && t.country == target.country) {
            return Err(wrong("there is a target for this service and country already.".into()));
        }
        targets.push(target);
    }
    Ok(targets)
}

fn read_credits(text: &str) -> Result<Vec<Credit>, Refusal> {
    let mut credits: Vec<Credit> = Vec::new();
    for (n, words) in lines("credits", text)? {
        let wrong = |what: &str| Refusal::field("credits", format!("Line {n}: {what}"));
        let [below, percent] = words.as_slice() else {
            return Err(wrong(
                "write two percentages, like 99 10: below 99 % availability, 10 % of the fee.",
            ));
        };
        let below_millipercent =
            read_percent(below).ok_or_else(|| wrong("the first is not a percentage like 99.5."))?;
        let percent = percent.trim_end_matches('%').parse().ok().filter(|p| (1..=100).contains(p));
        let percent = percent.ok_or_else(|| wrong("the second is not a whole number from 1 to 100."))?;
        if credits.iter().any(|c| c.below_millipercent == below_millipercent) {
            return Err(wrong("there is a credit for this availability already."));
        }
        credits.push(Credit { below_millipercent, percent });
    }
    credits.sort_by_key(|c| std::cmp::Reverse(c.below_millipercent));
    Ok(credits)
}
