//! Transform files: `transforms/<pack>/<name>.toml`, embedded in the binary or in the repository's own `.ssot-migrate/`.

use std::collections::BTreeMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::finding::{Applicability, Outcome};
use super::wire::{Origin, Siblings, SpecError, SpecFile, Table, parse, read_table};
use super::{Doc, Scope, Severity, Transform, kind, run};
use crate::index::{Index, Options};
use crate::text::change::SourceChange;
use crate::text::path::RepoPath;
use crate::text::snapshot::{Memory, Snapshot};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/transforms");

/// The files that stand beside the embedded transforms; nothing on disk.
pub struct EmbeddedSiblings;

impl Siblings for EmbeddedSiblings {
    fn sibling(&self, of: &SpecFile, name: &str) -> Result<Arc<SpecFile>, String> {
        let missing = || "no such file".to_owned();
        let folder = of.name.strip_prefix(EMBEDDED_PREFIX).and_then(|path| path.rsplit_once('/')).ok_or_else(missing)?.0;
        let path = format!("{folder}/{name}");
        let text = EMBEDDED.get_file(&path).and_then(|file| file.contents_utf8()).ok_or_else(missing)?;
        Ok(Arc::new(SpecFile { name: format!("{EMBEDDED_PREFIX}{path}"), text: text.to_owned() }))
    }
}

/// What the names of embedded transforms start with.
const EMBEDDED_PREFIX: &str = "embedded:transforms/";

/// The transforms that plans can use, by `pack/name`; none by default.
#[derive(Clone, Default, Debug)]
pub struct Packs {
    files: BTreeMap<String, Arc<SpecFile>>,
}

impl Packs {
    /// The embedded transforms.
    pub fn embedded() -> Self {
        let mut packs = Self { files: BTreeMap::new() };
        let folders = EMBEDDED.dirs().flat_map(|pack| pack.files());
        for file in folders.filter(|file| file.path().extension().is_some_and(|extension| extension == "toml")) {
            let (Some(id), Some(text)) = (file.path().with_extension("").to_str().map(str::to_owned), file.contents_utf8())
            else {
                continue;
            };
            packs.add(id.clone(), SpecFile { name: format!("{EMBEDDED_PREFIX}{id}.toml"), text: text.to_owned() });
        }
        packs
    }

    /// Adds a transform; one of the same id gives way to it.
    pub fn add(&mut self, id: String, file: SpecFile) {
        self.files.insert(id, Arc::new(file));
    }

    /// The file of a transform.
    pub fn get(&self, id: &str) -> Option<&Arc<SpecFile>> {
        self.files.get(id)
    }

    /// The transforms' ids and files, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<SpecFile>)> {
        self.files.iter().map(|(id, file)| (id.as_str(), file))
    }

    /// The ids of all transforms, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

/// Reads a transform from a table of its own, or from the step of a plan that it is written in. The keys of the kind are read
/// from the same table; who calls this reports the keys that are left.
pub fn read(table: &Table<'_>, id: &str) -> Option<Transform> {
    let text = |key| table.string(key).map(|text| text.value).unwrap_or_default();
    let doc = Doc { what: text("what"), why: text("why"), safety: text("safety") };
    let title = table.line("title").map(|title| title.value).unwrap_or_default();
    let applicability = table.choice("applicability", &[("safe", Applicability::Safe), ("review", Applicability::Review)]);
    let severities = [Severity::Info, Severity::Warning, Severity::Error].map(|severity| (severity.word(), severity));
    let severity = table.choice("severity", &severities);
    // Read so that it is known; audits use it.
    let _ = table.string("area");
    let scope = Scope::read_with_listed(table);
    let name = table.required("kind")?;
    let kind = kind::find(table, &name)?;
    let rule = kind.read(table)?;
    Some(Transform { id: id.to_owned(), kind: kind.name, title, doc, applicability, severity, scope, rule })
}

/// Reads the transform of a file, and its examples.
///
/// # Errors
/// The file is not a transform; every problem is named with its place.
pub fn load(id: &str, file: &Arc<SpecFile>) -> Result<(Transform, Vec<Example>), SpecError> {
    let document = parse(file)?;
    read_table(document.get_ref(), file, &EmbeddedSiblings, |table| {
        let transform = read(table, id);
        let examples = table.tables("example").iter().map(Example::read).collect();
        table.finish();
        Some((transform?, examples))
    })
}

/// An example of a transform: files before, those that differ afterwards and those that are gone.
#[derive(Clone, Debug)]
pub struct Example {
    /// What it shows.
    pub title: String,
    /// Where it stands.
    pub origin: Origin,
    before: BTreeMap<String, String>,
    after: BTreeMap<String, String>,
    gone: BTreeMap<String, String>,
    /// The least sure fixes that are taken.
    threshold: Applicability,
    /// The places that are left or not taken, as `path:line`; `None` where nothing is said of them.
    found: Option<Vec<String>>,
}

impl Example {
    fn read(table: &Table<'_>) -> Self {
        let texts = |key| table.texts(key).into_iter().map(|(path, text)| (path, text.value));
        let before = texts("before");
        let unchanged = texts("unchanged");
        let after = texts("after").collect();
        let gone = texts("gone").collect();
        let title = table.line("title").map(|title| title.value).unwrap_or_default();
        let threshold = if table.flag("review") { Applicability::Review } else { Applicability::Safe };
        let found = table.has("found").then(|| table.strings("found").into_iter().map(|place| place.value).collect());
        table.finish();
        let before = before.chain(unchanged).collect();
        Self { title, origin: table.origin().clone(), before, after, gone, threshold, found }
    }

    /// Its files, as they are before and, unless they go, afterwards; sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str, Option<&str>)> {
        let paths: std::collections::BTreeSet<&String> = self.before.keys().chain(self.after.keys()).collect();
        paths.into_iter().map(|path| {
            let before = self.before.get(path).map_or("", String::as_str);
            let after =
                if self.gone.contains_key(path) { None } else { Some(self.after.get(path).map_or(before, String::as_str)) };
            (path.as_str(), before, after)
        })
    }

    /// The places that it says are listed for a person, as `path:line`.
    pub fn found(&self) -> &[String] {
        self.found.as_deref().unwrap_or_default()
    }

    /// Runs the example's transform with its safe fixes, or with all of them where it says `review = true`, and compares.
    ///
    /// # Errors
    /// The result differs; the message says how.
    pub fn run(&self, transform: &Transform) -> Result<(), String> {
        let snapshot = Memory::snapshot(self.before.iter().map(|(path, text)| (path, text.as_str())));
        let index = Index::build(snapshot.clone(), &Options::default());
        let mut change = SourceChange::default();
        let mut left = Vec::new();
        for finding in run(&index, &Scope::default(), transform, &[]) {
            match &finding.outcome {
                Outcome::Fix(fix) if fix.applicability >= self.threshold => {
                    change.union(&fix.change).map_err(|conflict| conflict.to_string())?;
                }
                Outcome::Fix(_) | Outcome::Left(_) => left.push(finding.place.to_string()),
            }
        }
        if let Some(found) = self.found.as_ref().filter(|found| **found != left) {
            return Err(format!("found {}, not {}", left.join(", "), found.join(", ")));
        }
        let made = snapshot.with(&change).map_err(|error| error.to_string())?;
        let mut wanted = self.before.clone();
        wanted.extend(self.after.clone());
        wanted.retain(|path, _| !self.gone.contains_key(path));
        let found = texts(&made);
        let missing = wanted.keys().filter(|path| !found.contains_key(*path)).map(|path| format!("{path} is gone"));
        let differing = found.iter().filter(|(path, text)| wanted.get(*path) != Some(text));
        let wrong: Vec<String> = differing.map(|(path, text)| format!("{path} became:\n{text}")).chain(missing).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

fn texts(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let text = |path: &RepoPath| {
        let bytes = snapshot.file(path).and_then(|file| snapshot.read(file).ok()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    snapshot.files().iter().map(|file| (file.path.to_string(), text(&file.path))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_transform_does_what_its_examples_say() {
        let packs = Packs::embedded();
        let mut examples = 0;
        for id in packs.ids() {
            let (transform, shown) = load(id, packs.get(id).unwrap()).unwrap_or_else(|error| panic!("{error}"));
            assert!(!transform.title.is_empty() && !transform.doc.what.is_empty() && !transform.doc.why.is_empty(), "{id}");
            assert!(!shown.is_empty(), "{id} has no example");
            for example in &shown {
                example.run(&transform).unwrap_or_else(|error| panic!("{id}, {}: {error}", example.title));
                examples += 1;
            }
        }
        assert!(examples > 0);
    }
}
