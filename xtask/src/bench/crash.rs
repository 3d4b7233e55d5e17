//! Crashes: the sender is killed again and again while an update goes out to many. Nobody may be left out, and what is
//! repeated must be little and recognisable.

mod doors;
mod ledger;
mod tally;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use self::{doors::doors, ledger::Ledger, tally::Tally};
use super::{
    Bound, Figure, client::Client, mail::import, postgres::Postgres, publish::Author, report, stats::median,
    subject::Subject,
};
use crate::{build, process};

/// How often, and on what.
#[derive(Debug, Clone, Args)]
pub(crate) struct Kills {
    /// Kills on each engine.
    #[arg(long, default_value_t = 1_000)]
    pub kills: usize,
    /// What goes on meanwhile.
    #[arg(long, value_enum, default_value_t = While::Mails)]
    pub during: While,
    /// The engine.
    #[arg(long, value_enum, default_value_t = Which::Both)]
    pub engine: Which,
    /// Subscribers, all of whom hear of each update.
    #[arg(long, default_value_t = 10_000)]
    pub subscribers: usize,
}

/// Engines to run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    Sqlite,
    Postgres,
    Both,
}

/// What the process does when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum While {
    /// An update leaves by mail.
    Mails,
    /// Telemetry arrives.
    Events,
}

/// Connections to the relay: the bound of what one kill may repeat.
const CONNECTIONS: u32 = 16;
/// How long a life lasts once it answers, in milliseconds: from, and below.
const LIFE_MS: (u64, u64) = (50, 1_000);
/// How long one publish may take with all its kills.
const PATIENCE: Duration = Duration::from_secs(600);
/// Without a new mail for so long it is asked whether all have left.
const QUIET: Duration = Duration::from_millis(500);
/// Whose mails are counted: those of the imported.
const READERS: &str = "reader";

/// The binary that the tests use too; built if it is not there, or if `is_fresh` is wanted.
///
/// # Errors
/// When it does not build.
pub(crate) fn binary(root: &Path, is_fresh: bool) -> Result<PathBuf, String> {
    let binary = build::target(root).join("debug/waypost");
    if is_fresh || !binary.is_file() {
        let mut cargo = process::command(&build::cargo());
        cargo.args(["build", "--package", "server", "--bin", "waypost"]).current_dir(root);
        process::run(cargo)?;
    }
    Ok(binary)
}

/// Kills, and checks; whether every gate held.
///
/// # Errors
/// When something that it needs is missing, or the sender does not come back.
pub(crate) fn crash(root: &Path, binary: &Path, amount: &Kills) -> Result<bool, String> {
    if amount.during == While::Events {
        return doors(root, binary, amount);
    }
    let data = build::target(root).join("bench/crash");
    let mut figures = Vec::new();
    if amount.engine != Which::Postgres {
        let tally = run(binary, &data.join("sqlite"), None, amount)?;
        figures.extend(judged(&SQLITE, &tally, amount));
    }
    if amount.engine != Which::Sqlite {
        let server = Postgres::start()?;
        let tally = run(binary, &data.join("postgres"), Some(&server), amount)?;
        figures.extend(judged(&POSTGRES, &tally, amount));
    }
    let method = format!(
        "Debug build, demo operator, {} subscribers, {CONNECTIONS} connections to a relay on this machine that notes recipient, \
         Message-ID and text of each mail before it says that it took it. An update is published, and the process is killed (-9) and \
         started again until all have left; each life ends at a random time between {} and {} ms after its first answer to /healthz. The \
         next update waits for the end of the last. A duplicate counts for the kill that ended the life of the earlier copy. Kills of the \
         process, not of the machine: what the disk does when power fails is not tried here.",
        amount.subscribers, LIFE_MS.0, LIFE_MS.1,
    );
    report(root, "crash", &method, &figures)?;
    Ok(figures.iter().all(|f| f.gate.holds(f.value)))
}

/// Names of the figures on an engine.
type Names = [&'static str; 7];

const SQLITE: Names = [
    "sqlite_kills",
    "sqlite_lost",
    "sqlite_per_kill",
    "sqlite_uncaused",
    "sqlite_differing",
    "sqlite_ready",
    "sqlite_ready_max",
];
const POSTGRES: Names = [
    "postgres_kills",
    "postgres_lost",
    "postgres_per_kill",
    "postgres_uncaused",
    "postgres_differing",
    "postgres_ready",
    "postgres_ready_max",
];

#[allow(clippy::cast_precision_loss, reason = "counts")]
fn judged(names: &Names, tally: &Tally, amount: &Kills) -> Vec<Figure> {
    let detail = json!({ "publishes": tally.publishes, "duplicates": tally.duplicates, "secs": tally.secs });
    let count = |n: usize| n as f64;
    let most = |at: usize, what, value, gate, goal| {
        let (gate, goal) = (Bound::AtMost(gate), Bound::AtMost(goal));
        Figure { name: names[at], what, value, gate, goal, detail: Value::Null }
    };
    let kills = Bound::AtLeast(count(amount.kills));
    let slowest = tally.ready_ms.iter().copied().fold(0.0, f64::max);
    vec![
        Figure {
            name: names[0],
            what: "kills while mails were leaving",
            value: count(tally.kills),
            gate: kills,
            goal: kills,
            detail,
        },
        most(1, "recipients without the mail of a publish", count(tally.lost), 0.0, 0.0),
        most(
            2,
            "most duplicates of one kill",
            count(tally.worst_kill()),
            CONNECTIONS.into(),
            CONNECTIONS.into(),
        ),
        most(3, "duplicates that no kill explains", count(tally.without_a_crash), 0.0, 0.0),
        most(4, "duplicates with another Message-ID or text", count(tally.differing), 0.0, 0.0),
        most(5, "kill to /healthz 200, median, ms", median(tally.ready_ms.clone()), 2_000.0, 1_000.0),
        most(6, "the slowest of them, ms", slowest, 10_000.0, 2_000.0),
    ]
}

fn run(binary: &Path, data: &Path, server: Option<&Postgres>, amount: &Kills) -> Result<Tally, String> {
    let begun = Instant::now();
    let ledger = Ledger::start(READERS)?;
    let (relay, connections) = (ledger.address.to_string(), CONNECTIONS.to_string());
    let url = server.map(Postgres::url).unwrap_or_default();
    let settings =
        [("WAYPOST_SMTP__CONNECTIONS", connections.as_str()), ("WAYPOST_DATABASE_URL", url.as_str())];
    let settings = &settings[..if server.is_some() { 2 } else { 1 }];
    let subject = Subject::start_on("0,1", binary, data, &["--relay", &relay], settings)?;
    let cookie = subject.sign_in()?;
    import(&subject, &cookie, amount.subscribers)?;
    let mut author = Author::new(&subject, &cookie)?;
    let mut killer =
        Killer { subject: &subject, ledger: &ledger, cookie: &cookie, amount, tally: Tally::default() };
    while killer.tally.kills < amount.kills {
        killer.publish(&mut author)?;
        let tally = &killer.tally;
        eprintln!(
            "{} kills, {} publishes, {} lost, {} duplicates",
            tally.kills, tally.publishes, tally.lost, tally.duplicates
        );
    }
    killer.tally.secs = begun.elapsed().as_secs_f64();
    Ok(killer.tally)
}

/// A random number below `below`.
fn random_below(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

struct Killer<'a> {
    subject: &'a Subject,
    ledger: &'a Ledger,
    cookie: &'a str,
    amount: &'a Kills,
    tally: Tally,
}

impl Killer<'_> {
    /// Publishes one update, and kills until all of it has left.
    fn publish(&mut self, author: &mut Author<'_>) -> Result<(), String> {
        author.publish()?;
        let begun = Instant::now();
        let mut end = self.end_of_life();
        loop {
            let (reached, quiet) = self.ledger.state();
            let is_asked = reached >= self.amount.subscribers || quiet > QUIET;
            if end.is_some_and(|at| Instant::now() >= at) {
                self.kill()?;
                end = self.end_of_life();
            } else if is_asked && self.is_settled()? {
                break;
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("after {PATIENCE:?} only {reached} recipients have the mail"));
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.tally.count(self.ledger.take(), self.amount.subscribers);
        Ok(())
    }

    /// When to kill next; none once there were enough.
    fn end_of_life(&self) -> Option<Instant> {
        let (from, below) = LIFE_MS;
        let after = Duration::from_micros(from * 1_000 + random_below((below - from) * 1_000));
        (self.tally.kills < self.amount.kills).then(|| Instant::now() + after)
    }

    fn kill(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        self.subject.kill();
        self.tally.kills += 1;
        self.ledger.next_life();
        self.subject.start_again()?;
        let healthy = Client::connect(&self.subject.host)?.get("/healthz", "")?;
        if healthy.status != 200 {
            return Err(format!("after kill {} /healthz answered {}", self.tally.kills, healthy.status));
        }
        self.tally.ready_ms.push(begun.elapsed().as_secs_f64() * 1_000.0);
        Ok(())
    }

    /// Whether nothing is to be queued and nothing waits.
    fn is_settled(&self) -> Result<bool, String> {
        let answer =
            Client::connect(&self.subject.host)?.get("/console/deliveries.json?only=waiting", self.cookie)?;
        let state: Value = serde_json::from_slice(&answer.body).map_err(|e| e.to_string())?;
        Ok(state["notices"] == 0 && state["channels"]["email"]["waiting"].as_i64().unwrap_or(0) == 0)
    }
}
