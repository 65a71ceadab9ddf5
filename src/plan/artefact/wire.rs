//! The shape of a saved plan on disk, and the distrust of it.
//!
//! The digest tells a file that was changed or cut off by accident. It is no signature: whoever writes a file can compute it. So
//! everything that is read is checked as if by a stranger: paths stay below the root and away from git's own folder, each path stands
//! once, edits are in order and apart, ids are ids. The most that a forged file can do is what a patch can do: change files.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Artefact, ArtefactError, SavedFile, SavedFinding, SavedGate, SavedStep, Selected, State};
use crate::index::Options;
use crate::lang::python::collect::Version;
use crate::lang::python::modules::RootFolder;
use crate::plan::gate::worse::Worse;
use crate::plan::gate::{Count, Counted, Limit, Part};
use crate::plan::spec::is_identifier;
use crate::text::blob::{BlobId, Mode};
use crate::text::change::{FileChange, SourceChange};
use crate::text::edit::{Edit, TextEdit};
use crate::text::path::RepoPath;
use crate::text::plain;
use crate::text::span::Span;
use crate::transform::finding::{Applicability, Reason};

/// The version of the format.
pub const VERSION: u64 = 2;
/// What the file says that it is.
const FORMAT: &str = "ssot-migrate plan";

/// The most parts that a step may have: more than any repository has files.
const MOST_PARTS: usize = 100_000_000;

/// The first fields, which every version has.
#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    version: u64,
    tool: String,
    digest: String,
    plan: String,
    source: String,
    plan_digest: String,
    transforms: BTreeMap<String, String>,
    commit: String,
    tree: String,
    phases: Vec<String>,
    only: bool,
    threshold: String,
    options: WireOptions,
    gates: Vec<WireGate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    worse: Vec<WireWorse>,
    steps: Vec<WireStep>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireOptions {
    roots: Option<Vec<String>>,
    version: Option<(u8, u8)>,
    projects: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireGate {
    phase: String,
    gate: String,
    max: u64,
    r#in: String,
    before: Option<WireCount>,
    after: Option<WireCount>,
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

#[derive(Clone, Copy, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    part: Option<(usize, usize)>,
    summary: String,
    text: String,
    left: Vec<WireFinding>,
    changes: Vec<Vec<WireChange>>,
    files: Vec<WireFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFinding {
    path: String,
    line: u32,
    message: String,
    reason: Option<String>,
    review: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFile {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved_from: Option<String>,
    /// The blob and the mode in octal digits.
    before: Option<(String, String)>,
    after: Option<(String, String)>,
    lines: String,
}

/// The start and the end of what is replaced, and what takes its place.
type WireEdit = (u32, u32, String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "do")]
enum WireChange {
    Edit { path: String, edits: Vec<WireEdit> },
    Create { path: String, content: String, mode: String },
    Delete { path: String },
    Move { path: String, to: String, edits: Vec<WireEdit> },
}

/// Whether a text says that it is a saved plan, of whatever version.
pub fn is_saved_plan(text: &str) -> bool {
    serde_json::from_str::<Head>(text).is_ok_and(|head| head.format.as_deref() == Some(FORMAT))
}

impl Artefact {
    /// The text of the file.
    pub fn to_json(&self) -> String {
        let mut wire = Wire {
            format: FORMAT.to_owned(),
            version: VERSION,
            tool: self.tool.clone(),
            digest: String::new(),
            plan: self.plan.clone(),
            source: self.source.clone(),
            plan_digest: self.plan_digest.clone(),
            transforms: self.transforms.clone(),
            commit: self.commit.clone(),
            tree: self.tree.clone(),
            phases: self.selected.phases.clone(),
            only: self.selected.only,
            threshold: self.selected.threshold.word().to_owned(),
            options: options_to_wire(&self.options),
            gates: self.gates.iter().map(gate_to_wire).collect(),
            worse: self.worse.iter().map(worse_to_wire).collect(),
            steps: self.steps.iter().map(step_to_wire).collect(),
        };
        wire.digest = digest(&wire);
        // Strings and numbers alone: nothing that could fail to serialise.
        serde_json::to_string_pretty(&wire).unwrap_or_default() + "\n"
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// It is no saved plan of this version, has been changed, or is none that the tool has made.
    pub fn from_json(text: &str) -> Result<Self, ArtefactError> {
        let malformed = |error: serde_json::Error| ArtefactError::Malformed(error.to_string());
        let head: Head = serde_json::from_str(text).map_err(malformed)?;
        if head.format.as_deref() != Some(FORMAT) {
            return Err(ArtefactError::Malformed(format!("it does not say \"format\": \"{FORMAT}\"")));
        }
        match head.version.unwrap_or_default() {
            VERSION => {}
            older if older < VERSION => return Err(ArtefactError::Older(older)),
            newer => return Err(ArtefactError::Newer(newer)),
        }
        let mut wire: Wire = serde_json::from_str(text).map_err(malformed)?;
        let said = std::mem::take(&mut wire.digest);
        if digest(&wire) != said {
            return Err(ArtefactError::Tampered);
        }
        from_wire(wire).map_err(ArtefactError::Unsound)
    }
}

fn digest(wire: &Wire) -> String {
    let text = serde_json::to_vec(wire).unwrap_or_default();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn options_to_wire(options: &Options) -> WireOptions {
    let root = |root: &RootFolder| RepoPath::new(root.as_bytes()).map_or_else(String::new, |path| path.to_text());
    WireOptions {
        roots: options.roots.as_ref().map(|roots| roots.iter().map(root).collect()),
        version: options.version.map(|version| (version.major, version.minor)),
        projects: options.projects.as_ref().map(|projects| projects.iter().map(RepoPath::to_text).collect()),
    }
}

fn count_to_wire(count: Count) -> WireCount {
    WireCount { service: count.service, tests: count.tests }
}

fn gate_to_wire(gate: &SavedGate) -> WireGate {
    WireGate {
        phase: gate.phase.clone(),
        gate: gate.gate.clone(),
        max: gate.limit.max,
        r#in: gate.limit.part.word().to_owned(),
        before: gate.counts.map(|(before, _)| count_to_wire(before)),
        after: gate.counts.map(|(_, after)| count_to_wire(after)),
    }
}

fn worse_to_wire(worse: &Worse) -> WireWorse {
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
        before: count_to_wire(worse.before),
        after: count_to_wire(worse.after),
        new: worse.new.iter().map(place).collect(),
    }
}

fn step_to_wire(step: &SavedStep) -> WireStep {
    let edits = |edit: &TextEdit| edit.edits().iter().map(|edit| (edit.span.start, edit.span.end, edit.text.clone())).collect();
    let change = |(path, change): (&RepoPath, &FileChange)| {
        let path = path.to_text();
        match change {
            FileChange::Edit(edit) => WireChange::Edit { path, edits: edits(edit) },
            FileChange::Create { content, mode } => {
                WireChange::Create { path, content: content.clone(), mode: mode.octal().to_owned() }
            }
            FileChange::Delete => WireChange::Delete { path },
            FileChange::Move { to, edit } => WireChange::Move { path, to: to.to_text(), edits: edits(edit) },
        }
    };
    let state = |state: State| state.map(|(blob, mode)| (blob.to_string(), mode.octal().to_owned()));
    let file = |file: &SavedFile| WireFile {
        path: file.path.to_text(),
        moved_from: file.moved_from.as_ref().map(RepoPath::to_text),
        before: state(file.before),
        after: state(file.after),
        lines: file.lines.clone(),
    };
    let finding = |finding: &SavedFinding| WireFinding {
        path: finding.path.to_text(),
        line: finding.line,
        message: finding.message.clone(),
        reason: finding.reason.map(|reason| reason.code().to_owned()),
        review: finding.is_review,
    };
    WireStep {
        phase: step.phase.clone(),
        step: step.step.clone(),
        part: step.part,
        summary: step.summary.clone(),
        text: step.text.clone(),
        left: step.left.iter().map(finding).collect(),
        changes: step.changes.iter().map(|changes| changes.files().iter().map(change).collect()).collect(),
        files: step.files.iter().map(file).collect(),
    }
}

/// What is wrong with a file, in words.
type Unsound = String;

fn from_wire(wire: Wire) -> Result<Artefact, Unsound> {
    let is_hex = |text: &str| !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if ![&wire.commit, &wire.tree, &wire.plan_digest].into_iter().all(|text| is_hex(text)) {
        return Err("an id is not one".to_owned());
    }
    let ids = wire.steps.iter().flat_map(|step| step.step.split(", ").chain([step.phase.as_str()]));
    let others = wire.phases.iter().chain([&wire.plan]).map(String::as_str);
    if let Some(id) = ids.chain(others).find(|id| !is_identifier(id)) {
        return Err(format!("`{}` is not an id", shown(id)));
    }
    let threshold = [Applicability::Safe, Applicability::Review].into_iter().find(|word| word.word() == wire.threshold);
    Ok(Artefact {
        tool: wire.tool,
        plan: wire.plan,
        source: wire.source,
        plan_digest: wire.plan_digest,
        transforms: wire.transforms,
        commit: wire.commit,
        tree: wire.tree,
        selected: Selected {
            phases: wire.phases,
            only: wire.only,
            threshold: threshold.ok_or("its threshold is neither safe nor review")?,
        },
        options: options(wire.options)?,
        gates: wire.gates.into_iter().map(gate).collect::<Result<_, _>>()?,
        worse: wire.worse.into_iter().map(worse).collect::<Result<_, _>>()?,
        steps: wire.steps.into_iter().map(step).collect::<Result<_, _>>()?,
    })
}

/// A text in a message: short, and without characters that do something to a terminal.
fn shown(text: &str) -> String {
    plain::line(text).chars().take(80).collect()
}

fn path(text: &str) -> Result<RepoPath, Unsound> {
    RepoPath::from_text(text).ok_or_else(|| format!("the path `{}` does not name a file below the root", shown(text)))
}

fn options(wire: WireOptions) -> Result<Options, Unsound> {
    let root = |text: String| match text.as_str() {
        "" => Ok(RootFolder::new(b"")),
        text => Ok(RootFolder::new(path(text)?.as_bytes())),
    };
    Ok(Options {
        roots: wire.roots.map(|roots| roots.into_iter().map(root).collect::<Result<_, Unsound>>()).transpose()?,
        version: wire.version.map(|(major, minor)| Version { major, minor }),
        projects: wire.projects.map(|all| all.iter().map(|text| path(text)).collect::<Result<_, _>>()).transpose()?,
    })
}

fn limit(max: u64, part: &str) -> Result<Limit, Unsound> {
    let part = Part::ALL.into_iter().find(|known| known.word() == part);
    Ok(Limit { max, part: part.ok_or("a gate counts in no part of the code that there is")? })
}

fn count(wire: WireCount) -> Count {
    Count { service: wire.service, tests: wire.tests }
}

fn gate(wire: WireGate) -> Result<SavedGate, Unsound> {
    let limit = limit(wire.max, &wire.r#in)?;
    let counts = wire.before.map(count).zip(wire.after.map(count));
    Ok(SavedGate { phase: wire.phase, gate: wire.gate, limit, counts })
}

fn worse(wire: WireWorse) -> Result<Worse, Unsound> {
    let place = |place: WirePlace| {
        let at = place.at.map(|(text, line, column)| Ok::<_, Unsound>((path(&text)?, (line, column)))).transpose()?;
        Ok(Counted { is_test: place.test, at, what: place.what })
    };
    Ok(Worse {
        phase: wire.phase,
        gate: wire.gate,
        limit: limit(wire.max, &wire.r#in)?,
        before: count(wire.before),
        after: count(wire.after),
        new: wire.new.into_iter().map(place).collect::<Result<_, Unsound>>()?,
    })
}

fn step(wire: WireStep) -> Result<SavedStep, Unsound> {
    let step = SavedStep {
        phase: wire.phase,
        step: wire.step,
        part: wire.part,
        summary: wire.summary,
        text: wire.text,
        left: wire.left.into_iter().map(finding).collect::<Result<_, _>>()?,
        changes: wire.changes.into_iter().map(changes).collect::<Result<_, _>>()?,
        files: wire.files.into_iter().map(file).collect::<Result<_, _>>()?,
    };
    if step.part.is_some_and(|(at, of)| at == 0 || at > of || of > MOST_PARTS) {
        return Err("a step has a part that it cannot have".to_owned());
    }
    check_files(&step)?;
    Ok(step)
}

/// Refuses a path that stands twice, and a change that is bound to no content.
fn check_files(step: &SavedStep) -> Result<(), Unsound> {
    let mut seen = BTreeSet::new();
    let paths = step.files.iter().flat_map(|file| [Some(&file.path), file.moved_from.as_ref()]);
    if let Some(path) = paths.flatten().find(|path| !seen.insert(*path)) {
        return Err(format!("{path} stands in it twice"));
    }
    let units = step.units();
    let unbound = units.iter().find(|unit| !unit.iter().any(|path| seen.contains(path)));
    if let Some(path) = unbound.and_then(|unit| unit.first()) {
        return Err(format!("the change of {path} is bound to no content"));
    }
    let touched: BTreeSet<&RepoPath> = units.iter().flatten().collect();
    match seen.into_iter().find(|path| !touched.contains(path)) {
        Some(path) => Err(format!("nothing changes {path}, and it says so")),
        None => Ok(()),
    }
}

fn finding(wire: WireFinding) -> Result<SavedFinding, Unsound> {
    let known = |code: &String| Reason::ALL.iter().copied().find(|reason| reason.code() == code);
    let reason = wire.reason.as_ref().map(|code| known(code).ok_or("a reason is none that there is")).transpose()?;
    Ok(SavedFinding { path: path(&wire.path)?, line: wire.line, message: wire.message, reason, is_review: wire.review })
}

fn mode(text: &str) -> Result<Mode, Unsound> {
    let known = [Mode::Regular, Mode::Executable].into_iter().find(|mode| mode.octal() == text);
    known.ok_or_else(|| format!("`{}` is not the mode of a regular file", shown(text)))
}

fn file(wire: WireFile) -> Result<SavedFile, Unsound> {
    let state = |state: Option<(String, String)>| {
        let state = state.map(|(blob, text)| {
            let blob = BlobId::from_hex(&blob).ok_or_else(|| "a blob's id is not one".to_owned())?;
            Ok::<_, Unsound>((blob, mode(&text)?))
        });
        state.transpose()
    };
    let moved_from = wire.moved_from.map(|text| path(&text)).transpose()?;
    Ok(SavedFile {
        path: path(&wire.path)?,
        moved_from,
        before: state(wire.before)?,
        after: state(wire.after)?,
        lines: wire.lines,
    })
}

fn changes(wire: Vec<WireChange>) -> Result<SourceChange, Unsound> {
    let mut change = SourceChange::default();
    let mut seen = BTreeSet::new();
    for wire in wire {
        let (text, what) = match wire {
            WireChange::Edit { path, edits } => (path, FileChange::Edit(text_edit(edits)?)),
            WireChange::Create { path, content, mode: text } => (path, FileChange::Create { content, mode: mode(&text)? }),
            WireChange::Delete { path } => (path, FileChange::Delete),
            WireChange::Move { path: from, to, edits } => (from, FileChange::Move { to: path(&to)?, edit: text_edit(edits)? }),
        };
        let path = path(&text)?;
        if !seen.insert(path.clone()) {
            return Err(format!("{path} is changed twice at once"));
        }
        change.union(&SourceChange::of(path, what)).map_err(|conflict| conflict.to_string())?;
    }
    Ok(change)
}

fn text_edit(wire: Vec<WireEdit>) -> Result<TextEdit, Unsound> {
    let mut edits = Vec::with_capacity(wire.len());
    for (start, end, text) in wire {
        if start > end {
            return Err("an edit ends before it starts".to_owned());
        }
        edits.push(Edit::replace(Span::new(start, end), text));
    }
    let count = edits.len();
    let edit = TextEdit::new(edits).map_err(|overlap| overlap.to_string())?;
    // What the tool writes is in order and apart; nothing of it is merged.
    if edit.edits().len() == count { Ok(edit) } else { Err("edits of a file overlap".to_owned()) }
}

/// A file with the digest that fits it, as anybody can make one.
#[cfg(test)]
pub(super) fn reseal(text: &str) -> String {
    let Ok(mut wire) = serde_json::from_str::<Wire>(text) else { return text.to_owned() };
    wire.digest.clear();
    wire.digest = digest(&wire);
    serde_json::to_string_pretty(&wire).unwrap_or_default()
}
