//! `waypost`: the one binary.

use clap::Parser as _;
use server::cli::Cli;

/// A sender, a door and a page make many small things at once.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    server::run::main(Cli::parse())
}
