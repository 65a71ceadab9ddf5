//! Running a program for a gate: without a shell, for a limited time, with its output kept for when it fails.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a program that runs is asked whether it has ended.
const INTERVAL: Duration = Duration::from_millis(20);
/// How many lines of its output are shown.
const SHOWN: usize = 20;
/// How many bytes of its output are looked at.
const KEPT: u64 = 64 * 1024;

/// How a program failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// What happened, in a few words.
    pub what: String,
    /// The last lines of its output, without control characters.
    pub tail: Vec<String>,
}

/// Runs a program in a folder; `None` where it ends well. It reads nothing, and what it writes is shown to nobody.
pub(super) fn run(words: &[String], folder: &Path, timeout: Duration) -> Option<Failure> {
    let plain = |what: String| Failure { what, tail: Vec::new() };
    let Some((program, arguments)) = words.split_first() else { return Some(plain("there is no program".to_owned())) };
    // A path is one from the root; a name alone is looked up.
    let program = if program.contains('/') { folder.join(program) } else { program.into() };
    let shown = words.join(" ");
    let output = match tempfile::tempfile() {
        Ok(output) => output,
        Err(error) => return Some(plain(format!("`{shown}` cannot be run: {error}"))),
    };
    match wait(Command::new(program).args(arguments).current_dir(folder), &output, timeout) {
        Ok(Some(status)) if status.success() => None,
        Ok(status) => {
            let what = match status {
                Some(status) => format!("`{shown}` ends with {}", ended(status)),
                None => format!("`{shown}` ran longer than {} s and was stopped", timeout.as_secs()),
            };
            Some(Failure { what, tail: tail(output).unwrap_or_default() })
        }
        Err(error) => Some(plain(format!("`{shown}` cannot be run: {error}"))),
    }
}

/// Waits for a program; `None` where it ran too long. Only the program itself is stopped then, not what it has started.
fn wait(command: &mut Command, output: &File, timeout: Duration) -> io::Result<Option<ExitStatus>> {
    let mut child = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output.try_clone()?).spawn()?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() >= timeout {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(INTERVAL);
    }
}

pub(super) fn ended(status: ExitStatus) -> String {
    status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string())
}

/// The last lines of a file.
fn tail(mut file: File) -> io::Result<Vec<String>> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(KEPT)))?;
    let mut bytes = Vec::new();
    file.take(KEPT).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<String> = text.lines().map(|line| plain(line).trim_end().to_owned()).collect();
    Ok(lines[lines.len().saturating_sub(SHOWN)..].to_vec())
}

/// A line without the sequences that terminals obey: those of colours are left out, other control characters replaced.
pub(super) fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if let Some(sequence) = rest.strip_prefix("\u{1b}[") {
            let end = sequence.find(|c: char| ('@'..='~').contains(&c)).map_or(sequence.len(), |at| at + 1);
            rest = &sequence[end..];
            continue;
        }
        match first {
            '\t' => out.push(' '),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
        rest = &rest[first.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sequence_that_terminals_obey_is_left() {
        assert_eq!(plain("\u{1b}[31mred\u{1b}[0m\tend"), "red end");
        assert_eq!(plain("a\u{1b}]0;title\u{7}b\u{9b}c\rd"), "a\u{fffd}]0;title\u{fffd}b\u{fffd}c\u{fffd}d");
        assert_eq!(plain("cut \u{1b}["), "cut ");
    }
}
