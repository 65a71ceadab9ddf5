//! Plan files: `plans/*.toml`, read and checked. What is wanted, in order; nothing about how far it has come.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::DeTable;

use super::gate::test_code::TestCode;
use super::gate::{Gate, Known};
use super::style::Style;
use super::template;
use crate::index::{Index, Options};
use crate::lang::python::collect::Version;
use crate::lang::python::modules::RootFolder;
use crate::text::path::RepoPath;
use crate::transform::pack::{Packs, read as read_transform};
use crate::transform::python::role::{self, Role};
use crate::transform::wire::{Located, Origin, Problem, Siblings, SpecError, SpecFile, Table, is_outside, parse, read_table};
use crate::transform::{Scope, Subject, Transform};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/plans");

/// The name of the plan that is used where none is named.
pub const DEFAULT_PLAN: &str = "ssot-remediation";

/// A plan: phases of steps, over a scope.
pub struct Plan {
    /// Its name, as trailers carry it.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// The files that it may edit.
    pub scope: Scope,
    /// Which of them are tests.
    pub tests: TestCode,
    /// What it says about the languages.
    pub options: Options,
    /// How its commits are made.
    pub commits: Style,
    /// Its phases, each behind those it requires.
    pub phases: Vec<Phase>,
    /// A digest of the plan's and its transforms' texts and of the tool's version, in hexadecimal digits.
    pub digest: String,
    /// The digest of the text of each transform that it uses, by its id.
    pub transforms: BTreeMap<String, String>,
}

/// A phase: what is applied, and rolled back, as a whole.
pub struct Phase {
    /// Its name within the plan.
    pub id: String,
    /// What it is, in a few words.
    pub title: String,
    /// The phases that must have been applied before.
    pub requires: Vec<String>,
    /// How much can go wrong, in the author's word.
    pub risk: String,
    /// How its commits are made; what it does not say is the plan's.
    pub commits: Style,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// The figures that it is measured by.
    pub gates: Vec<Gate>,
}

/// A step: one transform, one commit.
pub struct Step {
    /// Its name within the phase.
    pub id: String,
    /// What it is, in a few words.
    pub title: String,
    /// What it runs.
    pub transform: Transform,
}

/// The embedded plan with a name.
pub fn embedded(name: &str) -> Option<Arc<SpecFile>> {
    let file = EMBEDDED.get_file(format!("{name}.toml"))?;
    let text = file.contents_utf8()?.to_owned();
    Some(Arc::new(SpecFile { name: format!("embedded:plans/{name}.toml"), text }))
}

/// The names of the embedded plans, sorted.
pub fn embedded_names() -> Vec<String> {
    let mut names: Vec<String> =
        EMBEDDED.files().filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

/// Reads a plan.
///
/// # Errors
/// The file is not a plan; every problem is named with its place.
pub fn read(file: &Arc<SpecFile>, siblings: &dyn Siblings, packs: &Packs) -> Result<Plan, SpecError> {
    let document = parse(file)?;
    // Parsed first, so that their tables live as long as the plan's. One that is not TOML matters only to who uses it.
    let parsed: Vec<Parsed<'_>> = packs.iter().map(|(id, file)| (id, file, parse(file))).collect();
    let transforms: Vec<Under<'_>> = parsed
        .iter()
        .map(|(id, file, document)| Under { id, file, document: document.as_ref().map(Spanned::get_ref) })
        .collect();
    let siblings = Noted { inner: siblings, read: RefCell::default() };
    read_table(document.get_ref(), file, &siblings, |table| {
        let name = table.required("name");
        let title = table.line("title").map(|title| title.value).unwrap_or_default();
        let scope = table.table("scope").map(|table| {
            let scope = (Scope::read_with_listed(&table), TestCode::read(&table));
            table.finish();
            scope
        });
        let options = options(table);
        let commits = Style::read(table);
        let roles = role::read_all(table);
        let phases: Vec<(Phase, Origin)> =
            table.tables("phase").iter().filter_map(|table| phase(table, packs, &transforms, &roles)).collect();
        table.finish();
        let phases = order(table, phases)?;
        let name = identifier(table, name?)?;
        let (digest, transforms) = digests(file, packs, &phases, &siblings.read.borrow());
        let (scope, tests) = scope.unwrap_or_default();
        Some(Plan { name, title, scope, tests, options, commits, phases, digest, transforms })
    })
}

type Parsed<'p> = (&'p str, &'p Arc<SpecFile>, Result<Spanned<DeTable<'p>>, SpecError>);

/// A transform that steps can be laid over.
struct Under<'u> {
    id: &'u str,
    file: &'u Arc<SpecFile>,
    document: Result<&'u DeTable<'u>, &'u SpecError>,
}

/// The digest of the plan as a whole, with the files that it reads beside it, and of each transform that it uses.
fn digests(
    file: &SpecFile,
    packs: &Packs,
    phases: &[Phase],
    siblings: &BTreeMap<String, Arc<SpecFile>>,
) -> (String, BTreeMap<String, String>) {
    let hex = |digest: Sha256| -> String { digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect() };
    let mut digest = Sha256::new();
    digest.update(env!("CARGO_PKG_VERSION"));
    digest.update(&file.text);
    let mut transforms = BTreeMap::new();
    let steps = phases.iter().flat_map(|phase| &phase.steps).map(|step| step.transform.id.as_str());
    let gates = phases.iter().flat_map(|phase| &phase.gates).filter_map(Gate::transform);
    for (id, file) in steps.chain(gates).filter_map(|id| Some((id, packs.get(id)?))) {
        digest.update(&file.text);
        transforms.insert(id.to_owned(), hex(Sha256::new_with_prefix(&file.text)));
    }
    siblings.values().for_each(|file| digest.update(&file.text));
    (hex(digest), transforms)
}

/// Files beside a plan and its transforms, with a note of those that were read: they are part of what the plan says.
struct Noted<'s> {
    inner: &'s dyn Siblings,
    read: RefCell<BTreeMap<String, Arc<SpecFile>>>,
}

impl Siblings for Noted<'_> {
    fn sibling(&self, of: &SpecFile, name: &str) -> Result<Arc<SpecFile>, String> {
        let file = self.inner.sibling(of, name)?;
        self.read.borrow_mut().insert(file.name.clone(), file.clone());
        Ok(file)
    }
}

fn options(table: &Table<'_>) -> Options {
    let mut options = Options::default();
    if let Some(python) = table.table("python") {
        let roots = python.strings("roots");
        if !roots.is_empty() {
            options.roots = Some(roots.iter().filter_map(|root| root_folder(&python, root)).collect());
        }
        if let Some(version) = python.string("version") {
            options.version = Version::parse(&version.value);
            if options.version.is_none() {
                let problem = Problem::new(&version.origin, format!("`{}` is not a version of Python", version.value));
                python.problem(problem.hint("a version is such as \"3.11\""));
            }
        }
        python.finish();
    }
    if let Some(typescript) = table.table("typescript") {
        let projects = typescript.strings("projects");
        if !projects.is_empty() {
            options.projects = Some(projects.iter().filter_map(|project| project_file(&typescript, project)).collect());
        }
        typescript.finish();
    }
    options
}

fn project_file(table: &Table<'_>, project: &Located<String>) -> Option<RepoPath> {
    let path = RepoPath::new(project.value.trim_start_matches("./")).filter(|_| !is_outside(&project.value));
    if path.is_none() {
        let problem = Problem::new(&project.origin, format!("`{}` is not a file below the root", project.value));
        table.problem(problem.hint("a project is a file such as \"web/tsconfig.json\""));
    }
    path
}

fn root_folder(table: &Table<'_>, root: &Located<String>) -> Option<RootFolder> {
    let folder = root.value.trim_end_matches('/');
    if matches!(folder, "" | ".") && !is_outside(&root.value) {
        return Some(RootFolder::new(b""));
    }
    if is_outside(folder) || RepoPath::new(folder).is_none() {
        let problem = Problem::new(&root.origin, format!("`{}` is not a folder below the root", root.value));
        table.problem(problem.hint("write the folder's path from the root, or `.` for the root itself"));
        return None;
    }
    Some(RootFolder::new(folder.as_bytes()))
}

fn phase(table: &Table<'_>, packs: &Packs, transforms: &[Under<'_>], roles: &[Role]) -> Option<(Phase, Origin)> {
    let id = table.required("id").and_then(|id| Some((identifier(table, id.clone())?, id.origin)));
    let title = table.line("title").map(|title| title.value).unwrap_or_default();
    let requires = table.strings("requires").into_iter().map(|required| required.value).collect();
    let risk = table.line("risk").map(|risk| risk.value).unwrap_or_default();
    let commits = Style::read(table);
    let mut steps: Vec<Step> = Vec::new();
    for inner in table.tables("step") {
        if let Some((step, origin)) = step(&inner, packs, transforms) {
            if steps.iter().any(|other| other.id == step.id) {
                table.problem(Problem::new(&origin, format!("there are two steps `{}` in this phase", step.id)));
            }
            steps.push(step);
        }
    }
    let gates = gates(table, &steps, packs, transforms, roles);
    table.finish();
    let (id, origin) = id?;
    template::check(table, &origin, &[&title]);
    Some((Phase { id, title, requires, risk, commits, steps, gates }, origin))
}

fn gates(table: &Table<'_>, steps: &[Step], packs: &Packs, transforms: &[Under<'_>], roles: &[Role]) -> Vec<Gate> {
    let known = Known {
        roles,
        steps: steps.iter().map(|step| step.id.as_str()).collect(),
        transform: &|table, id| {
            let with = table.table("with");
            used(table, id, with, packs, transforms)
        },
    };
    let mut gates: Vec<Gate> = Vec::new();
    for inner in table.tables("gate") {
        let Some(gate) = Gate::read(&inner, &known) else { continue };
        if gates.iter().any(|other| other.id == gate.id) {
            table.problem(Problem::new(inner.origin(), format!("there are two gates `{}` in this phase", gate.id)));
        }
        gates.push(gate);
    }
    gates
}

fn step<'t>(table: &Table<'t>, packs: &Packs, transforms: &[Under<'t>]) -> Option<(Step, Origin)> {
    let id = table.required("id")?;
    let origin = id.origin.clone();
    let id = identifier(table, id)?;
    let Some(used) = table.string("use") else {
        let transform = read_transform(table, &id);
        table.finish();
        let transform = transform?;
        template::check(table, &origin, &[&transform.title, &transform.doc.why]);
        return Some((Step { id, title: transform.title.clone(), transform }, origin));
    };
    let title = table.line("title").map(|title| title.value);
    let with = table.table("with");
    if table.has("kind") {
        table.problem(Problem::new(&used.origin, "a step has either `use` or `kind`"));
    }
    table.finish();
    let transform = self::used(table, &used, with, packs, transforms)?;
    let title = title.unwrap_or_else(|| transform.title.clone());
    template::check(table, &origin, &[&title, &transform.doc.why]);
    Some((Step { id, title, transform }, origin))
}

/// Reads a transform that is used by its id, with what is laid over it.
fn used<'t>(
    table: &Table<'t>,
    used: &Located<String>,
    with: Option<Table<'t>>,
    packs: &Packs,
    transforms: &[Under<'t>],
) -> Option<Transform> {
    let Some(under) = transforms.iter().find(|under| under.id == used.value) else {
        let problem = Problem::new(&used.origin, format!("there is no transform `{}`", used.value));
        table.problem(problem.did_you_mean(&used.value, packs.ids()));
        return None;
    };
    let document = match under.document {
        Ok(document) => document,
        Err(error) => {
            table.problems(error.clone());
            return None;
        }
    };
    let place = Origin { file: under.file.clone(), range: 0..0 };
    let lower = match &with {
        Some(with) => with.over(document, place),
        None => table.standing_in(document, place),
    };
    let transform = read_transform(&lower, &used.value);
    // The examples belong to the transform's own tests.
    let _ = lower.has("example");
    lower.finish();
    transform
}

/// Whether a text is fit to be an id.
pub fn is_identifier(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.chars().all(is_plain) && !text.starts_with(['-', '.'])
}

/// An id goes into commit trailers and onto command lines.
pub(super) fn identifier(table: &Table<'_>, id: Located<String>) -> Option<String> {
    if !is_identifier(&id.value) {
        let problem = Problem::new(&id.origin, format!("`{}` is not an id", id.value));
        table.problem(problem.hint("an id is letters, digits, `-`, `_` and `.`, and starts with a letter or digit"));
        return None;
    }
    Some(id.value)
}

/// Puts the phases in an order in which each comes behind those it requires, and otherwise as they are written.
fn order(table: &Table<'_>, phases: Vec<(Phase, Origin)>) -> Option<Vec<Phase>> {
    let ids: Vec<String> = phases.iter().map(|(phase, _)| phase.id.clone()).collect();
    let mut is_sound = true;
    for (at, (phase, origin)) in phases.iter().enumerate() {
        if ids[..at].contains(&phase.id) {
            table.problem(Problem::new(origin, format!("there are two phases `{}`", phase.id)));
            is_sound = false;
        }
        for required in phase.requires.iter().filter(|required| !ids.contains(required)) {
            let problem = Problem::new(origin, format!("`{}` requires `{required}`, which is no phase of this plan", phase.id));
            table.problem(problem.did_you_mean(required, ids.iter().map(String::as_str)));
            is_sound = false;
        }
    }
    if !is_sound {
        return None;
    }
    let mut ordered: Vec<Phase> = Vec::new();
    let mut left = phases;
    while !left.is_empty() {
        let done: BTreeSet<&str> = ordered.iter().map(|phase| phase.id.as_str()).collect();
        let is_ready = |(phase, _): &(Phase, Origin)| phase.requires.iter().all(|required| done.contains(required.as_str()));
        let Some(next) = left.iter().position(is_ready) else {
            let cycle: Vec<&str> = left.iter().map(|(phase, _)| phase.id.as_str()).collect();
            table.problem(Problem::new(&left[0].1, format!("the phases {} require one another in a circle", cycle.join(", "))));
            return None;
        };
        ordered.push(left.remove(next).0);
    }
    Some(ordered)
}

impl Plan {
    /// The phase with an id.
    pub fn phase(&self, id: &str) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.id == id)
    }

    /// The step of a phase with an id, and those behind it.
    pub fn from_step(&self, phase: &str, step: &str) -> &[Step] {
        let steps = self.phase(phase).map(|phase| &phase.steps[..]).unwrap_or_default();
        steps.iter().position(|other| other.id == step).map_or(&[], |at| &steps[at..])
    }

    /// What the steps of all phases are about.
    pub fn subjects(&self, index: &Index) -> Vec<Subject> {
        self.phases.iter().flat_map(|phase| &phase.steps).flat_map(|step| step.transform.rule.subjects(index)).collect()
    }

    /// The phases that a phase requires, directly or through others, in the plan's order.
    pub fn required(&self, id: &str) -> Vec<&Phase> {
        let mut wanted: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = vec![id];
        while let Some(id) = open.pop() {
            for required in self.phase(id).into_iter().flat_map(|phase| &phase.requires) {
                if wanted.insert(required) {
                    open.push(required);
                }
            }
        }
        self.phases.iter().filter(|phase| wanted.contains(phase.id.as_str())).collect()
    }

    /// The phases that require a phase, directly or through others, in the plan's order.
    pub fn dependents(&self, id: &str) -> Vec<&Phase> {
        self.phases.iter().filter(|phase| self.required(&phase.id).iter().any(|required| required.id == id)).collect()
    }
}
