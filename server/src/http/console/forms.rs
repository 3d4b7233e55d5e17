//! Reading forms: times, cells, the four fields.

use domain::{clock::Timestamp, notice::Message};

pub(super) use crate::commands::kept::{cells, message, time};
use crate::{commands::Refusal, http::fields::Fields};

/// A time as such an input wants it.
pub(super) fn input_time(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%dT%H:%M").to_string()
}

/// The four fields as the page shows them again.
pub(super) fn typed(fields: &Fields) -> app::console::model::Fields {
    let Message { known, unknown, next_steps, customer_action } = message(fields);
    app::console::model::Fields { known, unknown, next_steps, customer_action }
}

/// Refuses fields that a form does not have.
pub(super) fn only(fields: &Fields, allowed: &[&str]) -> Result<(), Refusal> {
    match fields.unknown(allowed) {
        None => Ok(()),
        Some(name) => Err(Refusal::field("", format!("This form has no field {name:?}."))),
    }
}
