//! What tests put in the place of names for a while, and which code can meet it there.
//!
//! Code that reads a name when it runs meets what a patch has put there; code that has read it when its module was loaded does
//! not, unless the module is loaded under the patch. A patch that stays holds its readers back: they would no longer meet it. One
//! that holds at the new home holds those back that would come to it.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::index::Index;
use crate::index::references::{Reference, Site};
use crate::index::words::Word;
use crate::lang::python::facts::{Argument, DefinitionKind, NameId, ScopeId, Slot, StringFact, StringPlace};
use crate::lang::python::load::Scripts;
use crate::lang::python::modules::Module;
use crate::lang::python::resolve::{self, Symbol};
use crate::lang::python::scope::Lookup;
use crate::lang::python::strings::{self, Role};
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::{Evidence, Reason};
use crate::transform::python::View;

/// What replaces something for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::transform) struct Hold {
    /// What is known of it: [`Reason::Patched`], [`Reason::PatchedThere`] or [`Reason::MaybePatched`].
    pub reason: Reason,
    /// The file that does so, and the string that spells what it replaces.
    pub at: (FileId, Span),
}

/// The names that patches hold, by the files that patch them.
pub(in crate::transform) type Held = FxHashMap<Symbol, BTreeMap<FileId, Hold>>;

/// A whole module that a file replaces.
#[derive(Clone, Copy)]
struct Fake {
    /// The string that spells it.
    span: Span,
    /// Whether it is so from then on.
    is_for_good: bool,
}

/// What tests replace.
pub(in crate::transform) struct Patches<'i> {
    index: &'i Index,
    scripts: Scripts<'i>,
    /// The names whose patches stay where they are.
    held: Held,
    /// Whole modules that are replaced, by the files that do so.
    fakes: FxHashMap<Module, BTreeMap<FileId, Fake>>,
    /// The names that code may read which only running it can follow.
    maybe_read: FxHashSet<Symbol>,
    /// The modules that patching files load in functions alone, and so perhaps under a patch.
    later: FxHashMap<FileId, FxHashSet<FileId>>,
}

impl<'i> Patches<'i> {
    /// What stands in strings, apart from what names the symbols by their paths. `names` are those that the code reads, and the new
    /// homes; `known` are the references of each file that can name them.
    pub fn new(index: &'i Index, names: &BTreeSet<&Symbol>, known: &BTreeMap<FileId, Vec<Site>>) -> Self {
        let scripts = Scripts::new(index, index.snapshot().files().len());
        let (held, maybe_read, later) = Default::default();
        let mut patches = Self { index, scripts, held, fakes: fakes(index, names), maybe_read, later };
        let faking: Vec<FileId> = patches.fakes.values().flat_map(|files| files.keys().copied()).collect();
        patches.look_at(faking.into_iter());
        for (&file, sites) in known {
            patches.read_by_name(names, file, sites);
        }
        patches
    }

    /// Adds names that patches hold, and says whether any of them is new.
    pub fn extend(&mut self, held: Held) -> bool {
        let mut is_new = false;
        for (name, files) in held {
            self.look_at(files.keys().copied());
            let known = self.held.entry(name).or_default();
            for (file, hold) in files {
                is_new |= known.insert(file, hold).is_none();
            }
        }
        is_new
    }

    fn look_at(&mut self, files: impl Iterator<Item = FileId>) {
        for file in files {
            self.later.entry(file).or_insert_with(|| loaded_later(self.index, &self.scripts, file));
        }
    }

    /// Notes what a file may do to names by strings, or by attributes of objects that are not known, if it has their modules in hand.
    fn read_by_name(&mut self, names: &BTreeSet<&Symbol>, file: FileId, sites: &[Site]) {
        let facts = self.index.facts(file);
        let spelled: Vec<&&Symbol> = names.iter().filter(|name| facts.names.find(&name.name).is_some()).collect();
        if spelled.is_empty() {
            return;
        }
        let modules = modules_in_hand(self.index, file);
        for name in spelled.into_iter().filter(|name| modules.contains(&name.module)) {
            let Some(id) = facts.names.find(&name.name) else { continue };
            let mut strings = facts.strings.iter().enumerate();
            let in_string = strings.any(|(at, string)| string.value == id && !sites.contains(&Site::Member(at)));
            if in_string || facts.loose_attributes.contains(&id) || self.is_behind_an_object(file, id) {
                self.maybe_read.insert((*name).clone());
            }
            let mut strings = facts.strings.iter().filter(|string| string.value == id);
            if in_string && let Some(string) = strings.find(|string| strings::is_given_to_patch(facts, string)) {
                let hold = Hold { reason: Reason::MaybePatched, at: (file, string.span) };
                self.extend([((*name).clone(), [(file, hold)].into())].into_iter().collect());
            }
        }
    }

    /// Whether a name is read out of something of which it is not known what it is.
    fn is_behind_an_object(&self, file: FileId, name: NameId) -> bool {
        let facts = self.index.facts(file);
        facts.uses.iter().any(|used| {
            let depth = facts.attributes_of(used).iter().position(|attribute| attribute.name == name);
            depth.is_some_and(|depth| resolve::steps(self.index, file, used).len() <= depth + 1)
        })
    }

    /// Whether code that is not known may read the name.
    pub fn is_maybe_read(&self, name: &Symbol) -> bool {
        self.maybe_read.contains(name)
    }

    /// Whether something patches the name where it is.
    pub fn is_held(&self, name: &Symbol) -> bool {
        self.held.contains_key(name)
    }

    /// Whether a patch of the name holds that a file's own patches can come together with.
    pub fn holds(&self, name: &Symbol, file: FileId) -> bool {
        self.held.get(name).is_some_and(|files| files.keys().any(|&patching| can_meet(self.index, patching, file)))
    }
}

impl Patches<'_> {
    /// The patch that keeps a reference from being sent to a new home: it replaces what the reference reads and cannot go along, or it
    /// would replace what the reference is going to read.
    pub fn on(&self, reference: &Reference, home: &Symbol) -> Option<Hold> {
        self.here(reference).or_else(|| {
            let there = self.held(home, reference).or_else(|| self.faked(&home.module, reference))?;
            Some(Hold { reason: Reason::PatchedThere, ..there })
        })
    }

    /// The patch that replaces what a reference reads.
    pub fn here(&self, reference: &Reference) -> Option<Hold> {
        let first = reference.way.hops.first()?;
        let root = self.root(reference);
        let here = [Some(first), root.as_ref()].into_iter().flatten().find_map(|name| self.held(name, reference));
        here.or_else(|| self.faked(&first.module, reference))
    }

    /// The module's name that a dotted expression in a function starts with.
    fn root(&self, reference: &Reference) -> Option<Symbol> {
        let Site::Attribute(used, _) = reference.site else { return None };
        let facts = self.index.facts(reference.file);
        let used = &facts.uses[used.index()];
        let is_name = facts.is_lazy(used.scope) && facts.lookup(used.scope, used.name) == Lookup::Bound(ScopeId::MODULE);
        is_name.then(|| Symbol { module: Module::File(reference.file), name: facts.names.get(used.name).into() })
    }

    fn held(&self, name: &Symbol, reference: &Reference) -> Option<Hold> {
        let files = self.held.get(name)?;
        files.iter().find(|(file, _)| self.runs_under(**file, reference)).map(|(_, hold)| *hold)
    }

    fn faked(&self, module: &Module, reference: &Reference) -> Option<Hold> {
        let files = self.fakes.get(module)?;
        let (&file, fake) = files.iter().find(|(file, fake)| fake.is_for_good || self.runs_under(**file, reference))?;
        Some(Hold { reason: Reason::Patched, at: (file, fake.span) })
    }

    /// Whether a reference can read its name while a patch of a file holds.
    fn runs_under(&self, patching: FileId, reference: &Reference) -> bool {
        match super::is_string(reference.site) || read_late(self.index, reference).is_some() {
            true => can_meet(self.index, patching, reference.file),
            false => self.later.get(&patching).is_some_and(|later| later.contains(&reference.file)),
        }
    }

    /// The patch of a name that can hold while code of a file runs.
    pub fn meeting(&self, name: &Symbol, file: FileId) -> Option<Hold> {
        let files = self.held.get(name)?;
        files.iter().find(|(patching, _)| can_meet(self.index, **patching, file)).map(|(_, hold)| *hold)
    }
}

/// The line of a patch, as evidence.
pub(in crate::transform) fn patch_line(index: &Index, (file, span): (FileId, Span)) -> Evidence {
    View::open(index, file).quote("patch", span)
}

/// The name, in its namespace, that a reference reads each time when its code runs.
pub(super) fn read_late<'r>(index: &Index, reference: &'r Reference) -> Option<&'r Symbol> {
    let facts = index.facts(reference.file);
    let first = reference.way.hops.first()?;
    let is_late = match reference.site {
        Site::Alias(alias) => facts.is_lazy(facts.import_of(&facts.aliases[alias.index()]).scope),
        Site::Attribute(used, _) | Site::Unsure(used, _) => facts.is_lazy(facts.uses[used.index()].scope),
        // What a module reads of itself. A name that a function has imported was read by the import.
        Site::Name(used) => {
            let used = &facts.uses[used.index()];
            let is_own = matches!(facts.lookup(used.scope, used.name), Lookup::Bound(ScopeId::MODULE));
            is_own && facts.is_lazy(used.scope)
        }
        _ => false,
    };
    is_late.then_some(first)
}

/// Whether a patch of one file can hold while code of the other runs. What a test module does holds during its own tests alone.
pub(super) fn can_meet(index: &Index, patching: FileId, running: FileId) -> bool {
    let is_test = |file| is_test_module(&index.snapshot().get(file).path);
    let knows = |file, other| resolve::imported_modules(index, file).contains(&Module::File(other));
    patching == running || !is_test(patching) || !is_test(running) || knows(patching, running) || knows(running, patching)
}

/// Whether pytest collects a file by its name (its documentation, "Conventions for Python test discovery").
fn is_test_module(path: &RepoPath) -> bool {
    let name = path.file_name();
    name.ends_with(b".py") && (name.starts_with(b"test_") || name.ends_with(b"_test.py"))
}

/// Whether a string that is data as far as can be known may still be what a file patches.
pub(super) fn may_patch(view: &View<'_>, string: &StringFact) -> bool {
    strings::is_given_to_patch(view.facts, string) || view.index.patches_unseen(view.file)
}

/// The modules that a file has as objects, or can get by their paths.
fn modules_in_hand(index: &Index, file: FileId) -> BTreeSet<Module> {
    let facts = index.facts(file);
    let modules = index.modules();
    let mut found = BTreeSet::new();
    for alias in &facts.aliases {
        let name = facts.names.get(alias.name);
        let path = match resolve::from_module(index, file, facts.import_of(alias)) {
            Some(module) => format!("{}.{name}", modules.dotted(&module)),
            None => name.to_owned(),
        };
        found.extend(modules.find(&path));
    }
    found.extend(facts.strings.iter().filter_map(|string| modules.find(facts.names.get(string.value)).ok()));
    found
}

/// The modules of names that files replace as a whole.
fn fakes(index: &Index, names: &BTreeSet<&Symbol>) -> FxHashMap<Module, BTreeMap<FileId, Fake>> {
    let modules: BTreeMap<String, &Module> =
        names.iter().map(|name| (index.modules().dotted(&name.module).to_string(), &name.module)).collect();
    // Who replaces a module spells its name and its package's, and something that replaces.
    let spelled: BTreeSet<Vec<Word>> =
        modules.keys().map(|dotted| dotted.rsplit('.').take(2).map(Word::new).collect()).collect();
    let mut files = index.with_words(&["modules", "patch", "setattr"].map(Word::new));
    files.retain(|&file| spelled.iter().any(|words| index.may_spell(file, words)));
    index.warm(&files);
    let last: FxHashSet<&str> = modules.keys().filter_map(|dotted| dotted.rsplit('.').next()).collect();
    let mut found: FxHashMap<Module, BTreeMap<FileId, Fake>> = FxHashMap::default();
    for file in files {
        let facts = index.facts(file);
        let spells = |string: &&StringFact| {
            let text = facts.names.get(string.value);
            last.contains(text) || modules.contains_key(text)
        };
        for string in facts.strings.iter().filter(spells) {
            if let Some((dotted, is_for_good)) = fake(index, file, string)
                && let Some(&module) = modules.get(&dotted)
            {
                let first = Fake { span: string.span, is_for_good };
                found.entry(module.clone()).or_default().entry(file).or_insert(first).is_for_good |= is_for_good;
            }
        }
    }
    found
}

/// The module that a string is used to replace, and whether that is for good.
fn fake(index: &Index, file: FileId, string: &StringFact) -> Option<(String, bool)> {
    let facts = index.facts(file);
    let text = facts.names.get(string.value);
    match (strings::role(index, file, string), &string.place) {
        (Role::Patch, _) => Some((text.to_owned(), false)),
        (Role::PatchMember, StringPlace::Argument(argument)) => {
            let owner = strings::owner(index, file, argument)?;
            Some((format!("{}.{text}", index.modules().dotted(&owner)), false))
        }
        // What is put into `sys.modules`.
        (Role::Module, StringPlace::Argument(Argument { slot: Slot::Key | Slot::Position(1), .. })) => {
            Some((text.to_owned(), false))
        }
        (Role::Module, StringPlace::Key(_)) => {
            let source = index.text(file).ok()?;
            let behind = source[string.span.range().end..].trim_start().strip_prefix(']')?.trim_start();
            let is_set = behind.starts_with('=') && !behind.starts_with("==");
            let mut functions = facts.definitions.iter().filter(|definition| definition.kind != DefinitionKind::Class);
            let is_late = functions.any(|function| function.span.covers(string.span));
            is_set.then(|| (text.to_owned(), !is_late))
        }
        _ => None,
    }
}

/// The modules that a file loads only when its functions run, through others too; all of them if it loads modules anew.
fn loaded_later(index: &Index, scripts: &Scripts<'_>, file: FileId) -> FxHashSet<FileId> {
    let facts = index.facts(file);
    let paths = facts.imports.iter().filter(|import| facts.is_lazy(import.scope)).flat_map(|import| {
        let from = resolve::from_module(index, file, import).map(|module| index.modules().dotted(&module));
        let from = from.map_or(String::new(), |from| format!("{from}."));
        facts.aliases_of(import).map(move |(_, alias)| format!("{from}{}", facts.names.get(alias.name)))
    });
    // A patch loads the module that it patches.
    let loads = |role| matches!(role, Role::Module | Role::Patch | Role::Object);
    let named = facts.strings.iter().filter(|string| loads(strings::role(index, file, string)));
    let paths: Vec<String> = paths.chain(named.map(|string| facts.names.get(string.value).to_owned())).collect();
    let starts = paths.iter().flat_map(|path| {
        let ends = path.match_indices('.').map(|(end, _)| end).chain([path.len()]);
        ends.filter_map(|end| index.modules().find(&path[..end]).ok())
    });
    let starts = starts.filter_map(|module| match module {
        Module::File(file) => Some(file),
        Module::Namespace(_) | Module::Absent(_) => None,
    });
    let (mut later, early) = (scripts.loaded_with(starts), scripts.loaded_with([file]));
    match facts.names.find("reload") {
        Some(_) => later.extend(early),
        None => later.retain(|module| !early.contains(module)),
    }
    later
}
