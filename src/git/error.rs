//! What git, or the file system below it, cannot do: what happened, and what to do about it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use git2::ErrorCode;

use super::DETACHED;
use super::snapshot::{MOST_ENTRIES, MOST_FOLDERS};
use crate::text::path::RepoPath;
use crate::text::words::first;

/// Why git could not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The folder is no repository.
    #[error("{0} is not a git repository")]
    NotARepository(PathBuf),
    /// The repository is of a kind that libgit2 does not read.
    #[error("this repository {what}, which this version does not read")]
    Unread {
        /// What it has or does.
        what: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// The repository has no commit.
    #[error("the branch `{0}` has no commit yet")]
    Unborn(String),
    /// A merge, rebase or the like has not been finished.
    #[error("{0} is in progress")]
    InProgress(&'static str),
    /// The revision does not name a commit.
    #[error("`{0}` is not a commit")]
    NoSuchRevision(String),
    /// Name or address of the committer are not configured.
    #[error("git does not know who you are: user.name or user.email is not set")]
    NoIdentity,
    /// A variable of git's has a date that is none.
    #[error("{variable} is no date: `{value}`")]
    BadDate {
        /// The variable.
        variable: String,
        /// What it has.
        value: String,
    },
    /// A hook does not let a commit be made, or the branch be moved.
    #[error("the hook `{hook}` refuses {what}: {says}")]
    HookRefuses {
        /// The hook.
        hook: &'static str,
        /// What it refuses.
        what: String,
        /// How it ended, and what it said.
        says: String,
    },
    /// A hook has changed files of a commit.
    #[error("the hook `{hook}` changes files of {what}, and what was proved would not be what is committed:{}", paths(.changed))]
    HookChanges {
        /// The hook.
        hook: &'static str,
        /// The commit.
        what: String,
        /// The files.
        changed: Vec<RepoPath>,
    },
    /// The message hooks have changed the trailers that the tool reads.
    #[error(
        "the hooks change the message of {0} so that its `Ssot-` trailers are not what they were, or nothing stands before them"
    )]
    HookLosesTrailers(String),
    /// The text of a commit is not UTF-8, after its hooks or because of its author.
    #[error("the commit \"{0}\" is not text in UTF-8")]
    NotText(String),
    /// Commits are to be signed, and git is not told with what.
    #[error("commits are to be signed, but {0}")]
    SigningSetup(String),
    /// Signing a commit fails.
    #[error("the commit cannot be signed: {program}: {message}")]
    NotSigned {
        /// The program.
        program: String,
        /// What it says.
        message: String,
    },
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
    #[error("{} has moved since the plan was made", named(.0))]
    Moved(String),
    /// Another process of the tool writes to the repository.
    #[error("another `ssot-migrate` is at work in this repository ({0} is locked)")]
    Busy(PathBuf),
    /// An interrupted change waits to be finished.
    #[error("an interrupted change has not been finished yet: {0} is its record")]
    Unfinished(PathBuf),
    /// The name of a new branch cannot be had beside those that are there.
    #[error("the branch `{0}` cannot be made: a part of its name, or a longer one, is another branch's")]
    BranchInTheWay(String),
    /// Files whose names differ by case alone, where case does not count.
    #[error("core.ignorecase is set, and {} would share the name of another but for its case:{}", files(.0.len()), paths(.0))]
    SameName(Vec<RepoPath>),
    /// A file is not what the plan was made for.
    #[error("{} not what the plan was made for:{}", is_are(.0.len()), paths(.0))]
    Drifted(Vec<RepoPath>),
    /// What has been written is not what the plan says.
    #[error("the commit would not have what the plan makes of:{}", paths(.0))]
    Miswritten(Vec<RepoPath>),
    /// The branch's name is not one that git allows.
    #[error("`{0}` is not a name for a branch")]
    BadBranch(String),
    /// The name of the current branch is not text.
    #[error("the name of the branch `{0}` is not text in UTF-8")]
    OddBranch(String),
    /// The branch is checked out in another work tree.
    #[error("the branch `{0}` is checked out in {1}")]
    CheckedOutElsewhere(String, PathBuf),
    /// Folders of files that would be changed cannot be written to.
    #[error("{} read-only, and files in {} would be changed:{}", is_folder(.0.len()), if .0.len() == 1 { "it" } else { "them" }, paths(.0))]
    ReadOnly(Vec<String>),
    /// Files that would be changed go through filters on their way to the disk.
    #[error("{} that would be changed {} a filter or an encoding on the way to the disk:{}", files(.0.len()), if .0.len() == 1 { "goes through" } else { "go through" }, paths(.0))]
    Filtered(Vec<RepoPath>),
    /// A tree has more entries, or deeper folders, than any that people make.
    #[error("the tree of {0} has more than {MOST_ENTRIES} entries, or more than {MOST_FOLDERS} folders in one another")]
    Bomb(String),
    /// `core.sharedRepository` has a value that git does not know.
    #[error("core.sharedRepository is `{0}`")]
    BadSharing(String),
    /// What a commit did cannot be known.
    #[error("what the commit {} did is not known: its parent, or a content, is not in this clone", &.0[..10])]
    NotInClone(String),
    /// The repository has no work tree.
    #[error("{0} is a bare repository: it has no work tree")]
    Bare(PathBuf),
    /// Files that git tracks are left out of the work tree.
    #[error("the work tree is sparse: it lacks {}:{}", files(.0.len()), paths(.0))]
    Sparse(Vec<RepoPath>),
    /// An object that was written is not there.
    #[error("{0} was written and cannot be read back")]
    Unwritten(RepoPath),
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
            GitError::Unread { hint, .. } => hint,
            GitError::Unborn(_) => "commit the files first: `git add -A && git commit`",
            GitError::InProgress(_) => "finish it or abort it first",
            GitError::NoSuchRevision(_) => "name a commit, a branch or a tag",
            GitError::NoIdentity => "`git config user.name NAME` and `git config user.email ADDRESS`",
            GitError::BadDate { .. } => "write it as `2026-01-31T13:00:00+01:00` or `@1769860800 +0100`",
            GitError::HookRefuses { hook: "pre-commit" | "commit-msg", .. } => {
                "nothing has been changed; mend what it names, or leave it out with `--no-verify`, as with `git commit`"
            }
            GitError::HookRefuses { .. } => "nothing has been changed; mend what it names",
            GitError::HookChanges { .. } => {
                "nothing has been changed; let the hook only check, or use `--no-verify` and run it on the result"
            }
            GitError::HookLosesTrailers(_) => {
                "nothing has been changed; the trailers are how `status` and `rollback` know the commit: let the hooks keep them"
            }
            GitError::NotText(_) => "nothing has been changed; commits are written in UTF-8",
            GitError::SigningSetup(_) => {
                "`git config user.signingkey KEY` names the key; `--no-gpg-sign` makes unsigned commits"
            }
            GitError::NotSigned { .. } => "nothing has been changed; `--no-gpg-sign` makes unsigned commits",
            GitError::Dirty(_) => "commit or stash them first; changes in other files may stay",
            GitError::InTheWay(_) => "move them away first",
            GitError::Locked(_) => "wait for it, or remove the file if no git process runs",
            GitError::Moved(_) | GitError::Drifted(_) => "plan again; nothing has been changed",
            GitError::Busy(_) => "wait for it to end; nothing has been changed",
            GitError::Unfinished(_) => "`ssot-migrate status` says what it waits for",
            GitError::BranchInTheWay(_) => "name another branch",
            GitError::SameName(_) => "give one of them another name, or commit to another branch with `--branch NAME`",
            GitError::Miswritten(_) => "this is a mistake of the tool: please report it; nothing has been changed",
            GitError::BadBranch(_) => "`git check-ref-format --branch NAME` says what is allowed",
            GitError::OddBranch(_) => "`git branch -m NAME` renames it, and `--branch NAME` commits to another",
            GitError::CheckedOutElsewhere(..) => "run the command there, or name another branch",
            GitError::WorkTree { .. } => "nothing is lost: once what stands in the way is gone, the next command finishes it",
            GitError::ReadOnly(_) => "make them writable, or commit to another branch with `--branch NAME`",
            GitError::Filtered(_) => {
                "this version does not run filters: commit to another branch with `--branch NAME`, and let git check it out"
            }
            GitError::Bomb(_) => "a small repository can name one folder billions of times: do not check it out",
            GitError::BadSharing(_) => "it is `umask`, `group`, `all`, or a mode such as `0660`",
            GitError::NotInClone(_) => "`git fetch --unshallow` brings the history, `git fetch --refetch` the contents",
            GitError::Bare(_) => "plan for a commit",
            GitError::Sparse(_) => "plan for a commit, or check all files out: `git sparse-checkout disable`",
            GitError::Git(error) if error.message().contains("unsupported mandatory extension") => {
                "a sparse or split index is not read: `git sparse-checkout reapply --no-sparse-index`, `git update-index --no-split-index`"
            }
            GitError::Git(error)
                if error.message().contains("invalid object specified") || error.code() == ErrorCode::NotFound =>
            {
                "is the disk full? Where the clone is partial, `git fetch --refetch` brings what it lacks"
            }
            GitError::Git(error) if error.code() == ErrorCode::Owner => {
                "`git config --global --add safe.directory DIR` says that you trust the repository"
            }
            GitError::Unwritten(_) => ROOM,
            GitError::Io { error, .. } if error.kind() == ErrorKind::StorageFull => ROOM,
            GitError::Git(error) if error.message().contains("No space left on device") => ROOM,
            GitError::Io { error, .. } if error.kind() == ErrorKind::PermissionDenied => {
                "see whose it is, and who may write to it (`ls -ld`)"
            }
            GitError::Io { error, .. } if error.kind() == ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
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
                | GitError::SameName(_)
                | GitError::Moved(_)
                | GitError::Drifted(_)
                | GitError::HookRefuses { .. }
                | GitError::HookChanges { .. }
                | GitError::HookLosesTrailers(_)
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

fn paths<P: std::fmt::Display>(paths: &[P]) -> String {
    const SHOWN: usize = 10;
    first(paths, SHOWN, ToString::to_string).iter().map(|line| format!("\n  {line}")).collect()
}

/// What to do about a full disk.
const ROOM: &str = "make room on the disk and run the command again; nothing has been changed";

/// Says of a repository that libgit2 does not open why.
pub(super) fn unread(error: git2::Error) -> GitError {
    let message = error.message();
    if message.contains("object format") {
        let hint = "objects have to be named by SHA-1: git cannot convert a repository, but its history can be exported to one \
                    that is (`git fast-export`, `git fast-import`)";
        return GitError::Unread { what: "names its objects by SHA-256".to_owned(), hint };
    }
    match message.split_once("unsupported extension name extensions.") {
        Some((_, "refstorage")) => GitError::Unread {
            what: "keeps its refs in a reftable".to_owned(),
            hint: "`git refs migrate --ref-format=files` keeps them as files (git 2.46 or later)",
        },
        Some((_, name)) => GitError::Unread {
            what: format!("uses the extension `{name}`"),
            hint: "a clone made without it can be worked on, and what was done pushed from there",
        },
        None => GitError::Git(error),
    }
}

fn named(short: &str) -> String {
    if short == DETACHED { short.to_owned() } else { format!("the branch `{short}`") }
}

/// Says where the file system failed.
pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> GitError {
    let path = path.to_owned();
    move |error| GitError::Io { path: path.clone(), error }
}
