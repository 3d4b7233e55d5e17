//! The Statuspage-shaped body of an incident notification, plus one `x_waypost` object.

use domain::{
    clock::Timestamp,
    notice::{IncidentNotice, MeasuredChange, MeasuredNotice, NoticeCell, NoticeUpdate, site_of},
};
use serde_json::{Value, json};

/// The body of an incident update, written once for all endpoints that are told it.
#[derive(Debug)]
pub struct IncidentBody {
    documentation: String,
    /// Everything after `meta`, with the closing brace.
    rest: String,
}

impl IncidentBody {
    /// Writes what every endpoint gets.
    #[must_use]
    pub fn new(notice: &IncidentNotice) -> Self {
        let all = json!({
            "page": {
                "id": notice.page_id,
                "status_indicator": notice.indicator.0,
                "status_description": notice.indicator.1,
            },
            "incident": incident_object(notice),
            "x_waypost": {
                "type": if notice.sequence <= 1 { "incident.declared" } else { "incident.updated" },
                "sequence": notice.sequence,
                "severity": notice.severity.number(),
                "next_update_due_at": time(notice.next_update_due_at),
                "workarounds": notice.workarounds.iter().map(|(code, _, text)| json!({ "country": code, "text": text })).collect::<Vec<_>>(),
            },
        });
        let all = all.to_string();
        let rest = all.strip_prefix('{').unwrap_or_default().to_owned();
        Self { documentation: format!("{}/api", notice.site()), rest }
    }

    /// The body for one endpoint.
    #[must_use]
    pub fn to(&self, unsubscribe_url: &str, now: Timestamp) -> Vec<u8> {
        let meta = json!({
            "unsubscribe": unsubscribe_url,
            "documentation": self.documentation,
            "generated_at": now.rfc3339(),
        });
        format!(r#"{{"meta":{meta},{}"#, self.rest).into_bytes()
    }
}

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |t| t.rfc3339().into())
}

fn incident_object(notice: &IncidentNotice) -> Value {
    let updated_at = notice.updates.first().map_or(notice.created_at, |u| u.published_at);
    json!({
        "id": notice.incident_id,
        "name": notice.full_title(),
        "status": notice.phase.slug(),
        "impact": notice.severity.indicator().slug(),
        "impact_override": null,
        "backfilled": false,
        "created_at": notice.created_at.rfc3339(),
        "updated_at": updated_at.rfc3339(),
        "started_at": notice.started_at.rfc3339(),
        "monitoring_at": time(notice.restored_at),
        "resolved_at": time(notice.resolved_at),
        "shortlink": notice.link(),
        "page_id": notice.page_id,
        "postmortem_body": null,
        "postmortem_body_last_updated_at": null,
        "postmortem_ignored": false,
        "postmortem_published_at": null,
        "postmortem_notified_subscribers": false,
        "postmortem_notified_twitter": false,
        "scheduled_for": null,
        "scheduled_until": null,
        "scheduled_remind_prior": false,
        "scheduled_reminded_at": null,
        "scheduled_auto_in_progress": false,
        "scheduled_auto_completed": false,
        "incident_updates": notice.updates.iter().map(|u| update(notice, u)).collect::<Vec<_>>(),
        "components": notice.cells.iter().map(|c| component(&notice.page_id, c)).collect::<Vec<_>>(),
    })
}

fn update(notice: &IncidentNotice, update: &NoticeUpdate) -> Value {
    let at = update.published_at.rfc3339();
    let edited = update.edited_at.map_or_else(|| at.clone(), |t| t.rfc3339());
    let affected: Vec<Value> = update
        .changed
        .iter()
        .map(|c| {
            json!({
                "code": c.cell_id,
                "name": format!("{} - {}", c.country_name, c.component_name),
                "old_status": c.old_status.statuspage(),
                "new_status": c.new_status.statuspage(),
            })
        })
        .collect();
    json!({
        "id": update.id,
        "incident_id": notice.incident_id,
        "status": update.phase.slug(),
        "body": update.message.body(),
        "created_at": at,
        "updated_at": edited,
        "display_at": at,
        "affected_components": if affected.is_empty() { Value::Null } else { affected.into() },
        "custom_tweet": null,
        "deliver_notifications": true,
        "tweet_id": null,
        "twitter_updated_at": null,
        "wants_twitter_update": false,
    })
}

fn component(page_id: &str, cell: &NoticeCell) -> Value {
    json!({
        "id": cell.cell_id,
        "name": cell.component_name,
        "status": cell.new_status.statuspage(),
        "created_at": cell.created_at.rfc3339(),
        "updated_at": cell.updated_at.rfc3339(),
        "position": cell.position,
        "description": null,
        "showcase": true,
        "start_date": null,
        "group_id": cell.group_id,
        "page_id": page_id,
        "group": false,
        "only_show_if_degraded": false,
        "x_waypost": {
            "component": cell.component,
            "country": cell.country,
            "status": cell.new_status.slug(),
        },
    })
}
/// The body of one change that telemetry made, for one endpoint; its sequence grows with every change of the cell.
#[must_use]
pub fn component_update(
    notice: &MeasuredNotice,
    change: &MeasuredChange,
    unsubscribe_url: &str,
    now: Timestamp,
) -> Vec<u8> {
    let cell = &change.cell;
    json!({
        "meta": {
            "unsubscribe": unsubscribe_url,
            "documentation": format!("{}/api", site_of(&notice.origin)),
            "generated_at": now.rfc3339(),
        },
        "page": {
            "id": notice.page_id,
            "status_indicator": notice.indicator.0,
            "status_description": notice.indicator.1,
        },
        "component_update": {
            "created_at": change.at.rfc3339(),
            "new_status": cell.new_status.statuspage(),
            "old_status": cell.old_status.statuspage(),
            "id": format!("{}{:x}", cell.cell_id, change.at.millis()),
            "component_id": cell.cell_id,
            "component_type": "Component",
        },
        "component": component(&notice.page_id, cell),
        "x_waypost": {
            "type": "component.measured",
            "sequence": change.at.millis(),
            "basis": "telemetry",
            "evidence": change.evidence,
            "old_status": cell.old_status.slug(),
            "new_status": cell.new_status.slug(),
        },
    })
    .to_string()
    .into_bytes()
}

/// A message that says only that it is a test; `page`: id and name.
#[must_use]
pub fn test(page: &(String, String), at: Timestamp) -> Vec<u8> {
    let body = json!({
        "meta": { "generated_at": at.rfc3339() },
        "page": { "id": page.0, "name": page.1 },
        "x_waypost": { "type": "endpoint.test", "sequence": 0 },
    });
    body.to_string().into_bytes()
}
