//! Certificates told by an inventory: `POST /ingest/v1/certificates` with a key of telemetry. Telling one again renews
//! it: supplier, node, kind and name say which one is meant.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{Request, StatusCode},
    response::{IntoResponse, Response},
};
use domain::clock::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{Door, answer::Problem};
use crate::commands::{
    Ctx, Refusal,
    certificates::{self, Given},
};

/// Most certificates in one request.
const CERTIFICATES_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    certificates: Vec<Certificate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Certificate {
    supplier: String,
    #[serde(default)]
    node: String,
    kind: String,
    name: String,
    expires_at: String,
}

/// Takes them, all or none.
pub(super) async fn take(State(door): State<Arc<Door>>, request: Request<Body>) -> Response {
    match keep(&door, request).await {
        Ok(kept) => (StatusCode::ACCEPTED, Json(json!({ "accepted": kept }))).into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn wrong(pointer: String, detail: String) -> Problem {
    Problem::new(422, "bad-certificate", "A certificate is not valid", detail).at(pointer)
}

async fn keep(door: &Door, request: Request<Body>) -> Result<usize, Problem> {
    let now = door.app.clock.now();
    let (key, scope, (told, _place)) = door.told::<Told>(request, now).await?;
    if told.certificates.is_empty() || told.certificates.len() > CERTIFICATES_MAX {
        let detail = format!("Tell of 1 to {CERTIFICATES_MAX} certificates at a time.");
        return Err(wrong("/certificates".into(), detail));
    }
    door.quotas.charge_events(&key, told.certificates.len())?;
    let ctx = Ctx { actor: format!("key:{}", key.id), ..Ctx::system(now) };
    let mut tx = door.app.store.write().await?;
    for (i, told) in told.certificates.iter().enumerate() {
        let at = |name: &str| format!("/certificates/{i}/{name}");
        if !scope.has_supplier(&told.supplier) {
            let detail = format!("this key may not speak of supplier {:?}", told.supplier);
            return Err(wrong(at("supplier"), detail));
        }
        let Some(supplier) = tx.supplier_by_slug(&told.supplier).await? else {
            let detail = format!("supplier {:?} is not in the desk book; add it there first", told.supplier);
            return Err(wrong(at("supplier"), detail));
        };
        let expires_at = Timestamp::parse_rfc3339(&told.expires_at)
            .map_err(|e| wrong(at("expires_at"), format!("expires_at {:?} is {e}", told.expires_at)))?;
        let given = Given {
            node: told.node.clone(),
            kind: told.kind.clone(),
            name: told.name.clone(),
            expires_at,
            origin: "api",
            ..Given::default()
        };
        certificates::save(&mut tx, &ctx, &supplier.id, given).await.map_err(|refusal| match refusal {
            Refusal::Field { field, message } => wrong(at(field), message),
            Refusal::Store(error) => error.into(),
            other => wrong(at("name"), other.to_string()),
        })?;
    }
    tx.commit().await?;
    Ok(told.certificates.len())
}
