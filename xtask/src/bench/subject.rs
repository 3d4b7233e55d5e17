//! What is measured: a demo operator without traffic, on a fresh data directory.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use super::client::{Client, form};
use crate::process;

/// A running Waypost.
pub(super) struct Subject {
    child: Mutex<Child>,
    /// As it was started, but on the port that it found.
    again: Mutex<Command>,
    /// `127.0.0.1:port`.
    pub host: String,
    facts: Value,
}

impl Subject {
    /// Starts it on the first core and waits until it is ready.
    pub(super) fn start(binary: &Path, data: &Path) -> Result<Self, String> {
        Self::start_on("0", binary, data, &[], &[])
    }

    /// Starts it on these cores, with further options and settings; what it logs is kept beside the data directory.
    pub(super) fn start_on(
        cores: &str,
        binary: &Path,
        data: &Path,
        options: &[&str],
        settings: &[(&str, &str)],
    ) -> Result<Self, String> {
        let _ = std::fs::remove_dir_all(data);
        let log = data.with_added_extension("log");
        let _ = log.parent().map(std::fs::create_dir_all);
        let said = || {
            std::fs::File::options()
                .create(true)
                .append(true)
                .open(&log)
                .map_or_else(|_| Stdio::null(), Stdio::from)
        };
        let _ = std::fs::remove_file(&log);
        let command = |port: &str| {
            // From the beginning, so that it knows how many threads it may use.
            let mut command = process::command("taskset");
            command.args(["-c", cores]).arg(binary).envs(settings.iter().copied());
            command
                .args(["demo", "--json", "--no-traffic", "--port", port, "--data"])
                .arg(data)
                .args(options);
            command.stdout(Stdio::piped()).stderr(said());
            command
        };
        let (child, facts) = begin(&mut command("0"))?;
        let url = facts["page_url"].as_str().unwrap_or_default();
        let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let again = command(host.rsplit(':').next().unwrap_or("0"));
        Ok(Self { child: Mutex::new(child), again: Mutex::new(again), host, facts })
    }

    /// Ends it by SIGKILL and waits for that.
    pub(super) fn kill(&self) {
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Starts it again after a kill, on what it left, and waits until it is ready.
    pub(super) fn start_again(&self) -> Result<(), String> {
        let mut again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        *self.child() = begin(&mut again)?.0;
        Ok(())
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child().id()
    }

    pub(super) fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_default()
    }

    /// Signs the demo's owner in, with both factors; the cookie header.
    pub(super) fn sign_in(&self) -> Result<String, String> {
        let mut client = Client::connect(&self.host)?;
        let fields = form(&[("email", self.fact("email")), ("password", self.fact("password"))]);
        let first = client.post("/console/sign-in", "", &fields)?;
        let cookie = session_cookie(first.header("set-cookie"))
            .ok_or_else(|| format!("sign-in answered {}", first.status))?;
        let page = client.get("/console/sign-in/code", &cookie)?;
        let csrf = between(&String::from_utf8_lossy(&page.body), "name=\"csrf\" value=\"", "\"");
        let code = one_time_code(self.fact("totp_secret"))?;
        let fields = form(&[("csrf", &csrf), ("code", &code)]);
        let second = client.post("/console/sign-in/code", &cookie, &fields)?;
        session_cookie(second.header("set-cookie"))
            .ok_or_else(|| format!("the second factor was answered by {}", second.status))
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts it, and reads what it says when it is ready.
fn begin(command: &mut Command) -> Result<(Child, Value), String> {
    let shown = process::shown(command);
    let mut child = command.spawn().map_err(|e| format!("`{shown}` does not start: {e}"))?;
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        BufReader::new(out).read_line(&mut line).map_err(|e| e.to_string())?;
    }
    match serde_json::from_str(&line) {
        Ok(facts) => Ok((child, facts)),
        Err(e) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(format!("`{shown}` did not get ready: {e}"))
        }
    }
}

fn session_cookie(set: &str) -> Option<String> {
    let pair = set.split(';').next().filter(|p| p.starts_with("__Host-sid="))?;
    Some(format!("Cookie: {pair}\r\n"))
}

/// The text between two marks; empty if they are not there.
pub(super) fn between(text: &str, start: &str, end: &str) -> String {
    let Some((_, rest)) = text.split_once(start) else { return String::new() };
    rest.split_once(end).map_or_else(String::new, |(found, _)| found.to_owned())
}

fn one_time_code(secret: &str) -> Result<String, String> {
    use totp_rs::{Algorithm, Builder};
    let bytes = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).map_err(|e| e.to_string())?;
    let bytes: [u8; 20] = bytes.try_into().map_err(|_| "the secret has not 160 bits".to_owned())?;
    let totp = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(bytes)
        .build()
        .map_err(|e| format!("{e:?}"))?;
    #[allow(clippy::disallowed_methods, reason = "the code of this very moment")]
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_err(|e| e.to_string())?;
    Ok(totp.generate(now.as_secs()).to_string())
}
