//! What each command of the command line does.

use std::{path::Path, process::ExitCode, sync::Arc};

use serde_json::json;
use tokio::{net::TcpListener, runtime::Handle, sync::watch, task::JoinSet};

use crate::{
    auth::{password, role::Role, totp},
    boot::{bind, boot, stop_on_signal},
    cli::{Admin, Audit, Cli, Command, Evidence},
    clock::Clock,
    commands::{
        Ctx, setup,
        users::{self, NewUser},
    },
    config::{Config, DEFAULT_TOML},
    demo, evidence,
    http::{
        public, router,
        serve::{self, House},
    },
    simulate,
    state::App,
    worker::{
        background::{self, Quarters, Threads, Way},
        degradation, housekeeping, journeys, kpis, launches, outbox, presence, retention, suppliers, timers,
    },
};

/// After so many turns of tasks a thread looks who else has come. A commit answers dozens of telemetry's requests at
/// once: a visitor waits behind a few of them, not behind all.
const LOOK_UP: u32 = 8;

/// Runs a command; every failure is one sentence and a non-zero exit.
#[must_use]
pub fn main(cli: Cli) -> ExitCode {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    threads.event_interval(LOOK_UP).on_thread_start(background::come_soon).enable_all();
    let runtime = match threads.build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("the runtime could not start: {error}")),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => failed(&message),
    }
}

fn failed(message: &str) -> ExitCode {
    eprintln!("waypost: {message}");
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> Result<(), String> {
    if let Command::CheckConfig(options) = &cli.command
        && options.defaults
    {
        print!("{DEFAULT_TOML}");
        return Ok(());
    }
    if let Command::Evidence(Evidence::Verify { file, key }) = &cli.command {
        return verify_evidence(file, key.as_deref());
    }
    let config = Config::load(cli.config.as_deref())?;
    log(&config)?;
    match cli.command {
        Command::Serve(options) => serve_command(config, options.no_worker, options.json).await,
        Command::Worker => work_command(config).await,
        Command::Migrate => {
            store::Store::open(&config.database()).await.map_err(|e| e.to_string())?;
            println!("The database schema is up to date.");
            Ok(())
        }
        Command::Admin(Admin::Create { email, name, role }) => create_admin(config, email, name, &role).await,
        Command::Audit(Audit::Verify) => verify_audit(config).await,
        Command::Evidence(Evidence::Verify { file, key }) => verify_evidence(&file, key.as_deref()),
        Command::CheckConfig(_) => {
            println!("{config:#?}");
            println!("The configuration is valid.");
            Ok(())
        }
        Command::Demo(options) => demo::run(config, options).await,
        Command::Simulate(options) => {
            let stop = stop_on_signal();
            simulate::run(options, Clock::Wall, stop).await
        }
    }
}

fn log(config: &Config) -> Result<(), String> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log).map_err(|e| format!("log: {e}"))?;
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}

/// Everything that runs beside the listener.
pub(crate) fn start_workers(
    app: &App,
    stop: &watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<(), String> {
    let senders = Arc::new(outbox::Senders::new(app)?);
    presence::begin(app);
    tasks.spawn(presence::run(app.clone(), stop.clone()));
    tasks.spawn(degradation::run(app.clone(), stop.clone()));
    tasks.spawn(timers::run(app.clone(), senders.clone(), stop.clone()));
    tasks.spawn(housekeeping::run(app.clone(), stop.clone()));
    // A thousand events at a turn: no visitor waits behind them.
    let (journeys, kpis) = (journeys::run(app.clone(), stop.clone()), kpis::run(app.clone(), stop.clone()));
    let counting = async move {
        let ((), ()) = tokio::join!(journeys, kpis);
    };
    tasks.spawn(background::run("counting", Threads::One, Way::Some, counting));
    tasks.spawn(retention::run(app.clone(), stop.clone()));
    tasks.spawn(launches::run(app.clone(), stop.clone()));
    tasks.spawn(suppliers::run(app.clone(), stop.clone()));
    tasks.spawn(outbox::run(app.clone(), senders, stop.clone()));
    Ok(())
}

/// Serves until the stop. The threads that it returns are to be kept until the database is closed.
///
/// # Errors
/// When the system gives no threads.
pub async fn serve_app(
    app: App,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
) -> Result<Quarters, String> {
    let quarters =
        Quarters::open("telemetry", Threads::One, Way::Some).map_err(|e| format!("no more threads: {e}"))?;
    let router = router(&app, stop.clone());
    let fast = {
        let app = app.clone();
        Arc::new(move |request: &hyper::Request<hyper::body::Incoming>| public::fast(&app, request))
    };
    let snapshot = app.snapshot.clone();
    let refreshing = tokio::spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move { snapshot.run(app, stop).await }
    });
    let house = House { router, fast, visitors: Handle::current(), telemetry: quarters.handle() };
    // On a visitors' thread: whoever comes is let in as soon as others are answered.
    let _ = tokio::spawn(serve::serve(listener, house, stop)).await;
    let _ = refreshing.await;
    Ok(quarters)
}

async fn serve_command(mut config: Config, no_worker: bool, as_json: bool) -> Result<(), String> {
    let listener = bind(config.listen).await?;
    config.settle_on(listener.local_addr().map_err(|e| e.to_string())?)?;
    let booted = boot(config, Clock::Wall).await?;
    let app = booted.app.clone();
    let origin = app.config.origin().to_owned();
    let setup_url = setup_link(&app).await?;
    if as_json {
        println!(
            "{}",
            json!({ "page_url": format!("{origin}/"), "console_url": format!("{origin}/console"), "setup_url": setup_url })
        );
    } else {
        println!("Public page:  {origin}/\nConsole:      {origin}/console");
        if let Some(url) = &setup_url {
            println!("\nSet the page up here; the link works once:\n  {url}");
        }
    }
    let stop = stop_on_signal();
    let mut tasks = JoinSet::new();
    if !no_worker {
        start_workers(&app, &stop, &mut tasks)?;
    }
    let quarters = serve_app(app.clone(), listener, stop).await?;
    while tasks.join_next().await.is_some() {}
    app.store.close().await;
    drop(quarters);
    Ok(())
}

async fn setup_link(app: &App) -> Result<Option<String>, String> {
    let ctx = Ctx::system(app.clock.now());
    let mut tx = app.store.write().await.map_err(|e| e.to_string())?;
    let token = setup::issue_token(&mut tx, &ctx).await.map_err(|e| e.to_string())?;
    tx.commit().await.map_err(|e| e.to_string())?;
    Ok(token.map(|t| format!("{}/setup/{t}", app.config.origin())))
}

async fn work_command(config: Config) -> Result<(), String> {
    let booted = boot(config, Clock::Wall).await?;
    let app = booted.app.clone();
    let stop = stop_on_signal();
    let mut tasks = JoinSet::new();
    start_workers(&app, &stop, &mut tasks)?;
    println!("Working. Ctrl-C stops.");
    while tasks.join_next().await.is_some() {}
    app.store.close().await;
    Ok(())
}

/// Needs neither configuration nor database nor network.
fn verify_evidence(file: &Path, key: Option<&str>) -> Result<(), String> {
    let shown = file.display();
    let size = std::fs::metadata(file).map_err(|e| format!("{shown}: {e}"))?.len();
    if size > evidence::FILE_MAX {
        return Err(format!("{shown} has {size} bytes: no evidence pack is that large"));
    }
    let text = std::fs::read_to_string(file).map_err(|e| format!("{shown}: {e}"))?;
    let (pack, signed_with) = evidence::verify(&text, key).map_err(|e| format!("{shown}: {e}"))?;
    println!(
        "The pack is whole: {} for {}, {}, made {}, {} services.",
        pack.operator,
        pack.partner,
        pack.month,
        pack.made_at,
        pack.cells.len()
    );
    match key {
        Some(_) => println!("It is signed with the key that you gave."),
        None => println!(
            "It is signed with {signed_with}. Compare that with the key on the operator's page, or give it with --key."
        ),
    }
    Ok(())
}

/// Also while Waypost runs: it only reads.
async fn verify_audit(config: Config) -> Result<(), String> {
    let store = store::Store::connect(&config.database()).await.map_err(|e| e.to_string())?;
    let chain = async { store.read().await?.verify_audit().await };
    match chain.await.map_err(|e: store::StoreError| e.to_string())? {
        store::Chain::Whole { lines, head } => {
            println!("The record is whole: {lines} lines. Its head is {head}");
            Ok(())
        }
        store::Chain::Broken { id, why } => Err(format!(
            "the record is broken at line {id}: {why}. Compare with a backup; nothing after that line can be relied upon"
        )),
    }
}

async fn create_admin(config: Config, email: String, name: String, role: &str) -> Result<(), String> {
    let role = Role::find(role).ok_or_else(|| {
        format!("role: {role:?} is not viewer, responder, communicator, commander, maintainer or owner")
    })?;
    let booted = boot(config, Clock::Wall).await?;
    let app = &booted.app;
    let one_time = users::one_time_password();
    let password_hash = password::hash(&app.keys, one_time.clone())
        .await
        .map_err(|password::Busy| "the password could not be hashed".to_owned())?;
    let totp_secret = totp::new_secret();
    let new =
        NewUser { email, name, role, password_hash, totp_secret: totp_secret.clone(), is_enrolled: false };
    let ctx = Ctx::system(app.clock.now());
    let done = async {
        let mut tx = app.store.write().await?;
        users::create_user(&mut tx, &ctx, &app.keys, new).await?;
        Ok::<_, crate::commands::Refusal>(tx.commit().await?)
    };
    done.await.map_err(|e| e.to_string())?;
    println!("One-time password:    {one_time}\nAuthenticator secret: {}", totp::base32(&totp_secret));
    println!("Neither is shown again. Sign in at {}/console", app.config.origin());
    Ok(())
}
