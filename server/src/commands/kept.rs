//! The forms of an incident, from fields to command. A form is done at once, or kept and done later by the same code.

use chrono::NaiveDateTime;
use domain::{clock::Timestamp, incident::Phase, lead::SignOff, notice::Message, status::CellStatus};
use store::Tx;

use super::{
    Ctx, Refusal,
    incidents::{self, Declare, Published, Step, Verb},
    workarounds, writing,
};
use crate::http::fields::Fields;

/// Which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Declares an incident.
    Declare,
    /// Posts an update.
    Updates,
    /// Changes the severity.
    Reclassify,
    /// Usable again.
    Restore,
    /// Fixed for good.
    Resolve,
    /// Part of another incident.
    Merge,
}

/// Fields that every form may have beside its own: what is to happen with it.
const HANDLING: [&str; 9] = [
    "idempotency_key",
    "preview",
    "how",
    "break_glass",
    "publish_at",
    "override.*",
    "template",
    "draft",
    "workaround.*",
];
const DECLARE: [&str; 13] = [
    "title",
    "severity",
    "started_at",
    "cell.*",
    "known",
    "unknown",
    "next_steps",
    "customer_action",
    "next_update_due_at",
    "proposal",
    "explored",
    "rehearsal",
    "partner",
];
const STEP: [&str; 12] = [
    "version",
    "known",
    "unknown",
    "next_steps",
    "customer_action",
    "next_update_due_at",
    "phase",
    "kind",
    "cell.*",
    "severity",
    "reason",
    "into",
];

impl Form {
    /// Every form.
    pub const ALL: [Self; 6] =
        [Self::Declare, Self::Updates, Self::Reclassify, Self::Restore, Self::Resolve, Self::Merge];

    /// The word stored, and the last part of its address.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Declare => "declare",
            Self::Updates => "updates",
            Self::Reclassify => "reclassify",
            Self::Restore => "restore",
            Self::Resolve => "resolve",
            Self::Merge => "merge",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Declare => "Declaration",
            Self::Updates => "Update",
            Self::Reclassify => "Reclassification",
            Self::Restore => "Restore",
            Self::Resolve => "Resolution",
            Self::Merge => "Merge",
        }
    }

    /// The form by its word.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.slug() == word)
    }

    /// Refuses fields that this form does not have.
    pub fn check(self, fields: &Fields) -> Result<(), Refusal> {
        let own: &[&str] = if self == Self::Declare { &DECLARE } else { &STEP };
        match fields.unknown(&[own, &HANDLING].concat()) {
            None => Ok(()),
            Some(name) => Err(Refusal::field("", format!("This form has no field {name:?}."))),
        }
    }
}

/// Does what a form says.
pub async fn perform(
    tx: &mut Tx,
    ctx: &Ctx,
    form: Form,
    incident_id: &str,
    fields: &Fields,
    sign_off: SignOff,
) -> Result<Published, Refusal> {
    form.check(fields)?;
    let key = key(fields)?;
    let is_repeated = match &key {
        Some(key) => tx.update_by_key(key).await?.is_some(),
        None => false,
    };
    let done = publish(tx, ctx, form, incident_id, fields, (sign_off, key)).await?;
    if !is_repeated {
        workarounds::save(tx, ctx, &done.incident_id, &named(fields, "workaround.")).await?;
    }
    Ok(done)
}

async fn publish(
    tx: &mut Tx,
    ctx: &Ctx,
    form: Form,
    incident_id: &str,
    fields: &Fields,
    (sign_off, idempotency_key): (SignOff, Option<String>),
) -> Result<Published, Refusal> {
    if form == Form::Declare {
        let cmd = Declare {
            title: fields.one("title").into(),
            severity: fields.one("severity").parse().unwrap_or(0),
            started_at: time(fields, "started_at")?.unwrap_or(ctx.now),
            cells: cells(fields)?,
            message: message(fields),
            next_update_due_at: time(fields, "next_update_due_at")?,
            proposal_id: fields.some("proposal").map(str::to_owned),
            explored: fields.some("explored").map(str::to_owned),
            partners: fields.all("partner").map(str::to_owned).collect(),
            rehearsal_id: fields.some("rehearsal").map(str::to_owned),
            idempotency_key,
            sign_off,
            overrides: writing::overrides(fields),
        };
        return incidents::declare(tx, ctx, cmd).await;
    }
    let step = Step {
        incident_id: incident_id.to_owned(),
        version: fields.one("version").parse().unwrap_or(0),
        message: message(fields),
        next_update_due_at: time(fields, "next_update_due_at")?,
        idempotency_key,
        sign_off,
        overrides: writing::overrides(fields),
    };
    incidents::act(tx, ctx, step, verb(form, fields)?).await
}

fn verb(form: Form, fields: &Fields) -> Result<Verb, Refusal> {
    Ok(match form {
        Form::Declare | Form::Updates => Verb::PostUpdate {
            phase: Phase::try_from(fields.one("phase").to_owned())
                .map_err(|_| Refusal::field("phase", "Choose where the incident stands."))?,
            is_no_change: fields.one("kind") == "no_change",
            cells: cells(fields)?,
        },
        Form::Reclassify => Verb::Reclassify {
            severity: fields.one("severity").parse().unwrap_or(0),
            reason: fields.one("reason").into(),
        },
        Form::Restore => Verb::Restore,
        Form::Resolve => Verb::Resolve,
        Form::Merge => Verb::Merge { into: fields.one("into").into() },
    })
}

/// The idempotency key of a form.
fn key(fields: &Fields) -> Result<Option<String>, Refusal> {
    match fields.some("idempotency_key") {
        Some(key) if key.len() > 100 => {
            Err(Refusal::field("", "The idempotency key is longer than 100 bytes."))
        }
        key => Ok(key.map(str::to_owned)),
    }
}

/// `2026-03-02T08:10` (UTC), as `<input type=datetime-local>` sends it; empty: none.
pub fn time(fields: &Fields, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = fields.some(name) else { return Ok(None) };
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|t| Some(t.and_utc().into()))
        .ok_or_else(|| Refusal::field(name, "Give a date and time in UTC, like 2026-03-02T08:10."))
}

/// The four fields.
#[must_use]
pub fn message(fields: &Fields) -> Message {
    Message {
        known: fields.one("known").into(),
        unknown: fields.one("unknown").into(),
        next_steps: fields.one("next_steps").into(),
        customer_action: fields.one("customer_action").into(),
    }
}

/// What fields with this prefix hold: the rest of the name, and the value.
#[must_use]
pub fn named(fields: &Fields, prefix: &str) -> Vec<(String, String)> {
    fields.with_prefix(prefix).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Cells with a chosen status: `cell.<id>=partial_outage`.
pub fn cells(fields: &Fields) -> Result<Vec<(String, CellStatus)>, Refusal> {
    fields
        .with_prefix("cell.")
        .filter(|(_, status)| !status.is_empty())
        .map(|(id, status)| match CellStatus::try_from(status.to_owned()) {
            Ok(CellStatus::NoData) | Err(_) => {
                Err(Refusal::field("cells", format!("{status:?} is not a status to set.")))
            }
            Ok(status) => Ok((id.to_owned(), status)),
        })
        .collect()
}
