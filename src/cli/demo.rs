//! `ssot-migrate demo`: the whole story on an embedded sample repository, in a folder that stays for trying on.

use std::path::{Path, PathBuf};

use clap::Parser;
use include_dir::{Dir, include_dir};

use super::error::CliError;
use super::{Answer, Cli, Global, print};
use crate::git::Repo;
use crate::text::words::more;

static SAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/netra-mini");

/// How many lines of a patch are shown.
const SHOWN: usize = 40;

/// Run a whole migration on an embedded sample repository, step by step
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Where to put the sample repository; the folder must be empty or not exist [default: a new temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    if global.root.is_some() || global.plan.is_some() {
        let error = CliError::usage("the demo runs the embedded plan on a sample repository of its own".to_owned());
        return Err(error.hint("leave --root and --plan out; `--dir` says where the sample goes"));
    }
    let root = folder(args.dir.as_deref())?;
    SAMPLE.extract(&root).map_err(|error| CliError::io(root.display().to_string(), error))?;
    Repo::init(&root, "Demo", "demo@localhost", "A sample monorepo")?;
    let files = files(&SAMPLE);
    say(&format!("A sample monorepo of {files} files is in {}, with one commit.", root.display()))?;

    say("\nWhat would the plan change? Nothing is written by asking.")?;
    step(&root, &["plan"])?;
    for phase in ["jwt", "websocket", "golden-path"] {
        say(&format!("\nThe phase `{phase}` as a patch, and then as commits."))?;
        step(&root, &["plan", "--phase", phase, "--format", "diff"])?;
        step(&root, &["apply", "--phase", phase, "--yes"])?;
    }
    say("\nThe history is the journal: every clone knows what has been applied.")?;
    step(&root, &["status"])?;
    say("\nThe gates count what is left, place by place; `verify` ends with 1 while one of them fails.")?;
    step(&root, &["verify"])?;
    say("\nA phase that others do not require can be taken back, whatever came later.")?;
    step(&root, &["rollback", "--phase", "golden-path", "--yes"])?;
    step(&root, &["status"])?;
    say(&format!(
        "\nNow try it yourself:
  cd {}
  git log -p                                     # what has been done, with what is left in each message
  python3 -m unittest                            # the sample's own tests: they pass before and after
  ssot-migrate apply                             # the phase again; asks first
  ssot-migrate plan --phase websocket --review   # what is likely right and not proved
  ssot-migrate plan --phase websocket --only --format json   # every place with its reason",
        root.display()
    ))?;
    Ok(String::new().into())
}

fn folder(wanted: Option<&Path>) -> Result<PathBuf, CliError> {
    let Some(dir) = wanted else {
        let temporary = tempfile::Builder::new().prefix("ssot-migrate-demo-").tempdir();
        return Ok(temporary.map_err(|error| CliError::io("the folder for temporary files", error))?.keep());
    };
    let failed = |error| CliError::io(dir.display().to_string(), error);
    std::fs::create_dir_all(dir).map_err(failed)?;
    if std::fs::read_dir(dir).map_err(failed)?.next().is_some() {
        return Err(CliError::usage(format!("{} is not empty", dir.display())).hint("name a folder that does not exist yet"));
    }
    dir.canonicalize().map_err(failed)
}

fn files(dir: &Dir<'_>) -> usize {
    dir.files().count() + dir.dirs().map(files).sum::<usize>()
}

fn say(text: &str) -> Result<(), CliError> {
    print(format!("{text}\n"))
}

/// Shows a command line and runs it, as the user would.
fn step(root: &Path, words: &[&str]) -> Result<(), CliError> {
    say(&format!("$ ssot-migrate {}", words.join(" ")))?;
    let line = ["ssot-migrate"].into_iter().chain(words.iter().copied()).map(std::ffi::OsString::from);
    let line = line.chain(["--root".into(), root.into()]);
    let cli = Cli::try_parse_from(line).map_err(|error| CliError::usage(error.to_string()))?;
    let answer = super::run(&cli)?;
    let text = String::from_utf8_lossy(&answer.out);
    let lines: Vec<&str> = text.lines().collect();
    let is_patch = words.contains(&"diff");
    let shown = if is_patch { lines.len().min(SHOWN) } else { lines.len() };
    say(&lines[..shown].join("\n"))?;
    if let Some(more) = more(lines.len(), shown) {
        say(&format!("{more} lines"))?;
    }
    Ok(())
}
