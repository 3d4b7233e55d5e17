//! Evidence packs and availability targets at the desk.

use app::console::{
    self,
    evidence::{AvailabilityForm, EvidencePack, EvidenceShelf},
    model::FormError,
};
use axum::{
    extract::{Path, Query},
    http::StatusCode,
};
use domain::{month::Month, sla::availability::Availability};
use serde::Deserialize;
use store::{Tx, policies::AVAILABILITY};

use super::{
    desk::{Answer, Desk, see},
    forms,
};
use crate::{
    auth::role::Permission,
    commands::{Refusal, availability, evidence as command},
    evidence,
    http::evidence::{as_file, made},
};

/// Packs that are listed.
const SHOWN: i64 = 60;

/// `?version=2`; without: the newest.
#[derive(Debug, Default, Deserialize)]
pub struct Which {
    #[serde(default)]
    version: i64,
}

/// The packs of a partner, for its page.
pub(super) async fn shelf(desk: &Desk, tx: &mut Tx, partner_id: &str) -> Result<EvidenceShelf, Refusal> {
    let now = desk.now();
    let mut packs = Vec::new();
    for row in tx.evidence_packs(partner_id, SHOWN).await? {
        let words = Month::parse(&row.month).map(Month::words).unwrap_or_default();
        packs.push((row.month, words, row.version, made(row.made_at, now)));
    }
    let this = Month::of(now);
    let months = [this.before(), this, this.before().before()];
    let named = |m: &Month| {
        let words = if *m == this { format!("{}, so far", m.words()) } else { m.words() };
        (m.to_string(), words)
    };
    Ok(EvidenceShelf { packs, months: months.iter().map(named).collect() })
}

/// A pack: `2026-10`, `2026-10.json` or `2026-10.csv`.
pub async fn show(
    desk: Desk,
    Path((id, file)): Path<(String, String)>,
    Query(which): Query<Which>,
) -> Answer {
    let (month, kind) = file.split_once('.').unwrap_or((&file, ""));
    let month = Month::parse(month).ok_or(Refusal::NotFound("evidence pack"))?;
    let mut tx = desk.read().await?;
    let partner = tx.partner(&id).await?.ok_or(Refusal::NotFound("partner"))?;
    let row = tx
        .evidence_pack(&id, &month.to_string(), which.version)
        .await?
        .ok_or(Refusal::NotFound("evidence pack"))?;
    if !kind.is_empty() {
        return as_file(&row, kind).ok_or(Refusal::NotFound("kind of file"));
    }
    let by = match tx.user(&row.made_by).await? {
        Some(user) => format!(" by {}", user.name),
        None => ", by itself".into(),
    };
    let model = EvidencePack {
        partner: (partner.id, partner.name),
        month: month.words(),
        made: format!("Version {}, made {}{by}", row.version, made(row.made_at, desk.now())),
        version: row.version,
        pack: evidence::read(&row.body).map_err(|e| Refusal::Conflict(e.to_string()))?,
    };
    let title = format!("Evidence, {}", model.month);
    Ok(desk.page(StatusCode::OK, &title, "/console/desk-book", |frame| console::evidence_pack(frame, &model)))
}

/// Makes the pack of a month.
pub async fn make(desk: Desk, Path(id): Path<String>) -> Answer {
    forms::only(&desk.fields, &["month"])?;
    let month = Month::parse(desk.fields.one("month"))
        .ok_or_else(|| Refusal::field("month", "Choose a month, like 2026-10."))?;
    let mut work = desk.begin().await?;
    command::make(&mut work.tx, &work.ctx, &desk.app.keys, &id, month).await?;
    work.commit().await?;
    Ok(see(&format!("/console/partners/{id}/evidence/{month}")))
}

/// The form with the targets.
pub async fn targets(desk: Desk) -> Answer {
    let (version, policy): (i64, Availability) = desk.read().await?.policy(AVAILABILITY).await?;
    let form = AvailabilityForm {
        version,
        targets: availability::target_lines(&policy),
        credits: availability::credit_lines(&policy),
        ..AvailabilityForm::default()
    };
    page(&desk, StatusCode::OK, form).await
}

async fn page(desk: &Desk, status: StatusCode, form: AvailabilityForm) -> Answer {
    let components = desk.read().await?.components().await?.into_iter().map(|c| c.slug).collect();
    let form = AvailabilityForm { components, may_save: desk.may(Permission::Maintain), ..form };
    Ok(desk.page(status, "Availability targets", "/console/settings", |frame| {
        console::availability(frame, &form)
    }))
}

/// Saves the next version.
pub async fn save_targets(desk: Desk) -> Answer {
    forms::only(&desk.fields, &["version", "targets", "credits"])?;
    let (version, targets, credits) =
        (desk.fields.one("version"), desk.fields.one("targets"), desk.fields.one("credits"));
    let mut work = desk.begin().await?;
    match availability::save(&mut work.tx, &work.ctx, version, (targets, credits)).await {
        Ok(()) => {
            desk.publish(work).await?;
            Ok(see("/console/settings/availability"))
        }
        Err(Refusal::Field { field, message }) => {
            drop(work);
            let form = AvailabilityForm {
                version: version.parse().unwrap_or(0),
                targets: targets.to_owned(),
                credits: credits.to_owned(),
                error: Some(FormError { field: field.into(), message }),
                ..AvailabilityForm::default()
            };
            page(&desk, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
        Err(refusal) => Err(refusal),
    }
}
