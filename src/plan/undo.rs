//! Undoing what a step did to its files on top of whatever has happened to them since.
//!
//! Each file is merged three ways: what the step made of it is the base, what it was before is the one side, and what it is now the
//! other. Files that have moved since are undone where they are now, and what is gone needs no undoing. Where both sides want the same place the
//! undoing collides, unless the two do not depend on one another (`independent`); then a person decides.

mod dress;
mod independent;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use self::dress::dressed_as;
use super::delta::{Content, FileDelta, outcome};
use crate::lang;
use crate::text::blob::BlobId;
use crate::text::merge::{Grain, Merged, merge};
use crate::text::path::RepoPath;
use crate::text::snapshot::{ChangeError, File, ReadError, Snapshot};

/// Where files are now that were somewhere else when a step was made.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Whereabouts {
    /// The files that have moved.
    pub files: BTreeMap<RepoPath, RepoPath>,
    /// The folders that have moved with all that was in them, by their paths.
    pub folders: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Whereabouts {
    /// Where a file is: under its own name where there is such a file.
    fn file(&self, path: &RepoPath, now: &Snapshot) -> Option<RepoPath> {
        [Some(path), self.files.get(path)].into_iter().flatten().find(|path| now.file(path).is_some()).cloned()
    }

    /// Where a file belongs that is not there: in its folder, wherever that has gone.
    fn home(&self, path: &RepoPath, now: &Snapshot) -> RepoPath {
        let moved = path.folders().filter_map(|folder| {
            let is_back = |file: &Arc<File>| file.path.is_below(folder.as_bytes());
            let to = self.folders.get(folder.as_bytes()).filter(|_| !now.files().iter().any(is_back))?;
            RepoPath::new([&to[..], &path.as_bytes()[folder.as_bytes().len()..]].concat())
        });
        moved.last().unwrap_or_else(|| path.clone())
    }

    /// Learns that files have moved once more.
    pub fn follow(&mut self, made: &[FileDelta]) {
        for file in made {
            let Some(old) = &file.moved_from else { continue };
            self.files.values_mut().filter(|now| *now == old).for_each(|now| now.clone_from(&file.path));
            self.files.insert(old.clone(), file.path.clone());
        }
    }
}

/// What the undoing of a step comes to.
#[derive(Clone, Debug, Default)]
pub struct Undone {
    /// The files that change; where the undoing collides, with conflict markers.
    pub files: Vec<FileDelta>,
    /// The files that the step had changed and that are gone, by the names that they had.
    pub gone: Vec<RepoPath>,
    /// The lines, counted from 0, in which tokens had to tell what the step did and what others have done since.
    pub fine: Vec<(RepoPath, Range<usize>)>,
    /// Where the undoing collides with what has happened since.
    pub collisions: Vec<Collision>,
}

/// A place where an undoing collides with what has happened since.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Collision {
    /// The file, under the name that it has now.
    pub path: RepoPath,
    /// What happened there.
    pub what: Since,
}

/// What has happened to a place since a step changed it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Since {
    /// Lines have changed: the first and the one behind the last, counted from 0; the same where they are gone.
    Changed(usize, usize),
    /// Something stands where the step had taken a file away.
    ThereAgain,
    /// The file that the step had moved has been moved once more.
    MovedAgain,
}

/// The names of the two sides behind conflict markers.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'l> {
    /// What the files are now.
    pub now: &'l str,
    /// What they were before the step.
    pub before: &'l str,
}

/// Undoes what a step did.
///
/// # Errors
/// A file cannot be read.
pub fn undo(step: &[FileDelta], now: &Snapshot, places: &Whereabouts, labels: Labels<'_>) -> Result<Undone, ReadError> {
    let mut work = Work { now, places, labels, undone: Undone::default() };
    for file in step {
        match (&file.before, &file.after) {
            (Some(before), Some(after)) => work.change_back(file, before, after)?,
            (Some(before), None) => work.bring_back(&file.path, before)?,
            (None, Some(after)) => work.take_away(&file.path, after)?,
            (None, None) => {}
        }
    }
    work.leave_out_blocked();
    work.undone.files.sort_by(|a, b| a.path.cmp(&b.path));
    work.undone.collisions.sort();
    Ok(work.undone)
}

struct Work<'w> {
    now: &'w Snapshot,
    places: &'w Whereabouts,
    labels: Labels<'w>,
    undone: Undone,
}

impl Work<'_> {
    fn read(&self, path: &RepoPath) -> Result<Option<Content>, ReadError> {
        let Some(file) = self.now.file(path) else { return Ok(None) };
        Ok(Some(Content { blob: self.now.blob(file)?, mode: file.mode, bytes: self.now.read(file)? }))
    }

    fn collides(&mut self, path: &RepoPath, what: Since) {
        self.undone.collisions.push(Collision { path: path.clone(), what });
    }

    /// A file that the step edited or moved.
    fn change_back(&mut self, file: &FileDelta, before: &Content, after: &Content) -> Result<(), ReadError> {
        let Some(path) = self.places.file(&file.path, self.now) else {
            self.undone.gone.push(file.path.clone());
            return Ok(());
        };
        let Some(ours) = self.read(&path)? else { return Ok(()) };
        let target = match &file.moved_from {
            // Somebody has moved it back already.
            Some(old) if path == *old => path.clone(),
            Some(_) if path != file.path => {
                self.collides(&path, Since::MovedAgain);
                path.clone()
            }
            Some(old) => self.places.home(old, self.now),
            None => path.clone(),
        };
        if target != path && self.now.file(&target).is_some() {
            self.collides(&target, Since::ThereAgain);
            return Ok(());
        }
        let bytes = self.merge(&path, after, &ours, before);
        let mode = if ours.mode == after.mode { before.mode } else { ours.mode };
        let made = Content { blob: BlobId::of(&bytes), mode, bytes: bytes.into() };
        if target != path || (made.blob, made.mode) != (ours.blob, ours.mode) {
            let moved_from = (target != path).then_some(path);
            self.undone.files.push(FileDelta { path: target, moved_from, before: Some(ours), after: Some(made) });
        }
        Ok(())
    }

    fn merge(&mut self, path: &RepoPath, base: &Content, ours: &Content, theirs: &Content) -> Vec<u8> {
        // Who merges by tokens has to prove the result, and only code is proved.
        let is_proved = lang::is_source(path);
        let grain = if is_proved { Grain::Tokens } else { Grain::Lines };
        let [base, theirs] = dressed_as(&ours.bytes, [&base.bytes, &theirs.bytes]);
        let mut merged = merge(&base, &ours.bytes, &theirs, grain);
        if is_proved {
            merged.settle(|clash| independent::together(path, clash));
        }
        self.note(path, &merged);
        merged.with_markers(self.labels.now, self.labels.before)
    }

    fn note(&mut self, path: &RepoPath, merged: &Merged) {
        self.undone.fine.extend(merged.fine().map(|lines| (path.clone(), lines.clone())));
        for clash in merged.clashes() {
            self.collides(path, Since::Changed(clash.lines.start, clash.lines.end));
        }
    }

    /// A file that the step deleted.
    fn bring_back(&mut self, path: &RepoPath, before: &Content) -> Result<(), ReadError> {
        let home = if self.now.file(path).is_some() { path.clone() } else { self.places.home(path, self.now) };
        match self.read(&home)? {
            None => {
                let file = FileDelta { path: home, moved_from: None, before: None, after: Some(before.clone()) };
                self.undone.files.push(file);
            }
            Some(found) if found.blob == before.blob => {}
            Some(_) => self.collides(&home, Since::ThereAgain),
        }
        Ok(())
    }

    /// A file that the step made.
    fn take_away(&mut self, path: &RepoPath, after: &Content) -> Result<(), ReadError> {
        let Some(path) = self.places.file(path, self.now) else {
            self.undone.gone.push(path.clone());
            return Ok(());
        };
        let Some(ours) = self.read(&path)? else { return Ok(()) };
        let [made] = dressed_as(&ours.bytes, [&after.bytes]);
        if is_left_of(&ours.bytes, &made) {
            self.undone.files.push(FileDelta { path, moved_from: None, before: Some(ours), after: None });
        } else {
            // What others have put into it would go with it.
            let merged = merge(&made, &ours.bytes, b"", Grain::Lines);
            self.note(&path, &merged);
        }
        Ok(())
    }

    /// Leaves out the files that cannot be where they belong, because something is there: another file that comes back, a folder, a
    /// link, or a file in the place of a folder.
    fn leave_out_blocked(&mut self) {
        let mut taken: BTreeSet<RepoPath> = BTreeSet::new();
        let files = std::mem::take(&mut self.undone.files);
        let (mut files, twins): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| taken.insert(file.path.clone()));
        twins.iter().for_each(|file| self.collides(&file.path, Since::ThereAgain));
        while let Err(ChangeError::Exists(path) | ChangeError::Blocked { path, .. }) = self.now.with_files(outcome(&files)) {
            let all = files.len();
            files.retain(|file| file.path != path);
            self.collides(&path, Since::ThereAgain);
            if files.len() == all {
                break;
            }
        }
        self.undone.files = files;
    }
}

/// Whether a text has lines of another alone, in their order: some may have gone, and none has come.
fn is_left_of(text: &[u8], made: &[u8]) -> bool {
    let mut lines = made.split_inclusive(|&byte| byte == b'\n');
    text.split_inclusive(|&byte| byte == b'\n').all(|line| lines.any(|other| other == line))
}

#[cfg(test)]
mod tests;
