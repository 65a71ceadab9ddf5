//! `apply FILE --replan`: plans anew what a saved plan was made for, on the files as they are, and shows what has become different.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::error::CliError;
use super::plan::{Selection, built, commits};
use super::project::{At, Project};
use super::writing::{Branch, Commit, check_gates};
use super::{Global, note, saved, say};
use crate::git::short;
use crate::plan::artefact::{Artefact, SavedFile};
use crate::plan::build::Built;
use crate::plan::commits::Style;
use crate::plan::gate::worse::worse;
use crate::plan::spec::Plan;
use crate::report::{self, Report};
use crate::text::path::RepoPath;
use crate::text::words::first;

/// How many paths are shown of each kind.
const SHOWN: usize = 20;

/// The commits that the plan comes to now.
pub(super) fn steps(
    global: &Global,
    project: &Project,
    artefact: &Artefact,
    may_change: bool,
    branch: &Branch,
    yes: bool,
) -> Result<Vec<Commit>, CliError> {
    let plan = saved::source(global, project, artefact)?;
    check_plan(artefact, &plan, may_change)?;
    let base = branch.base.to_string();
    let selection = Selection::of(&artefact.selected);
    let at = if branch.exists { At::Revision(&base) } else { At::Head };
    let (built, _) = built(project, &plan, &at, &selection)?;
    let base = format!("{} at {}", short(&branch.name), &base[..10]);
    if !yes {
        say(&report::text::render(&Report {
            plan: &plan,
            built: &built,
            base: base.clone(),
            threshold: selection.threshold(),
        }));
    }
    say(&format!("Planned anew for {base}, against the saved plan:\n{}", difference(artefact, &built)));
    check_gates(&worse(&built.figures))?;
    commits(&plan, &built, Style::default(), selection.threshold())
}

/// Refuses a plan that says something else than the saved one, unless that is wanted.
fn check_plan(artefact: &Artefact, plan: &Plan, is_wanted: bool) -> Result<(), CliError> {
    let Some(what) = saved::changed(artefact, plan) else { return Ok(()) };
    if is_wanted {
        note(&format!("changed since the plan was saved: {what}"));
        return Ok(());
    }
    let error = CliError::refused(format!("the plan `{}` is not what it was when it was saved; changed: {what}", plan.name));
    Err(error.hint("nothing has been changed; `--replan --changed-plan` takes the plan as it is now"))
}

/// The files of each step, by what has become of their change since the plan was saved.
fn difference(artefact: &Artefact, built: &Built) -> String {
    let mut old: BTreeMap<(&str, &str), BTreeMap<&RepoPath, &SavedFile>> = BTreeMap::new();
    for step in &artefact.steps {
        // A step may be saved in several commits, and a commit may have several steps: then the first stands for all.
        let first = step.step.split(", ").next().unwrap_or_default();
        old.entry((&step.phase, first)).or_default().extend(step.files.iter().map(|file| (&file.path, file)));
    }
    let mut out = String::new();
    for step in &built.steps {
        let mut before = old.remove(&(step.phase.as_str(), step.step.as_str())).unwrap_or_default();
        let (mut same, mut new, mut other) = (0, Vec::new(), Vec::new());
        for file in step.files.iter().map(SavedFile::of) {
            match before.remove(&file.path) {
                None => new.push(file.path),
                // Where the lines stand, and what else is in the file, makes no difference.
                Some(old) if old.lines == file.lines => same += 1,
                Some(_) => other.push(file.path),
            }
        }
        let gone: Vec<RepoPath> = before.into_keys().cloned().collect();
        show(&mut out, (&step.phase, &step.step), same, [&gone, &new, &other]);
    }
    for ((phase, step), files) in old {
        let gone: Vec<RepoPath> = files.into_keys().cloned().collect();
        show(&mut out, (phase, step), 0, [&gone, &Vec::new(), &Vec::new()]);
    }
    if out.is_empty() { "  no file is changed, then or now\n".to_owned() } else { out }
}

fn show(out: &mut String, (phase, step): (&str, &str), same: usize, [gone, new, other]: [&Vec<RepoPath>; 3]) {
    if same + gone.len() + new.len() + other.len() == 0 {
        return;
    }
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "  {phase} / {step}: {same} as before, {} no longer changed, {} new, {} changed in another way",
        gone.len(),
        new.len(),
        other.len()
    );
    for (word, paths) in [("no longer", gone), ("new", new), ("another way", other)] {
        for line in first(paths, SHOWN, ToString::to_string) {
            let _ = writeln!(out, "    {word:<11}  {line}");
        }
    }
}
