//! Running the hooks and signers of a repository, for the commands that make commits.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::process::{Command, ExitStatus, Stdio};

use super::process::{ended, plain};
use super::say;
use crate::git::programs::{Call, OF_A_REPOSITORY, Programs, Said};

/// How many lines of what a program says are shown.
const SHOWN: usize = 100;

/// Runs programs on this computer, as the user.
pub(super) struct HereAndNow;

impl Programs for HereAndNow {
    fn run(&self, call: &Call<'_>) -> io::Result<Said> {
        // Files rather than pipes: no side waits for the other.
        let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let first = if call.is_hook { &err } else { &out };
        let status = run(call, first, &err)?;
        let (out, err) = (content(&mut out)?, content(&mut err)?);
        let shown = shown(&err);
        if call.is_hook && status.success() && !shown.is_empty() {
            say(&format!("{}: {}\n", call.name, shown.replace('\n', &format!("\n{}: ", call.name))));
        }
        let end = match status.code() {
            Some(code) => format!("exit code {code}"),
            None => ended(status),
        };
        Ok(Said { is_good: status.success(), end, out, err, shown })
    }
}

fn run(call: &Call<'_>, out: &File, err: &File) -> io::Result<ExitStatus> {
    /// What the system says of a file without `#!`.
    const NO_PROGRAM: i32 = 8;
    let mut command = Command::new(&call.program);
    match start(&mut command, call, out, err) {
        // Git gives such a file to the shell.
        Err(error) if error.raw_os_error() == Some(NO_PROGRAM) => start(Command::new("sh").arg(&call.program), call, out, err),
        status => status,
    }
}

fn start(command: &mut Command, call: &Call<'_>, out: &File, err: &File) -> io::Result<ExitStatus> {
    let input = if call.input.is_empty() { Stdio::null() } else { given(call.input)?.into() };
    if call.is_hook {
        for name in OF_A_REPOSITORY {
            command.env_remove(name);
        }
    }
    command.args(&call.arguments).current_dir(call.folder).envs(call.variables.iter().cloned());
    command.stdin(input).stdout(out.try_clone()?).stderr(err.try_clone()?).status()
}

/// A file to be read from its beginning.
fn given(input: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(input)?;
    file.rewind()?;
    Ok(file)
}

fn content(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last lines, without what a terminal would obey.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<String> = text.trim_end().lines().map(plain).collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}
