//! Layer 8: the command line. One file a command: its arguments (whose doc comments are the help text) and its `run`.
//!
//! The only layer that reads the environment, prints, asks, and picks exit codes: 0 yes or clean, 1 the answer is no, 2 there is no
//! answer. Results go to stdout, everything else to stderr.

mod apply;
mod demo;
mod error;
mod explain;
mod files;
mod format;
mod plan;
mod process;
mod programs;
mod progress;
mod project;
mod refs;
mod replan;
mod review;
mod rollback;
mod saved;
mod show;
mod status;
mod test;
mod verify;
mod why;
mod writing;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::text::plain;
use error::CliError;

/// Deep syntax trees are walked recursively; threads get a stack that real code never fills. It is reserved, not used.
const STACK: usize = 256 * 1024 * 1024;

/// Plan, apply and roll back single-source-of-truth migrations of Python and TypeScript monorepos.
#[derive(Parser, Debug)]
#[command(name = "ssot-migrate", version, about, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What stands above the options of every command.
const EVERYWHERE: &str = "Options of every command";

/// Options of every command.
#[derive(clap::Args, Clone, Debug)]
struct Global {
    /// The repository or folder to work on [default: the repository around the current folder, or the current folder]
    #[arg(long, global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    root: Option<PathBuf>,
    /// The plan: a name, looked up in .ssot-migrate/plans and among the embedded plans, or a file [default: ssot-remediation]
    #[arg(long, global = true, value_name = "NAME|FILE", help_heading = EVERYWHERE)]
    plan: Option<String>,
    /// The number of threads [default: one for each processor]
    #[arg(long, short = 'j', global = true, value_name = "N", help_heading = EVERYWHERE)]
    jobs: Option<usize>,
}

impl Global {
    /// The name or file of the plan.
    fn plan(&self) -> &str {
        self.plan.as_deref().unwrap_or(crate::plan::spec::DEFAULT_PLAN)
    }
}

#[derive(Subcommand, Debug)]
enum Command {
    Plan(plan::Args),
    Apply(apply::Args),
    Rollback(rollback::Args),
    Show(show::Args),
    Status(status::Args),
    Verify(verify::Args),
    Refs(refs::Args),
    Why(why::Args),
    Explain(explain::Args),
    Test(test::Args),
    Demo(demo::Args),
}

/// Parses the arguments, runs the command and returns its exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // Help and version are answers; anything else is a usage error.
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let result = pool(cli.global.jobs.unwrap_or(0)).and_then(|pool| pool.install(|| run(&cli)));
    match result.and_then(|answer| print(&answer.out).map(|()| answer.code)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say_raw(&format!("{}\n", error.render(is_coloured())));
            ExitCode::from(error.code())
        }
    }
}

/// A pool of so many threads; 0 for one for each processor.
fn pool(threads: usize) -> Result<rayon::ThreadPool, CliError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build();
    pool.map_err(|error| CliError::usage(format!("the threads cannot be started: {error}")))
}

/// What a command has to say.
struct Answer {
    /// The result, for stdout.
    out: Vec<u8>,
    /// 0 for yes or clean, 1 for no.
    code: u8,
}

impl Answer {
    /// A report for people, with nothing in it that a terminal obeys.
    fn text(out: &str, code: u8) -> Self {
        Self { out: plain::lines(out).into_owned().into_bytes(), code }
    }
}

impl From<String> for Answer {
    fn from(out: String) -> Self {
        Self::text(&out, 0)
    }
}

fn run(cli: &Cli) -> Result<Answer, CliError> {
    match &cli.command {
        Command::Plan(args) => plan::run(&cli.global, args),
        Command::Apply(args) => apply::run(&cli.global, args),
        Command::Rollback(args) => rollback::run(&cli.global, args),
        Command::Show(args) => show::run(&cli.global, args),
        Command::Status(args) => status::run(&cli.global, args),
        Command::Verify(args) => verify::run(&cli.global, args),
        Command::Refs(args) => refs::run(&cli.global, args),
        Command::Why(args) => why::run(&cli.global, args),
        Command::Explain(args) => explain::run(&cli.global, args),
        Command::Test(args) => test::run(&cli.global, args),
        Command::Demo(args) => demo::run(&cli.global, args),
    }
}

/// Writes a result to stdout. A reader that has gone away (`| head`) is no error.
fn print(bytes: impl AsRef<[u8]>) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes.as_ref()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(CliError::io("standard output", error)),
        _ => Ok(()),
    }
}

/// Writes to stderr what is not the result, with nothing in it that a terminal obeys.
fn say(text: &str) {
    say_raw(&plain::lines(text));
}

/// The same for a text that has the tool's own colours in it. That nobody reads it is no error.
fn say_raw(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Whether stderr is a terminal that obeys control sequences.
fn is_clever() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// Whether what goes to stderr has colours (<https://no-color.org>).
fn is_coloured() -> bool {
    is_clever() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Tells the user something on the side.
fn note(text: &str) {
    say(&format!("note: {text}\n"));
}

/// Asks a question that is answered with y or n; anything but y is no.
fn confirm(question: &str) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() {
        let error = CliError::usage("there is no terminal to ask on".to_owned());
        return Err(error.hint("--yes goes ahead without asking"));
    }
    say(&format!("{question} [y/N] "));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| CliError::io("standard input", error))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
