//! An example notice with every part filled: behind the samples of mails, webhooks and feeds.

use domain::{
    clock::{MINUTE, Timestamp},
    clock_local::Place,
    incident::{Phase, UpdateKind},
    notice::{IncidentNotice, Message, NoticeCell, NoticeUpdate},
    severity::Severity,
    status::CellStatus,
};

/// 2 March 2026, 13:50 UTC: when the sample's newest update was published.
pub const SAMPLE_AT: Timestamp = Timestamp::from_millis(1_772_459_400_000);

/// A Sev 2 incident in France with two updates.
#[must_use]
pub fn notice() -> IncidentNotice {
    let began = SAMPLE_AT.plus(-60 * MINUTE);
    let cell = NoticeCell {
        cell_id: "c1fractivate".into(),
        group_id: "g1frprovis00".into(),
        component: "euicc-download".into(),
        component_name: "eUICC download".into(),
        country: "FR".into(),
        country_name: "France".into(),
        old_status: CellStatus::Operational,
        new_status: CellStatus::PartialOutage,
        position: 2,
        created_at: began,
        updated_at: SAMPLE_AT,
    };
    let message = Message {
        known: "About one in four downloads in France fails.\nRetries often help.".into(),
        unknown: "When the supplier <node 2> is back.".into(),
        next_steps: "We move traffic & watch.".into(),
        customer_action: "Try again; nothing is charged twice.".into(),
    };
    let update = |id: &str, kind, phase, at, changed| NoticeUpdate {
        id: id.into(),
        kind,
        phase,
        message: message.clone(),
        published_at: at,
        edited_at: None,
        changed,
    };
    IncidentNotice {
        page_name: "Meridian eSIM".into(),
        page_id: "k7p2m9q4x1zd".into(),
        origin: "https://status.example.com".into(),
        indicator: ("major".into(), "Partial System Outage".into()),
        incident_id: "p31zjtct2jer".into(),
        title: "about one in four downloads fails".into(),
        severity: Severity::Sev2,
        phase: Phase::Identified,
        started_at: began,
        created_at: began.plus(5 * MINUTE),
        restored_at: None,
        resolved_at: None,
        next_update_due_at: Some(SAMPLE_AT.plus(60 * MINUTE)),
        sequence: 2,
        places: vec![Place { name: "France".into(), zone: "Europe/Paris".into() }],
        countries: vec!["FR".into()],
        cells: vec![cell.clone()],
        workarounds: vec![("FR".into(), "France".into(), "Download over **Wi-Fi**, or from abroad.".into())],
        updates: vec![
            update("u2bk4wq0m9dd", UpdateKind::Progress, Phase::Identified, SAMPLE_AT, Vec::new()),
            update(
                "u1bk4wq0m9dd",
                UpdateKind::Initial,
                Phase::Investigating,
                began.plus(5 * MINUTE),
                vec![cell],
            ),
        ],
    }
}
