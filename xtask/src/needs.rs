//! What the tests need from the machine: installed by apt where we may, otherwise said exactly.

use std::path::{Path, PathBuf};

use crate::process::{self, which};

/// Where Debian's `policy-rc.d` stands: while it answers 101, packages start no daemons on installation.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Something that a part of the tests cannot do without.
struct Need {
    package: &'static str,
    why: &'static str,
    is_there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { package: "chromium", why: "end-to-end tests", is_there: || chromium().is_some() },
    Need { package: "postgresql", why: "store and API tests", is_there: has_postgres },
    Need { package: "npm", why: "end-to-end tests", is_there: || which("npm").is_some() },
];

const BENCH_NEEDS: &[Need] = &[
    Need { package: "postgresql", why: "telemetry and mail on PostgreSQL", is_there: has_postgres },
    Need { package: "wrk", why: "HTTP load", is_there: || which("wrk").is_some() },
    Need { package: "postfix", why: "the reference of mail", is_there: || sbin("smtp-sink").is_some() },
    Need { package: "nginx-light", why: "the reference of the page", is_there: || nginx().is_some() },
];

/// nginx, which Debian keeps out of the PATH of people.
pub(crate) fn nginx() -> Option<PathBuf> {
    sbin("nginx")
}

/// A program that Debian keeps out of the PATH of people.
pub(crate) fn sbin(name: &str) -> Option<PathBuf> {
    which(name).or_else(|| Some(PathBuf::from("/usr/sbin").join(name)).filter(|p| p.is_file()))
}

/// Installs what the benches need.
///
/// # Errors
/// As [`install`].
pub(crate) fn install_for_bench() -> Result<(), String> {
    install_all(BENCH_NEEDS)
}

/// Installs what is missing.
///
/// # Errors
/// What is missing and how to install it, when that is not ours to do.
pub(crate) fn install(root: &Path) -> Result<(), String> {
    install_all(NEEDS)?;
    npm_packages(root)
}

fn install_all(needs: &'static [Need]) -> Result<(), String> {
    let missing: Vec<&Need> = needs.iter().filter(|n| !(n.is_there)()).collect();
    if !missing.is_empty() {
        let packages: Vec<&str> = missing.iter().map(|n| n.package).collect();
        if !is_root() || which("apt-get").is_none() {
            return Err(advice(&missing, &packages));
        }
        apt_install(&packages)?;
        let still: Vec<&Need> = missing.into_iter().filter(|n| !(n.is_there)()).collect();
        if !still.is_empty() {
            return Err(format!("after installing them, these are still missing:\n{}", list(&still)));
        }
    }
    Ok(())
}

fn advice(missing: &[&Need], packages: &[&str]) -> String {
    format!(
        "this needs programs that are not installed:\n{}\nOn Debian or Ubuntu: sudo apt-get install {}\n\
         (PostgreSQL: the server binaries are enough, or WAYPOST_TEST_POSTGRES_URL names a server; Chromium: \
         WAYPOST_CHROMIUM may name another path.)",
        list(missing),
        packages.join(" ")
    )
}

fn list(needs: &[&Need]) -> String {
    needs.iter().map(|n| format!("  {} ({})", n.package, n.why)).collect::<Vec<_>>().join("\n")
}

/// The browser of the end-to-end tests.
pub(crate) fn chromium() -> Option<PathBuf> {
    std::env::var_os("WAYPOST_CHROMIUM")
        .map(PathBuf::from)
        .into_iter()
        .chain(which("chromium"))
        .chain(which("chromium-browser"))
        .chain(which("google-chrome"))
        .find(|p| p.is_file())
}

fn has_postgres() -> bool {
    let given = std::env::var("WAYPOST_TEST_POSTGRES_URL").is_ok_and(|url| !url.is_empty());
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    given
        || (which("initdb").is_some() && which("postgres").is_some())
        || debian.into_iter().any(|v| v.path().join("bin/initdb").is_file())
}

/// Whether we may install packages.
pub(crate) fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|l| l.strip_prefix("Uid:"))
        .is_some_and(|ids| ids.split_whitespace().nth(1) == Some("0"))
}

/// Installs packages without letting them start daemons.
///
/// # Errors
/// When apt fails.
pub(crate) fn apt_install(packages: &[&str]) -> Result<(), String> {
    eprintln!("installing {}", packages.join(", "));
    let quiet = NoDaemons::begin();
    let apt = |args: &[&str]| {
        let mut apt = process::command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(args);
        apt
    };
    process::run(apt(&["update", "--quiet=2"]))?;
    let mut install = apt(&["install", "--yes", "--quiet=2", "--no-install-recommends"]);
    install.args(packages);
    let done = process::run(install);
    drop(quiet);
    done
}

/// While it lives, a package's installation starts no daemon.
struct NoDaemons(bool);

impl NoDaemons {
    fn begin() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        if Path::new(POLICY).exists() {
            return Self(false);
        }
        let made = std::fs::write(POLICY, "#!/bin/sh\nexit 101\n")
            .and_then(|()| std::fs::set_permissions(POLICY, std::fs::Permissions::from_mode(0o755)));
        Self(made.is_ok())
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if self.0 {
            let _ = std::fs::remove_file(POLICY);
        }
    }
}

/// `npm ci` when the lock file is newer than what is installed.
fn npm_packages(root: &Path) -> Result<(), String> {
    let dir = root.join("end2end");
    let changed = |path: &str| std::fs::metadata(dir.join(path)).and_then(|m| m.modified()).ok();
    let installed = changed("node_modules/.package-lock.json");
    if installed.is_some() && installed >= changed("package-lock.json") {
        return Ok(());
    }
    let mut npm = process::command("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").current_dir(dir);
    process::run(npm)
}
