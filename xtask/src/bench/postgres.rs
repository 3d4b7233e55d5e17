//! A throw-away PostgreSQL with its own directory, from the installed binaries; durable, as a real one.

use std::{
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{needs, process};

/// A running server; it goes away with its directory when dropped.
pub(super) struct Postgres {
    server: Child,
    dir: PathBuf,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub(super) fn start() -> Result<Self, String> {
        let binaries =
            binaries().ok_or("there are no PostgreSQL binaries: install the package postgresql")?;
        let dir = std::env::temp_dir().join(format!("waypost-bench-{}", std::process::id()));
        let data = dir.join("data");
        std::fs::create_dir_all(&data).map_err(|e| format!("cannot make {}: {e}", data.display()))?;
        let other = if needs::is_root() { Some(somebody()?) } else { None };
        if let Some((uid, gid)) = other {
            for path in [&dir, &data] {
                chown(path, Some(uid), Some(gid)).map_err(|e| format!("{}: {e}", path.display()))?;
            }
        }
        let made = command(other, &binaries.join("initdb"))
            .args(["--auth=trust", "--username=waypost", "--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(&data)
            .output()
            .map_err(|e| format!("initdb does not run: {e}"))?;
        if !made.status.success() {
            return Err(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let log = std::fs::File::create(dir.join("log")).map_err(|e| e.to_string())?;
        let server = command(other, &binaries.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&dir)
            .args(["-c", "listen_addresses="])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|e| format!("postgres does not start: {e}"))?;
        let started = Self { server, dir };
        started.wait_until_ready()?;
        Ok(started)
    }

    /// Its address.
    pub(super) fn url(&self) -> String {
        format!("postgres://waypost@localhost/postgres?host={}", self.dir.display())
    }

    /// Sets the niceness of all its processes: it may stand for a server on a machine of its own.
    pub(super) fn set_niceness(&self, niceness: i32) {
        let own = self.server.id().to_string();
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let name = process.file_name().to_string_lossy().into_owned();
            let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
            let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1));
            if (name == own || parent == Some(own.as_str()))
                && let Ok(pid) = name.parse()
            {
                let _ = rustix::process::setpriority_process(rustix::process::Pid::from_raw(pid), niceness);
                // Each is a session of its own, and Linux weighs sessions before processes.
                let _ = std::fs::write(process.path().join("autogroup"), niceness.to_string());
            }
        }
    }

    fn wait_until_ready(&self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let log = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
            if log.contains("ready to accept connections") {
                return Ok(());
            }
            if begun.elapsed() > Duration::from_secs(30) {
                return Err(format!("PostgreSQL did not become ready within 30 s. Its log:\n{log}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The postmaster takes its children with it, once it is asked to.
        process::send("QUIT", &self.server.id().to_string());
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// The directory with both programs: on PATH, or where Debian keeps them, the newest.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = debian.map(|entry| entry.path()).collect();
    versions.sort_by_key(|p| {
        let major = p.file_name().and_then(|v| v.to_str()?.parse::<u32>().ok());
        std::cmp::Reverse(major.unwrap_or(0))
    });
    places.extend(versions.into_iter().map(|v| v.join("bin")));
    places.into_iter().find(|p| p.join("initdb").is_file() && p.join("postgres").is_file())
}

/// User and group of somebody who is not root: the programs refuse root.
fn somebody() -> Result<(u32, u32), String> {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = accounts.lines().find(|l| l.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres")
        .or_else(|| ids("nobody"))
        .ok_or_else(|| "PostgreSQL refuses to run as root, and there is nobody else".to_owned())
}

fn command(other: Option<(u32, u32)>, program: &Path) -> Command {
    let Some((uid, gid)) = other else { return process::command(&program.to_string_lossy()) };
    let mut command = process::command("setpriv");
    command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).args(["--clear-groups", "--"]);
    command.arg(program).current_dir("/");
    command
}
