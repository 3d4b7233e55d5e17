//! Building browser code and server.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use crate::process;

/// Browser code, then the server in release mode; the path of the binary.
///
/// # Errors
/// When the server does not build. Without browser code everything still works, so that failure is only said.
pub(crate) fn release(root: &Path) -> Result<PathBuf, String> {
    let started = Instant::now();
    eprintln!("[1/2] browser code (the console's live parts)");
    if let Err(why) = browser(root) {
        eprintln!(
            "      could not be built, so Waypost runs without it: every page and every task still works."
        );
        eprintln!("      {why}");
    }
    eprintln!("[2/2] server (a first build takes some minutes; {} s so far)", started.elapsed().as_secs());
    let mut cargo = process::command(&cargo());
    cargo.args(["build", "--release", "--package", "server", "--bin", "waypost"]).current_dir(root);
    process::run(cargo)?;
    eprintln!("      built in {} s", started.elapsed().as_secs());
    Ok(target(root).join("release/waypost"))
}

/// The sender of webhooks alone, for benches; the path of the binary.
///
/// # Errors
/// When it does not build.
pub(crate) fn flood(root: &Path) -> Result<PathBuf, String> {
    example(root, "delivery", "flood")
}

/// sqlx by itself, for benches; the path of the binary.
///
/// # Errors
/// When it does not build.
pub(crate) fn bare(root: &Path) -> Result<PathBuf, String> {
    example(root, "store", "bare")
}

fn example(root: &Path, package: &str, name: &str) -> Result<PathBuf, String> {
    let mut cargo = process::command(&cargo());
    cargo.args(["build", "--release", "--package", package, "--example", name]).current_dir(root);
    process::run(cargo)?;
    Ok(target(root).join("release/examples").join(name))
}

/// Browser code alone.
///
/// # Errors
/// Which routes were tried, what failed and what to do.
pub(crate) fn browser(root: &Path) -> Result<(), String> {
    crate::browser::build(root)
}

/// The cargo that runs us.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Where cargo puts what it builds.
pub(crate) fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
