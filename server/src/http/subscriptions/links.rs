//! The links of mails: confirming and unsubscribing. GET never changes anything: scanners follow links.

use app::{model::Message, public::message_page};
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
};

use super::{failed, public_page, read, site};
use crate::{
    commands::{Ctx, Refusal, subscribe},
    keys::token_hash,
    state::App,
};

/// Asks before confirming.
pub async fn confirm_form(State(app): State<App>, Path(token): Path<String>) -> Response {
    let ctx = Ctx::system(app.clock.now());
    let found = async {
        let mut tx = app.store.read().await?;
        Ok::<_, Refusal>(tx.subscriber_by_confirmation(&token_hash(&token), ctx.now).await?)
    };
    match found.await {
        Ok(Some(row)) => {
            let scope = row.scope().unwrap_or_default();
            let scope = app.snapshot.with_world(|w| scope.words(w));
            public_page(StatusCode::OK, message_page(&Message::confirm(site(&app), &token, &scope)))
        }
        Ok(None) => public_page(StatusCode::NOT_FOUND, message_page(&Message::link_expired(site(&app)))),
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}

/// Confirms.
pub async fn confirm(State(app): State<App>, Path(token): Path<String>) -> Response {
    let ctx = Ctx::system(app.clock.now());
    let done = async {
        let mut tx = app.store.write().await?;
        let id = subscribe::confirm(&mut tx, &ctx, &token).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(id)
    };
    match done.await {
        Ok(Some(id)) => {
            let manage = subscribe::manage_token(&app.keys, &id);
            public_page(StatusCode::OK, message_page(&Message::confirmed(site(&app), &manage)))
        }
        Ok(None) => public_page(StatusCode::NOT_FOUND, message_page(&Message::link_expired(site(&app)))),
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}

/// Asks before unsubscribing.
pub async fn unsubscribe_form(State(app): State<App>, Path(token): Path<String>) -> Response {
    match subscribe::subscriber_of(&app.keys, &token) {
        Some(_) => public_page(StatusCode::OK, message_page(&Message::unsubscribe(site(&app), &token))),
        None => public_page(StatusCode::NOT_FOUND, message_page(&Message::link_expired(site(&app)))),
    }
}

/// Unsubscribes: the button of the page, or one click in a mail program (RFC 8058). No cookie, no redirect; again is fine.
pub async fn unsubscribe(State(app): State<App>, Path(token): Path<String>, request: Request) -> Response {
    if let Err(response) = read(request.into_body()).await {
        return response;
    }
    let ctx = Ctx::system(app.clock.now());
    let Some(id) = subscribe::subscriber_of(&app.keys, &token) else {
        return public_page(StatusCode::NOT_FOUND, message_page(&Message::link_expired(site(&app))));
    };
    let done = async {
        let mut tx = app.store.write().await?;
        subscribe::unsubscribe(&mut tx, &ctx, &id).await?;
        Ok::<_, Refusal>(tx.commit().await?)
    };
    match done.await {
        Ok(()) => public_page(StatusCode::OK, message_page(&Message::unsubscribed(site(&app)))),
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}
