//! The links of mails: confirming and unsubscribing. GET never changes anything: scanners follow links.

use app::{
    model::{Message, Site},
    public::message_page,
};
use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use domain::language::Language;

use super::{browsers, failed, public_page, read, site};
use crate::{
    commands::{Ctx, Refusal, subscribe},
    http::door::Door,
    keys::token_hash,
    state::App,
};

/// A link that is not ours, or no longer: in the language of the browser.
fn expired(app: &App, headers: &HeaderMap) -> Response {
    let site = site(app).speaking(browsers(headers));
    public_page(StatusCode::NOT_FOUND, message_page(&Message::link_expired(site)))
}

/// The language that the subscriber chose, and the page where they did.
async fn chosen_by(app: &App, id: &str) -> Result<(Language, Door), Refusal> {
    let row = app.store.read().await?.subscriber(id).await?.unwrap_or_default();
    Ok((Language::of(&row.language), Door::of(app, row.partner_id.as_deref()).await))
}

/// A message in the frame of that page.
fn said(app: &App, (language, door): &(Language, Door), say: impl FnOnce(Site) -> Message) -> Response {
    let message = say(door.site(app).speaking(*language));
    public_page(StatusCode::OK, door.dressed(message_page(&message)))
}

/// Asks before confirming.
pub async fn confirm_form(State(app): State<App>, headers: HeaderMap, Path(token): Path<String>) -> Response {
    let ctx = Ctx::system(app.clock.now());
    let found = async {
        let mut tx = app.store.read().await?;
        Ok::<_, Refusal>(tx.subscriber_by_confirmation(&token_hash(&token), ctx.now).await?)
    };
    match found.await {
        Ok(Some(row)) => {
            let language = Language::of(&row.language);
            let door = Door::of(&app, row.partner_id.as_deref()).await;
            let scope = row.scope().unwrap_or_default();
            let scope = door.with_world(&app, |w| scope.words_in(language, w));
            said(&app, &(language, door), |site| Message::confirm(site, &token, &scope))
        }
        Ok(None) => expired(&app, &headers),
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}

/// Confirms.
pub async fn confirm(State(app): State<App>, headers: HeaderMap, Path(token): Path<String>) -> Response {
    let ctx = Ctx::system(app.clock.now());
    let done = async {
        let mut tx = app.store.write().await?;
        let id = subscribe::confirm(&mut tx, &ctx, &token).await?;
        tx.commit().await?;
        let Some(id) = id else { return Ok(None) };
        let chosen = chosen_by(&app, &id).await?;
        Ok::<_, Refusal>(Some((id, chosen)))
    };
    match done.await {
        Ok(Some((id, chosen))) => {
            let manage = subscribe::manage_token(&app.keys, &id);
            said(&app, &chosen, |site| Message::confirmed(site, &manage))
        }
        Ok(None) => expired(&app, &headers),
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}

/// Asks before unsubscribing.
pub async fn unsubscribe_form(
    State(app): State<App>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response {
    let Some(id) = subscribe::subscriber_of(&app.keys, &token) else { return expired(&app, &headers) };
    // The page is there even while the database is not.
    let chosen = chosen_by(&app, &id).await.unwrap_or((Language::default(), Door::Public));
    said(&app, &chosen, |site| Message::unsubscribe(site, &token))
}

/// Unsubscribes: the button of the page, or one click in a mail program (RFC 8058). No cookie, no redirect; again is fine.
pub async fn unsubscribe(State(app): State<App>, Path(token): Path<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    if let Err(response) = read(request.into_body()).await {
        return response;
    }
    let ctx = Ctx::system(app.clock.now());
    let Some(id) = subscribe::subscriber_of(&app.keys, &token) else { return expired(&app, &headers) };
    let done = async {
        let chosen = chosen_by(&app, &id).await?;
        let mut tx = app.store.write().await?;
        subscribe::unsubscribe(&mut tx, &ctx, &id).await?;
        tx.commit().await?;
        Ok::<_, Refusal>(chosen)
    };
    match done.await {
        Ok(chosen) => said(&app, &chosen, Message::unsubscribed),
        Err(refusal) => failed(&app, &refusal, &ctx),
    }
}
