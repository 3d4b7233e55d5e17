//! Reminders before a promise falls due and when it does; one tier after another while it is overdue.

use domain::{
    clock::Timestamp,
    clock_local::{duration_words, utc_time},
    engagement::{promise_words, tier_to_tell},
    sla::{alerts::Alert, clock::Clock},
};
use serde_json::json;
use store::{IncidentRow, ReminderRow, Tx};

use super::{BATCH, actors};
use crate::{
    auth::role::{Permission, Role},
    clock::new_id,
    commands::{Ctx, Refusal, cells::audit},
    state::App,
};

/// Gives every alert whose time has come, each once; of several that passed while nobody looked, the newest.
pub(super) async fn give(app: &App) -> Result<usize, Refusal> {
    let mut total = 0;
    loop {
        let ctx = Ctx::system(app.clock.now());
        let mut tx = app.store.write().await?;
        let alerting = tx.claim_alerting_clocks(ctx.now, BATCH).await?;
        if alerting.is_empty() {
            return Ok(total);
        }
        for (incident_id, clock) in alerting {
            let Some(incident) = tx.incident(&incident_id).await? else { continue };
            let matrix = tx.severity_matrix(incident.policy_version).await?;
            let (clock, alert) = clock.alert(&matrix, ctx.now);
            tx.save_clock(&incident_id, &clock).await?;
            if let Some(alert) = alert {
                remind(app, &mut tx, &ctx, &incident, &clock, alert).await?;
                total += 1;
            }
        }
        tx.commit().await?;
    }
}

async fn remind(
    app: &App,
    tx: &mut Tx,
    ctx: &Ctx,
    incident: &IncidentRow,
    clock: &Clock,
    alert: Alert,
) -> Result<(), Refusal> {
    let words = words(incident, clock, alert, ctx.now);
    let people = recipients(tx, incident, clock, alert, ctx.now).await?;
    let mail_state = if app.config.smtp.host.is_empty() { "none" } else { "queued" };
    for user_id in &people {
        let row = ReminderRow {
            id: new_id(),
            incident_id: incident.id.clone(),
            clock_id: clock.id.clone(),
            alert: i64::from(alert.number()),
            user_id: user_id.clone(),
            words: words.clone(),
            at: ctx.now,
            seen_at: None,
            mail_state: mail_state.into(),
            attempts: 0,
            fence: None,
        };
        tx.insert_reminder(&row).await?;
    }
    let action = if matches!(alert, Alert::Escalation(_)) { "escalate" } else { "remind" };
    let detail = json!({
        "clock": clock.kind.slug(),
        "subject": clock.subject,
        "alert": alert.number(),
        "told": people,
    });
    audit(tx, ctx, action, &format!("incident:{}", incident.id), detail).await
}

/// `Next update due in 5 minutes: [Sev 1] activations fail`.
fn words(incident: &IncidentRow, clock: &Clock, alert: Alert, now: Timestamp) -> String {
    let what = promise_words(clock);
    let when = match alert {
        _ if now > clock.due_at => {
            format!(
                "is {} overdue (was due {})",
                duration_words(now.since(clock.due_at)),
                utc_time(clock.due_at, now)
            )
        }
        Alert::Before => format!(
            "is due in {}, at {}",
            duration_words(clock.due_at.since(now)),
            utc_time(clock.due_at, now)
        ),
        Alert::Due | Alert::Escalation(_) => "is due now".into(),
    };
    let tier = match alert {
        Alert::Escalation(tiers) => format!("Escalation {tiers}: "),
        Alert::Before | Alert::Due => String::new(),
    };
    format!("{tier}{what} {when} – [{}] {}", incident.severity.label(), incident.title)
}

/// Whom an alert goes to: those who must act, whoever is on call to do the calling, and while it is overdue one tier up. Where that is
/// nobody, everybody who may command hears of it.
async fn recipients(
    tx: &mut Tx,
    incident: &IncidentRow,
    clock: &Clock,
    alert: Alert,
    now: Timestamp,
) -> Result<Vec<String>, Refusal> {
    let holders = tx.incident_roles(&incident.id).await?;
    let mut people: Vec<String> = actors(clock.kind)
        .iter()
        .filter_map(|lead| holders.iter().find(|r| r.role == *lead && r.ended_at.is_none()))
        .map(|r| r.user_id.clone())
        .collect();
    let mut nobody = people.is_empty();
    if let Some(tier) = tier_to_tell(clock, alert) {
        let on_call: Vec<String> =
            tx.on_call(now).await?.into_iter().filter(|s| s.tier == tier).map(|s| s.user_id).collect();
        nobody &= on_call.is_empty();
        nobody |= on_call.is_empty() && matches!(alert, Alert::Escalation(_));
        people.extend(on_call);
    }
    if nobody {
        let may_command = |role: &str| Role::find(role).is_some_and(|r| r.may(Permission::Command));
        let able = tx.users().await?.into_iter().filter(|u| !u.is_disabled && may_command(&u.role));
        people.extend(able.map(|u| u.id));
    }
    people.sort();
    people.dedup();
    Ok(people)
}
