//! The rewriting of import statements, each with the uses that depend on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::patches::patch_line;
use super::{Caution, Made, Names, Pair, Relocation};
use crate::index::Index;
use crate::index::references::{Reference, Site};
use crate::lang::python::facts::{
    Alias, AliasId, Binding, BindingKind, Context as Under, Facts, Import, ImportId, NameId, ScopeId, StringFact, StringPlace,
    Use, UseId,
};
use crate::lang::python::imports::{self, Added, Becomes, Change, Editor, Name, Refusal};
use crate::lang::python::load::Script;
use crate::lang::python::modules::Module;
use crate::lang::python::rename::{Kept, rename_uses};
use crate::lang::python::resolve::{self, End, Imported, Symbol};
use crate::lang::python::scope::Lookup;
use crate::lang::python::strings::{self, Role};
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::span::Span;
use crate::transform::finding::{Applicability, Evidence, Fix, Outcome, Reason, Spelling};
use crate::transform::python::View;

/// The import statements of a file that change.
pub(super) type Works = BTreeMap<ImportId, Work>;

/// What changes with one import statement.
#[derive(Default)]
pub(super) struct Work {
    pub change: Change,
    pub edits: Vec<Edit>,
    pub pairs: BTreeSet<usize>,
    pub is_indirect: bool,
    pub is_aliased: bool,
    pub caution: Option<Caution>,
    /// The references that are settled.
    pub sites: Vec<Site>,
    /// The file's names that get a new spelling, and the spelling.
    pub renamed: Vec<(Symbol, Arc<str>)>,
    /// Why local names keep their spelling.
    pub kept: Vec<Evidence>,
}

impl Relocation<'_> {
    /// Rewrites the references of one class of applicability.
    pub(super) fn rewrite(&self, view: &View<'_>, applicability: Applicability, references: &[&Reference], made: &mut Made) {
        let mut works: Works = BTreeMap::new();
        let moved: FxHashMap<AliasId, usize> = references
            .iter()
            .filter_map(|reference| match reference.site {
                Site::Alias(alias) => Some((alias, reference.target)),
                _ => None,
            })
            .collect();
        for reference in references {
            match reference.site {
                Site::Alias(id) => self.move_alias(view, id, reference, &moved, &mut works),
                Site::Star(id, used) => self.add_to_star(view, id, used, reference, &mut works),
                _ => {}
            }
        }
        self.move_attributes(view, references, &mut works, &mut |reference, reason| {
            made.findings.push(self.left(view, reference, reason));
        });
        import_once(view.facts, &mut works);
        // One that stays may be enough for all that is read.
        while let Some((import, work)) = needed(view, &works).and_then(|import| works.remove_entry(&import)) {
            let messages: Vec<String> = work.pairs.iter().map(|&pair| self.message(pair)).collect();
            let statement = &view.facts.imports[import.index()];
            let outcome = Outcome::Left(Reason::ModuleNeeded);
            made.findings.push(view.finding(
                statement.span,
                messages.join("; "),
                Some(view.import_spelling(statement)),
                outcome,
            ));
        }
        let Some(source) = view.source() else { return };
        let is_changing = |import: ImportId| works.contains_key(&import);
        let editor = Editor::new(&source, &is_changing);
        for (&import, work) in &works {
            let statement = &view.facts.imports[import.index()];
            let rewritten = imports::rewrite(&editor, import, &work.change);
            let edits = rewritten.map(|edits| edits.into_iter().chain(work.edits.iter().cloned()).collect());
            let outcome = match edits.map(TextEdit::new) {
                Ok(Ok(edit)) => {
                    let at = made.findings.len();
                    made.moved.extend(work.sites.iter().map(|&site| (view.file, site, at)));
                    made.renamed.extend(work.renamed.iter().map(|(symbol, new)| (symbol.clone(), new.clone(), at)));
                    let reason = work
                        .pairs
                        .iter()
                        .find_map(|&pair| self.pairs[pair].verdict.reason)
                        .or(work.caution.map(|caution| caution.reason));
                    Outcome::Fix(Fix::new(applicability, reason, SourceChange::edit(view.path.clone(), edit)))
                }
                Err(Refusal::Comment) => Outcome::Left(Reason::OddSpelling),
                Err(Refusal::ParsersDisagree) | Ok(Err(_)) => Outcome::Left(Reason::ParsersDisagree),
            };
            let spelling =
                Spelling { is_indirect: work.is_indirect, is_aliased: work.is_aliased, ..view.import_spelling(statement) };
            let messages: Vec<String> = work.pairs.iter().map(|&pair| self.message(pair)).collect();
            let mut finding = view.finding(statement.span, messages.join("; "), Some(spelling), outcome);
            finding.evidence = work.pairs.iter().flat_map(|&pair| self.pairs[pair].verdict.evidence.clone()).collect();
            finding.evidence.extend(work.kept.iter().cloned());
            finding
                .evidence
                .extend(work.caution.and_then(|caution| caution.patch).map(|at| patch_line(self.context.index, at)));
            made.findings.push(finding);
        }
    }

    pub(super) fn work<'w>(
        &self,
        works: &'w mut Works,
        import: ImportId,
        reference: &Reference,
        view: &View<'_>,
    ) -> &'w mut Work {
        let work = works.entry(import).or_default();
        work.pairs.insert(reference.target);
        work.sites.push(reference.site);
        work.caution = work.caution.or(self.caution(reference));
        work.is_indirect |= reference.way.hops[..reference.distance].iter().any(|hop| hop.module != Module::File(view.file));
        work
    }

    /// `from old import Old [as x]`.
    fn move_alias(
        &self,
        view: &View<'_>,
        id: AliasId,
        reference: &Reference,
        moved: &FxHashMap<AliasId, usize>,
        works: &mut Works,
    ) {
        let facts = view.facts;
        let alias = &facts.aliases[id.index()];
        let pair = &self.pairs[reference.target];
        let work = self.work(works, alias.import, reference, view);
        work.is_aliased |= alias.asname.is_some();
        let mut local = facts.names.get(alias.local).to_owned();
        let follows = alias.asname.is_none() && *local == *pair.from.name && pair.to.name != pair.from.name;
        if follows && self.style.names == Names::Rename {
            match self.rename(view, id, pair, moved) {
                Ok(edits) => {
                    work.edits.extend(edits);
                    let symbol = Symbol { module: Module::File(view.file), name: local.as_str().into() };
                    if self.followers.contains(&symbol) && owner(facts, alias) == Some(ScopeId::MODULE) {
                        work.renamed.push((symbol, pair.to.name.clone()));
                    }
                    local = pair.to.name.to_string();
                }
                Err(kept) => work.kept.push(kept),
            }
        }
        let name = Name { module: pair.module.clone(), name: pair.to.name.to_string(), local };
        work.change.aliases.push((id, Becomes::Name(name)));
    }

    /// The edits that make the uses of an imported name follow its new name, or why the name has to stay.
    fn rename(
        &self,
        view: &View<'_>,
        id: AliasId,
        pair: &Pair,
        moved: &FxHashMap<AliasId, usize>,
    ) -> Result<Vec<Edit>, Evidence> {
        let facts = view.facts;
        let alias = &facts.aliases[id.index()];
        let leads_there = |binding: &Binding| match binding.kind {
            // One with `as` keeps the name.
            BindingKind::Import(other) if facts.aliases[other.index()].asname.is_some() => false,
            BindingKind::Import(other) => moved.get(&other).is_some_and(|&target| self.pairs[target].to == pair.to),
            _ => false,
        };
        let Some(owner) = owner(facts, alias) else {
            return Err(kept(view, alias.local, "what binds it is not known", None));
        };
        let others = facts.bindings_of(owner, alias.local).find(|(_, binding)| !leads_there(binding));
        if let Some((_, other)) = others {
            return Err(kept(view, alias.local, "it is bound to something else too", Some(other.span)));
        }
        if self.is_public(view, owner, alias.local) {
            return Err(kept(view, alias.local, "it can be seen from outside the file", None));
        }
        if let Some(evidence) = self.joins_patched(view, owner, alias.local, pair) {
            return Err(evidence);
        }
        let is_same = |binding: &Binding| self.stands_for(view, binding, &pair.to);
        rename_uses(facts, owner, alias.local, &pair.to.name, &is_same)
            .map_err(|Kept { obstacle, at }| kept(view, alias.local, obstacle.explain(), at))
    }

    /// Why two names of a module for one object do not become one: what a test patches under one of them, it would patch under both.
    fn joins_patched(&self, view: &View<'_>, owner: ScopeId, name: NameId, pair: &Pair) -> Option<Evidence> {
        let symbol = |name: &str| Symbol { module: Module::File(view.file), name: name.into() };
        let is_joined = owner == ScopeId::MODULE && view.facts.module_bindings(&pair.to.name).next().is_some();
        let is_patched = self.followers.contains(&symbol(view.facts.names.get(name)))
            || self.followers.contains(&symbol(&pair.to.name))
            || self.patches.is_held(&symbol(&pair.to.name));
        (is_joined && is_patched).then(|| kept(view, name, "a test patches one of the two names", None))
    }

    /// Whether a name can be seen from outside its file, so that its spelling matters there.
    pub(super) fn is_public(&self, view: &View<'_>, owner: ScopeId, name: NameId) -> bool {
        if owner != ScopeId::MODULE {
            return false;
        }
        let name = view.facts.names.get(name);
        let is_stub = view.path.extension() == Some(b"pyi");
        view.index.modules().is_package(view.file)
            || is_stub
            || view.facts.exports_name(name)
            // What the module computes when it is loaded may depend on how its names are spelled.
            || view.facts.exports.as_ref().is_some_and(|exports| !exports.is_complete)
            || self.visible.contains(&Symbol { module: Module::File(view.file), name: name.into() })
    }

    /// Whether a binding is an import of just this symbol.
    fn stands_for(&self, view: &View<'_>, binding: &Binding, symbol: &Symbol) -> bool {
        let BindingKind::Import(alias) = binding.kind else { return false };
        let alias = &view.facts.aliases[alias.index()];
        match resolve::imported(view.index, view.file, view.facts.import_of(alias), alias) {
            Imported::Symbol(imported) => imported == *symbol,
            Imported::Module(_) | Imported::Beyond => false,
        }
    }

    /// `from old import *`, and a use of a name that it brings: an import of its own right behind the star.
    fn add_to_star(&self, view: &View<'_>, id: AliasId, used: UseId, reference: &Reference, works: &mut Works) {
        let alias = &view.facts.aliases[id.index()];
        let pair = &self.pairs[reference.target];
        let local = view.facts.names.get(view.facts.uses[used.index()].name).to_owned();
        let added = Added::Name(Name { module: pair.module.clone(), name: pair.to.name.to_string(), local });
        let work = self.work(works, alias.import, reference, view);
        if !work.change.added.contains(&added) {
            work.change.added.push(added);
        }
    }
}

/// Says that a local name keeps its spelling, and why.
pub(super) fn kept(view: &View<'_>, name: NameId, why: &str, at: Option<Span>) -> Evidence {
    let text = format!("the local name `{}` stays: {why}", view.facts.names.get(name));
    let at = at.map(|span| (view.path.clone(), view.lines.position(span.start).line));
    Evidence { role: "kept", at, text }
}

/// A statement whose change would leave a module unloaded that the file goes on to use by its path: after `import pkg` and
/// `from pkg.old import Old`, the expression `pkg.old.other` works because of the second.
fn needed(view: &View<'_>, works: &Works) -> Option<ImportId> {
    let facts = view.facts;
    let ids = || (0..facts.imports.len()).map(ImportId::new);
    let before: Vec<BTreeSet<String>> = facts.imports.iter().map(|import| loaded(view, import, &|_| true)).collect();
    let after: Vec<BTreeSet<String>> = ids()
        .map(|id| match works.get(&id) {
            None => before[id.index()].clone(),
            Some(work) => loaded_by(view, &facts.imports[id.index()], &work.change),
        })
        .collect();
    let edited: FxHashSet<u32> = works.values().flat_map(|work| &work.edits).map(|edit| edit.span.start).collect();
    // Whether another function has been called, and has loaded a module, is not known.
    let has_run = |id: ImportId, used: &Use| {
        let import = &facts.imports[id.index()];
        let is_before = import.span.start < used.span.start || facts.is_lazy(used.scope);
        is_before && (!facts.is_lazy(import.scope) || facts.ancestors(used.scope).any(|outer| outer == import.scope))
    };
    let is_loaded = |module: &String, used: &Use| ids().any(|id| after[id.index()].contains(module) && has_run(id, used));
    // `sys.modules["pkg.old"]` finds what has been loaded.
    let looks_up = |module: &String| {
        let is_key = |string: &&StringFact| matches!(string.place, StringPlace::Key(_));
        let keys = facts.strings.iter().filter(is_key).filter(|string| facts.names.get(string.value) == module);
        let mut lookups = keys.filter(|string| strings::role(view.index, view.file, string) == Role::Module);
        let is_ready = |string: &StringFact| {
            let is_before = |import: &Import| import.span.start < string.span.start && !facts.is_lazy(import.scope);
            ids().any(|id| after[id.index()].contains(module) && is_before(&facts.imports[id.index()]))
        };
        lookups.any(|string| !is_ready(string))
    };
    let is_needed = |module: &String| {
        let end = End::Module(view.index.modules().module(module));
        let stem = facts.names.find(module.rsplit('.').next().unwrap_or(module));
        let is_use = |used: &Use| {
            let attributes = facts.attributes_of(used).iter().map(|attribute| attribute.name);
            if edited.contains(&used.span.start) || !attributes.chain([used.name]).any(|name| Some(name) == stem) {
                return false;
            }
            let steps = resolve::steps(view.index, view.file, used);
            // A name of its own has an import of its own; by an attribute, or by a star, a module is found only if it is loaded.
            let own = usize::from(facts.lookup(used.scope, used.name) != Lookup::Free);
            steps.iter().skip(own).any(|step| step.end == end)
        };
        let needs = |used: &Use| is_use(used) && !is_loaded(module, used);
        (facts.uses.iter().any(needs) || looks_up(module)) && !loads_itself(view.index, module)
    };
    let inner = |id: &ImportId| before[id.index()].iter().filter(|module| module.contains('.'));
    let needed = works.keys().copied().filter(|id| inner(id).any(is_needed));
    needed.min_by_key(|id| facts.imports[id.index()].from.is_some())
}

/// Whether a module is loaded with the package that it lies in.
fn loads_itself(index: &Index, module: &str) -> bool {
    let package = module.rsplit_once('.').and_then(|(package, _)| index.modules().find(package).ok());
    match (package, index.modules().find(module)) {
        (Some(Module::File(package)), Ok(Module::File(file))) => {
            Script::of(index, package).loads().any(|loaded| loaded == file)
        }
        _ => false,
    }
}

/// The modules that an import statement loads when it has been changed.
fn loaded_by(view: &View<'_>, import: &Import, change: &Change) -> BTreeSet<String> {
    let mut all = loaded(view, import, &|id| !change.aliases.iter().any(|(changed, _)| *changed == id));
    let becomes = change.aliases.iter().filter_map(|(_, becomes)| match becomes {
        Becomes::Name(name) => Some(&name.module),
        Becomes::Module { module, .. } => Some(module),
        Becomes::Nothing => None,
    });
    let added = change.added.iter().map(|added| match added {
        Added::Name(name) => &name.module,
        Added::Module(module) => module,
    });
    all.extend(becomes.chain(added).flat_map(|module| prefixes(module)));
    all
}

/// The modules that an import statement loads for those of its aliases that stay, packages included.
fn loaded(view: &View<'_>, import: &Import, stays: &dyn Fn(AliasId) -> bool) -> BTreeSet<String> {
    let names = &view.facts.names;
    let aliases = view.facts.aliases_of(import).filter(|(id, _)| stays(*id)).map(|(_, alias)| names.get(alias.name));
    let modules = view.index.modules();
    match resolve::from_module(view.index, view.file, import) {
        Some(module) => {
            let from = modules.dotted(&module);
            let inner = aliases.map(|name| format!("{from}.{name}")).collect::<Vec<_>>();
            let mut all: BTreeSet<String> = if inner.is_empty() { BTreeSet::new() } else { prefixes(&from).collect() };
            all.extend(inner.into_iter().filter(|dotted| modules.find(dotted).is_ok()));
            all
        }
        None if import.from.is_none() => aliases.flat_map(prefixes).collect(),
        None => BTreeSet::new(),
    }
}

/// `a`, `a.b` and `a.b.c` of `a.b.c`.
fn prefixes(dotted: &str) -> impl Iterator<Item = String> {
    let ends = dotted.match_indices('.').map(|(end, _)| end).chain([dotted.len()]);
    ends.map(|end| dotted[..end].to_owned())
}

/// Drops what statements that are rewritten together would import a second time by its full path.
fn import_once(facts: &Facts, works: &mut Works) {
    let mut made: FxHashSet<(ScopeId, Option<ImportId>, String)> = FxHashSet::default();
    for (&id, work) in works {
        let import = &facts.imports[id.index()];
        // What does not always run makes nothing sure for later statements.
        let alone = (import.context != Under::default()).then_some(id);
        let mut is_new = |module: &str| made.insert((import.scope, alone, module.to_owned()));
        for (_, becomes) in &mut work.change.aliases {
            if matches!(becomes, Becomes::Module { module, local: None } if !is_new(module)) {
                *becomes = Becomes::Nothing;
            }
        }
        work.change.added.retain(|added| !matches!(added, Added::Module(module) if !is_new(module)));
    }
}

/// The scope that owns the name which an alias binds.
pub(in crate::transform) fn owner(facts: &Facts, alias: &Alias) -> Option<ScopeId> {
    let id = facts.aliases.binary_search_by_key(&alias.name_span, |alias| alias.name_span).ok()?;
    facts.binding_of_alias(AliasId::new(id)).filter(|binding| binding.name == alias.local).map(|binding| binding.scope)
}
