//! The demo operator, made by the real commands on a simulated clock that ends now.

use std::sync::Arc;

use domain::{
    clock::{DAY, MINUTE},
    component::DEFAULTS,
    month::Month,
};
use serde_json::{Value, json};

use super::{desk, history, suppliers};
use crate::{
    auth::{password, role::Role, totp},
    clock::Clock,
    commands::{
        Ctx, Refusal, availability, cells, evidence, keys, partner_pages, setup,
        users::{self, NewUser},
    },
    config::Config,
    state::App,
};

const NAME: &str = "Meridian eSIM";
const COUNTRIES: &str = "Western Europe: FR IT ES DE PT GB\nNorth America: US CA MX";

struct Person {
    email: &'static str,
    name: &'static str,
    role: Role,
}

const PEOPLE: [Person; 2] = [
    Person { email: "jonas@meridian.example", name: "Jonas Weber", role: Role::Owner },
    Person { email: "ana@meridian.example", name: "Ana Reis", role: Role::Commander },
];

/// What is promised, and for each live partner the packs of the two months before.
async fn prove(app: &App) -> Result<(), Refusal> {
    let ctx = Ctx::system(app.clock.now());
    let last = Month::of(ctx.now).before();
    let mut tx = app.store.write().await?;
    let (targets, credits) =
        ("* * 99.5\neuicc-download * 99.9\npartner-portal * 99 office", "99.9 5\n99 10\n95 25");
    availability::save(&mut tx, &ctx, "0", (targets, credits)).await?;
    for partner in tx.partners().await?.iter().filter(|p| p.live_at.is_some()) {
        for month in [last.before(), last] {
            evidence::make(&mut tx, &ctx, &app.keys, &partner.id, month).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Makes operator, people, key and history; returns the sign-ins.
pub(super) async fn create(app: &App) -> Result<Value, Refusal> {
    let now = app.clock.now();
    let begin = now.plus(-91 * DAY);
    // The same database and keys under a clock of its own, from which no mail goes out.
    let mut config = Config::clone(&app.config);
    config.smtp.host.clear();
    let past = App { clock: Clock::manual(begin), config: Arc::new(config), ..app.clone() };
    let mut people = Vec::new();
    let mut facts = json!({});
    let mut tx = app.store.write().await?;
    let ctx = Ctx::system(begin);
    tx.finish_setup(NAME, begin).await?;
    for (slug, name, step) in DEFAULTS {
        cells::add_component(&mut tx, &ctx, name, Some(slug), step).await?;
    }
    setup::add_portfolios(&mut tx, &ctx, COUNTRIES).await?;
    tx.commit().await?;
    for (person, prefix) in PEOPLE.iter().zip(["", "second_"]) {
        let password = users::one_time_password();
        let secret = totp::new_secret();
        let password_hash = password::hash(&app.keys, password.clone())
            .await
            .map_err(|password::Busy| Refusal::Conflict("the password could not be hashed".into()))?;
        let new = NewUser {
            email: person.email.into(),
            name: person.name.into(),
            role: person.role,
            password_hash,
            totp_secret: secret.clone(),
            is_enrolled: true,
        };
        let mut tx = app.store.write().await?;
        people.push((users::create_user(&mut tx, &ctx, &app.keys, new).await?, person.name));
        tx.commit().await?;
        facts[format!("{prefix}email")] = json!(person.email);
        facts[format!("{prefix}password")] = json!(password);
        facts[format!("{prefix}totp_secret")] = json!(totp::base32(&secret));
    }
    let mut tx = app.store.write().await?;
    facts["ingest_key"] =
        json!(keys::create(&mut tx, &ctx, "demo", (6_000, 600_000), &keys::Limits::default()).await?);
    desk::fill(&mut tx, &ctx, &people, now).await?;
    suppliers::fill(&mut tx, &past.config, &ctx, now).await?;
    if let Some(partner) = tx.partners().await?.iter().find(|p| p.live_at.is_some()) {
        let page = ::app::paths::partner_page(&partner_pages::token(&app.keys, partner));
        facts["partner_page"] = json!(page);
    }
    tx.commit().await?;
    history::play(&past, &people, begin, now.plus(-MINUTE)).await?;
    prove(app).await?;
    Ok(facts)
}
