//! Rewriting the references to symbols that have a new home: the common work of `move-symbol` and `move-module`.
//!
//! Each [`Pair`] says what becomes what, and how sure it is that both are one object. Findings are made per import statement: the
//! statement and the uses that depend on it change together or not at all. What cannot be changed is a finding with a reason.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::finding::{Applicability, Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use super::{Context, View, describe};
use crate::index::Index;
use crate::index::references::{Reference, Search, Site, Target};
use crate::lang::python::facts::{
    Alias, AliasId, Binding, BindingKind, Context as Under, Facts, ImportId, NameId, ScopeId, Use, UseId,
};
use crate::lang::python::imports::{self, Added, Becomes, Change, Name, Refusal};
use crate::lang::python::rename::rename_uses;
use crate::lang::python::resolve::{self, End, Imported, Module, Symbol};
use crate::lang::python::scope::Lookup;
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// One symbol and its new home.
pub(super) struct Pair {
    pub from: Symbol,
    pub to: Symbol,
    /// The dotted name of the target's module, as it is to be written.
    pub module: String,
    pub verdict: Verdict,
}

/// Whether a pair names one object.
#[derive(Clone)]
pub(super) struct Verdict {
    /// How sure the rewriting is; `None` if there is nothing to rewrite to.
    pub applicability: Option<Applicability>,
    /// Why it is not safe.
    pub reason: Option<Reason>,
    pub evidence: Vec<Evidence>,
}

/// What becomes of local names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Names {
    /// A local name follows the new name.
    Rename,
    /// A local name stays, with `as`.
    Alias,
}

/// What becomes of importers that come through a re-export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reexports {
    /// They are sent to the new home itself.
    Canonical,
    /// They stay.
    Keep,
}

#[derive(Clone, Copy)]
pub(super) struct Style {
    pub names: Names,
    pub reexports: Reexports,
}

/// Judges whether two symbols are one object.
pub(super) fn judge(index: &Index, from: &Symbol, to: &Symbol, replaces: bool) -> Verdict {
    let (old, new) = (resolve::resolve(index, from), resolve::resolve(index, to));
    let evidence = vec![describe(index, "from", &old), describe(index, "to", &new)];
    let is_absent = |end: &End| matches!(end, End::Absent(resolve::Absence::External));
    let reason = if replaces || (is_absent(&old.end) && is_absent(&new.end)) {
        None
    } else if old.is_same_object(&new) {
        old.definition().is_some_and(|symbol| is_rebound(index, symbol)).then_some(Reason::NotProved)
    } else {
        Some(match (&old.end, &new.end) {
            (End::Unbound | End::Absent(_), _) => Reason::Dangling,
            (End::Definition, End::Definition) => Reason::DifferentObject,
            _ => Reason::NotProved,
        })
    };
    let applicability = if reason.is_none() { Applicability::Safe } else { Applicability::Review };
    Verdict { applicability: Some(applicability), reason, evidence }
}

/// Whether a module's name gets a new value after the module has been loaded, so that copies of it in other modules differ.
fn is_rebound(index: &Index, symbol: &Symbol) -> bool {
    let Module::File(file) = symbol.module else { return false };
    let facts = index.facts(file);
    facts.module_bindings(&symbol.name).any(|(_, binding)| binding.site != ScopeId::MODULE)
}

/// Finds all references to the pairs' old homes, and rewrites those that can be rewritten.
pub(super) fn relocate(context: &Context<'_>, pairs: &[Pair], style: Style) -> Vec<Finding> {
    let index = context.index;
    let targets: Vec<Target> = pairs.iter().map(|pair| Target::Symbol(pair.from.clone())).collect();
    let search = Search::new(index, &targets);
    let chain = chain_of_targets(index, pairs);
    let references = search.run();
    let mut files: BTreeMap<FileId, Vec<&Reference>> = BTreeMap::new();
    let mut visible: FxHashSet<Symbol> = FxHashSet::default();
    let mut doors: FxHashSet<Symbol> = FxHashSet::default();
    let mut assigned: FxHashSet<Symbol> = FxHashSet::default();
    for reference in &references {
        let is_settled = reference.way.hops[..reference.distance].contains(&pairs[reference.target].to);
        if is_settled {
            continue;
        }
        let inner = reference.way.hops[..reference.distance].iter();
        visible.extend(inner.filter(|hop| hop.module != Module::File(reference.file)).cloned());
        assigned.extend(assigned_symbol(index.facts(reference.file), reference).cloned());
        if !matches!(reference.site, Site::String(_)) && style.reexports == Reexports::Canonical {
            doors.extend(reference.way.hops.first().cloned());
        }
        files.entry(reference.file).or_default().push(reference);
    }
    let modules = module_names(index, pairs, &files);
    visible.extend(seen_from_outside(index, &modules));
    let relocation = Relocation { context, pairs, style, chain, visible, doors, assigned };
    files.par_iter().flat_map_iter(|(&file, references)| relocation.in_file(file, references)).collect()
}

/// The sites through which the targets themselves get their objects; they have to stay as they are.
fn chain_of_targets(index: &Index, pairs: &[Pair]) -> FxHashSet<(FileId, Site)> {
    let mut sites = FxHashSet::default();
    for pair in pairs {
        let way = resolve::resolve(index, &pair.to);
        for hop in &way.hops {
            let Module::File(file) = hop.module else { continue };
            let facts = index.facts(file);
            for (_, binding) in facts.module_bindings(&hop.name) {
                match binding.kind {
                    BindingKind::Import(alias) => sites.insert((file, Site::Alias(alias))),
                    BindingKind::Alias(used) => {
                        let depth = facts.attributes_of(&facts.uses[used.index()]).len();
                        sites.insert((file, Site::Attribute(used, depth)))
                    }
                    _ => false,
                };
            }
        }
    }
    sites
}

/// The module-level names that stand for a module out of which a pair's old name is read (`m` of `m.Old`).
fn module_names(index: &Index, pairs: &[Pair], files: &BTreeMap<FileId, Vec<&Reference>>) -> Vec<Target> {
    let mut names = BTreeSet::new();
    for (&file, references) in files {
        let facts = index.facts(file);
        for reference in references {
            let Site::Attribute(used, _) = reference.site else { continue };
            let used = &facts.uses[used.index()];
            if facts.lookup(used.scope, used.name) == Lookup::Bound(ScopeId::MODULE) && !pairs.is_empty() {
                names.insert(Symbol { module: Module::File(file), name: facts.names.get(used.name).into() });
            }
        }
    }
    names.into_iter().map(Target::Symbol).collect()
}

/// Which of the symbols other files refer to.
fn seen_from_outside(index: &Index, symbols: &[Target]) -> Vec<Symbol> {
    if symbols.is_empty() {
        return Vec::new();
    }
    let from_outside = |reference: Reference| match &symbols[reference.target] {
        Target::Symbol(symbol) if symbol.module != Module::File(reference.file) => Some(symbol.clone()),
        _ => None,
    };
    Search::new(index, symbols).run().into_iter().filter_map(from_outside).collect()
}

struct Relocation<'c> {
    context: &'c Context<'c>,
    pairs: &'c [Pair],
    style: Style,
    chain: FxHashSet<(FileId, Site)>,
    /// Names of modules that other files read: they keep their spelling.
    visible: FxHashSet<Symbol>,
    /// The names through which code gets the objects today. A string that patches another name for them works as before.
    doors: FxHashSet<Symbol>,
    /// The names that code outside of their modules assigns to.
    assigned: FxHashSet<Symbol>,
}

/// What changes with one import statement.
#[derive(Default)]
struct Work {
    change: Change,
    edits: Vec<Edit>,
    pairs: BTreeSet<usize>,
    uses: usize,
    is_indirect: bool,
    is_aliased: bool,
    caution: Option<Reason>,
}

impl Relocation<'_> {
    fn in_file(&self, file: FileId, references: &[&Reference]) -> Vec<Finding> {
        let view = View::open(self.context.index, file);
        let mut findings = Vec::new();
        let mut movable: Vec<&Reference> = Vec::new();
        let assigned: FxHashSet<&Symbol> =
            references.iter().filter_map(|reference| assigned_symbol(view.facts, reference)).collect();
        for reference in references {
            match self.obstacle(&view, reference, &assigned) {
                Some(None) => {}
                Some(Some(reason)) => findings.push(self.left(&view, reference, reason)),
                None => movable.push(reference),
            }
        }
        for applicability in [Applicability::Safe, Applicability::Review] {
            let of_class = |reference: &&&Reference| self.applicability(reference) == Some(applicability);
            let references: Vec<&Reference> = movable.iter().filter(of_class).copied().collect();
            if !references.is_empty() {
                self.rewrite(&view, applicability, &references, &mut findings);
            }
        }
        findings
    }

    /// How sure the rewriting of a reference is.
    fn applicability(&self, reference: &Reference) -> Option<Applicability> {
        let certain = self.pairs[reference.target].verdict.applicability?;
        Some(if self.caution(reference).is_some() { Applicability::Review } else { certain })
    }

    /// Why rewriting a reference to one and the same object may still not be what is wanted: on its way it passes a name of its
    /// own (`Handler = Manager`), which someone may have chosen to keep, a name that another module has only while types are
    /// checked, so that the import fails today and would succeed, or a name that it reads late and that other code assigns to.
    fn caution(&self, reference: &Reference) -> Option<Reason> {
        let index = self.context.index;
        if self.is_late(reference) && passed(reference).any(|hop| self.assigned.contains(hop)) {
            return Some(Reason::Assigned);
        }
        let passed = &reference.way.hops[..reference.distance];
        let next = reference.way.hops.iter().skip(1);
        for (hop, next) in passed.iter().zip(next) {
            let Module::File(file) = hop.module else { continue };
            if file == reference.file {
                continue;
            }
            let bindings = || index.facts(file).module_bindings(&hop.name).map(|(_, binding)| binding);
            let runs = match reference.site {
                Site::Alias(alias) => {
                    let facts = index.facts(reference.file);
                    !facts.import_of(&facts.aliases[alias.index()]).context.contains(Under::TYPE_CHECKING)
                }
                _ => true,
            };
            let is_bound = bindings().next().is_some();
            if runs && is_bound && bindings().all(|binding| binding.context.contains(Under::TYPE_CHECKING)) {
                return Some(Reason::Dangling);
            }
            if hop.name != next.name && bindings().any(|binding| matches!(binding.kind, BindingKind::Alias(_))) {
                return Some(Reason::OwnName);
            }
        }
        None
    }

    /// Whether a reference reads the name when something runs, and not once when its module is loaded.
    fn is_late(&self, reference: &Reference) -> bool {
        let facts = self.context.index.facts(reference.file);
        match reference.site {
            Site::Alias(alias) => facts.is_lazy(facts.import_of(&facts.aliases[alias.index()]).scope),
            _ => true,
        }
    }

    /// Why a reference is not rewritten: `None` if it is, `Some(None)` if there is nothing to say about it.
    fn obstacle(&self, view: &View<'_>, reference: &Reference, assigned: &FxHashSet<&Symbol>) -> Option<Option<Reason>> {
        let pair = &self.pairs[reference.target];
        let is_reported = matches!(
            reference.site,
            Site::Alias(_) | Site::Attribute(..) | Site::Unsure(..) | Site::Star(..) | Site::String(_)
        );
        let is_own = pair.from.module == Module::File(view.file);
        let is_kept =
            self.style.reexports == Reexports::Keep && reference.distance > 0 && !matches!(reference.site, Site::String(_));
        if !is_reported || is_kept || (is_own && !matches!(reference.site, Site::String(_))) {
            return Some(None);
        }
        let is_door = || reference.way.hops.first().is_some_and(|hop| self.doors.contains(hop));
        if matches!(reference.site, Site::String(_)) && reference.distance > 0 && !is_door() {
            return Some(None);
        }
        if self.chain.contains(&(view.file, reference.site)) {
            return Some(Some(Reason::TargetChain));
        }
        if pair.to.module == Module::File(view.file) {
            return Some(Some(Reason::InTarget));
        }
        if !view.facts.errors.is_empty() {
            return Some(Some(Reason::Unparsable));
        }
        if !self.context.in_scope(view.file) {
            return Some(Some(Reason::OutOfScope));
        }
        if pair.verdict.applicability.is_none() {
            return Some(Some(pair.verdict.reason.unwrap_or(Reason::TargetLacks)));
        }
        match reference.site {
            Site::String(_) => Some(Some(Reason::InString)),
            Site::Unsure(..) => Some(Some(Reason::SeveralBindings)),
            // After `m.Old = Fake` the file means the fake, wherever it reads the name.
            _ => passed(reference).any(|hop| assigned.contains(hop)).then_some(Some(Reason::Assigned)),
        }
    }

    fn left(&self, view: &View<'_>, reference: &Reference, reason: Reason) -> Finding {
        let (span, spelling) = self.spelled(view, reference);
        let mut finding = view.finding(span, self.message(reference.target), Some(spelling), Outcome::Left(reason));
        finding.evidence = self.via(view, reference);
        finding
    }

    fn message(&self, pair: usize) -> String {
        let Pair { from, to, module, .. } = &self.pairs[pair];
        let old = self.context.index.modules().dotted(&from.module);
        format!("{old}:{} is now {module}:{}", from.name, to.name)
    }

    /// The re-exports that a reference comes through.
    fn via(&self, view: &View<'_>, reference: &Reference) -> Vec<Evidence> {
        let hops = reference.way.hops[..reference.distance].iter().filter(|hop| hop.module != Module::File(view.file));
        let modules = self.context.index.modules();
        let text = |hop: &Symbol| format!("{}:{}", modules.dotted(&hop.module), hop.name);
        hops.map(|hop| Evidence { role: "via", at: None, text: text(hop) }).collect()
    }

    fn spelled(&self, view: &View<'_>, reference: &Reference) -> (Span, Spelling) {
        let facts = view.facts;
        let is_indirect = reference.way.hops[..reference.distance].iter().any(|hop| hop.module != Module::File(view.file));
        let (span, spelling) = match reference.site {
            Site::Alias(id) => {
                let alias = &facts.aliases[id.index()];
                let spelling = view.import_spelling(facts.import_of(alias));
                (alias.name_span, Spelling { is_aliased: alias.asname.is_some(), ..spelling })
            }
            Site::Star(id, _) => {
                let alias = &facts.aliases[id.index()];
                let spelling = view.import_spelling(facts.import_of(alias));
                (alias.name_span, Spelling { form: Form::Star, ..spelling })
            }
            Site::From(id) => (facts.imports[id.index()].span, Spelling::of(Form::FromImport)),
            Site::Attribute(id, depth) | Site::Unsure(id, depth) => {
                let used = &facts.uses[id.index()];
                let end = facts.attributes_of(used)[depth - 1].span.end;
                (
                    Span::new(used.span.start, end),
                    Spelling { is_lazy: facts.is_lazy(used.scope), ..Spelling::of(Form::Attribute) },
                )
            }
            Site::Name(id) => (facts.uses[id.index()].span, Spelling::of(Form::Name)),
            Site::Export(at) => {
                let entry = facts.exports.as_ref().and_then(|exports| exports.entries.get(at));
                (entry.map_or(Span::at(0), |entry| entry.1), Spelling::of(Form::Export))
            }
            Site::String(at) => (facts.strings[at].span, Spelling::of(Form::String)),
        };
        (span, Spelling { is_indirect, ..spelling })
    }

    /// Rewrites the references of one class of applicability.
    fn rewrite(&self, view: &View<'_>, applicability: Applicability, references: &[&Reference], findings: &mut Vec<Finding>) {
        let mut works: BTreeMap<ImportId, Work> = BTreeMap::new();
        let moved: FxHashMap<AliasId, usize> = references
            .iter()
            .filter_map(|reference| match reference.site {
                Site::Alias(alias) => Some((alias, reference.target)),
                _ => None,
            })
            .collect();
        let mut attributes: BTreeMap<AliasId, Vec<&Reference>> = BTreeMap::new();
        for reference in references {
            match reference.site {
                Site::Alias(id) => self.move_alias(view, id, reference, &moved, &mut works),
                Site::Star(id, used) => self.add_to_star(view, id, used, reference, &mut works),
                Site::Attribute(used, depth) => match provider(view, used, depth) {
                    Ok(alias) => attributes.entry(alias).or_default().push(reference),
                    Err(reason) => findings.push(self.left(view, reference, reason)),
                },
                _ => {}
            }
        }
        for (&alias, references) in &attributes {
            let mut left = |reference: &Reference, reason| findings.push(self.left(view, reference, reason));
            let Some(owner) = owner(view.facts, &view.facts.aliases[alias.index()]) else {
                references.iter().for_each(|reference| left(reference, Reason::SeveralBindings));
                continue;
            };
            let provider = Provider { id: alias, owner };
            match view.facts.aliases[alias.index()].asname.is_some() || is_from(view.facts, alias) {
                true => self.move_through_name(view, provider, references, &mut works, &mut left),
                false => self.move_through_path(view, provider, references, &mut works, &mut left),
            }
        }
        import_once(view.facts, &mut works);
        let Some(source) = view.source() else { return };
        let is_changing = |import: ImportId| works.contains_key(&import);
        for (&import, work) in &works {
            let statement = &view.facts.imports[import.index()];
            let rewritten = imports::rewrite(&source, import, &work.change, &is_changing);
            let edits = rewritten.map(|edits| edits.into_iter().chain(work.edits.iter().cloned()).collect());
            let outcome = match edits.map(TextEdit::new) {
                Ok(Ok(edit)) => Outcome::Fix(Fix {
                    applicability,
                    reason: work.pairs.iter().find_map(|&pair| self.pairs[pair].verdict.reason).or(work.caution),
                    change: SourceChange::edit(view.path.clone(), edit),
                }),
                Err(Refusal::Comment) => Outcome::Left(Reason::OddSpelling),
                Err(Refusal::ParsersDisagree) | Ok(Err(_)) => Outcome::Left(Reason::ParsersDisagree),
            };
            let spelling =
                Spelling { is_indirect: work.is_indirect, is_aliased: work.is_aliased, ..view.import_spelling(statement) };
            let messages: Vec<String> = work.pairs.iter().map(|&pair| self.message(pair)).collect();
            let mut finding = view.finding(statement.span, messages.join("; "), Some(spelling), outcome);
            finding.evidence = work.pairs.iter().flat_map(|&pair| self.pairs[pair].verdict.evidence.clone()).collect();
            findings.push(finding);
        }
    }

    fn work<'w>(
        &self,
        works: &'w mut BTreeMap<ImportId, Work>,
        import: ImportId,
        reference: &Reference,
        view: &View<'_>,
    ) -> &'w mut Work {
        let work = works.entry(import).or_default();
        work.pairs.insert(reference.target);
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
        works: &mut BTreeMap<ImportId, Work>,
    ) {
        let facts = view.facts;
        let alias = &facts.aliases[id.index()];
        let pair = &self.pairs[reference.target];
        let work = self.work(works, alias.import, reference, view);
        work.is_aliased |= alias.asname.is_some();
        let mut local = facts.names.get(alias.local).to_owned();
        let follows = alias.asname.is_none() && *local == *pair.from.name && pair.to.name != pair.from.name;
        if follows && let Some(edits) = self.rename(view, id, pair, moved) {
            work.uses += edits.len();
            work.edits.extend(edits);
            local = pair.to.name.to_string();
        }
        let name = Name { module: pair.module.clone(), name: pair.to.name.to_string(), local };
        work.change.aliases.push((id, Becomes::Name(name)));
    }

    /// The edits that make the uses of an imported name follow its new name; `None` where the name has to stay.
    fn rename(&self, view: &View<'_>, id: AliasId, pair: &Pair, moved: &FxHashMap<AliasId, usize>) -> Option<Vec<Edit>> {
        let facts = view.facts;
        let alias = &facts.aliases[id.index()];
        let owner = owner(facts, alias)?;
        let leads_there = |binding: &Binding| match binding.kind {
            BindingKind::Import(other) => moved.get(&other).is_some_and(|&target| self.pairs[target].to == pair.to),
            _ => false,
        };
        let all_move = facts.bindings_of(owner, alias.local).all(|(_, binding)| leads_there(binding));
        if self.style.names == Names::Alias || !all_move || self.is_public(view, owner, alias.local) {
            return None;
        }
        let is_same = |binding: &Binding| self.stands_for(view, binding, &pair.to);
        rename_uses(facts, owner, alias.local, &pair.to.name, &is_same).ok()
    }

    /// Whether a name can be seen from outside its file, so that its spelling matters there.
    fn is_public(&self, view: &View<'_>, owner: ScopeId, name: NameId) -> bool {
        if owner != ScopeId::MODULE {
            return false;
        }
        let name = view.facts.names.get(name);
        let is_stub = view.path.extension() == Some(b"pyi");
        view.index.modules().is_package(view.file)
            || is_stub
            || view.facts.exports_name(name)
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
    fn add_to_star(
        &self,
        view: &View<'_>,
        id: AliasId,
        used: UseId,
        reference: &Reference,
        works: &mut BTreeMap<ImportId, Work>,
    ) {
        let alias = &view.facts.aliases[id.index()];
        let pair = &self.pairs[reference.target];
        let local = view.facts.names.get(view.facts.uses[used.index()].name).to_owned();
        let added = Added::Name(Name { module: pair.module.clone(), name: pair.to.name.to_string(), local });
        let work = self.work(works, alias.import, reference, view);
        if !work.change.added.contains(&added) {
            work.change.added.push(added);
        }
    }

    /// `import a.old as m` or `from a import old`, and uses `m.Old`.
    fn move_through_name(
        &self,
        view: &View<'_>,
        Provider { id, owner }: Provider,
        references: &[&Reference],
        works: &mut BTreeMap<ImportId, Work>,
        left: &mut dyn FnMut(&Reference, Reason),
    ) {
        if let Some((change, edits)) = self.rebind(view, Provider { id, owner }, references) {
            return self.add_work(view, id, references, change, edits, works);
        }
        let facts = view.facts;
        let local = facts.aliases[id.index()].local;
        let mut moved = Vec::new();
        let mut edits = Vec::new();
        let mut change = Change::default();
        for &reference in references {
            let Some((used, depth)) = attribute(facts, reference) else { continue };
            let pair = &self.pairs[reference.target];
            let Some((package, stem)) = pair.module.rsplit_once('.') else {
                left(reference, Reason::NameTaken);
                continue;
            };
            let is_free = facts.names.find(stem).is_none_or(|stem| self.means_module(view, owner, stem, &pair.to.module));
            match whole(view, used, depth) {
                Some(span) if is_free => edits.push(Edit::replace(span, format!("{stem}.{}", pair.to.name))),
                Some(_) => {
                    left(reference, Reason::NameTaken);
                    continue;
                }
                None => {
                    left(reference, Reason::OddSpelling);
                    continue;
                }
            }
            moved.push(reference);
            let added = Added::Name(Name { module: package.to_owned(), name: stem.to_owned(), local: stem.to_owned() });
            if !change.added.contains(&added) {
                change.added.push(added);
            }
        }
        if uses_of(facts, owner, local).count() == moved.len() && !self.is_public(view, owner, local) {
            change.aliases.push((id, Becomes::Nothing));
        }
        self.add_work(view, id, &moved, change, edits, works);
    }

    /// Where a name for a module is only used to read names that all move to one other module: it becomes a name for that one.
    fn rebind(
        &self,
        view: &View<'_>,
        Provider { id, owner }: Provider,
        references: &[&Reference],
    ) -> Option<(Change, Vec<Edit>)> {
        let facts = view.facts;
        let alias = &facts.aliases[id.index()];
        let home = &*self.pairs[references.first()?.target].module;
        let uses: Vec<(&Use, usize)> = references.iter().filter_map(|reference| attribute(facts, reference)).collect();
        let is_only = uses_of(facts, owner, alias.local).count() == uses.len() && !self.is_public(view, owner, alias.local);
        let is_one = references.iter().all(|reference| self.pairs[reference.target].module == home);
        if !is_only || !is_one || uses.iter().any(|(_, depth)| *depth != 1) {
            return None;
        }
        let mut edits = Vec::new();
        for (reference, (used, depth)) in references.iter().zip(uses) {
            let name = &facts.attributes_of(used)[depth - 1];
            let new = &*self.pairs[reference.target].to.name;
            if facts.names.get(name.name) != new {
                if used.flags.frozen {
                    return None;
                }
                edits.push(Edit::replace(name.span, new));
            }
        }
        let local = facts.names.get(alias.local).to_owned();
        let becomes = if !is_from(facts, id) {
            Becomes::Module { module: home.to_owned(), local: Some(local) }
        } else {
            let (package, name) = home.rsplit_once('.')?;
            let mut new_local = local;
            if alias.asname.is_none()
                && self.style.names == Names::Rename
                && let Ok(renamed) = rename_uses(facts, owner, alias.local, name, &|_| false)
            {
                edits.extend(renamed);
                new_local = name.to_owned();
            }
            Becomes::Name(Name { module: package.to_owned(), name: name.to_owned(), local: new_local })
        };
        Some((Change { aliases: vec![(id, becomes)], added: Vec::new() }, edits))
    }

    /// Whether a name stands for a module, or for nothing, wherever it is spelled in the file.
    fn means_module(&self, view: &View<'_>, owner: ScopeId, name: NameId, module: &Module) -> bool {
        let facts = view.facts;
        let is_import = |binding: &Binding| {
            let BindingKind::Import(alias) = binding.kind else { return false };
            let alias = &facts.aliases[alias.index()];
            binding.scope == owner
                && match resolve::imported(view.index, view.file, facts.import_of(alias), alias) {
                    Imported::Symbol(symbol) => resolve::resolve(view.index, &symbol).end == End::Module(module.clone()),
                    Imported::Module(imported) => imported == *module,
                    Imported::Beyond => false,
                }
        };
        let is_bound = |used: &Use| facts.lookup(used.scope, name) == Lookup::Bound(owner);
        facts.bindings.iter().filter(|binding| binding.name == name).all(is_import)
            && facts.uses.iter().filter(|used| used.name == name).all(is_bound)
    }

    /// `import a.old`, and uses `a.old.Old`.
    fn move_through_path(
        &self,
        view: &View<'_>,
        Provider { id, owner }: Provider,
        references: &[&Reference],
        works: &mut BTreeMap<ImportId, Work>,
        left: &mut dyn FnMut(&Reference, Reason),
    ) {
        let facts = view.facts;
        let local = facts.aliases[id.index()].local;
        let mut moved = Vec::new();
        let mut edits = Vec::new();
        let mut homes = BTreeSet::new();
        for &reference in references {
            let Some((used, depth)) = attribute(facts, reference) else { continue };
            let pair = &self.pairs[reference.target];
            let root = pair.module.split('.').next().unwrap_or_default();
            let is_path = |(_, binding): (_, &Binding)| {
                let BindingKind::Import(other) = binding.kind else { return false };
                facts.aliases[other.index()].asname.is_none() && !is_from(facts, other)
            };
            // The new path starts with a name of its own, which must mean the package wherever it is used; where it starts with
            // the same name as before, it does.
            let is_free = facts.names.find(root).is_none_or(|root| {
                if root == local {
                    return true;
                }
                let mut bindings = facts.bindings.iter().filter(|binding| binding.name == root);
                bindings.all(|binding| binding.scope == owner) && facts.bindings_of(owner, root).all(is_path)
            });
            match whole(view, used, depth) {
                Some(span) if is_free => edits.push(Edit::replace(span, format!("{}.{}", pair.module, pair.to.name))),
                Some(_) => {
                    left(reference, Reason::NameTaken);
                    continue;
                }
                None => {
                    left(reference, Reason::OddSpelling);
                    continue;
                }
            }
            moved.push(reference);
            homes.insert(&*pair.module);
        }
        homes.retain(|home| !is_imported_otherwise(facts, id, home));
        let mut change = Change::default();
        let starts: FxHashSet<u32> = edits.iter().map(|edit| edit.span.start).collect();
        let needs = |used: &Use| !starts.contains(&used.span.start) && self.needs(view, used, id, owner);
        let is_needed = uses_of(facts, owner, local).any(needs) || self.is_public(view, owner, local);
        if let (false, 1, Some(module)) = (is_needed, homes.len(), homes.first()) {
            change.aliases.push((id, Becomes::Module { module: (*module).to_owned(), local: None }));
        } else {
            change.added.extend(homes.into_iter().map(|home| Added::Module(home.to_owned())));
            if !is_needed {
                change.aliases.push((id, Becomes::Nothing));
            }
        }
        self.add_work(view, id, &moved, change, edits, works);
    }

    /// Whether a use that stays needs the plain import: it spells the module, or nothing else binds the use's first name.
    fn needs(&self, view: &View<'_>, used: &Use, id: AliasId, owner: ScopeId) -> bool {
        let facts = view.facts;
        let path = dotted(facts, used);
        let module = facts.names.get(facts.aliases[id.index()].name);
        let others = facts.bindings_of(owner, used.name).filter_map(|(_, binding)| match binding.kind {
            BindingKind::Import(other) if other != id => Some(facts.names.get(facts.aliases[other.index()].name)),
            _ => None,
        });
        let is_spelled = is_prefix(module, &path) || is_prefix(&path, module);
        is_spelled || !others.into_iter().any(|other| is_prefix(other, &path))
    }

    fn add_work(
        &self,
        view: &View<'_>,
        id: AliasId,
        references: &[&Reference],
        change: Change,
        edits: Vec<Edit>,
        works: &mut BTreeMap<ImportId, Work>,
    ) {
        if references.is_empty() {
            return;
        }
        let alias = &view.facts.aliases[id.index()];
        for reference in references {
            self.work(works, alias.import, reference, view);
        }
        let work = works.entry(alias.import).or_default();
        work.is_aliased |= alias.asname.is_some();
        work.uses += references.len();
        work.edits.extend(edits);
        work.change.aliases.extend(change.aliases);
        work.change.added.extend(change.added);
    }
}

/// The alias that dotted uses get their module from.
#[derive(Clone, Copy)]
struct Provider {
    id: AliasId,
    /// The scope of the name that it binds.
    owner: ScopeId,
}

/// Whether another alias imports a module by its full path, in the same scope and whenever this one runs: in this statement, before
/// it, or behind it with nothing in between that could use it.
fn is_imported_otherwise(facts: &Facts, id: AliasId, module: &str) -> bool {
    let this = facts.import_of(&facts.aliases[id.index()]);
    facts.aliases.iter().any(|alias| {
        let import = facts.import_of(alias);
        let is_plain = import.from.is_none() && alias.asname.is_none() && facts.names.get(alias.name) == module;
        let always = import.scope == this.scope && import.context == Under::default();
        let is_between = |used: &Use| this.span.end <= used.span.start && used.span.start < import.span.start;
        let is_ready = import.span.start <= this.span.start || !facts.uses.iter().any(is_between);
        is_plain && (import.span == this.span || (always && is_ready))
    })
}

/// Drops what statements that are rewritten together would import a second time by its full path.
fn import_once(facts: &Facts, works: &mut BTreeMap<ImportId, Work>) {
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

/// The alias that a dotted use gets its module from.
fn provider(view: &View<'_>, used: UseId, depth: usize) -> Result<AliasId, Reason> {
    let facts = view.facts;
    let used = &facts.uses[used.index()];
    let Lookup::Bound(owner) = facts.lookup(used.scope, used.name) else { return Err(Reason::SeveralBindings) };
    let mut aliases = Vec::new();
    for (_, binding) in facts.bindings_of(owner, used.name) {
        match binding.kind {
            BindingKind::Import(alias) => aliases.push(alias),
            _ => return Err(Reason::SeveralBindings),
        }
    }
    if let [alias] = aliases[..] {
        return Ok(alias);
    }
    // `import a.b` and `import a.c` both bind `a`; the longest path is the one that the use needs.
    if aliases.iter().any(|&alias| facts.aliases[alias.index()].asname.is_some() || is_from(facts, alias)) {
        return Err(Reason::SeveralBindings);
    }
    let names = facts.attributes_of(used)[..depth].iter().map(|attribute| facts.names.get(attribute.name));
    let path = std::iter::once(facts.names.get(used.name)).chain(names).collect::<Vec<_>>().join(".");
    let spelled = |alias: &AliasId| facts.names.get(facts.aliases[alias.index()].name);
    let providers = aliases.into_iter().filter(|alias| is_prefix(spelled(alias), &path));
    providers.max_by_key(|alias| (spelled(alias).len(), std::cmp::Reverse(*alias))).ok_or(Reason::SeveralBindings)
}

/// The scope that owns the name which an alias binds.
fn owner(facts: &Facts, alias: &Alias) -> Option<ScopeId> {
    let place = alias.asname.map_or(alias.name_span, |(_, span)| span);
    let is_this = |binding: &&Binding| binding.name == alias.local && binding.span == place;
    facts.bindings.iter().find(is_this).map(|binding| binding.scope)
}

fn is_from(facts: &Facts, alias: AliasId) -> bool {
    facts.import_of(&facts.aliases[alias.index()]).from.is_some()
}

/// The name that the reference assigns to, or deletes, from outside its module.
fn assigned_symbol<'r>(facts: &Facts, reference: &'r Reference) -> Option<&'r Symbol> {
    let (used, depth) = attribute(facts, reference)?;
    let is_store = used.flags.is_store && depth == facts.attributes_of(used).len();
    reference.way.hops.first().filter(|_| is_store)
}

/// The names that a reference passes on its way, the target's last.
fn passed(reference: &Reference) -> impl Iterator<Item = &Symbol> {
    reference.way.hops.iter().take(reference.distance + 1)
}

fn attribute<'f>(facts: &'f Facts, reference: &Reference) -> Option<(&'f Use, usize)> {
    match reference.site {
        Site::Attribute(used, depth) => Some((&facts.uses[used.index()], depth)),
        _ => None,
    }
}

/// The uses that read the name which a scope owns.
fn uses_of(facts: &Facts, owner: ScopeId, name: NameId) -> impl Iterator<Item = &Use> {
    let reads = move |used: &&Use| match facts.lookup(used.scope, name) {
        Lookup::Bound(scope) => scope == owner,
        Lookup::ClassOr(_, scope) => scope == Some(owner),
        Lookup::Free => false,
    };
    facts.uses.iter().filter(move |used| used.name == name).filter(reads)
}

fn dotted(facts: &Facts, used: &Use) -> String {
    let names = facts.attributes_of(used).iter().map(|attribute| facts.names.get(attribute.name));
    std::iter::once(facts.names.get(used.name)).chain(names).collect::<Vec<_>>().join(".")
}

fn is_prefix(outer: &str, dotted: &str) -> bool {
    crate::index::references::is_inside(dotted, outer)
}

/// The span of a dotted expression up to an attribute, if it is written in one piece.
fn whole(view: &View<'_>, used: &Use, depth: usize) -> Option<Span> {
    let attributes = &view.facts.attributes_of(used)[..depth];
    let span = Span::new(used.span.start, attributes.last().map_or(used.span.end, |last| last.span.end));
    let pieces: usize = attributes.iter().map(|attribute| attribute.span.len() as usize + 1).sum();
    let is_one_piece = span.len() as usize == used.span.len() as usize + pieces;
    (is_one_piece && !used.flags.frozen).then_some(span)
}
