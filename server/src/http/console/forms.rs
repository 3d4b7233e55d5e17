//! Reading forms: times, cells, the four fields.

use chrono::NaiveDateTime;
use domain::{clock::Timestamp, notice::Message, status::CellStatus};

use crate::{commands::Refusal, http::fields::Fields};

/// `2026-03-02T08:10` (UTC), as `<input type=datetime-local>` sends it; empty: none.
pub(super) fn time(fields: &Fields, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = fields.some(name) else { return Ok(None) };
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|t| Some(t.and_utc().into()))
        .ok_or_else(|| Refusal::field(name, "Give a date and time in UTC, like 2026-03-02T08:10."))
}

/// A time as such an input wants it.
pub(super) fn input_time(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%dT%H:%M").to_string()
}

/// The four fields.
pub(super) fn message(fields: &Fields) -> Message {
    Message {
        known: fields.one("known").into(),
        unknown: fields.one("unknown").into(),
        next_steps: fields.one("next_steps").into(),
        customer_action: fields.one("customer_action").into(),
    }
}

/// The four fields as the page shows them again.
pub(super) fn typed(fields: &Fields) -> app::console::model::Fields {
    let Message { known, unknown, next_steps, customer_action } = message(fields);
    app::console::model::Fields { known, unknown, next_steps, customer_action }
}

/// Cells with a chosen status: `cell.<id>=partial_outage`.
pub(super) fn cells(fields: &Fields) -> Result<Vec<(String, CellStatus)>, Refusal> {
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

/// Refuses fields that a form does not have.
pub(super) fn only(fields: &Fields, allowed: &[&str]) -> Result<(), Refusal> {
    match fields.unknown(allowed) {
        None => Ok(()),
        Some(name) => Err(Refusal::field("", format!("This form has no field {name:?}."))),
    }
}
