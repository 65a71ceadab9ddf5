//! `ssot-migrate rollback`: undoes a phase, a step, or all that came after one, whatever else has happened since.

mod chosen;
mod taken;
mod undoing;

use std::fmt::Write;

use super::error::CliError;
use super::plan::{Selection, build_on, commits};
use super::progress::Ticker;
use super::project::Project;
use super::review::Review;
use super::writing::{Branch, Commit, Writing, check_gates};
use super::{Answer, Global, confirm, note, say};
use crate::git::journal::{Entry, Journal};
use crate::git::{Repo, short};
use crate::plan::choice::Chooser;
use crate::plan::commits::Style;
use crate::plan::delta::deltas;
use crate::plan::gate::worse::worse;
use crate::plan::prove::between;
use crate::plan::spec::Plan;
use crate::report;
use crate::text::snapshot::Snapshot;
use crate::text::words::count;
use chosen::Chosen;
use taken::Taken;
use undoing::{Blocked, Undoing, Work};

/// Undo a phase or a step: one commit for each of its commits; what came later stays
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The phase to undo
    #[arg(long, value_name = "ID", required_unless_present = "to")]
    phase: Option<String>,
    /// Undo this step of the phase alone
    #[arg(long, value_name = "ID", requires = "phase")]
    step: Option<String>,
    /// Undo all that the plan has done since this phase, which stays, or since this commit
    #[arg(long, value_name = "PHASE|REV", conflicts_with = "phase")]
    to: Option<String>,
    /// Also roll back the later phases that stand in the way, and those that require the phase; plan the former again on the result
    #[arg(long)]
    cascade: bool,
    /// With --cascade: where phases are planned again, take all fixes for review, and not those alone that were taken before
    #[arg(long, requires = "cascade")]
    review: bool,
    /// Where later work stands in the way, leave conflict markers on a branch of their own
    #[arg(long, conflicts_with = "dry_run")]
    conflicts: bool,
    /// Show what would be changed, as a patch, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    writing: Writing,
}

/// What a rollback comes to.
struct Rollback {
    /// The commits that undo, in order.
    undone: Vec<Commit>,
    /// The commits that make again what was undone for the sake of others.
    again: Vec<Commit>,
    /// Which fixes for review are made again, for people.
    told: String,
    /// The files afterwards.
    result: Snapshot,
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
    let mut chosen = Chosen::of(args, repo, &plan, &journal, short(&branch.name))?;
    let undoing = Undoing::new(repo, &plan, branch.base, &journal)?;
    let Work { made, result, notes } = match undo(args, &undoing, &mut chosen, &plan, &journal)? {
        Ok(work) => work,
        Err((blocked, more)) => return refuse(args, repo, &undoing, &chosen, &blocked, &more),
    };
    let mut rollback = Rollback { undone: made, again: Vec::new(), told: String::new(), result };
    plan_again(&mut rollback, args, &plan, &undoing, &chosen, &journal)?;
    notes.iter().for_each(|text| note(text));
    publish(args, repo, &branch, &chosen, &rollback, undoing.base())
}

/// Undoes what is chosen, and with `--cascade` what stands in its way. Else what does, and which later commits of the plan have to do
/// with it.
fn undo(
    args: &Args,
    undoing: &Undoing<'_>,
    chosen: &mut Chosen,
    plan: &Plan,
    journal: &Journal,
) -> Result<Result<Work, (Blocked, Vec<Entry>)>, CliError> {
    let progress = Ticker::start();
    loop {
        match undoing.run(&chosen.entries, &progress)? {
            Ok(work) => return Ok(Ok(work)),
            Err(blocked) => {
                let more = undoing.in_the_way(&blocked, &chosen.entries)?;
                if !args.cascade || more.is_empty() {
                    return Ok(Err((blocked, more)));
                }
                chosen.add(&more, plan, journal);
            }
        }
    }
}

/// Plans the phases again that were undone for the sake of others.
fn plan_again(
    rollback: &mut Rollback,
    args: &Args,
    plan: &Plan,
    undoing: &Undoing<'_>,
    chosen: &Chosen,
    journal: &Journal,
) -> Result<(), CliError> {
    if chosen.again.is_empty() {
        return Ok(());
    }
    let selection = Selection { phase: chosen.again.clone(), only: true, review: true };
    let is_left_out = |phase: &str, step: &str| chosen.leaves_out(phase, step);
    let index = undoing.advanced(&rollback.result);
    let (review, taken) = match args.review {
        true => (Review::recall(undoing.repo(), &plan.name)?, None),
        false => (None, Some(Taken::of(undoing.repo(), plan, chosen)?)),
    };
    let chooser = taken.as_ref().map(|taken| taken as &dyn Chooser).or(review.as_ref().map(|review| review as &dyn Chooser));
    let journal = journal.without(&chosen.entries);
    let built = build_on(index, plan, &journal, &selection, &is_left_out, chooser).map_err(|error| {
        error.hint(format!(
            "without what is rolled back, {} cannot be planned again: roll it back first; nothing has been changed",
            chosen.again.join(", ")
        ))
    })?;
    check_gates(&worse(&built.figures))?;
    review.map_or(Ok(()), |review| review.close())?;
    rollback.told = taken.map(|taken| taken.text()).unwrap_or_default();
    rollback.again = commits(plan, &built, Style::default(), selection.threshold())?;
    rollback.result = built.result;
    Ok(())
}

fn publish(
    args: &Args,
    repo: &Repo,
    branch: &Branch,
    chosen: &Chosen,
    rollback: &Rollback,
    before: &Snapshot,
) -> Result<Answer, CliError> {
    let change = between(before, &rollback.result)?;
    let names = chosen.names();
    let again = if rollback.again.is_empty() { String::new() } else { format!(", and make {} again", chosen.again.join(", ")) };
    if args.dry_run {
        if args.cascade {
            say(&format!("Would undo {names}{again}.\n{}", rollback.told));
        }
        return Ok(Answer { out: report::diff::render(&deltas(before, &rollback.result, &[change])?), code: 0 });
    }
    let paths: Vec<_> = change.files().keys().cloned().collect();
    let created: Vec<_> = paths.iter().filter(|path| before.file(path).is_none()).cloned().collect();
    repo.check_files(&branch.name, &paths, &created)?;
    say(&rollback.told);
    let commits = count(rollback.undone.len(), "commit");
    let question = format!("Undo {commits} of {names}{again} in {} on {}?", count(paths.len(), "file"), short(&branch.name));
    if !args.writing.yes && !confirm(&question)? {
        return Err(CliError::refused("nothing has been changed".to_owned()));
    }
    let made: Vec<&Commit> = rollback.undone.iter().chain(&rollback.again).collect();
    let drafts: Vec<_> = made.iter().map(|commit| commit.draft()).collect();
    let work = repo.write(branch.base, &drafts)?;
    let ids = args.writing.publish(repo, work, branch, &format!("ssot-migrate rollback: {}", names.replace('`', "")))?;
    // Writing to a string cannot fail.
    let mut out = format!("Undid {commits} of {names} on {}:\n", short(&branch.name));
    for (at, (made, id)) in made.iter().zip(&ids).enumerate() {
        if at == rollback.undone.len() {
            let _ = writeln!(out, "Planned and made again:");
        }
        let _ = writeln!(out, "  {} {}", &id.to_string()[..10], made.title);
    }
    out += branch.advice();
    Ok(out.into())
}

/// Says what stands in the way, or leaves it with conflict markers on a branch of its own.
fn refuse(
    args: &Args,
    repo: &Repo,
    undoing: &Undoing<'_>,
    chosen: &Chosen,
    blocked: &Blocked,
    more: &[Entry],
) -> Result<Answer, CliError> {
    let is_collision = matches!(blocked, Blocked::Collision { .. });
    let error = CliError::refused(blocked.text(chosen));
    if !is_collision {
        return Err(error.hint(match more {
            [] => "mend these places, or undo what came later; nothing has been changed".to_owned(),
            _ => "`--cascade` rolls the later phases back first, and plans them again; nothing has been changed".to_owned(),
        }));
    }
    let branch = format!("ssot-migrate/rollback-{}", chosen.label());
    if !args.conflicts {
        let cascade =
            if more.is_empty() { "" } else { "`--cascade` rolls the later phases back first, and plans them again; " };
        return Err(error.hint(format!(
            "{cascade}undo these places by hand, or let `--conflicts` leave them with conflict markers on the branch {branch}; \
             nothing has been changed"
        )));
    }
    let (name, tip) = repo.branch(&branch)?;
    if tip.is_some() {
        let error = CliError::refused(format!("there is a branch {branch} already"));
        return Err(error.hint("merge it or delete it first; nothing has been changed"));
    }
    let made = undoing.marked(&chosen.entries, &Ticker::start())?;
    let drafts: Vec<_> = made.iter().map(|commit| commit.draft()).collect();
    let work = repo.write(undoing.tip(), &drafts)?;
    let branch_to = Branch { name, base: undoing.tip(), exists: false };
    // Hooks that refuse conflict markers would refuse all of it.
    let writing = Writing { no_verify: true, ..args.writing.clone() };
    writing.publish(repo, work, &branch_to, "ssot-migrate rollback --conflicts")?;
    let out = format!(
        "{}\nThe branch {branch} has the rollback with conflict markers in these places: resolve them there, amend its last commit, \
         and merge it. The hooks pre-commit and commit-msg were left out, for markers are there to be refused. The current branch has not \
         been changed.\n",
        blocked.text(chosen)
    );
    Ok(Answer::text(&out, 1))
}
