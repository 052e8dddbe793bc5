//! Thin entry: everything is in the library.

use std::process::ExitCode;

use career_worker::cli::Cli;
use clap::Parser as _;

fn main() -> ExitCode {
    Cli::parse().run()
}
