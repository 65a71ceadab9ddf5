//! Running the hooks and signers of a repository, for the commands that make commits.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Seek, Write};
use std::process::{Command, ExitStatus, Stdio};

use super::process::{ended, plain};
use super::say;
use crate::git::commit::programs::{Call, OF_A_REPOSITORY, Programs, Said};

/// How many lines of what a program says are shown.
const SHOWN: usize = 100;

/// Runs programs on this computer, as the user.
pub(super) struct HereAndNow;

impl Programs for HereAndNow {
    fn run(&self, call: &Call<'_>) -> io::Result<Said> {
        // Somebody who is there sees what a hook says when it says it, and may be asked something.
        if call.is_hook && io::stderr().is_terminal() {
            let status = run(call, &|| Ok((io::stderr().into(), io::stderr().into())))?;
            return Ok(said(status, Vec::new(), Vec::new()));
        }
        // Files rather than pipes: no side waits for the other.
        let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let first = if call.is_hook { &err } else { &out };
        let status = run(call, &|| Ok((first.try_clone()?.into(), err.try_clone()?.into())))?;
        let said = said(status, content(&mut out)?, content(&mut err)?);
        if call.is_hook && said.is_good && !said.shown.is_empty() {
            say(&format!("{}: {}\n", call.name, said.shown.replace('\n', &format!("\n{}: ", call.name))));
        }
        Ok(said)
    }
}

fn said(status: ExitStatus, out: Vec<u8>, err: Vec<u8>) -> Said {
    let end = match status.code() {
        Some(code) => format!("exit code {code}"),
        None => ended(status),
    };
    let shown = shown(&err);
    Said { is_good: status.success(), end, out, err, shown }
}

/// Where a program's standard output and standard error go.
type Outputs<'o> = &'o dyn Fn() -> io::Result<(Stdio, Stdio)>;

fn run(call: &Call<'_>, outputs: Outputs<'_>) -> io::Result<ExitStatus> {
    /// What the system says of a file without `#!`.
    const NO_PROGRAM: i32 = 8;
    let mut command = Command::new(&call.program);
    match start(&mut command, call, outputs) {
        // Git gives such a file to the shell.
        Err(error) if error.raw_os_error() == Some(NO_PROGRAM) => start(Command::new("sh").arg(&call.program), call, outputs),
        status => status,
    }
}

fn start(command: &mut Command, call: &Call<'_>, outputs: Outputs<'_>) -> io::Result<ExitStatus> {
    let input = if call.input.is_empty() { Stdio::null() } else { given(call.input)?.into() };
    if call.is_hook {
        for name in OF_A_REPOSITORY {
            command.env_remove(name);
        }
    }
    command.args(&call.arguments).current_dir(call.folder).envs(call.variables.iter().cloned());
    let (out, err) = outputs()?;
    command.stdin(input).stdout(out).stderr(err).status()
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
