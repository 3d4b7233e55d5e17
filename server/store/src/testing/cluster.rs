//! A throw-away PostgreSQL cluster from the installed binaries.
//!
//! nextest runs each test in a process of its own, so the cluster belongs to the *run*: the first test that needs it
//! starts it, the others find it by the run's id. A guardian process in a session of its own stops the server and
//! removes its directory as soon as the run is over, whether that ended well, by Ctrl-C or by a kill.

use std::{
    fs::File,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Watches the owner; when it is gone (or the server is), stops the server and cleans up.
const GUARDIAN: &str = r#"
owner=$1; dir=$2; shift 2
"$@" >"$dir/log" 2>&1 </dev/null & server=$!
while kill -0 "$owner" 2>/dev/null && kill -0 "$server" 2>/dev/null; do sleep 0.2; done
kill -QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
if ! kill -0 "$owner" 2>/dev/null; then rm -rf "$dir"; fi
"#;

/// Address of this run's cluster; starts it if nobody has.
pub(super) fn url() -> Result<String, String> {
    let (owner, key) = owner();
    let dir = std::env::temp_dir().join(format!("waypost-postgres-{key}"));
    std::fs::create_dir_all(&dir).map_err(|e| format!("cannot make {}: {e}", dir.display()))?;
    let lock = File::create(dir.join("lock")).map_err(|e| format!("cannot lock {}: {e}", dir.display()))?;
    lock.lock().map_err(|e| format!("cannot lock {}: {e}", dir.display()))?;
    let address = format!("postgres://waypost@localhost/postgres?host={}", dir.display());
    if !dir.join("ready").exists() {
        start(&dir, owner)?;
        std::fs::write(dir.join("ready"), "").map_err(|e| e.to_string())?;
    }
    Ok(address)
}

/// Whose end ends the cluster: the nextest runner (our parent), or this very process.
fn owner() -> (u32, String) {
    std::env::var("NEXTEST_RUN_ID").map_or_else(
        |_| (std::process::id(), std::process::id().to_string()),
        |run| (std::os::unix::process::parent_id(), run),
    )
}

fn start(dir: &Path, owner: u32) -> Result<(), String> {
    let binaries = binaries()?;
    let user = Runner::choose(dir)?;
    let data = dir.join("data");
    std::fs::create_dir_all(&data).map_err(|e| e.to_string())?;
    user.give(dir)?;
    user.give(&data)?;
    let made = user
        .command(&binaries.join("initdb"))
        .args([
            "--auth=trust",
            "--username=waypost",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--pgdata",
        ])
        .arg(&data)
        .output()
        .map_err(|e| format!("initdb does not run: {e}"))?;
    if !made.status.success() {
        return Err(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr)));
    }
    let mut server = user.command(&binaries.join("postgres"));
    server.arg("-D").arg(&data).arg("-k").arg(dir).args([
        "-c",
        "listen_addresses=",
        "-c",
        "max_connections=300",
    ]);
    let mut guardian = Command::new("setsid");
    guardian.args(["sh", "-c", GUARDIAN, "waypost-test-postgres"]).arg(owner.to_string()).arg(dir);
    guardian.arg(server.get_program()).args(server.get_args());
    guardian.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    guardian.spawn().map_err(|e| format!("setsid (package util-linux) does not run: {e}"))?;
    wait_until_ready(dir)
}

fn wait_until_ready(dir: &Path) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
        if log.contains("ready to accept connections") {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
    Err(format!("the throw-away PostgreSQL did not become ready within 30 s. Its log:\n{log}"))
}

/// The directory with both `initdb` and `postgres`: on PATH, or where Debian keeps them (newest first).
fn binaries() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort_by_key(|p| std::cmp::Reverse(major(p)));
    places.append(&mut versions);
    places.into_iter().find(|p| p.join("initdb").is_file() && p.join("postgres").is_file()).ok_or_else(|| {
        "the store is tested on PostgreSQL too, and there is none: install the package postgresql (its server \
         binaries are enough, nothing needs to run), or set WAYPOST_TEST_POSTGRES_URL to a server on which the \
         tests may create databases"
            .to_owned()
    })
}

fn major(bin: &Path) -> u32 {
    bin.parent().and_then(Path::file_name).and_then(|v| v.to_str()?.parse().ok()).unwrap_or(0)
}

/// Runs the server's programs as somebody who is not root, because they refuse root.
struct Runner {
    other: Option<(u32, u32)>,
}

impl Runner {
    fn choose(dir: &Path) -> Result<Self, String> {
        let mine = std::fs::metadata(dir).map_err(|e| e.to_string())?.uid();
        if mine != 0 {
            return Ok(Self { other: None });
        }
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let ids = |name: &str| {
            let line = accounts.lines().find(|l| l.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        };
        let other = ids("postgres").or_else(|| ids("nobody"));
        other.map(|o| Self { other: Some(o) }).ok_or_else(|| {
            "PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run it"
                .to_owned()
        })
    }

    fn command(&self, program: &Path) -> Command {
        let Some((uid, gid)) = self.other else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).args(["--clear-groups", "--"]);
        command.arg(program).current_dir("/");
        command
    }

    fn give(&self, dir: &Path) -> Result<(), String> {
        let wrong = |e: std::io::Error| format!("cannot hand {} over: {e}", dir.display());
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(wrong)?;
        if let Some((uid, gid)) = self.other {
            std::os::unix::fs::chown(dir, Some(uid), Some(gid)).map_err(wrong)?;
        }
        Ok(())
    }
}
