//! `cargo xtask test`: every check there is, one after another, with a closing count.

use std::{
    io::IsTerminal as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    bench::{self, Kills, Which, While},
    build::{self, cargo},
    count::Count,
    needs, process,
};

/// Packages that share one set of features. `hydrate` is browser code and `xtask` has its own small tree: neither
/// may be unified with the server's.
pub(crate) const SERVER_SIDE: [&str; 5] = ["domain", "app", "store", "delivery", "server"];

/// One part of the suite.
struct Part {
    name: &'static str,
    what: &'static str,
    run: fn(&Path) -> Result<Count, String>,
}

const PARTS: &[Part] = &[
    Part { name: "fmt", what: "formatting", run: fmt },
    Part { name: "browser", what: "browser code builds", run: browser },
    Part { name: "clippy", what: "lints", run: clippy },
    Part { name: "unit", what: "unit, store (both engines) and API tests", run: unit },
    Part { name: "docs", what: "examples in the documentation", run: docs },
    Part {
        name: "crash",
        what: "kills while mail leaves and while telemetry arrives, on both engines",
        run: crash,
    },
    Part { name: "end2end", what: "end-to-end tests in a browser", run: end2end },
];

/// Runs the parts named in `only`, or all.
///
/// # Errors
/// When something that the tests need is missing, or a part is not known.
pub(crate) fn run(root: &Path, only: &[String]) -> Result<bool, String> {
    if let Some(unknown) = only.iter().find(|name| PARTS.iter().all(|p| p.name != name.as_str())) {
        let known: Vec<_> = PARTS.iter().map(|p| p.name).collect();
        return Err(format!("there is no part {unknown:?}; the parts are {}", known.join(", ")));
    }
    needs::install(root)?;
    let chosen = PARTS.iter().filter(|p| only.is_empty() || only.iter().any(|o| o == p.name));
    let mut results: Vec<(&Part, Count, Duration)> = Vec::new();
    for part in chosen {
        println!("\n=== {}: {}", part.name, part.what);
        let started = Instant::now();
        let count = (part.run)(root).unwrap_or_else(|why| {
            println!("error: {why}");
            Count { passed: 0, failed: 1 }
        });
        results.push((part, count, started.elapsed()));
    }
    Ok(summary(&results))
}

fn summary(results: &[(&Part, Count, Duration)]) -> bool {
    println!();
    for (part, count, took) in results {
        let verdict = if count.failed == 0 { "ok" } else { "FAILED" };
        println!(
            "{verdict:6} {:8} {:4} passed {:3} failed {:5} s  {}",
            part.name,
            count.passed,
            count.failed,
            took.as_secs(),
            part.what
        );
    }
    let mut total = results.iter().fold(Count::default(), |sum, (_, c, _)| sum.plus(*c));
    for line in process::leave_nothing_behind() {
        println!("FAILED a process was left behind: {line}");
        total.failed += 1;
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    total.failed == 0
}

/// Runs one command; counts the tests it reports, or itself as one check.
fn check(root: &Path, mut command: Command) -> Result<Count, String> {
    command.current_dir(root);
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
    }
    println!("$ {}", process::shown(&command));
    let mut count = Count::default();
    let ok = process::lines(command, |line| {
        println!("{line}");
        count = count.plus(Count::of_line(line));
    })?;
    Ok(match (ok, count) {
        (true, Count { passed: 0, failed: 0 }) => Count { passed: 1, failed: 0 },
        (false, Count { failed: 0, passed }) => Count { passed, failed: 1 },
        (_, count) => count,
    })
}

fn cargo_with(args: &[&str]) -> Command {
    let mut command = process::command(&cargo());
    command.args(args);
    command
}

/// The same command for these packages alone.
pub(crate) fn with_packages(mut command: Command, packages: &[&str]) -> Command {
    for package in packages {
        command.args(["--package", package]);
    }
    command
}

fn fmt(root: &Path) -> Result<Count, String> {
    check(root, cargo_with(&["fmt", "--all", "--check"]))
}

fn browser(root: &Path) -> Result<Count, String> {
    build::browser(root).map(|()| Count { passed: 1, failed: 0 })
}

fn clippy(root: &Path) -> Result<Count, String> {
    let strict = |packages: &[&str], extra: &[&str]| {
        let mut command = with_packages(cargo_with(&["clippy"]), packages);
        command.args(extra).args(["--", "--deny", "warnings"]);
        check(root, command)
    };
    let server = strict(&SERVER_SIDE, &["--all-targets"])?;
    let xtask = strict(&["xtask"], &["--all-targets"])?;
    let browser =
        strict(&["hydrate"], if has_wasm_target() { &["--target", "wasm32-unknown-unknown"] } else { &[] })?;
    Ok(server.plus(xtask).plus(browser))
}

/// Whether this toolchain has the standard library of the browser's target; else the lints run for this machine.
fn has_wasm_target() -> bool {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    sysroot.is_ok_and(|out| {
        let path = String::from_utf8_lossy(&out.stdout).trim().to_owned();
        Path::new(&path).join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir()
    })
}

fn unit(root: &Path) -> Result<Count, String> {
    let test = |packages: &[&str]| {
        let runner: &[&str] = if process::which("cargo-nextest").is_some() {
            &["nextest", "run", "--no-fail-fast", "--no-tests=pass", "--status-level=slow"]
        } else {
            &["test", "--no-fail-fast", "--lib", "--bins", "--tests"]
        };
        check(root, with_packages(cargo_with(runner), packages))
    };
    Ok(test(&SERVER_SIDE)?.plus(test(&["xtask"])?))
}

fn docs(root: &Path) -> Result<Count, String> {
    check(root, with_packages(cargo_with(&["test", "--doc", "--quiet"]), &SERVER_SIDE))
}

/// A short run of `cargo xtask crash`, on the same `waypost` as [`end2end`].
fn crash(root: &Path) -> Result<Count, String> {
    let mails = Kills { kills: 15, during: While::Mails, engine: Which::Both, subscribers: 2_000 };
    let events = Kills { during: While::Events, ..mails.clone() };
    let binary = bench::crash_binary(root, false)?;
    let is_fine = bench::crash(root, &binary, &mails)? && bench::crash(root, &binary, &events)?;
    Ok(Count { passed: u32::from(is_fine), failed: u32::from(!is_fine) })
}

/// Uses the `waypost` that the API tests were built with: same code, same profile, no second build.
fn end2end(root: &Path) -> Result<Count, String> {
    let binary = build::target(root).join("debug/waypost");
    if !binary.is_file() {
        process::run(cargo_with(&["build", "--package", "server", "--bin", "waypost"]))?;
    }
    let mut npx = process::command("npx");
    npx.args(["--no-install", "playwright", "test"]).env("WAYPOST_BIN", binary);
    if let Some(chromium) = needs::chromium() {
        npx.env("WAYPOST_CHROMIUM", chromium);
    }
    check(&root.join("end2end"), npx)
}
