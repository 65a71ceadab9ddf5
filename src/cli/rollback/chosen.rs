//! What is to be undone: which commits, and which phases are planned again afterwards.

use std::collections::BTreeSet;

use super::Args;
use crate::cli::error::CliError;
use crate::cli::project::{check_phases, suggested};
use crate::git::Repo;
use crate::git::journal::{Entry, Journal};
use crate::plan::spec::Plan;

/// What is to be undone.
pub(super) struct Chosen {
    /// The commits, newest first.
    pub entries: Vec<Entry>,
    /// The phases that are planned again afterwards, in the plan's order.
    pub again: Vec<String>,
    /// What the user named: phases and steps that are not made again.
    named: BTreeSet<(String, String)>,
    /// What the user named, in words.
    what: String,
    /// Whether that is one step: its phase stands, and so does what requires it.
    is_step: bool,
}

impl Chosen {
    /// What the user means.
    ///
    /// # Errors
    /// It is not applied, or what requires it is applied and may not go.
    pub fn of(args: &Args, repo: &Repo, plan: &Plan, journal: &Journal, branch: &str) -> Result<Self, CliError> {
        let (what, mut entries): (String, Vec<Entry>) = match (&args.phase, &args.step, &args.to) {
            (Some(phase), Some(step), _) => {
                check_step(plan, phase, step)?;
                let is_it = |entry: &&Entry| entry.step == *step;
                (format!("the step `{step}` of phase `{phase}`"), journal.commits_of(phase).filter(is_it).cloned().collect())
            }
            (Some(phase), None, _) => (format!("the phase `{phase}`"), journal.commits_of(phase).cloned().collect()),
            (None, _, to) => since(repo, plan, journal, to.as_deref().unwrap_or_default())?,
        };
        if entries.is_empty() {
            // A phase that was applied may have been taken out of the plan since.
            check_phases(plan, args.phase.as_slice())?;
            return Err(not_applied(plan, journal, &what, branch));
        }
        let named: BTreeSet<(String, String)> = entries.iter().map(|entry| (entry.phase.clone(), entry.step.clone())).collect();
        let gone: BTreeSet<&str> = named.iter().map(|(phase, _)| phase.as_str()).collect();
        let requires = |id: &str| plan.required(id).iter().any(|required| gone.contains(required.id.as_str()));
        let dependents: Vec<&str> = plan
            .phases
            .iter()
            .map(|phase| phase.id.as_str())
            .filter(|id| !gone.contains(id) && requires(id) && journal.has_phase(id))
            .collect();
        if let Some(last) = dependents.last().filter(|_| !args.cascade) {
            let error = CliError::refused(format!("applied phases require {}: {}", words(&gone), dependents.join(", ")));
            return Err(error.hint(format!(
                "roll those back first, beginning with `rollback --phase {last}`, or all at once with `--cascade`"
            )));
        }
        let dependent: Vec<Entry> = journal.standing().filter(|entry| dependents.contains(&&*entry.phase)).cloned().collect();
        entries.extend(dependent);
        let mut chosen = Self { entries, again: Vec::new(), named, what, is_step: args.step.is_some() };
        chosen.settle(plan, journal);
        Ok(chosen)
    }

    /// Also undoes other commits.
    pub fn add(&mut self, more: &[Entry], plan: &Plan, journal: &Journal) {
        self.entries.extend(more.iter().cloned());
        self.settle(plan, journal);
    }

    /// Puts the commits in order, and says which phases are planned again: those that go for the sake of others and do not require
    /// what goes for good.
    fn settle(&mut self, plan: &Plan, journal: &Journal) {
        let wanted = std::mem::take(&mut self.entries);
        self.entries = journal.standing().filter(|entry| wanted.contains(entry)).cloned().collect();
        let named: BTreeSet<&str> = self.named.iter().map(|(phase, _)| phase.as_str()).collect();
        let goes = |id: &str| self.entries.iter().any(|entry| entry.phase == id && !self.leaves_out(id, &entry.step));
        let is_for_good = |id: &str| {
            !self.is_step && (named.contains(id) || plan.required(id).iter().any(|phase| named.contains(&*phase.id)))
        };
        self.again = plan.phases.iter().map(|phase| phase.id.clone()).filter(|id| goes(id) && !is_for_good(id)).collect();
    }

    /// Whether a step is left out where its phase is planned again.
    pub fn leaves_out(&self, phase: &str, step: &str) -> bool {
        self.named.contains(&(phase.to_owned(), step.to_owned()))
    }

    /// What the user named, in words.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The phases that are undone, in words, newest first.
    pub fn names(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for entry in &self.entries {
            let name = format!("`{}`", entry.phase);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    }

    /// A name for a branch.
    pub fn label(&self) -> String {
        let phases: BTreeSet<&str> = self.named.iter().map(|(phase, _)| phase.as_str()).collect();
        match self.named.first() {
            Some((phase, step)) if self.is_step => format!("{phase}-{step}"),
            _ => phases.into_iter().collect::<Vec<_>>().join("-"),
        }
    }
}

fn words(phases: &BTreeSet<&str>) -> String {
    phases.iter().map(|phase| format!("`{phase}`")).collect::<Vec<_>>().join(", ")
}

fn check_step(plan: &Plan, phase: &str, step: &str) -> Result<(), CliError> {
    check_phases(plan, &[phase.to_owned()])?;
    let steps: Vec<&str> = plan.phase(phase).into_iter().flat_map(|phase| &phase.steps).map(|step| step.id.as_str()).collect();
    if steps.contains(&step) {
        return Ok(());
    }
    Err(suggested(CliError::usage(format!("the phase `{phase}` has no step `{step}`")), step, "steps", &steps))
}

/// The commits that came after a phase or a revision.
fn since(repo: &Repo, plan: &Plan, journal: &Journal, to: &str) -> Result<(String, Vec<Entry>), CliError> {
    let what = format!("what came after `{to}`");
    if plan.phase(to).is_some() {
        let entries: Vec<&Entry> = journal.standing().collect();
        let Some(last) = entries.iter().position(|entry| entry.phase == to) else {
            return Err(CliError::refused(format!("the phase `{to}` is not applied")));
        };
        return Ok((what, entries[..last].iter().map(|entry| (*entry).clone()).collect()));
    }
    let revision = repo.commit(Some(to)).map_err(|error| {
        CliError::from(error)
            .hint("--to takes a phase of the plan, which stays, or a commit: what the plan has done since is undone")
    })?;
    let mut entries = Vec::new();
    for entry in journal.standing() {
        if !repo.reaches(revision, entry.commit)? {
            entries.push(entry.clone());
        }
    }
    Ok((what, entries))
}

fn not_applied(plan: &Plan, journal: &Journal, what: &str, branch: &str) -> CliError {
    let applied: Vec<&str> =
        plan.phases.iter().map(|phase| phase.id.as_str()).filter(|phase| journal.has_phase(phase)).collect();
    if what.starts_with("what came") {
        return CliError::refused(format!("there is nothing on {branch} of {what}"));
    }
    let error = CliError::refused(format!("{what} is not applied on {branch}"));
    match applied.is_empty() {
        _ if journal.is_cut => {
            error.hint("this clone has only the end of the history: `git fetch --unshallow` brings the rest")
        }
        true => error.hint("no phase of this plan is"),
        false => error.hint(format!("applied are: {}", applied.join(", "))),
    }
}
