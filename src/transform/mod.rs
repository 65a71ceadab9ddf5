//! Layer 4: transforms. A [`Transform`] is a documented rule of some kind; run over an index it gives [`Finding`]s.
//!
//! Transforms are pure: they read an [`Index`] and return findings with changes in them. They cannot apply anything. A new kind
//! is a rule in `python/` and in `typescript/` and an entry of [`kind::KINDS`]; a new transform of a known kind is a TOML file and no Rust.

pub mod bonds;
mod cases;
pub mod finding;
pub mod kind;
pub mod language;
mod listed;
mod moves;
pub mod pack;
pub mod python;
mod query;
mod replacement;
pub mod suggestion;
pub mod typescript;
pub mod wire;

use globset::GlobSet;
use rayon::prelude::*;

use crate::index::Index;
use crate::index::references::Target;
use crate::lang::python::facts::AliasId;
use crate::text::change::FileChange;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use finding::{Applicability, Finding, Outcome, Place, Reason};
use python::shim::Standing;
pub use typescript::remove_unused_imports::Orphan;
use wire::{Problem, Table};

/// A rule of some kind, with its documentation.
pub struct Transform {
    /// `pack/name` for a transform of a pack, or the id of the step that it is written in.
    pub id: String,
    /// The name of its kind.
    pub kind: &'static str,
    /// What it is, in a few words.
    pub title: String,
    /// What it does, why, and when its fixes are safe.
    pub doc: Doc,
    /// The author's word on its fixes, where there is one.
    pub applicability: Option<Applicability>,
    /// How bad it is what it finds, in the author's word.
    pub severity: Option<Severity>,
    /// The files that it looks at, within the plan's scope.
    pub scope: Scope,
    /// What it does.
    pub rule: Box<dyn Rule>,
}

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Good to know.
    Info,
    /// To be mended.
    Warning,
    /// May not be.
    Error,
}

impl Severity {
    /// The word that plans and reports use.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// The manual page of a transform.
#[derive(Clone, Default, Debug)]
pub struct Doc {
    /// What it does.
    pub what: String,
    /// Why one wants that.
    pub why: String,
    /// When its fixes are safe.
    pub safety: String,
}

/// The files that a plan or a transform concerns: all that `include` matches, without those that `exclude` matches.
#[derive(Clone, Default, Debug)]
pub struct Scope {
    /// `None` includes everything.
    pub include: Option<GlobSet>,
    /// `None` excludes nothing.
    pub exclude: Option<GlobSet>,
    /// Which of them are searched and never edited, such as tests of the migration itself; `None` lists nothing.
    pub listed: Option<GlobSet>,
}

impl Scope {
    /// Reads `include` (or `paths`) and `exclude`.
    pub fn read(table: &Table<'_>) -> Self {
        let include = table.globs("include");
        let paths = table.globs("paths");
        Self { include: include.or(paths), exclude: table.globs("exclude"), listed: None }
    }

    /// The same, with `listed`.
    pub fn read_with_listed(table: &Table<'_>) -> Self {
        Self { listed: table.globs("listed"), ..Self::read(table) }
    }

    /// Whether the scope has the file.
    pub fn contains(&self, path: &RepoPath) -> bool {
        let path = path.to_os();
        self.include.as_ref().is_none_or(|globs| globs.is_match(&path))
            && !self.exclude.as_ref().is_some_and(|globs| globs.is_match(&path))
    }

    /// Whether the file is searched and never edited.
    pub fn lists(&self, path: &RepoPath) -> bool {
        self.listed.as_ref().is_some_and(|globs| globs.is_match(path.to_os()))
    }
}

/// What a kind does with its parameters.
pub trait Rule: Send + Sync {
    /// Reports symbols and modules of the rule that do not exist.
    fn check(&self, index: &Index) -> Vec<Problem>;

    /// Finds the places that the rule concerns.
    fn find(&self, context: &Context<'_>) -> Vec<Finding>;

    /// What the rule is about, by name; nothing for a rule that looks for a construct.
    fn subjects(&self, index: &Index) -> Vec<Subject>;

    /// The shims that the rule is about and that are there now, with who uses them.
    fn standing(&self, _: &Index) -> Vec<Standing> {
        Vec::new()
    }

    /// What goes with what a step of the rule takes away, besides the imports that only it needed.
    fn clears(&self) -> Clearing {
        Clearing::default()
    }
}

/// What a step takes away after it has made its own fixes, once nothing needs it any more.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Clearing {
    /// The definitions that only what the step has deleted used.
    pub helpers: bool,
    /// The modules that the step has left with nothing but a docstring.
    pub empty_modules: bool,
}

/// A symbol or module that a rule is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Subject {
    /// What the rule looks for.
    pub target: Target,
    /// What it makes of it, where it makes something.
    pub home: Option<Target>,
}

/// What a rule works on.
pub struct Context<'a> {
    /// The facts.
    pub index: &'a Index,
    /// The plan's scope.
    plan: &'a Scope,
    /// The transform's own scope.
    own: &'a Scope,
    /// What the steps of the plan are about: names by which another step knows something keep their spelling.
    named: &'a [Subject],
}

impl Context<'_> {
    /// Whether the plan and the transform concern the file. Most such files may be edited; those that are listed may not.
    pub fn in_scope(&self, file: FileId) -> bool {
        self.in_scope_path(&self.index.snapshot().get(file).path)
    }

    /// Whether the plan and the transform concern a file at the path.
    fn in_scope_path(&self, path: &RepoPath) -> bool {
        self.plan.contains(path) && self.own.contains(path)
    }

    /// Why the file may not be edited, if so.
    pub fn keeps(&self, file: FileId) -> Option<Reason> {
        self.keeps_path(&self.index.snapshot().get(file).path)
    }

    /// Why a file at the path may not be edited, if so.
    fn keeps_path(&self, path: &RepoPath) -> Option<Reason> {
        if !self.plan.contains(path) || !self.own.contains(path) {
            return Some(Reason::OutOfScope);
        }
        self.lists(path).then_some(Reason::MigrationTest)
    }

    /// Whether the file is searched and never edited.
    fn lists(&self, path: &RepoPath) -> bool {
        self.plan.lists(path) || self.own.lists(path)
    }
}

/// Finds what becomes of imports that a step has made useless, given file by file; nothing in their files reads them. The findings are
/// sorted by file and place.
pub fn orphans(index: &Index, unread: Vec<(FileId, Vec<AliasId>)>) -> Vec<Finding> {
    readable(index, python::remove_unused_imports::orphans(index, unread))
}

/// The same for imports of TypeScript.
pub fn orphans_of_typescript(index: &Index, unused: &[(FileId, Vec<Orphan>)]) -> Vec<Finding> {
    readable(index, typescript::remove_unused_imports::orphans(index, unused))
}

/// Finds the definitions that nothing uses any more since a step has removed these bytes of the files of `origin`, and what becomes of
/// them by the rules of the step's transform. The findings are sorted by file and place.
pub fn helpers(index: &Index, plan: &Scope, transform: &Transform, removed: &Removed<'_>) -> Vec<Finding> {
    let context = Context { index, plan, own: &transform.scope, named: &[] };
    let is_typescript = |file: FileId| crate::lang::typescript::is_source(&removed.origin.snapshot().get(file).path);
    let (of_typescript, of_python) = removed.bytes.iter().cloned().partition(|(file, _)| is_typescript(*file));
    let of = |bytes| Removed { origin: removed.origin, bytes };
    let mut found = python::delete_definition::helpers::find(&context, &of(of_python));
    found.extend(typescript::delete_definition::helpers::find(&context, &of(of_typescript)));
    vouched(transform, &context, found)
}

/// Finds what becomes of modules that a step has left with nothing but a docstring, among some files. The findings are sorted by file
/// and place.
pub fn emptied(index: &Index, plan: &Scope, transform: &Transform, files: &[FileId]) -> Vec<Finding> {
    let context = Context { index, plan, own: &transform.scope, named: &[] };
    let is_typescript = |file: &FileId| crate::lang::typescript::is_source(&index.snapshot().get(*file).path);
    let (of_typescript, of_python): (Vec<FileId>, Vec<FileId>) = files.iter().partition(|file| is_typescript(file));
    let mut found = python::delete_module::emptied(&context, &of_python);
    found.extend(typescript::delete_module::emptied(&context, &of_typescript));
    vouched(transform, &context, found)
}

/// What a step has removed so far.
pub struct Removed<'o> {
    /// The files as they were before the step.
    pub origin: &'o Index,
    /// The bytes of them that it has removed, by their files.
    pub bytes: Vec<(FileId, Vec<Span>)>,
}

/// The findings without the fixes that tree-sitter cannot vouch for, sorted by file and place.
fn readable(index: &Index, mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.par_iter_mut().filter(|finding| crosses_error(index, finding)).for_each(|finding| {
        finding.outcome = Outcome::Left(Reason::ParsersDisagree);
    });
    findings.par_sort_by(|a, b| a.place.cmp(&b.place));
    findings
}

/// Runs a transform over an index; `named` is what the steps of its plan are about. The findings are sorted by file and place.
pub fn run(index: &Index, plan: &Scope, transform: &Transform, named: &[Subject]) -> Vec<Finding> {
    let context = Context { index, plan, own: &transform.scope, named };
    vouched(transform, &context, transform.rule.find(&context))
}

/// The findings with the author's word on their fixes, without those that may not be made; sorted by file and place.
fn vouched(transform: &Transform, context: &Context<'_>, findings: Vec<Finding>) -> Vec<Finding> {
    let mut findings = readable(context.index, findings);
    for finding in &mut findings {
        let Outcome::Fix(fix) = &mut finding.outcome else { continue };
        match (transform.applicability, fix.applicability) {
            (Some(Applicability::Review), Applicability::Safe) => {
                fix.applicability = Applicability::Review;
                fix.reason = Some(Reason::AsPlanned);
            }
            // The author vouches for what the plan itself states, and for nothing else.
            (Some(Applicability::Safe), Applicability::Review) if fix.reason == Some(Reason::Stated) => {
                fix.applicability = Applicability::Safe;
                fix.reason = None;
            }
            _ => {}
        }
    }
    let mut findings = listed::keep(findings, &|path| context.lists(path));
    findings.par_sort_by(|a, b| a.place.cmp(&b.place));
    findings
}

/// Whether a finding's fix changes bytes that tree-sitter cannot read, though the language's own parser can.
fn crosses_error(index: &Index, finding: &Finding) -> bool {
    let Outcome::Fix(fix) = &finding.outcome else { return false };
    let crosses = |(path, what): (&RepoPath, &FileChange)| {
        let (FileChange::Edit(edit) | FileChange::Move { edit, .. }) = what else { return false };
        let Some(file) = index.snapshot().id(path).filter(|_| crate::lang::is_source(path)) else { return false };
        let Ok(text) = index.text(file) else { return false };
        let Some(tree) = index.tree(file, &text).filter(|tree| tree.has_errors()) else { return false };
        let errors = tree.errors();
        let is_in = |error: Span, edit: Span| error.intersects(edit) || error.covers(edit) || edit.covers(error);
        edit.edits().iter().any(|edit| errors.iter().any(|error| is_in(error.span, edit.span)))
    };
    fix.change.files().iter().any(crosses)
}

/// A place in a file that need not be Python.
fn place_in(index: &Index, file: FileId, span: Span) -> Place {
    Place { path: index.snapshot().get(file).path.clone(), span, position: index.position(file, span.start) }
}
