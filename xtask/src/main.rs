//! `cargo xtask …`: builds, runs, tests and measures Waypost.

mod bench;
mod browser;
mod build;
mod count;
mod needs;
mod process;
mod serve;
mod suite;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

/// Builds, runs, tests and measures Waypost.
///
/// New here? `cargo xtask demo` builds everything and shows a demo operator with live traffic;
/// `cargo xtask test` installs what the tests need and runs all of them.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build, then run a demo operator on this machine: 90 days of history, live traffic, a mail sink.
    ///
    /// It listens on 127.0.0.1 only. Ctrl-C stops everything.
    Demo {
        /// Passed on to `waypost demo`, such as --port 9000, --data DIR, --no-traffic or --json.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Build, then run an empty Waypost: prints a one-time link that sets the page up.
    Run {
        /// Passed on to `waypost serve`, such as --json.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Build browser code and server; leaves target/release/waypost.
    Build,
    /// Measure beside a reference in the same run; figures go to target/bench/NAME.json.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// Kill the process again and again while mail leaves (nobody may be left out) or while telemetry arrives (`--during
    /// events`: nothing acknowledged may be lost). Goes to target/bench/crash.json and crash_events.json.
    Crash {
        #[command(flatten)]
        amount: bench::Kills,
    },
    /// Install what the tests need, then run format, lints, unit, store, API and end-to-end tests.
    Test {
        /// Only these parts: fmt, browser, clippy, unit, docs, crash, end2end. Comma-separated.
        #[arg(long, value_delimiter = ',', value_name = "PARTS")]
        only: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// The public page beside nginx: throughput, tails, and publishing while people read.
    Page {
        #[command(flatten)]
        amount: bench::Amount,
    },
    /// The answer to a sign-up: whether its time tells who subscribes already.
    Subscribe {
        #[command(flatten)]
        amount: bench::Samples,
    },
    /// The console's pages with 500 past incidents.
    Console,
    /// Webhooks to a thousand endpoints, healthy, failing and silent.
    Webhooks,
    /// Telemetry beside bare commits of sqlx, on both engines.
    Ingest,
    /// A simulated day with two brown-outs beside the truth, by a manual clock; some minutes.
    Day,
    /// What an evaluation costs with ninety days of figures behind it; some minutes.
    History,
    /// Mail to many subscribers beside postfix's smtp-source, durable, near and far.
    Mail {
        #[command(flatten)]
        amount: bench::MailAmount,
    },
}

fn main() -> ExitCode {
    let root = root();
    process::stop_everything_on_signal();
    let done = match Cli::parse().command {
        Command::Demo { args } => serve::run(&root, "demo", &args),
        Command::Run { args } => serve::run(&root, "serve", &args),
        Command::Build => build::release(&root).map(|binary| {
            println!("{}", binary.display());
            true
        }),
        Command::Bench { what: Bench::Page { amount } } => bench::page(&root, &amount),
        Command::Bench { what: Bench::Subscribe { amount } } => bench::subscribe(&root, &amount),
        Command::Bench { what: Bench::Console } => bench::console(&root),
        Command::Bench { what: Bench::Day } => bench::day(&root),
        Command::Bench { what: Bench::History } => bench::history(&root),
        Command::Bench { what: Bench::Ingest } => bench::ingest(&root),
        Command::Bench { what: Bench::Webhooks } => bench::webhooks(&root),
        Command::Bench { what: Bench::Mail { amount } } => bench::mail(&root, &amount),
        Command::Crash { amount } => {
            bench::crash_binary(&root, true).and_then(|binary| bench::crash(&root, &binary, &amount))
        }
        Command::Test { only } => suite::run(&root, &only),
    };
    process::leave_nothing_behind();
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(sentence) => {
            eprintln!("error: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace: everything runs from there, wherever the command was given.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
