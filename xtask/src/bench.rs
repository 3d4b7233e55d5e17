//! `cargo xtask bench …`: figures beside a reference of the same run, printed with their method and kept as JSON.

mod client;
mod console;
mod crash;
mod day;
mod elsewhere;
mod history;
mod ingest;
mod mail;
mod nginx;
mod page;
mod postgres;
mod publish;
mod relay;
mod stats;
mod subject;
mod subscribe;
mod told;
mod webhooks;
mod wrk;

use std::path::Path;

use clap::Args;
use serde_json::Value;

use crate::build;

pub(crate) use console::console;
pub(crate) use crash::{Kills, Which, While, binary as crash_binary, crash};
pub(crate) use day::day;
pub(crate) use history::history;
pub(crate) use ingest::ingest;
pub(crate) use mail::{MailAmount, mail};
pub(crate) use page::page;
pub(crate) use subscribe::{Samples, subscribe};
pub(crate) use webhooks::webhooks;

/// How much is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct Amount {
    /// Rounds; every figure is the median of them, every ratio is taken inside one.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds per measurement.
    #[arg(long, default_value_t = 5)]
    pub secs: u64,
    /// Updates published through the console.
    #[arg(long, default_value_t = 200)]
    pub publishes: usize,
}

/// One line of the result.
struct Figure {
    name: &'static str,
    what: &'static str,
    value: f64,
    gate: Bound,
    goal: Bound,
    detail: Value,
}

/// A bound that a figure must keep.
#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtLeast(bound) => format!(">= {bound}"),
            Self::AtMost(bound) => format!("<= {bound}"),
        }
    }
}

/// Prints the figures and keeps them in `target/bench/<name>.json`.
fn report(root: &Path, name: &str, method: &str, figures: &[Figure]) -> Result<(), String> {
    println!("\n{method}\n");
    println!("{:14} {:>10}  {:10} {:10} {:8} what", "figure", "value", "gate", "goal", "verdict");
    let mut kept = serde_json::Map::new();
    kept.insert("method".into(), method.into());
    for f in figures {
        let verdict = match (f.gate.holds(f.value), f.goal.holds(f.value)) {
            (true, true) => "goal",
            (true, false) => "gate",
            _ => "MISSED",
        };
        println!(
            "{:14} {:>10.3}  {:10} {:10} {:8} {}",
            f.name,
            f.value,
            f.gate.words(),
            f.goal.words(),
            verdict,
            f.what
        );
        kept.insert(
            f.name.into(),
            serde_json::json!({
                "value": f.value, "gate": f.gate.words(), "goal": f.goal.words(), "verdict": verdict,
                "what": f.what, "detail": f.detail,
            }),
        );
    }
    let dir = build::target(root).join("bench");
    let file = dir.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(&Value::Object(kept)).map_err(|e| e.to_string())?;
    std::fs::create_dir_all(&dir)
        .and_then(|()| std::fs::write(&file, text))
        .map_err(|e| format!("{}: {e}", file.display()))?;
    println!("\nkept in {}", file.display());
    Ok(())
}
