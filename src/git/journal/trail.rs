//! What has become of files since a commit: where they are now, and who changed a place in them.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use git2::{BlameOptions, Commit, Delta, Diff, DiffFindOptions, Oid, Sort, Tree};

use crate::git::{GitError, Repo};
use crate::plan::delta::FileDelta;
use crate::plan::undo::Whereabouts;
use crate::text::path::RepoPath;

/// How many deleted and new files are compared with one another, at most, to find those that have moved.
const MOST_RENAMES: usize = 2_000;

/// The way from a commit to a later one.
pub struct Trail<'r> {
    repo: &'r Repo,
    since: Oid,
    tip: Oid,
    /// What the later commit has moved, by the names that the files had.
    renames: OnceCell<BTreeMap<RepoPath, RepoPath>>,
}

/// A commit that changed a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Touch {
    /// The commit.
    pub commit: Oid,
    /// The first line of its message.
    pub summary: String,
    /// Who wrote it: name and address.
    pub author: String,
}

impl Repo {
    /// The way from a commit to a later one.
    pub fn trail(&self, since: Oid, tip: Oid) -> Trail<'_> {
        Trail { repo: self, since, tip, renames: OnceCell::new() }
    }
}

impl Trail<'_> {
    /// Where the files of a step made at the trail's beginning are at its end, as far as they are elsewhere.
    ///
    /// # Errors
    /// git fails.
    pub fn whereabouts(&self, step: &[FileDelta]) -> Result<Whereabouts, GitError> {
        let tip = self.tree(self.tip)?;
        let is_there = |path: &RepoPath| tip.get_path(&path.to_os()).is_ok();
        let lost = step.iter().filter(|file| file.after.is_some() && !is_there(&file.path));
        let mut places = Whereabouts { files: self.found(lost.map(|file| &file.path))?, ..Whereabouts::default() };
        for file in step {
            let home = if file.after.is_none() { Some(&file.path) } else { file.moved_from.as_ref() };
            for folder in home.into_iter().flat_map(RepoPath::folders).filter(|folder| !is_there(folder)) {
                let now = self.folder(&folder)?;
                places.folders.extend(now.map(|now| (folder.as_bytes().to_vec(), now)));
            }
        }
        Ok(places)
    }

    /// Where files are that are not under their old names any more, by these; without those that have gone.
    fn found<'f>(&self, lost: impl Iterator<Item = &'f RepoPath>) -> Result<BTreeMap<RepoPath, RepoPath>, GitError> {
        let mut found = BTreeMap::new();
        // The old name of each file that has not been found yet, by its name at a commit.
        let mut names: BTreeMap<RepoPath, &RepoPath> = BTreeMap::new();
        for path in lost {
            match self.renames()?.get(path) {
                Some(now) => drop(found.insert(path.clone(), now.clone())),
                None => drop(names.insert(path.clone(), path)),
            }
        }
        // Too much has changed in them to be recognised at once: from commit to commit they may be.
        let commits = if names.is_empty() { Vec::new() } else { self.commits()? };
        for commit in commits {
            let commit = self.repo.inner.find_commit(commit)?;
            if commit.parent_count() != 1 {
                continue;
            }
            let (parent, tree) = (commit.parent(0)?.tree()?, commit.tree()?);
            let diff = self.repo.inner.diff_tree_to_tree(Some(&parent), Some(&tree), None)?;
            let deleted = diff.deltas().filter(|delta| delta.status() == Delta::Deleted);
            let gone = deleted.filter_map(|delta| names.remove_entry(&RepoPath::new(delta.old_file().path_bytes()?)?));
            let gone: Vec<(RepoPath, &RepoPath)> = gone.collect();
            if gone.is_empty() {
                continue;
            }
            let renames = renames(&self.repo.diff_with_renames(&parent, &tree)?);
            names.extend(gone.into_iter().filter_map(|(path, old)| Some((renames.get(&path)?.clone(), old))));
        }
        found.extend(names.into_iter().filter(|(now, old)| now != *old).map(|(now, old)| (old.clone(), now)));
        Ok(found)
    }

    /// Where a folder has gone that is not there any more: to where most of its files are, under the same names.
    fn folder(&self, folder: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        let mut counts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for (old, new) in self.renames()?.iter().filter(|(old, _)| old.is_below(folder.as_bytes())) {
            let rest = &old.as_bytes()[folder.as_bytes().len()..];
            if let Some(to) = new.as_bytes().strip_suffix(rest) {
                *counts.entry(to.to_vec()).or_default() += 1;
            }
        }
        // Of several with the same number of files the first by name.
        let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
        Ok(most.map(|(to, _)| to))
    }

    fn renames(&self) -> Result<&BTreeMap<RepoPath, RepoPath>, GitError> {
        if let Some(known) = self.renames.get() {
            return Ok(known);
        }
        let found = renames(&self.repo.diff_with_renames(&self.tree(self.since)?, &self.tree(self.tip)?)?);
        Ok(self.renames.get_or_init(|| found))
    }

    /// Who changed lines of a file, counted from 0: the commits that they come from or, where the lines have gone, the last that
    /// changed the file. Newest first, without some that are of no account.
    ///
    /// # Errors
    /// git fails.
    pub fn who(&self, path: &RepoPath, lines: Option<Range<usize>>, without: &[Oid]) -> Result<Vec<Touch>, GitError> {
        let later: Vec<Oid> = self.commits()?.into_iter().rev().filter(|id| !without.contains(id)).collect();
        let mut found: BTreeSet<Oid> = BTreeSet::new();
        if let Some(lines) = lines.filter(|lines| !lines.is_empty()) {
            let mut options = BlameOptions::new();
            options.newest_commit(self.tip).oldest_commit(self.since).min_line(lines.start + 1).max_line(lines.end);
            let blame = self.repo.inner.blame_file(&path.to_os(), Some(&mut options))?;
            found.extend(blame.iter().map(|hunk| hunk.final_commit_id()));
        }
        let mut touches: Vec<Touch> = Vec::new();
        for id in later.iter().filter(|id| found.contains(id)) {
            touches.push(touch(&self.repo.inner.find_commit(*id)?));
        }
        if touches.is_empty() {
            for id in &later {
                let commit = self.repo.inner.find_commit(*id)?;
                if self.changes(&commit, path)? {
                    touches.push(touch(&commit));
                    break;
                }
            }
        }
        Ok(touches)
    }

    /// Whether a commit changed a file, whichever parent it is compared with.
    fn changes(&self, commit: &Commit<'_>, path: &RepoPath) -> Result<bool, GitError> {
        let blob = |tree: &Tree<'_>| tree.get_path(&path.to_os()).ok().map(|entry| entry.id());
        let own = blob(&commit.tree()?);
        for parent in commit.parents() {
            if blob(&parent.tree()?) == own {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The commits of the trail, oldest first, without its beginning.
    fn commits(&self) -> Result<Vec<Oid>, GitError> {
        let mut walk = self.repo.inner.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        walk.push(self.tip)?;
        walk.hide(self.since)?;
        Ok(walk.collect::<Result<_, _>>()?)
    }

    fn tree(&self, commit: Oid) -> Result<Tree<'_>, GitError> {
        Ok(self.repo.inner.find_commit(commit)?.tree()?)
    }
}

impl Repo {
    /// What differs between two trees, with the files that have moved told from those that went and came.
    pub(super) fn diff_with_renames(&self, old: &Tree<'_>, new: &Tree<'_>) -> Result<Diff<'_>, GitError> {
        let mut diff = self.inner.diff_tree_to_tree(Some(old), Some(new), None)?;
        diff.find_similar(Some(DiffFindOptions::new().renames(true).rename_limit(MOST_RENAMES)))?;
        Ok(diff)
    }
}

fn renames(diff: &Diff<'_>) -> BTreeMap<RepoPath, RepoPath> {
    let renamed = diff.deltas().filter(|delta| delta.status() == Delta::Renamed);
    let pair = |delta: git2::DiffDelta<'_>| {
        let path = |file: git2::DiffFile<'_>| file.path_bytes().and_then(RepoPath::new);
        Some((path(delta.old_file())?, path(delta.new_file())?))
    };
    renamed.filter_map(pair).collect()
}

fn touch(commit: &Commit<'_>) -> Touch {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let author = commit.author();
    Touch {
        commit: commit.id(),
        summary: commit.summary_bytes().map(text).unwrap_or_default(),
        author: format!("{} <{}>", text(author.name_bytes()), text(author.email_bytes())),
    }
}
