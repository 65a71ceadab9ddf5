//! Where commits go and how they are made: what `apply` and `rollback` have in common.

use super::error::CliError;
use crate::git::{CommitId, GitError, HEAD, Head, Repo};
use crate::plan::delta::FileDelta;

/// How commits are made.
#[derive(clap::Args, Debug)]
pub(super) struct Writing {
    /// Commit to this branch, and leave the work tree alone; it is made if it does not exist [default: the current branch]
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Make the commits without the repository's hooks, which this version does not run
    #[arg(long)]
    pub no_verify: bool,
    /// Make unsigned commits where commit.gpgsign is set; this version does not sign
    #[arg(long)]
    pub no_gpg_sign: bool,
}

/// A commit that is to be made.
pub(super) struct Made {
    /// What it is, in a few words.
    pub title: String,
    /// Its message.
    pub message: String,
    /// What changes.
    pub files: Vec<FileDelta>,
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
                Head::Branch { name, commit } => Ok(Branch { name, base: commit, exists: true }),
                Head::Unborn(name) => Err(GitError::Unborn(name).into()),
                Head::Detached(commit) => Ok(Branch { name: HEAD.to_owned(), base: commit, exists: true }),
            },
        }
    }

    /// Refuses what would go wrong later: no identity, hooks and signatures that would silently be left out, an unfinished merge.
    pub fn check(&self, repo: &Repo) -> Result<(), CliError> {
        repo.check_idle()?;
        repo.identity()?;
        let hooks = repo.hooks()?;
        if !hooks.is_empty() && !self.no_verify {
            return Err(GitError::Hooks(hooks).into());
        }
        if repo.signs()? && !self.no_gpg_sign {
            return Err(GitError::Signing.into());
        }
        Ok(())
    }
}
