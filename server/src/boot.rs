//! Starting up: one clear sentence for everything that can be wrong, before anything is served.

use std::{
    fs::{File, TryLockError},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use delivery::webhook::Guard;
use ipnet::IpNet;
use store::{Engine, Store};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    auth::limits::Limits,
    clock::{Clock, new_id},
    config::Config,
    keys::Keys,
    snapshot::Snapshot,
    state::{App, Wake},
    worker::{
        outbox::Health,
        presence::{Presence, take_over},
    },
};

/// A started instance, before it serves.
pub struct Booted {
    /// What handlers and workers share.
    pub app: App,
    /// Held as long as this process lives: a second instance on the same files would corrupt promises.
    _locks: Vec<File>,
}

/// Opens everything that the configuration names.
///
/// # Errors
/// One sentence that says what is wrong and what to do.
pub async fn boot(config: Config, clock: Clock) -> Result<Booted, String> {
    let locks = lock_files(&config)?;
    let keys = if config.secret_key.expose().is_empty() {
        Keys::load_or_create(&config.data.join("secret.key"))?
    } else {
        Keys::from_hex(config.secret_key.expose()).ok_or("secret_key: it must be 64 hex digits")?
    };
    let store = Store::open(&config.database()).await.map_err(|e| explain(&e))?;
    ensure_page(&store, &clock).await.map_err(|e| explain(&e))?;
    let app = App::new(store, config, keys, clock).await.map_err(|e| explain(&e))?;
    if app.store.engine() == Engine::Sqlite {
        // The lock is ours: whoever claimed before is gone.
        take_over(&app).await.map_err(|e| explain(&e))?;
    }
    Ok(Booted { app, _locks: locks })
}

fn explain(error: &store::StoreError) -> String {
    format!("{error}. Check database_url and that the database runs, then start again.")
}

/// The locks that keep a second instance off the same files: of the data directory, where that is needed, and of an
/// embedded database that lies elsewhere.
fn lock_files(config: &Config) -> Result<Vec<File>, String> {
    let mut locks = Vec::new();
    if config.database_url.expose().is_empty() || config.secret_key.expose().is_empty() {
        let dir = &config.data;
        std::fs::create_dir_all(dir).map_err(|e| unusable(dir, &e))?;
        locks.push(lock_file(dir, &dir.join("waypost.lock"))?);
    }
    if let Some(path) = config.database_url.expose().strip_prefix("sqlite:") {
        let path = Path::new(path.trim_start_matches("//"));
        let dir = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir).map_err(|e| unusable(dir, &e))?;
        locks.push(lock_file(dir, &path.with_added_extension("lock"))?);
    }
    Ok(locks)
}

fn lock_file(dir: &Path, path: &Path) -> Result<File, String> {
    let options = File::options().create(true).truncate(false).write(true).open(path);
    let lock = options.map_err(|e| unusable(dir, &e))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(format!(
            "another Waypost is using {}. Stop it first, or give this one a data directory of its own.",
            dir.display()
        )),
        Err(TryLockError::Error(e)) => Err(unusable(dir, &e)),
    }
}

fn unusable(dir: &Path, why: &dyn std::fmt::Display) -> String {
    format!(
        "the data directory {} cannot be used: {why}. Choose another with --data or WAYPOST_DATA.",
        dir.display()
    )
}

async fn ensure_page(store: &Store, clock: &Clock) -> store::Result<()> {
    let mut tx = store.write().await?;
    if tx.page().await?.is_none() {
        tx.insert_page(&new_id(), "Status", clock.now()).await?;
    }
    tx.commit().await
}

/// Takes the port.
///
/// # Errors
/// One sentence when it is taken or not ours to take.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|e| match e.kind() {
        std::io::ErrorKind::AddrInUse => format!(
            "port {} is in use. Stop what listens there, or choose another with WAYPOST_LISTEN (demo: --port).",
            address.port()
        ),
        _ => format!("cannot listen on {address}: {e}. Choose another address with WAYPOST_LISTEN."),
    })
}

/// A flag that turns true on Ctrl-C or SIGTERM.
#[must_use]
pub fn stop_on_signal() -> watch::Receiver<bool> {
    let (tell, stop) = watch::channel(false);
    tokio::spawn(async move {
        let terminate = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => drop(signal.recv().await),
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = terminate => {}
        }
        let _ = tell.send(true);
    });
    stop
}

impl App {
    /// Ties the parts together.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new(store: Store, config: Config, keys: Keys, clock: Clock) -> store::Result<Self> {
        let origin = config.origin().to_owned();
        let snapshot = Snapshot::boot(store.clone(), clock.clone(), origin).await?;
        Ok(Self {
            store,
            limits: Arc::new(Limits::new(&config)),
            guard: Arc::new(guard(&config, &config.webhook.allow_cidrs, &config.webhook.allow_names)),
            reader_guard: Arc::new(guard(
                &config,
                &config.suppliers.allow_cidrs,
                &config.suppliers.allow_names,
            )),
            config: Arc::new(config),
            keys: Arc::new(keys),
            clock,
            wake: Arc::new(Wake::default()),
            snapshot: Arc::new(snapshot),
            cohorts: Arc::default(),
            delivery: Arc::new(Health::default()),
            presence: Arc::new(Presence::default()),
        })
    }
}

/// What we dial for others is never our own listener, our relay or our database, whatever is allowed.
fn guard(config: &Config, allow: &[IpNet], names: &[String]) -> Guard {
    let mut internal = vec![(config.smtp.host.clone(), config.smtp.port)];
    if let Ok(database) = url::Url::parse(config.database_url.expose()) {
        internal.extend(database.host_str().map(|h| (h.to_owned(), database.port().unwrap_or(5432))));
    }
    Guard { allow: allow.to_vec(), names: names.to_vec(), own: vec![config.listen], internal }
}
