//! Layer 6: git, through libgit2, and plain folders. The only layer that names `git2`, and the only one that writes to the
//! repository.
//!
//! What a command needs is read into a [`crate::text::snapshot::Snapshot`] ([`snapshot`], [`folder`]). What it makes is written as
//! commits that nothing points to, which go through the repository's hooks and are signed ([`commit`]); they become visible all at once, by
//! one compare-and-swap of one ref, and the work tree follows ([`publish`]). What the commits say of themselves is the journal
//! ([`journal`]), from which is read what has been applied and what a rollback has to undo.

pub mod commit;
mod error;
pub mod folder;
pub mod journal;
pub mod publish;
pub mod snapshot;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

pub use git2::Oid as CommitId;
use git2::{ErrorCode, Oid, Repository, RepositoryOpenFlags, RepositoryState};
use rustc_hash::FxHashMap;

pub use error::GitError;
use error::{io, unread};
use publish::pending::Pending;

/// A git repository.
pub struct Repo {
    inner: Repository,
    /// What is being written, from the first object until it has been published.
    pending: RefCell<Option<Pending>>,
    /// The digests of what commits of the journal did, as far as they have been asked for.
    digests: RefCell<FxHashMap<Oid, String>>,
}

/// The name by which a detached HEAD is moved in a branch's stead.
pub const HEAD: &str = "HEAD";

/// Where HEAD points.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Head {
    /// To a branch, by its full name, and through it to a commit.
    Branch {
        /// Such as `refs/heads/main`.
        name: String,
        /// The commit.
        commit: Oid,
    },
    /// To a branch that does not exist yet.
    Unborn(String),
    /// To a commit.
    Detached(Oid),
}

impl Repo {
    /// Opens the repository whose top (or bare directory) is this folder.
    ///
    /// # Errors
    /// It is none, or git does not trust it.
    pub fn open(root: &Path) -> Result<Self, GitError> {
        match Repository::open(root) {
            Ok(inner) => Ok(Self { inner, pending: RefCell::default(), digests: RefCell::default() }),
            Err(error) if error.code() == ErrorCode::NotFound => Err(GitError::NotARepository(root.to_owned())),
            Err(error) => Err(unread(error)),
        }
    }

    /// The top of the repository that a folder lies in, where it lies in one.
    ///
    /// # Errors
    /// It is one that libgit2 does not read, or that git does not trust: without it, the folder would be taken for one that is not under git.
    pub fn discover(folder: &Path) -> Result<Option<PathBuf>, GitError> {
        // Not `Repository::discover`, which forgets which folder a `.git` file or link belongs to.
        let no_ceiling: [&Path; 0] = [];
        match Repository::open_ext(folder, RepositoryOpenFlags::empty(), no_ceiling) {
            Ok(inner) => {
                let top = inner.workdir().unwrap_or_else(|| inner.path());
                // With core.worktree, the work tree does not lead to the repository.
                let is_led = Repository::open(top).is_ok_and(|found| found.path() == inner.path());
                let beside = inner.path().parent().filter(|_| inner.path().ends_with(".git"));
                Ok(Some(if is_led { top } else { beside.unwrap_or(inner.path()) }.to_owned()))
            }
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(unread(error)),
        }
    }

    /// Makes a repository of a folder, with one commit of all that is in it.
    ///
    /// # Errors
    /// git fails.
    pub fn init(root: &Path, name: &str, email: &str, message: &str) -> Result<Self, GitError> {
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main").external_template(false);
        let inner = Repository::init_opts(root, &options)?;
        let mut config = inner.config()?;
        config.set_str("user.name", name)?;
        config.set_str("user.email", email)?;
        config.set_bool("commit.gpgsign", false)?;
        let mut index = inner.index()?;
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None)?;
        index.write()?;
        let tree = inner.find_tree(index.write_tree()?)?;
        let signature = inner.signature()?;
        inner.commit(Some("HEAD"), &signature, &signature, message, &tree, &[])?;
        drop(tree);
        Ok(Self { inner, pending: RefCell::default(), digests: RefCell::default() })
    }

    /// The top of the work tree; `None` for a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.inner.workdir()
    }

    /// The folder for the tool's own files; linked work trees share it.
    pub fn own_folder(&self) -> PathBuf {
        self.inner.commondir().join("ssot-migrate")
    }

    /// The editor that git is told to use.
    pub fn editor(&self) -> Option<String> {
        self.inner.config().ok()?.get_string("core.editor").ok().filter(|editor| !editor.trim().is_empty())
    }

    /// Where HEAD points.
    ///
    /// # Errors
    /// git fails.
    pub fn head(&self) -> Result<Head, GitError> {
        match self.inner.head() {
            Ok(head) if self.inner.head_detached()? => Ok(Head::Detached(head.peel_to_commit()?.id())),
            Ok(head) => {
                let commit = head.peel_to_commit()?.id();
                Ok(Head::Branch { name: String::from_utf8_lossy(head.name_bytes()).into_owned(), commit })
            }
            Err(error) if error.code() == ErrorCode::UnbornBranch => {
                let target = self.inner.find_reference("HEAD")?;
                let name = target.symbolic_target_bytes().map(|name| String::from_utf8_lossy(name).into_owned());
                Ok(Head::Unborn(short(&name.unwrap_or_default()).to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses a current branch whose name is not text: what is recorded of its move could not name it.
    ///
    /// # Errors
    /// It is one.
    pub fn check_head(&self) -> Result<(), GitError> {
        let head = self.inner.head()?;
        match std::str::from_utf8(head.name_bytes()) {
            Ok(_) => Ok(()),
            Err(_) => Err(GitError::OddBranch(short(&String::from_utf8_lossy(head.name_bytes())).to_owned())),
        }
    }

    /// The commit that a revision names; HEAD's where none is named.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn commit(&self, revision: Option<&str>) -> Result<Oid, GitError> {
        match revision {
            Some(revision) => {
                let missing = |_| GitError::NoSuchRevision(revision.to_owned());
                Ok(self.inner.revparse_single(revision).map_err(missing)?.peel_to_commit().map_err(missing)?.id())
            }
            None => match self.head()? {
                Head::Branch { commit, .. } | Head::Detached(commit) => Ok(commit),
                Head::Unborn(name) => Err(GitError::Unborn(name)),
            },
        }
    }

    /// Whether a commit is another one, or one of those that it came from.
    ///
    /// # Errors
    /// git fails.
    pub fn reaches(&self, commit: Oid, ancestor: Oid) -> Result<bool, GitError> {
        Ok(commit == ancestor || self.inner.graph_descendant_of(commit, ancestor)?)
    }

    /// The first parent of a commit.
    ///
    /// # Errors
    /// It has none, or git fails.
    pub fn parent(&self, commit: Oid) -> Result<Oid, GitError> {
        Ok(self.inner.find_commit(commit)?.parent_id(0)?)
    }

    /// Refuses a repository in the middle of a merge, rebase or the like.
    ///
    /// # Errors
    /// It is in the middle of one.
    pub fn check_idle(&self) -> Result<(), GitError> {
        Err(GitError::InProgress(match self.inner.state() {
            RepositoryState::Clean => return Ok(()),
            RepositoryState::Merge => "a merge",
            RepositoryState::Revert | RepositoryState::RevertSequence => "a revert",
            RepositoryState::CherryPick | RepositoryState::CherryPickSequence => "a cherry-pick",
            RepositoryState::Bisect => "a bisection",
            RepositoryState::Rebase | RepositoryState::RebaseInteractive | RepositoryState::RebaseMerge => "a rebase",
            RepositoryState::ApplyMailbox | RepositoryState::ApplyMailboxOrRebase => "the application of a mailbox",
        }))
    }
}

/// The branch's name as people say it.
pub fn short(name: &str) -> &str {
    if name == HEAD { DETACHED } else { name.strip_prefix("refs/heads/").unwrap_or(name) }
}

/// What people call HEAD where it is no branch.
const DETACHED: &str = "the detached HEAD";
