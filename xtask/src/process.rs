//! Child processes that never outlive us.
//!
//! Each child leads a process group and carries [`MARK`] in its environment. On a signal the groups are ended; at the
//! end whatever still carries our mark (a daemon that left its group) is found in `/proc` and ended too.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

/// Environment variable that marks every process of this run.
const MARK: &str = "WAYPOST_XTASK_RUN";
/// What `.cargo/config.toml` sets, and cargo hands on to us. A cargo that is started with it builds anew what one without
/// it has built, and the other way round.
const OF_CARGO: &str = "LIBSQLITE3_FLAGS";
/// How long a process may take to end once asked.
const GRACE: Duration = Duration::from_secs(5);

static GROUPS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Ends all children on Ctrl-C, SIGTERM or a closed terminal, then this process.
pub(crate) fn stop_everything_on_signal() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner).clone();
            groups.iter().for_each(|g| send("TERM", &format!("-{g}")));
            leave_nothing_behind();
            std::process::exit(128 + signal);
        }
    });
}

/// A program that is stopped with us. Standard input is closed: nothing may wait for a person.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env(MARK, std::process::id().to_string())
        .env_remove(OF_CARGO)
        .stdin(Stdio::null())
        .process_group(0);
    command
}

/// Runs to the end and hands every line of its output on, whether written to stdout or stderr.
///
/// # Errors
/// When the program cannot be started.
pub(crate) fn lines(mut command: Command, mut each: impl FnMut(&str)) -> Result<bool, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let broken = |e: std::io::Error| format!("{name} does not run: {e}");
    let (reader, writer) = std::io::pipe().map_err(broken)?;
    command.stdout(writer.try_clone().map_err(broken)?).stderr(writer);
    let mut child = command.spawn().map_err(broken)?;
    drop(command); // and with it our ends of the pipe
    let group = Group::of(child.id());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            if tell.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    let mut ended: Option<(bool, Instant)> = None;
    loop {
        match told.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => each(&line),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            // The program is gone but something it started holds its output open: do not wait for that.
            Err(mpsc::RecvTimeoutError::Timeout) if ended.is_some_and(|(_, at)| at.elapsed() > GRACE) => {
                break;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                if ended.is_none() {
                    ended = child.try_wait().map_err(broken)?.map(|s| (s.success(), Instant::now()));
                }
            }
        }
    }
    let ok = match ended {
        Some((ok, _)) => ok,
        None => child.wait().map_err(broken)?.success(),
    };
    drop(group);
    Ok(ok)
}

/// Runs to the end with its output shown as it is.
///
/// # Errors
/// When the program cannot be started or fails.
pub(crate) fn run(mut command: Command) -> Result<(), String> {
    let shown = shown(&command);
    let mut child = command.spawn().map_err(|e| format!("`{shown}` does not run: {e}"))?;
    let _group = Group::of(child.id());
    let status = child.wait().map_err(|e| format!("`{shown}`: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed; its message stands above")) }
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The first word's path, if it is a program on PATH.
pub(crate) fn which(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// A process group that is running, to be ended on a signal.
pub(crate) struct Group(u32);

impl Group {
    /// The group of a started [`command`].
    pub(crate) fn of(leader: u32) -> Self {
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).push(leader);
        Self(leader)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).retain(|g| *g != self.0);
    }
}

/// Waits a moment for what carries our mark, then ends it. Returns what had to be ended.
pub(crate) fn leave_nothing_behind() -> Vec<String> {
    let deadline = Instant::now() + GRACE;
    while !marked().is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    let left = marked();
    left.iter().for_each(|(pid, _)| send("KILL", &pid.to_string()));
    left.into_iter().map(|(_, name)| name).collect()
}

/// Processes with our mark in their environment, apart from ourselves: id and command line.
fn marked() -> Vec<(u32, String)> {
    let mark = format!("{MARK}={}", std::process::id()).into_bytes();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let environment = std::fs::read(entry.path().join("environ")).ok()?;
            let is_ours = environment.split(|b| *b == 0).any(|variable| variable == mark);
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            (is_ours && pid != std::process::id()).then_some((pid, line))
        })
        .collect()
}

/// Sends a signal to a process or, with `-`, to a group. The shell's own `kill` needs no package.
pub(crate) fn send(signal: &str, target: &str) {
    let _ = Command::new("sh")
        .args(["-c", "kill -s \"$1\" -- \"$2\" 2>/dev/null", "kill", signal, target])
        .stdin(Stdio::null())
        .status();
}
