//! Closed-loop load by wrk on the second core, the server on the first: figures are per core.

use std::process::Command;

use crate::process;

/// One measurement.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    /// Requests per second.
    pub rps: f64,
    /// Requests per second of the server's processor time.
    pub per_cpu_s: f64,
    /// Milliseconds.
    pub p99_ms: f64,
    /// Answers that were neither 2xx nor 3xx, and socket errors.
    pub bad: f64,
}

/// Puts a process tree on the first core.
pub(super) fn pin(pid: u32) {
    for pid in tree(pid) {
        let _ = Command::new("taskset").args(["-acp", "0", &pid.to_string()]).output();
    }
}

/// Puts this program, and with it those who play visitors, on the second core.
pub(super) fn pin_visitors() {
    let _ = Command::new("taskset").args(["-acp", "1", &std::process::id().to_string()]).output();
}

/// Loads an address for so many seconds.
pub(super) fn load(url: &str, pid: u32, conn: usize, secs: u64, headers: &[String]) -> Result<Load, String> {
    let before = cpu_s(pid);
    let mut command = process::command("taskset");
    command.args([
        "-c",
        "1",
        "wrk",
        "-t1",
        &format!("-c{conn}"),
        &format!("-d{secs}s"),
        "--latency",
        "--timeout",
        "10s",
    ]);
    for header in headers {
        command.args(["-H", header]);
    }
    let out = command.arg(url).output().map_err(|e| format!("wrk does not run: {e}"))?;
    let used = (cpu_s(pid) - before).max(0.01);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let requests = number(&text, " requests in").ok_or_else(|| format!("wrk said: {text}"))?;
    let after =
        |mark: &str| text.split(mark).nth(1).and_then(|t| t.split_whitespace().next()).map(str::to_owned);
    let errors = text.lines().find(|l| l.contains("Socket errors")).map_or(0.0, |_| 1.0);
    Ok(Load {
        rps: after("Requests/sec:").and_then(|t| t.parse().ok()).unwrap_or(0.0),
        per_cpu_s: requests / used,
        p99_ms: line_of(&text, "99%").ok_or_else(|| format!("wrk said no 99%: {text}"))?,
        bad: number_after(&text, "Non-2xx or 3xx responses:").unwrap_or(0.0) + errors,
    })
}

/// A line of the latencies: other lines may hold the same mark by chance.
fn line_of(text: &str, mark: &str) -> Option<f64> {
    text.lines().find_map(|l| l.trim().strip_prefix(mark)).map(|t| millis(t.trim()))
}

fn number(text: &str, before: &str) -> Option<f64> {
    text.split(before).next()?.split_whitespace().last()?.parse().ok()
}

fn number_after(text: &str, mark: &str) -> Option<f64> {
    text.split(mark).nth(1)?.split_whitespace().next()?.parse().ok()
}

/// `1.20ms`, `350.00us`, `1.1s` in milliseconds.
fn millis(text: &str) -> f64 {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().unwrap_or(0.0);
    match &text[end..] {
        "us" => number / 1_000.0,
        "s" => number * 1_000.0,
        "m" => number * 60_000.0,
        _ => number,
    }
}

/// A process and its descendants.
fn tree(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let mut next = 0;
    while let Some(pid) = all.get(next).copied() {
        next += 1;
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        for task in tasks {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            all.extend(children.split_whitespace().filter_map(|c| c.parse::<u32>().ok()));
        }
    }
    all
}

/// Processor time of a process tree so far, in seconds: the kernel counts a hundred ticks in each.
fn cpu_s(pid: u32) -> f64 {
    tree(pid)
        .into_iter()
        .filter_map(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
            Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrk_writes_times_in_several_units() {
        assert_eq!((millis("350.00us"), millis("1.20ms"), millis("2s")), (0.35, 1.2, 2_000.0));
        assert_eq!(number("  12345 requests in 5.00s, 10MB read", " requests in"), Some(12_345.0));
    }
}
