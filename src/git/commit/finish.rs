//! Finishing written commits as git would have made them: the hooks are run, and the commits signed; then the branch moves.
//!
//! The commits are written plainly first ([`super`], [`crate::git::journal::rollback`]) and proved. Here each is made once more, with the
//! same files: what its message hooks make of its message goes in, and its signature. A hook that would change the files is refused,
//! for they would not be those that were proved. Nothing is visible until the branch moves.

use std::ffi::OsString;
use std::fs;

use git2::{Commit, Oid, Signature, Tree, message_prettify};

use super::Unpublished;
use super::checkout::Checkout;
use super::hooks::{Hooks, Scene};
use super::programs::Programs;
use super::sign::{Signer, Signing};
use crate::git::journal::trailer;
use crate::git::{GitError, Repo};

/// How commits are made.
pub struct Committer<'c> {
    repo: &'c Repo,
    programs: &'c dyn Programs,
    hooks: Hooks<'c>,
    signer: Option<Signer>,
}

/// The branch that commits go to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'t> {
    /// Its full name.
    pub name: &'t str,
    /// Whether it exists.
    pub exists: bool,
}

impl Repo {
    /// How commits are made: who by, which hooks are run, and with what they are signed. `verifies` says whether those hooks are run
    /// that `git commit --no-verify` leaves out.
    ///
    /// # Errors
    /// Nothing says who makes them, or the configuration does not make sense.
    pub fn committer<'c>(
        &'c self,
        signing: &Signing,
        verifies: bool,
        programs: &'c dyn Programs,
    ) -> Result<Committer<'c>, GitError> {
        self.identity()?;
        Ok(Committer { repo: self, programs, hooks: self.hooks(verifies, programs)?, signer: self.signer(signing)? })
    }
}

impl Committer<'_> {
    /// Finishes commits, moves a branch onto them, and brings the work tree up to date ([`Repo::publish`]). Returns their ids.
    ///
    /// # Errors
    /// A hook refuses, or signing fails, or the branch cannot be moved: then nothing has happened. Or the work tree could not be brought
    /// up to date.
    pub fn publish(&self, work: Unpublished, target: Target<'_>, log: &str) -> Result<Vec<Oid>, GitError> {
        let work = self.finish(work, target)?;
        let commits = work.commits.clone();
        let is_head = self.repo.is_checked_out(target.name)?;
        let told = self.transaction(&work, target, is_head);
        if self.hooks.has("reference-transaction") {
            self.repo.show()?;
        }
        if let Some(says) = self.transact("prepared", &told)? {
            self.transact("aborted", &told)?;
            return Err(GitError::HookRefuses { hook: "reference-transaction", what: "to move the branch".to_owned(), says });
        }
        let published = self.repo.publish(work, target.name, target.exists, log);
        let is_moved = matches!(published, Ok(()) | Err(GitError::WorkTree { .. }));
        // What these say comes too late to matter, as with git.
        let _ = self.transact(if is_moved { "committed" } else { "aborted" }, &told);
        published?;
        if is_head {
            let scene = self.repo.scene();
            let _ = self.hooks.run("post-index-change", &["1".into(), "0".into()], &[], &scene);
            let _ = self.hooks.run("post-commit", &[], &[], &scene);
        }
        Ok(commits)
    }

    /// What `reference-transaction` reads: the old commit, the new one and the ref, in lines.
    fn transaction(&self, work: &Unpublished, target: Target<'_>, is_head: bool) -> String {
        let old = if target.exists { work.base } else { Oid::ZERO_SHA1 };
        let line = |name: &str| format!("{old} {} {name}\n", work.tip());
        let head = if is_head && target.name != "HEAD" { line("HEAD") } else { String::new() };
        head + &line(target.name)
    }

    fn transact(&self, state: &str, told: &str) -> Result<Option<String>, GitError> {
        self.hooks.run("reference-transaction", &[state.into()], told.as_bytes(), &self.repo.scene())
    }

    /// Runs the hooks of commits, and signs them.
    fn finish(&self, work: Unpublished, target: Target<'_>) -> Result<Unpublished, GitError> {
        const OF_A_COMMIT: [&str; 3] = ["pre-commit", "prepare-commit-msg", "commit-msg"];
        if self.signer.is_none() && !OF_A_COMMIT.iter().any(|name| self.hooks.has(name)) {
            return Ok(work);
        }
        let mut bench = Bench { committer: self, target, checkout: None };
        let mut parent = work.base;
        let mut commits = Vec::with_capacity(work.commits.len());
        for (at, id) in work.commits.iter().enumerate() {
            let plain = self.repo.inner.find_commit(*id)?;
            let what = match work.commits.len() {
                1 => format!("the commit \"{}\"", subject(&plain)),
                all => format!("commit {} of {all}, \"{}\"", at + 1, subject(&plain)),
            };
            let message = bench.hooked(&plain, parent, &what)?;
            parent = self.remake(&plain, parent, &message)?;
            commits.push(parent);
        }
        Ok(Unpublished { base: work.base, commits })
    }

    /// Makes a commit once more, on another parent and with another message, and signs it.
    fn remake(&self, plain: &Commit<'_>, parent: Oid, message: &str) -> Result<Oid, GitError> {
        let git = &self.repo.inner;
        let (parent, tree) = (git.find_commit(parent)?, plain.tree()?);
        let Some(signer) = &self.signer else {
            return Ok(git.commit(None, &plain.author(), &plain.committer(), message, &tree, &[&parent])?);
        };
        let buffer = git.commit_create_buffer(&plain.author(), &plain.committer(), message, &tree, &[&parent])?;
        let committer = plain.committer();
        let who = format!("{} <{}>", lossy(committer.name_bytes()), lossy(committer.email_bytes()));
        let signature = signer.sign(&buffer, &who, self.programs)?;
        let text = std::str::from_utf8(&buffer).map_err(|_| GitError::NotText(subject(plain)))?;
        Ok(git.commit_signed(text, &signature, None)?)
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn subject(commit: &Commit<'_>) -> String {
    lossy(commit.message_bytes()).lines().next().unwrap_or_default().to_owned()
}

/// Where the hooks of commits run.
struct Bench<'b> {
    committer: &'b Committer<'b>,
    target: Target<'b>,
    checkout: Option<Checkout>,
}

impl Bench<'_> {
    /// Runs the hooks of a commit in git's order, and returns what its message is then.
    fn hooked(&mut self, plain: &Commit<'_>, parent: Oid, what: &str) -> Result<String, GitError> {
        let message = lossy(plain.message_bytes());
        let hooks = &self.committer.hooks;
        let has_message_hooks = hooks.has("prepare-commit-msg") || hooks.has("commit-msg");
        if !has_message_hooks && !hooks.has("pre-commit") {
            return Ok(message);
        }
        // Hooks ask git for the commit's files, and for its parent.
        self.committer.repo.show()?;
        let is_first = self.checkout.is_none();
        let mut checkout = match self.checkout.take() {
            Some(checkout) => checkout,
            None => self.committer.repo.new_checkout()?,
        };
        let tree = plain.tree()?;
        let branch = match self.target {
            Target { name, exists: true } if name != "HEAD" => format!("ref: {name}"),
            _ => parent.to_string(),
        };
        if hooks.has("pre-commit") {
            // The branch is not where later commits start, so that HEAD names their parents.
            checkout.set_head(&if is_first { branch.clone() } else { parent.to_string() })?;
            self.pre_commit(&mut checkout, plain, &tree, is_first, what)?;
        } else {
            checkout.stage(&tree)?;
        }
        checkout.set_head(&branch)?;
        let message = if has_message_hooks { self.message(&checkout, plain, &message, what)? } else { message };
        self.checkout = Some(checkout);
        Ok(message)
    }

    fn pre_commit(
        &self,
        checkout: &mut Checkout,
        plain: &Commit<'_>,
        tree: &Tree<'_>,
        is_first: bool,
        what: &str,
    ) -> Result<(), GitError> {
        checkout.bring(tree.id())?;
        if is_first {
            self.committer.repo.link_ignored(checkout)?;
        }
        let (git_dir, files, index) = (checkout.git_dir(), checkout.files(), checkout.index());
        let variables = author(&plain.author());
        let scene = Scene { git_dir: &git_dir, files: Some(&files), index: Some(&index), variables };
        if let Some(says) = self.committer.hooks.run("pre-commit", &[], &[], &scene)? {
            return Err(GitError::HookRefuses { hook: "pre-commit", what: what.to_owned(), says });
        }
        let changed = checkout.changed(tree)?;
        if changed.is_empty() {
            Ok(())
        } else {
            Err(GitError::HookChanges { hook: "pre-commit", what: what.to_owned(), changed })
        }
    }

    /// What the message hooks make of a message. They run in the user's work tree, as with git, but see the commit's index.
    fn message(&self, checkout: &Checkout, plain: &Commit<'_>, message: &str, what: &str) -> Result<String, GitError> {
        let path = checkout.git_dir().join("COMMIT_EDITMSG");
        let io = |error| GitError::Io { path: path.clone(), error };
        fs::write(&path, message).map_err(io)?;
        let (git_dir, index) = (checkout.git_dir(), checkout.index());
        let files = self.committer.repo.inner.workdir();
        let scene = Scene { git_dir: &git_dir, files, index: Some(&index), variables: author(&plain.author()) };
        let file = OsString::from(&path);
        for (hook, arguments) in [("prepare-commit-msg", vec![file.clone(), "message".into()]), ("commit-msg", vec![file])] {
            if let Some(says) = self.committer.hooks.run(hook, &arguments, &[], &scene)? {
                return Err(GitError::HookRefuses { hook, what: what.to_owned(), says });
            }
        }
        let made = String::from_utf8(fs::read(&path).map_err(io)?).map_err(|_| GitError::NotText(subject(plain)))?;
        if made == message {
            return Ok(made);
        }
        let made = message_prettify(made.as_str(), None)?;
        let is_kept = trailers(&made) == trailers(message) && made.lines().next().is_some_and(|line| !is_trailer(line));
        if is_kept { Ok(made) } else { Err(GitError::HookLosesTrailers(what.to_owned())) }
    }
}

fn is_trailer(line: &str) -> bool {
    let key = line.trim_start().split_once(':').map_or("", |(key, _)| key);
    trailer::ALL.iter().any(|name| name.eq_ignore_ascii_case(key))
}

/// The lines of a message that are the tool's own trailers.
fn trailers(message: &str) -> Vec<&str> {
    message.lines().filter(|line| is_trailer(line)).collect()
}

/// The author, as git tells it to the hooks of a commit.
fn author(author: &Signature<'_>) -> Vec<(&'static str, OsString)> {
    let when = author.when();
    let (sign, minutes) = (when.sign(), when.offset_minutes().abs());
    let date = format!("@{} {sign}{:02}{:02}", when.seconds(), minutes / 60, minutes % 60);
    vec![
        ("GIT_AUTHOR_NAME", lossy(author.name_bytes()).into()),
        ("GIT_AUTHOR_EMAIL", lossy(author.email_bytes()).into()),
        ("GIT_AUTHOR_DATE", date.into()),
    ]
}
