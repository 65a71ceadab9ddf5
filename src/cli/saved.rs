//! Saved plans on the command line: writing them to a file, reading them, and what `apply FILE` makes of one.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::CliError;
use super::progress::Ticker;
use super::project::Project;
use super::writing::{Branch, Commit, check_gates};
use super::{Global, note, replan, say};
use crate::index::Index;
use crate::plan::artefact::rest::{Made, Proof};
use crate::plan::artefact::{Artefact, SavedStep};
use crate::plan::build::Progress;
use crate::plan::message;
use crate::report::clean;

/// The largest file that is read as a saved plan, in bytes.
const LARGEST: u64 = 1 << 30;
/// How many of the paths that are left out are named in a commit's message.
const NAMED: usize = 20;

/// What is done where a saved plan does not fit the files any more.
#[derive(clap::Args, Debug)]
pub(super) struct Fitting {
    /// With FILE: leave out the files that are not what the plan was made for, with all that depends on them, and apply the rest
    #[arg(long, requires = "file", conflicts_with = "replan")]
    partial: bool,
    /// With FILE: plan anew for the files as they are, show what differs from the saved plan, and apply that
    #[arg(long, requires = "file")]
    replan: bool,
    /// With --replan: take the plan as it is now, though it or one of its transforms has been changed since it was saved
    #[arg(long, requires = "replan")]
    pub changed_plan: bool,
}

/// Reads a saved plan.
pub(super) fn read(path: &Path) -> Result<Artefact, CliError> {
    let failed = |error| CliError::io(path.display().to_string(), error);
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(CliError::usage(format!("{} is too large to be a saved plan", path.display())));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| CliError::usage(format!("{} is not a saved plan: it is not UTF-8", path.display())))?;
    Ok(Artefact::from_json(&text)?)
}

/// The commits that `apply FILE` makes.
pub(super) fn steps(
    global: &Global,
    project: &Project,
    file: &Path,
    args: &Fitting,
    branch: &Branch,
    yes: bool,
) -> Result<Vec<Commit>, CliError> {
    let artefact = read(file)?;
    if artefact.tool != env!("CARGO_PKG_VERSION") {
        note(&format!(
            "the plan was saved by version {} of this tool, and this is {}: its edits are made as they were reviewed",
            clean(&artefact.tool),
            env!("CARGO_PKG_VERSION")
        ));
    }
    if args.replan {
        return replan::steps(global, project, &artefact, args, branch, yes);
    }
    let repo = project.repo()?;
    let snapshot = repo.snapshot(branch.base)?;
    let standing = artefact.standing(&snapshot)?;
    if standing.is_done() {
        return Ok(Vec::new());
    }
    let progress = Ticker::start();
    progress.doing("proving the saved plan on the files as they are");
    let index = || Index::build(snapshot.clone(), &artefact.options);
    let made = if args.partial {
        artefact.make(&snapshot, &standing, &Proof::Partial(&index()))?
    } else if standing.drifted.is_empty() && repo.tree(branch.base)? != artefact.tree {
        artefact.make(&snapshot, &standing, &Proof::Strict(&index()))?
    } else {
        artefact.make(&snapshot, &standing, &Proof::Made)?
    };
    drop(progress);
    check_gates(&artefact.worse)?;
    let outline = outline(&artefact, &made);
    if made.iter().all(|made| made.files.is_empty()) && !standing.has_begun() {
        let error =
            CliError::refused(format!("without the files that have drifted, nothing of the plan can stand:\n{outline}"));
        return Err(error.hint("nothing has been changed; `--replan` plans anew for the files as they are"));
    }
    if !yes || args.partial {
        say(&outline);
    }
    let made = made.into_iter().filter(|made| !made.files.is_empty());
    Ok(made.map(|made| step(&artefact, made)).collect())
}

fn step(artefact: &Artefact, made: Made) -> Commit {
    let saved = &artefact.steps[made.step];
    let text = format!("{}{}", saved.text.trim_end(), in_part(saved, &made));
    let of = message::Of { plan: &artefact.plan, phase: &saved.phase, steps: &saved.step, part: saved.part };
    let message = message::seal(&text, &of, &made.files);
    let part = saved.part.map(|(at, of)| format!(", part {at} of {of}")).unwrap_or_default();
    let title = format!("{} / {}{part}", saved.phase, saved.step);
    Commit { title, summary: saved.summary.clone(), message, files: made.files }
}

/// What the message of a step says that is made in part.
fn in_part(saved: &SavedStep, made: &Made) -> String {
    let (of, all) = (made.files.len(), saved.files.len());
    if made.left_out.is_empty() {
        let rest = format!("\nApplied in part: {of} of {all} files; the others were as planned already.");
        return if of < all { rest } else { String::new() };
    }
    let mut text = format!("\nApplied in part: {of} of {all} files. Left out:");
    for (path, _) in made.left_out.iter().take(NAMED) {
        let _ = write!(text, "\n- {path}");
    }
    if made.left_out.len() > NAMED {
        let _ = write!(text, "\n- … and {} more", made.left_out.len() - NAMED);
    }
    text
}

/// What is made of each step and what is left out, for people.
fn outline(artefact: &Artefact, made: &[Made]) -> String {
    let mut out = String::new();
    for made in made {
        let saved = &artefact.steps[made.step];
        let of = made.files.len();
        let count = if of == saved.files.len() { String::new() } else { format!(" ({of} of {} files)", saved.files.len()) };
        let _ = writeln!(out, "  {} / {}: {}{count}", saved.phase, saved.step, clean(&saved.summary));
        for (path, why) in &made.left_out {
            let _ = writeln!(out, "    left out: {path}: {}", clean(why));
        }
    }
    out
}
