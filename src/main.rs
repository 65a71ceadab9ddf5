//! The `ssot-migrate` command. All of it is in the library's `cli` layer.

use std::process::ExitCode;

fn main() -> ExitCode {
    ssot_migrate::cli::main()
}
