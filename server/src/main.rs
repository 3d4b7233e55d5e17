//! `waypost`: the one binary.

use clap::Parser as _;
use server::cli::Cli;

fn main() -> std::process::ExitCode {
    server::run::main(Cli::parse())
}
