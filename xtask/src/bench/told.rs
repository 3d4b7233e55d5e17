//! Figures that a long test of the API tells as JSON, by a manual clock.

use std::path::Path;

use serde_json::Value;

use crate::{build, process, suite};

/// Runs an ignored test that writes what it saw into the file that `variable` names, and reads it. What it saw counts
/// whether the test held it for right or not.
///
/// # Errors
/// When the test cannot run or tells nothing.
pub(super) fn told(root: &Path, test: &str, variable: &str) -> Result<Value, String> {
    let file = build::target(root).join("bench").join(format!("{test}.json"));
    let dir = file.parent().unwrap_or(root);
    std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let _ = std::fs::remove_file(&file);
    let mut command = process::command(&build::cargo());
    command.args(["nextest", "run", "--run-ignored", "only", "-E", &format!("test({test})")]);
    // The same features as the rest of the tests: nothing is built twice.
    let mut command = suite::with_packages(command, &suite::SERVER_SIDE);
    command.env(variable, &file).current_dir(root);
    let ran = process::run(command);
    let text = std::fs::read_to_string(&file).map_err(|e| match ran {
        Err(why) => why,
        Ok(()) => format!("{}: {e}", file.display()),
    })?;
    serde_json::from_str(&text).map_err(|e| e.to_string())
}
