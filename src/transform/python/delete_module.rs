//! `delete-module`: deletes modules and packages once nothing outside of them refers to them.
//!
//! Several modules that only refer to one another go together. A module that a runner finds by its path (a test, a `conftest`, a
//! script with a `__main__` block), or a package by looking around (`pkgutil`), has no references to look for, so its deletion is for
//! review. A module that a step has left with nothing but a docstring is judged by the same rules.

use std::collections::BTreeSet;

use super::super::finding::{Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use super::super::wire::{Problem, Table};
use super::super::{Clearing, Context, Rule, Subject};
use super::View;
use super::delete_definition::{evidence, mentioned};
use super::module_subjects;
use super::named::{ModuleRef, check_module};
use crate::index::Index;
use crate::index::references::{Reference, Search, Site, Target, is_inside};
use crate::index::words::Word;
use crate::lang::python::empty;
use crate::lang::python::facts::{Computed, Use};
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, End};
use crate::lang::python::strings::{self, Role, Text};
use crate::text::change::{FileChange, SourceChange};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

struct DeleteModule {
    modules: Vec<ModuleRef>,
    cascade: bool,
}

/// Reads the parameters.
pub fn read(table: &Table<'_>) -> Option<Box<dyn Rule>> {
    if !table.has("of") {
        let problem = Problem::new(table.origin(), "`of` is missing");
        table.problem(problem.hint("`of` names the module, or a list of modules, to delete"));
    }
    let modules = table.strings("of").into_iter().filter_map(|text| ModuleRef::read(table, text)).collect();
    Some(Box::new(DeleteModule { modules, cascade: table.flag("cascade") }))
}

/// A module that is to go.
struct Doomed {
    name: String,
    /// What is said of it.
    message: String,
    files: Vec<FileId>,
    blockers: Vec<(FileId, Evidence)>,
    /// Places in JSON.
    suspects: Vec<Evidence>,
}

impl Doomed {
    /// Whether something refers to it that stays.
    fn is_blocked(&self, going: &BTreeSet<FileId>) -> bool {
        self.blockers.iter().any(|(file, _)| !going.contains(file))
    }

    /// Why its files may not be deleted, if so.
    fn kept(&self, context: &Context<'_>) -> Option<Reason> {
        self.files.iter().find_map(|&file| context.keeps(file))
    }
}

impl Rule for DeleteModule {
    fn check(&self, index: &Index) -> Vec<Problem> {
        self.modules.iter().filter_map(|module| check_module(index, &module.name, &module.origin)).collect()
    }

    fn find(&self, context: &Context<'_>) -> Vec<Finding> {
        let names: Vec<&str> = self.modules.iter().map(|module| module.name.as_str()).collect();
        delete(context, &names, &|name| format!("delete {name}"))
    }

    fn subjects(&self, index: &Index) -> Vec<Subject> {
        self.modules.iter().flat_map(|module| module_subjects(index, &module.name, None)).collect()
    }

    fn clears(&self) -> Clearing {
        Clearing { helpers: self.cascade, empty_modules: true }
    }
}

/// Finds what becomes of modules that are to go, and says this of each.
pub(super) fn delete(context: &Context<'_>, names: &[&str], message: &dyn Fn(&str) -> String) -> Vec<Finding> {
    judge(context, names.iter().map(|name| doom(context.index, name, message(name))).collect())
}

/// Finds what becomes of those among some files that have been left with nothing but a docstring. A package's `__init__.py` stays.
pub(in crate::transform) fn emptied(context: &Context<'_>, files: &[FileId]) -> Vec<Finding> {
    let index = context.index;
    let doomed = |&file: &FileId| {
        let name = index.modules().name(file).filter(|name| !name.is_empty() && !index.modules().is_package(file))?;
        if !is_empty(index, file) {
            return None;
        }
        let doomed = doom(index, name, format!("delete {name}, which this step emptied"));
        (doomed.files == [file]).then_some(doomed)
    };
    judge(context, files.iter().filter_map(doomed).collect())
}

/// Whether a module has nothing but a docstring.
pub fn is_empty(index: &Index, file: FileId) -> bool {
    let view = View::open(index, file);
    view.facts.errors.is_empty() && index.tree(file, &view.text).is_some_and(|tree| empty::is_empty(&view.text, tree))
}

/// Judges modules that are to go: the greatest set goes that nothing outside of it refers to.
fn judge(context: &Context<'_>, mut doomed: Vec<Doomed>) -> Vec<Finding> {
    doomed.retain(|module| !module.files.is_empty());
    // A module that has to stay holds on to what it refers to.
    let mut going: BTreeSet<FileId> = doomed.iter().flat_map(|module| module.files.iter().copied()).collect();
    loop {
        let is_held = |module: &&Doomed| module.is_blocked(&going) || module.kept(context).is_some();
        let held: Vec<FileId> = doomed.iter().filter(is_held).flat_map(|module| module.files.iter().copied()).collect();
        let before = going.len();
        going.retain(|file| !held.contains(file));
        if going.len() == before {
            break;
        }
    }
    doomed.iter().flat_map(|module| findings(context, module, &going)).collect()
}

fn doom(index: &Index, name: &str, message: String) -> Doomed {
    let modules = index.modules();
    let is_part = |file: &FileId| modules.name(*file).is_some_and(|module| is_inside(module, name));
    let files: Vec<FileId> = index.python_files().filter(is_part).collect();
    let targets: Vec<Target> =
        [name].into_iter().chain(lone_around(index, name, &files)).map(|name| Target::Module(name.into())).collect();
    let search = Search::new(index, &targets);
    let mut blockers: Vec<(FileId, Evidence)> =
        search.run().iter().map(|reference| (reference.file, evidence(index, reference))).collect();
    let stem = name.rsplit('.').next().unwrap_or(name);
    for &file in search.candidates() {
        blockers.extend(loaded_by_name(index, file, stem).map(|evidence| (file, evidence)));
        let code = index.facts(file).embedded_code_with_module(name);
        blockers.extend(code.map(|span| (file, View::open(index, file).quote("string", span))));
        if let Some(error) = index.facts(file).errors.first() {
            let at = View::open(index, file).place(error.span);
            let text = error.message.to_string();
            blockers.push((file, Evidence { role: "unparsable", at: Some((at.path, at.position.line)), text }));
        }
    }
    blockers.retain(|(file, _)| !files.contains(file));
    let mut suspects = Vec::new();
    for mention in search.mentions(&|_| true) {
        let evidence = mentioned(index, &mention);
        if mention.is_binding() { blockers.push((mention.file, evidence)) } else { suspects.push(evidence) }
    }
    Doomed { name: name.to_owned(), message, files, blockers, suspects }
}

/// The folders around a module that are packages without an `__init__.py`, and only as long as the module is there.
fn lone_around<'n>(index: &Index, name: &'n str, files: &[FileId]) -> Vec<&'n str> {
    let modules = index.modules();
    let has_others = |package: &str| {
        let mut inside = index.python_files().filter(|file| modules.name(*file).is_some_and(|name| is_inside(name, package)));
        inside.any(|file| !files.contains(&file))
    };
    let packages = name.match_indices('.').map(|(at, _)| &name[..at]);
    packages.filter(|package| matches!(modules.find(package), Ok(Module::Namespace(_))) && !has_others(package)).collect()
}

/// A file that imports modules by computed names, and has the module's name as a string.
fn loaded_by_name(index: &Index, file: FileId, stem: &str) -> Option<Evidence> {
    let facts = index.facts(file);
    let imports = ["import_module", "__import__"].iter().any(|name| facts.names.find(name).is_some());
    let string = facts.strings.iter().find(|string| facts.names.get(string.value).rsplit('.').next() == Some(stem))?;
    if !imports {
        return None;
    }
    let at = View::open(index, file).place(string.span);
    Some(Evidence { role: "string", at: Some((at.path, at.position.line)), text: facts.names.get(string.value).to_owned() })
}

/// Where modules are looked for at run time, and this one may be found: in a package around it (`pkgutil`), or by a name of which only a
/// part is known.
fn discovered(index: &Index, name: &str) -> Option<Evidence> {
    const FINDERS: [&str; 2] = ["iter_modules", "walk_packages"];
    let packages: Vec<&str> = name.match_indices('.').map(|(at, _)| &name[..at]).collect();
    let targets: Vec<Target> = packages.iter().map(|package| Target::Module((*package).into())).collect();
    let search = Search::new(index, &targets);
    let is_package = |end: &End| matches!(end, End::Module(module) if packages.contains(&&*index.modules().dotted(module)));
    // `package.__path__`, or `import_module("package")`.
    let is_asked = |file: FileId, used: &Use| {
        let facts = index.facts(file);
        let asks = |name: &str| matches!(name, "__path__" | "__file__");
        let at = facts.attributes_of(used).iter().position(|attribute| asks(facts.names.get(attribute.name)));
        at.is_some_and(|at| resolve::steps(index, file, used).get(at).is_some_and(|step| is_package(&step.end)))
    };
    let is_around = |file: FileId| {
        let own = index.modules().name(file).filter(|_| index.modules().is_package(file));
        let is_text = |reference: &Reference| matches!(reference.site, Site::String(..)) && is_package(&reference.way.end);
        own.is_some_and(|own| packages.contains(&own))
            || index.facts(file).uses.iter().any(|used| is_asked(file, used))
            || search.run_in(file).iter().any(is_text)
    };
    let finds = |file: &FileId| {
        let facts = index.facts(*file);
        let named = FINDERS.iter().find_map(|finder| facts.names.find(finder)).filter(|_| is_around(*file))?;
        let used = facts
            .uses
            .iter()
            .find(|used| used.name == named || facts.attributes_of(used).iter().any(|attribute| attribute.name == named))?;
        Some(View::open(index, *file).quote("lookup", used.span))
    };
    let fits = |file: FileId, text: Text| match text {
        Text::Known(_) => false,
        Text::Partly { start, end } => {
            let own = index.modules().name(file).unwrap_or_default();
            let package =
                if index.modules().is_package(file) { own } else { own.rsplit_once('.').map_or("", |(outer, _)| outer) };
            let start = if start.starts_with('.') { format!("{package}{start}") } else { start };
            start.contains('.') && name.starts_with(&start) && name.ends_with(&end) && start.len() + end.len() <= name.len()
        }
    };
    let loads = |file: &FileId| {
        let facts = index.facts(*file);
        let is_module = |computed: &&Computed| strings::argument_role(index, *file, &computed.argument) == Role::Module;
        let computed = facts.computed.iter().filter(is_module).find(|computed| fits(*file, strings::value(facts, computed)))?;
        Some(View::open(index, *file).quote("lookup", computed.span))
    };
    let finders = index.with_words(&FINDERS.map(Word::new));
    let loaders = index.with_words(&["import_module", "__import__", "run_module"].map(Word::new));
    finders.iter().find_map(finds).or_else(|| loaders.iter().find_map(loads))
}

/// One finding for each file of the module.
fn findings(context: &Context<'_>, module: &Doomed, going: &BTreeSet<FileId>) -> Vec<Finding> {
    let kept = module.kept(context).filter(|_| !module.is_blocked(going));
    let is_held = kept.is_none() && module.files.iter().any(|file| !going.contains(file));
    let discovered = discovered(context.index, &module.name).filter(|_| !is_held);
    let is_found = module.files.iter().any(|&file| is_found_by_path(context.index, file)) || discovered.is_some();
    let finding = |file: FileId| {
        let view = View::open(context.index, file);
        let outcome = if is_held {
            Outcome::Left(Reason::StillReferenced)
        } else if let Some(reason) = kept {
            Outcome::Left(reason)
        } else {
            let change = SourceChange::of(view.path.clone(), FileChange::Delete);
            let reason = (!module.suspects.is_empty()).then_some(Reason::InConfig);
            Outcome::Fix(Fix::judged(is_found.then_some(Reason::FoundOtherwise).or(reason), change))
        };
        let mut finding = view.finding(Span::at(0), module.message.clone(), Some(Spelling::of(Form::Definition)), outcome);
        finding.evidence =
            module.blockers.iter().filter(|(file, _)| !going.contains(file)).map(|(_, blocker)| blocker.clone()).collect();
        finding.evidence.extend(module.suspects.iter().chain(&discovered).cloned());
        finding
    };
    match (&module.files[..], is_held) {
        // The blockers of a package are listed once.
        ([first, ..], true) => vec![finding(*first)],
        (files, _) => files.iter().map(|&file| finding(file)).collect(),
    }
}

/// Whether something other than an import can run the file.
pub(super) fn is_found_by_path(index: &Index, file: FileId) -> bool {
    let path: &RepoPath = &index.snapshot().get(file).path;
    let name = path.file_name();
    let is_test = name.starts_with(b"test_") || name.ends_with(b"_test.py");
    let is_known = matches!(name, b"conftest.py" | b"setup.py" | b"manage.py" | b"__main__.py" | b"wsgi.py" | b"asgi.py");
    let facts = index.facts(file);
    // What a framework loads from a folder of its own: migrations of Alembic and Django, commands of Django.
    let is_migration = ["revision", "down_revision"].iter().all(|name| facts.module_bindings(name).next().is_some());
    let folder = path.as_str().and_then(|path| path.rsplit_once('/')).map_or("", |(folder, _)| folder);
    let is_in = |known: &str| folder == known || folder.ends_with(&format!("/{known}"));
    let is_loaded = is_migration || ["migrations", "management/commands"].into_iter().any(is_in);
    is_test || is_known || is_loaded || facts.has_main
}
