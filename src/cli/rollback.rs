//! `ssot-migrate rollback`: undoes a phase, whatever came later.

use super::error::CliError;
use super::progress::Ticker;
use super::project::Project;
use super::writing::Writing;
use super::{Answer, Global, confirm};
use crate::git::history::Entry;
use crate::git::{Repo, short};
use crate::index::Index;
use crate::plan::build::{BuildError, Progress};
use crate::plan::delta::deltas;
use crate::plan::message;
use crate::plan::prove::{between, is_old, prove};
use crate::report;

/// Undo a phase: one commit for each of its commits; what came later stays
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The phase to undo
    #[arg(long, value_name = "ID")]
    phase: String,
    /// Show what would be changed, as a patch, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    writing: Writing,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    let project = Project::open(global)?;
    let repo = project.repo()?;
    let plan = project.plan(global)?;
    let branch = args.writing.branch(repo)?;
    if !args.dry_run {
        args.writing.check(repo)?;
    }
    let journal = repo.journal(branch.base, &plan.name)?;
    let entries: Vec<&Entry> = journal.commits_of(&args.phase).collect();
    if entries.is_empty() {
        let applied: Vec<&str> =
            plan.phases.iter().map(|phase| phase.id.as_str()).filter(|phase| journal.has_phase(phase)).collect();
        let error = CliError::refused(format!("the phase `{}` is not applied on {}", args.phase, short(&branch.name)));
        return Err(match applied.is_empty() {
            _ if journal.is_cut => {
                error.hint("this clone has only the end of the history: `git fetch --unshallow` brings the rest")
            }
            true => error.hint("no phase of this plan is"),
            false => error.hint(format!("applied are: {}", applied.join(", "))),
        });
    }
    let dependents: Vec<&str> =
        plan.dependents(&args.phase).iter().map(|phase| phase.id.as_str()).filter(|phase| journal.has_phase(phase)).collect();
    if let Some(last) = dependents.last() {
        let error = CliError::refused(format!("applied phases require `{}`: {}", args.phase, dependents.join(", ")));
        return Err(error.hint(format!("roll those back first, beginning with `rollback --phase {last}`")));
    }
    for entry in &entries {
        check_commit(repo, entry)?;
    }
    let progress = Ticker::start();
    progress.doing("merging");
    let reverts: Vec<_> = entries
        .iter()
        .map(|entry| (entry.commit, message::revert(&plan, &entry.phase, &entry.step, &entry.commit.to_string())))
        .collect();
    let work = repo.write_reverts(branch.base, &reverts)?;

    // The result has to pass the same proof as a plan.
    let (before, after) = (repo.snapshot(branch.base)?, repo.snapshot(work.tip())?);
    let change = between(&before, &after)?;
    progress.doing(&format!("proving {} changed files", change.files().len()));
    let old = Index::build(before.clone(), &plan.options);
    let new = old.advance(before.with(&change).map_err(BuildError::from)?);
    let mut violations = prove(&old, &new, &change).violations;
    // What was broken before the phase is not blamed on its undoing.
    if let Some(first) = entries.last().filter(|_| !violations.is_empty()) {
        let origin = old.advance(repo.snapshot(repo.parent(first.commit)?)?);
        violations.retain(|violation| !is_old(violation, &origin));
    }
    drop(progress);
    if let Some(first) = violations.first() {
        let more = if violations.len() > 1 { format!(" (and {} more)", violations.len() - 1) } else { String::new() };
        let error = CliError::refused(format!("rolling back `{}` would break what came later: {first}{more}", args.phase));
        return Err(error.hint("roll back what came later first, or mend these places; nothing has been changed"));
    }
    if args.dry_run {
        return Ok(Answer { out: report::diff::render(&deltas(&before, &after, &[change])?), code: 0 });
    }
    let paths: Vec<_> = change.files().keys().cloned().collect();
    let created: Vec<_> = paths.iter().filter(|path| before.file(path).is_none()).cloned().collect();
    repo.check_files(&branch.name, &paths, &created)?;
    let commits = if entries.len() == 1 { "1 commit".to_owned() } else { format!("{} commits", entries.len()) };
    let question = format!("Undo {commits} of `{}` in {} files on {}?", args.phase, paths.len(), short(&branch.name));
    if !args.writing.yes && !confirm(&question)? {
        return Err(CliError::refused("nothing has been changed".to_owned()));
    }
    let ids: Vec<String> = work.commits.iter().map(|commit| commit.to_string()).collect();
    repo.publish(work, &branch.name, branch.exists, &format!("ssot-migrate rollback: {}", args.phase))?;
    let mut out = format!("Undid {commits} of `{}` on {}:\n", args.phase, short(&branch.name));
    for (entry, id) in entries.iter().zip(&ids) {
        out += &format!("  {} {} / {}\n", &id[..10], entry.phase, entry.step);
    }
    out += branch.advice();
    Ok(out.into())
}

/// Refuses to undo a commit that is not what its step made: what somebody else put into it would go as well.
fn check_commit(repo: &Repo, entry: &Entry) -> Result<(), CliError> {
    let made = repo.changes_of(entry.commit)?.map(|files| message::digest(&files));
    if made.as_ref() == Some(&entry.digest) {
        return Ok(());
    }
    let commit = &entry.commit.to_string()[..10];
    let error = CliError::refused(format!(
        "the commit {commit} does not do what step `{}` of phase `{}` did, or not that alone: it was amended, or others were \
         squashed into it",
        entry.step, entry.phase
    ));
    Err(error.hint(format!("look at it, and undo it with `git revert {commit}`; nothing has been changed")))
}
