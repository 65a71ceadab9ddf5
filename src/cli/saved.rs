//! Saved plans on the command line: writing them to a file, reading them, and what `apply FILE` makes of one.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::CliError;
use super::progress::Ticker;
use super::project::Project;
use super::writing::{Branch, Commit, check_gates};
use super::{Global, note, say};
use crate::index::Index;
use crate::plan::artefact::rest::{Made, Proof};
use crate::plan::artefact::{Artefact, SavedStep};
use crate::plan::build::{BuildError, Progress};
use crate::plan::gate::worse::{Worse, worse};
use crate::plan::message;
use crate::plan::spec::Plan;
use crate::report::clean;
use crate::text::words::first;

/// The largest file that is read as a saved plan, in bytes.
const LARGEST: u64 = 1 << 30;
/// How many of the paths that are left out are named in a commit's message.
const NAMED: usize = 20;

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
    Artefact::from_json(&text).map_err(|error| CliError::from(error).with(&format!("  in {}", path.display())))
}

/// Says that another version of the tool has saved a plan.
pub(super) fn tell_version(artefact: &Artefact) {
    if artefact.tool != env!("CARGO_PKG_VERSION") {
        note(&format!(
            "the plan was saved by version {} of this tool, and this is {}: its edits are made as they were reviewed",
            clean(&artefact.tool),
            env!("CARGO_PKG_VERSION")
        ));
    }
}

/// The plan that a saved one was made of, as it is now.
///
/// # Errors
/// It is not there any more, or another plan stands there.
pub(super) fn source(global: &Global, project: &Project, artefact: &Artefact) -> Result<Plan, CliError> {
    let source = clean(&artefact.source);
    let plan = match global.plan {
        Some(_) => project.plan(global)?,
        None => project.plan_at(global, &artefact.source).map_err(|error| {
            error.hint(format!("the saved plan was read from `{source}`; where that is elsewhere now, `--plan` says where"))
        })?,
    };
    if plan.name != artefact.plan {
        let source = global.plan.as_deref().map_or(source, clean);
        return Err(CliError::refused(format!("`{source}` is the plan `{}`, and `{}` was saved", plan.name, artefact.plan)));
    }
    Ok(plan)
}

/// What of a plan is not as it was when it was saved, in words; `None` where all is.
pub(super) fn changed(artefact: &Artefact, plan: &Plan) -> Option<String> {
    if plan.digest == artefact.plan_digest {
        return None;
    }
    let is_other = |id: &&String| plan.transforms.get(*id) != artefact.transforms.get(*id);
    let ids: BTreeSet<&String> = plan.transforms.keys().chain(artefact.transforms.keys()).filter(is_other).collect();
    let names: Vec<String> = ids.into_iter().map(|id| format!("`{}`", clean(id))).collect();
    Some(match (names.is_empty(), artefact.tool == env!("CARGO_PKG_VERSION")) {
        (true, true) => "the plan itself".to_owned(),
        (true, false) => "the plan, or the tool".to_owned(),
        (false, _) => format!("transforms of it: {}", names.join(", ")),
    })
}

/// The commits that a plan makes as it was saved.
pub(super) fn steps(
    global: &Global,
    project: &Project,
    artefact: &Artefact,
    is_partial: bool,
    branch: &Branch,
    yes: bool,
) -> Result<Vec<Commit>, CliError> {
    let repo = project.repo()?;
    let snapshot = repo.snapshot(branch.base)?;
    let standing = artefact.standing(&snapshot)?;
    if standing.is_done() {
        return Ok(Vec::new());
    }
    let progress = Ticker::start();
    progress.doing("proving the saved plan on the files as they are");
    // What was proved and measured on these very files when the plan was saved holds; files that have drifted are refused first.
    let is_new = is_partial || (standing.drifted.is_empty() && repo.tree(branch.base)? != artefact.tree);
    let index = is_new.then(|| Index::build(snapshot.clone(), &artefact.options));
    let proof = match &index {
        Some(index) if is_partial => Proof::Partial(index),
        Some(index) => Proof::Strict(index),
        None => Proof::Made,
    };
    let made = artefact.make(&snapshot, &standing, &proof)?;
    drop(progress);
    let outline = outline(artefact, &made);
    if made.iter().all(|made| made.files.is_empty()) && !standing.has_begun() {
        let error =
            CliError::refused(format!("without the files that have drifted, nothing of the plan can stand:\n{outline}"));
        return Err(error.hint("nothing has been changed; `--replan` plans anew for the files as they are"));
    }
    check_gates(&match &index {
        Some(index) => measured(global, project, artefact, index, &made)?,
        None => artefact.worse.clone(),
    })?;
    if !yes || is_partial {
        say(&outline);
    }
    let made = made.into_iter().filter(|made| !made.files.is_empty());
    Ok(made.map(|made| step(artefact, made)).collect())
}

/// The gates that the steps would leave worse, measured on the files as they are: what has come since, or is left out, counts too.
fn measured(
    global: &Global,
    project: &Project,
    artefact: &Artefact,
    index: &Index,
    made: &[Made],
) -> Result<Vec<Worse>, CliError> {
    if artefact.gates.iter().all(|gate| gate.counts.is_none()) {
        return Ok(Vec::new());
    }
    let plan = source(global, project, artefact)?;
    if let Some(what) = changed(artefact, &plan) {
        let error = CliError::refused(format!(
            "the files are not those that the gates were measured on, and they cannot be measured again: the plan `{}` is not what \
             it was when it was saved; changed: {what}",
            plan.name
        ));
        return Err(error.hint("nothing has been changed; `--replan --changed-plan` takes the plan as it is now"));
    }
    Ok(worse(&artefact.figures(&plan, index, made).map_err(BuildError::from)?))
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
    text.extend(first(&made.left_out, NAMED, |(path, _)| path.to_string()).iter().map(|line| format!("\n- {line}")));
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
