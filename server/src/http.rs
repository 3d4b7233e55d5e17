//! The doors, and the one router behind them.

pub mod assets;
pub mod console;
pub mod door;
pub mod errors;
pub mod evidence;
pub mod fields;
pub mod headers;
pub mod mail_hook;
pub mod public;
pub mod routes;
pub mod serve;
pub mod setup;
pub mod sign_in;
pub mod subscribers_api;
pub mod subscriptions;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    middleware::{from_fn_with_state, map_response},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use tokio::sync::watch;

use crate::{auth::guard::guard, ingest, state::App};

/// Everything that is not answered from memory.
pub fn router(app: &App, stop: watch::Receiver<bool>) -> Router {
    let guarded = guarded()
        .merge(settings())
        .merge(sources())
        .merge(suppliers())
        .merge(launches())
        .merge(judge())
        .merge(writing())
        .merge(reviews())
        .route_layer(from_fn_with_state(app.clone(), guard));
    Router::new()
        .merge(guarded)
        .merge(visitors())
        .with_state(app.clone())
        .merge(ingest::router(app, stop))
        .fallback({
            let app = app.clone();
            move |request: axum::extract::Request| async move { not_found(&app, request.uri().path()) }
        })
        .layer(map_response(no_empty_405))
        .layer(from_fn_with_state(app.clone(), headers::wrap))
}

/// Routes that read the session cookie; each stands in the route table too, or nobody may call it.
fn guarded() -> Router<App> {
    use console::{cells, desk_book, drafts, incidents, now, partners, people, spool, subscribers};
    Router::new()
        .route("/setup/{token}", get(setup::form).post(setup::submit))
        .route("/console/sign-in", get(sign_in::form).post(sign_in::submit))
        .route("/console/sign-in/code", get(sign_in::code_form).post(sign_in::code_submit))
        .route("/console/sign-out", post(sign_in::sign_out))
        .route("/console", get(now::board))
        .route("/console/incidents", get(incidents::list).post(incidents::declare))
        .route("/console/incidents/new", get(incidents::new))
        .route("/console/incidents/{id}", get(incidents::show))
        .route("/console/incidents/{id}/updates", post(incidents::update))
        .route(
            "/console/incidents/{id}/updates/{update}",
            get(incidents::show_edit).post(incidents::save_edit),
        )
        .route("/console/incidents/{id}/reclassify", post(incidents::reclassify))
        .route("/console/incidents/{id}/restore", post(incidents::restore))
        .route("/console/incidents/{id}/resolve", post(incidents::resolve))
        .route("/console/incidents/{id}/leads", post(incidents::give))
        .route("/console/drafts/{form}/{incident}/save", post(drafts::save))
        .route("/console/drafts/{form}/{incident}/ask", post(drafts::ask))
        .route("/console/drafts/{id}", get(drafts::show))
        .route("/console/drafts/{id}/approve", post(drafts::approve))
        .route("/console/drafts/{id}/return", post(drafts::give_back))
        .route("/console/drafts/{id}/discard", post(drafts::discard))
        .route("/console/incidents/{id}/engagements", post(incidents::engage))
        .route("/console/incidents/{id}/engagements/details", post(incidents::describe))
        .route("/console/incidents/{id}/pack", get(incidents::pack))
        .route("/console/blast", get(incidents::blast))
        .route("/console/proposals/{id}/dismiss", post(now::dismiss))
        .route("/console/telemetry", get(cells::list))
        .route("/console/cells/{id}", get(cells::show))
        .route("/console/cells/{id}/pin", post(cells::pin))
        .route("/console/cells/{id}/unpin", post(cells::unpin))
        .route("/console/desk-book", get(desk_book::contacts))
        .route("/console/desk-book/{shelf}", get(desk_book::list).post(desk_book::add))
        .route("/console/desk-book/{shelf}/new", get(desk_book::blank))
        .route("/console/desk-book/{shelf}/{id}", get(desk_book::form).post(desk_book::change))
        .route("/console/desk-book/{shelf}/{id}/remove", post(desk_book::remove))
        .route("/console/partners/{id}", get(partners::show).post(partners::act))
        .route("/console/partners/{id}/evidence", post(console::evidence::make))
        .route("/console/partners/{id}/evidence/{file}", get(console::evidence::show))
        .route("/console/subscribers", get(subscribers::show))
        .route("/console/subscribers/import", post(subscribers::import))
        .route("/console/subscribers/export", post(subscribers::export))
        .route("/console/subscribers/resume-mail", post(subscribers::resume_mail))
        .route("/console/subscribers/resume-digests", post(subscribers::resume_digests))
        .route("/console/deliveries.json", get(subscribers::health))
        .route("/console/subscribers/{id}", get(subscribers::one::show).post(subscribers::one::act))
        .route("/console/people", get(people::show).post(people::add))
        .route("/console/people/{id}/access", post(people::set_access))
        .route("/console/mail-spool", get(spool::list))
        .route("/console/mail-spool/{name}", get(spool::show))
}

/// The same, about what is promised and what there is.
fn settings() -> Router<App> {
    use console::{evidence, policy, settings};
    Router::new()
        .route("/console/settings", get(settings::show))
        .route("/console/settings/promises", get(policy::show).post(policy::save))
        .route("/console/settings/availability", get(evidence::targets).post(evidence::save_targets))
        .route("/console/settings/portfolios", post(settings::add_portfolio))
        .route("/console/settings/countries", post(settings::add_country))
        .route("/console/settings/components", post(settings::add_component))
        .route("/console/settings/charts", post(settings::choose_charts))
}

/// The same, about where telemetry comes from.
fn sources() -> Router<App> {
    use console::{explorer, sources};
    Router::new()
        .route("/console/sources", get(sources::show))
        .route("/console/explorer", get(explorer::show))
        .route("/console/sources/keys", post(sources::add_key))
        .route("/console/sources/keys/{id}/renew", post(sources::renew_key))
        .route("/console/sources/keys/{id}/revoke", post(sources::revoke_key))
        .route("/console/sources/mappings", post(sources::add_mapping))
        .route("/console/sources/mappings/{id}/remove", post(sources::remove_mapping))
        .route("/console/sources/alerts/end", post(sources::end_alert))
}

/// The same, about suppliers.
fn suppliers() -> Router<App> {
    use console::suppliers;
    Router::new()
        .route("/console/suppliers", get(suppliers::list))
        .route("/console/suppliers/{id}", get(suppliers::show))
        .route("/console/suppliers/{id}/nodes", post(suppliers::save_node))
        .route("/console/suppliers/{id}/nodes/{node}/remove", post(suppliers::remove_node))
        .route("/console/suppliers/{id}/moves", post(suppliers::record_move))
        .route("/console/suppliers/{id}/moves/{step}/strike", post(suppliers::strike_move))
        .route("/console/suppliers/{id}/certificates", post(suppliers::save_certificate))
        .route(
            "/console/suppliers/{id}/certificates/{certificate}/remove",
            post(suppliers::remove_certificate),
        )
        .route("/console/suppliers/{id}/hosts", post(suppliers::add_host))
        .route("/console/suppliers/{id}/hosts/{host}/remove", post(suppliers::remove_host))
        .route("/console/suppliers/{id}/read", post(suppliers::read_now))
        .route("/console/suppliers/{id}/upstreams", post(suppliers::add_upstream))
        .route("/console/suppliers/{id}/upstreams/{upstream}/{verb}", post(suppliers::change_upstream))
        .route("/console/suppliers/{id}/targets", post(suppliers::save_targets))
        .route("/console/suppliers/{id}/review", get(suppliers::show_review))
        .route("/console/suppliers/{id}/review.csv", get(suppliers::as_csv))
        .route("/console/suppliers/{id}/review.json", get(suppliers::as_json))
}

/// The same, about what is new.
fn launches() -> Router<App> {
    use console::{launches, trials};
    Router::new()
        .route("/console/trials", get(trials::show))
        .route("/console/launches", get(launches::show).post(launches::begin))
        .route("/console/launches/{id}/stop", post(launches::stop))
        .route("/console/launches/markets", post(launches::begin_list))
        .route("/console/launches/markets/{country}", post(launches::add_check))
        .route("/console/launches/checks/{id}", post(launches::change_check))
}

/// The same, about what telemetry must say before something turns.
fn judge() -> Router<App> {
    use console::{canary, degradation};
    Router::new()
        .route("/console/degradation", get(degradation::list))
        .route("/console/degradation/new", get(degradation::new))
        .route("/console/degradation/policies/{scope}", get(degradation::show).post(degradation::save))
        .route("/console/degradation/policies/{scope}/try", post(degradation::attempt))
        .route("/console/degradation/policies/{scope}/withdraw", post(degradation::withdraw))
        .route("/console/degradation/watches", post(degradation::watch))
        .route("/console/degradation/watches/{id}/end", post(degradation::end_watch))
        .route("/console/key-holds/{id}/pass", post(degradation::pass))
        .route("/console/key-holds/{id}/dismiss", post(degradation::dismiss))
        .route("/console/canary", get(canary::show).post(canary::save))
        .route("/console/canary/endpoints/{id}/mark", post(canary::mark))
        .route("/console/canary/endpoints/{id}/unmark", post(canary::unmark))
}

/// The same, about words.
fn writing() -> Router<App> {
    use console::{drafts, incidents, templates, writing};
    Router::new()
        .route("/console/writing", get(templates::list))
        .route("/console/writing/templates/{slot}", get(templates::show).post(templates::save))
        .route("/console/writing/templates/{slot}/approve", post(templates::approve))
        .route("/console/writing/templates/{slot}/withdraw", post(templates::withdraw))
        .route("/console/writing/linter", get(writing::rules).post(writing::save_rules))
        .route("/console/drafts/{form}/{incident}/fill", post(drafts::fill))
        .route("/console/drafts/{form}/{incident}/preview", post(drafts::preview))
        .route("/console/drafts/{form}/{incident}/as/{what}", get(incidents::as_read))
}

/// The same, about what was learned.
fn reviews() -> Router<App> {
    use console::{incidents, record, rehearsals, reviews};
    Router::new()
        .route("/console/rehearsals", get(rehearsals::list).post(rehearsals::begin))
        .route("/console/rehearsals/{id}", get(rehearsals::show))
        .route("/console/rehearsals/{id}/page", get(rehearsals::read))
        .route("/console/rehearsals/{id}/end", post(rehearsals::end))
        .route("/console/incidents/{id}/merge", post(incidents::merge))
        .route("/console/incidents/{id}/notes", post(incidents::note))
        .route("/console/incidents/{id}/facts", post(incidents::write_facts))
        .route("/console/incidents/backfill", get(incidents::enter).post(incidents::backfill))
        .route("/console/silent-fixes/{id}/dismiss", post(incidents::dismiss_silent_fix))
        .route("/console/record", get(record::show))
        .route("/console/incidents/{id}/export.json", get(record::export))
        .route("/console/incidents/{id}/print", get(record::print))
        .route("/console/incidents/{id}/rca", get(reviews::show).post(reviews::save))
        .route("/console/incidents/{id}/rca/hand-in", post(reviews::hand_in))
        .route("/console/incidents/{id}/rca/give-back", post(reviews::give_back))
        .route("/console/incidents/{id}/rca/publish", post(reviews::publish))
        .route("/console/incidents/{id}/rca/correct", post(reviews::correct))
        .route("/console/reviews", get(reviews::list))
        .route("/console/reviews/actions/{id}", post(reviews::set_done))
        .route("/console/reviews/weeks/{week}", get(reviews::week).post(reviews::save_week))
        .route("/console/reviews/weeks/{week}/publish", post(reviews::publish_week))
}

/// Routes for visitors; none reads a cookie.
fn visitors() -> Router<App> {
    use subscriptions::{
        change, confirm, confirm_form, enable, erase, export, form, leave, manage_form, partner_form,
        partner_submit, pause, replay, resume, rotate, sign_with_key, submit, test, unsubscribe,
        unsubscribe_form,
    };
    Router::new()
        .route("/subscribe", get(form).post(submit))
        // Where a Statuspage had these: bookmarks and readers' links stay good.
        .route("/subscriptions", get(async || Redirect::permanent(::app::paths::SUBSCRIBE)))
        .route("/subscriptions/{*rest}", get(async || Redirect::permanent(::app::paths::SUBSCRIBE)))
        .route("/uptime", get(async || Redirect::permanent(::app::paths::HISTORY)))
        .route("/uptime/{*rest}", get(async || Redirect::permanent(::app::paths::HISTORY)))
        .route("/p/{token}", get(door::front))
        .route("/p/{token}/", get(door::front))
        .route("/p/{token}/subscribe", get(partner_form).post(partner_submit))
        .route("/p/{token}/evidence", get(evidence::list))
        .route("/p/{token}/evidence/{file}", get(evidence::show))
        .route("/p/{token}/{*rest}", get(door::page))
        .route("/confirm/{token}", get(confirm_form).post(confirm))
        .route("/u/{token}", get(unsubscribe_form).post(unsubscribe))
        .route("/manage/{token}", get(manage_form).post(change))
        .route("/manage/{token}/pause", post(pause))
        .route("/manage/{token}/resume", post(resume))
        .route("/manage/{token}/secret", post(rotate))
        .route("/manage/{token}/key", post(sign_with_key))
        .route("/manage/{token}/test", post(test))
        .route("/manage/{token}/replay", post(replay))
        .route("/manage/{token}/enable", post(enable))
        .route("/manage/{token}/unsubscribe", post(leave))
        .route("/manage/{token}/erase", post(erase))
        .route("/manage/{token}/export.json", get(export))
        .route("/hooks/mail", post(mail_hook::take))
        .route("/api/v2/subscribers.json", get(subscribers_api::refuse).post(subscribers_api::add))
        .route("/pkg/{name}", get(assets::file))
        .route("/healthz", get(async || "ok\n"))
        .route("/robots.txt", get(async || "User-agent: *\nDisallow: /console\nDisallow: /setup\nDisallow: /confirm\nDisallow: /u/\nDisallow: /manage/\nDisallow: /p/\n"))
        .route("/favicon.svg", get(icon))
        .route("/.well-known/security.txt", get(security))
}

async fn icon() -> Response {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, include_str!("../../public/favicon.svg")).into_response()
}

/// RFC 9116: who hears of a hole. It is valid for half a year from today.
async fn security(State(app): State<App>) -> Response {
    let contact = &app.config.security_contact;
    if contact.is_empty() {
        return not_found(&app, ::app::paths::SECURITY);
    }
    let origin = app.config.origin();
    let expires = app.clock.now().utc_day_start().plus(180 * domain::clock::DAY).rfc3339();
    let path = ::app::paths::SECURITY;
    let text = format!(
        "Contact: {contact}\nExpires: {expires}\nCanonical: {origin}{path}\nPreferred-Languages: en\n"
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

fn not_found(app: &App, path: &str) -> Response {
    if path.starts_with("/api/") {
        let headers = [
            (header::CONTENT_TYPE, "application/json; charset=utf-8"),
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        ];
        return (StatusCode::NOT_FOUND, headers, "{\"error\":[\"Not found\"]}").into_response();
    }
    let site = app.snapshot.with_world(|w| ::app::model::Site::new(w.page_name.clone()));
    let page = ::app::public::message_page(&::app::model::Message::not_found(site));
    let mut response = (StatusCode::NOT_FOUND, axum::response::Html(page)).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, public::csp());
    response
}

async fn no_empty_405(response: Response) -> Response {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED
        || response.headers().contains_key(header::CONTENT_TYPE)
    {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut response =
        (StatusCode::METHOD_NOT_ALLOWED, "This address does not take that method.\n").into_response();
    if let Some(allow) = allow {
        response.headers_mut().insert(header::ALLOW, allow);
    } else {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
