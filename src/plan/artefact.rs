//! A built plan as a file: `plan --out FILE`, `apply FILE`.
//!
//! The file holds the edits and, for every file that they touch, the blob ids before and after, so that what is applied is what
//! was reviewed or nothing at all. A digest over everything else tells a file that has been tampered with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::build::BuiltStep;
use super::delta::{FileDelta, deltas};
use super::gate::worse::Worse;
use super::gate::{Count, Counted, Limit, Part};
use crate::text::blob::{BlobId, Mode};
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::snapshot::{ChangeError, Snapshot};
use crate::text::span::Span;

/// The version of the format.
const VERSION: u32 = 1;
/// What the file says that it is.
const FORMAT: &str = "ssot-migrate plan";

/// A saved plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Artefact {
    /// The plan's name.
    pub plan: String,
    /// The digest of the plan's and its transforms' texts.
    pub plan_digest: String,
    /// The commit that the plan was made for.
    pub commit: String,
    /// The gates that phases would leave worse than they are: then the plan is not carried out.
    pub worse: Vec<Worse>,
    /// The steps that change something.
    pub steps: Vec<SavedStep>,
}

/// A step of a saved plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedStep {
    /// The phase's id.
    pub phase: String,
    /// The step's id.
    pub step: String,
    /// The commit's message, with its trailers.
    pub message: String,
    /// The changes, one after the other.
    pub changes: Vec<SourceChange>,
    /// The files: path, old path, blob before, blob afterwards.
    pub files: Vec<SavedFile>,
}

/// What a step does to a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedFile {
    /// Its path afterwards.
    pub path: RepoPath,
    /// Its path before, if it moves.
    pub moved_from: Option<RepoPath>,
    /// Its content before.
    pub before: Option<BlobId>,
    /// Its content afterwards.
    pub after: Option<BlobId>,
}

/// Why a file is no saved plan, or one that does not fit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ArtefactError {
    /// It is not JSON of the right shape.
    #[error("this is not a saved plan: {0}")]
    Malformed(String),
    /// It is of another version.
    #[error("this is a saved plan of version {0}; this tool reads version {VERSION}")]
    Version(u32),
    /// Its digest does not fit its content.
    #[error("the saved plan has been changed after it was made: its digest does not fit")]
    Tampered,
    /// Files are not what the plan was made for.
    #[error("{} not what the plan was made for:{}", if .0.len() == 1 { "a file is".to_owned() } else { format!("{} files are", .0.len()) }, paths(.0))]
    Drifted(Vec<RepoPath>),
    /// Its edits do not make the contents that it promises.
    #[error("the saved plan does not make of {0} what it says")]
    Inconsistent(RepoPath),
    /// Its changes do not fit the files.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

fn paths(paths: &[RepoPath]) -> String {
    paths.iter().map(|path| format!("\n  {path}")).collect()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    version: u32,
    tool: String,
    digest: String,
    plan: String,
    plan_digest: String,
    commit: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    worse: Vec<WireWorse>,
    steps: Vec<WireStep>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireWorse {
    phase: String,
    gate: String,
    max: u64,
    r#in: String,
    before: WireCount,
    after: WireCount,
    new: Vec<WirePlace>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireCount {
    service: u64,
    tests: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePlace {
    at: Option<(String, u32, u32)>,
    what: String,
    test: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireStep {
    phase: String,
    step: String,
    message: String,
    changes: Vec<Vec<WireChange>>,
    files: Vec<WireFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFile {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved_from: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "do")]
enum WireChange {
    Edit { path: String, edits: Vec<(u32, u32, String)> },
    Create { path: String, content: String, executable: bool },
    Delete { path: String },
    Move { path: String, to: String, edits: Vec<(u32, u32, String)> },
}

impl Artefact {
    /// The text of the file.
    pub fn to_json(&self) -> String {
        let mut wire = Wire {
            format: FORMAT.to_owned(),
            version: VERSION,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            digest: String::new(),
            plan: self.plan.clone(),
            plan_digest: self.plan_digest.clone(),
            commit: self.commit.clone(),
            worse: self.worse.iter().map(worse_to_wire).collect(),
            steps: self.steps.iter().map(to_wire).collect(),
        };
        wire.digest = digest(&wire);
        // Strings and numbers alone: nothing that could fail to serialise.
        serde_json::to_string_pretty(&wire).unwrap_or_default() + "\n"
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// It is no saved plan of this version, or has been tampered with.
    pub fn from_json(text: &str) -> Result<Self, ArtefactError> {
        let malformed = |error: serde_json::Error| ArtefactError::Malformed(error.to_string());
        let head: serde_json::Value = serde_json::from_str(text).map_err(malformed)?;
        if head.get("format").and_then(|format| format.as_str()) != Some(FORMAT) {
            return Err(ArtefactError::Malformed(format!("it does not say \"format\": \"{FORMAT}\"")));
        }
        let version = head.get("version").and_then(|version| version.as_u64()).unwrap_or_default();
        if version != u64::from(VERSION) {
            return Err(ArtefactError::Version(version as u32));
        }
        let mut wire: Wire = serde_json::from_str(text).map_err(malformed)?;
        let said = std::mem::take(&mut wire.digest);
        if digest(&wire) != said {
            return Err(ArtefactError::Tampered);
        }
        let outside = || ArtefactError::Malformed("a path leads out of the root".to_owned());
        let steps = wire.steps.into_iter().map(from_wire).collect::<Option<_>>().ok_or_else(outside)?;
        let worse = wire.worse.into_iter().map(worse_from_wire).collect::<Option<_>>().ok_or_else(outside)?;
        Ok(Self { plan: wire.plan, plan_digest: wire.plan_digest, commit: wire.commit, worse, steps })
    }

    /// Whether a snapshot has already what the steps come to.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn is_done(&self, snapshot: &Snapshot) -> Result<bool, ArtefactError> {
        let mut last: BTreeMap<&RepoPath, Option<BlobId>> = BTreeMap::new();
        for file in self.steps.iter().flat_map(|step| &step.files) {
            last.extend(file.moved_from.as_ref().map(|old| (old, None)));
            last.insert(&file.path, file.after);
        }
        for (path, after) in last {
            if snapshot.file(path).map(|file| snapshot.blob(file)).transpose().map_err(ChangeError::from)? != after {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes the saved steps on a snapshot and returns what each comes to.
    ///
    /// # Errors
    /// A file is not what the plan was made for. Nothing is made then.
    pub fn replay(&self, base: &Snapshot) -> Result<Vec<Vec<FileDelta>>, ArtefactError> {
        let mut snapshot = base.clone();
        let mut made = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let mut drifted = Vec::new();
            for file in &step.files {
                let old = file.moved_from.as_ref().unwrap_or(&file.path);
                let found = snapshot.file(old).map(|file| snapshot.blob(file)).transpose().map_err(ChangeError::from)?;
                if found != file.before {
                    drifted.push(old.clone());
                }
            }
            if !drifted.is_empty() {
                return Err(ArtefactError::Drifted(drifted));
            }
            let before = snapshot.clone();
            for change in &step.changes {
                snapshot = snapshot.with(change)?;
            }
            let files = deltas(&before, &snapshot, &step.changes).map_err(ChangeError::from)?;
            let promised = |delta: &&FileDelta| {
                let after = delta.after.as_ref().map(|content| content.blob);
                !step.files.iter().any(|file| file.path == delta.path && file.after == after)
            };
            if let Some(delta) = files.iter().find(promised) {
                return Err(ArtefactError::Inconsistent(delta.path.clone()));
            }
            made.push(files);
        }
        Ok(made)
    }
}

impl SavedStep {
    /// The step as it is saved.
    pub fn new(step: &BuiltStep, message: String) -> Self {
        let file = |delta: &FileDelta| SavedFile {
            path: delta.path.clone(),
            moved_from: delta.moved_from.clone(),
            before: delta.before.as_ref().map(|content| content.blob),
            after: delta.after.as_ref().map(|content| content.blob),
        };
        Self {
            phase: step.phase.clone(),
            step: step.step.clone(),
            message,
            changes: step.changes.clone(),
            files: step.files.iter().map(file).collect(),
        }
    }
}

fn digest(wire: &Wire) -> String {
    let text = serde_json::to_vec(wire).unwrap_or_default();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn to_wire(step: &SavedStep) -> WireStep {
    let edits = |edit: &TextEdit| edit.edits().iter().map(|edit| (edit.span.start, edit.span.end, edit.text.clone())).collect();
    let change = |(path, change): (&RepoPath, &FileChange)| {
        let path = path.to_text();
        match change {
            FileChange::Edit(edit) => WireChange::Edit { path, edits: edits(edit) },
            FileChange::Create { content, mode } => {
                WireChange::Create { path, content: content.clone(), executable: *mode == Mode::Executable }
            }
            FileChange::Delete => WireChange::Delete { path },
            FileChange::Move { to, edit } => WireChange::Move { path, to: to.to_text(), edits: edits(edit) },
        }
    };
    let file = |file: &SavedFile| WireFile {
        path: file.path.to_text(),
        moved_from: file.moved_from.as_ref().map(RepoPath::to_text),
        before: file.before.map(|blob| blob.to_string()),
        after: file.after.map(|blob| blob.to_string()),
    };
    WireStep {
        phase: step.phase.clone(),
        step: step.step.clone(),
        message: step.message.clone(),
        changes: step.changes.iter().map(|changes| changes.files().iter().map(change).collect()).collect(),
        files: step.files.iter().map(file).collect(),
    }
}

fn worse_to_wire(worse: &Worse) -> WireWorse {
    let count = |count: &Count| WireCount { service: count.service, tests: count.tests };
    let place = |counted: &Counted| WirePlace {
        at: counted.at.as_ref().map(|(path, (line, column))| (path.to_text(), *line, *column)),
        what: counted.what.clone(),
        test: counted.is_test,
    };
    WireWorse {
        phase: worse.phase.clone(),
        gate: worse.gate.clone(),
        max: worse.limit.max,
        r#in: worse.limit.part.word().to_owned(),
        before: count(&worse.before),
        after: count(&worse.after),
        new: worse.new.iter().map(place).collect(),
    }
}

fn worse_from_wire(wire: WireWorse) -> Option<Worse> {
    let count = |count: WireCount| Count { service: count.service, tests: count.tests };
    let place = |place: WirePlace| {
        let at = match place.at {
            Some((path, line, column)) => Some((RepoPath::from_text(&path)?, (line, column))),
            None => None,
        };
        Some(Counted { is_test: place.test, at, what: place.what })
    };
    let part = Part::ALL.into_iter().find(|part| part.word() == wire.r#in)?;
    Some(Worse {
        phase: wire.phase,
        gate: wire.gate,
        limit: Limit { max: wire.max, part },
        before: count(wire.before),
        after: count(wire.after),
        new: wire.new.into_iter().map(place).collect::<Option<_>>()?,
    })
}

fn from_wire(step: WireStep) -> Option<SavedStep> {
    let text_edit = |edits: Vec<(u32, u32, String)>| {
        let edits =
            edits.into_iter().map(|(start, end, text)| (start <= end).then(|| Edit::replace(Span::new(start, end), text)));
        TextEdit::new(edits.collect::<Option<_>>()?).ok()
    };
    let mut changes = Vec::with_capacity(step.changes.len());
    for pass in step.changes {
        let mut change = SourceChange::default();
        for wire in pass {
            let (path, what) = match wire {
                WireChange::Edit { path, edits } => (path, FileChange::Edit(text_edit(edits)?)),
                WireChange::Create { path, content, executable } => {
                    let mode = if executable { Mode::Executable } else { Mode::Regular };
                    (path, FileChange::Create { content, mode })
                }
                WireChange::Delete { path } => (path, FileChange::Delete),
                WireChange::Move { path, to, edits } => {
                    (path, FileChange::Move { to: RepoPath::from_text(&to)?, edit: text_edit(edits)? })
                }
            };
            change.union(&SourceChange::of(RepoPath::from_text(&path)?, what)).ok()?;
        }
        changes.push(change);
    }
    let file = |file: WireFile| {
        let blob = |text: Option<String>| match text {
            Some(text) => BlobId::from_hex(&text).map(Some),
            None => Some(None),
        };
        let moved_from = match file.moved_from {
            Some(path) => Some(RepoPath::from_text(&path)?),
            None => None,
        };
        Some(SavedFile {
            path: RepoPath::from_text(&file.path)?,
            moved_from,
            before: blob(file.before)?,
            after: blob(file.after)?,
        })
    };
    Some(SavedStep {
        phase: step.phase,
        step: step.step,
        message: step.message,
        changes,
        files: step.files.into_iter().map(file).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::snapshot::Memory;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    fn saved() -> (Snapshot, Artefact) {
        let snapshot = Memory::snapshot([("a.py", "import x\n"), ("b.py", "b\n"), ("c.py", "c\n")]);
        let edit = TextEdit::new(vec![Edit::replace(Span::new(7, 8), "y")]).unwrap();
        let mut change = SourceChange::edit(path("a.py"), edit);
        change
            .union(&SourceChange::of(path("b.py"), FileChange::Move { to: path("d.py"), edit: TextEdit::default() }))
            .unwrap();
        change.union(&SourceChange::of(path("c.py"), FileChange::Delete)).unwrap();
        let after = snapshot.with(&change).unwrap();
        let files = deltas(&snapshot, &after, std::slice::from_ref(&change)).unwrap();
        let files = files.iter().map(|delta| SavedFile {
            path: delta.path.clone(),
            moved_from: delta.moved_from.clone(),
            before: delta.before.as_ref().map(|content| content.blob),
            after: delta.after.as_ref().map(|content| content.blob),
        });
        let step = SavedStep {
            phase: "p".into(),
            step: "s".into(),
            message: "m".into(),
            changes: vec![change],
            files: files.collect(),
        };
        let artefact =
            Artefact { plan: "n".into(), plan_digest: "d".into(), commit: "c".into(), worse: vec![worse()], steps: vec![step] };
        (snapshot, artefact)
    }

    fn worse() -> Worse {
        Worse {
            phase: "p".into(),
            gate: "g".into(),
            limit: Limit { max: 1, part: Part::Service },
            before: Count { service: 1, tests: 0 },
            after: Count { service: 2, tests: 3 },
            new: vec![Counted { is_test: false, at: Some((path("a.py"), (1, 0))), what: "import y".into() }],
        }
    }

    #[test]
    fn a_saved_plan_reads_back_and_replays() {
        let (snapshot, artefact) = saved();
        let read = Artefact::from_json(&artefact.to_json()).unwrap();
        assert_eq!(read, artefact);
        let made = read.replay(&snapshot).unwrap();
        assert_eq!(read.is_done(&snapshot), Ok(false));
        assert_eq!(read.is_done(&snapshot.with(&read.steps[0].changes[0]).unwrap()), Ok(true));
        assert_eq!(
            made[0].iter().filter_map(|delta| delta.after.clone()).map(|content| content.bytes.to_vec()).collect::<Vec<_>>(),
            [b"import y\n".to_vec(), b"b\n".to_vec()]
        );
    }

    #[test]
    fn a_tampered_or_foreign_file_is_refused() {
        let (_, artefact) = saved();
        let text = artefact.to_json();
        assert_eq!(Artefact::from_json(&text.replace("\"y\"", "\"z\"")), Err(ArtefactError::Tampered));
        assert_eq!(Artefact::from_json(&text.replace("\"version\": 1", "\"version\": 2")), Err(ArtefactError::Version(2)));
        assert!(matches!(Artefact::from_json("{}"), Err(ArtefactError::Malformed(_))));
        assert!(matches!(Artefact::from_json("not json"), Err(ArtefactError::Malformed(_))));
    }

    #[test]
    fn a_drifted_file_is_named() {
        let (_, artefact) = saved();
        let drifted = Memory::snapshot([("a.py", "import x # changed\n"), ("b.py", "b\n"), ("c.py", "c\n")]);
        assert_eq!(artefact.replay(&drifted).err(), Some(ArtefactError::Drifted(vec![path("a.py")])));
    }
}
