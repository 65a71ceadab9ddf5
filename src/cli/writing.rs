//! Where commits go and how they are made: what `apply` and `rollback` have in common.

use super::error::CliError;
use super::programs::HereAndNow;
use crate::git::commit::finish::Target;
use crate::git::commit::sign::Signing;
use crate::git::commit::{Draft, Unpublished};
use crate::git::{CommitId, GitError, HEAD, Head, Repo};
use crate::plan::delta::FileDelta;
use crate::plan::gate::worse::Worse;
use crate::report::gates as gates_text;

/// How commits are made.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Writing {
    /// Commit to this branch, and leave the work tree alone; it is made if it does not exist [default: the current branch]
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Leave out the hooks pre-commit and commit-msg, as `git commit --no-verify` does
    #[arg(long)]
    pub no_verify: bool,
    /// Sign the commits, with this key or the one that git would take [default: where commit.gpgsign is set]
    #[arg(long, value_name = "KEY", num_args = 0..=1, require_equals = true, default_missing_value = "", overrides_with = "no_gpg_sign")]
    pub gpg_sign: Option<String>,
    /// Make unsigned commits, also where commit.gpgsign is set
    #[arg(long, overrides_with = "gpg_sign")]
    pub no_gpg_sign: bool,
}

/// A commit that is to be made.
pub(super) struct Commit {
    /// What it is, in a few words.
    pub title: String,
    /// What it does, in words.
    pub summary: String,
    /// Its message.
    pub message: String,
    /// What changes.
    pub files: Vec<FileDelta>,
}

impl Commit {
    /// As git writes it.
    pub fn draft(&self) -> Draft<'_> {
        Draft { message: self.message.clone(), files: &self.files }
    }
}

/// The branch that commits go to.
pub(super) struct Branch {
    /// Its full name; `HEAD` where HEAD is detached.
    pub name: String,
    /// The commit that they start from.
    pub base: CommitId,
    /// Whether it exists.
    pub exists: bool,
}

impl Branch {
    /// What to know about commits that no branch keeps.
    pub fn advice(&self) -> &'static str {
        match &*self.name {
            HEAD => "HEAD is detached: `git switch -c NAME` keeps these commits on a branch.\n",
            _ => "",
        }
    }
}

impl Writing {
    /// The branch that commits go to: the current one, or `--branch`; HEAD itself where it is detached.
    pub fn branch(&self, repo: &Repo) -> Result<Branch, CliError> {
        repo.check_finished()?;
        match &self.branch {
            Some(name) => {
                let (full, commit) = repo.branch(name)?;
                let base = commit.map_or_else(|| repo.commit(None), Ok)?;
                Ok(Branch { name: full, base, exists: commit.is_some() })
            }
            None => match repo.head()? {
                Head::Branch { name, commit } => {
                    repo.check_head()?;
                    Ok(Branch { name, base: commit, exists: true })
                }
                Head::Unborn(name) => Err(GitError::Unborn(name).into()),
                Head::Detached(commit) => Ok(Branch { name: HEAD.to_owned(), base: commit, exists: true }),
            },
        }
    }

    /// Refuses what would go wrong later: no identity, no key to sign with, an unfinished merge.
    pub fn check(&self, repo: &Repo) -> Result<(), CliError> {
        repo.check_idle()?;
        repo.committer(&self.signing(), !self.no_verify, &HereAndNow)?;
        Ok(())
    }

    /// Finishes commits with hooks and signatures, and moves the branch onto them. Returns their ids.
    pub fn publish(&self, repo: &Repo, work: Unpublished, branch: &Branch, log: &str) -> Result<Vec<CommitId>, CliError> {
        let committer = repo.committer(&self.signing(), !self.no_verify, &HereAndNow)?;
        Ok(committer.publish(work, Target { name: &branch.name, exists: branch.exists }, log)?)
    }

    fn signing(&self) -> Signing {
        match &self.gpg_sign {
            _ if self.no_gpg_sign => Signing::Never,
            Some(key) => Signing::With(key.clone()),
            None => Signing::AsConfigured,
        }
    }
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
