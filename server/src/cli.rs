//! The command line of `waypost`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

/// Status page and incident communications for operators of travel connectivity.
///
/// Start with `waypost serve`: it keeps everything in ./data, listens on 127.0.0.1:8080 and prints a one-time
/// link that sets the page up. Settings come from default.toml (see `waypost check-config --defaults`), then a
/// file (--config), then WAYPOST_* environment variables, such as WAYPOST_LISTEN=0.0.0.0:8080.
#[derive(Debug, Parser)]
#[command(name = "waypost", version)]
pub struct Cli {
    /// A TOML file with settings that differ from the defaults.
    #[arg(long, global = true, env = "WAYPOST_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the page, the console and the ingest door, and do the background work.
    ///
    /// On one machine this is all you need. With several, run `serve --no-worker` where visitors arrive and
    /// `worker` wherever mail and webhooks should leave from, all on one PostgreSQL database.
    Serve(Serve),
    /// Do the background work only: deliveries, promises that fall due, degradation from telemetry.
    Worker,
    /// Bring the database schema up to date, then exit. `serve` does it by itself.
    Migrate,
    /// Manage people from the machine itself, for when nobody can sign in.
    #[command(subcommand)]
    Admin(Admin),
    /// The record of everything that was done.
    #[command(subcommand)]
    Audit(Audit),
    /// Evidence packs of partners.
    #[command(subcommand)]
    Evidence(Evidence),
    /// Read the configuration, say what is wrong with it, and exit. Secrets are not shown.
    CheckConfig(CheckConfig),
    /// Run a demo operator with 90 days of history on this machine only, with a mail sink and live traffic.
    Demo(Demo),
    /// Send simulated activations to a Waypost, through its door: more by day than by night, told twice and out of order
    /// at times, failing where and when you say. It tells the same story for the same seed and start.
    Simulate(Simulate),
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Leave the background work to `waypost worker` elsewhere.
    #[arg(long)]
    pub no_worker: bool,
    /// Print one line of JSON when ready: page_url, console_url and, until the page is set up, setup_url.
    #[arg(long)]
    pub json: bool,
}

/// Options of `check-config`.
#[derive(Debug, Args)]
pub struct CheckConfig {
    /// Print every setting with its default and what it means.
    #[arg(long)]
    pub defaults: bool,
}

/// The record.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Look the whole chain of the record through; names the first line that does not fit, and then fails.
    Verify,
}

/// Evidence packs.
#[derive(Debug, Subcommand)]
pub enum Evidence {
    /// Verify a signed pack, without any connection: whether it is whole, and signed with the key that you expect.
    Verify {
        /// The JSON file.
        file: PathBuf,
        /// The operator's public key, in base64, as its pages show it.
        #[arg(long)]
        key: Option<String>,
    },
}

/// People.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Add a person who may sign in; prints a one-time password and the authenticator secret.
    Create {
        /// E-mail address to sign in with.
        #[arg(long)]
        email: String,
        /// Name that colleagues see.
        #[arg(long)]
        name: String,
        /// viewer, responder, communicator, commander, maintainer or owner.
        #[arg(long, default_value = "owner")]
        role: String,
    },
}

/// Options of `simulate`.
#[derive(Debug, Clone, Args)]
pub struct Simulate {
    /// Where Waypost listens; without TLS.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub to: url::Url,
    /// A key for telemetry; better in the environment than on the command line.
    #[arg(long, env = "WAYPOST_INGEST_KEY", hide_env_values = true)]
    pub key: String,
    /// Makes the story.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Activations a second at the busiest hour.
    #[arg(long, default_value_t = 6.0, value_parser = rate)]
    pub rate: f64,
    /// For so many seconds.
    #[arg(long, default_value_t = 600)]
    pub secs: i64,
    /// Like "FR download 60% 100s 300s": country, supplier or *; step; share that fails or, like 3x, how many times
    /// slower; from and until. May be given several times.
    #[arg(long = "brown-out", value_name = "WHAT")]
    pub brown_outs: Vec<crate::simulate::BrownOut>,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.01..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 0.01 to 10000".into()),
    }
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Directory for the demo's database, key file and mail spool.
    #[arg(long, default_value = "./data")]
    pub data: PathBuf,
    /// Print one line of JSON when ready: addresses, sign-ins, ingest key, mail spool.
    #[arg(long)]
    pub json: bool,
    /// Send mail to this relay, `host:port`, instead of the demo's own sink.
    #[arg(long)]
    pub relay: Option<SocketAddr>,
    /// Leave the traffic generator off: no telemetry, so cells without an incident show no data.
    #[arg(long)]
    pub no_traffic: bool,
}
