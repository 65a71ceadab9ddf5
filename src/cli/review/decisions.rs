//! Decisions on fixes, kept in the git directory so that nobody is asked twice: one file a plan, to which each answer is added.
//!
//! A decision belongs to what a fix says and does (its step, file and message, the lines that it takes and gives), not to where it
//! stands: it holds after unrelated edits, and is asked anew where the place itself has changed. Of fixes that are alike in a file, each
//! has its own, in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::error::CliError;
use super::super::files;
use crate::git::Repo;
use crate::plan::build::StepName;
use crate::plan::choice::Asked;
use crate::report::hunks::{Side, hunks};
use crate::text::change::{FileChange, SourceChange};
use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;
use crate::transform::finding::{Finding, Outcome};

const FORMAT: &str = "ssot-migrate decisions";
const VERSION: u32 = 1;

/// What was said of a fix.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "do")]
pub(in crate::cli) enum Said {
    /// Nothing yet.
    Nothing,
    /// It is to be made.
    Accept,
    /// It is not to be made.
    Reject,
    /// In its place this is to be made.
    Edit { files: Vec<Edited> },
}

/// The lines that a fix makes of a file, as they were changed by hand.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Edited {
    pub path: String,
    /// What the fix made of them.
    pub was: String,
    pub text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    version: u32,
    plan: String,
    decisions: Vec<Entry>,
}

/// The decisions on fixes that are alike.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    phase: String,
    step: String,
    path: String,
    message: String,
    said: Vec<Said>,
}

impl Entry {
    fn count(&self) -> usize {
        self.said.iter().filter(|said| **said != Said::Nothing).count()
    }
}

/// What tells a fix from others: what it is, and which of those that are alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::cli) struct Key {
    content: String,
    nth: usize,
}

/// The decisions on the fixes of a plan.
pub(in crate::cli) struct Decisions {
    path: PathBuf,
    plan: String,
    entries: BTreeMap<String, Entry>,
    /// How many fixes of each kind were met in this run.
    met: BTreeMap<String, usize>,
}

impl Decisions {
    /// Reads those of a plan; none where there is no file, or where they are to be forgotten.
    pub fn open(repo: &Repo, plan: &str, forget: bool) -> Result<Self, CliError> {
        let path = repo.own_folder().join("decisions").join(format!("{plan}.json"));
        let mut decisions = Self { path, plan: plan.to_owned(), entries: BTreeMap::new(), met: BTreeMap::new() };
        let failed = |error| CliError::io(decisions.path.display().to_string(), error);
        if forget {
            match fs::remove_file(&decisions.path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => return Ok(decisions),
            }
        }
        decisions.entries = read(&decisions.path)?;
        Ok(decisions)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.entries.values().map(Entry::count).sum()
    }

    /// How many there are on fixes of a phase.
    pub fn count_of(&self, phase: &str) -> usize {
        self.entries.values().filter(|entry| entry.phase == phase).map(Entry::count).sum()
    }

    /// Whether there may be one on a fix, without a look at what it does.
    pub fn may_know(&self, at: &StepName, finding: &Finding) -> bool {
        let path = finding.place.path.to_text();
        let is_it = |entry: &Entry| {
            entry.step == at.step && entry.phase == at.phase && entry.path == path && entry.message == finding.message
        };
        self.entries.values().any(is_it)
    }

    /// The key of a fix that is met for the first time in this run.
    pub fn meet(&mut self, at: &StepName, finding: &Finding, files: &Snapshot) -> Key {
        let content = content(at, finding, files);
        let met = self.met.entry(content.clone()).or_default();
        *met += 1;
        Key { content, nth: *met - 1 }
    }

    /// Whether one of fixes that go together, which are met for the first time in this run, was rejected.
    pub fn has_rejected(&mut self, asked: &Asked<'_>, files: &Snapshot) -> bool {
        let mut is_rejected = false;
        for finding in asked.fixes {
            if self.may_know(asked.at, finding) {
                let key = self.meet(asked.at, finding, files);
                is_rejected |= *self.said(&key) == Said::Reject;
            }
        }
        is_rejected
    }

    /// What was said of a fix.
    pub fn said(&self, key: &Key) -> &Said {
        self.entries.get(&key.content).and_then(|entry| entry.said.get(key.nth)).unwrap_or(&Said::Nothing)
    }

    /// Keeps what is said of fixes, on disk when this returns.
    pub fn say(&mut self, at: &StepName, fixes: &[(Key, &Finding)], said: &Said) -> Result<(), CliError> {
        self.update(|entries| {
            for (key, finding) in fixes {
                let entry = entries.entry(key.content.clone()).or_insert_with(|| Entry {
                    key: key.content.clone(),
                    phase: at.phase.clone(),
                    step: at.step.clone(),
                    path: finding.place.path.to_text(),
                    message: finding.message.clone(),
                    said: Vec::new(),
                });
                if entry.said.len() <= key.nth {
                    entry.said.resize(key.nth + 1, Said::Nothing);
                }
                entry.said[key.nth] = said.clone();
            }
        })
    }

    /// Forgets what has been made: it is in the history now, and where it is found again it is asked about again.
    pub fn spend(&mut self) -> Result<(), CliError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let met: BTreeSet<String> = self.met.keys().cloned().collect();
        self.update(|entries| {
            for entry in entries.values_mut().filter(|entry| met.contains(&entry.key)) {
                // One that nobody has decided on keeps its turn among those that are alike.
                entry.said.retain(|said| matches!(said, Said::Reject | Said::Nothing));
            }
            entries.retain(|_, entry| entry.count() > 0);
        })
    }

    /// Changes what is on disk by now: of two sessions at once neither loses an answer of the other.
    fn update(&mut self, change: impl FnOnce(&mut BTreeMap<String, Entry>)) -> Result<(), CliError> {
        let failed = |path: &Path, error| CliError::io(path.display().to_string(), error);
        let folder = self.path.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let lock = folder.join("lock");
        // Held until it is dropped.
        let held = File::create(&lock).and_then(|file| file.lock().map(|()| file)).map_err(|error| failed(&lock, error))?;
        self.entries = read(&self.path)?;
        change(&mut self.entries);
        let wire = Wire {
            format: FORMAT.to_owned(),
            version: VERSION,
            plan: self.plan.clone(),
            decisions: self.entries.values().cloned().collect(),
        };
        let written = files::replace(&self.path, &(serde_json::to_string_pretty(&wire).unwrap_or_default() + "\n"));
        drop(held);
        written
    }
}

/// What is kept in a file; nothing where there is none.
fn read(path: &Path) -> Result<BTreeMap<String, Entry>, CliError> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        text => text.map_err(|error| CliError::io(path.display().to_string(), error))?,
    };
    let wire = serde_json::from_str::<Wire>(&text).ok().filter(|wire| wire.format == FORMAT && wire.version == VERSION);
    let Some(wire) = wire else {
        let error = CliError::usage(format!("{} does not hold decisions that this version reads", path.display()));
        return Err(error.hint("`apply --interactive --ask-again` starts anew"));
    };
    Ok(wire.decisions.into_iter().map(|entry| (entry.key.clone(), entry)).collect())
}

/// A digest of what a fix is and does.
fn content(at: &StepName, finding: &Finding, files: &Snapshot) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &[u8]| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    };
    for text in [&at.phase, &at.step, &finding.message] {
        add(text.as_bytes());
    }
    add(finding.place.path.as_bytes());
    if let Outcome::Fix(fix) = &finding.outcome {
        for (path, what) in fix.change.files() {
            add(path.as_bytes());
            let (word, to) = match what {
                FileChange::Edit(_) => ("edit", None),
                FileChange::Create { .. } => ("create", None),
                FileChange::Delete => ("delete", None),
                FileChange::Move { to, .. } => ("move", Some(to)),
            };
            add(word.as_bytes());
            add(to.map_or(&b""[..], |to| to.as_bytes()));
            let (before, after) = sides(files, path, what);
            for (side, line) in hunks(&before, &after, 0).into_iter().flat_map(|hunk| hunk.lines) {
                add(if side == Side::Old { b"-" } else { b"+" });
                add(line.as_bytes());
            }
        }
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file's text before and after a change; empty where there is none.
pub(in crate::cli) fn sides(files: &Snapshot, path: &RepoPath, what: &FileChange) -> (String, String) {
    let bytes = files.file(path).and_then(|file| files.read(file).ok()).unwrap_or_default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match what {
        FileChange::Edit(edit) | FileChange::Move { edit, .. } => (text(&bytes), text(&edit.apply(&bytes))),
        FileChange::Create { content, .. } => (String::new(), content.clone()),
        FileChange::Delete => (text(&bytes), String::new()),
    }
}

/// The files of a change that edits alone: path, text before and text after. `None` where it does anything else.
pub(super) fn edited(files: &Snapshot, change: &SourceChange) -> Option<Vec<(RepoPath, String, String)>> {
    let side = |(path, what): (&RepoPath, &FileChange)| {
        let (before, after) = sides(files, path, what);
        matches!(what, FileChange::Edit(_)).then(|| (path.clone(), before, after))
    };
    change.files().iter().map(side).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_forgotten_and_the_others_keep_their_turn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.json");
        let entry = |key: &str, said: &[Said]| Entry {
            key: key.to_owned(),
            phase: "a".to_owned(),
            step: "s".to_owned(),
            path: "a.py".to_owned(),
            message: "m".to_owned(),
            said: said.to_vec(),
        };
        let mut decisions =
            Decisions { path: path.clone(), plan: "p".to_owned(), entries: BTreeMap::new(), met: BTreeMap::new() };
        decisions
            .update(|entries| {
                for (key, said) in [
                    ("x", &[Said::Nothing, Said::Accept, Said::Reject][..]),
                    ("y", &[Said::Nothing, Said::Accept]),
                    ("z", &[Said::Accept]),
                ] {
                    entries.insert(key.to_owned(), entry(key, said));
                }
            })
            .unwrap();
        decisions.met.extend([("x".to_owned(), 3), ("y".to_owned(), 2)]);
        decisions.spend().unwrap();
        let kept = read(&path).unwrap();
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["x", "z"], "what was not met is still to be made");
        assert_eq!(kept["x"].said, [Said::Nothing, Said::Reject]);
        assert_eq!((decisions.count_of("a"), decisions.count_of("b")), (2, 0));
    }
}
