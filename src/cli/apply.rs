//! `ssot-migrate apply`: carries a plan out as commits, one for each step.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::error::CliError;
use super::plan::{Selection, build_on, built_with, commits};
use super::progress::Ticker;
use super::project::{At, Project};
use super::review::{Asking, Decisions, Review};
use super::writing::{Branch, Commit, Writing, check_gates};
use super::{Answer, Global, confirm, note, replan, saved, say};
use crate::git::short;
use crate::index::Index;
use crate::plan::commits::{Grouping, Style};
use crate::plan::gate::worse::worse;
use crate::plan::spec::Plan;
use crate::report::{self, Report};
use crate::text::path::RepoPath;
use crate::text::words::count;

/// Carry the plan out: one commit for each step, all of them or none
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A plan saved by `plan --out`, to be carried out as it was reviewed
    #[arg(value_name = "FILE", conflicts_with_all = ["phase", "only", "review"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    saved: Fitting,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    cut: Cut,
    #[command(flatten)]
    writing: Writing,
}

/// What is done where a saved plan does not fit the files any more.
#[derive(clap::Args, Clone, Copy, Debug)]
struct Fitting {
    /// With FILE: leave out the files that are not what the plan was made for, with all that depends on them, and apply the rest
    #[arg(long, requires = "file", conflicts_with = "replan")]
    partial: bool,
    /// With FILE: plan anew for the files as they are, show what differs from the saved plan, and apply that
    #[arg(long, requires = "file")]
    replan: bool,
    /// With --replan: take the plan as it is now, though it or one of its transforms has been changed since it was saved
    #[arg(long, requires = "replan")]
    changed_plan: bool,
}

/// How steps become commits.
#[derive(clap::Args, Debug)]
struct Cut {
    /// What each commit has; each leaves code that works [default: what the plan says, or else a step]
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "file")]
    commit: Option<Group>,
    /// How many files a commit may have, where fewer leave code that works
    #[arg(long, value_name = "N", conflicts_with = "file")]
    max_files: Option<NonZeroUsize>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Group {
    /// A step
    Step,
    /// All steps of a phase
    Phase,
    /// What a step does to the files of one owner, as CODEOWNERS has them
    Owner,
    /// What a step does to the files of one folder
    Directory,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    let project = Project::open(global)?;
    let repo = project.repo()?;
    let branch = args.writing.branch(repo)?;
    args.writing.check(repo)?;
    let (steps, answers) = match &args.file {
        Some(file) => (of_file(global, &project, args, file, &branch)?, None),
        None => planned(global, &project, args, &branch)?,
    };
    if steps.is_empty() {
        return Ok("Nothing to change.\n".to_owned().into());
    }
    let (changed, created) = paths(&steps);
    repo.check_files(&branch.name, &changed, &created)?;
    let commits = count(steps.len(), "commit");
    if !args.writing.yes && !confirm(&format!("Make {commits} on {}?", short(&branch.name)))? {
        return Err(CliError::refused("nothing has been changed".to_owned()));
    }
    let drafts: Vec<_> = steps.iter().map(|commit| commit.draft()).collect();
    let work = repo.write(branch.base, &drafts)?;
    let ids = args.writing.publish(repo, work, &branch, &format!("ssot-migrate apply: {commits}"))?;
    if let Some(Err(error)) = answers.map(|mut answers| answers.spend()) {
        note(&format!(
            "the commits are made, but the answers that they rest on could not be forgotten\n{}",
            error.render(false)
        ));
    }
    let mut out = format!("Made {commits} on {}:\n", short(&branch.name));
    for (step, id) in steps.iter().zip(&ids) {
        out += &format!("  {} {}\n", &id.to_string()[..10], step.title);
    }
    out += branch.advice();
    Ok(out.into())
}

/// The commits of a saved plan: as it was saved, or planned anew.
fn of_file(global: &Global, project: &Project, args: &Args, file: &Path, branch: &Branch) -> Result<Vec<Commit>, CliError> {
    let artefact = saved::read(file)?;
    saved::tell_version(&artefact);
    let Fitting { partial, replan, changed_plan } = args.saved;
    match replan {
        true => replan::steps(global, project, &artefact, changed_plan, branch, args.writing.yes),
        false => saved::steps(global, project, &artefact, partial, branch, args.writing.yes),
    }
}

/// The commits of a plan that is made now, and the answers that it rests on.
fn planned(
    global: &Global,
    project: &Project,
    args: &Args,
    branch: &Branch,
) -> Result<(Vec<Commit>, Option<Decisions>), CliError> {
    let plan = project.plan(global)?;
    let base = branch.base.to_string();
    let at = if branch.exists { At::Revision(&base) } else { At::Head };
    check_required(project, &plan, &at, &args.selection)?;
    let is_asked = args.asking.interactive;
    let selection = Selection { review: args.selection.review || is_asked, ..args.selection.clone() };
    let ticker = Ticker::start();
    let review = match is_asked {
        true => Some(Review::ask(project.repo()?, &plan.name, &args.asking, &ticker)?),
        false => Review::recall(project.repo()?, &plan.name)?,
    };
    let (built, _) = built_with(project, &plan, &at, &selection, &ticker, review.as_ref())?;
    let answers = review.map(Review::into_decisions);
    drop(ticker);
    let threshold = selection.threshold();
    let steps = commits(&plan, &built, args.cut.style()?, threshold)?;
    if is_asked {
        for step in &steps {
            say(&format!("  {}: {}\n", step.title, step.summary));
        }
    } else if !args.writing.yes {
        let base = format!("{} at {}", short(&branch.name), &base[..10]);
        say(&report::text::render(&Report { plan: &plan, built: &built, base, threshold }));
    }
    check_gates(&worse(&built.figures))?;
    Ok((steps, answers))
}

impl Cut {
    fn style(&self) -> Result<Style, CliError> {
        if self.commit == Some(Group::Phase) && self.max_files.is_some() {
            let error = CliError::usage("--max-files divides steps, and --commit phase joins them".to_owned());
            return Err(error.hint("leave one of the two out"));
        }
        Ok(Style { grouping: self.commit.map(Grouping::from), max_files: self.max_files.map(NonZeroUsize::get), message: None })
    }
}

impl From<Group> for Grouping {
    fn from(group: Group) -> Self {
        match group {
            Group::Step => Self::Step,
            Group::Phase => Self::Phase,
            Group::Owner => Self::Owner,
            Group::Directory => Self::Directory,
        }
    }
}

/// Refuses phases without those that they require: one of these may only be missing where it has nothing to do.
fn check_required(project: &Project, plan: &Plan, at: &At<'_>, selection: &Selection) -> Result<(), CliError> {
    if !selection.only {
        return Ok(());
    }
    let (snapshot, _, journal) = project.snapshot(at, plan)?;
    let required = selection.phase.iter().flat_map(|id| plan.required(id)).map(|phase| phase.id.clone());
    let is_missing = |id: &String| !selection.phase.contains(id) && !journal.has_phase(id);
    let missing: Vec<String> = required.filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let alone = Selection { phase: missing, only: true, review: selection.review };
    let built = build_on(Index::build(snapshot, &plan.options), plan, &journal, &alone, &|_, _| false, None)?;
    match built.steps.iter().find(|step| !step.files.is_empty()) {
        None => Ok(()),
        Some(step) => {
            let error = CliError::refused(format!(
                "`{}` requires the phase `{}`, which is not applied and has something to do",
                selection.phase.join("`, `"),
                step.phase
            ));
            Err(error.hint("leave `--only` out, and it is applied first; nothing has been changed"))
        }
    }
}

/// The paths that the steps change, and those of them that are not there before the first step.
fn paths(steps: &[Commit]) -> (Vec<RepoPath>, Vec<RepoPath>) {
    let mut existed: BTreeMap<&RepoPath, bool> = BTreeMap::new();
    for file in steps.iter().flat_map(|step| &step.files) {
        if let Some(old) = &file.moved_from {
            existed.entry(old).or_insert(true);
        }
        existed.entry(&file.path).or_insert(file.before.is_some() && file.moved_from.is_none());
    }
    let created = existed.iter().filter(|(_, existed)| !**existed).map(|(path, _)| (*path).clone()).collect();
    (existed.into_keys().cloned().collect(), created)
}
