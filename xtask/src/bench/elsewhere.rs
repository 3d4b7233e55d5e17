//! What stands for other machines on this one. How long a visitor's own thread waits for a core is nothing that the page
//! costs, and a load or a receiver elsewhere stops no thread of the server: clients that measure come first, and what only
//! sends or receives gives way.

use std::{
    process::{Command, Stdio},
    sync::Once,
};

use crate::process;

/// Niceness of loads and receivers: that of what leaves Waypost.
pub(super) const NICENESS: i32 = 10;

static WARN: Once = Once::new();

/// For this thread, which measures how long something takes: it runs as soon as it can. Only where that is permitted.
pub(super) fn come_first() {
    let this = std::fs::read_link("/proc/thread-self").unwrap_or_default();
    if let Some(thread) = this.file_name() {
        let mut command = process::command("chrt");
        let is_first = command.args(["--fifo", "--pid", "1"]).arg(thread).stderr(Stdio::null()).status();
        if !is_first.is_ok_and(|status| status.success()) {
            WARN.call_once(|| {
                eprintln!("visitors wait for a core as all others: real-time priority is not permitted")
            });
        }
    }
}

/// For this thread and those that it starts.
pub(super) fn give_way() {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        eprintln!("a load keeps its priority: {error}");
    }
}

/// A program that gives way.
pub(super) fn command(program: &str) -> Command {
    let mut command = process::command("nice");
    command.args(["-n", &NICENESS.to_string(), program]);
    command
}
