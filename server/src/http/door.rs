//! Through which door somebody looks: the public page, or the page of a partner behind its link.

use std::sync::Arc;

use app::{model::Site, paths, shell::within::within};
use axum::{
    extract::{Path, RawQuery, Request, State},
    response::{IntoResponse as _, Response},
};
use domain::clock::HOUR;
use store::PartnerRow;

use super::{not_found, public::respond};
use crate::{
    commands::{Refusal, partner_pages},
    http::errors::refusal_page,
    reads::World,
    snapshot::{Kind, Seat},
    state::App,
};

/// The public page, or the page of a partner.
#[derive(Debug)]
pub enum Door {
    /// Everybody's.
    Public,
    /// A partner's: who it is, where its page begins, and what it sees.
    Partner(Box<PartnerRow>, String, Arc<Seat>),
}

impl Door {
    /// The door that a token opens; none: it opens nothing. Without a database, what was seen last.
    pub async fn open(app: &App, token: &str) -> Result<Option<Self>, Refusal> {
        let base = paths::partner_page(token);
        let found = async {
            let partner = partner_pages::opened_by(&mut app.store.read().await?, &app.keys, token).await?;
            let Some(partner) = partner else { return Ok(None) };
            let seat = app.cohorts.seat(&app.store, &partner, app.clock.now()).await?;
            Ok(Some((partner, seat)))
        };
        let found = match found.await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "partner page: the database failed; what was read last is served");
                let seat = app.cohorts.last(token.get(..domain::id::LEN).unwrap_or_default());
                let seat = seat.filter(|s| partner_pages::token(&app.keys, s.partner()) == token);
                Some(seat.ok_or(Refusal::Store(error)).map(|seat| (seat.partner().clone(), seat))?)
            }
        };
        Ok(found.map(|(partner, seat)| Self::Partner(Box::new(partner), base, seat)))
    }

    /// The door that a subscriber came through: of its partner, or (none) the public page.
    pub async fn of(app: &App, partner_id: Option<&str>) -> Self {
        let Some(id) = partner_id else { return Self::Public };
        let found = async {
            let Some(partner) = app.store.read().await?.partner(id).await? else { return Ok(None) };
            let token = partner_pages::token(&app.keys, &partner);
            Self::open(app, &token).await
        };
        // What does without a database shows the frame of the public page.
        found.await.ok().flatten().unwrap_or(Self::Public)
    }

    /// The partner whose page it is.
    #[must_use]
    pub fn partner_id(&self) -> Option<&str> {
        match self {
            Self::Public => None,
            Self::Partner(partner, ..) => Some(&partner.id),
        }
    }

    /// Reads what is seen through it.
    pub fn with_world<T>(&self, app: &App, read: impl FnOnce(&World) -> T) -> T {
        match self {
            Self::Public => app.snapshot.with_world(read),
            Self::Partner(_, _, seat) => read(seat.world()),
        }
    }

    /// The frame of its pages.
    #[must_use]
    pub fn site(&self, app: &App) -> Site {
        let name = self.with_world(app, |w| w.page_name.clone());
        Site { has_evidence: self.partner_id().is_some(), ..Site::new(name) }
    }

    /// A page with its links as they are here.
    #[must_use]
    pub fn dressed(&self, html: String) -> String {
        match self {
            Self::Public => html,
            Self::Partner(_, base, _) => within(&html, base),
        }
    }
}

/// A partner's front page.
pub async fn front(
    state: State<App>,
    Path(token): Path<String>,
    query: RawQuery,
    request: Request,
) -> Response {
    page(state, Path((token, String::new())), query, request).await
}

/// Whatever else a partner reads: the same addresses as on the public page, below its link.
pub async fn page(
    State(app): State<App>,
    Path((token, rest)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let door = match Door::open(&app, &token).await {
        Ok(door) => door,
        Err(refusal) => return refusal_page(&refusal),
    };
    let Some(Door::Partner(partner, base, seat)) = door else { return not_found(&app, "") };
    let path = format!("/{rest}");
    let Some(page) = seat.get(app.config.origin(), &base, &path, query.as_deref()) else {
        return not_found(&app, "");
    };
    note(&app, &partner, matches!(page.kind, Kind::Rss | Kind::Atom)).await;
    respond(&page, request.method(), request.headers()).into_response()
}

/// Notes to the hour that the page or a feed was read: who brings a partner aboard sees that it arrived.
async fn note(app: &App, partner: &PartnerRow, is_feed: bool) {
    let (now, last) = (app.clock.now(), if is_feed { partner.feed_read_at } else { partner.page_read_at });
    if last.is_some_and(|at| now.millis() - at < HOUR) {
        return;
    }
    let noted = async {
        let mut tx = app.store.write().await?;
        tx.note_partner_read(&partner.id, is_feed, now).await?;
        tx.commit().await
    };
    if let Err(error) = noted.await {
        tracing::error!(%error, "partner page: a reading could not be noted");
    }
}
