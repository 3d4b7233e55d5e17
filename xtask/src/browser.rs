//! The browser code of the islands: compiled to WebAssembly, bound to JavaScript, named by content.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use wasm_bindgen_cli_support::Bindgen;

use crate::{
    build::{cargo, target},
    process::{self, which},
};

const TARGET: &str = "wasm32-unknown-unknown";
/// Sources that the browser code is made of.
const SOURCES: [&str; 6] =
    ["app/src", "app/Cargo.toml", "app/domain", "app/hydrate", "Cargo.toml", "Cargo.lock"];

/// A way to compile for the browser: what it is called, and the command.
type Route = (&'static str, fn(&Path) -> Result<Command, String>);

/// Each is tried in turn, as not every machine can do each.
const ROUTES: [Route; 3] = [
    ("the installed target", installed),
    ("rustup target add", added),
    ("Debian's rustc-web with its own standard library", debian),
];

/// Builds `target/browser/{waypost.HASH.js,waypost_bg.HASH.wasm}`, unless it is newer than its sources.
///
/// # Errors
/// Which ways were tried, what failed and what to do.
pub(crate) fn build(root: &Path) -> Result<(), String> {
    let out = target(root).join("browser");
    if is_fresh(root, &out) {
        return Ok(());
    }
    let mut tried = Vec::new();
    for (name, command) in ROUTES {
        match command(root).and_then(process::run) {
            Ok(()) => return bind(root, &out),
            Err(why) => tried.push(format!("  {name}: {why}")),
        }
    }
    let advice = "To build it, install the target (rustup target add wasm32-unknown-unknown) or, on Debian: \
                  apt-get install rustc-web cargo-web rust-web-src lld-22";
    Err(format!("no way to compile for the browser worked:\n{}\n{advice}", tried.join("\n")))
}

fn wasm_dir(root: &Path) -> PathBuf {
    target(root).join("wasm")
}

fn compile(root: &Path, program: &str) -> Command {
    let mut command = process::command(program);
    command
        .args(["build", "--package", "hydrate", "--profile", "browser", "--target", TARGET, "--target-dir"])
        .arg(wasm_dir(root))
        .current_dir(root);
    command
}

fn installed(root: &Path) -> Result<Command, String> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().map_err(|e| e.to_string())?;
    let library = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim())
        .join("lib/rustlib")
        .join(TARGET)
        .join("lib");
    if library.is_dir() { Ok(compile(root, &cargo())) } else { Err("it is not installed".into()) }
}

fn added(root: &Path) -> Result<Command, String> {
    if which("rustup").is_none() {
        return Err("there is no rustup".into());
    }
    let mut add = process::command("rustup");
    add.args(["target", "add", TARGET]).current_dir(root);
    process::run(add)?;
    Ok(compile(root, &cargo()))
}

fn debian(root: &Path) -> Result<Command, String> {
    let linker = ["wasm-ld-22", "wasm-ld-19", "wasm-ld"]
        .into_iter()
        .find(|l| which(l).is_some())
        .ok_or("there is no wasm-ld (lld-22)")?;
    if !Path::new("/usr/bin/cargo").is_file() || !Path::new("/usr/bin/rustc").is_file() {
        return Err("there is no /usr/bin/cargo (cargo-web) and /usr/bin/rustc (rustc-web)".into());
    }
    let mut command = compile(root, "/usr/bin/cargo");
    command
        .arg("-Zbuild-std=std,panic_abort")
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
        .env_remove("RUSTUP_TOOLCHAIN");
    Ok(command)
}

fn bind(root: &Path, out: &Path) -> Result<(), String> {
    let wasm = wasm_dir(root).join(TARGET).join("browser/hydrate.wasm");
    let bound = wasm_dir(root).join("bound");
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&wasm).typescript(false).out_name("waypost");
    bindgen
        .web(true)
        .and_then(|b| b.generate(&bound))
        .map_err(|e| format!("binding the browser code failed: {e:#}"))?;
    optimise(&bound);
    let io = |e: std::io::Error| format!("{}: {e}", out.display());
    let _ = fs::remove_dir_all(out);
    fs::create_dir_all(out).map_err(io)?;
    let wasm = fs::read(bound.join("waypost_bg.wasm")).map_err(io)?;
    let wasm_name = format!("waypost_bg.{}.wasm", hash(&wasm));
    let script =
        fs::read_to_string(bound.join("waypost.js")).map_err(io)?.replace("waypost_bg.wasm", &wasm_name);
    fs::write(out.join(&wasm_name), wasm).map_err(io)?;
    fs::write(out.join(format!("waypost.{}.js", hash(script.as_bytes()))), script).map_err(io)
}

/// Smaller still, where `wasm-opt` is at hand.
fn optimise(bound: &Path) {
    if which("wasm-opt").is_none() {
        return;
    }
    let file = bound.join("waypost_bg.wasm");
    let mut command = process::command("wasm-opt");
    command.args(["-Oz", "--all-features", "-o"]).arg(&file).arg(&file);
    if let Err(why) = process::run(command) {
        eprintln!("      wasm-opt: {why}; the code stays as it is");
    }
}

fn hash(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Whether the result is newer than everything it is made of.
fn is_fresh(root: &Path, out: &Path) -> bool {
    let made = fs::read_dir(out)
        .ok()
        .and_then(|d| d.flatten().filter_map(|f| f.metadata().ok()?.modified().ok()).min());
    made.is_some_and(|made| {
        SOURCES.iter().all(|s| newest(&root.join(s)).is_some_and(|changed| changed <= made))
    })
}

fn newest(path: &Path) -> Option<SystemTime> {
    let about = fs::metadata(path).ok()?;
    if !about.is_dir() {
        return about.modified().ok();
    }
    fs::read_dir(path).ok()?.flatten().filter_map(|entry| newest(&entry.path())).max()
}
