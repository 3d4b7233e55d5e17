//! Settings: `default.toml`, compiled in and documented there, under `WAYPOST_*` environment variables.

mod mail;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use ipnet::IpNet;
use serde::Deserialize;
use url::Url;

/// Every setting. See `default.toml` for what each means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Origin of the public page, as visitors type it.
    pub base_url: Url,
    /// Data directory of the embedded default.
    pub data: PathBuf,
    /// `sqlite:PATH` or `postgres://…`; empty: SQLite in the data directory.
    pub database_url: Secret,
    /// 64 hex digits; empty: a key file in the data directory.
    pub secret_key: Secret,
    /// Opens `/metrics` to whoever sends it as a bearer token; empty: it is shut.
    #[serde(default)]
    pub metrics_token: Secret,
    /// How long telemetry is kept.
    pub telemetry: Telemetry,
    /// Mail.
    pub smtp: Smtp,
    /// Webhooks.
    pub webhook: Webhook,
    /// What is read from suppliers.
    pub suppliers: Suppliers,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who hears of a security hole: `mailto:` or `https:` address; empty: nobody is named.
    pub security_contact: String,
    /// Log filter, as in `RUST_LOG`.
    pub log: String,
    /// Rate limits.
    pub limits: Limits,
    /// The demo's mail spool; nobody else has one.
    #[serde(skip)]
    pub mail_spool: Option<PathBuf>,
}

/// How long telemetry is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// Days that raw events and journeys are kept; KPIs stay.
    pub raw_events_days: i64,
}

impl Telemetry {
    /// What the types cannot check.
    fn check(&self) -> Result<(), String> {
        // Senders are promised that a repeat within a week is harmless.
        if (7..=3_650).contains(&self.raw_events_days) {
            return Ok(());
        }
        Err("telemetry.raw_events_days: 7 to 3650; what is sent again within a week must be known".into())
    }
}

/// Rate limits, each per client address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Tries to sign in at once; then one per 20 seconds.
    pub sign_in_burst: u32,
    /// Subscriptions by mail at once; then ten an hour.
    pub subscribe_burst: u32,
    /// Webhooks per hour.
    pub webhook_per_hour: u32,
}

/// How mail leaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Host name; empty: no mail.
    pub host: String,
    /// Port.
    pub port: u16,
    /// `none`, `starttls` or `tls`.
    pub security: String,
    /// User name; empty: no sign-in.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// `From:` address.
    pub from: String,
    /// Connections at most.
    pub connections: usize,
    /// Where bounces go: every mail gets a return path of its own below it; empty: they go to `from`.
    pub bounces: String,
    /// Opens `POST /hooks/mail`; empty: it is shut.
    pub hook_token: Secret,
    /// Private key in PEM that mail is signed with; empty: it is not signed.
    pub dkim_key_file: PathBuf,
    /// Name under which the public key is published.
    pub dkim_selector: String,
    /// Domain that signs; empty: the sender's.
    pub dkim_domain: String,
}

/// How webhooks leave.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Address ranges that may be dialled although they are not public; lifts https-only and the port list there.
    pub allow_cidrs: Vec<IpNet>,
    /// Names inside those ranges, and everything below them: they may be registered with http and any port.
    pub allow_names: Vec<String>,
    /// Resolving and connecting may take this long, in milliseconds.
    pub connect_ms: u64,
    /// A whole exchange may take this long, in milliseconds.
    pub exchange_ms: u64,
    /// A connection is kept this long for the next message, in seconds; 0: it is not.
    pub idle_secs: u64,
    /// Delays before each attempt, in seconds.
    pub schedule_secs: Vec<u64>,
}

/// What is read from suppliers: certificates of their hosts, and their status pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppliers {
    /// Address ranges that may be dialled although they are not public; lifts https-only and the port list there.
    pub allow_cidrs: Vec<IpNet>,
    /// Names inside those ranges, and everything below them: they may be listed with any port.
    pub allow_names: Vec<String>,
}

impl Webhook {
    /// What the types cannot check.
    fn check(&self) -> Result<(), String> {
        if self.schedule_secs.is_empty() {
            return Err("webhook.schedule_secs: at least one attempt is needed".into());
        }
        // A claim ends after a minute: an attempt must have ended well before.
        if self.connect_ms == 0 || self.connect_ms > self.exchange_ms || self.exchange_ms > 30_000 {
            return Err(
                "webhook.connect_ms and exchange_ms: 1 or more, connecting within the exchange, and that \
                        within 30000"
                    .into(),
            );
        }
        if self.idle_secs > 300 {
            return Err("webhook.idle_secs: 300 at most".into());
        }
        Ok(())
    }
}

/// A setting that never shows in logs.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "(empty)" } else { "(secret)" })
    }
}

/// Names of the settings and sections that the environment may override.
const SETTINGS: [&str; 14] = [
    "listen",
    "base_url",
    "data",
    "database_url",
    "secret_key",
    "trusted_proxies",
    "security_contact",
    "metrics_token",
    "log",
    "telemetry",
    "smtp",
    "webhook",
    "suppliers",
    "limits",
];

/// The documented defaults.
pub const DEFAULT_TOML: &str = include_str!("default.toml");

impl Config {
    /// Reads the defaults, then an optional file, then `WAYPOST_*` (`WAYPOST_SMTP__HOST` sets `smtp.host`).
    ///
    /// # Errors
    /// One sentence that names the setting and what is wrong with it.
    pub fn load(file: Option<&std::path::Path>) -> Result<Self, String> {
        let mut figment = Figment::new().merge(Toml::string(DEFAULT_TOML));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(format!("the configuration file {} is not there", path.display()));
            }
            figment = figment.merge(Toml::file(path));
        }
        // Other programs have variables of that name too (WAYPOST_CONFIG, test runners): only settings count.
        let is_setting = |name: &str| {
            let first = name.split("__").next().unwrap_or("").to_ascii_lowercase();
            SETTINGS.contains(&first.as_str())
        };
        let env = Env::prefixed("WAYPOST_").filter(move |name| is_setting(name.as_str())).split("__");
        let mut config: Self =
            figment.merge(env).extract().map_err(|e| format!("the configuration is wrong: {e}"))?;
        for name in ["WAYPOST_WEBHOOK_ALLOW_CIDRS", "WEBHOOK_ALLOW_CIDRS"] {
            let Ok(list) = std::env::var(name) else { continue };
            for range in list.split([',', ' ']).filter(|r| !r.is_empty()) {
                let range = range
                    .parse()
                    .map_err(|_| format!("{name}: {range:?} is not an address range like 10.1.0.0/16"))?;
                config.webhook.allow_cidrs.push(range);
            }
        }
        config.check()?;
        Ok(config)
    }

    /// What the types cannot check.
    fn check(&self) -> Result<(), String> {
        let base = &self.base_url;
        if !matches!(base.scheme(), "http" | "https")
            || base.host().is_none()
            || base.path() != "/"
            || base.query().is_some()
        {
            return Err(format!(
                "base_url: {base} must be an origin like https://status.example.com, without a path"
            ));
        }
        self.telemetry.check()?;
        self.smtp.check()?;
        self.webhook.check()
    }

    /// Takes the address that was really bound; an untouched base URL follows it.
    ///
    /// # Errors
    /// When the address makes no URL.
    pub fn settle_on(&mut self, bound: SocketAddr) -> Result<(), String> {
        self.listen = bound;
        if self.base_url.as_str() == "http://127.0.0.1:8080/" {
            self.base_url = format!("http://{bound}").parse().map_err(|e| format!("base_url: {e}"))?;
        }
        Ok(())
    }

    /// Where the demo's sink puts mail.
    #[must_use]
    pub fn spool(&self) -> Option<&std::path::Path> {
        self.mail_spool.as_deref()
    }

    /// The base URL without its closing slash, ready for a path.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.base_url.as_str().trim_end_matches('/')
    }

    /// The database address in force.
    #[must_use]
    pub fn database(&self) -> String {
        if self.database_url.expose().is_empty() {
            format!("sqlite:{}", self.data.join("waypost.db").display())
        } else {
            self.database_url.expose().to_owned()
        }
    }

    /// Beside an embedded database: the journal of outcomes that are not in it yet.
    #[must_use]
    pub fn outcomes_path(&self) -> PathBuf {
        let database = self.database();
        let path = database.strip_prefix("sqlite:").unwrap_or("waypost.db").trim_start_matches("//");
        Path::new(path).with_added_extension("outcomes")
    }
}
