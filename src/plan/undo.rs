//! Undoing what a step did to its files on top of whatever has happened to them since.
//!
//! Each file is merged three ways: what the step made of it is the base, what it was before is the one side, and what it is now the
//! other. Files that have moved since are undone where they are now, and what is gone needs no undoing. Where both sides want the same place the
//! undoing collides, and a person decides.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::delta::{Content, FileDelta};
use crate::lang;
use crate::text::blob::BlobId;
use crate::text::merge::{Grain, Merged, merge};
use crate::text::path::RepoPath;
use crate::text::snapshot::{File, ReadError, Snapshot};

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
    /// A file stands where the step had taken one away.
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
        let grain = if lang::is_source(path) { Grain::Tokens } else { Grain::Lines };
        let merged = merge(&base.bytes, &ours.bytes, &theirs.bytes, grain);
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
        if ours.blob == after.blob {
            self.undone.files.push(FileDelta { path, moved_from: None, before: Some(ours), after: None });
            return Ok(());
        }
        // What others have put into it would go with it.
        let nothing = Content { blob: BlobId::of(b""), mode: after.mode, bytes: (*b"").into() };
        let changed = merge(&after.bytes, &ours.bytes, &nothing.bytes, Grain::Lines);
        self.note(&path, &changed);
        if changed.clashes().next().is_none() {
            // Lines have gone, and none has come: what is left is the step's.
            self.undone.files.push(FileDelta { path, moved_from: None, before: Some(ours), after: None });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::blob::Mode;
    use crate::text::snapshot::Memory;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn content(text: &str) -> Content {
        Content { blob: BlobId::of(text.as_bytes()), mode: Mode::Regular, bytes: text.as_bytes().into() }
    }

    /// A step's file: `old -> new` for one that moves, and `-` for no content.
    fn step(name: &str, before: &str, after: &str) -> FileDelta {
        let (old, new) = name.split_once(" -> ").map_or((None, name), |(old, new)| (Some(path(old)), new));
        let side = |text: &str| (text != "-").then(|| content(text));
        FileDelta { path: path(new), moved_from: old, before: side(before), after: side(after) }
    }

    /// What undoing comes to: the files that change, and what collides.
    fn undone(step: &[FileDelta], now: &[(&str, &str)], places: &Whereabouts) -> (Vec<String>, Vec<String>) {
        let now = Memory::snapshot(now.iter().copied());
        let undone = undo(step, &now, places, Labels { now: "now", before: "before" }).unwrap();
        let show = |file: &FileDelta| {
            let from = file.moved_from.as_ref().map_or(String::new(), |from| format!("{from} -> "));
            let after = file.after.as_ref().map_or("-".into(), |after| String::from_utf8_lossy(&after.bytes));
            format!("{from}{}: {after}", file.path)
        };
        let collision = |collision: &Collision| format!("{}: {:?}", collision.path, collision.what);
        (undone.files.iter().map(show).collect(), undone.collisions.iter().map(collision).collect())
    }

    fn moved(files: &[(&str, &str)], folders: &[(&str, &str)]) -> Whereabouts {
        Whereabouts {
            files: files.iter().map(|(old, new)| (path(old), path(new))).collect(),
            folders: folders.iter().map(|(old, new)| (old.as_bytes().to_vec(), new.as_bytes().to_vec())).collect(),
        }
    }

    const NOTHING: (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());

    #[test]
    fn what_came_since_stays() {
        let edit = [step("a.py", "from old import x\n", "from new import x\n")];
        let still = Whereabouts::default();
        assert_eq!(
            undone(&edit, &[("a.py", "from new import x\n\ny = 1\n")], &still).0,
            ["a.py: from old import x\n\ny = 1\n"]
        );
        assert_eq!(undone(&edit, &[("a.py", "from old import x\n")], &still), NOTHING, "undone already");
        assert_eq!(undone(&edit, &[("b.py", "")], &still), NOTHING, "gone");
        let now = [("b.py", "from new import (x)\n")];
        assert_eq!(undone(&edit, &now, &moved(&[("a.py", "b.py")], &[])).0, ["b.py: from old import (x)\n"]);
        let other = undone(&edit, &[("a.py", "from other import x\n")], &still);
        assert_eq!(other.1, ["a.py: Changed(0, 1)"]);
        assert!(other.0[0].contains("<<<<<<< now\nfrom other import x\n=======\nfrom old import x\n>>>>>>> before"));
        let data = [step("a.toml", "x = \"old.X\"\n", "x = \"new.X\"\n")];
        assert_eq!(undone(&data, &[("a.toml", "x = \"new.X\" # mine\n")], &still).1, ["a.toml: Changed(0, 1)"]);
    }

    #[test]
    fn deleted_files_come_back_and_made_ones_go() {
        let files = [step("p/dead.py", "x\n", "-"), step("p/new.py", "-", "y\nz\n")];
        let still = Whereabouts::default();
        assert_eq!(undone(&files, &[("p/new.py", "y\nz\n")], &still).0, ["p/dead.py: x\n", "p/new.py: -"]);
        assert_eq!(undone(&files, &[("p/dead.py", "x\n")], &still), NOTHING);
        let again = undone(&files, &[("p/dead.py", "other\n"), ("p/new.py", "y\nz\nmine\n")], &still);
        assert_eq!(again, (vec![], vec!["p/dead.py: ThereAgain".to_owned(), "p/new.py: Changed(0, 3)".to_owned()]));
        let elsewhere = moved(&[("p/new.py", "q/r/new.py")], &[("p", "q/r")]);
        assert_eq!(undone(&files, &[("q/r/new.py", "y\nz\n")], &elsewhere).0, ["q/r/dead.py: x\n", "q/r/new.py: -"]);
    }

    #[test]
    fn a_moved_file_goes_back_with_what_has_changed_in_it() {
        let files = [step("a.py -> b.py", "import a\nx = 1\ny = 2\n", "import b\nx = 1\ny = 2\n")];
        let still = Whereabouts::default();
        let now = [("b.py", "import b\nx = 1\ny = 3\n")];
        assert_eq!(undone(&files, &now, &still).0, ["b.py -> a.py: import a\nx = 1\ny = 3\n"]);
        assert_eq!(undone(&files, &[("a.py", ""), now[0]], &still).1, ["a.py: ThereAgain"]);
        assert_eq!(undone(&files, &[("c.py", now[0].1)], &moved(&[("b.py", "c.py")], &[])).1, ["c.py: MovedAgain"]);
    }

    #[test]
    fn files_are_followed_through_one_undoing_after_the_other() {
        let mut places = moved(&[("a.py", "b.py")], &[]);
        places.follow(&[step("b.py -> c.py", "x", "x")]);
        assert_eq!(places, moved(&[("a.py", "c.py"), ("b.py", "c.py")], &[]));
    }
}
