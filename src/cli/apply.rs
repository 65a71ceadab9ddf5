//! `ssot-migrate apply`: carries a plan out as commits, one for each step.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::CliError;
use super::plan::{Selection, built_with};
use super::progress::Ticker;
use super::project::{At, Project};
use super::review::{Asking, Decisions, Review};
use super::writing::{Branch, Writing};
use super::{Answer, Global, confirm, saved, say};
use crate::git::commit::Draft;
use crate::git::short;
use crate::plan::build::Built;
use crate::plan::delta::FileDelta;
use crate::plan::gate::worse::{Worse, worse};
use crate::plan::message;
use crate::plan::spec::Plan;
use crate::report::{self, Report, gates as gates_text};
use crate::text::path::RepoPath;
use crate::transform::finding::Applicability;

/// Carry the plan out: one commit for each step, all of them or none
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A plan saved by `plan --out`, to be carried out as it was reviewed
    #[arg(value_name = "FILE", conflicts_with_all = ["phase", "only", "review"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    saved: saved::Fitting,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    writing: Writing,
}

/// A commit that is to be made.
pub(super) struct Step {
    pub title: String,
    pub summary: String,
    pub message: String,
    pub files: Vec<FileDelta>,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    let project = Project::open(global)?;
    let repo = project.repo()?;
    let branch = args.writing.branch(repo)?;
    args.writing.check(repo)?;
    let (steps, answers) = match &args.file {
        Some(file) => (saved::steps(global, &project, file, &args.saved, &branch, args.writing.yes)?, None),
        None => planned(global, &project, args, &branch)?,
    };
    if steps.is_empty() {
        return Ok("Nothing to change.\n".to_owned().into());
    }
    let (changed, created) = paths(&steps);
    repo.check_files(&branch.name, &changed, &created)?;
    let commits = if steps.len() == 1 { "1 commit".to_owned() } else { format!("{} commits", steps.len()) };
    if !args.writing.yes && !confirm(&format!("Make {commits} on {}?", short(&branch.name)))? {
        return Err(CliError::refused("nothing has been changed".to_owned()));
    }
    let drafts: Vec<Draft<'_>> = steps.iter().map(|step| Draft { message: step.message.clone(), files: &step.files }).collect();
    let work = repo.write(branch.base, &drafts)?;
    let ids: Vec<String> = work.commits.iter().map(|commit| commit.to_string()).collect();
    let log = format!("ssot-migrate apply: {commits}");
    repo.publish(work, &branch.name, branch.exists, &log)?;
    answers.map_or(Ok(()), |mut answers| answers.spend())?;
    let mut out = format!("Made {commits} on {}:\n", short(&branch.name));
    for (step, id) in steps.iter().zip(&ids) {
        out += &format!("  {} {}\n", &id[..10], step.title);
    }
    Ok(out.into())
}

/// The commits of a plan that is made now, and the answers that it rests on.
fn planned(
    global: &Global,
    project: &Project,
    args: &Args,
    branch: &Branch,
) -> Result<(Vec<Step>, Option<Decisions>), CliError> {
    let plan = project.plan(global)?;
    let base = branch.base.to_string();
    let at = if branch.exists { At::Revision(&base) } else { At::Head };
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
    let steps = steps(&plan, &built, threshold);
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

/// The commits that a built plan is made of.
pub(super) fn steps(plan: &Plan, built: &Built, threshold: Applicability) -> Vec<Step> {
    let steps = built.steps.iter().filter(|step| !step.files.is_empty()).map(|step| {
        let summary = report::summary(step, threshold);
        let message = message::apply(plan, step, &summary, threshold);
        Step { title: format!("{} / {}", step.phase, step.step), summary, message, files: step.files.clone() }
    });
    steps.collect()
}

/// Refuses to leave a phase whose gates are worse than before it.
pub(super) fn check_gates(worse: &[Worse]) -> Result<(), CliError> {
    if worse.is_empty() {
        return Ok(());
    }
    let (gates, they) = if worse.len() == 1 { ("a gate", "it is") } else { ("gates", "they are") };
    let error = CliError::refused(format!("{gates} would be left worse than {they}:\n{}", gates_text::refusal(worse)));
    Err(error.hint("nothing has been changed; narrow the steps, or mend what is new first"))
}

/// The paths that the steps change, and those of them that are not there before the first step.
fn paths(steps: &[Step]) -> (Vec<RepoPath>, Vec<RepoPath>) {
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
