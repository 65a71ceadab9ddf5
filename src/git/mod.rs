//! Layer 6: git, through libgit2, and plain folders. The only layer that names `git2`, and the only one that writes to the
//! repository.
//!
//! What a command needs is read into a [`crate::text::snapshot::Snapshot`] ([`snapshot`], [`folder`]); what it makes is written as
//! objects first ([`commit`]) and becomes visible by one compare-and-swap of one ref ([`publish`]); what dies after that moment is
//! finished by the next command ([`pending`]). The commits' trailers are the journal ([`history`]); [`rollback`] says what one of them did,
//! [`trail`] what has become of that since, and [`keep`] keeps them alive.

pub mod commit;
pub mod folder;
pub mod history;
mod keep;
pub mod pending;
pub mod publish;
pub mod rollback;
pub mod snapshot;
pub mod trail;

use std::path::{Path, PathBuf};

pub use git2::Oid as CommitId;
use git2::{ErrorCode, Oid, Repository, RepositoryOpenFlags, RepositoryState};

use crate::text::path::RepoPath;
use snapshot::{MOST_ENTRIES, MOST_FOLDERS};

/// A git repository.
pub struct Repo {
    inner: Repository,
}

/// Why git could not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The folder is no repository.
    #[error("{0} is not a git repository")]
    NotARepository(PathBuf),
    /// The repository has no commit.
    #[error("the branch `{0}` has no commit yet")]
    Unborn(String),
    /// HEAD names a commit and no branch.
    #[error("HEAD is detached at {0}")]
    Detached(String),
    /// A merge, rebase or the like has not been finished.
    #[error("{0} is in progress")]
    InProgress(&'static str),
    /// The revision does not name a commit.
    #[error("`{0}` is not a commit")]
    NoSuchRevision(String),
    /// Name or address of the committer are not configured.
    #[error("git does not know who you are: user.name or user.email is not set")]
    NoIdentity,
    /// Hooks would run at a commit made with git.
    #[error("this repository has hooks that git runs at a commit: {}", .0.join(", "))]
    Hooks(Vec<String>),
    /// Commits are to be signed.
    #[error("commit.gpgsign is set, and this version does not sign commits")]
    Signing,
    /// Files that would be changed have uncommitted changes.
    #[error("{} that would be changed {} uncommitted changes:{}", files(.0.len()), if .0.len() == 1 { "has" } else { "have" }, paths(.0))]
    Dirty(Vec<RepoPath>),
    /// Files that would come into being are there already, and git does not track them.
    #[error("{} would be overwritten:{}", untracked(.0.len()), paths(.0))]
    InTheWay(Vec<RepoPath>),
    /// Another process works on the index.
    #[error("{0} exists: another git process is at work, or one has crashed")]
    Locked(PathBuf),
    /// The branch is not where it was when the plan was made.
    #[error("the branch `{0}` has moved since the plan was made")]
    Moved(String),
    /// A file is not what the plan was made for.
    #[error("{} not what the plan was made for:{}", is_are(.0.len()), paths(.0))]
    Drifted(Vec<RepoPath>),
    /// What has been written is not what the plan says.
    #[error("the commit would not have what the plan makes of:{}", paths(.0))]
    Miswritten(Vec<RepoPath>),
    /// The branch's name is not one that git allows.
    #[error("`{0}` is not a name for a branch")]
    BadBranch(String),
    /// The branch is checked out in another work tree.
    #[error("the branch `{0}` is checked out in {1}")]
    CheckedOutElsewhere(String, PathBuf),
    /// Folders of files that would be changed cannot be written to.
    #[error("{} read-only, and files in {} would be changed:{}", is_folder(.0.len()), if .0.len() == 1 { "it" } else { "them" }, paths(.0))]
    ReadOnly(Vec<RepoPath>),
    /// Files that would be changed go through filters on their way to the disk.
    #[error("{} that would be changed {} a filter or an encoding on the way to the disk:{}", files(.0.len()), if .0.len() == 1 { "goes through" } else { "go through" }, paths(.0))]
    Filtered(Vec<RepoPath>),
    /// A tree has more entries, or deeper folders, than any that people make.
    #[error("the tree of {0} has more than {MOST_ENTRIES} entries, or more than {MOST_FOLDERS} folders in one another")]
    Bomb(String),
    /// The repository has no work tree.
    #[error("{0} is a bare repository: it has no work tree")]
    Bare(PathBuf),
    /// Files that git tracks are left out of the work tree.
    #[error("the work tree is sparse: it lacks {}:{}", files(.0.len()), paths(.0))]
    Sparse(Vec<RepoPath>),
    /// The files could not be brought up to date after the branch had moved.
    #[error("the branch is at {commit} now, but the work tree could not be brought up to date: {message}")]
    WorkTree {
        /// The branch's commit.
        commit: String,
        /// What failed.
        message: String,
    },
    /// A file system operation failed.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: std::io::Error,
    },
    /// libgit2 failed.
    #[error("git: {}", .0.message())]
    Git(#[from] git2::Error),
}

impl GitError {
    /// What to do about it, where something can be done.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            GitError::NotARepository(_) => "run `git init` and commit the files first",
            GitError::Unborn(_) => "commit the files first: `git add -A && git commit`",
            GitError::Detached(_) => "switch to a branch (`git switch -c NAME`), or name one with `--branch NAME`",
            GitError::InProgress(_) => "finish it or abort it first",
            GitError::NoSuchRevision(_) => "name a commit, a branch or a tag",
            GitError::NoIdentity => "`git config user.name NAME` and `git config user.email ADDRESS`",
            GitError::Hooks(_) => "this version does not run hooks: `--no-verify` makes the commits without them",
            GitError::Signing => "`--no-gpg-sign` makes unsigned commits",
            GitError::Dirty(_) => "commit or stash them first; changes in other files may stay",
            GitError::InTheWay(_) => "move them away first",
            GitError::Locked(_) => "wait for it, or remove the file if no git process runs",
            GitError::Moved(_) | GitError::Drifted(_) => "plan again",
            GitError::Miswritten(_) => "this is a mistake of the tool: please report it; nothing has been changed",
            GitError::BadBranch(_) => "`git check-ref-format --branch NAME` says what is allowed",
            GitError::CheckedOutElsewhere(..) => "run the command there, or name another branch",
            GitError::WorkTree { .. } => "nothing is lost: remove what stands in the way, and the next command finishes it",
            GitError::ReadOnly(_) => "make them writable, or commit to another branch with `--branch NAME`",
            GitError::Filtered(_) => {
                "this version does not run filters: commit to another branch with `--branch NAME`, and let git check it out"
            }
            GitError::Bomb(_) => "a small repository can name one folder billions of times: do not check it out",
            GitError::Bare(_) => "plan for a commit",
            GitError::Sparse(_) => "plan for a commit, or check all files out: `git sparse-checkout disable`",
            GitError::Git(error) if error.message().contains("unsupported mandatory extension") => {
                "a sparse or split index is not read: `git sparse-checkout reapply --no-sparse-index`, `git update-index --no-split-index`"
            }
            GitError::Git(error)
                if error.message().contains("invalid object specified") || error.code() == ErrorCode::NotFound =>
            {
                "where the clone is partial, `git fetch --refetch` brings what it lacks"
            }
            GitError::Git(error) if error.code() == ErrorCode::Owner => {
                "`git config --global --add safe.directory DIR` says that you trust the repository"
            }
            GitError::Io { .. } | GitError::Git(_) => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether the answer is no, rather than that there is none: the tree is not what it has to be.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            GitError::Dirty(_)
                | GitError::InTheWay(_)
                | GitError::ReadOnly(_)
                | GitError::Filtered(_)
                | GitError::Moved(_)
                | GitError::Drifted(_)
        )
    }
}

fn files(count: usize) -> String {
    if count == 1 { "a file".to_owned() } else { format!("{count} files") }
}

fn is_folder(count: usize) -> String {
    if count == 1 { "a folder is".to_owned() } else { format!("{count} folders are") }
}

fn untracked(count: usize) -> String {
    if count == 1 { "an untracked file".to_owned() } else { format!("{count} untracked files") }
}

fn is_are(count: usize) -> String {
    if count == 1 { "a file is".to_owned() } else { format!("{count} files are") }
}

fn paths(paths: &[RepoPath]) -> String {
    const SHOWN: usize = 10;
    let mut lines: Vec<String> = paths.iter().take(SHOWN).map(|path| format!("\n  {path}")).collect();
    if paths.len() > SHOWN {
        lines.push(format!("\n  … and {} more", paths.len() - SHOWN));
    }
    lines.concat()
}

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
            Ok(inner) => Ok(Self { inner }),
            Err(error) if error.code() == ErrorCode::NotFound => Err(GitError::NotARepository(root.to_owned())),
            Err(error) => Err(error.into()),
        }
    }

    /// The top of the repository that a folder lies in, where it lies in one.
    ///
    /// # Errors
    /// It lies in one that git does not trust: without it, the folder would be taken for one that is not under git.
    pub fn discover(folder: &Path) -> Result<Option<PathBuf>, GitError> {
        // Not `Repository::discover`, which forgets which folder a `.git` file or link belongs to.
        let no_ceiling: [&Path; 0] = [];
        match Repository::open_ext(folder, RepositoryOpenFlags::empty(), no_ceiling) {
            Ok(inner) => Ok(Some(inner.workdir().unwrap_or_else(|| inner.path()).to_owned())),
            Err(error) if error.code() == ErrorCode::Owner => Err(error.into()),
            Err(_) => Ok(None),
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
        Ok(Self { inner })
    }

    /// The top of the work tree; `None` for a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.inner.workdir()
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

    /// The names of the hooks that git would run while it makes commits and moves a branch.
    ///
    /// # Errors
    /// git fails.
    pub fn hooks(&self) -> Result<Vec<String>, GitError> {
        const AT_COMMIT: [&str; 6] =
            ["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "reference-transaction", "post-index-change"];
        let folder = match self.inner.config()?.get_path("core.hooksPath") {
            // A relative path starts where hooks run: at the top of the work tree, or in a bare repository.
            Ok(path) => self.inner.workdir().unwrap_or(self.inner.path()).join(path),
            Err(_) => self.inner.commondir().join("hooks"),
        };
        Ok(AT_COMMIT.iter().filter(|name| is_executable(&folder.join(name))).map(|&name| name.to_owned()).collect())
    }

    /// Whether commits are to be signed.
    ///
    /// # Errors
    /// git fails.
    pub fn signs(&self) -> Result<bool, GitError> {
        Ok(self.inner.config()?.get_bool("commit.gpgsign").unwrap_or(false))
    }
}

/// The branch's name as people say it.
pub fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
