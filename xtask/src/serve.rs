//! `cargo xtask demo` and `cargo xtask run`: build, then become `waypost`.

use std::{os::unix::process::CommandExt as _, path::Path, process::Command};

use crate::build;

/// Builds and replaces this process by `waypost <what> <args>`, so that Ctrl-C and signals reach it directly.
///
/// # Errors
/// When the build fails or the binary does not start.
pub(crate) fn run(root: &Path, what: &str, args: &[String]) -> Result<bool, String> {
    let binary = build::release(root)?;
    let error = Command::new(&binary).arg(what).args(args).exec();
    Err(format!("{} does not start: {error}", binary.display()))
}
