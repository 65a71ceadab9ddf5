//! `ssot-migrate status`: how far the plan has come, read from the history and checked against the files.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::error::CliError;
use super::plan::{Selection, build_on};
use super::project::{At, Project};
use super::review::Decisions;
use super::{Answer, Global};
use crate::git::GitError;
use crate::git::journal::Journal;
use crate::index::Index;
use crate::plan::build::{BuiltStep, count_files};
use crate::plan::gate::measure;
use crate::plan::spec::{Phase, Plan};
use crate::report::{gates, refs};
use crate::text::words::count;

/// Show how far each phase of the plan has come, and its figures
#[derive(clap::Args, Debug)]
pub(super) struct Args {}

/// How far a phase has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Nothing of it has been applied.
    Pending,
    /// Nothing of it has been applied, and there is nothing to do.
    Empty,
    /// All of it has been applied.
    Applied,
    /// Some of its steps have been applied, and others have something to do.
    Partly,
    /// It was applied and has been undone.
    RolledBack,
    /// It has been applied, and its steps find something to do again.
    Drifted,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Empty => "nothing to do",
            State::Applied => "applied",
            State::Partly => "partly",
            State::RolledBack => "rolled back",
            State::Drifted => "drifted",
        }
    }

    /// From the journal, and from the files that the phase's steps would change now.
    fn of(phase: &Phase, steps: &[&BuiltStep], journal: &Journal) -> Self {
        let has_work = |step: &&&BuiltStep| !step.files.is_empty();
        let is_applied = |step: &&&BuiltStep| journal.is_applied(&phase.id, &step.step);
        let open = steps.iter().filter(has_work).count();
        match (journal.has_phase(&phase.id), open) {
            (true, 0) if phase.steps.iter().any(|step| !journal.is_whole(&phase.id, &step.id)) => State::Partly,
            (true, 0) => State::Applied,
            (true, _) if steps.iter().filter(has_work).all(|step| is_applied(&step)) => State::Drifted,
            (true, _) => State::Partly,
            (false, _) if phase.steps.iter().any(|step| journal.is_rolled_back(&phase.id, &step.id)) => State::RolledBack,
            (false, 0) => State::Empty,
            (false, _) => State::Pending,
        }
    }
}

pub(super) fn run(global: &Global, _: &Args) -> Result<Answer, CliError> {
    let project = Project::open(global)?;
    let plan = project.plan(global)?;
    let (snapshot, base, journal) = project.snapshot(&At::Head, &plan)?;
    let index = Index::build(snapshot, &plan.options);
    let steps = steps(&plan, &journal, &index)?;
    let answers = project.repo.as_ref().map(|repo| Decisions::open(repo, &plan.name, false)).transpose()?;
    // Writing to a string cannot fail.
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}{} on {base}",
        plan.name,
        if plan.title.is_empty() { String::new() } else { format!(": {}", plan.title) }
    );
    let width = plan.phases.iter().map(|phase| phase.id.chars().count()).max().unwrap_or_default();
    for phase in &plan.phases {
        let steps: Vec<&BuiltStep> = steps.iter().filter(|step| step.phase == phase.id).collect();
        let state = State::of(phase, &steps, &journal);
        let files = count_files(steps.iter().copied());
        let commits = journal.commits_of(&phase.id).count();
        let left = steps.iter().flat_map(|step| &step.findings).map(|finding| &finding.place).collect::<BTreeSet<_>>().len();
        let mut facts = Vec::new();
        if commits > 0 {
            facts.push(count(commits, "commit"));
        }
        facts.extend(doubts(&project, phase, &journal)?);
        if let Some(kept) = answers.as_ref().map(|answers| answers.count_of(&phase.id)).filter(|kept| *kept > 0) {
            facts.push(format!("{} kept", count(kept, "answer")));
        }
        if files > 0 {
            facts.push(format!("{} to change", count(files, "file")));
        }
        if left > 0 && files == 0 {
            facts.push(format!("{} left for a person", count(left, "place")));
        }
        if !phase.requires.is_empty() {
            facts.push(format!("requires {}", phase.requires.join(", ")));
        }
        let _ = writeln!(out, "  {:width$}  {:<13}  {}", phase.id, state.word(), facts.join(", "));
        for step in &phase.steps {
            for shim in step.transform.rule.standing(&index) {
                let _ = writeln!(out, "  {:width$}    {}", "", refs::used(&shim));
            }
        }
        // As the files are, and not as the phases before it would make them.
        for now in measure(&plan, phase, &index) {
            let _ = writeln!(out, "  {:width$}    gate {}", "", gates::now(&now));
            gates::doubt(&mut out, &format!("  {:width$}      ", ""), &now);
        }
    }
    Ok(out.into())
}

/// What the steps of all phases would do now. What a phase that is applied would do is not asked on what one before it, which is not,
/// would make: that one's work is no drift of this one.
fn steps(plan: &Plan, journal: &Journal, index: &Index) -> Result<Vec<BuiltStep>, CliError> {
    let build = |phase: Vec<String>| {
        let selection = Selection { phase, only: true, review: false };
        build_on(index.advance(index.snapshot().clone()), plan, journal, &selection, &|_, _| false, None)
    };
    let (standing, open): (Vec<&Phase>, Vec<&Phase>) = plan.phases.iter().partition(|phase| journal.has_phase(&phase.id));
    let ids = |phases: &[&Phase]| phases.iter().map(|phase| phase.id.clone()).collect::<Vec<_>>();
    let mut steps = build(plan.phases.iter().map(|phase| phase.id.clone()).collect())?.steps;
    let works = |phases: &[&Phase]| {
        steps.iter().any(|step| !step.files.is_empty() && phases.iter().any(|phase| phase.id == step.phase))
    };
    if works(&standing) && works(&open) {
        steps.retain(|step| !journal.has_phase(&step.phase));
        steps.extend(build(ids(&standing))?.steps);
    }
    Ok(steps)
}

/// What is not as it should be with a phase's commits.
fn doubts(project: &Project, phase: &Phase, journal: &Journal) -> Result<Vec<String>, CliError> {
    let mut facts = Vec::new();
    let (mut altered, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for entry in journal.commits_of(&phase.id) {
        match project.repo.as_ref().map(|repo| repo.unaltered(entry)) {
            Some(Ok(None)) => drop(altered.insert(entry.commit)),
            Some(Err(GitError::NotInClone(_))) => drop(unknown.insert(entry.commit)),
            Some(Err(error)) => return Err(error.into()),
            Some(Ok(Some(_))) | None => {}
        }
    }
    if !altered.is_empty() {
        facts.push(format!("{} altered since they were made", altered.len()));
    }
    if !unknown.is_empty() {
        facts.push(format!("{} not wholly in this clone", unknown.len()));
    }
    for step in phase.steps.iter().filter(|step| !journal.is_whole(&phase.id, &step.id)) {
        facts.push(format!("parts of {} are missing", step.id));
    }
    Ok(facts)
}
