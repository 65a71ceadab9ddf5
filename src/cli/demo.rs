//! x
use super::error::CliError;
use std::process::ExitCode;
/// Demo
#[derive(clap::Args, Debug)]
pub(super) struct Args {}
pub(super) fn run(_: &Args) -> Result<ExitCode, CliError> {
    Ok(ExitCode::SUCCESS)
}
