//! `ssot-migrate plan`: what `apply` with the same options would change.

use std::path::PathBuf;

use super::error::CliError;
use super::format::PlanFormat;
use super::progress::Ticker;
use super::project::{At, Project, select};
use super::review::Review;
use super::writing::Commit;
use super::{Answer, Global, files, note, pool};
use crate::git::journal::Journal;
use crate::index::Index;
use crate::plan::artefact::{Artefact, Binding, Selected};
use crate::plan::build::{Built, BuiltStep, Request, build};
use crate::plan::choice::Chooser;
use crate::plan::commits::{self, Made, Style};
use crate::plan::spec::{Phase, Plan};
use crate::report::{self, Report};
use crate::text::plain;
use crate::transform::finding::Applicability;

/// Show what would be changed, and what would not and why; nothing is written
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    pub selection: Selection,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    format: PlanFormat,
    /// Also save the plan to a file, for `apply FILE`
    #[arg(long, value_name = "FILE", conflicts_with = "worktree")]
    out: Option<PathBuf>,
    /// Plan for another commit than HEAD's
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// Plan for the files of the work tree, uncommitted changes and new files included
    #[arg(long, conflicts_with = "at")]
    worktree: bool,
    /// Exit with 1 if there is something to change
    #[arg(long)]
    exit_code: bool,
}

/// Which phases, and which fixes.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Selection {
    /// The phase to plan, with the pending phases that it requires; may be given several times [default: all that are pending]
    #[arg(long, value_name = "ID")]
    pub phase: Vec<String>,
    /// Only the phases that are named, not those that they require
    #[arg(long, requires = "phase")]
    pub only: bool,
    /// Also take the fixes that are likely right and not proved
    #[arg(long)]
    pub review: bool,
}

impl Selection {
    pub fn threshold(&self) -> Applicability {
        if self.review { Applicability::Review } else { Applicability::Safe }
    }

    /// As it is saved with a plan.
    fn selected(&self) -> Selected {
        Selected { phases: self.phase.clone(), only: self.only, threshold: self.threshold() }
    }

    /// From what was saved with a plan.
    pub fn of(selected: &Selected) -> Self {
        let Selected { phases, only, threshold } = selected;
        Self { phase: phases.clone(), only: *only, review: *threshold == Applicability::Review }
    }
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    let project = Project::open(global)?;
    if let Some(path) = &args.out {
        project.repo()?;
        files::check_target(path)?;
    }
    let plan = project.plan(global)?;
    let at = At::of(args.at.as_deref(), args.worktree);
    let (built, base) = built(&project, &plan, &at, &args.selection)?;
    let report = Report { plan: &plan, built: &built, base, threshold: args.selection.threshold() };
    let is_empty = built.steps.iter().all(|step| step.files.is_empty());
    let out = match args.format {
        PlanFormat::Text => plain::lines(&report::text::render(&report)).into_owned().into_bytes(),
        PlanFormat::Json => report::json::render(&report).into_bytes(),
        PlanFormat::Markdown => report::markdown::render(&report).into_bytes(),
        PlanFormat::Diff => report::diff::render(&net(&built)?),
    };
    if let Some(path) = &args.out {
        let repo = project.repo()?;
        let commit = repo.commit(args.at.as_deref())?;
        let binding = Binding {
            source: project.plan_source(global)?,
            commit: commit.to_string(),
            tree: repo.tree(commit)?,
            selected: args.selection.selected(),
        };
        let threshold = args.selection.threshold();
        let made = made(&plan, &built, Style::default(), threshold)?;
        let artefact = Artefact::new(&plan, &built, &made, binding, &|step| report::summary(step, threshold));
        files::save(path, &artefact.to_json())?;
    }
    Ok(Answer { out, code: u8::from(args.exit_code && !is_empty) })
}

/// Builds the phases that are meant, as was answered in interactive reviews before. Also returns what the files are called.
pub(super) fn built(project: &Project, plan: &Plan, at: &At<'_>, selection: &Selection) -> Result<(Built, String), CliError> {
    let review = project.repo.as_ref().map(|repo| Review::recall(repo, &plan.name)).transpose()?.flatten();
    built_with(project, plan, at, selection, &Ticker::start(), review.as_ref())
}

/// Builds the phases that are meant; `review` decides on the fixes. Also returns what the files are called.
pub(super) fn built_with(
    project: &Project,
    plan: &Plan,
    at: &At<'_>,
    selection: &Selection,
    progress: &Ticker,
    review: Option<&Review<'_>>,
) -> Result<(Built, String), CliError> {
    let (snapshot, base, journal) = project.snapshot(at, plan)?;
    let chooser = review.map(|review| review as &dyn Chooser);
    let index = Index::build(snapshot, &plan.options);
    let built = build_chosen(index, plan, &journal, selection, &|_, _| false, progress, chooser);
    // What was answered is told, and kept, whether or not a plan comes of it.
    review.map_or(Ok(()), Review::close)?;
    match review {
        Some(review) => Ok((built.map_err(|error| review.explain(error))?, base)),
        None => Ok((built?, base)),
    }
}

/// Builds the phases that are meant on an index of the files that the journal goes with, without the steps that are left out; `chooser`
/// decides on the fixes.
pub(super) fn build_on(
    index: Index,
    plan: &Plan,
    journal: &Journal,
    selection: &Selection,
    is_left_out: &(dyn Fn(&str, &str) -> bool + Sync),
    chooser: Option<&dyn Chooser>,
) -> Result<Built, CliError> {
    build_chosen(index, plan, journal, selection, is_left_out, &Ticker::start(), chooser)
}

/// Builds the phases that are meant; `chooser` decides on the fixes.
fn build_chosen(
    index: Index,
    plan: &Plan,
    journal: &Journal,
    selection: &Selection,
    is_left_out: &(dyn Fn(&str, &str) -> bool + Sync),
    progress: &Ticker,
    chooser: Option<&dyn Chooser>,
) -> Result<Built, CliError> {
    let phases = select(plan, &selection.phase, selection.only, journal)?;
    // A step that found nothing to do has left no commit; steps behind it that have one tell that it was run.
    let is_applied =
        |phase: &str, step: &str| plan.from_step(phase, step).iter().any(|step| journal.is_applied(phase, &step.id));
    let threshold = selection.threshold();
    let one_thread = pool(1)?;
    let again = Some(&one_thread);
    let request = Request { plan, phases, threshold, is_applied: &is_applied, is_left_out, again, progress, chooser };
    let mut built = build(index, &request)?;
    // A step that finds nothing to do leaves no commit. A phase with such a step may be done all the same.
    let has_work = |phase: &str| built.steps.iter().any(|step| step.phase == phase && !step.files.is_empty());
    let is_done = |phase: &Phase| !selection.phase.contains(&phase.id) && journal.has_phase(&phase.id) && !has_work(&phase.id);
    let done: Vec<&str> = plan.phases.iter().filter(|phase| is_done(phase)).map(|phase| phase.id.as_str()).collect();
    built.steps.retain(|step| !done.contains(&&*step.phase));
    built.figures.retain(|figures| !done.contains(&&*figures.phase));
    if journal.is_cut {
        note("this clone has only the end of the history: what was applied before is not known (`git fetch --unshallow`)");
    }
    Ok(built)
}

/// All steps as one change.
fn net(built: &Built) -> Result<Vec<crate::plan::delta::FileDelta>, CliError> {
    let changes: Vec<_> = built.steps.iter().flat_map(|step| step.changes.iter().cloned()).collect();
    Ok(crate::plan::delta::deltas(&built.base, &built.result, &changes)?)
}

/// The commits of a built plan; `style` goes before what the plan says.
fn made(plan: &Plan, built: &Built, style: Style, threshold: Applicability) -> Result<Vec<Made>, CliError> {
    let progress = Ticker::start();
    let summary = |step: &BuiltStep| report::summary(step, threshold);
    let request = commits::Request { plan, style, threshold, summary: &summary, progress: &progress };
    Ok(commits::commits(built, &request)?)
}

/// The commits of a built plan, as they are written; `style` goes before what the plan says.
pub(super) fn commits(plan: &Plan, built: &Built, style: Style, threshold: Applicability) -> Result<Vec<Commit>, CliError> {
    let commit = |made: Made| Commit {
        title: made.name(),
        summary: report::summary(&made.built, threshold),
        message: made.message(plan),
        files: made.built.files,
    };
    Ok(made(plan, built, style, threshold)?.into_iter().map(commit).collect())
}
